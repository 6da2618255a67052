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
from datarecipe.generate.check import Checker, Invalid, Valid
from datarecipe.recipe.example_schema.validator import validator
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
