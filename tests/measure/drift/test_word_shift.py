"""Words that came and went, against the formula written out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.measure.drift.word_shift import PRIOR, log_odds, word_shift

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 400), max_size=6)


@given(COUNTS, COUNTS)
def test_log_odds(first: dict[str, int], last: dict[str, int]) -> None:
    found = log_odds(first, last)
    total = sum(first.values()) + sum(last.values())
    for word, z in found.items():
        odds, variance = [], 0.0
        for side in (first, last):
            alpha = PRIOR * (first.get(word, 0) + last.get(word, 0)) / total
            count = side.get(word, 0) + alpha
            odds.append(math.log(count / (sum(side.values()) + PRIOR - count)))
            variance += 1 / count
        assert z == pytest.approx((odds[1] - odds[0]) / math.sqrt(variance), rel=1e-9, abs=1e-12)
    assert log_odds(last, first) == pytest.approx({word: -z for word, z in found.items()})


def test_equal_sides_have_no_odds() -> None:
    assert log_odds({"a": 5, "b": 7}, {"a": 5, "b": 7}) == pytest.approx({"a": 0, "b": 0})
    assert log_odds({}, {}) == {}
    assert log_odds({"a": 3}, {"a": 4}) == {}, "a single word has no odds"


def texts(lanes: int, *, word: str = "new", copies: int = 1) -> tuple[list[list[str]], list[int]]:
    """Two parts of 40 texts by 8 lanes; the second has a word in the texts of some lanes."""
    words, groups = [], []
    for part in range(2):
        for number in range(40):
            has = [word] * copies if part and number % 8 < lanes else ["same"] * copies
            words.append(["a", "text", "of", "words", str(number % 5), *has])
            groups.append(number % 8)
    return words, groups


def test_what_came_and_went_with_examples() -> None:
    words, groups = texts(8)
    found = word_shift(words, groups, range(40), range(40, 80))
    (came,), (went,) = found.came, found.went
    assert (came.word, came.before, came.after) == ("new", 0, 1)
    assert (went.word, went.before, went.after) == ("same", 1, 0)
    assert came.z > 3 > -3 > went.z
    assert list(found.with_came) == [40, 41, 42]
    assert list(found.with_went) == [0, 1, 2]


def test_a_word_of_two_lanes_is_a_subject_of_theirs() -> None:
    words, groups = texts(2, copies=10)
    assert log_odds({"x": 400}, {"new": 100, "x": 300})["new"] > 3
    assert not word_shift(words, groups, range(40), range(40, 80)).came
    words, groups = texts(3, copies=10)
    assert word_shift(words, groups, range(40), range(40, 80)).came


def test_ignored_words_are_not_shown() -> None:
    words, groups = texts(8)
    found = word_shift(words, groups, range(40), range(40, 80), {"new"})
    assert not found.came
    assert not found.with_came
    assert found.went


def test_no_example_is_shown_twice() -> None:
    words = [["old", "x"]] * 40 + [["new", "x"]] * 40
    found = word_shift(words, [at % 8 for at in range(80)], range(40), range(40, 80))
    assert (list(found.with_came), list(found.with_went)) == ([40], [0])
