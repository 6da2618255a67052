"""`extends`: a recipe with the recipes that it builds on, as one document.

The bases come first, in the order written, each over the ones before; the recipe itself comes last. A base may extend
others. How many files are read for a recipe, and how much they hold, is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datarecipe.errors import CompositionError
from datarecipe.recipe.compose.merge import merged
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.format.release import check_release
from datarecipe.recipe.source.document import (
    MAX_NODES,
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
    mapping_node,
)
from datarecipe.recipe.source.paths import is_path
from datarecipe.recipe.words import show

MAX_FILES = 100
"""Recipes that one recipe may build on, each counted as often as an `extends` names it: each time it is read."""

KEY = "extends"

ReadDocument = Callable[[str, Place], Document]
"""Reads and parses the recipe that a value names, given where the value was written."""


def compose(document: Document, read: ReadDocument) -> Document:
    """The document with what it extends under it; `extends` itself is gone.

    An `extends` that is no path or list of paths stays where it is, for the format's check to refuse.

    Raises:
        CompositionError: recipes extend each other in a circle, or there are too many.
        RecipeError: a base cannot be read, is unsafe to read, is no recipe, or needs another release; all of them at once.
    """
    check_release(document)
    if document.get((KEY,)) is None:
        return document
    return Document(_Composer(read).composed(document, ()))


class _Composer:
    def __init__(self, read: ReadDocument) -> None:
        self._read = read
        self._composed: dict[Path | None, MappingNode] = {}
        self._files = 0
        self._values = 0

    def composed(self, document: Document, chain: tuple[Source, ...]) -> MappingNode:
        root = document.root
        assert isinstance(root, MappingNode)
        bases = written_bases(document)
        if bases is None:
            return root
        source = root.place.source
        findings = Findings(source.name)
        under = mapping_node({}, root.place)
        for base in bases[: MAX_FILES + 1]:  # one more than may be: so that it is told, once
            with findings:
                under = merged(under, self._base(base, (*chain, source)))
        findings.raise_all()
        own = {key: entry for key, entry in root.entries.items() if key != KEY}
        whole = merged(under, mapping_node(own, root.place))
        if whole.size > MAX_NODES:
            raise _too_large(document.place((KEY,)))
        return whole

    def _base(self, node: ScalarNode, chain: tuple[Source, ...]) -> MappingNode:
        written = str(node.value)
        if not is_path(written):
            message = f"{show(written)} is not the path of a recipe"
            raise CompositionError(
                node.place.problem(message, "a path has a suffix or a slash: extends: bases/common.yaml")
            )
        self._files += 1
        if self._files > MAX_FILES:
            raise CompositionError(node.place.problem(f"a recipe may build on {MAX_FILES} recipes at most"))
        document = self._read(written, node.place)
        source = document.root.place.source
        self._values += document.root.size
        if self._values > MAX_NODES:
            raise _too_large(node.place)
        if source.path in [link.path for link in chain]:
            around = " -> ".join(
                link.name for link in (*chain[[link.path for link in chain].index(source.path) :], source)
            )
            message = f"recipes extend each other in a circle: {around}"
            raise CompositionError(node.place.problem(message, "take one of these `extends` out"))
        if source.path not in self._composed:
            try:
                check_release(document)
                self._composed[source.path] = self.composed(document, chain)
            except RecursionError:
                raise CompositionError(node.place.problem("recipes extend each other too deeply here")) from None
        return self._composed[source.path]


def _too_large(place: Place) -> CompositionError:
    return CompositionError(place.problem(f"with all that it extends the recipe has more than {MAX_NODES:,} values"))


def written_bases(document: Document) -> list[ScalarNode] | None:
    """The paths in `extends`, or None if there is no such key or it does not hold paths."""
    node = document.get((KEY,))
    nodes: list[Node] = list(node.items) if isinstance(node, ListNode) else [] if node is None else [node]
    bases = [item for item in nodes if isinstance(item, ScalarNode) and isinstance(item.value, str)]
    return bases if bases and len(bases) == len(nodes) else None
