"""A text as a vector of integers, so that sums of them are exact."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Final

from datarecipe.generate.hashed_ngrams import hashed_ngrams

SCALE: Final = 1 << 20
"""The length of a vector, and what stands for 1 in all other scores."""
LABELS: Final = 50
CHARACTERS: Final = 1_000
"""Characters at the beginning of a text that count, so that long texts do not take minutes."""


def text_vector(text: str) -> array[int]:
    """The character sequences of a text in the 512 bins of the built-in embedder, as a vector of the length `SCALE`.

    A text of fewer than three characters may have nothing but zeros.
    """
    bins = hashed_ngrams(text[:CHARACTERS])
    length = math.sqrt(sum(value * value for value in bins))
    return array("i", [round(value / length * SCALE) if length else 0 for value in bins])


def length_score(words: int) -> tuple[int]:
    """The logarithm of the number of words and one: a text twice as long is as far away, however long it is."""
    return (round(math.log(words + 1) * SCALE),)


def label_scores(labels: Sequence[str]) -> list[tuple[int, ...]]:
    """A vector for each label, with `SCALE` in a place of its own. All but the `LABELS` most frequent ones share a place."""
    counts = Counter(labels)
    frequent = sorted(counts, key=lambda label: (-counts[label], label))[:LABELS]
    place = {label: at for at, label in enumerate(sorted(frequent))}
    size = len(place) + (len(counts) > len(place))
    vectors = {label: tuple(SCALE * (at == place.get(label, size - 1)) for at in range(size)) for label in counts}
    return [vectors[label] for label in labels]
