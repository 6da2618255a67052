"""Words that came and went between two parts of a dataset, with examples that have most of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

PRIOR: Final = 500.0
"""Words that the prior counts as."""
CLEAR: Final = 3.0
"""The z from which on a word is shown."""
LANES: Final = 3
"""Groups of lanes in which a word must occur: else it is the subject of a few responses."""
WORDS: Final = 10
EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class ShiftedWord:
    word: str
    z: float
    """Its log-odds ratio / the standard error of that; above 0 if it came."""
    before: float
    after: float
    """The share of the examples that have it, in the first part and in the last."""


@dataclass(frozen=True, slots=True)
class WordShift:
    """What came and went. Words are sorted by z, the clearest first; examples are numbers of examples."""

    came: Sequence[ShiftedWord]
    went: Sequence[ShiftedWord]
    with_came: Sequence[int]
    """Examples of the last part that have most of what came."""
    with_went: Sequence[int]
    """Examples of the first part that have most of what went."""


def word_shift(
    words: Sequence[Sequence[str]],
    groups: Sequence[int],
    first: Sequence[int],
    last: Sequence[int],
    ignored: Collection[str] = (),
) -> WordShift:
    """Words more frequent in one of two parts of the examples, given as their numbers.

    Only words with |z| above 3 that occur in three groups of lanes on their side, or in all if there are fewer, and that are
    not `ignored`.
    """
    z = log_odds(_counts(words, first), _counts(words, last))
    holders = {False: _holders(words, groups, first), True: _holders(words, groups, last)}
    needed = min(LANES, len(set(groups)))
    known = [
        word
        for word, value in z.items()
        if abs(value) > CLEAR and word not in ignored and len(holders[value > 0].get(word, ())) >= needed
    ]
    shares = [_shares(words, part, known) for part in (first, last)]
    found = [ShiftedWord(word, z[word], shares[0][word], shares[1][word]) for word in known]
    ranked = sorted(found, key=lambda each: (-abs(each.z), each.word))
    came, went = ([each for each in ranked if (each.z > 0) == side][:WORDS] for side in (True, False))
    return WordShift(came, went, _typical(words, last, came), _typical(words, first, went))


def log_odds(first: Mapping[str, int], last: Mapping[str, int]) -> dict[str, float]:
    """By word: z of the log-odds ratio with an informative Dirichlet prior; above 0 if `last` has more of it.

    Monroe, Colaresi and Quinn 2008, "Fightin' Words", equations 16, 18, 20 and 22:

        a(w)     = a0 * y(w) / n, with the counts of both sides together and a0 = 500
        delta(w) = log((y2 + a) / (n2 + a0 - y2 - a)) - log((y1 + a) / (n1 + a0 - y1 - a))
        z(w)     = delta / sqrt(1 / (y2 + a) + 1 / (y1 + a))
    """
    totals = sum(first.values()), sum(last.values())
    found: dict[str, float] = {}
    for word in sorted(first.keys() | last.keys()):
        counts = first.get(word, 0), last.get(word, 0)
        prior = PRIOR * sum(counts) / sum(totals)
        rest = [total + PRIOR - count - prior for total, count in zip(totals, counts, strict=True)]
        if min(rest) > 0:  # else it is the only word
            before, after = (count + prior for count in counts)
            delta = math.log(after / rest[1]) - math.log(before / rest[0])
            found[word] = delta / math.sqrt(1 / after + 1 / before)
    return found


def _counts(words: Sequence[Sequence[str]], part: Sequence[int]) -> Counter[str]:
    return Counter(word for at in part for word in words[at])


def _holders(words: Sequence[Sequence[str]], groups: Sequence[int], part: Sequence[int]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for at in part:
        for word in words[at]:
            found.setdefault(word, set()).add(groups[at])
    return found


def _shares(words: Sequence[Sequence[str]], part: Sequence[int], wanted: Sequence[str]) -> dict[str, float]:
    counts = Counter(word for at in part for word in set(words[at]))
    return {word: counts[word] / len(part) for word in wanted}


def _typical(words: Sequence[Sequence[str]], part: Sequence[int], shifted: Sequence[ShiftedWord]) -> list[int]:
    """The examples whose words of `shifted` have the largest sum of |z|, no text twice; the earlier of equals."""
    weight = {each.word: abs(each.z) for each in shifted}
    scores = {at: math.fsum(weight.get(word, 0) for word in set(words[at])) for at in part}
    found: dict[tuple[str, ...], int] = {}
    for at in sorted(part, key=lambda at: (-scores[at], at)):
        if scores[at] and len(found) < EXAMPLES:
            found.setdefault(tuple(words[at]), at)
    return list(found.values())
