"""Records as JSON and back, and JSON lines. The keys of an object are the fields of a dataclass, declared once.

Reading is strict about what it knows: a field without a default must be there, and every value must be of its type. It
skips keys that it does not know, since a newer release may write more. Whole numbers are counts, so none is negative
or beyond `LARGEST`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import types
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from operator import attrgetter
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from datarecipe.amount import LARGEST, plain
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.printable import printable
from datarecipe.recipe.message_text import describe

T = TypeVar("T")

_LONGEST_NUMBER = 100
"""Characters of an amount, and digits before and behind its point."""

FLAT: Mapping[str, bool] = {"flat": True}
"""Metadata of a field whose record's keys stand beside those of the others, not in an object of their own."""

_NAMES: Mapping[Any, str] = {
    int: f"a whole number from 0 to {LARGEST:,}",
    bool: "true or false",
    str: "a text",
    datetime: "a time in ISO 8601",
    Decimal: "an amount, as text",
}
_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)
_fields: Callable[[Any], tuple[dataclasses.Field[Any], ...]] = cache(dataclasses.fields)

_OFTEN_EMPTY = ("vary", "checks", "repaired_from", "sent_back")

_AS_THEY_ARE = frozenset({int, str})
# What came from JSON holds no circles, and to look for them takes a tenth of the time.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
# JSON allows these three in strings; many readers of JSON Lines take them for the end of a line.
_LINE_BREAKS = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class RecordError(ValueError):
    """A document is not what a record of its kind is written as. The message names the key."""


def to_json(record: Any) -> dict[str, Any]:
    """The record as a JSON object.

    `DERIVED` of its class names properties that are written too, each with the field that it stands behind.
    """
    document: dict[str, Any] = {}
    for name, key, derived in _written(type(record)):
        value = getattr(record, name)
        if type(value) not in _AS_THEY_ARE:  # most are, and files have many lines
            value = _value(value)
        if key is None:
            document |= value
        else:
            document[key] = value
        if derived is not None:
            document[derived.rstrip("_")] = getattr(record, derived)
    return document


def _places(kind: type) -> Sequence[tuple[str, str | None, str | None]]:
    """For each field its name, its key (None where its keys stand beside the others), and the property behind it."""
    derived: Mapping[str, str] = getattr(kind, "DERIVED", {})
    return [
        (each.name, None if "flat" in each.metadata else each.name.rstrip("_"), derived.get(each.name))
        for each in _fields(kind)
    ]


_written: Callable[[Any], Sequence[tuple[str, str | None, str | None]]] = cache(_places)


def _value(value: Any) -> Any:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Decimal):
        return plain(value)  # a float cannot hold every amount
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        items = sorted(value.items()) if isinstance(value, Counter) else value.items()
        return {name: _value(each) for name, each in items}
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return to_json(value) if dataclasses.is_dataclass(value) else value


def from_json(kind: type[T], document: object, at: str = "") -> T:
    """The record that a JSON object holds; `at` is its own key. Raises `RecordError`."""
    keys, values, hints = _of(dict, document, at, "an object"), {}, _hints(kind)
    for each in _fields(kind):
        key, hint = each.name.rstrip("_"), hints[each.name]
        place = f"{at}.{key}" if at else key
        if "flat" in each.metadata:
            values[each.name] = from_json(hint, keys, at)
        elif key in keys:
            values[each.name] = _read(hint, keys[key], place)
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise RecordError(f"`{place}` is missing")
    return kind(**values)


def _read(hint: Any, value: Any, at: str) -> Any:
    if hint in _NAMES:
        return _plain(hint, value, at)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        of, *others = (each for each in arguments if each is not type(None))
        return value if value is None or others else _read(of, value, at)  # several are those of any JSON value
    if origin is Literal and value not in arguments:
        raise _wrong(at, value, f"one of {', '.join(arguments)}")
    if hint is Any or origin is Literal:
        return value
    if origin is tuple:
        listed = _of(list, value, at, "a list")
        return tuple(_read(arguments[0], each, f"{at}[{number}]") for number, each in enumerate(listed))
    if origin in (Counter, Mapping):
        of = int if origin is Counter else arguments[1]
        read = {name: _read(of, each, f"{at}.{name}") for name, each in _of(dict, value, at, "an object").items()}
        return Counter(read) if origin is Counter else read
    return from_json(hint, value, at)


def _of(kind: type, value: Any, at: str, wanted: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(at, value, wanted)
    return value


def _plain(kind: Any, value: Any, at: str) -> Any:
    if isinstance(value, str) and kind is not str:
        with contextlib.suppress(InvalidOperation, ValueError):
            if kind is datetime:
                return datetime.fromisoformat(value)
            if kind is Decimal and len(value) <= _LONGEST_NUMBER and 0 <= (amount := Decimal(value)) <= LARGEST:
                # Written out it has as many digits: "1E-999999" would take a million.
                exponent = amount.as_tuple().exponent
                if isinstance(exponent, int) and -_LONGEST_NUMBER <= exponent <= _LONGEST_NUMBER:
                    return amount
    elif type(value) is kind and (kind is str or 0 <= value <= LARGEST):
        return value
    raise _wrong(at, value, _NAMES[kind])


def _wrong(at: str, value: Any, wanted: str) -> RecordError:
    # Keys are a stranger's where an object has names of its own.
    return RecordError(f"`{printable(at[:200])}` is {describe(value)}, not {wanted}" if at else f"it is not {wanted}")


def as_row(item: Lineage | RejectedItem) -> dict[str, Any]:
    """The fields of a line of `lineage.jsonl` or `rejected.jsonl`, without those that many lines would have for nothing."""
    names, values = _row_of(type(item))
    row = dict(zip(names, values(item), strict=True))
    for name in _OFTEN_EMPTY:
        if not row.get(name, True):
            del row[name]
    return row


def _names_and_values(kind: type) -> tuple[Sequence[str], Callable[[Any], tuple[Any, ...]]]:
    names = [each.name for each in _fields(kind)]
    return names, attrgetter(*names)


_row_of: Callable[[Any], tuple[Sequence[str], Callable[[Any], tuple[Any, ...]]]] = cache(_names_and_values)


def json_line(value: object) -> str:
    """One line of a `.jsonl` file, with its LF. UTF-8 as it is; line breaks of any kind escaped."""
    text = _encode(value)
    if not text.isascii():
        for character, escape in _LINE_BREAKS.items():
            text = text.replace(character, escape)
        # Half a surrogate pair can only come from the raw text of a rejected item.
        text = text.encode("utf-8", "backslashreplace").decode()
    return text + "\n"
