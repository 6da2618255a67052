"""`extends`: a recipe with the recipes that it builds on, as one document.

The bases come first, in the order written, each over the ones before; the recipe itself comes last. A base may extend
others. How many files are read for a recipe, and how much they hold, is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datarecipe.errors import CompositionError, RecipeError
from datarecipe.recipe.compose.merge import merged
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.format.release import check_release
from datarecipe.recipe.message_text import show
from datarecipe.recipe.source.document import (
    MAX_NODES,
    Document,
    ListNode,
    MappingNode,
    Node,
    Place,
    ScalarNode,
    Source,
)
from datarecipe.recipe.source.paths import is_path

MAX_FILES = 100
"""Recipes that one recipe may build on, each counted as often as an `extends` names it."""

KEY = "extends"

FindFile = Callable[[str, Place], Path]
"""Where the recipe is that a value names, given where the value was written; absolute, symlinks resolved."""

ReadDocument = Callable[[Path, str, Place], Document]
"""Reads and parses that recipe."""


def compose(document: Document, find: FindFile, read: ReadDocument) -> Document:
    """The document with what it extends under it; `extends` itself is gone.

    An `extends` that is no path or list of paths stays where it is, for the format's check to refuse.

    Raises:
        CompositionError: recipes extend each other in a circle, or there are too many.
        RecipeError: a base cannot be read, is unsafe to read, is no recipe, or needs another release; all of them at once.
    """
    check_release(document)
    if document.get((KEY,)) is None:
        return document
    return Document(_Composer(find, read).composed(document, ()))


class _Composer:
    def __init__(self, find: FindFile, read: ReadDocument) -> None:
        self._find = find
        self._read = read
        self._composed: dict[Path, MappingNode | RecipeError] = {}
        self._mentions = 0
        self._values = 0

    def composed(self, document: Document, chain: tuple[Source, ...]) -> MappingNode:
        root = document.root
        assert isinstance(root, MappingNode)
        bases = written_bases(document)
        if bases is None:
            return root
        source = root.place.source
        findings = Findings(source.name)
        under = MappingNode({}, root.place)
        for base in bases[: MAX_FILES + 1]:  # one more than may be: so that it is told, once
            with findings:
                under = merged(under, self._base(base, (*chain, source)))
        findings.raise_all()
        own = {key: entry for key, entry in root.entries.items() if key != KEY}
        whole = merged(under, MappingNode(own, root.place))
        if whole.size > MAX_NODES:
            raise _too_large(document.place((KEY,)))
        return whole

    def _base(self, node: ScalarNode, chain: tuple[Source, ...]) -> MappingNode:
        written = str(node.value)
        if "/" not in written and not is_path(written.replace(" ", "_")):
            message = f"{show(written)} is not the path of a recipe"
            raise CompositionError(
                node.place.problem(message, "a path has a suffix or a slash: extends: bases/common.yaml")
            )
        self._mentions += 1
        if self._mentions > MAX_FILES:
            raise CompositionError(node.place.problem(f"a recipe may build on {MAX_FILES} recipes at most"))
        path = self._find(written, node.place)
        links = [link.path for link in chain]
        if path in links:
            around = chain[links.index(path) :]
            message = "recipes extend each other in a circle: " + " -> ".join(s.name for s in (*around, around[0]))
            raise CompositionError(node.place.problem(message, "take one of these `extends` out"))
        if path not in self._composed:
            self._composed[path] = self._made(path, node, chain)
        made = self._composed[path]
        if isinstance(made, RecipeError):
            raise made
        return made

    def _made(self, path: Path, node: ScalarNode, chain: tuple[Source, ...]) -> MappingNode | RecipeError:
        """The base in the file `path`, or why there is none: what is wrong with it is found out once."""
        try:
            document = self._read(path, str(node.value), node.place)
            self._values += document.root.size
            if self._values > MAX_NODES:
                return _too_large(node.place)
            check_release(document)
            return self.composed(document, chain)
        except RecipeError as error:
            return error
        except RecursionError:
            return CompositionError(node.place.problem("recipes extend each other too deeply here"))


def _too_large(place: Place) -> CompositionError:
    return CompositionError(place.problem(f"with all that it extends the recipe has more than {MAX_NODES:,} values"))


def written_bases(document: Document) -> list[ScalarNode] | None:
    """The paths in `extends`, or None if there is no such key or it does not hold paths."""
    node = document.get((KEY,))
    nodes: list[Node] = list(node.items) if isinstance(node, ListNode) else [] if node is None else [node]
    bases = [item for item in nodes if isinstance(item, ScalarNode) and isinstance(item.value, str)]
    return bases if bases and len(bases) == len(nodes) else None
