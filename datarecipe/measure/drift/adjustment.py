"""Takes out of scores what `vary` explains.

Its values walk with the order of requests. So without this, every run with `vary` drifts: its topics change as they should.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import add, sub
from typing import Final

from datarecipe.exchange import Json, canonical_json

REQUESTS: Final = 2
"""Requests that a value needs on average. With one request each, the values would explain everything."""
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Which values of `vary` are taken out."""

    factors: Sequence[Sequence[str]]
    """Each has a value for every example."""
    keys: Sequence[str]
    """The keys of `vary` that are taken out."""
    left: Sequence[str]
    """The keys whose values come too rarely for that."""


def adjustment(vary: Sequence[Mapping[str, Json]], requests: Sequence[int]) -> Adjustment:
    """What can be taken out: combinations of values if each comes in two requests on average, else the keys one by one."""
    total = len(set(requests))
    names = dict.fromkeys(name for values in vary for name in values)
    columns = {name: [canonical_json(values.get(name)) for values in vary] for name in names}
    walking = [name for name, column in columns.items() if len(set(column)) > 1]
    combinations = [canonical_json([column[at] for column in columns.values()]) for at in range(len(vary))]
    if walking and total >= REQUESTS * len(set(combinations)):
        return Adjustment([combinations], walking, [])
    used = [name for name in walking if total >= REQUESTS * len(set(columns[name]))]
    return Adjustment([columns[name] for name in used], used, [name for name in walking if name not in used])


def adjusted(scores: Sequence[Sequence[int]], factors: Sequence[Sequence[str]]) -> Sequence[Sequence[int]]:
    """Scores, less the mean of the examples with the same value, plus the mean of all.

    Several factors are taken out in turn, four times (backfitting; Buja, Hastie and Tibshirani 1989, "Linear Smoothers and
    Additive Models"). Means are rounded to integers.
    """
    for _ in range(_ROUNDS if len(factors) > 1 else 1):
        for values in factors:
            scores = _without(scores, values)
    return scores


def _without(scores: Sequence[Sequence[int]], values: Sequence[str]) -> Sequence[Sequence[int]]:
    sums: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    for value, score in zip(values, scores, strict=True):
        sums[value] = list(map(add, sums[value], score)) if value in sums else list(score)
        counts[value] = counts.get(value, 0) + 1
    overall = [_rounded(total, len(scores)) for total in map(sum, zip(*sums.values(), strict=True))]
    less = {
        value: [_rounded(total, counts[value]) - mean for total, mean in zip(own, overall, strict=True)]
        for value, own in sums.items()
    }
    return [array("i", map(sub, score, less[value])) for value, score in zip(values, scores, strict=True)]


def _rounded(total: int, count: int) -> int:
    """`total` / `count` as the nearest integer."""
    return (2 * total + count) // (2 * count)
