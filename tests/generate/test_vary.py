"""The walk through combinations and labels: even, and in step with nothing."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Json
from datarecipe.generate.prompt.vary import FIRST, Ring, Turns, Vary

GOLDEN = [3, 0, 2, 2, 1, 0, 0, 3, 0, 2, 2, 2, 3, 2, 3, 1]


def one_key(count: int) -> Vary:
    """So many values of one key."""
    return Vary({"topic": tuple(range(count))})


VALUES = st.dictionaries(
    st.sampled_from(["topic", "tone", "length", "place"]),
    st.lists(st.integers() | st.text(max_size=4), min_size=1, max_size=5, unique=True).map(tuple),
    max_size=3,
)


@given(VALUES)
def test_every_combination_has_one_number(values: Any) -> None:
    vary = Vary(values)
    combinations = [vary.combination(number) for number in range(vary.count)]
    assert len({json.dumps(combination) for combination in combinations}) == vary.count
    for combination in combinations:
        assert list(combination) == list(values)
        assert all(combination[key] in choices for key, choices in values.items())
    expected = 1
    for choices in values.values():
        expected *= len(choices)
    assert vary.count == expected


@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 500))
def test_neighbouring_places_have_different_combinations(count: int, beside: int, start: int) -> None:
    """But for the step where all has come round, which repeats none but leaves one out."""
    turns = Turns(one_key(count), 1, 0, beside)
    walked = {turns.at_place(start + step).combination for step in range(count)}
    assert len(walked) >= count - 1
    assert {turns.at_place(place).combination for place in range(count)} == set(range(count))


@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 12))
def test_any_number_of_requests_covers_evenly(count: int, beside: int, times: int) -> None:
    """Not exactly where the walk steps, and never more than one apart for each step."""
    turns = Turns(one_key(count), 1, 0, beside)
    requests = count * times
    counts = Counter(turns.at_place(place).combination for place in range(requests))
    steps = requests // math.lcm(count, beside)
    assert max(counts.values()) - min(counts.values()) <= (1 + steps if math.gcd(count, beside) > 1 else 0)


@pytest.mark.parametrize("chains", [1, 2, 4, 8, 11, 16, 22, 44, 64])
def test_few_rounds_of_chains_use_all_values(chains: int) -> None:
    turns = Turns(one_key(44), 1, 0, beside=chains)
    rounds = -(-44 // chains)
    used = [turns.at_place(place).combination for place in range(rounds * chains)]
    assert set(used) == set(range(44))
    # As many different ones as there are requests: no value twice before all were used once.
    assert len(set(used[:44])) == 44


@pytest.mark.parametrize("chains", [1, 2, 4, 8, 11, 16, 22, 44, 64])
def test_no_value_belongs_to_a_chain(chains: int) -> None:
    turns = Turns(one_key(44), 1, 0, beside=chains)
    met: dict[int, set[int]] = {chain: set() for chain in range(chains)}
    for place in range(44 * 44 * chains):
        met[place % chains].add(turns.at_place(place).combination)
    assert all(combinations == set(range(44)) for combinations in met.values())


@given(st.integers(1, 20), st.integers(1, 9), st.integers(), st.integers(0, 50))
def test_labels_are_even_after_each_round(rotations: int, beside: int, random_seed: int, rounds: int) -> None:
    turns = Turns(one_key(4), rotations, random_seed, beside)
    given = Counter(turns.at_place(place).rotation for place in range(rounds * rotations))
    assert set(given.values()) <= {rounds}


@pytest.mark.parametrize(
    ("combinations", "rotations", "beside"), [(44, 2, 1), (44, 8, 8), (1, 8, 4), (8, 8, 8), (3, 2, 8)]
)
def test_no_label_belongs_to_a_value_or_a_lane(combinations: int, rotations: int, beside: int) -> None:
    turns = Turns(one_key(combinations), rotations, 0, beside)
    by_value: dict[int, Counter[int]] = {}
    by_lane: dict[int, Counter[int]] = {}
    for place in range(100 * rotations * max(combinations, beside)):
        turn = turns.at_place(place)
        by_value.setdefault(turn.combination, Counter())[turn.rotation] += 1
        by_lane.setdefault(place % beside, Counter())[turn.rotation] += 1
    for counts in (*by_value.values(), *by_lane.values()):
        assert len(counts) == rotations
        assert max(counts.values()) < 2 * min(counts.values())


@given(VALUES, st.integers(), st.text())
def test_below_the_roots_seed_and_text_alone_decide(values: Any, random_seed: int, text: str) -> None:
    vary = Vary(values)
    turn = Turns(vary, 3, random_seed, 1).of_example(text)
    assert Turns(Vary(values), 3, random_seed, 7).of_example(text) == turn
    assert 0 <= turn.combination < vary.count
    assert 0 <= turn.rotation < 3


def test_below_the_roots_seeds_and_texts_spread_over_all_combinations() -> None:
    six, three = one_key(6), one_key(3)
    by_text = Counter(Turns(six, 1, 0, 1).of_example(f"text {number}") for number in range(600))
    by_seed = Counter(Turns(six, 1, number, 1).of_example("text") for number in range(600))
    both = Counter(Turns(three, 2, 0, 1).of_example(f"text {number}") for number in range(600))
    for counts in (by_text, by_seed, both):
        assert len(counts) == 6
        assert min(counts.values()) > 60


def _given_to(values: Sequence[Json], texts: int) -> list[Json]:
    turns = Turns(Vary({"topic": tuple(values)}), 1, 0, 1)
    return [turns.vary.combination(turns.of_example(f"text {number}").combination)["topic"] for number in range(texts)]


@given(
    st.lists(st.integers() | st.text(max_size=4), min_size=2, max_size=9, unique_by=repr),
    st.randoms(use_true_random=False),
)
def test_a_value_more_or_less_moves_only_what_it_takes_or_gives(values: list[Json], order: random.Random) -> None:
    before = _given_to(values, 60)
    shuffled = order.sample(values, len(values))
    assert _given_to(shuffled, 60) == before, "a value's place in the list means nothing"
    added = [*values, "one more value"]
    order.shuffle(added)
    after = _given_to(added, 60)
    assert all(new in (old, "one more value") for old, new in zip(before, after, strict=True))
    without = _given_to(values[1:], 60)
    assert all(old in (new, values[0]) for old, new in zip(before, without, strict=True))


def test_one_topic_more_moves_a_fiftieth() -> None:
    topics: list[Json] = [f"topic {number}" for number in range(44)]
    before, after = _given_to(topics, 4000), _given_to([*topics, "another"], 4000)
    moved = sum(one != other for one, other in zip(before, after, strict=True))
    assert 0.01 < moved / 4000 < 0.035


@pytest.mark.parametrize("values", [2, 7, 44, 500])
def test_values_have_equal_shares_below_the_roots(values: int) -> None:
    shares = Ring("topic", [f"topic {number}" for number in range(values)], [1] * values).shares()
    assert sum(shares) == pytest.approx(1)
    assert len(shares) == values
    assert max(abs(share * values - 1) for share in shares) < 0.6


def test_a_value_that_stands_twice_has_two_shares() -> None:
    shares = Ring("topic", ["a", "b", "b"], [1, 1, 1]).shares()
    assert shares[1] + shares[2] == pytest.approx(2 / 3, abs=0.1)
    assert Ring("topic", ["a", "b"], [1, 2]).shares() == pytest.approx([shares[0], shares[1] + shares[2]])


def test_the_ring_is_the_same_everywhere() -> None:
    """A golden value: another Python or machine must give the same requests."""
    ring = Ring("topic", ["animals", "plants", 3, {"a": [None, True]}], [1, 1, 1, 1])
    assert [ring.at(place << 60) for place in range(16)] == GOLDEN
    assert ring.at(2**64 - 1) in range(4)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.integers(0, 800))
def test_weights_are_met_to_within_one_at_any_moment(weights: list[int], requests: int) -> None:
    vary = Vary({"topic": tuple(range(len(weights)))}, {"topic": tuple(weights)})
    counts = Counter(vary.at_place(place, 1) for place in range(requests))
    for value, weight in enumerate(weights):
        assert abs(counts[value] - requests * weight / sum(weights)) <= 1


@given(st.lists(st.integers(1, 9), min_size=2, max_size=9), st.integers(0, 60))
def test_a_weight_moves_only_what_it_takes_or_gives(weights: list[int], texts: int) -> None:
    """Below the roots: whoever has another value afterwards has the one whose weight has grown."""
    values = tuple(f"topic {number}" for number in range(len(weights)))
    before, after = (Vary({"topic": values}, {"topic": w}) for w in (tuple(weights), (weights[0] + 1, *weights[1:])))
    for number in range(texts):
        old, new = before.of_example(f"text {number}", 0), after.of_example(f"text {number}", 0)
        assert new in (old, 0)


@given(VALUES, st.integers(1, 6), st.integers(0, 3))
def test_each_key_walks_through_all_of_its_values(values: Any, beside: int, start: int) -> None:
    """Few requests use as many values of each key as there are requests, however many combinations there are."""
    vary = Vary(values)
    for key, choices in values.items():
        first = [vary.combination(vary.at_place(place, beside))[key] for place in range(start, start + len(choices))]
        assert len({repr(value) for value in first}) >= len(choices) - (start > 0)


@given(VALUES, st.integers(1, 12))
def test_every_combination_has_its_turn_before_one_comes_again(values: Any, beside: int) -> None:
    vary = Vary(values)
    assert {vary.at_place(place, beside) for place in range(vary.count)} == set(range(vary.count))


@given(st.lists(st.integers(1, 6), max_size=3), st.integers(1, 8))
def test_all_combinations_are_met_with_all_that_comes_round(sizes: list[int], beside: int) -> None:
    vary = Vary({f"key_{number}": tuple(range(size)) for number, size in enumerate(sizes)})
    places = range(math.lcm(vary.count, beside) * vary.count)
    met = {(place % beside, vary.at_place(place, beside)) for place in places}
    assert len(met) == beside * vary.count


def test_the_first_keys_values_run_fastest() -> None:
    vary = Vary({"topic": ("a", "b"), "tone": ("x", "y")})
    pairs = [tuple(vary.combination(number).values()) for number in range(4)]
    assert pairs == [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")]


def test_without_vary_there_is_one_empty_combination() -> None:
    vary = Vary({})
    assert vary.count == 1
    assert vary.combination(0) == {}
    turns = Turns(vary, 1, 7, 3)
    assert turns.at_place(0) == FIRST
    assert turns.at_place(31) == replace(FIRST, draw=32)
    assert turns.of_example("text") == replace(FIRST, draw=0)


@given(VALUES, st.integers(1, 6))
def test_seed_examples_that_alternate_meet_all_combinations(values: Any, seeds: int) -> None:
    """Request *i* of *fixed*, and root draw *i*, asks with seed example *i* mod `seeds`: else topic would predict label."""
    vary = Vary(values)
    count, turns = vary.count, Turns(vary, 1, 0, seeds)
    met = {(number % seeds, turns.at_place(number).combination) for number in range(seeds * count * max(seeds, count))}
    assert len(met) == seeds * count
