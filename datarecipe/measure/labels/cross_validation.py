"""What a simple classifier says of each example of a dataset when it has learned from the others alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datarecipe.measure.labels.naive_bayes import NaiveBayes, documents_of
from datarecipe.measure.sample import shuffled

FEWEST: Final = 100
"""Examples below which a classifier's figures say little."""
FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """The labels of a dataset beside the scores of classifiers that have not seen them."""

    labels: Sequence[str]
    """Different labels, in the order of the scores."""
    given: Sequence[int]
    """The label of each example: its place in `labels`."""
    folds: Sequence[int]
    """The part of each example: its classifier has learned from all other parts."""
    scores: Sequence[Sequence[float]]
    """By example and label: the logarithm of its probability, but for a number that all labels of an example share."""

    @property
    def predicted(self) -> list[int]:
        """The most probable label of each; the first in their order of equals."""
        return [max(range(len(of_example)), key=of_example.__getitem__) for of_example in self.scores]


def cross_validated(texts: Sequence[Sequence[str]], labels: Sequence[str]) -> CrossValidated | None:
    """Naive Bayes in five-fold cross-validation on texts, given as words. Folds have the labels in equal shares.

    None for fewer than a hundred examples, for a single label, and where a label has fewer examples than there are folds.
    """
    counts = Counter(labels)
    if len(labels) < FEWEST or len(counts) < 2 or min(counts.values()) < FOLDS:
        return None
    documents, folds = documents_of(texts), folds_of(labels)
    scores: list[Sequence[float]] = [()] * len(labels)
    for fold in range(FOLDS):
        model = NaiveBayes(documents, labels, [number for number, of in enumerate(folds) if of != fold])
        for number, of in enumerate(folds):
            if of == fold:
                scores[number] = model.scores(documents[number])
    names = sorted(counts)
    place = {label: at for at, label in enumerate(names)}
    return CrossValidated(names, [place[label] for label in labels], folds, scores)


def folds_of(labels: Sequence[str]) -> list[int]:
    """The fold of each example: those of a label are dealt out in turn, in an order that is always the same."""
    seen: Counter[str] = Counter()
    folds = [0] * len(labels)
    for number in shuffled(len(labels), "folds"):
        folds[number] = seen[labels[number]] % FOLDS
        seen[labels[number]] += 1
    return folds
