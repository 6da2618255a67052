"""Comparing embeddings in whole numbers: exact, and the first of equals."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import MachineError
from datarecipe.generate.likeness import least_alike, most_alike

NUMBER = st.integers(-4000, 4000)
VECTORS = st.integers(1, 6).flatmap(
    lambda size: st.lists(st.lists(NUMBER, min_size=size, max_size=size), min_size=2, max_size=8)
)


def squared_cosine(a: list[int], b: list[int]) -> Fraction:
    """With the sign of the cosine."""
    product = sum(x * y for x, y in zip(a, b, strict=True))
    lengths = sum(x * x for x in a) * sum(x * x for x in b)
    return Fraction(product * abs(product), lengths) if lengths else Fraction(0)


@given(VECTORS)
def test_the_choice_is_that_of_exact_arithmetic(vectors: list[list[int]]) -> None:
    own, *others = vectors
    likeness = [squared_cosine(own, other) for other in others]
    assert most_alike(own, others) == likeness.index(max(likeness))
    assert least_alike(own, others) == likeness.index(min(likeness))


def test_two_cosines_that_floats_cannot_tell_apart() -> None:
    own, other, nearer = [10**9, 1], [10**9, 3], [10**9, 2]
    assert most_alike(own, [other, nearer]) == 1
    assert least_alike(own, [nearer, other]) == 1


def test_vectors_without_a_direction_are_at_a_right_angle() -> None:
    assert most_alike([1, 0], [[0, 0], [-1, 5], [1, 9]]) == 2
    assert most_alike([1, 0], [[-1, 0], []]) == 1
    assert least_alike([1, 0], [[1, 1], []]) == 1
    assert most_alike([], [[1, 2], [3, 4]]) == 0


def test_vectors_of_two_embedders_are_not_compared() -> None:
    with pytest.raises(MachineError, match="embeddings of 3 and of 2 numbers"):
        most_alike([1, 2, 3], [[1, 2, 3], [1, 2]])
