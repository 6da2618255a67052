"""Finds the nearest of the vectors so far, of those that are near enough: in whole numbers, in a time that hardly grows.

Each vector has 512 signs: of its sums over few of its numbers, half of them negated, always the same ones. Two vectors
differ in as many signs as the angle between them says (random hyperplanes: Charikar, STOC 2002; with few numbers each: Li,
Hastie and Church, KDD 2006). Vectors that have all the signs of one of 32 groups in common are looked at (locality-sensitive
hashing), those that differ in too many of the 512 are left out, and what is left is compared exactly. So nothing is found
that is not near, and few that are near are missed: 3 in 1,000 at the threshold itself, fewer the nearer they are.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt
from typing import Final

from datarecipe.generate.likeness import dot

GROUPS: Final = 32
GROUP_BITS: Final = 16
SUMMED: Final = 24
"""Numbers of a vector in each sum."""

_BY_THRESHOLD: Final = ((Fraction(95, 100), 16, 120), (Fraction(90, 100), 12, 150), (Fraction(0), 8, 190))
"""From which threshold on: how many signs of a group must agree, and in how many of all 512 near vectors may differ."""


@dataclass(frozen=True, slots=True)
class Near:
    """An earlier vector that is near."""

    number: int
    """Its place among the vectors, from 0."""
    hundredths: int
    """Its cosine in hundredths, rounded down: what is not equal is never shown as 1.00."""


class NearbyVectors:
    def __init__(self, threshold: Fraction) -> None:
        """`threshold`, from 0.8 to 1: the least cosine that counts."""
        self._threshold = threshold
        bits, self._differing = next((bits, most) for least, bits, most in _BY_THRESHOLD if threshold >= least)
        self._mask = 2**bits - 1
        self._vectors: list[array[int]] = []
        self._squares: list[int] = []
        self._signs: list[int] = []
        self._groups: list[dict[int, array[int]]] = [{} for _ in range(GROUPS)]
        self._last: tuple[Sequence[int], int] = ((), 0)
        """The vector that was looked for last, with its signs: most are found to be near to none, and added."""

    def __len__(self) -> int:
        return len(self._vectors)

    def add(self, vector: Sequence[int]) -> None:
        """One without a direction is near to none."""
        signs, number = self._signs_of(vector), len(self._vectors)
        self._vectors.append(array("h" if max(map(abs, vector), default=0) < 2**15 else "q", vector))
        self._squares.append(dot(vector, vector))
        self._signs.append(signs)
        for group, key in zip(self._groups, self._keys(signs), strict=True):
            group.setdefault(key, array("I")).append(number)

    def nearest(self, vector: Sequence[int]) -> Near | None:
        """The earlier vector with the highest cosine, the first of equals; None where none is near enough."""
        signs, square = self._signs_of(vector), dot(vector, vector)
        found: set[int] = set()
        for group, key in zip(self._groups, self._keys(signs), strict=True):
            found.update(group.get(key, ()))
        best: int | None = None
        best_over, best_under = 0, 1
        for number in sorted(found):
            if (signs ^ self._signs[number]).bit_count() > self._differing:
                continue
            product = dot(vector, self._vectors[number])
            over, under = product * product, self._squares[number]
            if product > 0 and over * best_under > best_over * under and self._is_near(over, square * under):
                best, best_over, best_under = number, over, under
        return None if best is None else Near(best, isqrt(10_000 * best_over // (square * best_under)))

    def _is_near(self, over: int, under: int) -> bool:
        """Whether the square of a cosine, as a fraction, is that of the threshold or more."""
        return over * self._threshold.denominator**2 >= self._threshold.numerator**2 * under

    def _signs_of(self, vector: Sequence[int]) -> int:
        if self._last[0] is not vector:
            self._last = vector, signs_of(vector)
        return self._last[1]

    def _keys(self, signs: int) -> Iterator[int]:
        for shift in range(0, GROUPS * GROUP_BITS, GROUP_BITS):
            yield signs >> shift & self._mask


def signs_of(vector: Sequence[int]) -> int:
    """The 512 signs as bits: 1 where the sum is above 0."""
    signs, at = 0, vector.__getitem__
    for bit, (added, taken) in enumerate(_sums(len(vector)) if vector else ()):
        if sum(map(at, added)) > sum(map(at, taken)):
            signs |= 1 << bit
    return signs


@cache
def _sums(dimensions: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """For each sign the numbers of a vector that are added, and those that are taken away; the same in every run."""
    drawn = hashlib.shake_128(b"datarecipe 1").digest(4 * GROUPS * GROUP_BITS * SUMMED)
    places = [int.from_bytes(drawn[at : at + 4], "big") % dimensions for at in range(0, len(drawn), 4)]
    half = SUMMED // 2
    return tuple(
        (tuple(places[at : at + half]), tuple(places[at + half : at + SUMMED])) for at in range(0, len(places), SUMMED)
    )
