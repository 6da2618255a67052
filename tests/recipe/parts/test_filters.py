"""`filters`: what its forms mean, and what they do to a run's identity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from datarecipe.recipe import Filters, NearDuplicates, identity, parse_set
from datarecipe.recipe.recipe import Balance, Language
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


EQUAL = Balance("answer", ("yes", "no"), (1, 1))


@pytest.mark.parametrize(
    ("written", "balance"),
    [
        ("{balance: null}", None),
        ("{balance: false}", None),
        ("{balance: true}", EQUAL),
        ("{balance: {}}", EQUAL),
        ("{balance: answer}", EQUAL),
        ("{balance: {field: answer, shares: {no: 0.5, yes: 0.5}}}", EQUAL),
        ("{balance: {shares: {yes: 3, no: 3.0}}}", EQUAL),
        ("{balance: {shares: {yes: 0.1, no: 0.3}}}", replace(EQUAL, weights=(1, 3))),
        ("{balance: {shares: {yes: 0.33, no: 0.67}}}", replace(EQUAL, weights=(33, 67))),
        (
            "{balance: {window: 50, tolerance: 0, others: keep}}",
            replace(EQUAL, window=50, tolerance=0.0, others="keep"),
        ),
        (
            "{balance: {field: question, shares: {b: 1, a: 2}}}",
            Balance("question", ("b", "a"), (1, 2)),
        ),
    ],
)
def test_forms_of_balance(project: Project, written: str, balance: Balance | None) -> None:
    recipe = project.load(filters=written)
    assert recipe.filters == Filters(balance=balance)
    again = project.load(filters=as_flow(recipe.resolved["filters"])) if balance else recipe
    assert again.filters == recipe.filters
    assert str(identity(again)) == str(identity(recipe))


def test_balance_of_values_that_the_schema_lists(project: Project) -> None:
    keys = {
        "seed_example": "{question: is rome in italy, answer: yes, level: 1, sure: true}",
        "schema": "{type: object, properties: "
        "{answer: {enum: [yes, no]}, level: {enum: [1, '1', 2.5]}, sure: {type: boolean}}}",
    }
    level = project.load(**keys, filters="{balance: level}")
    assert level.filters.balance == Balance("level", (1, "1", 2.5), (1, 1, 1))
    # Two values have one name, so no shares are written.
    again = project.load(**keys, filters=as_flow(level.resolved["filters"]))
    assert again.filters == level.filters
    sure = project.load(**keys, filters='{balance: {field: sure, shares: {"false": 2, "true": 1}}}')
    assert sure.filters.balance == Balance("sure", (True, False), (1, 2))
    error = project.errors(**keys, filters='{balance: {field: level, shares: {"1": 2, "2.5": 1}}}')
    assert "names 2 values" in str(error)


def test_balance_needs_a_field(project: Project) -> None:
    error = project.errors(task=None, labels="open", seed_example="{prompt: a, text: b}", filters="{balance: true}")
    assert "names no label field" in str(error)


def test_lists_have_no_share(project: Project) -> None:
    seed = "{question: is rome in italy, options: [yes, no], answer: yes}"
    error = project.errors(seed_example=seed, filters="{balance: {field: options, shares: {a: 1, b: 1}}}")
    assert "`options` holds a list of 2 in the seed example" in str(error)


@pytest.mark.parametrize(
    "value",
    [
        "3", "[yes]", "{shares: {yes: 1}}", "{shares: {yes: 0, no: 1}}", "{shares: {yes: -1, no: 1}}",
        "{shares: {yes: x, no: 1}}",
        "{window: 0}", "{window: 1.5}", "{tolerance: 1.1}", "{others: drop}", "{share: {}}", "{field: nothing}",
    ],
)  # fmt: skip
def test_what_balance_does_not_take(project: Project, value: str) -> None:
    error = project.errors(filters=f"{{balance: {value}}}")
    assert [problem.line for problem in error.problems] == [9]


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("null", None),
        ("en", Language(("en",))),
        ("[de, en]", Language(("de", "en"))),
        ("{is: en}", Language(("en",))),
        ("{is: [en], fields: [question], unsure: reject}", Language(("en",), ("question",), "reject")),
    ],
)
def test_forms_of_language(project: Project, written: str, language: Language | None) -> None:
    seed = "{question: is rome the capital city of italy, answer: yes}"
    recipe = project.load(seed_example=seed, filters=f"{{language: {written}}}")
    assert recipe.filters == Filters(language=language)
    if language is not None:
        again = project.load(seed_example=seed, filters=as_flow(recipe.resolved["filters"]))
        assert again.filters == recipe.filters
        assert str(identity(again)) == str(identity(recipe))


@pytest.mark.parametrize(
    "value", ["true", "[]", "xx", "english", "{fields: [question]}", "{is: en, fields: [x]}", "{is: [en, 1]}"]
)
def test_what_language_does_not_take(project: Project, value: str) -> None:
    error = project.errors(filters=f"{{language: {value}}}")
    assert [problem.line for problem in error.problems] == [9]


def test_a_seed_example_in_another_language(project: Project) -> None:
    error = project.errors(
        filters="{language: de}", seed_example="{question: is rome the capital of italy, answer: yes}"
    )
    message = (
        'the seed example does not pass the recipe\'s own filter (wrong_language): `question` is "en" rather than "de"'
    )
    assert message in str(error)
