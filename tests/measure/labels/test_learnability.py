"""The classifier against naive Bayes written out, and the figures of data that is known to teach something or nothing."""

from __future__ import annotations

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.characters import loose_words
from datarecipe.measure.labels.learnability import (
    FOLDS,
    _documents,
    _features,
    _folds,
    _NaiveBayes,
    learnability,
    wilson,
)
from datarecipe.measure.sample import sample

SHARED = Path(__file__).parents[4] / "shared"


def read(path: Path) -> tuple[list[list[str]], list[str]]:
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").split("\n") if row]
    rows = sample(rows, 400)
    return [loose_words(str(row["text"])) for row in rows], [str(row["label"]) for row in rows]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcde"), max_size=4), st.sampled_from("xyz")), min_size=2, max_size=12)
)
def test_naive_bayes(examples: list[tuple[list[str], str]]) -> None:
    features, labels = [_features(words) for words, _ in examples], [label for _, label in examples]
    training = range(len(examples) - 1)
    documents = _documents([words for words, _ in examples])
    model, asked = _NaiveBayes(documents, labels, list(training)), features[-1]
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
    assert scores[model.label(documents[-1])] == best or float(
        best - scores[model.label(documents[-1])]
    ) < 1e-12 * float(best)


@given(st.lists(st.sampled_from("aaab"), max_size=60))
def test_folds_have_the_labels_in_equal_shares(labels: list[str]) -> None:
    folds = _folds(labels)
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
    texts, labels = read(SHARED / path)
    found = learnability(texts, labels)
    assert found is not None
    assert low <= found.accuracy <= high
    assert found.low < found.accuracy < found.high
    assert found.chance == pytest.approx(0.5, abs=0.05)
    assert set(found.by_label) == {"negative", "positive"}


def test_shuffled_labels_are_at_chance() -> None:
    texts, labels = read(SHARED / "data/sentiment/amazon/train.jsonl")
    random.Random(0).shuffle(labels)
    found = learnability(texts, labels)
    assert found is not None
    assert found.low <= found.chance


def test_where_it_says_nothing() -> None:
    texts, labels = read(SHARED / "data/sentiment/amazon/train.jsonl")
    assert learnability(texts[:99], labels[:99]) is None
    assert learnability(texts, ["one"] * len(texts)) is None
    assert learnability(texts, ["rare"] * 4 + ["other"] * (len(texts) - 4)) is None
