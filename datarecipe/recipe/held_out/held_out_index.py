"""Finds the held-out text that an example contains: word for word or nearly, as a whole field or within a longer text.

A text is the set of its grams, the runs of five characters in it. An example contains a held-out text as far as the grams of
the held-out text stand in one window of the example, half as long again as that text: the share of them, from 0 to 1.
Without the window a long example contains most short questions, a few grams here and a few there.

Texts of under four words occur in honest examples, so they must be a whole field. Of texts of more than 50 words, which are
passages, examples copy parts: 13 words in a row count (Brown et al. 2020, arXiv 2005.14165, appendix C).

Nothing is approximate, and no float decides anything. An example that contains enough grams of a text contains some of its
rarest, and by these the text is found (prefix filtering: Chaudhuri, Ganti and Kaushik, ICDE 2006).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Final, NamedTuple

from datarecipe.characters import GRAM, grams, is_unspaced, loose, loose_words

FEWEST_WORDS: Final = 4
"""Words of the shortest text that is looked for within another one."""
MOST_WORDS: Final = 50
"""Words of the longest text that is looked for as a whole."""
RUN: Final = 13
"""Words in a row that an example and a passage may not share."""
LETTERS: Final = 2
"""Letters that count as a word, in scripts without spaces between words."""

_SHARED: Final = 4
"""How many of a text's rarest grams an example has at least that contains it; where it needs fewer in all, those."""


_READ, _COUNTED, _PLACED = 8, 50, 5
"""Characters of a text, entries of postings, and places of grams that are as much work as a step."""
_NOWHERE = array("L")

Spend = Callable[[int], None]


def _for_free(_: int) -> None:
    """Count nothing."""


class Contained(NamedTuple):
    """A held-out text that an example contains."""

    number: int
    """The held-out text's place, from 0."""
    share: Fraction
    """The share of its grams; 1 for a part of a passage."""
    run: str = ""
    """Of a passage, the words that the example has."""


class HeldOutIndex:
    def __init__(self, texts: Iterable[str], threshold: Fraction) -> None:
        """`threshold`, above 0 and at most 1: the least share that counts."""
        self._threshold = threshold
        self._texts: list[str] = []
        """As `loose` writes them; passages as their words."""
        self._whole: dict[str, int] = {}
        """Texts of a few words, with the first one's number."""
        self._passages = _Passages(RUN), _Passages(RUN * LETTERS)
        """With spaces between words, and without."""
        self._postings: dict[str, array[int]] = {}
        """By gram: the texts that have it among their rarest."""
        self._tiny: set[int] = set()
        """Of these, those of which an example needs fewer grams than others have to share."""
        counts: Counter[str] = Counter()
        sought = array("L")
        known: set[str] = set()
        for number, written in enumerate(texts):
            text = loose(written)
            if not text or text in known:
                self._texts.append("")
                continue
            known.add(text)
            words = loose_words(text)
            letters = sum(map(is_unspaced, words))
            count = len(words) - letters + letters // LETTERS
            if count < FEWEST_WORDS:
                self._whole.setdefault(text, number)
            elif count <= MOST_WORDS:
                sought.append(number)
                counts.update(grams(text))
            else:
                text = " ".join(words)
                self._passages[2 * letters > len(words)].add(number, text)
            self._texts.append(text)
        for number in sought:
            of_text = grams(self._texts[number])
            needed = self._needed(of_text)
            length = len(of_text) - needed + min(needed, _SHARED)
            if needed < _SHARED:
                self._tiny.add(number)
            for gram in sorted(of_text, key=lambda gram: (counts[gram], gram))[:length]:
                self._postings.setdefault(gram, array("L")).append(number)

    def find(self, text: str, spend: Spend = _for_free, *, is_field: bool = True) -> Contained | None:
        """The held-out text of which `text` contains most; the first of equals.

        `is_field` says whether it is a whole field, which may be equal to a text of a few words. `spend` is told the work
        before it is done, in steps of some microseconds; what it raises goes through.
        """
        spend(1 + len(text) // _READ)
        loosened = loose(text)
        if not loosened:
            return None
        whole = self._whole.get(loosened) if is_field else None
        found = [] if whole is None else [Contained(whole, Fraction(1))]
        found += self._within(loosened, spend)
        for passages in self._passages:
            found += passages.found_in(loosened, self._texts, spend)
        return max(found, key=lambda each: (each.share, -each.number), default=None)

    def _needed(self, of_text: frozenset[str]) -> int:
        """How many grams of a held-out text an example has that contains it."""
        return -(-self._threshold.numerator * len(of_text) // self._threshold.denominator)

    def _within(self, text: str, spend: Spend) -> Iterator[Contained]:
        if not self._postings:
            return
        places = _places(text)
        postings = [self._postings[gram] for gram in places if gram in self._postings]
        spend(sum(map(len, postings)) // _COUNTED)
        counts = Counter(chain.from_iterable(postings))
        for number, count in counts.items():
            if count < _SHARED and number not in self._tiny:
                continue
            sought = self._texts[number]
            of_text = grams(sought)
            needed = self._needed(of_text)
            there = [places[gram] for gram in of_text if gram in places]
            spend(1 + sum(map(len, there)) // _PLACED)
            if len(there) >= needed:
                most = most_in_a_window(there, len(sought) + len(sought) // 2)
                if most >= needed:
                    yield Contained(number, Fraction(most, len(of_text)))


class _Passages:
    """Finds runs of words that a text shares with a passage.

    Of each passage the words at every seventh place are kept with the six after them: of 13 words in a row, seven are kept.
    """

    def __init__(self, run: int) -> None:
        self._run = run
        self._step = run - run // 2
        self._kept: dict[str, array[int]] = {}
        """By the words: the number of a passage and where in it they begin, for each place where they stand."""

    def add(self, number: int, passage: str) -> None:
        words, start = passage.split(" "), 0
        for first in range(0, len(words) - self._step + 1, self._step):
            kept = " ".join(words[first : first + self._step])
            self._kept.setdefault(kept, array("L")).extend((number, start))
            start += len(kept) + 1

    def found_in(self, text: str, passages: Sequence[str], spend: Spend) -> Iterator[Contained]:
        """The first run of the text that a passage has, with the first such passage."""
        words = loose_words(text) if self._kept else []
        starts = range(len(words) - self._step + 1)
        kept = [self._kept.get(" ".join(words[start : start + self._step]), _NOWHERE) for start in starts]
        for begin in range(len(words) - self._run + 1):
            run, before = " ".join(words[begin : begin + self._run]), 0
            found: list[int] = []
            for start in range(begin, begin + self._run - self._step + 1):
                spend(len(kept[start]) // _PLACED)
                pairs = zip(kept[start][::2], kept[start][1::2], strict=True)
                found += (number for number, place in pairs if _stands(run, passages[number], place - before))
                before += len(words[start]) + 1
            if found:
                yield Contained(min(found), Fraction(1), run)
                return


def _stands(run: str, passage: str, place: int) -> bool:
    """Whether the words of the run stand in a passage from this place on."""
    end = place + len(run)
    begins = place == 0 or (place > 0 and passage[place - 1] == " ")
    return begins and passage.startswith(run, place) and passage[end : end + 1] in ("", " ")


def _places(text: str) -> dict[str, list[int]]:
    """The grams of a text, each with the places at which it begins."""
    padded = f" {text} "
    places: dict[str, list[int]] = {}
    for start in range(max(1, len(padded) - GRAM + 1)):
        places.setdefault(padded[start : start + GRAM], []).append(start)
    return places


def most_in_a_window(places: Sequence[Sequence[int]], width: int) -> int:
    """How many grams begin within `width` places at most; `places` are those of each gram."""
    most = distinct = first = 0
    within = [0] * len(places)
    at = sorted((place, gram) for gram, of_gram in enumerate(places) for place in of_gram)
    for place, gram in at:
        within[gram] += 1
        distinct += within[gram] == 1
        while at[first][0] <= place - width:
            within[at[first][1]] -= 1
            distinct -= within[at[first][1]] == 0
            first += 1
        most = max(most, distinct)
    return most
