"""Eigenvalues of a small symmetric matrix without a library: well below a second for 200 rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import Final

_STEPS: Final = 50
"""Steps that one eigenvalue may take; two or three are usual."""
_SMALL: Final = 2.0**-52


def eigenvalues(matrix: Sequence[Sequence[float]]) -> list[float]:
    """All eigenvalues of a symmetric matrix, in ascending order.

    Reflections leave three diagonals, and rotations one. Golub and Van Loan 2013, "Matrix Computations", 4th edition,
    algorithms 8.3.1 to 8.3.3: Householder's reduction, and the implicit QR algorithm with Wilkinson's shift.
    """
    diagonal, beside = _tridiagonal(matrix)
    last, steps = len(diagonal) - 1, 0
    while last > 0:
        first = last
        while first and abs(beside[first - 1]) > _SMALL * (abs(diagonal[first - 1]) + abs(diagonal[first])):
            first -= 1
        if first == last or steps == _STEPS:
            last, steps = last - 1, 0
        else:
            _step(diagonal, beside, first, last)
            steps += 1
    return sorted(diagonal)


def _tridiagonal(matrix: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """The diagonal and the one beside it, of a matrix with three diagonals and the same eigenvalues."""
    rest = [list(row) for row in matrix]
    diagonal, beside = [], []
    while len(rest) > 1:
        diagonal.append(rest[0][0])
        normal = rest[0][1:]
        rest = [row[1:] for row in rest[1:]]
        length = math.copysign(math.hypot(*normal), normal[0])
        beside.append(-length)
        normal[0] += length
        square = sum(map(mul, normal, normal))
        if length and square:
            image = [2 * sum(map(mul, row, normal)) / square for row in rest]
            along = sum(map(mul, image, normal)) / square
            image = [value - along * of_normal for value, of_normal in zip(image, normal, strict=True)]
            rest = [
                [value - a * y - b * x for value, x, y in zip(row, normal, image, strict=True)]
                for row, a, b in zip(rest, normal, image, strict=True)
            ]
    return [*diagonal, *(row[0] for row in rest)], beside


def _step(diagonal: list[float], beside: list[float], first: int, last: int) -> None:
    """Make the last entry of `beside` in the block from `first` to `last` smaller, by rotations."""
    half, corner = (diagonal[last - 1] - diagonal[last]) / 2, beside[last - 1]
    shift = diagonal[last] - corner * corner / (half + math.copysign(math.hypot(half, corner), half))
    x, z = diagonal[first] - shift, beside[first]
    for at in range(first, last):
        length = math.hypot(x, z)
        c, s = (x / length, z / length) if length else (1.0, 0.0)
        if at > first:
            beside[at - 1] = length
        a, b, d = diagonal[at], beside[at], diagonal[at + 1]
        diagonal[at] = c * c * a + 2 * c * s * b + s * s * d
        diagonal[at + 1] = s * s * a - 2 * c * s * b + c * c * d
        beside[at] = c * s * (d - a) + (c * c - s * s) * b
        if at + 1 < last:
            x, z = beside[at], s * beside[at + 1]
            beside[at + 1] *= c
