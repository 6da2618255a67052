"""Distances and the Vendi score against the same with a library's matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.measure.sample import sample
from datarecipe.measure.variety.eigenvalues import eigenvalues
from datarecipe.measure.variety.spread import (
    SAMPLE,
    Embedder,
    cosine_matrix,
    mean_distance,
    nearest_distance,
    spread,
    vendi,
)
from tests.measure.variety.test_diversity import lines, with_copies

VECTORS = st.integers(1, 5).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(-3, 3).map(float), min_size=size, max_size=size), min_size=2, max_size=12
    )
)


@given(VECTORS)
def test_against_a_library(vectors: list[list[float]]) -> None:
    given = np.array([[*vector, float(not any(vector))] for vector in vectors])
    units = given / np.linalg.norm(given, axis=1, keepdims=True)
    wanted, count = units @ units.T, len(vectors)
    cosines = cosine_matrix(vectors)
    assert np.array(cosines) == pytest.approx(wanted, abs=1e-12)
    assert mean_distance(cosines) == pytest.approx(1 - (wanted.sum() - count) / (count * count - count), abs=1e-9)
    others = wanted - 2 * np.eye(count)
    assert nearest_distance(cosines) == pytest.approx((1 - others.max(axis=1)).mean(), abs=1e-9)
    values = np.linalg.eigvalsh(wanted / count)
    values = values[values > 1e-15]
    assert vendi(cosines) == pytest.approx(math.exp(-(values * np.log(values)).sum()), rel=1e-6)


@settings(max_examples=60)
@given(st.integers(1, 14), st.integers(0, 10_000), st.sampled_from(["full", "low rank", "whole", "diagonal"]))
def test_eigenvalues(size: int, seed: int, kind: str) -> None:
    chance = np.random.default_rng(seed)
    made = chance.normal(size=(size, 2 if kind == "low rank" else size))
    if kind == "full":
        matrix = made + made.T
    elif kind == "low rank":
        matrix = made @ made.T
    elif kind == "whole":
        matrix = np.round(made) + np.round(made).T
    else:
        matrix = np.diag(made[0])
    assert eigenvalues(matrix.tolist()) == pytest.approx(np.linalg.eigvalsh(matrix), abs=1e-10)


def test_of_real_texts() -> None:
    texts = lines("sentiment/amazon/train.jsonl", "text")
    found = spread(texts)
    assert found is not None
    vectors = np.array([hashed_ngrams(text) for text in sample(texts, SAMPLE, "spread")])
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(units @ units.T / SAMPLE)
    values = values[values > 1e-15]
    assert found.examples == SAMPLE
    assert found.vendi == pytest.approx(math.exp(-(values * np.log(values)).sum()), rel=1e-9)


def test_the_ends_of_the_scale() -> None:
    same = cosine_matrix([(1.0, 2.0)] * 7)
    assert (vendi(same), nearest_distance(same), mean_distance(same)) == pytest.approx((1, 0, 0), abs=1e-9)
    apart = cosine_matrix([tuple(float(at == own) for at in range(7)) for own in range(7)])
    assert (vendi(apart), nearest_distance(apart), mean_distance(apart)) == pytest.approx((7, 1, 1))


@pytest.mark.parametrize(("name", "field"), [("sentiment/amazon", "text"), ("yesno_close/boolq", "question")])
def test_near_copies_lower_vendi_and_the_nearest_distance(name: str, field: str) -> None:
    good = sample([text for text in lines(f"{name}/train.jsonl", field) if len(text.split()) > 3], 400)
    before, after = spread(good), spread(with_copies(good, 0.3))
    assert before is not None
    assert after is not None
    assert after.vendi < before.vendi - 5
    assert after.nearest_distance < before.nearest_distance - 0.03
    # The mean over all pairs does not see it: docs/measures.md says so.
    assert after.mean_distance == pytest.approx(before.mean_distance, abs=0.02)


def test_another_embedder() -> None:
    lengths = Embedder("lengths", lambda texts: [(float(len(text)), 1.0) for text in texts])
    found = spread(["a", "a", "aaaa"], lengths)
    assert found is not None
    assert (found.embedder, found.examples) == ("lengths", 3)
    assert spread(["only one"]) is None


def test_half_a_character_is_a_text_too() -> None:
    assert spread(["\ud800 alone", "another text"]) is not None
