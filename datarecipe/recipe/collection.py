"""The shipped recipes: where they lie, and how an argument of the command line finds a recipe."""

from __future__ import annotations

import contextlib
from pathlib import Path

from datarecipe.errors import RecipeNotFoundError
from datarecipe.printable import printable
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.paths import YAML_SUFFIXES, near_path
from datarecipe.recipe.words import code, join, nearest


def collection_root() -> Path | None:
    """The folder with `recipes/`, `templates/` and `seeds/`: in the installed package, or the source checkout's top."""
    package = Path(__file__).resolve().parent.parent
    for root in (package / "collection", package.parent):
        if all((root / name).is_dir() for name in ("recipes", "templates", "seeds")):
            return root
    return None


def shipped_recipes() -> dict[str, Path]:
    """The shipped recipes by name, in alphabetical order."""
    root = collection_root()
    if root is None:
        return {}
    files = [path for path in (root / "recipes").iterdir() if path.suffix in YAML_SUFFIXES and path.is_file()]
    return {path.stem: path for path in sorted(files)}


def find_recipe(argument: str) -> Path:
    """The recipe that an argument means: a path if it has a suffix or a slash, else the name of a shipped recipe.

    Raises:
        RecipeNotFoundError: there is none; it lists what there is.
    """
    if "/" in argument or Path(argument).suffix:
        return _file(argument)
    shipped = shipped_recipes()
    if argument in shipped:
        return shipped[argument]
    place = Source(printable(argument)).place()
    raise RecipeNotFoundError(place.problem("there is no shipped recipe of this name", _suggestion(argument, shipped)))


def is_shipped(path: Path) -> bool:
    """Whether a recipe's file is one of the shipped ones."""
    resolved = path.resolve()
    return any(resolved == shipped.resolve() for shipped in shipped_recipes().values())


def _file(argument: str) -> Path:
    path = Path(argument)
    with contextlib.suppress(OSError, ValueError):  # what cannot be a path is no file either
        if path.exists():
            return path
    hint = _near_file(path)
    if hint is None and path.stem in shipped_recipes():
        hint = f"there is a shipped recipe of that name: {code(path.stem)}"
    raise RecipeNotFoundError(Source(printable(argument)).place().problem("there is no such file", hint))


def _near_file(path: Path) -> str | None:
    found = near_path(path, YAML_SUFFIXES)
    return None if found is None else f"did you mean {code(str(found))}?"


def _suggestion(argument: str, shipped: dict[str, Path]) -> str:
    for folder in (Path("recipes"), Path()):
        for suffix in YAML_SUFFIXES:
            candidate = folder / f"{argument}{suffix}"
            with contextlib.suppress(OSError, ValueError):  # what cannot be a path is no file either
                if candidate.is_file():
                    return f"did you mean the file {code(str(candidate))}? A path has a suffix or a slash"
    found = nearest(argument, shipped)
    if found is not None:
        return f"did you mean {code(found)}? {code('datarecipe list')} names them all"
    return f"the shipped ones are {join(map(code, shipped), 'and')}" if shipped else "none is installed"
