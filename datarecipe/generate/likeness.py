"""Compares embeddings exactly: by cosine, in whole numbers, so that no float decides which text is nearer."""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from datarecipe.errors import MachineError

COMPARISON_VERSION = 1
"""Part of the identity of runs that compare embeddings; changes when the same vectors would be ordered otherwise."""


def dot(a: Sequence[int], b: Sequence[int]) -> int:
    """The scalar product. Raises `MachineError` for vectors of two embedders."""
    if len(a) != len(b) and a and b:
        raise MachineError(
            f"embeddings of {len(a):,} and of {len(b):,} numbers cannot be compared: under the embedder's name two models "
            "have answered",
            hint="Stored embeddings are used again. Give the server's model a name of its own, remove the stored ones "
            "(`datarecipe cache clear`), or name another cache with --cache-dir.",
        )
    return sum(map(mul, a, b))


def most_alike(own: Sequence[int], others: Sequence[Sequence[int]]) -> int:
    """The number of the vector with the highest cosine to `own`, the first of equals."""
    return _first(own, others, 1)


def least_alike(own: Sequence[int], others: Sequence[Sequence[int]]) -> int:
    """The number of the vector with the lowest cosine to `own`, the first of equals."""
    return _first(own, others, -1)


def _first(own: Sequence[int], others: Sequence[Sequence[int]], sign: int) -> int:
    """The cosines to one vector are ordered as `dot * |dot| / |other|^2`. A vector without length is at a right angle."""
    best, best_over, best_under = 0, 0, 0
    for number, other in enumerate(others):
        product = sign * dot(own, other)
        over, under = product * abs(product), dot(other, other) or 1
        if not best_under or over * best_under > best_over * under:
            best, best_over, best_under = number, over, under
    return best
