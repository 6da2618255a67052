"""What a template makes alike each time it is rendered, where only some names change between renderings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from jinja2 import nodes


class SteadyPart(NamedTuple):
    """What came of one statement: its text, the names that it set, how many were known before, its last line, its costs."""

    text: str
    names: Mapping[str, Any]
    known: int
    line: int
    operations: int
    iterations: int
    characters: int


class SteadyParts:
    """The statements at a template's top that neither read nor set what changes, with what the first rendering made of them.

    What changes is the names given and all that a statement sets which has one of them. Values are never changed in place,
    so what a steady statement makes depends on other steady statements alone.
    """

    def __init__(self, root: nodes.Template, changing: Iterable[str]) -> None:
        changed = set(changing)
        self._set_by: dict[int, frozenset[str]] = {}
        """What each steady statement may set, by its number."""
        self.made: dict[int, SteadyPart] = {}
        """By the statement's number; written by the evaluator."""
        for number, statement in enumerate(root.body):
            names = list(statement.find_all(nodes.Name))
            own = frozenset(name.name for name in names if name.ctx != "load")
            if changed.isdisjoint(name.name for name in names):
                self._set_by[number] = own
            else:
                changed |= own

    def may_keep(self, number: int) -> bool:
        """Whether the statement is steady, and not rendered yet."""
        return number in self._set_by and number not in self.made

    def set_by(self, number: int, names: Mapping[str, Any]) -> dict[str, Any]:
        """Of `names`, those that the statement may have set."""
        return {name: names[name] for name in self._set_by[number] if name in names}
