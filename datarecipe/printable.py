"""Text from recipes, models and files, made safe to show on a terminal.

One rule for messages, tables and datasets on the screen: what a terminal could act on, or what hides, is written as an
escape, in JSON's way; what people write with is left alone.
"""

from __future__ import annotations

import json
import unicodedata

from datarecipe.exchange import Example

_JOINERS = frozenset("\u200c\u200d")
"""Persian, Sinhala and emoji are spelt with them."""


def printable(text: str, *, multiline: bool = False) -> str:
    """`text` with everything escaped that a terminal could act on or that hides: control characters, direction marks,
    tags, half surrogate pairs.

    Joiners and the spaces of all scripts stay, and so do line breaks when the text is `multiline`.
    """
    if text.isprintable():
        return text
    return "".join(c if _is_harmless(c) or (multiline and c == "\n") else _escape(c) for c in text)


def example_line(example: Example) -> str:
    """An example as JSON on one printable line."""
    return printable(json.dumps(example, ensure_ascii=False))


def _is_harmless(character: str) -> bool:
    return character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
