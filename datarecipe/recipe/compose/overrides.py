"""What a flag says instead of the recipe: `--set key.path=value`, `--var name=value`, `--target-size 50`.

An override replaces a node of the document, marked with its flag; all checks come after, so they are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.errors import OverrideError, Problem, RecipeSyntaxError, UsageError
from datarecipe.exchange import Json
from datarecipe.recipe.compose.merge import long_form
from datarecipe.recipe.format.schema import schema_of
from datarecipe.recipe.source.document import (
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    from_json,
    list_node,
    mapping_node,
    to_json,
)
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.recipe.words import code, printable, shorten

_EXAMPLE = "write --set key.path=value, as in --set strategy.chains=32"


@dataclass(frozen=True, slots=True)
class Override:
    """One value from the command line."""

    path: str
    """Keys with dots between them: `strategy.chains`."""
    value: Json
    flag: str
    """How the user gave it, for messages: `--target-size`, `--set strategy.chains`."""
    written: str | None = None
    """The value's text as it was given without quotes: what it is where a key holds text alone."""

    @property
    def keys(self) -> list[str]:
        """The path in parts."""
        return self.path.split(".")

    @property
    def sets_variable(self) -> bool:
        """Whether it came as `--var`: then there must be a variable of that name."""
        return self.flag.startswith("--var ")


def parse_set(text: str) -> Override:
    """Read `key.path=value`. The value is YAML, by the rules that hold in recipes.

    Raises:
        UsageError: there is no `=`, the path has an empty part, or the value is not YAML.
    """
    path, equals, written = text.partition("=")
    path = path.strip()
    if not equals or not all(path.split(".")):
        raise UsageError(f"--set {printable(shorten(text))}: there is no key.path=value in it", hint=_EXAMPLE)
    if path.split(".")[0] == "extends":
        raise UsageError(
            "--set extends: what a recipe extends stands in its file", hint="write a recipe that extends both"
        )
    return _override(path, written, "--set", path)


def parse_var(text: str) -> Override:
    """Read `name=value`: a value of the recipe's `vars`. Text stays text where the recipe's own value is text.

    Raises:
        UsageError: there is no `=`, the name is none, or the value is not YAML.
    """
    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not name or "." in name:
        hint = "write --var name=value; for a value inside a mapping: --set vars.name.key=value"
        raise UsageError(f"--var {printable(shorten(text))}: there is no name=value in it", hint=hint)
    return _override(f"vars.{name}", written, "--var", name)


def _override(path: str, written: str, option: str, name: str) -> Override:
    flag = f"{option} {printable(name)}"
    if not written.strip():
        return Override(path, None, flag, "")
    try:
        node = parse_yaml(written, flag).root
    except RecipeSyntaxError as error:
        reasons = "; ".join(problem.message for problem in error.problems)
        hint = f"a text with special characters needs quotes: {option} '{printable(name)}=\"...\"'"
        raise UsageError(f"{flag}: {reasons}", hint=hint) from None
    return Override(path, to_json(node), flag, node.text if isinstance(node, ScalarNode) else None)


def apply_overrides(document: Document, overrides: Sequence[Override]) -> Document:
    """The document with the overrides in it, a later one over an earlier one.

    Raises:
        OverrideError: a path leads through something that has no keys.
    """
    root = document.root
    for override in overrides:
        place = Source(override.flag).place()
        root = _replaced(root, override.keys, 0, _node(override, Document(root), place), place)
    return Document(root)


def _node(override: Override, document: Document, place: Place) -> Node:
    value = override.value
    if override.written is not None and not isinstance(value, str) and _holds_text(override.keys, document):
        value = override.written
    try:
        return from_json(value, place)
    except ValueError as error:
        raise OverrideError(place.problem(f"the value cannot stand in a recipe: {error}")) from None


def _replaced(node: Node, keys: list[str], at: int, new: Node, place: Place) -> Node:
    if at == len(keys):
        return new
    key = keys[at]
    if at == 1:
        node = _opened(keys, long_form(keys[0], node))
    if isinstance(node, MappingNode):
        old_place, old = node.entries.get(key, (place, mapping_node({}, place)))
        entry = (place if at == len(keys) - 1 else old_place, _replaced(old, keys, at + 1, new, place))
        return mapping_node({**node.entries, key: entry}, node.place)
    if isinstance(node, ListNode) and key.isdecimal() and int(key) < len(node.items):
        index = int(key)
        items = list(node.items)
        items[index] = _replaced(items[index], keys, at + 1, new, place)
        return list_node(items, node.place)
    raise OverrideError(_no_way(node, keys, at, place))


def _opened(keys: list[str], node: Node) -> Node:
    """The mapping that a path can go on in: the short forms of `labels` and `task` say nothing that their mappings keep."""
    if keys[:2] in (["labels", "per_example"], ["task", "label"], ["task", "options"]):
        return node if isinstance(node, MappingNode) else mapping_node({}, node.place)
    return node


def _holds_text(keys: Sequence[str], document: Document) -> bool:
    """Whether a key holds text and nothing else: by the format, or as its own value shows (`vars`)."""
    schema = schema_of(tuple(keys))
    if schema is not None:
        return bool(schema.get("type") == "string")
    old = document.get(tuple(keys))
    return keys[0] == "vars" and isinstance(old, ScalarNode) and isinstance(old.value, str)


def _no_way(node: Node, keys: list[str], at: int, place: Place) -> Problem:
    parent = code(".".join(keys[:at]))
    if isinstance(node, ListNode):
        message = f"{parent} is a list of {len(node.items)}, and {code(keys[at])} is no position in it"
    else:
        message = f"{parent} has no keys below it"
    return place.problem(message, f"set it as a whole: --set '{'.'.join(keys[:at])}=...'")
