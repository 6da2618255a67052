"""The items within a value: an item itself, or what its envelope holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from datarecipe.exchange import Json
from datarecipe.generate.parse.nesting import MAX_NESTING

NOT_JSON = "not JSON"

_COLLECTIONS = (dict, list)


@dataclass(frozen=True, slots=True)
class Fragment:
    """Text that looks like an item and cannot be one."""

    raw: str
    detail: str = NOT_JSON


@dataclass(frozen=True, slots=True)
class Mended:
    """A whole item that did not stand there as JSON, and has one reading all the same."""

    value: Json


Found: TypeAlias = "Json | Fragment | Mended"


def value_of(item: Json | Mended) -> Json:
    return item.value if isinstance(item, Mended) else item


@dataclass(slots=True)
class Span:
    """Where in a text a value stands, and what the reader noticed about it."""

    start: int
    end: int = 0
    """Set when the value is closed."""
    fault: str = ""
    """Why it can be no item."""
    mended: bool = False


class Row(list[Json]):
    """A list that the reader made."""

    __slots__ = ("span",)

    def __init__(self, start: int) -> None:
        super().__init__()
        self.span = Span(start)


class Table(dict[str, Json]):
    """An object that the reader made. `values_in_order` has those too whose key stands there a second time."""

    __slots__ = ("span", "values_in_order")

    def __init__(self, start: int) -> None:
        super().__init__()
        self.span = Span(start)
        self.values_in_order: list[Json] = []


Unpack: TypeAlias = Callable[[str], Collection[Found]]
"""The items in a text that is itself a value, if it is JSON."""


@dataclass(frozen=True, slots=True)
class Finder:
    text: str
    known: frozenset[str]
    """The seed example's fields: they tell an item from what wraps items."""
    unpack: Unpack

    def items(self, value: Json, depth: int = 0) -> Iterator[Found]:
        """The items within a decoded value, in order."""
        if depth > MAX_NESTING:
            return
        if isinstance(value, list):
            yield from self._in_list(value, depth)
        elif isinstance(value, dict):
            yield from self._in_object(value, depth)

    def _in_list(self, values: list[Json], depth: int) -> Iterator[Found]:
        mixed = any(isinstance(element, _COLLECTIONS) for element in values)
        for element in values:
            if type(element) is dict and depth < MAX_NESTING and self._is_item(element):
                yield element  # as nearly all are: `_in_object` would find the same
            elif isinstance(element, _COLLECTIONS):
                yield from self.items(element, depth + 1)
            elif isinstance(element, str) and (unpacked := self.unpack(element)):
                yield from unpacked
            elif mixed:
                yield element

    def _is_item(self, value: dict[str, Json]) -> bool:
        return "examples" not in value and not self.known.isdisjoint(value)

    def _in_object(self, value: dict[str, Json], depth: int) -> Iterator[Found]:
        wrapped = value.get("examples")
        envelope = not self.known.issubset(value) and "examples" not in self.known and isinstance(wrapped, list | str)
        if not self.known.isdisjoint(value) and not (envelope and isinstance(wrapped, list)):
            yield self._item(value)
            return
        found = False
        for element in value.values_in_order if isinstance(value, Table) else value.values():
            if isinstance(element, _COLLECTIONS):
                inner: Iterator[Found] | Collection[Found] = self.items(element, depth + 1)
            else:
                inner = self.unpack(element) if isinstance(element, str) else ()
            for item in inner:
                found = True
                yield item
        if not found and not envelope:
            yield self._item(value)

    def _item(self, value: dict[str, Json]) -> Found:
        if not isinstance(value, Table):
            return value
        span = value.span
        if span.fault:
            return Fragment(self.text[span.start : span.end], span.fault)
        return Mended(plain(value)) if span.mended else plain(value)


def plain(value: Json) -> Json:
    """A value without what the reader noticed about it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value
