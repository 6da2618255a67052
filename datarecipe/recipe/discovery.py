"""Recipes in folders: which files are recipes, and which of them are there for others to extend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import MissingKeyError, RecipeError
from datarecipe.recipe.compose.extends import written_bases
from datarecipe.recipe.source.document import Document, MappingNode, Source
from datarecipe.recipe.source.paths import display, read_text
from datarecipe.recipe.source.yaml_source import parse_yaml

SUFFIXES = (".yaml", ".yml")
_NOT_LOOKED_INTO = frozenset({"runs", "node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Found:
    """A recipe that was found in a folder."""

    path: Path
    extends: frozenset[Path] = frozenset()
    """The files that it says to extend; absolute, symlinks resolved."""


def recipes_below(folder: Path) -> list[Found]:
    """The recipes below a folder, in alphabetical order: YAML files whose first level has the key `recipe`.

    A file that cannot be read as YAML counts, so that its mistake is told. Hidden folders and `runs` are passed over;
    links to folders are not followed.
    """
    return [found for path in sorted(_yaml_files(folder)) if (found := _look(path)) is not None]


def only_a_base(found: Found, error: RecipeError, all_found: list[Found]) -> bool:
    """Whether a recipe is one of those that others extend, and lacks what these add: it is checked with each of them."""
    incomplete = any(problem.kind == MissingKeyError.kind for problem in error.problems)
    return incomplete and any(found.path.resolve() in other.extends for other in all_found)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_LOOKED_INTO]
        yield from (Path(where) / name for name in files if name.endswith(SUFFIXES) and not name.startswith("."))


def _look(path: Path) -> Found | None:
    resolved = path.resolve()
    source = Source(display(path))
    try:
        document = parse_yaml(read_text(resolved, source.place(), str(path)), source.name, resolved)
    except RecipeError:
        return Found(path)
    if not isinstance(document.root, MappingNode) or "recipe" not in document.root.entries:
        return None
    return Found(path, _extended(document, resolved.parent))


def _extended(document: Document, folder: Path) -> frozenset[Path]:
    paths = []
    for node in written_bases(document) or ():
        try:
            paths.append((folder / str(node.value)).resolve())
        except (OSError, RuntimeError, ValueError):  # told when the recipe is loaded
            continue
    return frozenset(paths)
