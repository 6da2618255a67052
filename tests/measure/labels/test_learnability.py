"""The classifier against naive Bayes written out, and the figures of data that is known to teach something or nothing."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.measure.labels.cross_validation import FOLDS, cross_validated, folds_of
from datarecipe.measure.labels.learnability import Learnability, learnability, wilson
from datarecipe.measure.labels.naive_bayes import NaiveBayes, documents_of, features_of
from tests.measure.labels.human import read


def learned(texts: list[list[str]], labels: list[str]) -> Learnability | None:
    found = cross_validated(texts, labels)
    return None if found is None else learnability(found)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcde"), max_size=4), st.sampled_from("xyz")), min_size=2, max_size=12)
)
def test_naive_bayes(examples: list[tuple[list[str], str]]) -> None:
    features, labels = [features_of(words) for words, _ in examples], [label for _, label in examples]
    training = range(len(examples) - 1)
    documents = documents_of([words for words, _ in examples])
    model, asked = NaiveBayes(documents, labels, list(training)), features[-1]
    known = {feature for number in training for feature in features[number]}
    scores = {}
    for label in sorted({labels[number] for number in training}):
        own = [features[number] for number in training if labels[number] == label]
        counts = sum(own, Counter[str]())
        score = Fraction(len(own), len(training))
        for feature, count in asked.items():
            if feature in known:
                score *= Fraction(counts[feature] + 1, counts.total() + len(known)) ** count
        scores[label] = score
    best = max(scores.values())
    found = model.scores(documents[-1])
    assert model.labels == sorted(scores)
    # Logarithms of the same, but for what all labels share.
    for label, log in zip(model.labels, found, strict=True):
        assert log - max(found) == pytest.approx(math.log(scores[label] / best), abs=1e-9)


@given(st.lists(st.sampled_from("aaab"), max_size=60))
def test_folds_have_the_labels_in_equal_shares(labels: list[str]) -> None:
    folds = folds_of(labels)
    for label in set(labels):
        of_label = Counter(fold for fold, each in zip(folds, labels, strict=True) if each == label)
        assert max(of_label.values()) - min(of_label[fold] for fold in range(FOLDS)) <= 1


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    # Brown, Cai and DasGupta 2001, and statsmodels' `proportion_confint(method="wilson")`.
    [(0, 10, 0.0, 0.27753), (10, 10, 0.72247, 1.0), (10, 100, 0.05523, 0.17437), (5, 10, 0.23659, 0.76341)],
)
def test_wilson(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=1e-5)


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        ("data/sentiment/amazon/train.jsonl", 0.75, 0.81),
        ("data/sentiment/imdb/train.jsonl", 0.66, 0.72),
        ("data/sentiment/yelp/train.jsonl", 0.73, 0.79),
        # By a capable model: with a plain instruction, and with one that asks for subtle texts.
        ("created/reviews-plain/data.jsonl", 0.87, 0.93),
        ("created/reviews-plain-tree/data.jsonl", 0.83, 0.90),
        ("created/reviews-fixed/data.jsonl", 0.50, 0.60),
        ("created/reviews-tree/data.jsonl", 0.58, 0.67),
    ],
)
def test_what_is_known_of_data(path: str, low: float, high: float) -> None:
    texts, labels = read(path)
    found = learned(texts, labels)
    assert found is not None
    assert low <= found.accuracy <= high
    assert found.low < found.accuracy < found.high
    assert found.chance == pytest.approx(0.5, abs=0.05)
    assert set(found.by_label) == {"negative", "positive"}


def test_shuffled_labels_are_at_chance() -> None:
    texts, labels = read("data/sentiment/amazon/train.jsonl")
    random.Random(0).shuffle(labels)
    found = learned(texts, labels)
    assert found is not None
    assert found.low <= found.chance


def test_where_it_says_nothing() -> None:
    texts, labels = read("data/sentiment/amazon/train.jsonl")
    assert learned(texts[:99], labels[:99]) is None
    assert learned(texts, ["one"] * len(texts)) is None
    assert learned(texts, ["rare"] * 4 + ["other"] * (len(texts) - 4)) is None
