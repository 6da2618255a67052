"""YAML text to a document with marks.

PyYAML (libyaml where it is there) gives the events; all else is done here, so that nothing of YAML 1.1 and no tag can
act: scalars follow YAML 1.2's core schema, only the plain tags of JSON's types are known, duplicate keys are errors.
Aliases and merge keys work; they share nodes, so an alias bomb is counted before it is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from datarecipe.errors import Problem, RecipeSyntaxError
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
    Plain,
    ScalarNode,
    Source,
    unfit,
)
from datarecipe.recipe.source.paths import display, read_source
from datarecipe.recipe.source.source_characters import check_characters
from datarecipe.recipe.source.yaml_hints import template_in_quotes, value_in_quotes
from datarecipe.recipe.source.yaml_scalars import resolve

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPES = {"!!null": (type(None),), "!!bool": (bool,), "!!int": (int,), "!!float": (int, float), "!!str": (str,)}
_COLON = re.compile(r"\s*:")
_QUESTION = re.compile(r"\?[^\s,\]}]")


def parse_yaml(text: str, name: str, path: Path | None = None) -> Document:
    """Read one YAML document. `name` is what messages call it; `path` is its file, from which its paths count.

    Raises:
        RecipeSyntaxError: syntax, characters, duplicate keys, keys that are not text, unknown tags, numbers that JSON
            cannot hold, more than one document, or more nesting or values than a recipe may have.
    """
    source = Source(name, text, path)
    root = _compose(source)
    if root is None:
        hint = "begin with: recipe: 1"
        comment = re.search(r"\S", text)
        if comment is not None:
            raise RecipeSyntaxError(source.at(comment.start()).problem("there are only comments in it", hint))
        raise RecipeSyntaxError(source.place(1, 1).problem("there is nothing in it", hint))
    return Document(root)


def read_yaml_document(path: Path) -> Document | None:
    """A YAML file that is no recipe (a configuration), by the same rules; None when it is empty.

    Raises:
        RecipeError: it cannot be read, or is no YAML.
    """
    resolved = path.resolve()
    root = _compose(read_source(resolved, Source(display(path)).place(), str(path), shown=display(path)))
    return None if root is None else Document(root)


def _compose(source: Source) -> Node | None:
    check_characters(source)
    composer = _Composer(source)
    events, event = yaml.parse(source.text, Loader=_LOADER), None
    while len(composer.problems) < MAX_PROBLEMS:
        last = event
        try:
            event = next(events, None)
        except yaml.MarkedYAMLError as error:
            from datarecipe.recipe.source.yaml_syntax import syntax_problem  # noqa: PLC0415 - for mistakes only

            raise RecipeSyntaxError(syntax_problem(error, last, source, bracket=composer.bracket)) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The reader's errors carry no mark; the last two come from escapes like "\UFFFFFFFF" in the Python parser.
            raise RecipeSyntaxError(source.place(1, 1).problem(f"this is not YAML: {error}")) from None
        if event is None:
            break
        composer.take(event)
    if composer.problems:
        raise RecipeSyntaxError(*composer.problems[:MAX_PROBLEMS])
    return composer.root


def _visible(value: Node, key: Place) -> Node:
    """The value; where nothing was written for it, placed at its key, for messages to point at."""
    if not isinstance(value, ScalarNode) or value.text != "":
        return value
    # Where nothing is, libyaml ends it at whatever comes next, perhaps lines below.
    colon = _COLON.match(key.line_text, (key.end_column or 1) - 1)
    return replace(value, place=key, end=None if colon is None or value.end is None else key.in_line(colon.end()))


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    place: Place
    is_mapping: bool
    in_brackets: bool
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

    @property
    def bracket(self) -> Place | None:
        """Where the outermost `[...]` or `{...}` begins that has no end yet."""
        return next((each.place for each in self._open if each.in_brackets), None)

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

    def _tell(self, place: Place, message: str, hint: str | None = None) -> None:
        self.problems.append(place.problem(message, hint))

    def _start_document(self, event: yaml.DocumentStartEvent, place: Place) -> None:
        if self.root is not None:
            raise RecipeSyntaxError(place.problem("a second document begins here", "one file holds one recipe"))
        if event.version is not None and tuple(event.version) != (1, 2):
            self._tell(place, "recipes are YAML 1.2", "remove the %YAML line")

    def _start(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, place: Place) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._check_question(place)
        self._check_tag(_short(event.tag), {"!!map"} if is_mapping else {"!!seq"}, place)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(place, is_mapping, bool(event.flow_style), event.anchor))
        self._check_depth(0, place)

    def _check_question(self, place: Place) -> None:
        """A list's element that begins with `?` and a word: YAML reads a mapping with the word as its key."""
        if self._open and not self._open[-1].is_mapping and _QUESTION.match(place.line_text, place.index):
            message = "a text that begins with `?` needs quotes: in a list in brackets it is the sign of a key"
            self._tell(place, message, value_in_quotes(place))

    def _end(self, end: Place) -> None:
        closed = self._open.pop()
        if end.line == closed.place.line and end.end_column:
            closed.place = replace(closed.place, end_column=end.end_column)
        node = self._mapping(closed) if closed.is_mapping else ListNode(closed.items, closed.place)
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

    def _check_tag(self, tag: str | None, known: Collection[str], place: Place) -> bool:
        if tag is None or tag == "!" or tag in known:
            return True
        hint = "remove it; a recipe holds text, numbers, booleans, lists and mappings"
        if not tag.startswith("!!"):
            hint = "remove it; a text that begins with `!` needs quotes, and a file is named by its path alone"
        self._tell(place.long(len(tag)), f"the tag {code(tag)} is not allowed here", hint)
        return False

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> ScalarNode:
        plain = not event.style
        tag = _short(event.tag)
        end = None
        if plain and tag is None and not event.anchor and event.end_mark is not None:
            end = self.source.place(event.end_mark.line + 1, event.end_mark.column + 1)
            place = place if event.value else self._before(place)
        if not self._check_tag(tag, _TYPES, place):
            return ScalarNode(None, place)
        if (message := unfit(event.value)) is not None:
            self._tell(place, message)
        if tag in ("!", "!!str") or (tag is None and not plain):
            return ScalarNode(event.value, place, anchor=event.anchor)
        value = self._resolved(event.value, place)
        if tag is not None and type(value) not in _TYPES[tag]:
            self._tell(place, f"{show(event.value)} is not of the type {code(tag)}")
        if tag == "!!float" and isinstance(value, int):
            value = float(value)
        return ScalarNode(value, place, event.value, end, event.anchor)

    def _before(self, place: Place) -> Place:
        """The place of the last character before one at which nothing is written, if the line has one."""
        before = place.line_text[: place.index].rstrip()
        return place.in_line(len(before) - 1) if before else place

    def _resolved(self, text: str, place: Place) -> Plain:
        try:
            return resolve(text)
        except ValueError as error:
            hint = f"as text it needs quotes: {show(text)}" if len(text) <= LONGEST_SHOWN else "write a smaller number"
            self._tell(place, str(error), hint)
            return None

    def _mapping(self, closed: _Open) -> MappingNode:
        merged: dict[str, tuple[Place, Node]] = {}
        own: dict[str, tuple[Place, Node]] = {}
        merges = 0
        for key, value in zip(closed.items[::2], closed.items[1::2], strict=True):
            if len(self.problems) >= MAX_PROBLEMS:
                break
            if isinstance(key, ScalarNode) and key.text == "<<":
                merges += 1
                if merges > 1:
                    self._tell(key.place, "duplicate merge key `<<`")
                merged = self._merge(_visible(value, key.place))
            elif not isinstance(key, ScalarNode) or not isinstance(key.value, str):
                self.problems.append(_refused(key))
            elif key.value in own:
                hint = f"the first is in line {own[key.value][0].line}; keep one"
                self._tell(key.place, f"duplicate key {code(key.value)}", hint)
            else:
                own[key.value] = (key.place, _visible(value, key.place))
        return MappingNode({**merged, **own}, closed.place)

    def _merge(self, value: Node) -> dict[str, tuple[Place, Node]]:
        """The entries that `<<` brings: of a mapping, or of a list of them, the earlier ones first."""
        merged: dict[str, tuple[Place, Node]] = {}
        parts = value.items if isinstance(value, ListNode) else [value]
        for part in reversed(parts):
            if len(self.problems) >= MAX_PROBLEMS:
                break
            if not isinstance(part, MappingNode):
                hint = "as in: <<: *name, where `&name` marks a mapping above"
                self._tell(part.place, "`<<` takes a mapping, or a list of mappings", hint)
                continue
            merged.update(part.entries)
        return merged


def _short(tag: str | None) -> str | None:
    """A tag as people write it: `!!int`."""
    return None if tag is None else tag.replace("tag:yaml.org,2002:", "!!", 1)


def _refused(key: Node) -> Problem:
    place = key.place
    before = place.line_text[: place.index]
    if not isinstance(key, ScalarNode):
        if before.endswith("{") and place.line_text.startswith("{", place.index):
            return template_in_quotes(place.in_line(place.index - 1, 2), "{{")
        return place.problem("a list or mapping cannot be a key", "a text that begins with `{` or `[` needs quotes")
    written = key.text if key.text is not None else str(key.value)
    if not written:
        return place.problem("a key is missing here", "write `key: value`")
    hint = f'write "{written}":'
    if before.endswith(","):
        hint = "a number or text with a comma needs quotes around all of it in braces"
    return place.problem(f"keys are text, and {written} is not", hint)
