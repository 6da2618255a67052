"""What is wrong with a configuration is told without what stands in it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import RecipeError, UsageError
from datarecipe.recipe import read_yaml_document
from datarecipe.running.resolve.config_form import USER_KEYS, check_configuration, without_values

SECRETS = ("hunterZ", "48151623")
PIECES = [
    *'[]{}:,"#&*!?|>-%\\@` \t\n',
    "'",
    ": ",
    "\n  ",
    "- ",
    "<<: ",
    "urls",
    "key_env: ",
    "endpoints: ",
    "api_base: ",
]
TEXTS = st.lists(st.sampled_from([*PIECES, *SECRETS, *SECRETS]), max_size=14).map("".join)


def said(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            document = read_yaml_document(path)
        except RecipeError as error:
            return "\n".join(str(without_values(problem)) for problem in error.problems)
        try:
            if document is not None:
                check_configuration(document, USER_KEYS)
        except (RecipeError, UsageError) as error:
            return str(error)
    return ""


@given(TEXTS, st.sampled_from(SECRETS))
def test_no_broken_configuration_is_quoted(text: str, secret: str) -> None:
    """But for keys, and the user's own names of endpoints and models."""
    for broken in (f"endpoints:\n  lab:\n    {text}", f"api_base: {secret}{text}", f"{{lab: {secret}{text}"):
        message = said(broken)
        assert "48151623" not in message
        assert "hunterZ" not in re.sub(r"unknown key `[A-Za-z_-]+`|`endpoints\.[\w.-]+`", "", message)


def test_what_is_shown_of_yaml_is_the_parser_s_own() -> None:
    assert "duplicate key `model`\n  the first is in line 1; keep one" in said("model: a\nmodel: b\n")
    assert "this `[` is not closed" in said("model: [a\n")
    assert "config.yaml:2:8: this cannot be read as YAML" in said("model: a\nmodle: *hunter\n")


@pytest.mark.parametrize("value", ["true", "false", "-1", "free", "[]", "null"])
@pytest.mark.parametrize("name", ["input_per_million", "output_per_million"])
def test_a_price_is_a_number(value: str, name: str) -> None:
    prices = {"input_per_million": "1", "output_per_million": "2"} | {name: value}
    row = "{" + ", ".join(f"{key}: {text}" for key, text in prices.items()) + "}"
    assert f"`prices.x.{name}` " in said(f"prices: {{x: {row}}}")
    assert f"`endpoints.lab.prices.{name}` " in said(
        f"endpoints: {{lab: {{provider: hosted_vllm, urls: [http://a], prices: {row}}}}}"
    )


def test_a_price_may_be_nothing() -> None:
    assert said("prices: {x: {input_per_million: 0, output_per_million: 0.0}}") == ""
