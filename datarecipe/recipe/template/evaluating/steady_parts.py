"""What a template makes alike each time it is rendered, where only some names change between renderings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from jinja2 import nodes


class SteadyPart(NamedTuple):
    """What came of one step: its text, the names that it set, how many were known before, its last line, its costs."""

    text: str
    names: Mapping[str, Any]
    known: int
    line: int
    operations: int
    iterations: int
    characters: int


class Step(NamedTuple):
    """A statement at a template's top, or some of the parts that one writes out."""

    node: nodes.Node
    goes_on: bool = False
    """Whether the step before began the same statement."""


class SteadyParts:
    """The steps of a template that neither read nor set what changes, with what the first rendering made of them.

    What changes is the names given and all that a statement sets which has one of them. Values are never changed in place,
    so what a steady statement makes depends on other steady statements alone.
    """

    def __init__(self, root: nodes.Template, changing: Iterable[str]) -> None:
        changed = set(changing)
        self.steps: list[Step] = []
        """All of them, in order: together they do what the template's statements do."""
        self._set_by: dict[int, frozenset[str]] = {}
        """What each steady step may set, by its number."""
        self.made: dict[int, SteadyPart] = {}
        """By the step's number; written by the evaluator."""
        for statement in root.body:
            if isinstance(statement, nodes.Output):
                self._add_pieces(statement, changed)
                continue
            names = list(statement.find_all(nodes.Name))
            own = frozenset(name.name for name in names if name.ctx != "load")
            if changed.isdisjoint(name.name for name in names):
                self._set_by[len(self.steps)] = own
            else:
                changed |= own
            self.steps.append(Step(statement))

    def _add_pieces(self, statement: nodes.Output, changed: Collection[str]) -> None:
        """A statement that writes out parts, in pieces that are steady and pieces that are not. It sets no name."""

        def is_steady(part: nodes.Node) -> bool:
            if isinstance(part, nodes.TemplateData):
                return True
            names = [part] if isinstance(part, nodes.Name) else part.find_all(nodes.Name)
            return not any(name.name in changed for name in names)

        for number, (steady, parts) in enumerate(groupby(statement.nodes, is_steady)):
            if steady:
                self._set_by[len(self.steps)] = frozenset()
            self.steps.append(Step(nodes.Output(list(parts), lineno=statement.lineno), goes_on=number > 0))

    def may_keep(self, number: int) -> bool:
        """Whether the step is steady, and not rendered yet."""
        return number in self._set_by and number not in self.made

    def set_by(self, number: int, names: Mapping[str, Any]) -> dict[str, Any]:
        """Of `names`, those that the step may have set."""
        return {name: names[name] for name in self._set_by[number] if name in names}
