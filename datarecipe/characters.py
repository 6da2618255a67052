"""Unicode as of version 14, whichever version the Python brings.

Python 3.11 has Unicode 14, 3.12 has 15, 3.14 has 16, and the same responses must give the same bytes under each. What
Unicode says of an assigned character is stable where it matters here (normalisation and case folding by its stability
policies), so only characters that came later differ. They count as what they are in version 14: unassigned, so no letter, no
mark, no part of any composition. While a function of Python looks at a text, U+FFFF stands in for each of them. It is a
noncharacter: unassigned in every version, for ever.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from itertools import accumulate, compress
from typing import Literal

from datarecipe.unassigned import LENGTHS

UNICODE_VERSION = 14
"""Part of what decides whether two texts are equal; it changes with `unassigned.py` alone."""

STAND_IN = "\uffff"
_LATE_CASE = "\u019b\u0264\u10fc\ua7f2\ua7f3\ua7f4\uab69"
"""Letters that Unicode 15 first calls small, and two to which 16 gives a capital: they count as letters without case."""
_SECOND_PLANE = 0x10000
_UNASSIGNED, _CASED_LATE = 1, 2
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019\u02bc](?=\w)")
_SIGNS = frozenset({"Mn", "Mc", "Me", "Sm", "Sc", "So"})
"""General categories of marks, mathematical signs, currencies and other symbols."""
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Selectors: they say which look the character before has."""
_UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese. A text: to compile so many ranges takes long, and few commands need it."""

GRAM = 5
"""Characters of a gram. Five separate paraphrases from repeats as well as four, and need a quarter of the time."""

_FEW = 1_000
_LONG_RUN = 30


@cache
def _bounds() -> list[int]:
    """Where assigned code points end and unassigned ones begin, in turn."""
    return list(accumulate(int(length, 16) for length in LENGTHS.split()))


@cache
def _suspects() -> re.Pattern[str]:
    """Finds the unassigned characters of the first plane, and all beyond it: most texts have neither."""
    bounds = [bound for bound in _bounds() if bound <= _SECOND_PLANE]
    runs = zip(bounds[::2], bounds[1::2], strict=True)
    first = "".join(f"\\u{begin:04x}-\\u{end - 1:04x}" for begin, end in runs)
    return re.compile(f"[{_LATE_CASE}{first}\U00010000-\U0010ffff]")


@cache
def _table() -> bytes:
    """For each code point `_UNASSIGNED`, `_CASED_LATE`, or 0 for one that all versions see alike."""
    table, begin = bytearray(), 0
    for unassigned, end in enumerate(_bounds()):
        table += bytes([unassigned % 2 * _UNASSIGNED]) * (end - begin)
        begin = end
    for letter in _LATE_CASE:
        table[ord(letter)] = _CASED_LATE
    return bytes(table)


def is_assigned(character: str) -> bool:
    """Whether Unicode 14 has the character."""
    return _table()[ord(character)] != _UNASSIGNED


def with_stand_ins(text: str) -> str:
    """`text` with U+FFFF for each unassigned character: Python's functions judge it alike under all versions."""
    return _stand_in(text, {c for c in _strange(text) if not is_assigned(c)})


def without_late_case(text: str) -> str:
    """`with_stand_ins`, for functions that ask for upper or lower case."""
    return _stand_in(text, _strange(text))


def escaped(text: str) -> str:
    """`text`, a value as `repr` writes it, with the unassigned characters escaped as in Python 3.11."""
    late = {c for c in _strange(text) if not is_assigned(c)}
    return "".join([c.encode("ascii", "backslashreplace").decode() if c in late else c for c in text]) if late else text


def changed(text: str, change: Callable[[str], str]) -> str:
    """`change(text)`, where `change` is a function of Python that knows Unicode and keeps U+FFFF: `str.lower`, say.

    An unassigned character comes out as it is, and so does one that `change` would make an unassigned one.
    """
    kept = _strange(text)
    made = change(_stand_in(text, kept))
    if made != text and _strange(made) - {STAND_IN}:
        kept |= {c for c in set(text) if _strange(change(c))}
        made = change(_stand_in(text, kept))
    if not kept:
        return made
    originals = (c for c in text if c in kept)
    return "".join(part + next(originals, "") for part in made.split(STAND_IN))


def nfc(text: str) -> str:
    """Normalisation form C (UAX #15), in time that grows with the text."""
    return text if text.isascii() else changed(text, _nfc)


def nfd(text: str) -> str:
    """Normalisation form D, of short texts."""
    return changed(text, lambda part: unicodedata.normalize("NFD", part))


def caseless(text: str) -> str:
    """Equal for texts that differ in case alone, or in how the same characters are composed."""
    return text.lower() if text.isascii() else nfc(changed(nfc(text), str.casefold))


def loose(text: str) -> str:
    """Equal for texts that differ in case, punctuation, white space or compatible characters (NFKC, UAX #15) alone.

    Letters, marks, digits and signs such as + or an emoji remain, with one space for each run of other characters.
    Invisible characters, and apostrophes within a word, go without a trace.
    """
    if text.isascii():
        text = text.lower()
    else:
        text = with_stand_ins(changed(text, compatible))
        text = text.translate(dict.fromkeys((ord(c) for c in set(text) if _is_invisible(c)), ""))
    text = _APOSTROPHE.sub("", text)
    return " ".join(text.translate({ord(c): " " for c in set(text) if _separates(c)}).split())


def loose_words(text: str) -> list[str]:
    """The words of a text, as `loose` writes them. In a script without spaces between words each letter is one."""
    return _unspaced().sub(r" \g<0> ", loose(text)).split()


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(_UNSPACED)


def is_unspaced(word: str) -> bool:
    """Whether a word of `loose_words` is a letter of a script without spaces between words."""
    return _unspaced().fullmatch(word) is not None


def grams(text: str) -> frozenset[str]:
    """The runs of five characters in a text, its two ends marked by a space. A shorter text is its own only gram."""
    padded = f" {text} "
    return frozenset([padded[start : start + GRAM] for start in range(max(1, len(padded) - GRAM + 1))])


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or _VARIATION.match(character) is not None


def _separates(character: str) -> bool:
    """Whether it is punctuation, white space, or nothing that Unicode 14 knows."""
    return not character.isalnum() and unicodedata.category(character) not in _SIGNS


def _strange(text: str) -> set[str]:
    """The characters of `text` that another version may see otherwise."""
    if text.isascii() or _suspects().search(text) is None:
        return set()
    return set(compress(text, map(_table().__getitem__, map(ord, text))))


def _stand_in(text: str, kept: set[str]) -> str:
    return "".join([STAND_IN if c in kept else c for c in text]) if kept else text


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", _marks_in_order(text, "NFD"))


def compatible(text: str) -> str:
    """Normalisation form KC with its case folded, for `changed`: of characters that all versions know alike."""
    return _nfkc(_nfkc(text).casefold())


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", _marks_in_order(text, "NFKD"))


def _marks_in_order(text: str, form: Literal["NFD", "NFKD"]) -> str:
    """A text with the same decomposition of that form, in which long runs of combining marks are in canonical order.

    In the compatibility form more characters are marks: the half-width voiced sound mark of Japanese, for one.

    Python sorts them by insertion, which takes the square of a run's length: hours for what fits into a reply.
    """
    if len(text) < _FEW:
        return text
    parts = {c: unicodedata.normalize(form, c) for c in set(text)}
    marks = {c: part for c, part in parts.items() if unicodedata.combining(part[0])}
    if not marks:
        return text
    table = {ord(c): part for c, part in marks.items()}
    run = re.compile(f"[{re.escape(''.join(marks))}]{{{_LONG_RUN},}}")
    return run.sub(lambda found: _sorted(found.group().translate(table)), text)


def _sorted(marks: str) -> str:
    return "".join(sorted(marks, key=unicodedata.combining))
