"""Words and pairs of words that give a label away: whoever reads them need not read the rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datarecipe.measure.labels.naive_bayes import features_of

FEWEST: Final = 5
"""Examples in which an n-gram must come to be tested."""
PURE: Final = 0.9
"""The share of its examples that have one label, from which on an n-gram gives that label away."""
LEVEL: Final = 0.01
"""The corrected p up to which this is no chance."""


@dataclass(frozen=True, slots=True)
class Giveaway:
    ngram: str
    label: str
    count: int
    """Examples that have it."""
    share: float
    """Of all examples."""
    purity: float
    """The share of its examples that have the label."""
    p: float
    """Corrected by Bonferroni, over all n-grams and labels that were tested."""


@dataclass(frozen=True, slots=True)
class GiveawayWords:
    share: float
    """Of all examples: those that have an n-gram which gives their label away."""
    ngrams: Sequence[Giveaway]
    """The most frequent first; no pair of words with a word that gives the same label away by itself."""


def giveaway_words(texts: Sequence[Sequence[str]], labels: Sequence[str]) -> GiveawayWords | None:
    """Words and pairs of words of which nine in ten examples have the same label, which chance does not explain.

    p is that of Fisher's exact test, one-sided: of so many examples with the n-gram, so many or more have the label. It is
    multiplied by the number of tests: of n-grams in five examples or more, times labels. Gardner et al. 2021, "Competency
    Problems", arXiv 2104.08646, section 4, who take a normal approximation and equal shares of labels instead.

    None for a single label. Texts are given as words.
    """
    of_label = Counter(labels)
    if len(of_label) < 2:
        return None
    features = [frozenset(features_of(words)) for words in texts]
    counts = Counter(feature for own in features for feature in own)
    tested = {feature for feature, count in counts.items() if count >= FEWEST}
    together = Counter(
        (feature, label) for own, label in zip(features, labels, strict=True) for feature in own & tested
    )
    tests, total = len(tested) * len(of_label), len(labels)
    found: dict[tuple[str, str], Giveaway] = {}
    for (feature, label), hits in together.items():
        count = counts[feature]
        if hits >= PURE * count:
            p = min(1.0, tests * fisher(hits, count, of_label[label], total))
            if p <= LEVEL:
                found[feature, label] = Giveaway(feature, label, count, count / total, hits / count, p)
    given_away = sum(
        any((feature, label) in found for feature in own & tested) for own, label in zip(features, labels, strict=True)
    )
    alone = [each for each in found.values() if not _explained(each, found)]
    return GiveawayWords(given_away / total, sorted(alone, key=lambda each: (-each.count, each.ngram)))


def fisher(hits: int, count: int, of_label: int, total: int) -> float:
    """P(X >= hits) for X of the hypergeometric distribution: `count` of `total` drawn, of which `of_label` have the label.

    Fisher 1935, "The Logic of Inductive Inference".
    """
    most = min(count, of_label)
    ways = _log_choose(total, count)
    logs = (_log_choose(of_label, x) + _log_choose(total - of_label, count - x) - ways for x in range(hits, most + 1))
    return min(1.0, math.fsum(map(math.exp, logs)))


def _log_choose(of: int, some: int) -> float:
    if not 0 <= some <= of:
        return -math.inf
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def _explained(each: Giveaway, found: dict[tuple[str, str], Giveaway]) -> bool:
    words = each.ngram.split(" ")
    return len(words) > 1 and any((word, each.label) in found for word in words)
