"""Names and labels that look alike: equal by NFC, they are an error with its place."""

from __future__ import annotations

import json

import pytest

from datarecipe.recipe import validator
from tests.recipe.writing import Project

PAIRS = [("é", "e\u0301"), ("각", "\u1100\u1161\u11a8"), ("Å", "\u212b"), ("ḍ\u0307", "d\u0307\u0323"), ("Ω", "\u2126")]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_labels_that_are_one_text(project: Project, first: str, second: str) -> None:
    error = project.errors(labels=f"[yes, {first}, {second}]")
    (problem,) = error.problems
    assert "the same text composed of other characters" in problem.message
    assert f"U+{ord(second[0]):04X}" in problem.message or f"U+{ord(second[1]):04X}" in problem.message
    assert (problem.line, problem.column) == (6, 17 + len(first))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_options_that_are_one_text(project: Project, first: str, second: str) -> None:
    seed = f"{{question: q, options: [{first}, {second}], answer: {first}}}"
    error = project.errors(task="multiple_choice", labels="{per_example: 2}", seed_example=seed)
    assert "composed of other characters" in str(error.problems[0].hint)
    assert error.problems[0].line == 5


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_fields_of_a_seed_example_that_are_one_text(project: Project, first: str, second: str) -> None:
    error = project.errors(seed_example=f"{{question: {{{first}: 1, {second}: 2}}, answer: yes}}")
    assert "composed of other characters" in error.problems[0].message
    assert (error.problems[0].line, error.problems[0].column) == (5, 32 + len(first))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_seed_example_that_composes_a_field_otherwise_than_the_first(
    project: Project, first: str, second: str
) -> None:
    error = project.errors(seed_example=f"[{{{first}: q, answer: yes}}, {{{second}: q, answer: yes}}]")
    assert any("is the first one's" in problem.message for problem in error.problems)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_an_answer_that_composes_its_label_otherwise(project: Project, first: str, second: str) -> None:
    error = project.errors(labels=f"[yes, {first}]", seed_example=f"{{question: q, answer: {second}}}")
    assert "composed of other characters" in error.problems[0].message


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_task_names_its_field_in_any_way(project: Project, first: str, second: str) -> None:
    recipe = project.load(task=f"{{label: {second}}}", seed_example=f"{{question: q, {first}: yes}}")
    assert recipe.task.label_field == first


@pytest.mark.timeout(60)
def test_labels_with_equal_hashes(project: Project) -> None:
    numbers = [(2**61 - 1) * number for number in range(1, 40_001)]
    recipe = project.load(labels=json.dumps(numbers), seed_example=f"{{question: q, answer: {numbers[-1]}}}")
    assert len(recipe.labels.values) == len(numbers)
    assert validator({"uniqueItems": True}).is_valid(numbers)
    assert not validator({"uniqueItems": True}).is_valid([*numbers, 2.0**61, 2**61])
