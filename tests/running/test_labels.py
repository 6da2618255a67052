"""Labels come out in the dataset as the recipe writes them, with their types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with, run, setup_for, write_recipe

RECIPE = """\
recipe: 1
name: labelled
task: classification
instruction: "Write {{ batch_size }} examples. Labels: {{ labels | map('tojson') | join(', ') }}."
seed_example: {label: FIRST, text: "Something that was said."}
labels: LABELS
strategy: fixed
target_size: 40
"""


@pytest.mark.parametrize(
    ("written", "first", "expected"),
    [
        ("[yes, no]", "yes", {"yes", "no"}),
        ("[on, off]", "on", {"on", "off"}),
        ("[1, 2]", "1", {1, 2}),
        ("[true, false]", "true", {True, False}),
        ('["да", "нет"]', "да", {"да", "нет"}),
    ],
)
@pytest.mark.parametrize("response_format", ["none", "json_schema"])
def test_labels_as_written(tmp_path: Path, written: str, first: str, expected: set[Any], response_format: str) -> None:
    path = write_recipe(tmp_path, RECIPE.replace("FIRST", first).replace("LABELS", written))
    with OpenAIServer(Author.tidy(labels=sorted(expected, key=str))) as server:
        recipe = recipe_with(path, response_format=response_format)
        assert run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")).exit_code == 0
    labels = [json.loads(line)["label"] for line in (tmp_path / "out" / "data.jsonl").read_text().splitlines()]
    assert {(type(label), label) for label in labels} == {(type(label), label) for label in expected}


def test_labels_in_another_case_or_type_become_the_label_as_written(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, RECIPE.replace("FIRST", "yes").replace("LABELS", "[yes, no]"))
    with OpenAIServer(Author.tidy(labels=[" Yes", "NO "])) as server:
        run(setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache"))
    labels = {json.loads(line)["label"] for line in (tmp_path / "out" / "data.jsonl").read_text().splitlines()}
    assert labels == {"yes", "no"}
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]["normalised"] == 40
