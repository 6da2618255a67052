"""How many values a JSON text holds, known before anybody makes objects of them.

`[],[],[], ...` takes thirty times its length as objects, and a second for each 16 MB, in which no other thread runs and no
signal is heard.
"""

from __future__ import annotations

MOST_VALUES = 1_000_000
"""Of a text: several times what the longest text that is kept holds."""
_SIGNS = "[{,"


def too_many_values(text: bytes | str) -> bool:
    """Whether `text` may hold more than `MOST_VALUES`, strings of it included: they cannot be told apart so quickly."""
    if len(text) <= MOST_VALUES:
        return False
    if isinstance(text, bytes):
        return sum(text.count(sign.encode()) for sign in _SIGNS) > MOST_VALUES
    return sum(map(text.count, _SIGNS)) > MOST_VALUES


def holds_more(document: object, most: int) -> bool:
    """Whether a parsed document holds more than `most` values: itself, and all items and members of what it holds."""
    waiting = [document]
    for _ in range(most):
        if not waiting:
            return False
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return bool(waiting)
