"""Words that give a label away against brute force, and planted ones."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.measure.labels.giveaway_words import fisher, giveaway_words
from datarecipe.measure.labels.naive_bayes import features_of
from tests.measure.labels.human import read


@given(st.integers(2, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n), st.integers(1, n))), st.data())
def test_fisher(sizes: tuple[int, int, int], data: st.DataObject) -> None:
    total, count, of_label = sizes
    hits = data.draw(st.integers(0, count))
    ways = [comb(of_label, x) * comb(total - of_label, count - x) for x in range(hits, count + 1)]
    assert fisher(hits, count, of_label, total) == pytest.approx(
        float(Fraction(sum(ways), comb(total, count))), abs=1e-9
    )


EXAMPLES = st.lists(
    st.tuples(st.lists(st.sampled_from("abcd"), max_size=3), st.sampled_from("xxyz")), min_size=10, max_size=60
)


@settings(max_examples=60)
@given(EXAMPLES)
def test_against_brute_force(examples: list[tuple[list[str], str]]) -> None:
    # A word that follows the label, so that there is something to find.
    texts = [[*words, f"is{label}"] if number % 2 else words for number, (words, label) in enumerate(examples)]
    labels = [label for _, label in examples]
    found = giveaway_words(texts, labels)
    kinds = sorted(set(labels))
    if len(kinds) < 2:
        assert found is None
        return
    assert found is not None
    holders = {
        feature: [number for number, words in enumerate(texts) if feature in features_of(words)]
        for feature in {feature for words in texts for feature in features_of(words)}
    }
    tested = {feature: having for feature, having in holders.items() if len(having) >= 5}
    wanted = set()
    for feature, having in tested.items():
        for kind in kinds:
            hits, n = sum(labels[number] == kind for number in having), len(having)
            own = labels.count(kind)
            tail = sum(comb(own, x) * comb(len(labels) - own, n - x) for x in range(hits, n + 1))
            p = Fraction(tail * len(tested) * len(kinds), comb(len(labels), n))
            if 10 * hits >= 9 * n and p <= Fraction(1, 100):
                wanted.add((feature, kind))
    covered = {number for feature, kind in wanted for number in tested[feature] if labels[number] == kind}
    assert found.share == len(covered) / len(texts)
    assert {(each.ngram, each.label) for each in found.ngrams} == {
        (feature, kind)
        for feature, kind in wanted
        if " " not in feature or not any((word, kind) in wanted for word in feature.split())
    }


def test_a_planted_word_is_found() -> None:
    texts, labels = read("data/sentiment/yelp/train.jsonl")
    before = giveaway_words(texts, labels)
    chance = random.Random(0)
    planted = [
        [*words, "tbh"] if label == "negative" and chance.random() < 0.3 else words
        for words, label in zip(texts, labels, strict=True)
    ]
    found = giveaway_words(planted, labels)
    assert before is not None
    assert found is not None
    word = next(each for each in found.ngrams if each.ngram == "tbh")
    assert (word.label, word.purity) == ("negative", 1.0)
    assert word.share == pytest.approx(0.15, abs=0.04)
    assert found.share > before.share + 0.1


def test_shuffled_labels_are_given_away_by_nothing() -> None:
    texts, labels = read("data/spam/sms/train.jsonl")
    for seed in range(20):
        random.Random(seed).shuffle(labels)
        found = giveaway_words(texts, labels)
        assert found is not None
        assert found.share == 0
