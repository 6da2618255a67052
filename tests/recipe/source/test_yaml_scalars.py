"""What is written is read back as exactly the same value, by our reader and by readers of YAML 1.1."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.recipe import Scalar
from datarecipe.recipe.source.json_source import parse_json
from datarecipe.recipe.source.yaml_scalars import json_text, scalar
from datarecipe.recipe.source.yaml_source import parse_yaml

TRICKY = [
    *("yes", "No", "on", "off", "y", "N", "true", "False", "null", "Null", "~", "", " ", "  a", "a ", "a  b"),
    *(
        "1",
        "1.0",
        "-1",
        "+1",
        "0o7",
        "0x1f",
        "012",
        "1_000",
        "1:30",
        "1e3",
        ".5",
        ".inf",
        "-.inf",
        ".nan",
        "nan",
        "inf",
        "=",
    ),
    *(
        "- a",
        "-a",
        "--",
        "---",
        "...",
        "a: b",
        "a:",
        ":a",
        "a #b",
        "#a",
        "a#b",
        "a, b",
        "[a]",
        "{a}",
        "{{ a }}",
        "{% if %}",
    ),
    *(
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a'",
        '"a"',
        "a'b",
        'a"b',
        "a\\b",
        "\\n",
        "a\nb",
        "a\n",
        "\ta",
        "a\tb",
    ),
    *(
        "?",
        "? a",
        "a?",
        "a ? b",
        "a - b",
        "<<",
        "2024-01-01",
        "2024-01-01 10:00:00",
        "Größe",
        "数据",
        "🦉",
        "a\u2028b",
        "\x85",
    ),
    *(
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x9b",
        "\ufeff",
        "a\u200db",
        "\u202eabc",
        "\xa0",
        "\ufffe",
        "e\u0301",
        "so-so",
        "a.b",
    ),
]


def read(text: str) -> list[object]:
    """The value of `text` in a block, in a list and in a mapping, by YAML 1.2 and by YAML 1.1."""
    found = parse_yaml(text, "test").value
    assert isinstance(found, dict)
    return [*found.values(), *yaml.safe_load(text).values()]


def check(value: Scalar | None) -> None:
    block, inner = scalar(value), scalar(value, in_list=True)
    text = f"block: {block}\nlist: [{inner}, {inner}]\nmap: {{x: {inner}}}\n"
    text += f"commented: {block}  # comment\nitems:\n  - {block}\n"
    for found in read(text):
        for item in found if isinstance(found, list) else found.values() if isinstance(found, dict) else [found]:
            assert (type(item), item) == (type(value), value), text


@pytest.mark.parametrize("text", TRICKY)
def test_tricky_texts(text: str) -> None:
    check(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text(text: str) -> None:
    check(text)


@given(st.text("ynoYNOtruefalsn~0123456789.+-:_exoE# ,'\"[]{}?!&*|>%@`<=\n\t", max_size=8))
def test_texts_of_signs_that_mean_something(text: str) -> None:
    check(text)


@given(st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_any_other_value(value: Scalar | None) -> None:
    check(value)


def test_plain_words_stay_bare() -> None:
    for text in ("spam", "not spam", "Größe", "so-so", "What guests write about a hotel."):
        assert scalar(text) == text
    assert scalar("yes") == '"yes"'
    assert scalar("What is it, and why?") == "What is it, and why?"
    assert scalar("a, b", in_list=True) == '"a, b"'


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200)
@given(JSON)
def test_json_is_read_back_and_shows_nothing_invisible(value: object) -> None:
    for indent in (None, 2):
        text = json_text(value, indent)
        assert json.dumps(parse_json(text, "test").value) == json.dumps(value)
        assert all(c.isprintable() or c in "\n\u200c\u200d" for c in text)
