"""Text from recipes and models, made safe to show on a terminal."""

from __future__ import annotations

import json
import unicodedata

from datarecipe.exchange import Example

_HARMLESS = frozenset("\u200c\u200d")
"""Joiners: Persian, Sinhala and emoji are spelt with them."""


def printable(text: str, *, multiline: bool = False) -> str:
    """`text` with everything that a terminal could act on written as an escape: control characters, bidi overrides.

    Line breaks stay when the text is `multiline`.
    """
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) or (multiline and c == "\n") else _escape(c) for c in text)


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in _HARMLESS or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def example_line(example: Example) -> str:
    """An example as JSON on one printable line."""
    return printable(json.dumps(example, ensure_ascii=False))
