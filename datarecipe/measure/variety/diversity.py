"""How much the texts of a dataset repeat each other. All depend on the number of texts: compare equal numbers alone."""

from __future__ import annotations

import bz2
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import mean, stdev
from typing import Final, NamedTuple

from datarecipe.characters import loose
from datarecipe.generate.admission.nearness.set_similarity_index import SetSimilarityIndex
from datarecipe.measure.sample import sample

Words = Sequence[str]

NEAR: Final = Fraction(7, 10)
"""The similarity from which on two texts are near duplicates: the default of `filters.near_duplicates`."""
_ORDERS: Final = 4
_SENTENCES: Final = 100


class Estimate(NamedTuple):
    value: float
    error: float
    """Standard error: the standard deviation of the mean."""


def distinct(texts: Iterable[Words], order: int) -> float:
    """Distinct-n: different n-grams of words / all n-grams, over all texts together. From 0 to 1; 0 where there are none.

    Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models", section 5.2.
    """
    counts = Counter(gram for words in texts for gram in _ngrams(words, order))
    total = counts.total()
    return len(counts) / total if total else 0.0


def compression_ratio(texts: Iterable[str]) -> float:
    """Bytes of all texts, a line each, / bytes of the same compressed with bzip2. The higher, the more they repeat.

    Shaib et al. 2024, arXiv 2403.00553, with gzip; bzip2 gives the same bytes in every build.
    """
    data = "\n".join(texts).encode(errors="surrogatepass")
    return len(data) / len(bz2.compress(data)) if data else 0.0


def self_bleu(texts: Sequence[Words], sentences: int = _SENTENCES) -> Estimate | None:
    """Self-BLEU: the mean BLEU-4 of a text with the others as its references, over a sample of so many texts.

    From 0 to 1; the higher, the more they repeat. None for fewer than three texts. Zhu et al. 2018, "Texygen", arXiv
    1802.01886; BLEU with one added to matches and to all n-grams of two words and more (Lin and Och 2004).
    """
    chosen = [words for words in sample(texts, sentences, "self-bleu") if words]
    if len(chosen) < 3:
        return None
    grams = [[Counter(_ngrams(words, order)) for order in range(1, _ORDERS + 1)] for words in chosen]
    most = _most_of_others(grams)
    lengths = [len(words) for words in chosen]
    scores = [_bleu(number, grams[number], most, lengths) for number in range(len(chosen))]
    return Estimate(mean(scores), stdev(scores) / math.sqrt(len(scores)))


def near_duplicate_rate(texts: Iterable[str]) -> float:
    """The share of texts that are near duplicates of an earlier one, as `filters.near_duplicates` finds them."""
    index, near, total = SetSimilarityIndex(NEAR), 0, 0
    for text in texts:
        comparable = loose(text) or text.strip()
        near += index.nearest(comparable) is not None
        index.add(comparable)
        total += 1
    return near / total if total else 0.0


def first_words(texts: Iterable[Words], most: int = 5) -> list[tuple[str, float]]:
    """The most frequent first words, each with the share of texts that begin with it."""
    counts = Counter(words[0] for words in texts if words)
    total = counts.total()
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(word, count / total) for word, count in ranked[:most]]


def _ngrams(words: Words, order: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(order)), strict=False)


Most = dict[tuple[str, ...], tuple[int, int, int]]


def _most_of_others(grams: Sequence[Sequence[Counter[tuple[str, ...]]]]) -> list[Most]:
    """By order and n-gram: the most that one text has of it, that text's number, and the most of any other."""
    most: list[Most] = [{} for _ in range(_ORDERS)]
    for number, of_text in enumerate(grams):
        for order, counts in enumerate(of_text):
            for gram, count in counts.items():
                first, owner, second = most[order].get(gram, (0, -1, 0))
                if count > first:
                    most[order][gram] = count, number, first
                elif count > second:
                    most[order][gram] = first, owner, count
    return most


def _bleu(number: int, own: Sequence[Counter[tuple[str, ...]]], most: Sequence[Most], lengths: Sequence[int]) -> float:
    length = lengths[number]
    logs = []
    for order, counts in enumerate(own):
        total = counts.total()
        if total == 0:
            break  # as sentence BLEU: a text of two words has no n-grams of three
        matches = 0
        for gram, count in counts.items():
            first, owner, second = most[order][gram]
            matches += min(count, second if owner == number else first)
        added = order > 0
        if matches + added == 0:
            return 0.0
        logs.append(math.log((matches + added) / (total + added)))
    others = [each for other, each in enumerate(lengths) if other != number]
    closest = min(others, key=lambda each: (abs(each - length), each))
    penalty = min(0.0, 1 - closest / length)
    return math.exp(penalty + mean(logs))
