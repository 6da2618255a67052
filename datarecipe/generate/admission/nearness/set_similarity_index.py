"""Finds the most similar of the texts so far: exactly, and in a time that hardly grows with their number.

A text is the set of its grams: the runs of five characters in it. Two texts are as similar as their sets (Jaccard 1912):
`|x & y| / |x | y|`, from 0 to 1. Nothing is approximate, and no float decides anything.

Two similar sets share many grams, so they share some of the first ones in any order of all grams (prefix filtering:
Chaudhuri, Ganti and Kaushik, ICDE 2006; with several shared grams: Wang, Li and Feng, SIGMOD 2012). So only a text's rarest
grams are looked up, in lists of the texts that have the same gram among their rarest. What is found is compared gram by
gram, unless the sizes or a sketch of 256 bits show that it cannot be similar enough.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Final, NamedTuple

from datarecipe.characters import grams

SHARED, SHARED_OF_LONG = 4, 8
"""Grams that two similar texts share among their rarest, for texts of few grams and of many."""
LONG: Final = 150
"""Grams from which on a text is long."""

FIRST_ORDER: Final = 30_000
"""Grams of all texts after which grams are ordered by how often they came, and again at each doubling of this number ..."""
ORDERED: Final = 500_000
"""... up to this one: the text that waits for a new order waits for about a second."""

SKETCH_BITS: Final = 256
_SKETCH_BYTES = SKETCH_BITS // 8


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier text that is similar."""

    number: int
    """Its place among the texts, from 0."""
    similarity: Fraction


class _Looked(NamedTuple):
    """What a text is found by."""

    text: str
    grams: frozenset[str]
    sketch: int
    rarest: Sequence[str]


class SetSimilarityIndex:
    def __init__(self, threshold: Fraction) -> None:
        """`threshold`, above 0 and at most 1: the least similarity that counts."""
        self._threshold = threshold
        self._texts: list[str] = []
        self._sizes = array("L")
        self._sketches = bytearray()
        self._postings: dict[str, array[int]] = {}
        """By gram: the texts that have it among their rarest."""
        self._counts: Counter[str] = Counter()
        """How often each gram came, up to the last order."""
        self._last: _Looked | None = None
        """The text that was looked for last: most texts are looked for, found to be near to none, and added."""
        self._all_grams = 0
        self._next_order = FIRST_ORDER

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def is_ordered(self) -> bool:
        """Whether grams have been ordered by how often they came."""
        return bool(self._counts)

    def add(self, text: str) -> None:
        looked = self._looked(text)
        of_text = looked.grams
        self._texts.append(text)
        self._sizes.append(len(of_text))
        self._sketches += looked.sketch.to_bytes(_SKETCH_BYTES, "little")
        self._all_grams += len(of_text)
        if self._next_order <= min(self._all_grams, ORDERED):
            while self._next_order <= self._all_grams:
                self._next_order *= 2
            self._order()
        else:
            self._post(len(self._texts) - 1, looked.rarest)

    def nearest(self, text: str) -> Match | None:
        """The most similar earlier text, the first of equals; None where none is similar enough."""
        looked = self._looked(text)
        of_text, sketch = looked.grams, looked.sketch
        best: Match | None = None
        for number in self._candidates(looked):
            size = self._sizes[number]
            least = _at_least(len(of_text) + size, self._threshold)
            differing = (sketch ^ self._sketch_of(number)).bit_count()
            if least > min(len(of_text), size) or differing > len(of_text) + size - 2 * least:
                continue
            common = len(of_text & grams(self._texts[number]))
            if common >= least:
                similarity = Fraction(common, len(of_text) + size - common)
                if best is None or similarity > best.similarity:
                    best = Match(number, similarity)
        return best

    def _looked(self, text: str) -> _Looked:
        if self._last is None or self._last.text != text:
            of_text = grams(text)
            self._last = _Looked(text, of_text, _sketch(of_text), self._rarest(of_text))
        return self._last

    def _candidates(self, looked: _Looked) -> list[int]:
        """Texts that may be similar, in their order: those that share enough of the rarest grams."""
        postings = [self._postings[gram] for gram in looked.rarest if gram in self._postings]
        common = -(-self._threshold.numerator * len(looked.grams) // self._threshold.denominator)
        # Two similar texts of which one is short share as many as a short one has.
        needed = min(common, SHARED_OF_LONG if common > LONG else SHARED)
        return counted(postings, needed)

    def _rarest(self, of_text: frozenset[str]) -> Sequence[str]:
        """The grams by which a text is found."""
        size = len(of_text)
        common = -(-self._threshold.numerator * size // self._threshold.denominator)
        length = size - common + (SHARED_OF_LONG if size > LONG else SHARED)
        counts = self._counts
        if not counts:
            return sorted(of_text)[:length]
        return [gram for _, gram in sorted([(counts.get(gram, 0), gram) for gram in of_text])[:length]]

    def _post(self, number: int, rarest: Sequence[str]) -> None:
        for gram in rarest:
            self._postings.setdefault(gram, array("L")).append(number)

    def _order(self) -> None:
        self._counts = Counter(chain.from_iterable(map(grams, self._texts)))
        self._postings = {}
        self._last = None  # its rarest grams are others now
        for number, text in enumerate(self._texts):
            self._post(number, self._rarest(grams(text)))

    def _sketch_of(self, number: int) -> int:
        start = number * _SKETCH_BYTES
        return int.from_bytes(self._sketches[start : start + _SKETCH_BYTES], "little")


def _sketch(of_text: frozenset[str]) -> int:
    """256 bits, each the parity of the grams that fall on it: two sketches differ in no more bits than their sets in grams.

    It only rules out, so it decides nothing that comparing the sets would decide otherwise, though each process has another.
    """
    sketch = 0
    for gram in of_text:
        sketch ^= 1 << (hash(gram) % SKETCH_BITS)
    return sketch


def _at_least(sizes: int, threshold: Fraction) -> int:
    """Grams that two sets of `sizes` grams together have in common at least when they are similar."""
    return -(-threshold.numerator * sizes // (threshold.numerator + threshold.denominator))


def counted(postings: Sequence[array[int]], needed: int) -> list[int]:
    """The numbers that stand in at least `needed` of the lists, in order."""
    counts = Counter(chain.from_iterable(postings))
    return sorted(number for number, count in counts.items() if count >= needed)
