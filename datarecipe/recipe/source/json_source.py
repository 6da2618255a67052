"""JSON text to a document with marks: for seed examples and schemas that stand in files of their own.

The standard library's scanner reads the scalars; lists and mappings are read here, since it tells no places, keeps the
last of two equal keys and takes `NaN`.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from datarecipe.errors import RecipeSyntaxError
from datarecipe.recipe.source.document import (
    MAX_DEPTH,
    MAX_NODES,
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    list_node,
    mapping_node,
)
from datarecipe.recipe.words import code

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r'"|-?[0-9]|true|false|null|NaN|-?Infinity')
_INT_BOUND = 10**100
_DECODER = json.JSONDecoder()


def parse_json(text: str, name: str, path: Path | None = None) -> Document:
    """Read one JSON document. `name` is what messages call it; `path` is its file.

    Raises:
        RecipeSyntaxError: syntax, duplicate keys, `NaN` or `Infinity`, too much nesting or too many values.
    """
    return Document(_Reader(Source(name, text, path)).read())


class _Reader:
    """Walks through the text; `_at` is the next character."""

    def __init__(self, source: Source) -> None:
        self._text = text = source.text or ""
        self._source = source
        self._at = 0
        self._depth = 0
        self._count = 0
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def read(self) -> Node:
        node = self._value()
        self._skip()
        if self._at < len(self._text):
            self._fail("something follows the end of the JSON value")
        return node

    def _value(self) -> Node:
        self._skip()
        self._count += 1
        if self._count > MAX_NODES:
            self._fail(f"more than {MAX_NODES:,} values are too many for one file")
        match self._next():
            case "{":
                return self._mapping()
            case "[":
                return self._list()
            case _:
                return self._scalar()

    def _mapping(self) -> MappingNode:
        place = self._enter()
        entries: dict[str, tuple[Place, Node]] = {}
        while not self._leaves("}", first=not entries):
            self._skip()
            if self._next() != '"':
                self._fail("a key in double quotes should stand here")
            scalar = self._scalar()
            key, key_place = str(scalar.value), scalar.place
            if key in entries:
                hint = f"the first is in line {entries[key][0].line}; keep one"
                raise RecipeSyntaxError(key_place.problem(f"the key {code(key)} stands here a second time", hint))
            self._skip()
            if self._next() != ":":
                self._fail("a `:` should stand here")
            self._at += 1
            entries[key] = (key_place, self._value())
        return mapping_node(entries, place)

    def _list(self) -> ListNode:
        place = self._enter()
        items: list[Node] = []
        while not self._leaves("]", first=not items):
            items.append(self._value())
        return list_node(items, place)

    def _enter(self) -> Place:
        place = self._place()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"lists and mappings stand more than {MAX_DEPTH} deep in each other")
        self._at += 1
        return place

    def _leaves(self, end: str, *, first: bool) -> bool:
        """Step over the end, or over the comma before the next element."""
        self._skip()
        char = self._next()
        if char == end:
            self._at += 1
            self._depth -= 1
            return True
        if not first:
            if char != ",":
                self._fail(f"a `,` or a `{end}` should stand here")
            self._at += 1
        return False

    def _scalar(self) -> ScalarNode:
        place, start = self._place(), self._at
        if not _SCALAR.match(self._text, self._at):
            self._fail("a JSON value should stand here")
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise RecipeSyntaxError(self._place_of(error.pos).problem(f"JSON: {error.msg}")) from None
        except ValueError:  # more digits than Python turns into a number
            raise RecipeSyntaxError(place.problem("the whole number is too long")) from None
        if isinstance(value, int) and abs(value) >= _INT_BOUND:
            raise RecipeSyntaxError(place.problem("the whole number is too long"))
        if isinstance(value, float) and not math.isfinite(value):
            raise RecipeSyntaxError(place.problem("JSON holds no NaN and no infinite number"))
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise RecipeSyntaxError(place.problem("half of a surrogate pair is not a character"))
        return ScalarNode(value, replace(place, end_column=place.column + self._at - start if place.column else None))

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _place(self) -> Place:
        return self._place_of(self._at)

    def _place_of(self, index: int) -> Place:
        line = bisect_right(self._line_starts, index)
        return self._source.place(line, index - self._line_starts[line - 1] + 1)

    def _fail(self, message: str) -> NoReturn:
        raise RecipeSyntaxError(self._place().problem(message))
