"""How evenly the labels of a dataset come."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def entropy(counts: Iterable[int]) -> float:
    """Shannon entropy in bits: -sum of p log2 p over the labels. Shannon 1948, section 6."""
    of_labels = [count for count in counts if count]
    total = sum(of_labels)
    return -math.fsum(count / total * math.log2(count / total) for count in of_labels) if total else 0.0


def evenness(counts: Sequence[int]) -> float:
    """Entropy / its most, log2 of the number of labels: 1 where all come alike, 0 where only one comes.

    `counts` has a number for each of the labels that there may be, two at least. Pielou 1966, "The measurement of
    diversity in different types of biological collections".
    """
    return entropy(counts) / math.log2(len(counts))


def by_place(labels: Iterable[tuple[int, T]]) -> dict[int, Counter[T]]:
    """The labels by their place in the batch, from (place, label) of each example."""
    found: dict[int, Counter[T]] = {}
    for place, label in labels:
        found.setdefault(place, Counter())[label] += 1
    return dict(sorted(found.items()))
