"""Recipes in folders: which files are recipes, and which of them are there for others to extend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import MissingKeyError, RecipeError, UnsafePathError
from datarecipe.printable import counted
from datarecipe.recipe.compose.extends import written_bases
from datarecipe.recipe.source.document import Document, MappingNode, Source
from datarecipe.recipe.source.paths import YAML_SUFFIXES, display, is_hidden, read_source
from datarecipe.recipe.source.yaml_source import parse_yaml

_NOT_LOOKED_INTO = frozenset({"runs", "node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Found:
    """A recipe that was found in a folder."""

    path: Path
    resolved: Path
    """Absolute, symlinks resolved."""
    extends: frozenset[Path] = frozenset()
    """The files that it says to extend; absolute, symlinks resolved."""
    outside: bool = False
    """Whether it is a link out of the folder, or to a hidden file in it: who names a folder has not named where it leads."""


def recipes_below(folder: Path) -> list[Found]:
    """The recipes below a folder, in alphabetical order: YAML files whose first level has the key `recipe`.

    A file that cannot be read as YAML counts, so that its mistake is told. Hidden folders, `runs` and `recipes/vendor` are
    skipped; links to folders are not followed.
    """
    root = folder.resolve()
    return [found for path in sorted(_yaml_files(folder)) if (found := _look(path, root)) is not None]


def passed_over_below(folder: Path) -> Iterator[str]:
    """A line for each folder of vendored recipes below a folder: what `recipes_below` has skipped, and what to do."""
    for vendored in sorted(vendored for _, _, folders in _walk(folder) for vendored in folders):
        if not vendored.is_symlink() and (number := len(recipes_below(vendored))):
            them = "it" if number == 1 else "them"
            yield f"{vendored}: {counted(number, 'recipe')} skipped; name this folder to include {them}"


def judged_as_base(error: RecipeError) -> RecipeError | None:
    """What is wrong with a recipe that others extend, beyond what these add and what only they can tell; None if nothing is.

    A base may lack keys, and may lie in a folder that is no project of its own: both show with the recipes that extend it.
    """
    if not any(problem.kind == MissingKeyError.kind for problem in error.problems):
        return error
    left_to_others = (MissingKeyError.kind, UnsafePathError.kind)
    remaining = [problem for problem in error.problems if problem.kind not in left_to_others]
    return RecipeError(*remaining) if remaining else None


def _yaml_files(folder: Path) -> Iterator[Path]:
    for where, files, _ in _walk(folder):
        yield from (where / name for name in files if name.endswith(YAML_SUFFIXES) and not name.startswith("."))


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[Path]]]:
    """Each folder that is looked into, with the files and the folders of vendored recipes in it."""
    for name, folders, files in os.walk(folder):
        where = Path(name)
        vendor = ("vendor",) if where.resolve().name.casefold() == "recipes" else ()
        vendored = [where / name for name in folders if name.casefold() in vendor]
        passed_over = {*_NOT_LOOKED_INTO, *vendor}
        folders[:] = [name for name in folders if not name.startswith(".") and name.casefold() not in passed_over]
        yield where, files, vendored


def _look(path: Path, root: Path) -> Found | None:
    resolved = path.resolve()
    if not resolved.is_relative_to(root) or (path.is_symlink() and is_hidden(resolved.relative_to(root))):
        return Found(path, resolved, outside=True)
    name = display(path)
    try:
        source = read_source(resolved, Source(name).place(), str(path), shown=name)
        document = parse_yaml(source.text, name, resolved)
    except RecipeError:
        return Found(path, resolved)
    if not isinstance(document.root, MappingNode) or "recipe" not in document.root.entries:
        return None
    return Found(path, resolved, _extended(document, resolved.parent))


def _extended(document: Document, folder: Path) -> frozenset[Path]:
    paths = []
    for node in written_bases(document) or ():
        try:
            paths.append((folder / str(node.value)).resolve())
        except (OSError, RuntimeError, ValueError):  # told when the recipe is loaded
            continue
    return frozenset(paths)
