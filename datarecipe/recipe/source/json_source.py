"""JSON text to a document with marks: for seed examples and schemas that stand in files of their own.

The standard library's scanner reads the scalars; lists and mappings are read here, since it tells no places, keeps the
last of two equal keys and takes `NaN`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import NoReturn

from datarecipe.errors import Problem, RecipeSyntaxError
from datarecipe.recipe.message_text import code, shorten
from datarecipe.recipe.source.document import (
    MAX_DEPTH,
    MAX_NODES,
    TOO_DEEP,
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    unfit,
)

_NO_SPACE = re.compile(r"[^ \t\n\r]")
_SCALAR = re.compile(r'"|-?[0-9]|true|false|null|NaN|-?Infinity')
_WORD = re.compile(r"[^\W\d]\w*")
_BEGINS = {"}": "{", "]": "["}
_NAMES = {"}": "fields", "]": "elements"}
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
        self._text = source.text
        self._source = source
        self._at = 0
        self._depth = 0
        self._count = 0
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", source.text))]

    def read(self) -> Node:
        if not self._text.strip():
            raise RecipeSyntaxError(self._place().problem("there is nothing in it", "write one JSON value into it"))
        node = self._value()
        if self._next():
            hint = "a file holds one value; several stand in a list, [..., ...], with commas between them"
            self._fail("something follows the end of the JSON value", hint)
        return node

    def _value(self) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            self._fail(f"more than {MAX_NODES:,} values are too many for one file")
        char = self._next()
        if char == "{":
            return self._mapping()
        return self._list() if char == "[" else self._scalar()

    def _mapping(self) -> MappingNode:
        place = self._enter()
        entries: dict[str, tuple[Place, Node]] = {}
        while not self._leaves("}", place, first=not entries):
            if self._next() != '"':
                self._fail("a key in double quotes should stand here", self._hint(None), self._word())
            node = self._scalar()
            key = str(node.value)
            if key in entries:
                hint = f"the first is in line {entries[key][0].line}; keep one"
                raise RecipeSyntaxError(node.place.problem(f"duplicate key {code(key)}", hint))
            if self._next() != ":":
                self._fail("a `:` should stand here", "a key, then `:`, then its value")
            self._at += 1
            entries[key] = (node.place, self._value())
        return MappingNode(entries, place)

    def _list(self) -> ListNode:
        place = self._enter()
        items: list[Node] = []
        while not self._leaves("]", place, first=not items):
            items.append(self._value())
        return ListNode(items, place)

    def _enter(self) -> Place:
        place = self._place()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(TOO_DEEP)
        self._at += 1
        return place

    def _leaves(self, end: str, begin: Place, *, first: bool) -> bool:
        """Step over the end, or over the comma before the next element."""
        char = self._next()
        if not char:
            message = f"this {code(_BEGINS[end])} is not closed"
            raise RecipeSyntaxError(begin.problem(message, f"the file ends before its {code(end)}"))
        if char == end:
            self._at += 1
            self._depth -= 1
            return True
        if not first:
            if char != ",":
                hint = self._hint(f"a `,` stands between two {_NAMES[end]}")
                self._fail(f"a `,` or a `{end}` should stand here", hint)
            comma = self._place()
            self._at += 1
            if self._next() == end:
                raise RecipeSyntaxError(comma.problem(f"no `,` can stand before {code(end)} in JSON", "remove it"))
        return False

    def _scalar(self) -> ScalarNode:
        place, start = self._place(), self._at
        if not _SCALAR.match(self._text, self._at):
            word = self._word()
            hint = f'text needs double quotes: "{shorten(word)}"' if word.isidentifier() else None
            self._fail("a JSON value should stand here", self._hint(hint), word)
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise RecipeSyntaxError(self._unreadable(error, place)) from None
        except ValueError:  # more digits than Python turns into a number
            raise RecipeSyntaxError(place.problem("the whole number is too long")) from None
        place = place.long(self._at - start)
        if isinstance(value, int) and abs(value) >= _INT_BOUND:
            raise RecipeSyntaxError(place.problem("the whole number is too long"))
        if (message := unfit(value)) is not None:
            hint = "write null, or the word as text with double quotes" if isinstance(value, float) else None
            raise RecipeSyntaxError(place.problem(message, hint))
        return ScalarNode(value, place)

    def _unreadable(self, error: json.JSONDecodeError, place: Place) -> Problem:
        """What is wrong with a text."""
        found = self._text[error.pos : error.pos + 1]
        if "Unterminated" in error.msg or ("control character" in error.msg and found == "\n"):
            return place.problem(
                "this text has no closing quote in its line", 'write " at its end; a line break is `\\n`'
            )
        here = self._place_of(error.pos)
        if "control character" in error.msg:
            shown = "\\t" if found == "\t" else f"\\u{ord(found):04x}"
            return here.problem("this character must be written as an escape in JSON", f"write {code(shown)}")
        if "escape" in error.msg:
            back = self._text.rfind("\\", 0, error.pos + 1)
            message = f"{code(self._text[back : back + 2])} is no escape that JSON knows"
            return self._place_of(back).long(2).problem(message, "write `\\\\` for a backslash")
        return here.problem(f"JSON: {error.msg}")

    def _word(self) -> str:
        found = _WORD.match(self._text, self._at)
        return found[0] if found else ""

    def _hint(self, otherwise: str | None) -> str | None:
        """What somebody may have meant who wrote what stands here."""
        if self._text.startswith(("//", "/*", "#"), self._at):
            return "JSON has no comments: remove it"
        if self._next() in "'\u2018\u2019\u201c\u201d" and self._next():
            return 'JSON knows double quotes alone: "..."'
        if self._source.path is not None and self._source.path.suffix.lower() in (".yaml", ".yml"):
            return "this file is read as JSON; write it as JSON, or write its content into the recipe itself"
        return otherwise

    def _next(self) -> str:
        """The next character that is no white space; empty at the end."""
        found = _NO_SPACE.search(self._text, self._at)
        self._at = found.start() if found else len(self._text)
        return found[0] if found else ""

    def _place(self) -> Place:
        return self._place_of(self._at)

    def _place_of(self, index: int) -> Place:
        line = bisect_right(self._line_starts, index)
        return self._source.place(line, index - self._line_starts[line - 1] + 1)

    def _fail(self, message: str, hint: str | None = None, about: str = "") -> NoReturn:
        if not self._next():
            end = self._place_of(len(self._text.rstrip()) - 1)
            raise RecipeSyntaxError(end.problem(f"the file ends after this, and {message}"))
        place = self._place().long(len(about)) if about else self._place()
        raise RecipeSyntaxError(place.problem(message, hint))
