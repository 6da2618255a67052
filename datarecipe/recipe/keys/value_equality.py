"""When two values are the same, as a text: equal values have equal texts.

Texts, since a dictionary of numbers is not safe with a stranger's: whole numbers that differ by 2**61 - 1 have one hash, and
looking up thousands of them takes the square of their number.
"""

from __future__ import annotations

import json

from datarecipe.characters import caseless, nfc
from datarecipe.exchange import Json


def equality_key(value: Json) -> str:
    """Equal for values that are equal in JSON Schema's sense: 1 is 1.0, and neither is true."""
    match value:
        case float():
            return hex(int(value)) if value.is_integer() else repr(value)
        case bool() | None | str():
            return json.dumps(value)
        case int():
            return hex(value)
        case list():
            return f"[{','.join(map(equality_key, value))}]"
        case dict():
            named = sorted((json.dumps(name), equality_key(item)) for name, item in value.items())
            return f"{{{','.join(f'{name}:{item}' for name, item in named)}}}"


def typed_key(value: Json) -> str:
    """Equal for values that are equal and of one type: 1, 1.0 and true are three values."""
    return f"str {value}" if isinstance(value, str) else f"{type(value).__name__} {equality_key(value)}"


def folded(value: Json) -> str:
    """By which an answer finds its label when its type or case differs: a text's letters, JSON's spelling of other types;
    stripped, composed (NFC) and case-folded.
    """
    text = value if isinstance(value, str) else json.dumps(value)
    return caseless(text.strip())


def composed(left: Json, right: Json) -> str | None:
    """How two texts differ that look alike; None where they do not."""
    if not isinstance(left, str) or not isinstance(right, str) or left == right or nfc(left) != nfc(right):
        return None
    at = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return f"the same text composed of other characters, {_points(right, at)} for {_points(left, at)}"


def _points(text: str, at: int) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in text[at : at + 2])
