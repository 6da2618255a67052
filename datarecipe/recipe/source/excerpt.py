"""The line that a message is about, with carets under what is meant."""

from __future__ import annotations

import json
import re
import unicodedata

from datarecipe.printable import printable

WIDTH = 100
"""Columns of the terminal that an excerpt takes at most, its line number not counted."""
_BEFORE = 30
"""Columns kept before what is meant when a line is too long."""
_CUT = "..."
_OTHER_SPACE = re.compile(r"[^\S ]")
_LOOKED_AT = 4 * WIDTH
"""Characters before, in and after what is meant that are looked at: a line may be a megabyte long, with many mistakes."""


def excerpt(line: str, number: int, column: int, end_column: int | None) -> str:
    """Two lines: `line` with its number, and carets under the characters from `column` to before `end_column`.

    Columns count from 1. What a terminal might obey is escaped, and wide characters count twice, so that the carets stand
    where they should. Of a long line only the part around the place is shown.
    """
    start = min(column - 1, len(line))
    end = max(start + 1, (end_column or column + 1) - 1)
    parts = (
        line[max(0, start - _LOOKED_AT) : start],
        line[start : min(end, start + _LOOKED_AT)],
        line[end : end + _LOOKED_AT],
    )
    before, meant, after = (_shown(part) for part in parts)
    if not meant.strip():
        # Where white space is what is meant, it is made visible.
        meant = printable(parts[1])
    if _width(before) + _width(meant) + _width(after) > WIDTH:
        before, meant, after = _around(before, meant, after)
    gutter = f"{number:>6} | "
    shown = f"{gutter}{before}{meant}{after}".rstrip()
    carets = "^" * max(1, _width(meant))
    return f"{shown}\n{'| ':>{len(gutter)}}{' ' * _width(before)}{carets}"


def _around(before: str, meant: str, after: str) -> tuple[str, str, str]:
    if _width(before) > _BEFORE + len(_CUT):
        before = _CUT + _tail(before, _BEFORE)
    room = WIDTH - _width(before)
    if _width(meant) > room:
        return before, _head(meant, room - len(_CUT)), _CUT
    room -= _width(meant)
    return before, meant, after if _width(after) <= room else _head(after, max(0, room - len(_CUT))) + _CUT


def _head(text: str, width: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _width(char)
        if taken > width:
            return text[:index]
    return text


def _tail(text: str, width: int) -> str:
    return _head(text[::-1], width)[::-1]


def _shown(text: str) -> str:
    """Printable, and with other spaces than the plain one as escapes: what reads a recipe takes them for letters."""
    return _OTHER_SPACE.sub(lambda found: json.dumps(found[0])[1:-1], printable(text.replace("\t", " ")))


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
