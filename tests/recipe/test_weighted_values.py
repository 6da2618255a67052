"""A value of `vary` may have a weight."""

from __future__ import annotations

from typing import Any

import pytest

from datarecipe.recipe.identity import identity
from tests.recipe.writing import Project

WEIGHTED = "{topic: [glass, {value: books, weight: 3}], tone: [calm, angry]}"


def test_weights_stand_beside_the_values(project: Project) -> None:
    recipe = project.load(vary=WEIGHTED)
    assert recipe.vary == {"topic": ("glass", "books"), "tone": ("calm", "angry")}
    assert recipe.vary_weights == {"topic": (1, 3)}
    written = {"topic": ["glass", {"value": "books", "weight": 3}], "tone": ["calm", "angry"]}
    assert recipe.vary_as_written == recipe.resolved["vary"] == written


def test_weights_that_are_all_alike_mean_nothing(project: Project) -> None:
    alike = project.load(vary="{topic: [{value: glass, weight: 2}, {value: books, weight: 2}]}")
    plain = project.load(vary="{topic: [glass, books]}")
    assert (alike.vary, alike.vary_weights) == (plain.vary, plain.vary_weights)
    assert identity(alike) == identity(plain)
    assert identity(project.load(vary=WEIGHTED)) != identity(
        project.load(vary="{topic: [glass, books], tone: [calm, angry]}")
    )


@pytest.mark.parametrize(
    "value", ["{name: Rome, weight: 3}", "{value: 3}", "{weight: heavy}", "{value: 1, weight: 2, unit: kg}"]
)
def test_other_mappings_are_values(project: Project, value: str) -> None:
    recipe: Any = project.load(vary=f"{{place: [{value}, other]}}")
    assert isinstance(recipe.vary["place"][0], dict)
    assert recipe.vary_weights == {}


def test_weights_are_bounded_together(project: Project) -> None:
    heavy = ", ".join(f"{{value: topic {number}, weight: 1000}}" for number in range(10))
    assert len(project.load(vary=f"{{topic: [{heavy}]}}").vary["topic"]) == 10
    error = project.errors(vary=f"{{topic: [{heavy}, one more]}}")
    assert "the weights of `vary.topic` are 10,001 together, and may be 10,000" in str(error)
    error = project.errors(vary=f"{{topic: [{', '.join(map(str, range(10_001)))}]}}")
    assert "a list of 1 to 10,000 values" in str(error)


@pytest.mark.parametrize("weight", ["0", "-1", "1.5", "1001", "true", "heavy", "[1]", "null", ".5"])
def test_a_weight_is_a_whole_number(project: Project, weight: str) -> None:
    error = project.errors(vary=f"{{topic: [glass, {{value: books, weight: {weight}}}]}}")
    assert "`weight` must be a whole number from 1 to 1,000" in str(error)
