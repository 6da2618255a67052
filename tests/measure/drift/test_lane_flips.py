"""The test of drift against its formula written out over examples, and what must not change it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.measure.drift.independent_lanes import Lanes
from datarecipe.measure.drift.lane_flips import Course, Flips, lane_flips

Vector = tuple[int, ...]
Item = tuple[int, int, Vector]
"""Lane, generation, scores."""
UNIT = 1 << 20
"""Scores are as large as those of texts, so that rounding V to integers does not show."""


def flips_of(items: Sequence[Item], groups: Sequence[int] | None = None) -> Flips | None:
    lanes = sorted({lane for lane, _, _ in items})
    of = [lanes.index(lane) for lane, _, _ in items]
    by_lane = list(range(len(lanes))) if groups is None else list(groups[: len(lanes)])
    found = Lanes(of, by_lane, len(set(by_lane)), dealt=False)
    return lane_flips([scores for _, _, scores in items], found, [generation for _, generation, _ in items])


def height(kind: Literal["step", "ramp"], onset: int, generation: int) -> int:
    return max(0, min(1, generation - onset + 1) if kind == "step" else generation - onset + 1)


def contrasts(
    items: Sequence[Item], kind: Literal["step", "ramp"], onset: int
) -> tuple[dict[int, list[Fraction]], dict[int, Fraction]]:
    """V and the weight of each lane that has two generations, summed over its examples one by one."""
    found: dict[int, list[Fraction]] = {}
    weights: dict[int, Fraction] = {}
    for lane in sorted({lane for lane, _, _ in items}):
        own = [(generation, scores) for at, generation, scores in items if at == lane]
        if len({generation for generation, _ in own}) < 2:
            continue
        mean = Fraction(sum(height(kind, onset, generation) for generation, _ in own), len(own))
        deviations = [height(kind, onset, generation) - mean for generation, _ in own]
        found[lane] = [
            sum((d * scores[axis] for d, (_, scores) in zip(deviations, own, strict=True)), Fraction(0))
            for axis in range(len(own[0][1]))
        ]
        weights[lane] = sum((d * d for d in deviations), Fraction(0))
    return found, weights


def courses(items: Sequence[Item]) -> list[tuple[Literal["step", "ramp"], int]]:
    last = max(generation for _, generation, _ in items)
    return [*(("step", at) for at in range(1, last + 1)), *(("ramp", at) for at in range(1, last))]


def squared(vectors: Sequence[Sequence[Fraction]], signs: Sequence[int]) -> Fraction:
    total = [
        sum((sign * value for sign, value in zip(signs, column, strict=True)), Fraction(0))
        for column in zip(*vectors, strict=True)
    ]
    return sum((value * value for value in total), Fraction(0))


def written_out(items: Sequence[Item]) -> tuple[float, float] | None:
    """The largest and the smallest p, which differ only where two patterns are equal up to rounding."""
    largest: list[float] = []
    for kind, onset in courses(items):
        vectors = list(contrasts(items, kind, onset)[0].values())
        patterns = list(itertools.product((1, -1), repeat=len(vectors)))
        values = [squared(vectors, signs) for signs in patterns]
        mean = sum(values, Fraction(0)) / len(values)
        variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)
        if variance:
            z = [float(value - mean) / math.sqrt(variance) for value in values]
            largest = list(map(max, largest, z)) if largest else z
    if not largest:
        return None
    return tuple(sum(z >= largest[0] + slack for z in largest) / len(largest) for slack in (-1e-6, 1e-6))  # type: ignore[return-value]


SCORES = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(lambda pair: (pair[0] * UNIT, pair[1] * UNIT))
STREAMS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), SCORES), min_size=2, max_size=24)


@settings(max_examples=150, deadline=None)
@given(STREAMS)
def test_p(items: list[Item]) -> None:
    found, wanted = flips_of(items), written_out(items)
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert wanted[1] - 1e-12 <= found.p <= wanted[0] + 1e-12


@settings(max_examples=100, deadline=None)
@given(STREAMS)
def test_onset_is_where_most_variance_is_explained(items: list[Item]) -> None:
    found = flips_of(items)
    if found is None:
        return
    explained: dict[tuple[str, int], Fraction] = {}
    for kind, onset in courses(items):
        vectors, weights = contrasts(items, kind, onset)
        if weight := sum(weights.values(), Fraction(0)):
            explained[kind, onset] = squared(list(vectors.values()), [1] * len(vectors)) / weight
    own = explained[found.course.kind, found.course.onset]
    assert float(own) >= (1 - 1e-9) * float(max(explained.values()))
    assert found.onset_range[0] <= found.onset_range[1]


@settings(max_examples=100, deadline=None)
@given(STREAMS, st.randoms(use_true_random=False), SCORES)
def test_the_order_of_examples_and_a_lanes_own_level_change_nothing(
    items: list[Item], chance: random.Random, level: Vector
) -> None:
    found = flips_of(items)
    moved = chance.sample(items, len(items))
    assert flips_of(moved) == found
    raised = [
        (lane, at, tuple(map(sum, zip(scores, level, strict=True))) if lane == 0 else scores)
        for lane, at, scores in items
    ]
    assert flips_of(raised) == found
    assert flips_of([(lane, at, tuple(-value for value in scores)) for lane, at, scores in items]) == found


def stream(chance: random.Random, shift: float, onset: int = 3, lanes: int = 8) -> list[Item]:
    return [
        (lane, at, (round(chance.gauss(shift * (at >= onset), 1) * UNIT), round(chance.gauss(0, 1) * UNIT)))
        for lane in range(lanes)
        for at in range(6)
        for _ in range(4)
    ]


def test_a_common_change_is_found_and_placed() -> None:
    found = flips_of(stream(random.Random(0), 3))
    assert found is not None
    assert (found.p, found.least) == (1 / 128, 1 / 128)
    assert found.course == Course("step", 3)
    assert found.onset_range == (3, 3)


def test_p_is_even_without_a_change() -> None:
    values = []
    for seed in range(200):
        found = flips_of(stream(random.Random(seed), 0))
        assert found is not None
        values.append(found.p)
    for level in (0.05, 0.25, 0.5):
        share = sum(p <= level for p in values) / len(values)
        assert abs(share - level) <= 3.5 * math.sqrt(level * (1 - level) / len(values))


def test_lanes_that_go_their_own_ways_are_no_common_drift() -> None:
    alarms = 0
    for seed in range(60):
        chance = random.Random(seed)
        ways = [(chance.gauss(0, 2), chance.gauss(0, 2)) for _ in range(8)]
        items = [
            (lane, at, tuple(round((chance.gauss(0, 1) + at * way) * UNIT) for way in ways[lane]))
            for lane in range(8)
            for at in range(6)
        ]
        found = flips_of(items)
        assert found is not None
        alarms += found.p <= 0.05
    assert alarms <= 9


def test_lanes_of_one_group_turn_together() -> None:
    items = stream(random.Random(0), 1, lanes=16)
    found = flips_of(items, [lane % 12 for lane in range(16)])
    assert found is not None
    assert found.least == 1 / 2048
    assert found.p == 1 / 2048


@pytest.mark.parametrize(
    "items",
    [
        [],
        [(0, 0, (UNIT,))],
        [(lane, 0, (lane * UNIT,)) for lane in range(8)],
        [(lane, at, (UNIT,)) for lane in range(8) for at in range(3)],
        [(0, at, (at * UNIT,)) for at in range(3)],
    ],
    ids=["nothing", "one example", "one generation", "no variance", "one lane"],
)
def test_nothing_to_test(items: list[Item]) -> None:
    assert flips_of(items) is None


def test_courses() -> None:
    assert [Course("step", 2).at(generation) for generation in range(5)] == [0, 0, 1, 1, 1]
    assert [Course("ramp", 2).at(generation) for generation in range(5)] == [0, 0, 1, 2, 3]
