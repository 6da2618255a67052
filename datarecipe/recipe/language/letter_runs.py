"""A text as what languages are told by: single letters, runs of two and three letters of a word, and scripts.

A word stands between two marks, so that `_a` is an `a` at a beginning. A letter of Chinese, Japanese or Korean, or of a
script that one language alone uses, counts by its script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Final

from datarecipe.characters import caseless, with_stand_ins

EDGE: Final = "_"
LONGEST_RUN: Final = 3
LONGEST: Final = 5_000
"""Characters of a text that are looked at. They tell its language, and bound the time."""

_SCRIPTS: Final = (
    (0x0530, 0x058F, "Armenian"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x1000, 0x109F, "Burmese"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Hangul"),
    (0x1780, 0x17FF, "Khmer"),
    (0x3040, 0x30FF, "Kana"),
    (0x3130, 0x318F, "Hangul"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Han"),
    (0x4E00, 0x9FFF, "Han"),
    (0xAC00, 0xD7AF, "Hangul"),
    (0xF900, 0xFAFF, "Han"),
    (0xFF66, 0xFF9F, "Kana"),
    (0x20000, 0x3FFFF, "Han"),
)
"""First and last code point of blocks whose letters count by their script."""

SCRIPTS: Final = frozenset(name for _, _, name in _SCRIPTS)


def runs_of(text: str) -> Counter[str]:
    """How often each run occurs. A letter of `SCRIPTS` counts as the three runs that another letter is in."""
    found: Counter[str] = Counter()
    for word in words_of(text):
        if word in SCRIPTS:
            found[word] += LONGEST_RUN
            continue
        marked = f"{EDGE}{word}{EDGE}"
        for length in range(1, LONGEST_RUN + 1):
            found.update([marked[start : start + length] for start in range(len(marked) - length + 1)])
    del found[EDGE]
    return found


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, with their marks, and the name of its script for each letter of `SCRIPTS`."""
    plain = caseless(with_stand_ins(text[:LONGEST]))
    return plain.translate({ord(c): _written(c) for c in set(plain)}).split()


def _written(character: str) -> str:
    if not character.isalpha() and unicodedata.category(character)[0] != "M":
        return " "
    point = ord(character)
    script = next((name for first, last, name in _SCRIPTS if first <= point <= last), None)
    # A small letter never begins with a capital, so no word is the name of a script.
    return character if script is None else f" {script} "
