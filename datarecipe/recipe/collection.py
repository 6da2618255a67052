"""How an argument of the command line finds a recipe: by its path, by its name here, or among the shipped ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import RecipeNotFoundError
from datarecipe.printable import printable
from datarecipe.recipe.message_text import code, join, nearest
from datarecipe.recipe.source.document import Source
from datarecipe.recipe.source.paths import YAML_SUFFIXES, near_path

SUFFIXES = (*YAML_SUFFIXES, ".json")
"""What a recipe's file may end in, in the order in which a name looks for it."""

_FOLDERS = (Path("recipes"), Path())
"""Where a name looks for a file, in this order."""


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


@dataclass(frozen=True, slots=True)
class Choice:
    """The recipe that an argument means."""

    path: Path
    note: str | None = None
    """What was taken for a name, since other files could have been meant; None where the argument is the path."""


def find_recipe(argument: str) -> Path:
    """The path of `choose_recipe`."""
    return choose_recipe(argument).path


def choose_recipe(argument: str) -> Choice:
    """A path if it has the suffix of one or a slash, else a name.

    A name means the file of that name in `recipes/`, then in the working folder, then the shipped recipe.

    Raises:
        RecipeNotFoundError: there is none; it names what is near.
    """
    if not argument:  # as a path it would be the working folder
        hint = "is a variable of the shell not set?"
        raise RecipeNotFoundError(Source("RECIPE").place().problem("the name of the recipe is empty", hint))
    if "/" in argument or Path(argument).suffix.lower() in SUFFIXES:
        return Choice(_file(argument))
    shipped = shipped_recipes().get(argument)
    own = [path for path in _named(argument) if shipped is None or path.resolve() != shipped.resolve()]
    if own:
        also = [code(str(path)) for path in own[1:]]
        also += ["the shipped recipe of the same name"] if shipped is not None else []
        others = f" (and not {join(also, 'or')})" if also else ""
        return Choice(own[0], f"recipe: {printable(str(own[0]))}{others}")
    if shipped is not None:
        return Choice(shipped, f"recipe: {argument}, which comes with datarecipe")
    place = Source(printable(argument)).place()
    raise RecipeNotFoundError(place.problem("there is no recipe of this name", _suggestion(argument)))


def is_name(argument: str) -> bool:
    """Whether a recipe has this name, here or among the shipped ones."""
    return "/" not in argument and (argument in shipped_recipes() or bool(_named(argument)))


def _named(name: str) -> list[Path]:
    """The files that a name may mean, the first before the others."""
    return [path for folder in _FOLDERS for suffix in SUFFIXES if _is_file(path := folder / f"{name}{suffix}")]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # what cannot be a path is no file either
        return False


def is_shipped(path: Path) -> bool:
    """Whether a recipe's file is one of the shipped ones."""
    resolved = path.resolve()
    return any(resolved == shipped.resolve() for shipped in shipped_recipes().values())


def _file(argument: str) -> Path:
    path = Path(argument)
    with contextlib.suppress(OSError, ValueError):  # what cannot be a path is no file either
        if path.exists():
            return path
    hint = _vendored(path.parent.name, path.stem) or _near_file(path)
    if hint is None and path.stem in shipped_recipes():
        hint = f"there is a shipped recipe of that name: {code(path.stem)}"
    raise RecipeNotFoundError(Source(printable(argument)).place().problem("there is no such file", hint))


def _near_file(path: Path) -> str | None:
    """The file that is there: with another suffix, in `recipes/` or the working folder, or of nearly that name."""
    places = (path, *(folder / path.name for folder in _FOLDERS))
    near = [found for place in places if (found := near_path(place, SUFFIXES)) is not None]
    # One of the same name in another folder is likelier meant than one of another name in this folder.
    best = min(near, key=lambda found: found.stem != path.stem, default=None)
    return None if best is None else f"did you mean {code(str(best))}?"


def _suggestion(name: str) -> str:
    if (vendored := _vendored("", name)) is not None:
        return vendored
    shipped = shipped_recipes()
    found = nearest(name, [*_own_names(), *shipped])
    if found is not None:
        return f"did you mean {code(found)}? {code('datarecipe list')} names the shipped ones"
    looked = f"it would be {code(f'recipes/{name}.yaml')}; "
    return f"{looked}the shipped ones are {join(map(code, shipped), 'and')}" if shipped else "none is installed"


def _vendored(collection: str, name: str) -> str | None:
    """A hint that names the recipe of a vendored collection; `collection` may be empty."""
    vendor = _FOLDERS[0] / "vendor"
    for path in sorted((*vendor.glob("*/*"), *vendor.glob("*/recipes/*"))):
        if path.stem == name and path.suffix in YAML_SUFFIXES and collection in ("", path.parts[len(vendor.parts)]):
            return f"did you mean {code(str(path))}?"
    return None


def _own_names() -> Iterator[str]:
    for folder in _FOLDERS:
        with contextlib.suppress(OSError):
            yield from (path.stem for path in sorted(folder.iterdir()) if path.suffix in YAML_SUFFIXES)
