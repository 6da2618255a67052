"""What a flag says instead of the recipe: `--set key.path=value`, `--var name=value`, `--target-size 50`.

An override replaces a node of the document, marked with its flag; all checks come after, so they are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from datarecipe.errors import OverrideError, Problem, RecipeSyntaxError, UsageError
from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe.compose.merge import long_form, takes_away
from datarecipe.recipe.format.schema_file import required_keys, schema_of
from datarecipe.recipe.message_text import code, did_you_mean, join, shorten
from datarecipe.recipe.source.document import (
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    from_json,
    to_json,
)
from datarecipe.recipe.source.yaml_scalars import NULLS
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.recipe.template import names_read

_NUMBER = re.compile(r"[-+]?(?:0[xo][0-9a-fA-F]+|[0-9.]+(?:[eE][-+]?[0-9]+)?)")
_EXAMPLE = "write --set key.path=value, as in --set strategy.chains=32"


@dataclass(frozen=True, slots=True)
class Override:
    """One value from the command line."""

    path: str | tuple[str, ...]
    """Keys with dots between them, `strategy.chains`, or one by one."""
    value: Json
    flag: str
    """How the user gave it, for messages: `--target-size`, `--set strategy.chains`."""
    written: str | None = None
    """The value as it was given, unless that was in quotes: what it is where a key holds text alone."""
    mistake: str | None = None
    """Why `written` is not YAML, when it is not; where a key holds text alone it need not be."""
    is_variable: bool = False
    """Whether it is one of `vars`, which must be there: a misspelt one would change nothing and say nothing."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The path in parts."""
        return tuple(self.path.split(".")) if isinstance(self.path, str) else self.path


def parse_set(text: str) -> Override:
    """Read `key.path=value`. The value is YAML, by the rules that hold in recipes.

    Raises:
        UsageError: there is no `=`, or the path has an empty part.
    """
    path, equals, written = text.partition("=")
    path = path.strip()
    if not equals or not all(path.split(".")):
        raise UsageError(f"--set {printable(shorten(text))}: there is no key.path=value in it", hint=_EXAMPLE)
    return _override(path, written, f"--set {printable(path)}")


def parse_var(text: str) -> Override:
    """Read `name=value`: a value of the recipe's `vars`. Text stays text where the recipe's own value is text.

    Raises:
        UsageError: there is no `=`, or the name is none.
    """
    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not name or "." in name:
        hint = "write --var name=value; for a value inside a mapping: --set vars.name.key=value"
        raise UsageError(f"--var {printable(shorten(text))}: there is no name=value in it", hint=hint)
    return replace(_override(f"vars.{name}", written, f"--var {printable(name)}"), is_variable=True)


def _override(path: str, written: str, flag: str) -> Override:
    if not written.strip():
        return Override(path, None, flag, "")
    try:
        node = parse_yaml(written, flag).root
    except RecipeSyntaxError as error:
        reasons = "; ".join(problem.message for problem in error.problems)
        return Override(path, None, flag, written.strip(), reasons)
    quoted = isinstance(node, ScalarNode) and node.text is None
    return Override(path, to_json(node), flag, None if quoted else written.strip())


def apply_overrides(document: Document, overrides: Sequence[Override]) -> Document:
    """The document with the overrides in it, a later one over an earlier one.

    Raises:
        OverrideError: a path leads through something that has no keys, or a value cannot stand there.
    """
    root = document.root
    for override in overrides:
        place = Source(override.flag).place()
        if override.keys[0] == "extends":
            message = "what a recipe extends stands in its file"
            raise OverrideError(place.problem(message, "write a recipe that extends both"))
        node = _node(override, Document(root), place)
        # Of what every recipe has nothing is taken away.
        if override.keys[0] not in required_keys() and takes_away(override.keys, node):
            root = _without(root, override.keys)
        else:
            root = _replaced(root, override.keys, 0, node, place)
    return Document(root)


def check_variables(overrides: Sequence[Override], written: Document, template: str) -> None:
    """Every `--var` names one of the recipe's `vars` as `written` before any override, or one that the template reads.

    Raises:
        OverrideError: with a problem for each that does not.
    """
    named = [override for override in overrides if override.is_variable]
    read = names_read(template) if named else None
    if read is None:
        return
    declared = written.get(("vars",))
    known = {*(declared.entries if isinstance(declared, MappingNode) else ()), *read}
    listed = f"its variables are {join(map(code, sorted(known)), 'and')}" if known else "it has none in `vars`"
    problems = []
    for override in named:
        name = override.keys[1]
        if name not in known:
            hint = did_you_mean(name, known) or listed
            problems.append(Source(override.flag).place().problem(f"the recipe has no variable {code(name)}", hint))
    if problems:
        raise OverrideError(*problems)


def _node(override: Override, document: Document, place: Place) -> Node:
    value = override.value
    if override.written is not None and _holds_text(override.keys, document):
        # Without quotes YAML would read `C # lang`, `a: b` and 2026 otherwise than they are meant here.
        own = override.keys[0] == "vars"
        value = override.written if own or override.written not in NULLS else None
    elif override.mistake is not None:
        option, _, name = override.flag.partition(" ")
        hint = f"a text with special characters needs quotes: {option} '{name}=\"...\"'"
        # Quotes do not mend a number that no recipe can hold.
        is_number = _NUMBER.fullmatch(override.written or "") is not None
        raise OverrideError(place.problem(override.mistake, None if is_number else hint))
    try:
        return from_json(value, place)
    except ValueError as error:
        raise OverrideError(place.problem(f"the value cannot stand in a recipe: {error}")) from None


def _without(node: Node, keys: tuple[str, ...]) -> Node:
    if not isinstance(node, MappingNode) or keys[0] not in node.entries:
        return node
    entries = dict(node.entries)
    if len(keys) == 1:
        del entries[keys[0]]
    else:
        place, inner = entries[keys[0]]
        entries[keys[0]] = (place, _without(inner, keys[1:]))
    return MappingNode(entries, node.place)


def _replaced(node: Node, keys: tuple[str, ...], at: int, new: Node, place: Place) -> Node:
    if at == len(keys):
        return new
    key = keys[at]
    if at == 1:
        node = _opened(keys, long_form(keys[0], node))
    if isinstance(node, MappingNode):
        old_place, old = node.entries.get(key, (place, MappingNode({}, place)))
        entry = (place if at == len(keys) - 1 else old_place, _replaced(old, keys, at + 1, new, place))
        return MappingNode({**node.entries, key: entry}, node.place)
    if isinstance(node, ListNode) and key in map(str, range(len(node.items))):
        items = list(node.items)
        items[int(key)] = _replaced(items[int(key)], keys, at + 1, new, place)
        return ListNode(items, node.place)
    raise OverrideError(_no_way(node, keys, at, place))


def _opened(keys: tuple[str, ...], node: Node) -> Node:
    """The mapping that a path can go on in: the short forms of `labels` and `task` say nothing that their mappings keep."""
    if keys[:2] in (("labels", "per_example"), ("task", "label"), ("task", "options")):
        return node if isinstance(node, MappingNode) else MappingNode({}, node.place)
    return node


def _holds_text(keys: tuple[str, ...], document: Document) -> bool:
    """Whether a key holds text and nothing else: by the format, or as its own value shows (`vars`)."""
    schema = schema_of(keys)
    if schema is not None:
        return bool(schema.get("type") == "string")
    old = document.get(keys)
    return keys[0] == "vars" and isinstance(old, ScalarNode) and isinstance(old.value, str)


def _no_way(node: Node, keys: tuple[str, ...], at: int, place: Place) -> Problem:
    parent = code(".".join(keys[:at]))
    if isinstance(node, ListNode):
        message = f"{parent} is a list of {len(node.items)}, and {code(keys[at])} is no position in it"
    else:
        message = f"{parent} has no keys below it"
    return place.problem(message, f"set it as a whole: --set '{'.'.join(keys[:at])}=...'")
