"""Values as they stand in a file: a tree that may hold what no value can (a key twice, an alias, broken text)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from datarecipe.exchange import Json


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that is written as it is: `*a`, `1e999`, ten thousand brackets."""

    text: str


@dataclass(slots=True)
class Seq:
    """A list."""

    items: list[Tree]


@dataclass(slots=True)
class Pair:
    """A key with its value."""

    key: str | Raw
    value: Tree


@dataclass(slots=True)
class Map:
    """A mapping; a key may stand in it twice."""

    pairs: list[Pair]


@dataclass(slots=True)
class Named:
    """A value with an anchor."""

    anchor: str
    value: Tree = field(default=None)


Tree: TypeAlias = bool | int | float | str | Raw | Seq | Map | Named | None


def tree_of(value: Json) -> Tree:
    """The tree of a plain value. A fresh one each time, since mutators change it in place."""
    if isinstance(value, dict):
        return Map([Pair(key, tree_of(item)) for key, item in value.items()])
    if isinstance(value, list):
        return Seq([tree_of(item) for item in value])
    return value


def copy_of(tree: Tree) -> Tree:
    """A tree that shares nothing with `tree`."""
    if isinstance(tree, Map):
        return Map([Pair(pair.key, copy_of(pair.value)) for pair in tree.pairs])
    if isinstance(tree, Seq):
        return Seq([copy_of(item) for item in tree.items])
    if isinstance(tree, Named):
        return Named(tree.anchor, copy_of(tree.value))
    return tree


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_NOT_PLAIN = frozenset({"true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL"})
_BLOCK = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff][^\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u2028\u2029]*"
)


def to_json(tree: Tree, *, ascii_only: bool = False) -> str:
    """JSON; also YAML in flow style."""
    if isinstance(tree, Map):
        return "{" + ", ".join(f"{_key(p.key)}: {to_json(p.value, ascii_only=ascii_only)}" for p in tree.pairs) + "}"
    if isinstance(tree, Seq):
        return "[" + ", ".join(to_json(item, ascii_only=ascii_only) for item in tree.items) + "]"
    if isinstance(tree, Raw):
        return tree.text
    if isinstance(tree, Named):
        return f"&{tree.anchor} {to_json(tree.value, ascii_only=ascii_only)}"
    return _number(tree) if isinstance(tree, int) else json.dumps(tree, ensure_ascii=ascii_only)


def to_yaml(tree: Tree, chance: Random) -> str:
    """YAML in one of its styles."""
    style = chance.random()
    if style < 0.1:
        return to_json(tree)
    return "\n".join(_block(tree, "", 0.15 if style < 0.5 else 0.85, chance)).lstrip("\n") + "\n"


def _block(tree: Tree, indent: str, flow: float, chance: Random) -> Iterator[str]:
    """Lines of a value. The first one goes on where its key or dash stands."""
    head = ""
    if isinstance(tree, Named):
        head, tree = f"&{tree.anchor} ", tree.value
    if isinstance(tree, Map) and tree.pairs and (not indent or chance.random() > flow):
        yield head
        for pair in tree.pairs:
            first, *rest = _block(pair.value, indent + "  ", flow, chance)
            yield f"{indent}{_key(pair.key, plain=True)}: {first}"
            yield from rest
    elif isinstance(tree, Seq) and tree.items and (not indent or chance.random() > flow):
        yield head
        for item in tree.items:
            first, *rest = _block(item, indent + "  ", flow, chance)
            yield f"{indent}- {first}"
            yield from rest
    elif isinstance(tree, str):
        yield from _text(tree, indent, head, chance)
    else:
        yield head + to_json(tree)


def _text(text: str, indent: str, head: str, chance: Random) -> Iterator[str]:
    if "\n" in text and indent and _BLOCK.fullmatch(text) and chance.random() < 0.8:
        yield head + ("|" if text.endswith("\n") else "|-")
        for line in text.removesuffix("\n").split("\n"):
            yield indent + line
    elif len(text) < 200 and text not in _NOT_PLAIN and _PLAIN.fullmatch(text):
        yield head + text
    elif chance.random() < 0.2 and text.isprintable():
        yield head + "'" + text.replace("'", "''") + "'"
    else:
        yield head + json.dumps(text, ensure_ascii=False)


def _key(key: str | Raw, *, plain: bool = False) -> str:
    if isinstance(key, Raw):
        return key.text
    if plain and key not in _NOT_PLAIN and _PLAIN.fullmatch(key):
        return key
    return json.dumps(key, ensure_ascii=False)


def _number(value: int) -> str:
    # Python refuses to write whole numbers of more than 4,300 digits in tens.
    return json.dumps(value) if value is True or value is False or value.bit_length() < 10_000 else "9" * 5_000


def children(tree: Tree) -> int:
    """How many values stand directly in `tree`."""
    return len(tree.pairs) if isinstance(tree, Map) else len(tree.items) if isinstance(tree, Seq) else 0


def child(tree: Tree, index: int) -> Tree:
    """The value number `index` of those that stand in `tree`."""
    if isinstance(tree, Map):
        return tree.pairs[index].value
    assert isinstance(tree, Seq)
    return tree.items[index]


def replace_child(tree: Tree, index: int, value: Tree) -> None:
    """Put `value` in the place number `index` of `tree`."""
    if isinstance(tree, Map):
        tree.pairs[index].value = value
    else:
        assert isinstance(tree, Seq)
        tree.items[index] = value


def plain_value(tree: Tree) -> Any:
    """The plain value of a tree without raw text and anchors."""
    if isinstance(tree, Map):
        return {str(pair.key): plain_value(pair.value) for pair in tree.pairs}
    return [plain_value(item) for item in tree.items] if isinstance(tree, Seq) else tree
