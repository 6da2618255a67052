"""The area under the ROC curve against all pairs, and its interval against what it says of itself."""

from __future__ import annotations

import random
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.measure.labels.cross_validation import FOLDS, CrossValidated, folds_of
from datarecipe.measure.labels.separation import area, separation

SCORES = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=12)


@given(SCORES, SCORES)
def test_area(low: list[float], high: list[float]) -> None:
    wins = np.array([[1.0 if x > y else 0.5 if x == y else 0.0 for y in low] for x in high])
    value, spread = area(low, high)
    assert value == pytest.approx(sum(wins[at] for at in product(range(len(high)), range(len(low)))) / wins.size)
    # DeLong et al. 1988, equations 4 to 6.
    of_high, of_low = wins.mean(axis=1), wins.mean(axis=0)
    assert spread == pytest.approx(of_high.var(ddof=1) / len(high) + of_low.var(ddof=1) / len(low))


def made(chance: random.Random, size: int, distance: float) -> CrossValidated:
    given = [number % 2 for number in range(size)]
    scores = [[0.0, chance.gauss(distance * own, 1)] for own in given]
    return CrossValidated(["a", "b"], given, folds_of([str(own) for own in given]), scores)


@pytest.mark.parametrize(("size", "distance"), [(200, 0.0), (200, 1.0), (1_000, 0.5), (1_000, 2.0)])
def test_the_interval_holds_the_true_area_in_95_of_100(size: int, distance: float) -> None:
    """For two normal distributions the area is the distribution function of their distance / sqrt 2."""
    true, chance, runs = NormalDist().cdf(distance / 2**0.5), random.Random(0), 400
    found = [separation(made(chance, size, distance)) for _ in range(runs)]
    inside = sum(each.low <= true <= each.high for each in found) / runs
    assert 0.92 <= inside <= 0.98


def test_folds_are_averaged() -> None:
    found = made(random.Random(1), 150, 1.0)
    areas = []
    for fold in range(FOLDS):
        of_fold = [
            (given, scores[1] - scores[0])
            for given, scores, of in zip(found.given, found.scores, found.folds, strict=True)
            if of == fold
        ]
        areas.append(area([x for own, x in of_fold if own == 0], [x for own, x in of_fold if own == 1])[0])
    assert separation(found).value == pytest.approx(sum(areas) / FOLDS)
