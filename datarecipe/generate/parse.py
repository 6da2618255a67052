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
from dataclasses import dataclass
from typing import Any

from datarecipe.exchange import Json
from datarecipe.generate.nesting import MAX_NESTING, nesting


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
# The envelope's start, `{"examples": [`, is no item though it has the looks of one.
_envelope = re.compile(r"""^[^\[{]*(?:\{\s*"[^"\\{}\[\]]*"\s*:\s*)?\[?\s*(?=[{\[]|$)""")


def parse(text: str, fields: Collection[str]) -> Parsed:
    """Find the items in `text`. `fields` are the seed example's: they tell an item from what wraps items."""
    known = frozenset(fields)
    whole = _decode_whole(text)
    if whole is not None:
        return Parsed(tuple(_items_in(whole, known, 0)))
    found: list[Json | Fragment] = []
    covered = 0
    failed = False  # whether some bracket before this place was never closed: then what decodes is a part of it
    position = 0
    while (match := _opening.search(text, position)) is not None:
        start = match.start()
        if text[start] == "<":
            if failed and not _stands_alone(text, match):
                position = match.end()
                continue
            position = _skip_thinking(text, match)
            if match.group().startswith("</"):
                # A closing tag without an opening one: all before it was thought, not said.
                found.clear()
            else:
                found.extend(_fragments(text[covered:start], known))
            covered, failed = position, False
            continue
        try:
            value, end = _decode(text, start)
        except (ValueError, RecursionError) as error:
            failed = True
            position = start + 1
            if isinstance(error, RecursionError):
                # Thousands of brackets in a row: trying each of them would take a second and more.
                position = max(position, _brackets.match(text, start).end() - MAX_NESTING)  # type: ignore[union-attr]
            continue
        items = list(_items_in(value, known, 0))
        if failed:
            items = [item for item in items if isinstance(item, dict) and not known.isdisjoint(item)]
        if items:
            found.extend(_fragments(text[covered:start], known))
            found.extend(items)
            covered = end
        position = end
    found.extend(_fragments(text[covered:], known))
    return Parsed(tuple(found))


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
            yield from inner or ([value] if value else [])


def _fragments(gap: str, known: frozenset[str]) -> Iterator[Fragment]:
    """The remains of an item in the text between two values, if there are any."""
    rest = _envelope.sub("", gap, count=1)
    opening = rest.find("{")
    if opening < 0:
        return
    raw = rest[opening:].rstrip().rstrip(",")
    if any(field in raw for field in known):
        yield Fragment(raw)
