"""YAML text to a document with marks.

PyYAML (libyaml where it is there) gives the events; all else is done here, so that nothing of YAML 1.1 and no tag can
act: scalars follow YAML 1.2's core schema, only the plain tags of JSON's types are known, duplicate keys are errors.
Aliases and merge keys work; they share nodes, so an alias bomb is counted before it is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from datarecipe.errors import Problem, RecipeSyntaxError
from datarecipe.exchange import Json
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.message_text import LONGEST_SHOWN, code, show
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
    list_node,
    mapping_node,
    scalar_node,
)
from datarecipe.recipe.source.paths import display, read_source
from datarecipe.recipe.source.scalars import PlainValue, resolve
from datarecipe.recipe.source.source_characters import check_characters
from datarecipe.recipe.source.yaml_syntax import needs_quotes, quoted_value, syntax_problem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TYPES: dict[str, type | tuple[type, ...]] = {
    "null": type(None),
    "bool": bool,
    "int": int,
    "float": (int, float),
}


def parse_yaml(text: str, name: str, path: Path | None = None) -> Document:
    """Read one YAML document. `name` is what messages call it; `path` is its file, from which its paths count.

    Raises:
        RecipeSyntaxError: syntax, characters, duplicate keys, keys that are not text, unknown tags, numbers that JSON
            cannot hold, more than one document, or more nesting or values than a recipe may have.
    """
    source = Source(name, text, path)
    root = _compose(source)
    if root is None:
        raise RecipeSyntaxError(_nothing_in(source))
    return Document(root)


def _nothing_in(source: Source) -> Problem:
    hint = "begin with: recipe: 1"
    comment = re.search(r"\S", source.text or "")
    if comment is not None:
        return source.at(comment.start()).problem("there are only comments in it", hint)
    # An empty line shows nothing.
    return replace(source.place(1, 1).problem("there is nothing in it", hint), excerpt=None)


def read_yaml_document(path: Path) -> Document | None:
    """A YAML file that is no recipe (a configuration), by the same rules; None when it is empty.

    Raises:
        RecipeError: it cannot be read, or is no YAML.
    """
    resolved = path.resolve()
    root = _compose(read_source(resolved, Source(display(path)).place(), str(path), shown=display(path)))
    return None if root is None else Document(root)


def read_yaml_file(path: Path) -> Json:
    """The value of such a file; None when it is empty. Raises `RecipeError` likewise."""
    document = read_yaml_document(path)
    return None if document is None else document.value


def _compose(source: Source) -> Node | None:
    check_characters(source)
    composer = _Composer(source)
    for event in _events(source):
        composer.take(event)
        if len(composer.problems) >= MAX_PROBLEMS:
            break
    if composer.problems:
        raise RecipeSyntaxError(*composer.problems[:MAX_PROBLEMS])
    return composer.root


def _events(source: Source) -> Iterator[yaml.Event]:
    last: yaml.Event | None = None
    brackets: list[yaml.Event] = []
    try:
        for event in yaml.parse(source.text or "", Loader=_LOADER):
            last = event
            if isinstance(event, yaml.CollectionStartEvent):
                brackets += [event] if brackets or event.flow_style else []
            elif isinstance(event, yaml.CollectionEndEvent):
                del brackets[-1:]
            yield event
    except yaml.MarkedYAMLError as error:
        mark = brackets[0].start_mark if brackets else None
        bracket = None if mark is None else source.index(mark.line + 1, mark.column + 1)
        raise RecipeSyntaxError(syntax_problem(error, last, source, bracket=bracket)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The reader's errors carry no mark; the last two come from escapes like "\UFFFFFFFF" in the Python parser.
        raise RecipeSyntaxError(source.place(1, 1).problem(f"this is not YAML: {error}")) from None


def _visible(value: Node, key: Place) -> Node:
    """The value; where nothing was written for it, placed at its key, for messages to point at."""
    is_empty = isinstance(value, ScalarNode) and value.text == ""
    return replace(value, place=key) if is_empty else value


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    place: Place
    is_mapping: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)


class _Composer:
    """Takes events, one after another, and builds `root` without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._size = 0

    def take(self, event: yaml.Event) -> None:
        place = self._place(event)
        match event:
            case yaml.DocumentStartEvent():
                self._start_document(event, place)
            case yaml.ScalarEvent():
                self._add(self._scalar(event, place), event.anchor)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._start(event, place)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(place)
            case yaml.AliasEvent():
                self._add(self._aliased(str(event.anchor), place), None)

    def _place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        if start is None:
            return self.source.place()
        # A plain scalar's end may be the next token's begin, on a later line.
        one_line = end is not None and end.line == start.line and end.column > start.column
        return self.source.place(start.line + 1, start.column + 1, end.column + 1 if end and one_line else None)

    def _start_document(self, event: yaml.DocumentStartEvent, place: Place) -> None:
        if self.root is not None:
            raise RecipeSyntaxError(place.problem("a second document begins here", "one file holds one recipe"))
        if event.version is not None and tuple(event.version) != (1, 2):
            self.problems.append(place.problem("recipes are YAML 1.2", "remove the %YAML line"))

    def _start(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, place: Place) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._check_question(place)
        self._check_tag(event.tag, {"map"} if is_mapping else {"seq"}, place)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(place, is_mapping, event.anchor))
        self._check_depth(0, place)

    def _check_question(self, place: Place) -> None:
        """A list's element that begins with `?` and a word: YAML reads a mapping with the word as its key."""
        if place.line is None or place.column is None:
            return
        line = self.source.lines[place.line - 1] if place.line <= len(self.source.lines) else ""
        if self._open and not self._open[-1].is_mapping and re.match(r"\?[^\s,\]}]", line[place.column - 1 :]):
            message = "a text that begins with `?` needs quotes: in a list in brackets it is the sign of a key"
            self.problems.append(place.problem(message, quoted_value(line, place.column - 1)))

    def _end(self, end: Place) -> None:
        closed = self._open.pop()
        if end.line == closed.place.line and end.end_column:
            closed.place = replace(closed.place, end_column=end.end_column)
        node = self._mapping(closed) if closed.is_mapping else list_node(closed.items, closed.place)
        self._add(node, closed.anchor, size=1)

    def _add(self, node: Node, anchor: str | None, size: int | None = None) -> None:
        self._size += node.size if size is None else size
        if self._size > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, aliases followed, are too many for one file"
            raise RecipeSyntaxError(node.place.problem(message))
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].items.append(node)
        else:
            self.root = node

    def _aliased(self, anchor: str, place: Place) -> Node:
        if anchor not in self._anchors:
            hint = f"a text that begins with `*` needs quotes: {show('*' + anchor)}"
            raise RecipeSyntaxError(place.problem(f"there is no anchor {code('&' + anchor)} before this alias", hint))
        node = self._anchors[anchor]
        if node is None:
            hint = "an alias repeats a value that ends before it; write this one out"
            message = f"the alias {code('*' + anchor)} stands inside its own anchor"
            raise RecipeSyntaxError(place.problem(message, hint))
        self._check_depth(node.depth, place)
        return node

    def _check_depth(self, depth: int, place: Place) -> None:
        if len(self._open) + depth > MAX_DEPTH:
            raise RecipeSyntaxError(place.problem(TOO_DEEP))

    def _check_tag(self, tag: str | None, known: set[str], place: Place) -> bool:
        if tag is None or tag == "!" or (tag.startswith(_TAG) and tag.removeprefix(_TAG) in known):
            return True
        shown = "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
        hint = "remove it; a recipe holds text, numbers, booleans, lists and mappings"
        if not tag.startswith(_TAG):
            hint = "remove it; a text that begins with `!` needs quotes, and a file is named by its path alone"
        place = replace(place, end_column=place.column + len(shown) if place.column else None)
        self.problems.append(place.problem(f"the tag {code(shown)} is not allowed here", hint))
        return False

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> ScalarNode:
        plain = not event.style
        tag = event.tag
        if plain and not event.value and tag is None and not event.anchor:
            place = self._before(place)
        if not self._check_tag(tag, {"str", *_SCALAR_TYPES}, place):
            return ScalarNode(None, place)
        if any("\ud800" <= char <= "\udfff" for char in event.value):
            self.problems.append(place.problem("half of a surrogate pair is not a character"))
        if tag in ("!", _TAG + "str") or (tag is None and not plain):
            return scalar_node(event.value, place)
        value = self._resolved(event.value, place)
        wanted = None if tag is None else tag.removeprefix(_TAG)
        if wanted is not None and not self._is_of(value, wanted):
            self.problems.append(place.problem(f"{show(event.value)} is not of the type {code('!!' + wanted)}"))
        if wanted == "float" and isinstance(value, int):
            value = float(value)
        return scalar_node(value, place, event.value)

    def _before(self, place: Place) -> Place:
        """The place of the last character before one at which nothing is written, if the line has one."""
        if place.line is None or place.column is None or place.line > len(self.source.lines):
            return place
        column = len(self.source.lines[place.line - 1][: place.column - 1].rstrip())
        return self.source.place(place.line, column, column + 1) if column else place

    def _resolved(self, text: str, place: Place) -> PlainValue:
        try:
            return resolve(text)
        except ValueError as error:
            hint = f"as text it needs quotes: {show(text)}" if len(text) <= LONGEST_SHOWN else "write a smaller number"
            self.problems.append(place.problem(str(error), hint))
            return None

    @staticmethod
    def _is_of(value: PlainValue, wanted: str) -> bool:
        is_bool = isinstance(value, bool)
        return isinstance(value, _SCALAR_TYPES[wanted]) and is_bool == (wanted == "bool")

    def _mapping(self, closed: _Open) -> MappingNode:
        merged: dict[str, tuple[Place, Node]] = {}
        own: dict[str, tuple[Place, Node]] = {}
        merge_places: list[Place] = []
        for key, value in zip(closed.items[::2], closed.items[1::2], strict=True):
            if len(self.problems) >= MAX_PROBLEMS:
                break
            if isinstance(key, ScalarNode) and key.text == "<<":
                merge_places.append(key.place)
                merged = self._merge(_visible(value, key.place))
            elif not isinstance(key, ScalarNode) or not isinstance(key.value, str):
                self._refuse_key(key)
            elif key.value in own:
                first = own[key.value][0]
                message = f"duplicate key {code(key.value)}"
                self.problems.append(key.place.problem(message, f"the first is in line {first.line}; keep one"))
            else:
                own[key.value] = (key.place, _visible(value, key.place))
        self.problems.extend(p.problem("duplicate merge key `<<`") for p in merge_places[1:])
        return mapping_node({**merged, **own}, closed.place)

    def _merge(self, value: Node) -> dict[str, tuple[Place, Node]]:
        """The entries that `<<` brings: of a mapping, or of a list of them, the earlier ones first."""
        merged: dict[str, tuple[Place, Node]] = {}
        parts = value.items if isinstance(value, ListNode) else [value]
        for part in reversed(parts):
            if len(self.problems) >= MAX_PROBLEMS:
                break
            if not isinstance(part, MappingNode):
                self.problems.append(
                    part.place.problem(
                        "`<<` takes a mapping, or a list of mappings",
                        "as in: <<: *name, where `&name` marks a mapping above",
                    )
                )
                continue
            merged.update(part.entries)
        return merged

    def _refuse_key(self, key: Node) -> None:
        if not isinstance(key, ScalarNode):
            self.problems.append(self._refused_node(key))
            return
        written = key.text if key.text is not None else str(key.value)
        if not written:
            self.problems.append(key.place.problem("a key is missing here", "write `key: value`"))
            return
        hint = f'write "{written}":'
        if (
            key.place.line
            and key.place.column
            and self.source.lines[key.place.line - 1][: key.place.column - 1].endswith(",")
        ):
            hint = "a number or text with a comma needs quotes around all of it in braces"
        self.problems.append(key.place.problem(f"keys are text, and {written} is not", hint))

    def _refused_node(self, key: Node) -> Problem:
        place = key.place
        if place.line is not None and place.column is not None:
            before = self.source.lines[place.line - 1][: place.column]
            if before.endswith("{{"):
                return needs_quotes(self.source.place(place.line, place.column - 1, place.column + 1), "{{")
        return place.problem("a list or mapping cannot be a key", "a text that begins with `{` or `[` needs quotes")
