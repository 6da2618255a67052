"""`vary` covers its combinations evenly, whatever the lanes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.generate.vary import Vary

VALUES = st.dictionaries(
    st.sampled_from(["topic", "tone", "length", "place"]),
    st.lists(st.integers() | st.text(max_size=4), min_size=1, max_size=5, unique=True).map(tuple),
    max_size=3,
)


@given(VALUES)
def test_every_combination_has_one_number(values: Any) -> None:
    vary = Vary(values, 0)
    combinations = [vary.combination(number) for number in range(vary.count)]
    assert len({json.dumps(combination) for combination in combinations}) == vary.count
    for combination in combinations:
        assert list(combination) == list(values)
        assert all(combination[key] in choices for key, choices in values.items())
    expected = 1
    for choices in values.values():
        expected *= len(choices)
    assert vary.count == expected


@given(VALUES, st.integers(0, 1000), st.integers(0, 1000))
def test_a_lane_walks_through_all_combinations(values: Any, lane: int, start: int) -> None:
    vary = Vary(values, 0)
    walked = [vary.by_place(lane, start + step) for step in range(vary.count)]
    assert sorted(walked) == list(range(vary.count))


@given(VALUES, st.integers(0, 1000), st.integers(0, 1000))
def test_neighbouring_lanes_have_different_combinations(values: Any, lane: int, ordinal: int) -> None:
    vary = Vary(values, 0)
    beside = [vary.by_place(lane + step, ordinal) for step in range(vary.count)]
    assert sorted(beside) == list(range(vary.count))


@given(VALUES, st.integers(1, 200), st.integers(0, 40))
def test_lanes_that_each_ask_once_cover_evenly(values: Any, lanes: int, ordinal: int) -> None:
    vary = Vary(values, 0)
    counts = Counter(vary.by_place(lane, ordinal) for lane in range(lanes))
    assert max(counts.values()) - min(counts[number] for number in range(vary.count)) <= 1


@given(VALUES, st.integers(1, 12), st.integers(1, 4))
def test_lanes_in_step_cover_evenly(values: Any, lanes: int, walks: int) -> None:
    vary = Vary(values, 0)
    rounds = vary.count * walks
    counts = Counter(vary.by_place(lane, ordinal) for ordinal in range(rounds) for lane in range(lanes))
    assert set(counts.values()) == {lanes * walks}


@given(VALUES, st.integers(), st.text())
def test_below_the_roots_seed_and_text_alone_decide(values: Any, random_seed: int, text: str) -> None:
    number = Vary(values, random_seed).by_example(text)
    assert Vary(values, random_seed).by_example(text) == number
    assert 0 <= number < Vary(values, random_seed).count
    renamed = {f"{key}_": tuple(f"other {value}" for value in choices) for key, choices in values.items()}
    assert Vary(renamed, random_seed).by_example(text) == number


def test_below_the_roots_seeds_and_texts_spread_over_all_combinations() -> None:
    values = {"topic": ("a", "b", "c"), "tone": (1, 2)}
    by_text = Counter(Vary(values, 0).by_example(f"text {number}") for number in range(600))
    by_seed = Counter(Vary(values, number).by_example("text") for number in range(600))
    for counts in (by_text, by_seed):
        assert set(counts) == set(range(6))
        assert min(counts.values()) > 60


def test_the_first_keys_values_run_fastest() -> None:
    vary = Vary({"topic": ("a", "b"), "tone": ("x", "y")}, 0)
    pairs = [tuple(vary.combination(number).values()) for number in range(4)]
    assert pairs == [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")]


def test_without_vary_there_is_one_empty_combination() -> None:
    vary = Vary({}, 7)
    assert vary.count == 1
    assert (vary.by_place(3, 4), vary.by_example("text"), vary.combination(0)) == (0, 0, {})


@given(VALUES, st.integers(1, 6))
def test_seed_examples_that_alternate_meet_all_combinations(values: Any, seeds: int) -> None:
    """Request *i* of *fixed*, and root draw *i*, asks with seed example *i* mod `seeds`: else topic would predict label."""
    vary = Vary(values, 0, seeds)
    requests = seeds * vary.count * max(seeds, vary.count)
    met = {(number % seeds, vary.by_place(number, 0)) for number in range(requests)}
    assert len(met) == seeds * vary.count
