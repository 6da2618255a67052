"""Scalars as YAML text that every reader takes for the same value.

Right by YAML 1.2, which recipes are read by, and safe for readers of YAML 1.1: there `yes`, `on`, `1:30` and `0o7` are other
things than here, so a text is written bare only where no reader can take it for anything but itself.
"""

from __future__ import annotations

import json

from datarecipe.printable import printable
from datarecipe.recipe.source.scalars import LONGEST_INT, PlainValue

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Bare words that some reader takes for a boolean, nothing or a number."""

_INNER = frozenset(" _-./()'!;")
"""Signs that mean nothing within a bare text, in a list neither."""

_OUTSIDE_LISTS = frozenset(",?")

_JOINERS = frozenset("\u200c\u200d")
"""Persian, Sinhala and emoji are spelt with them."""


def scalar(value: PlainValue, *, in_list: bool = False) -> str:
    """`value` as YAML. `in_list` for a place between `[` and `]` or `{` and `}`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return _int(value)
        case float():
            return _float(value)
        case str():
            return value if _is_bare(value, in_list=in_list) else _in_quotes(value)


def json_text(value: object, indent: int | None = None) -> str:
    """`value` as JSON that an editor shows as it is: nothing invisible stands in it unescaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return "".join(c if c == "\n" or _is_visible(c) else _json_escape(c) for c in text)


def _json_escape(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def _is_bare(text: str, *, in_list: bool) -> bool:
    """A letter first, a letter or digit or end mark last, and in between nothing with a meaning of its own."""
    allowed = _INNER if in_list else _INNER | _OUTSIDE_LISTS
    return (
        text[:1].isalpha()
        and text.casefold() not in _WORDS
        and text[-1] != " "
        and all((c.isalnum() and _is_visible(c)) or c in allowed for c in text)
    )


def _in_quotes(text: str) -> str:
    return printable('"' + "".join(_escaped(c) for c in text) + '"')


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if printable(char) == char:
        return char
    code = ord(char)
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    return short or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _is_visible(char: str) -> bool:
    return char.isprintable() or char in _JOINERS


def _int(value: int) -> str:
    """In decimal, or where that has too many digits to be read, in the hexadecimal that it was written in."""
    text = str(value)
    return text if len(text) <= LONGEST_INT else hex(value)


def _float(value: float) -> str:
    """With a point and a signed exponent: YAML 1.1 takes `1e16` for a text."""
    text = repr(value)
    mantissa, mark, exponent = text.partition("e")
    if mark and "." not in mantissa:
        mantissa += ".0"
    return mantissa + mark + exponent
