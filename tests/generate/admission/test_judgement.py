"""`filters.judge`: what is asked, how scores are read, and that exactly the items with high scores are kept."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from datarecipe.exchange import Complete, Completion
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.admission.judgement import JudgeFilter
from datarecipe.generate.judge.item_checker import Checker, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings, settle_filter_model
from datarecipe.recipe import Recipe
from datarecipe.recipe.models.named_models import Judge, Verify
from tests import reference
from tests.generate.driving import drive
from tests.generate.recipes import completion, make_recipe, scores, scripted, settings, verdict

MODEL = "openai/gpt-4o-mini"
KINDS = ("fixed", "random", "similar", "contrastive", "tree")
RUBRIC = {"natural": "Does it read as if a person\n  had written it?", "clear": "Is it clear?"}
EXAMPLE = {"options": ["yes", "no"], "answer": "no", "question": "Is ice hot?"}


def judging(recipe: Recipe, **changes: Any) -> tuple[Recipe, ModelSettings]:
    judge = Judge(**{"model": MODEL, "rubric": RUBRIC, **changes})
    recipe = replace(recipe, filters=replace(recipe.filters, judge=judge))
    asked = {name: settle_filter_model(recipe, name, None) for name in recipe.filters.models}
    return recipe, replace(settings(recipe), of_filters=asked)


def item_of(recipe: Recipe, example: dict[str, Any]) -> Valid:
    checked = Checker(recipe).check(example)
    assert isinstance(checked, Valid), checked
    return checked


def filter_of(recipe: Recipe, model: ModelSettings) -> JudgeFilter:
    return JudgeFilter(recipe, model.of_filters["judge"])


def test_one_question_has_the_whole_example_and_the_whole_rubric() -> None:
    recipe, model = judging(make_recipe(description="Questions of children."))
    (request,) = filter_of(recipe, model).questions(item_of(recipe, EXAMPLE))
    assert isinstance(request, Complete)
    messages = dict(request.content.messages)
    assert json.loads(messages["user"]) == EXAMPLE
    assert messages["system"] == (
        "Questions of children.\n\n"
        "Score the example by each criterion, with a whole number from 1 (not at all) to 5 (fully).\n"
        '- "natural": Does it read as if a person had written it?\n- "clear": Is it clear?\n'
        'Reply with a JSON object that has these fields alone: {"natural": ..., "clear": ...}'
    )
    assert request.draw.lane == "judge:0"
    assert request.content.sampling == {"max_tokens": 128, "temperature": 0}
    form: Any = request.content.response_format
    assert form["json_schema"]["schema"]["properties"] == {
        name: {"type": "integer", "enum": [1, 2, 3, 4, 5]} for name in RUBRIC
    }
    recipe, model = judging(make_recipe(), fields=("question",), instruction="Be strict.", scale=10)
    (request,) = filter_of(recipe, model).questions(item_of(recipe, EXAMPLE))
    assert isinstance(request, Complete)
    messages = dict(request.content.messages)
    assert json.loads(messages["user"]) == {"question": "Is ice hot?"}
    assert messages["system"].startswith("Be strict.\n\n")
    assert "to 10 (fully)" in messages["system"]


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ('{"natural": 4, "clear": 5}', {"natural": 4, "clear": 5}),
        ('```json\n{"clear": 2, "natural": 1}\n```', {"natural": 1, "clear": 2}),
        ('<think>{"natural": 5}</think>{"natural": 3, "clear": 3}', {"natural": 3, "clear": 3}),
        ('{"natural": "4", "clear": "4/5"}', {"natural": 4, "clear": 4}),
        ('{"natural": 4.0, "clear": "3 out of 5"}', {"natural": 4, "clear": 3}),
        ('{"natural": 4.5, "clear": true}', {}),
        ('{"natural": 0, "clear": 6}', {}),
        ('{"natural": -1, "clear": 1e300}', {}),
        ('{"natural": "45", "clear": "very"}', {}),
        ('{"natural": [4], "clear": null}', {}),
        ('{"natural": 5}', {"natural": 5}),
        ("I would say 4.", {}),
        ("", {}),
    ],
)
def test_how_a_reply_is_read(reply: str, read: Mapping[str, int]) -> None:
    recipe, model = judging(make_recipe(), keep={"natural": 1, "clear": 1})
    own, item, answers = filter_of(recipe, model), item_of(recipe, EXAMPLE), [completion(reply)]
    assert own.notes(item, answers) == {"judge": read}
    assert list(own.notes(item, answers)["judge"]) == [name for name in RUBRIC if name in read]
    assert (own.admit(item, answers) is None) == (set(read) == set(RUBRIC))


@pytest.mark.parametrize(
    ("keep", "reply", "detail"),
    [
        ({"natural": 4, "clear": 4}, '{"natural": 4, "clear": 4}', None),
        ({"natural": 4, "clear": 4}, '{"natural": 3, "clear": 5}', "natural 3 (needs 4), clear 5"),
        ({"clear": 5}, '{"natural": 1, "clear": 5}', None),
        ({"clear": 5}, '{"natural": 5, "clear": 4}', "natural 5, clear 4 (needs 5)"),
        ({"clear": 1}, "no idea", "natural without a score, clear without a score (needs 1)"),
        ({}, "no idea", None),
    ],
)
def test_what_is_kept_and_why_not(keep: dict[str, int], reply: str, detail: str | None) -> None:
    recipe, model = judging(make_recipe(), keep=keep)
    found = filter_of(recipe, model).admit(item_of(recipe, EXAMPLE), [completion(reply)])
    assert (found and (found.reason, found.detail)) == (("low_score", detail) if detail else None)


def scored(request: Complete) -> Completion:
    """What author, verifier and judge say: pure functions of the request."""
    if request.draw.asker == "judge":
        return scores(request, RUBRIC)
    return verdict(request) if request.draw.asker == "verify" else scripted(request)


@hypothesis_settings(max_examples=40)
@given(
    st.sampled_from(KINDS),
    st.integers(1, 40),
    st.sampled_from([1, 3, 16]),
    st.booleans(),
    st.integers(0, 3),
    st.dictionaries(st.sampled_from(list(RUBRIC)), st.integers(1, 5)),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_changes_nothing(
    kind: str, target: int, concurrency: int, verified: bool, repairs: int, keep: dict[str, int], chance: random.Random
) -> None:
    recipe = make_recipe(kind, target_size=target)  # type: ignore[arg-type]
    if verified:
        recipe = replace(recipe, filters=replace(recipe.filters, verify=Verify(MODEL, votes=2)))
    recipe, model = judging(recipe, keep=keep)
    recipe = replace(recipe, filters=replace(recipe.filters, repair=repairs))
    expected = reference.sequential(recipe, model, scored)
    filters = filters_of(recipe, model)
    driven = drive(recipe, model, scored, chance.randrange, concurrency, filters=filters)
    assert driven.accepted == expected.rows
    assert driven.rejected == expected.rejected
    assert driven.outcome == expected.outcome
    for row in driven.accepted:
        assert all(row.lineage.checks["judge"].get(name, 0) >= least for name, least in keep.items())  # type: ignore[operator]


def test_the_judge_is_not_asked_about_what_the_verifier_rejects() -> None:
    recipe = make_recipe(target_size=30)
    recipe = replace(recipe, filters=replace(recipe.filters, verify=Verify(MODEL, votes=1)))
    recipe, model = judging(recipe)
    driven = drive(recipe, model, scored, lambda _: 0, 8, filters=filters_of(recipe, model))
    judged = sum(request.draw.asker == "judge" for request in driven.asked)
    unverified = sum(row.reason == "unverified" for row in driven.rejected)
    assert unverified > 10
    asked = sum(request.draw.asker == "verify" for request in driven.asked)
    assert judged <= asked - unverified
