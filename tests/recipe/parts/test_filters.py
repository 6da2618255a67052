"""`filters`: what its forms mean, and what they do to a run's identity."""

from __future__ import annotations

from typing import Any

import pytest

from datarecipe.recipe import Filters, NearDuplicates, identity, parse_set
from tests.recipe.writing import Project, as_flow

OFF = Filters()


def on(**settings: Any) -> Filters:
    return Filters(near_duplicates=NearDuplicates(**settings))


@pytest.mark.parametrize(
    ("written", "filters"),
    [
        ("{}", OFF),
        ("{near_duplicates: null}", OFF),
        ("{near_duplicates: false}", OFF),
        ("{near_duplicates: true}", on()),
        ("{near_duplicates: {}}", on()),
        ("{near_duplicates: 0.85}", on(threshold=0.85)),
        ("{near_duplicates: 1}", on(threshold=1.0)),
        ("{near_duplicates: {contrast: keep}}", on(contrast="keep")),
        ("{near_duplicates: {threshold: 0.5, contrast: drop}}", on(threshold=0.5)),
    ],
)
def test_forms(project: Project, written: str, filters: Filters) -> None:
    recipe = project.load(filters=written)
    assert recipe.filters == filters
    again = project.load(filters=as_flow(recipe.resolved["filters"])) if filters != OFF else recipe
    assert again.filters == filters
    assert ("filters" in recipe.resolved) == ("filters" in identity(recipe)) == (filters != OFF)


@pytest.mark.parametrize(
    "value", ["0.49", "1.01", "-1", "yes", "[0.7]", "{treshold: 0.7}", "{threshold: null}", "{contrast: both}"]
)
def test_what_no_filter_takes(project: Project, value: str) -> None:
    error = project.errors(filters=f"{{near_duplicates: {value}}}")
    assert [problem.line for problem in error.problems] == [9]


def test_a_flag_sets_and_takes_away(project: Project) -> None:
    assert project.load(parse_set("filters.near_duplicates=0.8")).filters == on(threshold=0.8)
    written = {"filters": "{near_duplicates: {threshold: 0.8, contrast: keep}}"}
    assert project.load(parse_set("filters.near_duplicates=null"), **written).filters == OFF
    changed = project.load(parse_set("filters.near_duplicates.threshold=0.9"), **written)
    assert changed.filters == on(threshold=0.9, contrast="keep")


def test_each_setting_makes_another_dataset_and_each_form_the_same(project: Project) -> None:
    def of(written: str | None) -> Any:
        return identity(project.load(filters=written))

    different = [None, "{near_duplicates: 0.7}", "{near_duplicates: 0.8}", "{near_duplicates: {contrast: keep}}"]
    assert len({str(of(written)) for written in different}) == len(different)
    same = ["{near_duplicates: true}", "{near_duplicates: 0.7}", "{near_duplicates: {contrast: drop}}"]
    assert len({str(of(written)) for written in same}) == 1
