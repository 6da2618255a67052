"""Vectors as they are stored: whole numbers that only depend on the floats."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.llm.rounded_vector import LENGTH, rounded

FINITE = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50)


@given(FINITE)
def test_the_direction_is_kept_and_the_length_is_the_same_for_all(values: list[float]) -> None:
    vector = rounded(values)
    assert len(vector) == len(values)
    assert all(type(number) is int and abs(number) <= LENGTH for number in vector)
    if any(values):
        assert abs(math.hypot(*vector) - LENGTH) <= math.sqrt(len(values)) / 2 + 1
        largest = max(range(len(values)), key=lambda index: abs(values[index]))
        assert (vector[largest] > 0) is (values[largest] > 0)
    else:
        assert not any(vector)


@given(FINITE, st.integers(-60, 60))
def test_the_length_of_what_comes_makes_no_difference(values: list[float], exponent: int) -> None:
    try:
        scaled = [math.ldexp(value, exponent) for value in values]
    except OverflowError:
        return
    if all(math.ldexp(value, -exponent) == original for value, original in zip(scaled, values, strict=True)):
        assert rounded(scaled) == rounded(values)


def test_known_values() -> None:
    assert rounded([3.0, -4.0]) == (2400, -3200)
    assert rounded([1e-320, 0.0]) == (4000, 0)
    assert rounded([1e308, 1e308]) == (2828, 2828)
    assert rounded([0.0, -0.0]) == (0, 0)
    assert rounded([]) == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        rounded([1.0, value])
