"""Confident learning against the same written with matrices, and on labels that were exchanged on purpose."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.measure.labels.cross_validation import CrossValidated, cross_validated
from datarecipe.measure.labels.label_errors import calibration, label_errors
from datarecipe.measure.labels.learnability import learnability
from tests.measure.labels.human import flipped, read

NAMES = ["x", "y", "z"]


@st.composite
def cross_validations(draw: st.DrawFn) -> CrossValidated:
    """Scores that follow the labels more or less."""
    chance = random.Random(draw(st.integers(0, 10_000)))
    labels = draw(st.integers(2, 3))
    given = [number % labels for number in range(draw(st.integers(6, 60)))]
    pull = draw(st.floats(0, 4))
    scores = [[chance.gauss(pull * (label == own), 2) for label in range(labels)] for own in given]
    return CrossValidated(NAMES[:labels], given, [0] * len(given), scores)


def soft(scores: np.ndarray, factor: float) -> np.ndarray:
    weights = np.exp(factor * (scores - scores.max(axis=1, keepdims=True)))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def loss(found: CrossValidated, factor: float) -> float:
    of_given = soft(np.array(found.scores), factor)[np.arange(len(found.given)), found.given]
    return float(-np.log(of_given).sum())


@settings(max_examples=60)
@given(cross_validations())
def test_calibration_finds_the_likeliest_factor(found: CrossValidated) -> None:
    best = loss(found, calibration(found))
    assert all(best <= loss(found, factor) + 1e-4 for factor in np.linspace(0, 8, 81))


@settings(max_examples=60)
@given(cross_validations())
def test_confident_joint(found: CrossValidated) -> None:
    errors, learned, factor = label_errors(found), learnability(found), calibration(found)
    if learned.low <= learned.chance or factor == 0:
        assert errors is None
        return
    assert errors is not None
    probabilities, labels = soft(np.array(found.scores), factor), np.array(found.given)
    thresholds = np.array([probabilities[labels == label, label].mean() for label in range(len(found.labels))])
    counted = np.where(probabilities >= thresholds - 1e-12, probabilities, -1)
    likely = np.where(counted.max(axis=1) < 0, labels, counted.argmax(axis=1))
    assert {error.number for error in errors} == set(np.flatnonzero(likely != labels))
    margins = [error.confidence - error.given_probability for error in errors]
    assert margins == sorted(margins, reverse=True)
    for error in errors:
        assert (error.given, error.predicted) == (NAMES[labels[error.number]], NAMES[likely[error.number]])
        assert error.confidence == pytest.approx(probabilities[error.number, likely[error.number]])


@pytest.mark.parametrize(
    ("name", "precision", "recall"),
    [
        ("data/spam/sms/train.jsonl", 0.75, 0.6),
        ("created/reviews-plain/data.jsonl", 0.5, 0.5),
        # A classifier that is right in three of four cases contradicts many a label that is right.
        ("data/sentiment/yelp/train.jsonl", 0.25, 0.5),
    ],
)
def test_exchanged_labels_are_found(name: str, precision: float, recall: float) -> None:
    texts, labels = read(name, 1_000)
    noisy, wrong = flipped(labels, 0.1)
    found = cross_validated(texts, noisy)
    assert found is not None
    errors = label_errors(found)
    assert errors is not None
    hits = len(wrong & {error.number for error in errors})
    assert hits / len(errors) > precision
    assert hits / len(wrong) > recall
    # The surest are right more often than all of them.
    surest = errors[: len(errors) // 3]
    assert len(wrong & {error.number for error in surest}) / len(surest) > hits / len(errors)


def test_a_classifier_that_learns_nothing_contradicts_nothing() -> None:
    texts, labels = read("created/reviews-fixed/data.jsonl")
    found = cross_validated(texts, labels)
    assert found is not None
    assert label_errors(found) is None
