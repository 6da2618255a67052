"""A document with marks: values that know where they were written.

YAML, JSON and `--set` all come to the same tree of nodes, so that every later message can name its place. Nodes are
frozen; an override makes a new tree that shares what did not change.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from datarecipe.errors import WARNING, Problem
from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe.source.excerpt import excerpt

MAX_BYTES = 1_000_000
"""Size of a recipe, template, seed example or schema file."""
MAX_DEPTH = 50
"""Lists and mappings inside each other, aliases followed."""
TOO_DEEP = f"lists and mappings stand more than {MAX_DEPTH} deep in each other"
MAX_NODES = 50_000
"""Values in one document, aliases followed: what keeps an alias bomb small. A text counts as one more for each 100 of its
characters, since a text that is named often stands in memory as often."""
_CHARACTERS = 100

Plain: TypeAlias = "bool | int | float | str | None"
"""A value that holds no others."""

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value: mapping keys and list positions, from the root."""


@dataclass(frozen=True)
class Source:
    """A text that somebody wrote: a file, or a flag on the command line."""

    name: str
    """What messages call it: a path as seen from the working folder, or `--set strategy.chains`."""
    text: str = field(default="", repr=False, compare=False)
    """What it says, line ends as LF; empty for a flag and for a file that could not be read."""
    path: Path | None = field(default=None, compare=False)
    """Absolute, symlinks resolved; None for a flag. Paths in the text count from its folder."""
    sha256: str = field(default="", repr=False, compare=False)
    """Of the file's bytes, in hexadecimal; empty where no file was read."""

    @cached_property
    def lines(self) -> Sequence[str]:
        """The text's lines."""
        return self.text.split("\n")

    def at(self, index: int, length: int = 1) -> Place:
        """The place of the character number `index` of the text, and of so many from there on."""
        start = self.text.rfind("\n", 0, index) + 1
        return self.place(self.text.count("\n", 0, index) + 1, index - start + 1, index - start + 1 + length)

    def place(self, line: int | None = None, column: int | None = None, end_column: int | None = None) -> Place:
        """A place in it; without a line, the whole of it."""
        return Place(self, line, column, end_column)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written. `line` is None when it is a whole file or flag."""

    source: Source
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    """The column after the last character; None where that is in another line."""

    @property
    def is_flag(self) -> bool:
        """Whether the user wrote it on the command line, not in a file."""
        return self.source.path is None

    def __str__(self) -> str:
        return Problem("", self.source.name, self.line, self.column).place

    @property
    def line_text(self) -> str:
        """The line that it is in; empty where it is in none."""
        lines = self.source.lines
        return lines[self.line - 1] if self.line is not None and self.line <= len(lines) else ""

    @property
    def index(self) -> int:
        """How many characters stand before it in its line."""
        return 0 if self.column is None else self.column - 1

    @property
    def offset(self) -> int:
        """How many characters stand before it in its text."""
        return sum(len(line) + 1 for line in self.source.lines[: (self.line or 1) - 1]) + self.index

    def in_line(self, index: int, length: int = 1) -> Place:
        """The place of so many characters of the same line, from number `index` on."""
        return self.source.place(self.line, index + 1, index + 1 + length)

    def long(self, length: int) -> Place:
        """The same place with so many characters."""
        column = self.column
        return self if column is None else Place(self.source, self.line, column, column + length)

    def problem(self, message: str, hint: str | None = None) -> Problem:
        """What is wrong here, with the line that shows it. What a terminal might obey is escaped, whoever wrote it."""
        shown = None
        if self.line is not None and self.column is not None and self.line_text.strip(" "):
            shown = excerpt(self.line_text, self.line, self.column, self.end_column)
        return Problem(
            printable(message),
            self.source.name,
            self.line,
            self.column,
            None if hint is None else printable(hint),
            self.end_column,
            shown,
        )

    def warning(self, message: str, hint: str | None = None) -> Problem:
        """What is legal here, and surely not meant."""
        return replace(self.problem(message, hint), kind=WARNING)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text, number, boolean or null."""

    value: Plain
    place: Place
    text: str | None = None
    """What was written, when it was written without quotes."""
    end: Place | None = None
    """What comes behind that, when there is neither an anchor nor a tag in front."""
    anchor: str | None = None

    @property
    def size(self) -> int:
        """The values that it counts as."""
        return 1 + len(self.value) // _CHARACTERS if isinstance(self.value, str) else 1

    @property
    def depth(self) -> int:
        """The lists and mappings inside each other in it."""
        return 0


@dataclass(frozen=True)
class ListNode:
    """A list. `size` and `depth` count what it is with aliases followed."""

    items: Sequence[Node]
    place: Place

    @cached_property
    def size(self) -> int:
        return 1 + sum(node.size for node in self.items)

    @cached_property
    def depth(self) -> int:
        return 1 + max((node.depth for node in self.items), default=0)


@dataclass(frozen=True)
class MappingNode:
    """A mapping of a key to the key's place and the value. `size` and `depth` count as those of a list."""

    entries: Mapping[str, tuple[Place, Node]]
    place: Place

    @cached_property
    def size(self) -> int:
        return 1 + sum(len(key) // _CHARACTERS + node.size for key, (_, node) in self.entries.items())

    @cached_property
    def depth(self) -> int:
        return 1 + max((node.depth for _, node in self.entries.values()), default=0)


Node: TypeAlias = ScalarNode | ListNode | MappingNode


def unfit(value: Plain) -> str | None:
    """Why JSON cannot hold a value; None if it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return "JSON holds no NaN and no infinite number"
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        return "half of a surrogate pair is not a character"
    return None


def to_json(node: Node) -> Json:
    """The plain value of a node. Nothing is shared between the values, even where the file shares it by aliases."""
    match node:
        case ScalarNode():
            return node.value
        case ListNode():
            return [to_json(item) for item in node.items]
        case MappingNode():
            return {key: to_json(value) for key, (_, value) in node.entries.items()}


def from_json(value: object, place: Place, depth: int = 0) -> Node:
    """A tree whose every value was written at `place`.

    Raises:
        ValueError: `value` is nothing that JSON can hold, or too deep.
    """
    if depth > MAX_DEPTH:
        raise ValueError(TOO_DEEP)
    match value:
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("keys must be text")
            return MappingNode({key: (place, from_json(item, place, depth + 1)) for key, item in value.items()}, place)
        case list():
            return ListNode([from_json(item, place, depth + 1) for item in value], place)
        case None | bool() | int() | float() | str():
            if (message := unfit(value)) is not None:
                raise ValueError(message)
            return ScalarNode(value, place)
    raise ValueError(f"{type(value).__name__} is no type that JSON can hold")


def nodes_within(root: Node) -> Iterator[Node]:
    """All nodes at and below `root`, in the order of the document, each once however many aliases name it."""
    left, seen = [root], set[int]()
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, ListNode):
            left.extend(reversed(node.items))
        elif isinstance(node, MappingNode):
            left.extend(value for _, value in reversed([*node.entries.values()]))


@dataclass(frozen=True)
class Document:
    """A tree of nodes and the questions that are asked of it."""

    root: Node

    @cached_property
    def value(self) -> Json:
        """The whole document as plain values."""
        return to_json(self.root)

    def place(self, keys: Keys = ()) -> Place:
        """Where the value was written, or the nearest thing around it that was."""
        return self._walk(keys)[1].place

    def key_place(self, keys: Keys) -> Place:
        """Where the last key itself was written; for a list's element, the element."""
        parent = self.get(keys[:-1])
        last = keys[-1]
        if isinstance(parent, MappingNode) and isinstance(last, str) and last in parent.entries:
            return parent.entries[last][0]
        return self.place(keys)

    def get(self, keys: Keys) -> Node | None:
        """The node at `keys`, or None."""
        found, node = self._walk(keys)
        return node if found else None

    def _walk(self, keys: Keys) -> tuple[bool, Node]:
        node = self.root
        for key in keys:
            if isinstance(node, MappingNode) and isinstance(key, str) and key in node.entries:
                node = node.entries[key][1]
            elif isinstance(node, ListNode) and isinstance(key, int) and 0 <= key < len(node.items):
                node = node.items[key]
            else:
                return False, node
        return True, node
