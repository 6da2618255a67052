"""Response text -> items. Every whole item is found, whatever stands around it; nothing here ever raises.

Models are asked for `{"examples": [...]}` and send that, or an array, an object with an array under another name, objects
one after another, fences, prose, thinking text, a cut-off end, one broken item among good ones. So the text is scanned for
JSON values from left to right: a value that decodes is taken whole; where one does not (an outer bracket that is never
closed, say) the scan goes on inside it. What lies between the values found and looks like the remains of an item becomes a
`Fragment`, so that it can be reported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from datarecipe.exchange import Json
from datarecipe.generate.nesting import MAX_NESTING, nesting

MAX_FAILURES = 1000
"""Brackets in one response at which no value decodes. Each costs up to a millisecond; what is left is one fragment."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """Text that looks like an item and is not whole JSON."""

    raw: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a response holds, in order: whole items (any JSON value) and fragments."""

    items: tuple[Json | Fragment, ...]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# strict=False: models write raw line breaks and tabs inside strings, and the item is whole all the same.
_decoder = json.JSONDecoder(strict=False, parse_constant=_refuse_constant)
_opening = re.compile(r"[\[{]|</?(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_brackets = re.compile(r"[\[{]+")
_closing_tag = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
# The envelope's start, `{"examples": [`, is no item though it has the looks of one; that of an item whose first field is a
# list looks just so, and differs by the name.
_envelope = re.compile(r"""^[^\[{]*(?:\{\s*"(?P<name>[^"\\{}\[\]]*)"\s*:\s*)?\[?\s*(?=[{\[]|$)""")


def parse(text: str, fields: Collection[str]) -> Parsed:
    """Find the items in `text`. `fields` are the seed example's: they tell an item from what wraps items."""
    known = frozenset(fields)
    whole = _decode_whole(text)
    if whole is not None:
        return Parsed(tuple(_items_in(whole, known, 0)))
    scan = _Scan(text, known)
    while scan.failures <= MAX_FAILURES and (match := _opening.search(text, scan.position)) is not None:
        if match.group().startswith("<"):
            scan.take_tag(match)
        else:
            scan.take_value(match.start())
    return scan.end()


@dataclass(slots=True)
class _Scan:
    """A text on its way from left to right."""

    text: str
    known: frozenset[str]
    position: int = 0
    covered: int = 0
    """Up to here everything is in `found`."""
    failures: int = 0
    broken: bool = False
    """Whether some bracket before this place was never closed: then what decodes is a part of it."""
    found: list[Json | Fragment] = field(default_factory=list)
    thought: list[Json | Fragment] = field(default_factory=list)
    """What stands before a closing tag of thinking text."""

    def take_tag(self, tag: re.Match[str]) -> None:
        """Skip thinking text."""
        if self.broken and not _stands_alone(self.text, tag):
            self.position = tag.end()
            return
        self._cover(tag.start())
        if tag.group().startswith("</"):
            # Without an opening one: all before it was thought, not said, if anything was said.
            self.thought, self.found = self.thought + self.found, []
        self.position = self.covered = _skip_thinking(self.text, tag)
        self.broken = False

    def take_value(self, start: int) -> None:
        """Take the JSON value that starts here, if one does."""
        try:
            value, end = _decode(self.text, start)
        except (ValueError, RecursionError) as error:
            self.broken = True
            self.failures += 1
            # Thousands of brackets in a row: trying each of them would take a second and more.
            run = _brackets.match(self.text, start) if isinstance(error, RecursionError) else None
            self.position = max(start + 1, run.end() - MAX_NESTING if run else 0)
            return
        self.position = end
        items = list(_items_in(value, self.known, 0))
        if self.broken:
            # A part of something broken: an item among others, unless it is the value of some item's field.
            inner = self.text[max(0, start - 20) : start].rstrip().endswith(":")
            # An empty object is none: within a string it is all that decodes, since the quotes of any other are escaped.
            items = [
                item
                for item in items
                if isinstance(item, dict) and item and (not inner or not self.known.isdisjoint(item))
            ]
        if items:
            self._cover(start)
            self.found.extend(items)
            self.covered = end

    def end(self) -> Parsed:
        """All that was found."""
        self._cover(len(self.text))
        return Parsed(tuple(self.found or self.thought))

    def _cover(self, end: int) -> None:
        self.found.extend(_fragments(self.text[self.covered : end], self.known))
        self.covered = end


def _decode_whole(text: str) -> Json:
    """The value when the text is one JSON array or object and nothing else, which is what was asked for."""
    stripped = text.strip()
    if not stripped.startswith(("{", "[")):
        return None
    try:
        value, end = _decode(stripped, 0)
    except (ValueError, RecursionError):
        return None
    return value if end == len(stripped) else None


def _stands_alone(text: str, tag: re.Match[str]) -> bool:
    """Whether a tag after broken JSON is thinking text's, not a part of some item's text that quotes one.

    JSON has no line break within a string, so one behind a closing tag tells; a closing tag behind an opening one does too.
    """
    if tag.group().startswith("</"):
        return re.compile(r"[ \t]*(?:\n|```|\{\s*\"examples\")").match(text, tag.end()) is not None
    return _closing_tag.search(text, tag.end()) is not None


def _decode(text: str, start: int) -> tuple[Json, int]:
    """The JSON value that starts here, and where it ends. Raises `ValueError`, `RecursionError`."""
    value, end = _decoder.raw_decode(text, start)
    if text.count("[", start, end) + text.count("{", start, end) > MAX_NESTING and nesting(value) > MAX_NESTING:
        raise ValueError("nested too deeply")
    return value, end


def _skip_thinking(text: str, tag: re.Match[str]) -> int:
    """Where the text goes on after thinking text that starts (or ends) with `tag`."""
    if tag.group().startswith("</"):
        return tag.end()
    closing = _closing_tag.search(text, tag.end())
    return len(text) if closing is None else closing.end()


def _items_in(value: Json, known: frozenset[str], depth: int) -> Iterator[Json]:
    """The items within a decoded value: an item itself, or what its envelope holds."""
    if depth > MAX_NESTING:
        return
    if isinstance(value, list):
        holds_objects = any(isinstance(element, dict | list) for element in value)
        for element in value:
            if isinstance(element, dict | list):
                yield from _items_in(element, known, depth + 1)
            elif holds_objects:
                yield element
    elif isinstance(value, dict):
        wrapped = value.get("examples")
        if not known.issubset(value) and isinstance(wrapped, list) and "examples" not in known:
            yield from _items_in(wrapped, known, depth + 1)
        elif not known.isdisjoint(value):
            yield value
        else:
            inner = [
                item
                for element in value.values()
                if isinstance(element, dict | list)
                for item in _items_in(element, known, depth + 1)
            ]
            yield from inner or [value]


def _fragments(gap: str, known: frozenset[str]) -> Iterator[Fragment]:
    """The remains of an item in the text between two values, if there are any."""
    envelope = _envelope.match(gap)
    rest = gap if envelope is None or envelope["name"] in known else gap[envelope.end() :]
    opening = rest.find("{")
    if opening < 0:
        return
    raw = rest[opening:].rstrip().rstrip(",")
    if any(field in raw for field in known):
        yield Fragment(raw)
