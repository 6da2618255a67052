"""The projects that mutants are made of: each shipped recipe with the files that it names, and those in `corpus/`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datarecipe.exchange import Json
from datarecipe.recipe import shipped_recipes
from datarecipe.recipe.source.paths import is_path
from tests.fuzz.tree import Tree, tree_of
from tests.recipe.writing import read_yaml_file

_OWN = Path(__file__).parent / "corpus"
_NAMING = ("extends", "instruction", "seed_example", "schema")
_VALUES = {".yaml", ".json"}


@dataclass(frozen=True)
class Project:
    """A recipe with all the files that it needs."""

    name: str
    entry: str
    """The recipe's path within the project."""
    files: Mapping[str, bytes]
    """By path, in the order in which the recipe names them."""
    trees: Mapping[str, Tree] = field(repr=False)
    """What YAML and JSON files hold. Shared: copy before a change."""


def projects() -> tuple[Project, ...]:
    """All of them, always in the same order."""
    own = [_project(folder, next((folder / "recipes").glob("main.*"))) for folder in sorted(_OWN.iterdir())]
    shipped = [_project(path.parent.parent, path) for path in shipped_recipes().values()]
    return (*own, *shipped)


def _project(root: Path, recipe: Path) -> Project:
    paths = list(dict.fromkeys(_named(recipe)))
    names = [path.relative_to(root).as_posix() for path in paths]
    files = {name: path.read_bytes() for name, path in zip(names, paths, strict=True)}
    trees = {name: tree_of(_value(path)) for name, path in zip(names, paths, strict=True) if path.suffix in _VALUES}
    name = root.name if root.parent == _OWN else recipe.stem
    return Project(name, names[0], files, trees)


def _named(file: Path) -> Iterator[Path]:
    yield file
    value = _value(file) if file.suffix in _VALUES else None
    if not isinstance(value, dict) or "recipe" not in value:
        return
    for written in (*map(value.get, _NAMING), [*_held_out(value.get("filters"))]):
        for item in written if isinstance(written, list) else [written]:
            if isinstance(item, str) and is_path(item):
                yield from _named((file.parent / item).resolve())


def _held_out(filters: Json) -> Iterator[Json]:
    """The files that `filters.decontaminate` names in its long form."""
    held_out = filters.get("decontaminate") if isinstance(filters, dict) else None
    against = held_out.get("against") if isinstance(held_out, dict) else None
    for entry in against if isinstance(against, list) else ():
        yield entry.get("file") if isinstance(entry, dict) else entry


def _value(path: Path) -> Json:
    return json.loads(path.read_bytes()) if path.suffix == ".json" else read_yaml_file(path)
