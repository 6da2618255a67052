"""Records as JSON and back: the fields of a dataclass are the keys of an object, so each fact is declared once.

Reading is strict about what it knows: a field without a default must be there, and every value must be of its type. It
passes over keys that it does not know, since a newer release may write more. Whole numbers are counts, so none is negative
or beyond `LARGEST`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from datarecipe.amount import LARGEST, plain
from datarecipe.printable import printable
from datarecipe.recipe.message_text import describe

T = TypeVar("T")

FLAT: Mapping[str, bool] = {"flat": True}
"""Metadata of a field whose record's keys stand beside those of the others, not in an object of their own."""

_NAMES: Mapping[Any, str] = {
    int: f"a whole number from 0 to {LARGEST:,}",
    str: "a text",
    datetime: "a time in ISO 8601",
    Decimal: "an amount, as text",
}


class RecordError(ValueError):
    """A document is not what a record of its kind is written as. The message names the key."""


def to_json(record: Any) -> dict[str, Any]:
    """The record as a JSON object.

    `DERIVED` of its class names properties that are written too, each with the field that it stands behind.
    """
    document: dict[str, Any] = {}
    for name, flat in _written(type(record)):  # type: ignore[arg-type]
        value = _value(getattr(record, name))
        document |= value if flat else {name.rstrip("_"): value}
    return document


def _value(value: Any) -> Any:
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


@cache
def _written(kind: Any) -> Sequence[tuple[str, bool]]:
    """Names, and whether the keys of what is there stand beside the others."""
    derived: Mapping[str, str] = getattr(kind, "DERIVED", {})
    written = []
    for each in dataclasses.fields(kind):
        written.append((each.name, "flat" in each.metadata))
        if each.name in derived:
            written.append((derived[each.name], False))
    return written


def from_json(kind: type[T], document: object, at: str = "") -> T:
    """The record that a JSON object holds; `at` is its own key. Raises `RecordError`."""
    keys, values = _of(dict, document, at, "an object"), {}
    for name, hint, flat, needed in _fields(kind):  # type: ignore[arg-type]
        key = name.rstrip("_")
        if flat:
            values[name] = from_json(hint, keys, at)
        elif key in keys:
            value = keys[key]
            # Files have many lines.
            quick = type(value) is hint and (hint is str or (hint is int and 0 <= value <= LARGEST))
            values[name] = value if quick else _read(hint, value, f"{at}.{key}" if at else key)
        elif needed:
            raise RecordError(f"`{at}.{key}` is missing" if at else f"`{key}` is missing")
    return kind(**values)


@cache
def _fields(kind: Any) -> Sequence[tuple[str, Any, bool, bool]]:
    """Name, type, whether its keys stand beside the others, whether it must be there."""
    hints, missing = get_type_hints(kind), dataclasses.MISSING
    return [
        (
            field.name,
            hints[field.name],
            "flat" in field.metadata,
            field.default is missing and field.default_factory is missing,
        )
        for field in dataclasses.fields(kind)
    ]


def _read(hint: Any, value: Any, at: str) -> Any:
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
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return from_json(hint, value, at)
    return _plain(hint, value, at)


def _of(kind: type, value: Any, at: str, wanted: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong(at, value, wanted)
    return value


def _plain(kind: Any, value: Any, at: str) -> Any:
    with contextlib.suppress(
        InvalidOperation, ValueError
    ):  # what cannot be read is refused below, like any other value
        if kind is Decimal and isinstance(value, str) and 0 <= (amount := Decimal(value)) <= LARGEST:
            return amount
        if kind is datetime and isinstance(value, str):
            return datetime.fromisoformat(value)
    if not isinstance(value, kind) or isinstance(value, bool) or (kind is int and not 0 <= value <= LARGEST):
        raise _wrong(at, value, _NAMES[kind])
    return value


def _wrong(at: str, value: Any, wanted: str) -> RecordError:
    # Keys are a stranger's where an object has names of its own.
    return RecordError(f"`{printable(at[:200])}` is {describe(value)}, not {wanted}" if at else f"it is not {wanted}")
