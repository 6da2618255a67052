"""The embedder that is always there: no model, the same vector on every machine."""

from __future__ import annotations

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.generate.hashed_ngrams import DIMENSIONS, hashed_ngrams


def cosine(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@given(st.text())
def test_any_text_has_a_vector_of_whole_numbers(text: str) -> None:
    vector = hashed_ngrams(text)
    assert len(vector) == DIMENSIONS
    assert all(isinstance(x, int) for x in vector)
    marked = len(text.casefold()) + 2
    grams = sum(max(0, marked - size + 1) for size in (3, 4, 5))
    total = sum(map(abs, vector))
    assert total <= grams
    assert (grams - total) % 2 == 0, "each sequence counts one up or one down"
    assert hashed_ngrams(text) == vector


@given(st.text())
def test_case_makes_no_difference(text: str) -> None:
    assert hashed_ngrams(text) == hashed_ngrams(text.casefold())


@pytest.mark.parametrize(
    ("left", "right"), [("Is SNOW cold?", "is snow COLD?"), ("СНЕГ", "снег"), ("Straße", "STRASSE")]
)
def test_case_makes_no_difference_in_any_script(left: str, right: str) -> None:
    assert hashed_ngrams(left) == hashed_ngrams(right)


def test_vectors_never_change_between_releases_and_machines() -> None:
    """They decide which example a chain goes on from, so another vector would be another dataset."""
    vectors = [hashed_ngrams(text) for text in ("Is snow cold?", "Холодный ли снег?", "雪は冷たいですか", "🙂")]
    digest = hashlib.sha256(json.dumps([[*map(float, each)] for each in vectors]).encode()).hexdigest()
    assert digest == "5ab79f3d662cfc8969a499fffa0c8c9d3dff0ad69654c4828f4b91087b2bec9b"


@pytest.mark.parametrize("text", ["", " ", "a", "ab"])
def test_short_texts_have_vectors_too(text: str) -> None:
    assert any(hashed_ngrams(text)) is bool(text), "only the empty text has no direction"


@pytest.mark.parametrize(
    ("text", "similar", "unrelated"),
    [
        ("Is snow cold?", "Is the snow very cold?", "Who wrote this novel?"),
        ("The battery lasts two days.", "The battery lasted two days!", "Dinner was overpriced and late."),
        ("Холодный ли снег зимой?", "Снег зимой холодный?", "Кто написал этот роман?"),
        ("雪は冬に冷たいですか", "冬の雪は冷たいですか", "この小説を書いたのは誰"),
        ("Können Fische unter Wasser atmen?", "Atmen Fische unter Wasser?", "Ist Gold ein Metall?"),
    ],
)
def test_similar_texts_are_nearer_than_unrelated_ones(text: str, similar: str, unrelated: str) -> None:
    vector = hashed_ngrams(text)
    near, far = (cosine(vector, hashed_ngrams(other)) for other in (similar, unrelated))
    assert near > 0.3
    assert near > far + 0.2


def test_the_order_of_characters_counts() -> None:
    assert hashed_ngrams("dog bites man") != hashed_ngrams("man bites dog")
    assert hashed_ngrams("abc") != hashed_ngrams("cba")


def test_beginning_and_end_are_marked() -> None:
    assert cosine(hashed_ngrams("cat"), hashed_ngrams("cat")) == pytest.approx(1.0)
    assert cosine(hashed_ngrams("cat"), hashed_ngrams("concatenated")) < 0.5
