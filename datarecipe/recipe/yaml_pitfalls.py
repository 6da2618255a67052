"""YAML that is legal and reads otherwise than it looks: a comma, a `#`, an `&` or a code of digits that was meant as text.

Only plain scalars are looked at, those without quotes: their nodes know what was written. JSON has none of these traps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from datarecipe.errors import Problem
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.message_text import code, join, show
from datarecipe.recipe.recipe import Task
from datarecipe.recipe.source.document import Document, ListNode, MappingNode, Node, Place, ScalarNode, nodes_within
from datarecipe.recipe.source.paths import is_path
from datarecipe.recipe.source.yaml_hints import in_quotes, line_in_quotes
from datarecipe.recipe.source.yaml_scalars import scalar

_TEXTS = ("description", "instruction", "seed_example", "labels", "vars", "vary", "tags")
"""Keys with texts that people write freely; elsewhere a word with a comment after it is just that."""
_COMMENT = re.compile(r"\s+(#[^\W_].*)")
_COLON = re.compile(r"\s*:")
_ALIAS = re.compile(r"\*([\w-]+)")
_PADDED = re.compile(r"[-+]?0[0-9]+")
_NAMED = 5


def pitfalls(document: Document, seeds: Sequence[Seed], task: Task) -> Iterator[Problem]:
    """What the author surely meant otherwise, as many of it as are told."""
    found = (_commas(document.root), _anchors(document.root), _comments(document), _spellings(document, seeds, task))
    return islice(chain.from_iterable(found), MAX_PROBLEMS)


def _commas(root: Node) -> Iterator[Problem]:
    """Keys without a value in braces: what follows a comma in a text without quotes."""
    for mapping in (node for node in nodes_within(root) if isinstance(node, MappingNode)):
        before: tuple[str, Node] | None = None
        last: tuple[str, Place] | None = None
        for key, (place, value) in (*mapping.entries.items(), ("", (mapping.place, mapping))):
            if _lacks_value(key, place, value):
                last = key, place
                continue
            if last is not None:  # the last one of the text tells of all
                message = f"{code(last[0])} stands in braces without a value, so it is a key whose value is null"
                yield last[1].warning(message, _with_comma(before, *last))
            before, last = (key, value), None


def _lacks_value(key: str, place: Place, value: Node) -> bool:
    if not isinstance(value, ScalarNode) or value.text != "" or place.line is None:
        return False
    line = place.line_text
    end = place.index + len(key) if line.startswith(key, place.index) else (place.end_column or 0) - 1
    return end >= 0 and _COLON.match(line, end) is None


def _with_comma(before: tuple[str, Node] | None, key: str, place: Place) -> str:
    """The text with its comma in quotes, where all of it stands on one line."""
    if before is not None and isinstance(before[1], ScalarNode) and before[1].text:
        start = before[1].place
        if (start.source, start.line) == (place.source, place.line):
            text = in_quotes(place.line_text[start.index : place.index + len(key)])
            return f"a text with a comma needs quotes there; write: {scalar(before[0], in_list=True)}: {text}"
    return "a text with a comma needs quotes there, around all of it; a key needs a `:` and a value"


def _anchors(root: Node) -> Iterator[Problem]:
    """Texts that begin with `&` and a word, which is an anchor; real ones are named by an alias."""
    named: dict[str, frozenset[str]] = {}
    for node in nodes_within(root):
        if not isinstance(node, ScalarNode) or node.anchor is None:
            continue
        source = node.place.source
        if source.name not in named:
            named[source.name] = frozenset(_ALIAS.findall(source.text))
        if node.anchor not in named[source.name]:
            message = f"{code('&' + node.anchor)} is an anchor to YAML, which no alias names, and no part of the text"
            place = node.place if node.text == "" else node.place.long(len(node.anchor) + 1)
            yield place.warning(message, "a text that begins with `&` needs quotes")


def _comments(document: Document) -> Iterator[Problem]:
    """Texts that end before a `#` which stands right before a word, as in `I love #python`."""
    for key in _TEXTS:
        top = document.get((key,))
        for node in nodes_within(top) if top is not None else ():
            if not isinstance(node, ScalarNode) or node.end is None or not isinstance(node.value, str | None):
                continue
            line, text = node.end.line_text, node.text or ""
            found = _COMMENT.match(line, node.end.index)
            if found is None or is_path(text):
                continue
            what = f"so the text ends before it: {show(text)}" if text else "so nothing stands here"
            whole = line_in_quotes(line) if node.place.line == node.end.line and not re.search(r"[\[{]", line) else None
            hint = f"{whole or 'put the whole text into quotes'}; or write a space after the `#` of a comment"
            comment = node.end.in_line(found.start(1), len(found[1].rstrip()))
            yield comment.warning(f"what follows ` #` is a comment in YAML, {what}", hint)


def _spellings(document: Document, seeds: Sequence[Seed], task: Task) -> Iterator[Problem]:
    """Labels, options and values of `vary` that lose how they were written; codes elsewhere that lose a zero."""
    lists = [("label", document.get(("labels",)))]
    vary = document.get(("vary",))
    if isinstance(vary, MappingNode):
        lists += [(f"value of `vary.{name}`", node) for name, (_, node) in vary.entries.items()]
    lists += [("option", _field(seed, task.options_field)) for seed in seeds]
    told: list[ScalarNode] = []
    for what, node in lists:
        if isinstance(node, ListNode):
            choices = [*map(_choice, node.items)]
            told += (lost := _rewritten(choices))
            yield from _lost(what, lost)
            yield from _among_texts(what, choices)
    told += (lost := _rewritten(_field(seed, task.label_field) for seed in seeds))
    yield from _lost("answer", lost)
    known = set(map(id, told))
    for top in (document.get(("vars",)), document.get(("seed_example",))):
        if top is not None:
            codes = (node for node in _rewritten(nodes_within(top)) if _PADDED.fullmatch(node.text or ""))
            yield from _lost("value", [node for node in codes if id(node) not in known])


def _field(seed: Seed, name: str | None) -> Node | None:
    return None if name is None else seed.document.get((*seed.keys, name))


def _choice(node: Node) -> Node:
    """The value of an element of `vary`, which may stand beside its weight."""
    return node.entries["value"][1] if isinstance(node, MappingNode) and "value" in node.entries else node


def _rewritten(nodes: Iterable[Node | None]) -> list[ScalarNode]:
    """Numbers that a dataset writes otherwise than the recipe does."""
    plain = (node for node in nodes if isinstance(node, ScalarNode) and node.text)
    return [node for node in plain if type(node.value) in (int, float) and repr(node.value) != node.text]


def _among_texts(what: str, nodes: Sequence[Node]) -> Iterator[Problem]:
    scalars = [node for node in nodes if isinstance(node, ScalarNode)]
    texts = {node.value.casefold() for node in scalars if isinstance(node.value, str)}
    if texts:
        for node in scalars:
            if isinstance(node.value, bool) and node.text and node.text.casefold() not in texts:
                message = f"the {what} {node.text} is a boolean, and stands among texts"
                yield node.place.warning(message, f'write "{node.text}" for text')


def _lost(what: str, nodes: Sequence[ScalarNode]) -> Iterator[Problem]:
    if not nodes:
        return
    texts, values = [node.text or "" for node in nodes[:_NAMED]], [repr(node.value) for node in nodes[:_NAMED]]
    more = ["others"] if len(nodes) > _NAMED else []
    if len(nodes) == 1:
        message = f"the {what} {texts[0]} is read as the number {values[0]}"
    else:
        message = f"the {what}s {join([*texts, *more], 'and')} are read as the numbers {join([*values, *more], 'and')}"
    hint = f"write {', '.join(map(in_quotes, texts))} for text, or the number as it is read"
    yield nodes[0].place.warning(message, hint)
