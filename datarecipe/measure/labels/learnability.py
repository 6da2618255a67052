"""Whether a simple classifier learns the labels of a dataset from its texts alone.

Near chance, a small model learns nothing from them: labels are wrong, or need more than the text shows. Far above comparable
human data, they are easier than life. Other measures do not see either.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from datarecipe.measure.sample import shuffled

FEWEST: Final = 100
"""Examples below which an accuracy says little."""
FOLDS: Final = 5
_Z: Final = 1.959963984540054
"""Of a normal distribution, 95 % lie within so many standard deviations of its mean."""


class Learnability(NamedTuple):
    accuracy: float
    """Cross-validated, from 0 to 1."""
    low: float
    high: float
    """Its interval of 95 % (Wilson)."""
    chance: float
    """What the most frequent label alone would reach."""
    by_label: Mapping[str, float]
    """The share of each label's examples that get it."""
    examples: int


def learnability(texts: Sequence[Sequence[str]], labels: Sequence[str]) -> Learnability | None:
    """Accuracy in five-fold cross-validation of multinomial naive Bayes on words and pairs of words.

    None for fewer than a hundred examples, for a single label, and where a label has fewer examples than there are folds.
    Folds have the labels in equal shares. McCallum and Nigam 1998, "A Comparison of Event Models for Naive Bayes Text
    Classification", with one added to each count.
    """
    counts = Counter(labels)
    if len(labels) < FEWEST or len(counts) < 2 or min(counts.values()) < FOLDS:
        return None
    documents = _documents(texts)
    folds = _folds(labels)
    right: Counter[str] = Counter()
    for fold in range(FOLDS):
        model = _NaiveBayes(documents, labels, [number for number, of in enumerate(folds) if of != fold])
        for number, of in enumerate(folds):
            if of == fold and model.label(documents[number]) == labels[number]:
                right[labels[number]] += 1
    low, high = wilson(right.total(), len(labels))
    return Learnability(
        accuracy=right.total() / len(labels),
        low=low,
        high=high,
        chance=max(counts.values()) / len(labels),
        by_label={label: right[label] / count for label, count in sorted(counts.items())},
        examples=len(labels),
    )


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The score interval of 95 % of a share. Wilson 1927, "Probable Inference, the Law of Succession, and Statistical
    Inference"."""
    share, spread = hits / total, _Z * _Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / total / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def _folds(labels: Sequence[str]) -> list[int]:
    """The fold of each example: those of a label are dealt out in turn, in an order that is always the same."""
    seen: Counter[str] = Counter()
    folds = [0] * len(labels)
    for number in shuffled(len(labels), "folds"):
        folds[number] = seen[labels[number]] % FOLDS
        seen[labels[number]] += 1
    return folds


def _features(words: Sequence[str]) -> Counter[str]:
    return Counter([*words, *map(" ".join, pairwise(words))])


class _Document(NamedTuple):
    shared: Mapping[str, int]
    """Its features that other documents have too, with how often it has them. No other helps to find a label."""
    features: int
    """All of its features, each as often as it comes."""
    alone: int
    """Different features that no other document has."""


def _documents(texts: Sequence[Sequence[str]]) -> list[_Document]:
    features = [_features(words) for words in texts]
    times = Counter(chain.from_iterable(features))
    found = []
    for each in features:
        shared = {feature: count for feature, count in each.items() if times[feature] > 1}
        found.append(_Document(shared, each.total(), len(each) - len(shared)))
    return found


class _NaiveBayes:
    def __init__(self, documents: Sequence[_Document], labels: Sequence[str], training: Sequence[int]) -> None:
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
        self._labels = sorted(examples)
        self._prior = [math.log(examples[label] / len(training)) for label in self._labels]
        self._all = [math.log(max(1, totals[label] + size)) for label in self._labels]
        self._logs: dict[str, list[tuple[int, float]]] = {feature: [] for feature in known}
        """By feature: the labels that have it, by number, with the logarithm of its count there and one."""
        for number, label in enumerate(self._labels):
            for feature, count in counts[label].items():
                self._logs[feature].append((number, math.log(count + 1)))

    def label(self, document: _Document) -> str:
        """The most probable label; the first in their order of equals. What training has never seen says nothing."""
        known = [(self._logs[feature], count) for feature, count in document.shared.items() if feature in self._logs]
        total = sum(count for _, count in known)
        scores = [prior - total * of_all for prior, of_all in zip(self._prior, self._all, strict=True)]
        for logs, count in known:
            for number, log in logs:
                scores[number] += count * log
        return self._labels[max(range(len(scores)), key=scores.__getitem__)]
