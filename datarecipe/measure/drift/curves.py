"""Where the examples of each generation are: their distances, their spread, their lengths and labels.

Means of few texts are far from each other by chance alone: by 1/n each. So distances here are made of products of texts of
*different* lanes, which chance does not raise or lower (the estimator is unbiased, and may be a little below zero).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add, mul

from datarecipe.measure.drift.independent_lanes import Lanes
from datarecipe.measure.drift.text_vectors import SCALE
from datarecipe.measure.variety.diversity import Estimate

Vectors = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One generation, or a few neighbouring ones. Estimates are None where too few lanes have examples there.

    Texts are vectors of length 1, so a squared distance of 2 means that two texts have nothing in common.
    """

    name: str
    examples: int
    from_seed: Estimate | None
    """Squared distance of the mean text from the mean seed example."""
    from_first: Estimate | None
    """Squared distance of the mean text from that of the first stretch; None for the first itself."""
    spread: Estimate | None
    """Half the mean squared distance between two texts of different lanes: mean squared length, less mean product."""
    apart: Estimate | None
    """How much of `spread` lies between lanes: half the mean squared distance between two texts of different lanes, less
    that between two of one lane."""
    words: Estimate | None
    """Mean number of words."""
    labels: Mapping[str, float]
    """The share of each label."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """The texts of one group of lanes in one stretch."""

    count: int
    total: Sequence[int]
    """Sum of the vectors."""
    squares: float
    """Sum of their squared lengths."""
    within: float
    """Sum of the products of two different texts of one lane, over ordered pairs."""
    pairs: int
    """How many such pairs there are."""
    words: int


@dataclass(frozen=True, slots=True)
class _Sums:
    """What all measures of one stretch are made of, over some groups of lanes."""

    cells: Mapping[int, _Cell]
    first: Mapping[int, _Cell]
    """Of the first stretch, where it is compared."""
    seed: Sequence[float]
    """The mean vector of the seed examples."""

    def alike(self, one: Mapping[int, _Cell], other: Mapping[int, _Cell]) -> float:
        """Mean product of two texts of different groups, one from each side; not a number where there is no such pair."""
        pairs = _count(one) * _count(other) - sum(
            cell.count * other[at].count for at, cell in one.items() if at in other
        )
        if not pairs:
            return math.nan
        products = _dot(_total(one), _total(other)) - sum(
            _dot(cell.total, other[at].total) for at, cell in one.items() if at in other
        )
        return products / pairs / SCALE**2

    def own_squares(self) -> float:
        """Mean squared length of a text."""
        return math.fsum(cell.squares for cell in self.cells.values()) / _count(self.cells) / SCALE**2

    def from_seed(self) -> float:
        """Squared distance between the mean text and that of the seed examples."""
        towards = math.fsum(map(mul, _total(self.cells), self.seed)) / _count(self.cells) / SCALE
        return self.alike(self.cells, self.cells) - 2 * towards + math.fsum(value * value for value in self.seed)

    def from_first(self) -> float:
        """Squared distance between the mean text and that of the first stretch."""
        own, first = self.alike(self.cells, self.cells), self.alike(self.first, self.first)
        return own + first - 2 * self.alike(self.cells, self.first)

    def spread(self) -> float:
        """Half the mean squared distance between two texts of different groups."""
        return self.own_squares() - self.alike(self.cells, self.cells)

    def apart(self) -> float:
        """What lanes have in common within themselves beyond what they have in common with others."""
        pairs = sum(cell.pairs for cell in self.cells.values())
        if not pairs:
            return math.nan
        within = math.fsum(cell.within for cell in self.cells.values()) / pairs / SCALE**2
        return within - self.alike(self.cells, self.cells)

    def words(self) -> float:
        """Mean number of words."""
        return sum(cell.words for cell in self.cells.values()) / _count(self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What curves are drawn of, by example."""

    vectors: Vectors
    words: Sequence[int]
    labels: Sequence[str]
    """Empty where examples have none."""
    lanes: Lanes
    stretches: Sequence[int]


def curves(placed: Placed, names: Sequence[str], seeds: Vectors) -> list[Stretch]:
    """A stretch for each of `names`. Standard errors leave out one group of lanes after another (jackknife; Tukey 1958)."""
    cells = [_cells(placed, number) for number in range(len(names))]
    seed = [value / len(seeds) / SCALE for value in map(sum, zip(*seeds, strict=True))]
    labels: list[Counter[str]] = [Counter() for _ in names]
    for stretch, label in zip(placed.stretches, placed.labels, strict=False):
        labels[stretch][label] += 1
    found = []
    for number, name in enumerate(names):
        own, counts = _Sums(cells[number], {}, seed), labels[number]
        found.append(
            Stretch(
                name=name,
                examples=_count(cells[number]),
                from_seed=_estimate(own, _Sums.from_seed) if seeds else None,
                from_first=_estimate(replace(own, first=cells[0]), _Sums.from_first) if number else None,
                spread=_estimate(own, _Sums.spread),
                # Parts of one lane are no lanes.
                apart=None if placed.lanes.dealt else _estimate(own, _Sums.apart),
                words=_estimate(own, _Sums.words),
                labels={label: count / counts.total() for label, count in sorted(counts.items())},
            )
        )
    return found


def _estimate(sums: _Sums, measure: Callable[[_Sums], float]) -> Estimate | None:
    """The measure with the jackknife's standard error: sqrt((n - 1) / n * sum of (value without one - their mean)^2)."""
    value = measure(sums)
    if math.isnan(value):
        return None
    without = []
    for group in sorted(sums.cells.keys() | sums.first.keys()):
        rest = _Sums(
            {at: cell for at, cell in sums.cells.items() if at != group},
            {at: cell for at, cell in sums.first.items() if at != group},
            sums.seed,
        )
        if rest.cells and not math.isnan(left := measure(rest)):
            without.append(left)
    if len(without) < 2:
        return None
    mean = math.fsum(without) / len(without)
    squares = math.fsum((each - mean) ** 2 for each in without)
    return Estimate(value, math.sqrt((len(without) - 1) / len(without) * squares))


def _cells(placed: Placed, stretch: int) -> dict[int, _Cell]:
    of_lane: dict[int, list[int]] = {}
    for at, own in enumerate(placed.stretches):
        if own == stretch:
            of_lane.setdefault(placed.lanes.of[at], []).append(at)
    found: dict[int, _Cell] = {}
    for lane, examples in sorted(of_lane.items()):
        vectors = [placed.vectors[at] for at in examples]
        total = list(map(sum, zip(*vectors, strict=True)))
        squares = sum(_dot(vector, vector) for vector in vectors)
        group = placed.lanes.groups[lane]
        before = found.get(group, _Cell(0, [0] * len(total), 0, 0, 0, 0))
        found[group] = _Cell(
            before.count + len(examples),
            list(map(add, before.total, total)),
            before.squares + squares,
            before.within + _dot(total, total) - squares,
            before.pairs + len(examples) * (len(examples) - 1),
            before.words + sum(placed.words[at] for at in examples),
        )
    return found


def _count(cells: Mapping[int, _Cell]) -> int:
    return sum(cell.count for cell in cells.values())


def _total(cells: Mapping[int, _Cell]) -> list[int]:
    return list(map(sum, zip(*(cell.total for cell in cells.values()), strict=True)))


def _dot(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(map(mul, one, other))
