"""`filters.balance` in the loop: quotas, what requests ask for, and how a run ends that lacks a value."""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Complete, Completion, Json
from datarecipe.generate.admission.balance import BalanceFilter
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.prompt.model_profile import EmbedderSettings, settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.generate.prompt.vary import Turn
from datarecipe.generate.prompt.wanted_values import cycle_of
from datarecipe.recipe import Filters, NearDuplicates, Recipe, StrategyKind
from datarecipe.recipe.models.named_models import Embedder, Verify
from datarecipe.recipe.recipe import Balance
from tests.docs.pages import ROOT
from tests.generate.driving import Driven, drive
from tests.generate.recipes import completion, make_recipe, scripted, settings, verdict
from tests.reference import sequential

KINDS: list[StrategyKind] = ["fixed", "random", "similar", "contrastive", "tree"]
EQUAL = Balance("answer", ("yes", "no"), (1, 1))


def balanced(kind: StrategyKind = "tree", balance: Balance = EQUAL, **changes: Any) -> Recipe:
    return make_recipe(kind, filters=Filters(balance=balance), **{"barren": 500, **changes})


def answering(follows: float, yes: float) -> Callable[[Complete], Completion]:
    """An author that writes the wanted label with one chance, and else `yes` with another."""

    def answer(request: Complete) -> Completion:
        source = random.Random(hashlib.blake2b(f"{request.content.canonical}{request.draw.numbers}".encode()).digest())
        wanted = re.findall(r'"(yes|no)"', request.content.messages[0][1]) or [None] * 5
        labels = [
            label if label and source.random() < follows else "yes" if source.random() < yes else "no"
            for label in wanted
        ]
        items = [
            {"options": ["yes", "no"], "answer": label, "question": f"Is {source.randrange(10**6)} even?"}
            for label in labels
        ]
        return completion(json.dumps({"examples": items}))

    return answer


def driven(recipe: Recipe, answer: Callable[[Complete], Completion], seed: int | None = None) -> Driven:
    """One request after another, or, with a seed, 64 in flight in some order."""
    generator = random.Random(seed)
    pick = (lambda _: 0) if seed is None else generator.randrange
    return drive(recipe, settings(recipe), answer, pick, 1 if seed is None else 64, filters=filters_of(recipe))


def labels(run: Driven) -> Counter[Json]:
    return Counter(row.example["answer"] for row in run.accepted)


@pytest.mark.parametrize("kind", KINDS)
def test_shares_are_exact_where_nine_of_ten_items_have_one_label(kind: StrategyKind) -> None:
    for weights, wanted in (((1, 1), (100, 100)), ((3, 1), (150, 50))):
        recipe = balanced(kind, replace(EQUAL, weights=weights, tolerance=0.0), target_size=200)
        run = driven(recipe, answering(0, 0.9))
        assert run.outcome == "target"
        assert (labels(run)["yes"], labels(run)["no"]) == wanted
        # At the end of each window too, not in the whole alone.
        for end in range(20, 201, 20):
            yes = sum(row.example["answer"] == "yes" for row in run.accepted[:end])
            assert yes == end * weights[0] // sum(weights)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_changes_nothing(kind: StrategyKind, seed: int) -> None:
    recipe = balanced(kind, target_size=100)
    one, other = (driven(recipe, answering(0.5, 0.8), order) for order in (None, seed))
    assert (one.accepted, one.rejected) == (other.accepted, other.rejected)
    assert any(row.reason == "unbalanced" for row in one.rejected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_target_keeps_what_is_there(kind: StrategyKind) -> None:
    recipe = balanced(kind, target_size=50)
    small = driven(recipe, answering(0.5, 0.8))
    for target in (51, 60, 75, 150):
        large = driven(replace(recipe, target_size=target), answering(0.5, 0.8), seed=1)
        assert large.accepted[:50] == small.accepted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("weights", [(1, 1), (7, 3)])
def test_it_is_what_a_sequential_program_gives(kind: StrategyKind, batch_size: int, weights: tuple[int, int]) -> None:
    filters = Filters(balance=replace(EQUAL, weights=weights, window=7), near_duplicates=NearDuplicates(0.7))
    recipe = make_recipe(kind, filters=filters, batch_size=batch_size, target_size=60, barren=300)
    run, other = driven(recipe, scripted, seed=batch_size), sequential(recipe, settings(recipe), scripted)
    assert [*run.accepted] == other.rows
    assert run.rejected == other.rejected
    assert [each.asked for each in run.committed] == other.requests
    assert {"unbalanced", "near_duplicate"} <= {row.reason for row in run.rejected}


# Quotas


@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=5),
    st.integers(1, 12),
    st.sampled_from(["0.0", "0.1", "0.25", "1.0"]),
    st.lists(st.integers(0, 5), max_size=150),
    st.sampled_from(["keep", "reject"]),
)
def test_it_decides_as_counting_everything_anew_does(
    weights: list[int], window: int, tolerance: str, values: list[int], others: Any
) -> None:
    names = tuple("abcde"[: len(weights)])
    balance = Balance("answer", names, tuple(weights), window, float(tolerance), others)
    filter_, kept = BalanceFilter(make_recipe(filters=Filters(balance=balance))), list[str]()
    for value in values:
        name = "abcdef"[value]
        counted = [each for each in kept if each in names]
        if name in names:
            share = Fraction(weights[value], sum(weights))
            full = len(counted) // window + 1
            quota = math.ceil(share * window * (full + Fraction(tolerance)))
            admitted = counted.count(name) < quota
        else:
            admitted = others == "keep"
        item = Valid({"answer": name}, "", b"", normalised=False)
        assert (filter_.admit(item, ()) is None) == admitted
        if admitted:
            filter_.accepted(item)
            kept.append(name)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=30), st.integers(1, 40), st.floats(0, 1), st.randoms())
def test_one_value_always_has_room(weights: list[int], window: int, tolerance: float, source: random.Random) -> None:
    names = tuple(f"value {number}" for number in range(len(weights)))
    balance = Balance("answer", names, tuple(weights), window, tolerance)
    filter_ = BalanceFilter(make_recipe(filters=Filters(balance=balance)))
    for _ in range(100):
        items = [Valid({"answer": name}, "", b"", normalised=False) for name in names]
        room = [item for item in items if filter_.admit(item, ()) is None]
        assert room
        filter_.accepted(source.choice(room))


def test_what_a_rejected_item_is_told() -> None:
    recipe = balanced("fixed", replace(EQUAL, window=10), target_size=10)
    run = driven(recipe, answering(0, 0.95))
    detail = next(row.detail for row in run.rejected if row.reason == "unbalanced")
    assert re.fullmatch(r'`answer` is "yes" in 6 of \d examples; up to example 10 it may be in 6', detail)


@pytest.mark.parametrize(
    ("others", "accepted", "reason"),
    [("keep", 5, None), ("reject", 0, '`answer` is "no", which has no share')],
)
def test_other_values(others: Any, accepted: int, reason: str | None) -> None:
    balance = Balance("answer", ("yes", "maybe"), (1, 1), others=others)
    run = driven(balanced("fixed", balance, target_size=5, barren=1), answering(0, 0))
    assert len(run.accepted) == accepted
    assert {row.detail for row in run.rejected} == ({reason} if reason else set())


def test_a_missing_field_is_another_value() -> None:
    filter_ = BalanceFilter(make_recipe(filters=Filters(balance=Balance("kind", ("a", "b"), (1, 1)))))
    rejection = filter_.admit(Valid({"answer": "yes"}, "", b"", normalised=False), ())
    assert rejection is not None
    assert rejection.detail == "`kind` is missing"


@pytest.mark.parametrize(
    ("value", "number"), [("yes", 0), (" YES", 0), (1, 1), ("1", 2), (1.0, None), (True, 3), (None, None)]
)
def test_values_are_found_by_type_then_by_letters(value: Json, number: int | None) -> None:
    balance = Balance("answer", ("yes", 1, "1", True), (1, 1, 1, 1), window=1, tolerance=0, others="keep")
    filter_ = BalanceFilter(make_recipe(filters=Filters(balance=balance)))
    item = Valid({"answer": value}, "", b"", normalised=False)
    filter_.accepted(item)
    assert (filter_.admit(item, ()) is None) == (number is None)


# A value that never comes


def test_a_starved_label_ends_the_run_and_is_named() -> None:
    run = driven(balanced("tree", target_size=100, barren=20), answering(0, 1))
    assert run.outcome == "barren"
    assert labels(run) == {"yes": 11}
    assert run.why == (
        'the last 20 responses brought nothing new: `filters.balance` has room only for examples whose `answer` is "no"'
    )


def test_of_many_missing_values_some_are_named() -> None:
    names = ("yes", "no", "a", "b", "c", "d")
    run = driven(balanced("fixed", Balance("answer", names, (1,) * 6), barren=9), answering(0, 0.5))
    assert run.why is not None
    assert run.why.endswith('whose `answer` is "a", "b", "c" or 1 more value')


def test_a_run_that_is_barren_for_another_reason_does_not_blame_the_balance() -> None:
    run = driven(balanced("fixed", barren=5), lambda _: completion("I cannot."))
    assert run.why == "the last 5 responses brought nothing new"


# What requests ask for


def system(recipe: Recipe, turn: Turn, model: str = "openai/author") -> str:
    content = Renderer(recipe, settle_model(recipe, model, None)).content(recipe.seed_examples[0], "{}", turn)
    return content.messages[0][1]


def test_a_request_says_which_values_it_wants() -> None:
    recipe = balanced(batch_size=3)
    said = 'The field "answer" of the 3 examples must be, in this order: "no", "yes", "no".'
    assert system(recipe, Turn(wanted=1)) == f"Write 3 examples about animals.\n\n{said}"
    assert system(replace(recipe, batch_size=1), Turn()).endswith('The field "answer" of the example must be "yes".')
    assert "must be" not in system(replace(recipe, filters=Filters()), Turn())


def test_a_template_may_say_it_itself() -> None:
    recipe = balanced(batch_size=3, instruction="Write {{ balance | join(' then ') }}.")
    assert system(recipe, Turn(wanted=1)) == "Write no then yes then no."
    # Without the filter it is empty, so that a template can ask.
    recipe = replace(recipe, filters=Filters(), instruction="Write{% if balance %} in order{% endif %}.")
    assert system(recipe, Turn()) == "Write."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weights", [(1, 1), (7, 3), (1, 2, 4)])
def test_places_ask_for_each_value_by_its_share(kind: StrategyKind, weights: tuple[int, ...]) -> None:
    balance = Balance("answer", ("yes", "no", "maybe")[: len(weights)], weights, others="keep")
    recipe = balanced(kind, balance, target_size=2000, width=50)
    run = driven(recipe, answering(0, 0.5))
    asked = Counter[str]()
    for request in run.asked:
        asked.update(re.findall(r'"(yes|no|maybe)"', request.content.messages[0][1]))
    for name, weight in zip(balance.values, weights, strict=True):
        # Below the roots of a tree a hash decides.
        assert asked[str(name)] / asked.total() == pytest.approx(weight / sum(weights), abs=0.05)


def test_a_whole_cycle_has_each_value_as_often_as_its_weight_says() -> None:
    cycle = cycle_of(Balance("answer", ("a", "b", "c"), (5, 3, 2)))
    assert Counter(cycle) == {"a": 5, "b": 3, "c": 2}
    assert set(cycle[:4]) == {"a", "b", "c"}


# Filters that ask


def test_the_verifier_is_not_asked_about_what_has_no_room() -> None:
    filters = Filters(balance=replace(EQUAL, tolerance=0.0), verify=Verify("openai/judge", votes=1))
    recipe = make_recipe("fixed", filters=filters, target_size=40, barren=500)
    verifier = settings(recipe)
    model = replace(settings(recipe), of_filters={"verify": replace(verifier, name="openai/judge")})
    questions, author = list[Complete](), answering(0, 0.9)

    def answer(request: Complete) -> Completion:
        if request.draw.lane.startswith("verify"):
            questions.append(request)
            return verdict(request)
        return author(request)

    one, many = (
        drive(recipe, model, answer, pick, flying, filters=filters_of(recipe, model))
        for pick, flying in (((lambda _: 0), 1), (random.Random(0).randrange, 64))
    )
    assert (one.accepted, one.rejected) == (many.accepted, many.rejected)
    decided = len(one.accepted) + sum(row.reason == "unverified" for row in one.rejected)
    unbalanced = sum(row.reason == "unbalanced" for row in one.rejected)
    assert unbalanced > 100
    first = len(questions) - sum(1 for _ in many.asked if _.draw.lane.startswith("verify"))
    assert first == decided, "one at a time, nothing is asked for nothing"
    assert len(questions) - first < decided + unbalanced / 4


# What the page says


@pytest.mark.parametrize(
    ("row", "follows", "yes"),
    [
        ("writes the wanted label", 1, 0.9),
        ("writes the wanted label in 8 of 10 items, else one label in 9 of 10", 0.8, 0.9),
        ("writes one label in 6 of 10 items, whatever it is asked", 0, 0.6),
        ("writes one label in 9 of 10 items, whatever it is asked", 0, 0.9),
    ],
)
def test_the_requests_that_the_page_tells(row: str, follows: float, yes: float) -> None:
    recipe = balanced("fixed", target_size=500)
    without = driven(replace(recipe, filters=Filters()), answering(follows, yes))
    run = driven(recipe, answering(follows, yes))
    shares = f"{max(labels(without).values())} and {min(labels(without).values())}"
    line = f"| {row} | {len(without.committed)} | {len(run.committed)} | {shares} |"
    assert line in (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("concurrency", [1, 8])
def test_what_commit_waits_for_is_asked_though_it_is_unlikely(kind: StrategyKind, concurrency: int) -> None:
    """A filter before it asks an embedder about every item, those of a value that has no room too."""
    near = NearDuplicates(1.0, embedding=0.95, embedder=Embedder("another's"))
    filters = Filters(near_duplicates=near, balance=Balance("answer", ("yes", "no"), (1, 1)))
    recipe = make_recipe(kind, target_size=40, barren=500, filters=filters)
    model = replace(settings(recipe), embedders={"another's": EmbedderSettings("another's", "http://localhost/v1")})

    def answer(request: Complete) -> Completion:
        chance = random.Random(request.key)
        items = [
            {
                "options": ["yes", "no"],
                "answer": "yes" if chance.random() < 0.9 else "no",
                "question": f"{chance.randrange(10**9):x} {chance.randrange(10**9):x}?",
            }
            for _ in range(5)
        ]
        return completion(json.dumps({"examples": items}))

    driven = drive(recipe, model, answer, random.Random(0).randrange, concurrency, filters=filters_of(recipe, model))
    assert (driven.outcome, len(driven.accepted)) == ("target", 40)
