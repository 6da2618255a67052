"""The files of a new recipe, and how they come onto the disk: all of them or none, and none over another.

`recipes/`, `templates/` and `seeds/` each get a file with the recipe's name. `.datarecipe/` gets the JSON Schema of the
format for editors, and `.gitignore` a line for what runs write.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import RecipeError, StorageError, UsageError
from datarecipe.init.draft import Draft
from datarecipe.init.write.recipe_text import SCHEMA_FILE, instruction_text, recipe_text, seed_text
from datarecipe.recipe import load_recipe
from datarecipe.recipe.format.schema_file import format_schema_text, is_format_schema

_IGNORED = ("runs", ".datarecipe/cache")
"""What runs write: lines for `.gitignore`."""

_MAX_SHARED_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, as paths from the project's folder."""

    created: tuple[str, ...]
    replaced: tuple[str, ...]
    """Files that were there: with force, or those of ours that only grow or follow the release."""


def recipe_path(name: str) -> str:
    """Where the recipe is, from the project's folder."""
    return f"recipes/{name}.yaml"


def own_paths(name: str) -> tuple[str, str, str]:
    """The recipe's files: recipe, seed examples and template, from the project's folder."""
    return recipe_path(name), f"seeds/{name}.json", f"templates/{name}.j2"


def check_free(root: Path, name: str, *, force: bool = False) -> None:
    """Refuse a name whose files are there already, unless `force` replaces them.

    Raises:
        UsageError: they are.
    """
    there = [path for path in own_paths(name) if os.path.lexists(root / path)]
    folders = [path for path in there if (root / path).is_dir()]
    if folders or (there and not force):
        hint = "Remove it." if folders else "Take another name, or replace with --force."
        raise UsageError(f"{', '.join(folders or there)}: there already", hint=hint)


def check_root(root: Path) -> None:
    """Refuse a folder that can be no project.

    Raises:
        UsageError: it is a file, the home folder or above it, or leads elsewhere.
    """
    resolved = root.resolve()
    try:
        is_folder = root.is_dir() or not root.exists()
    except OSError:  # the name is too long, say
        is_folder = False
    if not is_folder:
        raise UsageError(f"{root} cannot be a folder", hint="Name another folder with --dir.")
    with contextlib.suppress(RuntimeError, OSError):
        if Path.home().resolve().is_relative_to(resolved):
            raise UsageError(
                f"{resolved} is your home folder or above it: a recipe there may read no other file",
                hint="Make a folder for the project: datarecipe init NAME --dir my-data",
            )
    for folder in ("recipes", "templates", "seeds", ".datarecipe"):
        path = root / folder
        if os.path.lexists(path) and (not path.is_dir() or not path.resolve().is_relative_to(resolved)):
            raise UsageError(f"{path} is not a folder of this project", hint="Name another folder with --dir.")


def write_project(draft: Draft, root: Path, *, force: bool = False) -> Written:
    """Write the files of `draft` into the project's folder `root`, which is made if it is not there.

    What they say is loaded first, the way a run loads it: what cannot be a recipe is never written.

    Raises:
        UsageError: a file is there and `force` is not given, `root` can be no project, or the language does not take
            what would be written.
        StorageError: the disk does not.
    """
    check_root(root)
    check_free(root, draft.name, force=force)
    texts = (recipe_text(draft), seed_text(draft), instruction_text(draft))
    contents = {path: text.encode() for path, text in zip(own_paths(draft.name), texts, strict=True)}
    _check(contents, draft.name)
    contents |= dict(_shared(root))
    replaced = tuple(path for path in contents if os.path.lexists(root / path))
    _write(root, contents)
    return Written(tuple(path for path in contents if path not in replaced), replaced)


def _check(contents: Mapping[str, bytes], name: str) -> None:
    """Load the recipe from a folder that goes away.

    Raises:
        UsageError: with what is wrong. Places are not told: the files that have them were never written.
    """
    with tempfile.TemporaryDirectory(prefix="datarecipe-") as folder:
        stage = Path(folder).resolve()
        _write(stage, contents)
        try:
            load_recipe(stage / recipe_path(name))
        except RecipeError as error:
            wrong = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
            hint = next((problem.hint for problem in error.problems if problem.hint), None)
            raise UsageError(f"nothing was written, since it would be no recipe: {wrong}", hint=hint) from None


def _shared(root: Path) -> Iterator[tuple[str, bytes]]:
    """Files that all recipes of the project share, where they are not yet as they should be."""
    before, schema = _read(root / SCHEMA_FILE), format_schema_text().encode()
    # `datarecipe schema` writes the same file; a stranger's stays.
    if before is not None and before != schema and (not before or is_format_schema(before)):
        yield SCHEMA_FILE, schema
    before = _read(root / ".gitignore")
    if before is not None:
        known = {line.strip("*/ \r") for line in before.decode(errors="replace").split("\n")}
        missing = [f"/{path}/\n".encode() for path in _IGNORED if not {path, path.partition("/")[0]} & known]
        if missing:
            yield ".gitignore", before + (b"\n" if before and not before.endswith(b"\n") else b"") + b"".join(missing)


def _read(path: Path) -> bytes | None:
    """What a small file holds, nothing when it is not there; None when it is a link, no file, or large."""
    if not os.path.lexists(path):
        return b""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_SHARED_BYTES:
        return None
    return path.read_bytes()


def _write(root: Path, contents: Mapping[str, bytes]) -> None:
    """All files or none, each as a whole."""
    before = {name: (root / name).read_bytes() if (root / name).exists() else None for name in contents}
    parents = {folder for name in contents for folder in [(root / name).parent, *(root / name).parent.parents]}
    made = sorted(folder for folder in parents if not folder.exists())
    try:
        for name, content in contents.items():
            _replace(root / name, content)
    except BaseException as error:
        with contextlib.suppress(OSError):
            for name, content_before in before.items():
                if content_before is None:
                    (root / name).unlink(missing_ok=True)
                else:
                    _replace(root / name, content_before)
            for folder in reversed(made):
                folder.rmdir()
        if isinstance(error, OSError):
            where = error.filename2 or error.filename or root
            raise StorageError(f"{where}: {error.strerror or error}; nothing was written") from None
        raise


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
