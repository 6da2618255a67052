"""Generations, vectors, the correction for `vary`, and Holm's."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Json
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.measure.drift.adjustment import adjusted, adjustment
from datarecipe.measure.drift.generations import MOST, by_depth, by_order, chosen
from datarecipe.measure.drift.holm import holm
from datarecipe.measure.drift.text_vectors import (
    CHARACTERS,
    LABELS,
    SCALE,
    label_scores,
    length_score,
    text_vector,
)


def test_generations_by_depth() -> None:
    found = by_depth([1, 3, 1, 2])
    assert (found.of, found.names) == ([0, 2, 0, 1], ["1", "2", "3"])
    deep = by_depth(range(1, 101))
    assert len(deep.names) == MOST
    assert (deep.names[0], deep.names[-1]) == ("1-5", "97-100")
    assert deep.of == sorted(deep.of)
    assert deep.joined(6).names == ["1-17", "18-34", "35-50", "51-67", "68-84", "85-100"]


def test_generations_by_order() -> None:
    found = by_order([at // 5 for at in range(120)], range(1, 121))
    assert found.of == [at // 10 for at in range(120)]
    assert (found.names[0], found.names[-1]) == ("1-10", "111-120")
    few = by_order([0, 0, 0, 1, 1], [1, 4, 5, 8, 9])
    assert (few.of, few.names) == ([0, 0, 0, 1, 1], ["1-5", "8-9"])


@given(st.lists(st.integers(1, 60), min_size=1), st.integers(1, 9))
def test_joined_generations_are_even(depths: list[int], stretches: int) -> None:
    found = by_depth(depths)
    joined = found.joined(stretches)
    assert len(joined.names) == min(stretches, len(found.names))
    sizes = Counter(dict(zip(found.of, joined.of, strict=True)).values())
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert set(joined.of) == set(range(len(joined.names)))


def test_the_axis() -> None:
    assert (chosen(None, [1, 2]), chosen(None, [1, 1]), chosen("depth", [1, 1])) == ("depth", "order", "depth")


@given(st.text(max_size=80))
def test_text_vectors(text: str) -> None:
    bins = hashed_ngrams(text)
    length = math.sqrt(sum(value * value for value in bins))
    found = text_vector(text)
    assert list(found) == [round(value / length * SCALE) if length else 0 for value in bins]


def test_the_end_of_a_long_text_does_not_count() -> None:
    text = "word " * (CHARACTERS // 5)
    assert text_vector(f"{text}one end") == text_vector(f"{text}another")
    assert text_vector(text[:-9] + "one end") != text_vector(text[:-9] + "another")


def test_other_scores() -> None:
    assert length_score(0) == (0,)
    assert length_score(7)[0] == pytest.approx(math.log(8) * SCALE, abs=1)
    assert label_scores(["b", "a", "b"]) == [(0, SCALE), (SCALE, 0), (0, SCALE)]
    many = label_scores([f"{at:03}" for at in range(200)] * 2)
    assert {len(each) for each in many} == {LABELS + 1}
    assert all(sum(each) == SCALE for each in many)
    assert many[LABELS][-1] == many[-1][-1] == SCALE


def test_combinations_are_taken_out_where_they_come_twice() -> None:
    vary = [{"topic": t, "tone": u} for t in range(3) for u in range(2)] * 2
    found = adjustment(vary, range(12))
    assert (len(found.factors), found.keys, found.left) == (1, ["topic", "tone"], [])


def test_keys_are_taken_out_one_by_one_where_combinations_are_rare() -> None:
    vary: list[dict[str, Json]] = [
        {"topic": t, "tone": u, "id": 10 * t + u, "same": "x"} for t in range(3) for u in range(4)
    ]
    found = adjustment(vary, range(12))
    assert (len(found.factors), found.keys, found.left) == (2, ["topic", "tone"], ["id"])
    assert adjustment([{}] * 5, range(5)).factors == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-1000, 1000)), min_size=1, max_size=30))
def test_a_mean_is_taken_out_of_each_value(examples: list[tuple[str, int]]) -> None:
    values, scores = [value for value, _ in examples], [score for _, score in examples]
    found = [row[0] for row in adjusted([(score,) for score in scores], [values])]
    overall = Fraction(sum(scores), len(scores))
    for at, value in enumerate(values):
        own = [score for other, score in examples if other == value]
        assert abs(found[at] - (scores[at] - Fraction(sum(own), len(own)) + overall)) <= 1


def test_several_factors_are_taken_out_together() -> None:
    """Additive effects of two factors that are not balanced leave nothing."""
    topics, tones = [0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 1, 0, 1, 1, 0, 1, 0, 0]
    scores = [(100_000 * topic + 30_000 * tone,) for topic, tone in zip(topics, tones, strict=True)]
    found = adjusted(scores, [[str(topic) for topic in topics], [str(tone) for tone in tones]])
    spread = max(row[0] for row in found) - min(row[0] for row in found)
    assert spread < 3_000


P = st.lists(st.integers(1, 128).map(lambda at: at / 128), max_size=6)


@given(P, st.floats(0.001, 0.999))
def test_holm(values: list[float], level: float) -> None:
    """A corrected p is at most a level where the procedure, step by step, rejects at that level."""
    rejected: set[int] = set()
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        if (len(values) - rank) * values[at] > level:
            break
        rejected.add(at)
    corrected = holm(values)
    assert {at for at, value in enumerate(corrected) if value <= level} == rejected
    assert all(value >= raw for value, raw in zip(corrected, values, strict=True))


def test_holm_as_published() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
