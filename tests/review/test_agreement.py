"""Agreement and intervals are those that their authors published, or that a second computation gives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.review.results.agreement import agreement
from datarecipe.review.results.review_results import Share


def units(*observers: str) -> list[list[str]]:
    """The values of each unit; a dot is a missing one."""
    return [
        [value for value in unit if value != "."] for unit in zip(*(each.split() for each in observers), strict=True)
    ]


BINARY = units("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
NOMINAL = units("a a b b d c c c e d d a", "b a b b b c c c e d d d")
MISSING = units(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
THREE = units(
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
)


@pytest.mark.parametrize(
    ("values", "alpha"),
    [
        # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", sections A, B and C.
        (BINARY, 0.095),
        (NOMINAL, 0.692),
        (MISSING, 0.743),
        # Krippendorff 1980, the example with three observers and 15 units.
        (THREE, 0.691),
    ],
)
def test_alpha_is_the_one_that_krippendorff_published(values: list[list[str]], alpha: float) -> None:
    found = agreement(values)
    assert found is not None
    assert found.alpha == pytest.approx(alpha, abs=0.0005)


def test_pairs_are_counted() -> None:
    found = agreement(THREE)
    assert found is not None
    # Twelve units have two values: ten have one pair, two have three. 3 3 4 has one that agrees, 1 3 and 3 4 have none.
    assert (found.items, found.pairs, found.agreeing) == (12, 10 + 2 * 3, 8 + 1 + 3)


def test_without_two_values_there_is_no_agreement_and_without_two_kinds_no_alpha() -> None:
    assert agreement([["a"], [], ["b"]]) is None
    same = agreement([["a", "a"], ["a", "a", "a"]])
    assert same is not None
    assert (same.alpha, same.pairs, same.agreeing) == (None, 4, 4)


def coincidences(values: Sequence[Sequence[str]]) -> float | None:
    """Alpha by the definition: the matrix of coincidences, observed over expected disagreement. In floats."""
    kinds = sorted({value for unit in values for value in unit})
    matrix = dict.fromkeys(itertools.product(kinds, kinds), 0.0)
    for unit in values:
        for a, b in itertools.permutations(range(len(unit)), 2):
            matrix[unit[a], unit[b]] += 1 / (len(unit) - 1)
    margins = {kind: sum(matrix[kind, other] for other in kinds) for kind in kinds}
    n = sum(margins.values())
    off = [pair for pair in matrix if pair[0] != pair[1]]
    expected = sum(margins[a] * margins[b] for a, b in off) / (n - 1) if n > 1 else 0
    return 1 - sum(matrix[pair] for pair in off) / expected if expected else None


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12))
def test_alpha_agrees_with_the_matrix_of_coincidences(values: list[list[str]]) -> None:
    found = agreement(values)
    assert (found is None) == all(len(unit) < 2 for unit in values)
    if found is not None:
        expected = coincidences(values)
        assert found.alpha == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_items_and_reviewers_means_nothing(values: list[list[str]], chance: random.Random) -> None:
    shuffled = [chance.sample(unit, len(unit)) for unit in values]
    chance.shuffle(shuffled)
    assert agreement(shuffled) == agreement(values)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_the_ones_that_newcombe_published(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=0.00005)


def test_no_examples_have_no_interval() -> None:
    assert Share(0, 0).interval is None
