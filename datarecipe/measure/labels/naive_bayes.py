"""Multinomial naive Bayes on words and pairs of words: a classifier that needs nothing but counts.

McCallum and Nigam 1998, "A Comparison of Event Models for Naive Bayes Text Classification", with one added to each count.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple


class Document(NamedTuple):
    shared: Mapping[str, int]
    """Its features that other documents have too, with how often it has them. No other helps to find a label."""
    features: int
    """All of its features, each as often as it comes."""
    alone: int
    """Different features that no other document has."""


def documents_of(texts: Sequence[Sequence[str]]) -> list[Document]:
    """The features of texts, which are given as words."""
    features = [features_of(words) for words in texts]
    times = Counter(chain.from_iterable(features))
    found = []
    for each in features:
        shared = {feature: count for feature, count in each.items() if times[feature] > 1}
        found.append(Document(shared, each.total(), len(each) - len(shared)))
    return found


def features_of(words: Sequence[str]) -> Counter[str]:
    """Words and pairs of words that follow each other, with how often they come."""
    return Counter([*words, *map(" ".join, pairwise(words))])


class NaiveBayes:
    def __init__(self, documents: Sequence[Document], labels: Sequence[str], training: Sequence[int]) -> None:
        """`training`: the numbers of the documents to learn from."""
        counts: dict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        examples: Counter[str] = Counter()
        totals: Counter[str] = Counter()
        for number in training:
            label, document = labels[number], documents[number]
            of_label = counts[label]
            for feature, count in document.shared.items():
                of_label[feature] += count
            examples[label] += 1
            totals[label] += document.features
        known = {feature for of_label in counts.values() for feature in of_label}
        size = len(known) + sum(documents[number].alone for number in training)
        self.labels = sorted(examples)
        """The labels that training has, in the order of all scores."""
        self._prior = [math.log(examples[label] / len(training)) for label in self.labels]
        self._all = [math.log(max(1, totals[label] + size)) for label in self.labels]
        self._logs: dict[str, list[tuple[int, float]]] = {feature: [] for feature in known}
        """By feature: the labels that have it, by number, with the logarithm of its count there and one."""
        for number, label in enumerate(self.labels):
            for feature, count in counts[label].items():
                self._logs[feature].append((number, math.log(count + 1)))

    def scores(self, document: Document) -> list[float]:
        """log P(label) + log P(document | label) of each label, but for a number that all share.

        What training has never seen says nothing.
        """
        known = [(self._logs[feature], count) for feature, count in document.shared.items() if feature in self._logs]
        total = sum(count for _, count in known)
        scores = [prior - total * of_all for prior, of_all in zip(self._prior, self._all, strict=True)]
        for logs, count in known:
            for number, log in logs:
                scores[number] += count * log
        return scores
