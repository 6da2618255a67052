"""How well a classifier separates two labels, whatever their shares: the area under the ROC curve."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import mean, variance
from typing import NamedTuple

from datarecipe.measure.labels.cross_validation import FOLDS, CrossValidated
from datarecipe.measure.labels.learnability import Z


class Interval(NamedTuple):
    value: float
    low: float
    high: float
    """Of 95 %."""


def separation(found: CrossValidated) -> Interval:
    """The area under the ROC curve for the second of two labels, cross-validated: the mean over the folds.

    It is the chance that a random example of the second label gets a higher log-odds than one of the first, ties counting
    half: 0.5 where they cannot be told apart, 1 where always. The interval is the mean's, from DeLong's variance in each
    fold, cut at 0 and 1. DeLong, DeLong and Clarke-Pearson 1988, "Comparing the Areas under Two or More Correlated Receiver
    Operating Characteristic Curves"; over folds as in LeDell, Petersen and van der Laan 2015, "Computationally Efficient
    Confidence Intervals for Cross-validated Area Under the ROC Curve Estimates". It takes examples as independent.
    """
    areas = []
    for fold in range(FOLDS):
        odds: tuple[list[float], list[float]] = ([], [])
        for scores, given, of in zip(found.scores, found.given, found.folds, strict=True):
            if of == fold:
                odds[given].append(scores[1] - scores[0])
        areas.append(area(*odds))
    value = mean(each for each, _ in areas)
    half = Z * math.sqrt(math.fsum(spread for _, spread in areas)) / FOLDS
    return Interval(value, max(0.0, value - half), min(1.0, value + half))


def area(low: Sequence[float], high: Sequence[float]) -> tuple[float, float]:
    """The area under the ROC curve of scores that should be low and of those that should be high, and DeLong's variance.

    V(x) = the share of `low` below x, ties half, for each of `high`, and likewise the other way; the area is the mean of
    either, and its variance var(V of high) / m + var(V of low) / n. Both need two scores.
    """
    lows, highs = sorted(low), sorted(high)
    of_high = [(bisect_left(lows, x) + bisect_right(lows, x)) / 2 / len(lows) for x in highs]
    of_low = [1 - (bisect_left(highs, x) + bisect_right(highs, x)) / 2 / len(highs) for x in lows]
    return mean(of_high), variance(of_high) / len(highs) + variance(of_low) / len(lows)
