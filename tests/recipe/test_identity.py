"""Two recipes with one identity give one dataset; what shapes a request or an acceptance is in it, the rest is not."""

from __future__ import annotations

import pytest

from datarecipe.exchange import canonical_json
from datarecipe.recipe import Recipe, identity
from tests.recipe.writing import Project


def text_of(recipe: Recipe) -> str:
    return canonical_json(identity(recipe))


@pytest.mark.parametrize(
    "keys",
    [
        {"name": "other"},
        {"target_size": "7"},
        {"limits": "{concurrency: 1, timeout: 3, barren: 2}"},
        {"version": '"2"', "license": "MIT", "tags": "[a]", "requires": '">=0.1"', "x-own": "5"},
        {"instruction": "../templates/copy.txt"},
        {"strategy": "{kind: tree, chains: 99, patience: 9}"},
        {"task": "{label: answer}"},
        {"seed_example": "../seeds/same.json"},
    ],
)
def test_what_shapes_nothing_is_not_in_it(project: Project, keys: dict[str, str]) -> None:
    project.write("templates/copy.txt", "Write {{ batch_size }} more of {{ labels }}, please.\n")
    project.write("seeds/same.json", '{"question": "is rome in italy", "answer": "yes"}')
    assert text_of(project.load(**keys)) == text_of(project.load())


@pytest.mark.parametrize(
    "keys",
    [
        {"description": "Other."},
        {"instruction": "Write more."},
        {"seed_example": "{question: other, answer: yes}"},
        {"seed_example": "{answer: yes, question: is rome in italy}"},
        {"labels": "[no, yes]"},
        {"strategy": "fixed"},
        {"strategy": "{kind: tree, roots: 1}"},
        {"batch_size": "4"},
        {"random_seed": "1"},
        {"schema": "{type: object}"},
        {"vars": "{a: 1}"},
        {"vary": "{a: [1]}"},
        {"task": "classification", "seed_example": "{question: is rome in italy, label: yes}"},
    ],
)
def test_what_shapes_requests_or_acceptance_is_in_it(project: Project, keys: dict[str, str]) -> None:
    assert text_of(project.load(**keys)) != text_of(project.load())


def test_chains_count_where_there_are_chains(project: Project) -> None:
    assert text_of(project.load(strategy="{kind: random, chains: 4}")) != text_of(project.load(strategy="random"))
    assert text_of(project.load(strategy="{kind: random, roots: 4}")) == text_of(project.load(strategy="random"))


def test_types_of_labels_count(project: Project) -> None:
    numbers = project.load(labels="[1, 2]", seed_example="{q: x, answer: 1}")
    booleans = project.load(labels="[true, 2]", seed_example="{q: x, answer: true}")
    assert text_of(numbers) != text_of(booleans)
