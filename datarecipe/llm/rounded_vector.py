"""Rounds what an embedder gives to whole numbers, before anything is stored or compared."""

from __future__ import annotations

import math
from collections.abc import Sequence

LENGTH = 4000
"""The length of every vector. A direction is told to 1/4000, and each number fits into 16 bits."""

MOST_DIMENSIONS = 16_384
"""Numbers of a vector. The longest that embedders give have 4,096."""


def rounded(values: Sequence[float]) -> tuple[int, ...]:
    """The vector with the length `LENGTH`, its numbers rounded; zeros where it has no direction.

    Each step is one that IEEE 754 rounds correctly, so the same floats give the same numbers on every machine. Raises
    `ValueError` for what is not finite.
    """
    if not all(map(math.isfinite, values)):
        raise ValueError("a number of the embedding is not finite")
    largest = max(map(abs, values), default=0.0)
    if not largest:
        return (0,) * len(values)
    # Squares of very large and very small numbers would leave the range of a float.
    scaled = [value / largest for value in values]
    length = math.sqrt(math.fsum(value * value for value in scaled))
    return tuple(round(value / length * LENGTH) for value in scaled)
