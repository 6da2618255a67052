"""A schema and an example that are hard to judge together are refused, and nothing takes its time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from datarecipe.errors import RecipeError, SeedExampleError
from datarecipe.exchange import Json
from datarecipe.generate.judge.item_checker import Checker, Invalid, Valid
from datarecipe.recipe.example_schema.validation_cost import MAX_STEPS, Work
from datarecipe.recipe.example_schema.validator import validator, within
from tests.recipe.writing import Project

SEED: Json = {"question": "is rome in italy", "answer": "yes"}


def errors(project: Project, schema: Json, seed: Json = SEED) -> RecipeError:
    project.write("schemas/s.json", json.dumps(schema))
    project.write("seeds/s.json", json.dumps(seed))
    return project.errors(schema="../schemas/s.json", seed_example="../seeds/s.json", task="open", labels=None)


ITEMS: dict[str, Json] = {
    "allOf": {"items": {"allOf": [{"minimum": number} for number in range(-5000, 0)]}},
    "enum": {"items": {"enum": [*range(18_000)]}},
    "anyOf": {"items": {"anyOf": [{"const": number} for number in range(6000)]}},
    "contains": {"contains": {"allOf": [{"minimum": 10**6 + number} for number in range(5000)]}},
}


@pytest.mark.parametrize("schema", list(ITEMS.values()), ids=list(ITEMS))
@pytest.mark.timeout(60)
def test_a_large_schema_for_a_large_seed_is_refused(project: Project, schema: Json) -> None:
    whole: Json = {"type": "object", "properties": {"question": schema}}
    error = errors(project, whole, {"question": list(range(4000)), "answer": "x"})
    assert isinstance(error, SeedExampleError)
    assert "too large together" in error.problems[0].message


def test_a_seed_example_has_a_size(project: Project) -> None:
    error = errors(project, {"type": "object"}, {"question": list(range(6000)), "answer": "x"})
    assert error.problems[0].message == "a seed example may hold 5,000 values, and this one holds more"


@pytest.mark.timeout(60)
def test_what_a_model_writes_is_bounded_too(project: Project) -> None:
    schema = {"type": "object", "properties": {"question": ITEMS["allOf"]}}
    project.write("schemas/s.json", json.dumps(schema))
    recipe = project.load(
        schema="../schemas/s.json", seed_example="{question: [1], answer: x}", task="open", labels=None
    )
    checker = Checker(recipe)
    assert isinstance(checker.check({"question": [1, 2], "answer": "x"}), Valid)
    verdict = checker.check({"question": list(range(40_000)), "answer": "x"})
    assert isinstance(verdict, Invalid)
    assert verdict.detail == "too large to be checked by the recipe's schema"


def test_a_position_of_very_many_digits_leads_nowhere(project: Project) -> None:
    error = errors(project, {"type": "object", "allOf": [{"$ref": "#/allOf/" + "9" * 5000}]})
    assert "names no schema in here" in error.problems[0].message


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([0, 1, 1.0, 0.0, -0.0, True, False, None, "1", "", "a", 2.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(VALUES, max_size=6))
def test_unique_items_are_judged_as_jsonschema_does(items: list[Any]) -> None:
    schema = {"uniqueItems": True}
    assert validator(schema).is_valid(items) == Draft202012Validator(schema).is_valid(items)


COSTLY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "branches": ({"items": {"anyOf": [{"type": "object"}] * 2000}}, {"question": [1] * 30}),
    "branches, a long text": ({"anyOf": [{"type": "object"}] * 2000}, {"question": "x" * 20_000}),
    "references": ({"items": {"$ref": "#/$defs/text"}}, {"question": ["a"] * 1000}),
    "texts": ({"items": {"enum": [str(number) for number in range(9000)]}}, {"question": ["8999"] * 300}),
    "lists": ({"items": {"uniqueItems": True}}, {"question": [[[1], [2]]] * 300}),
    "patterns": ({"items": {"pattern": "(a|b){200}c|"}}, {"question": ["ab" * 400] * 100}),
    "names": ({"propertyNames": {"maxLength": 9}}, {"question": {str(number): 1 for number in range(9000)}}),
    "elements": ({"items": {"not": {"not": {"type": "string"}}}}, {"question": ["a"] * 4000}),
}


@pytest.mark.parametrize("case", COSTLY)
def test_the_items_of_a_reply_are_bounded_together(project: Project, case: str) -> None:
    part, item = COSTLY[case]
    schema = {"type": "object", "properties": {"question": part}, "$defs": {"text": {"type": "string"}}}
    project.write("schemas/s.json", json.dumps(schema))
    seed = "{question: {}, answer: x}"
    recipe = project.load(schema="../schemas/s.json", seed_example=seed, task="open", labels=None)
    checker = Checker(recipe)
    work = Work()
    verdicts = [checker.check({**item, "answer": "x"}, work) for _ in range(60)]
    too_large = [getattr(verdict, "detail", "").startswith("too large") for verdict in verdicts]
    assert not too_large[0]
    assert too_large[-1]
    assert too_large == sorted(too_large)
    assert verdicts == [checker.check({**item, "answer": "x"}, again) for again in [Work()] for _ in range(60)]


def test_honest_items_are_far_from_the_bound() -> None:
    """A schema with keywords of every kind, and long texts: a hundred items of it are a fifth of the work allowed."""
    fields: dict[str, Any] = {
        f"field {number}": {"type": "string", "minLength": 1, "pattern": r"\S"} for number in range(8)
    }
    schema = {
        "type": "object",
        "properties": {**fields, "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}},
        "required": [*fields, "tags"],
        "additionalProperties": False,
    }
    work = Work()
    item: Json = {**dict.fromkeys(fields, "word " * 60), "tags": ["a", "b"]}
    judge = within(validator(schema), work)
    for _ in range(100):
        work.begin(item, len(json.dumps(item)))
        assert next(judge.iter_errors(item), None) is None
    assert work.left > MAX_STEPS * 0.8
