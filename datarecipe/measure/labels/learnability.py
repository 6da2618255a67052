"""Whether a simple classifier learns the labels of a dataset from its texts alone.

Near chance, a small model learns nothing from them: labels are wrong, or need more than the text shows. Far above comparable
human data, they are easier than life. Other measures do not see either.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from datarecipe.measure.labels.cross_validation import CrossValidated

Z: Final = 1.959963984540054
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


def learnability(found: CrossValidated) -> Learnability:
    """The share of examples whose label a classifier finds that has learned from the others: of naive Bayes on words and
    pairs of words, in five-fold cross-validation."""
    total = len(found.given)
    counts = Counter(found.given)
    right = Counter(given for given, likely in zip(found.given, found.predicted, strict=True) if given == likely)
    low, high = wilson(right.total(), total)
    return Learnability(
        accuracy=right.total() / total,
        low=low,
        high=high,
        chance=max(counts.values()) / total,
        by_label={label: right[at] / counts[at] for at, label in enumerate(found.labels)},
        examples=total,
    )


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The score interval of 95 % of a share. Wilson 1927, "Probable Inference, the Law of Succession, and Statistical
    Inference"."""
    share, spread = hits / total, Z * Z / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / total / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
