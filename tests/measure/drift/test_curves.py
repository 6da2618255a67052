"""Distances and spread against sums over pairs of examples, written out."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.measure.drift.curves import Placed, Stretch, curves
from datarecipe.measure.drift.independent_lanes import Lanes
from datarecipe.measure.drift.text_vectors import SCALE
from datarecipe.measure.variety.diversity import Estimate

Item = tuple[int, int, tuple[float, float]]
"""Lane, stretch, vector."""


def curves_of(items: Sequence[Item], seeds: Sequence[tuple[float, float]] = ()) -> list[Stretch]:
    lanes = sorted({lane for lane, _, _ in items})
    stretches = sorted({stretch for _, stretch, _ in items})
    placed = Placed(
        vectors=[tuple(round(value * SCALE) for value in vector) for _, _, vector in items],
        words=[10 * lane + stretch for lane, stretch, _ in items],
        labels=["odd" if lane % 2 else "even" for lane, _, _ in items],
        lanes=Lanes([lanes.index(lane) for lane, _, _ in items], list(range(len(lanes))), len(lanes), dealt=False),
        stretches=[stretches.index(stretch) for _, stretch, _ in items],
    )
    return curves(placed, [str(each) for each in stretches], [tuple(round(v * SCALE) for v in seed) for seed in seeds])


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def across(one: Sequence[Item], other: Sequence[Item]) -> float | None:
    """Mean product of pairs from different lanes."""
    products = [dot(a[2], b[2]) for a in one for b in other if a[0] != b[0]]
    return mean(products) if products else None


def spread(own: Sequence[Item]) -> float | None:
    """Half the mean squared distance of pairs from different lanes, where all vectors have one length."""
    halves = [
        (dot(a[2], a[2]) + dot(b[2], b[2]) - 2 * dot(a[2], b[2])) / 2
        for a, b in itertools.permutations(own, 2)
        if a[0] != b[0]
    ]
    return mean(halves) if halves else None


def apart(own: Sequence[Item]) -> float | None:
    within = [dot(a[2], b[2]) for a, b in itertools.permutations(own, 2) if a[0] == b[0]]
    between = across(own, own)
    return mean(within) - between if within and between is not None else None


def from_first(own: Sequence[Item], first: Sequence[Item]) -> float | None:
    parts = across(own, own), across(first, first), across(own, first)
    return None if None in parts else parts[0] + parts[1] - 2 * parts[2]  # type: ignore[operator]


def jackknife(measure: Callable[..., float | None], *sides: Sequence[Item]) -> float | None:
    lanes = sorted({item[0] for side in sides for item in side})
    values = []
    for left in lanes:
        rest = [[item for item in side if item[0] != left] for side in sides]
        if all(rest) and (value := measure(*rest)) is not None:
            values.append(value)
    if len(values) < 2:
        return None
    return math.sqrt((len(values) - 1) / len(values) * sum((value - mean(values)) ** 2 for value in values))


def agrees(found: Estimate | None, measure: Callable[..., float | None], *sides: Sequence[Item]) -> None:
    value, error = measure(*sides), jackknife(measure, *sides)
    if found is None:
        assert value is None or error is None
    else:
        assert value is not None
        assert error is not None
        assert found.value == pytest.approx(value, abs=1e-4)
        assert found.error == pytest.approx(error, abs=1e-4)


ANGLES = st.integers(0, 11).map(lambda at: (math.cos(at / 2), math.sin(at / 2)))
STREAMS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), ANGLES), min_size=1, max_size=18)


@settings(max_examples=150, deadline=None)
@given(STREAMS)
def test_curves(items: list[Item]) -> None:
    found = curves_of(items, [(1, 0), (0, 1)])
    stretches = sorted({stretch for _, stretch, _ in items})
    first = [item for item in items if item[1] == stretches[0]]
    for number, (stretch, each) in enumerate(zip(stretches, found, strict=True)):
        own = [item for item in items if item[1] == stretch]
        assert each.examples == len(own)
        # All vectors have the length 1, so the mean over pairs and the mean over examples of it are the same.
        agrees(each.spread, spread, own)
        agrees(each.apart, apart, own)
        if number:
            agrees(each.from_first, from_first, own, first)
        else:
            assert each.from_first is None
        agrees(each.from_seed, from_seed, own)
        agrees(each.words, lambda rest: mean(10 * item[0] + item[1] for item in rest), own)
        assert each.labels.get("odd", 0.0) == pytest.approx(mean(item[0] % 2 for item in own))


def from_seed(own: Sequence[Item]) -> float | None:
    alike = across(own, own)
    seed = (0.5, 0.5)
    return None if alike is None else alike - 2 * mean(dot(item[2], seed) for item in own) + dot(seed, seed)


def test_small_generations_are_not_far_by_chance() -> None:
    """The mean of eight texts is 1/8 of their spread away from the mean of many; the estimate is not."""
    chance, values = random.Random(0), []
    for _ in range(300):
        items = [
            (lane, stretch, (math.cos(angle), math.sin(angle)))
            for stretch, each in ((0, 10), (1, 1))
            for lane in range(8)
            for _ in range(each)
            for angle in (chance.uniform(0, 2),)
        ]
        found = curves_of(items)[1].from_first
        assert found is not None
        values.append(found.value)
    assert abs(mean(values)) < 0.005


def test_lanes_that_go_apart_show() -> None:
    def fan(stretch: int) -> list[Item]:
        return [
            (lane, stretch, (math.cos(angle), math.sin(angle)))
            for lane in range(6)
            for _ in range(4)
            for angle in (stretch * lane / 3,)
        ]

    rows = curves_of([*fan(0), *fan(1), *fan(2)])
    values = [each.apart.value for each in rows if each.apart is not None]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[0] < values[1] < values[2]
