"""Plain scalars by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema).

PyYAML reads YAML 1.1, where `yes`, `on`, `012`, `1_000` and `1:30` are not what they look like. Here they are: a
number is a decimal, `0o`, `0x` or floating point number, a boolean is `true` or `false`, and the rest is text.
"""

from __future__ import annotations

import re
from typing import TypeAlias

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
LONGEST_INT = 100
"""Characters that a whole number may be written with."""

PlainValue: TypeAlias = bool | int | float | str | None


def resolve(text: str) -> PlainValue:
    """The value of a plain (unquoted) scalar.

    Raises:
        ValueError: a number that JSON cannot hold.
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> int | float | str:
    for pattern, base in ((_INT, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.fullmatch(text):
            if len(text) > LONGEST_INT:
                raise ValueError("the whole number is too long")
            return int(text if base == 10 else text[2:], base)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError("the number is too large")
        return number
    if _NOT_A_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a number that JSON can hold")
    return text
