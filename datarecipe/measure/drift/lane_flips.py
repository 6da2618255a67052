"""The test of drift: do all lanes change the same way, and from which generation on?

For each possible course of a change (a step at a generation, a ramp from one) every lane has a vector: how its scores move
along that course. Without drift these vectors point anywhere, so with some of them turned round their sum is as long as
before. With drift they point the same way, and their sum is longer than with any of them turned round.

Courses h: steps (0 before k, 1 from k on) and ramps (0 before k, then 1, 2, 3, ...) for each generation k but the first.

    V(h, l) = sum over the examples of lane l of (h(its generation) - mean of h in the lane) * its scores
    T(h, s) = |sum over l of s(l) V(h, l)|^2, with a sign s(l) for each lane
    z(h, s) = (T - mean of T over all s) / (its standard deviation over all s)
    p       = share of the sign patterns whose largest z over h is at least that of the pattern without a turn

Only products of different lanes enter z: mean of T = sum of |V(l)|^2, and variance = 4 * sum over l < m of (V(l) V(m))^2.
Since p belongs to the largest z of all courses, it needs no correction for the number of generations.

Sign flips: Fisher 1935, "The Design of Experiments", section 21; Winkler et al. 2014, "Permutation inference for the
general linear model", section on sign flipping of whole blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, product
from operator import add, mul
from typing import Literal, NamedTuple

from datarecipe.measure.drift.independent_lanes import Lanes

Scores = Sequence[Sequence[int]]

_STEPS = float(1 << 40)
"""Products are rounded to this many parts of 1, so that floats add them exactly."""


class Course(NamedTuple):
    """How a change goes: at once, or ever further, from a generation on."""

    kind: Literal["step", "ramp"]
    onset: int

    def at(self, generation: int) -> int:
        """The value of the course in a generation."""
        if generation < self.onset:
            return 0
        return 1 if self.kind == "step" else generation - self.onset + 1


@dataclass(frozen=True, slots=True)
class Flips:
    """What the test found."""

    p: float
    least: float
    """The smallest p that so few lanes can give."""
    course: Course
    """The course that explains most of the variance."""
    onset_range: tuple[int, int]
    """The first and the last onset that is found when one group of lanes after another is left out."""


class _Contrasts(NamedTuple):
    """The products of V of two groups of lanes by course, and how much of each course a group covers."""

    courses: Sequence[Course]
    groups: int
    products: Sequence[Sequence[Sequence[int]]]
    """By course, then by two groups."""
    weights: Sequence[Sequence[float]]
    """By group, then by course: sum over examples of (h - mean of h in the lane)^2."""


def lane_flips(scores: Scores, lanes: Lanes, generations: Sequence[int]) -> Flips | None:
    """Test scores for drift. None where no lane has two generations, or where scores do not vary within lanes.

    Source: the module's docstring. The onset is that of the course with the largest explained variance, |sum of V|^2 / sum
    of (h - mean of h in the lane)^2.
    """
    contrasts = _contrasts(scores, lanes, generations)
    groups = contrasts.groups
    patterns = list(_patterns(groups))
    largest = [-math.inf] * len(patterns)
    for of_course in contrasts.products:
        products = [of_course[one][other] for one, other in combinations(range(groups), 2)]
        length = math.sqrt(sum(value * value for value in products))
        if length:
            parts = [round(value / length * _STEPS) / _STEPS for value in products]
            found = [sum(map(mul, parts, pattern)) for pattern in patterns]
            largest = list(map(max, largest, found))
    if not patterns or largest[0] == -math.inf:
        return None
    onsets = [_best(contrasts, leave).onset for leave in range(groups)]
    return Flips(
        p=sum(value >= largest[0] for value in largest) / len(patterns),
        least=1 / len(patterns),
        course=_best(contrasts),
        onset_range=(min(onsets), max(onsets)),
    )


def _patterns(groups: int) -> Iterator[Sequence[float]]:
    """For each pattern of signs, the products of the signs of two groups; first those of the pattern without a turn.

    A pattern and its reverse are the same, so the first sign never turns.
    """
    if groups > 1:
        for signs in product((1.0,), *([(1.0, -1.0)] * (groups - 1))):
            yield [one * other for one, other in combinations(signs, 2)]


def _contrasts(scores: Scores, lanes: Lanes, generations: Sequence[int]) -> _Contrasts:
    last = max(generations, default=0)
    # The ramp that begins in the last generation is the step there.
    courses = [*(Course("step", at) for at in range(1, last + 1)), *(Course("ramp", at) for at in range(1, last))]
    vectors: dict[int, list[list[int]]] = {}
    weights: dict[int, list[float]] = {}
    for lane, (counts, sums) in sorted(_sums(scores, lanes, generations).items()):
        if sum(map(bool, counts)) < 2:
            continue
        group = lanes.groups[lane]
        moved, covered = _moved(counts, sums), [_covered(course, counts) for course in courses]
        before = vectors.get(group)
        vectors[group] = [list(map(add, *pair)) for pair in zip(before, moved, strict=True)] if before else moved
        weights[group] = list(map(add, weights[group], covered)) if before else covered
    order = sorted(vectors)
    products = [_products([vectors[group][number] for group in order]) for number in range(len(courses))]
    return _Contrasts(courses, len(order), products, [weights[group] for group in order])


def _products(vectors: Sequence[Sequence[int]]) -> list[list[int]]:
    """The product of each two vectors."""
    found = [[0] * len(vectors) for _ in vectors]
    for one, other in combinations_with_replacement(range(len(vectors)), 2):
        found[one][other] = found[other][one] = sum(map(mul, vectors[one], vectors[other]))
    return found


def _sums(
    scores: Scores, lanes: Lanes, generations: Sequence[int]
) -> dict[int, tuple[list[int], list[Sequence[int] | None]]]:
    """By lane: the number of examples in each generation, and the sum of their scores."""
    total = max(generations, default=0) + 1
    found: dict[int, tuple[list[int], list[Sequence[int] | None]]] = {}
    for score, lane, generation in zip(scores, lanes.of, generations, strict=True):
        counts, sums = found.setdefault(lane, ([0] * total, [None] * total))
        before = sums[generation]
        sums[generation] = score if before is None else list(map(add, before, score))
        counts[generation] += 1
    return found


def _moved(counts: Sequence[int], sums: Sequence[Sequence[int] | None]) -> list[list[int]]:
    """V of one lane by course, rounded to integers.

    The sum over a generation, less its share of the lane's sum, is what the generation deviates. A step adds the
    deviations from its onset on, and a ramp adds those steps. Times the number of examples, so that all is exact until the
    last division.
    """
    examples = sum(counts)
    overall = list(map(sum, zip(*(each for each in sums if each is not None), strict=True)))
    step = [0] * len(overall)
    ramp = [0] * len(overall)
    steps: list[list[int]] = []
    ramps: list[list[int]] = []
    for count, own in zip(reversed(counts[1:]), reversed(sums[1:]), strict=True):
        if own is not None:
            step = [
                so_far + examples * value - count * whole
                for so_far, value, whole in zip(step, own, overall, strict=True)
            ]
        ramp = list(map(add, ramp, step))
        steps.append(step)
        ramps.append(ramp)
    return [
        [(2 * value + examples) // (2 * examples) for value in each]
        for each in (*reversed(steps), *reversed(ramps[1:]))
    ]


def _covered(course: Course, counts: Sequence[int]) -> float:
    """Sum over the examples of a lane of (h - mean of h)^2."""
    values = [course.at(generation) for generation in range(len(counts))]
    squares = sum(count * value * value for count, value in zip(counts, values, strict=True))
    total = sum(count * value for count, value in zip(counts, values, strict=True))
    return squares - total * total / sum(counts)


def _best(contrasts: _Contrasts, leave: int | None = None) -> Course:
    """The course that explains most, without the group `leave`; the first of equals."""
    kept = [group for group in range(contrasts.groups) if group != leave]

    def explained(number: int) -> float:
        weight = math.fsum(contrasts.weights[group][number] for group in kept)
        if weight <= 0:
            return -1.0
        together = sum(contrasts.products[number][one][other] for one in kept for other in kept)
        return together / weight

    return contrasts.courses[max(range(len(contrasts.courses)), key=explained)]
