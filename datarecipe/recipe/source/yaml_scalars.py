"""Scalars as YAML: how plain ones are read, and how values are written.

They are read by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema). PyYAML reads YAML 1.1, where `yes`,
`on`, `012`, `1_000` and `1:30` are not what they look like; here they are. What is written reads alike in both.
"""

from __future__ import annotations

import json
import math
import re

from datarecipe.characters import is_assigned
from datarecipe.printable import printable
from datarecipe.recipe.source.document import Plain

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
LONGEST_INT = 100
"""Characters that a whole number may be written with."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Bare words that some reader takes for a boolean, nothing or a number."""

_INNER = frozenset(" _-./()'!;")
"""Signs that mean nothing within a bare text, in a list neither."""

_OUTSIDE_LISTS = frozenset(",?")

_JOINERS = frozenset("\u200c\u200d")
"""Persian, Sinhala and emoji are spelt with them."""


def resolve(text: str) -> Plain:
    """The value of a plain (unquoted) scalar.

    Raises:
        ValueError: a number that JSON cannot hold.
    """
    if text in NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> int | float | str:
    for pattern, base in ((_INT, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.fullmatch(text):
            if len(text) > LONGEST_INT:
                raise ValueError("the whole number is too long")
            return int(text if base == 10 else text[2:], base)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError("the number is too large")
        return number
    if _NOT_A_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a number that JSON can hold")
    return text


def scalar(value: Plain, *, in_list: bool = False) -> str:
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
            return value if _is_bare(value, in_list=in_list) else _escaped(value)


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


def _escaped(text: str) -> str:
    return printable('"' + "".join(_escape(c) for c in text) + '"')


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if printable(char) == char:
        return char
    code = ord(char)
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    return short or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def _is_visible(char: str) -> bool:
    return (char.isprintable() and is_assigned(char)) or char in _JOINERS


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
