"""The files of a new recipe, and how they come onto the disk: all of them or none, and none over another.

`recipes/`, `templates/` and `seeds/` each get a file with the recipe's name. `.datarecipe/` gets the JSON Schema of the
format for editors, and `.gitignore` a line for what runs write.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datarecipe.errors import RecipeError, StorageError, UsageError
from datarecipe.init.draft import Draft
from datarecipe.init.write.instruction_template import instruction_for
from datarecipe.init.write.recipe_text import SCHEMA_FILE, recipe_text, seed_text
from datarecipe.recipe import load_recipe
from datarecipe.recipe.format.schema import format_schema_text, is_format_schema

_IGNORED = {
    "/runs/": {"runs", "runs/", "/runs", "/runs/", "runs/*", "/runs/*", "**/runs/"},
    "/.datarecipe/cache/": {
        *(".datarecipe", ".datarecipe/", "/.datarecipe", "/.datarecipe/"),
        *(".datarecipe/cache", ".datarecipe/cache/", "/.datarecipe/cache", "/.datarecipe/cache/"),
    },
}
"""Lines of `.gitignore`, and those that mean the same or more."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, as paths from the project's folder."""

    created: tuple[str, ...]
    replaced: tuple[str, ...]
    """Files that were there: with force, or those of ours that only grow or follow the release."""
    not_ignored: tuple[str, ...] = ()
    """Lines that belong into a `.gitignore` that cannot be read, or is a link."""


def recipe_path(name: str) -> str:
    """Where the recipe is, from the project's folder."""
    return f"recipes/{name}.yaml"


def existing_files(root: Path, name: str) -> list[str]:
    """Those of the recipe's files that are there, from the project's folder."""
    return [path for path in own_paths(name) if os.path.lexists(root / path)]


def check_root(root: Path) -> None:
    """Refuse a folder that can be no project.

    Raises:
        UsageError: it is a file, the home folder or above it, or leads elsewhere.
    """
    resolved = root.resolve()
    try:
        is_file = resolved.exists() and not resolved.is_dir()
    except OSError as error:
        raise UsageError(
            f"{root} can be no folder: {error.strerror or error}", hint="Name another with --dir."
        ) from None
    if is_file:
        raise UsageError(f"{root} is a file, not a folder", hint="Name a folder with --dir.")
    with contextlib.suppress(RuntimeError, OSError):
        if Path.home().resolve().is_relative_to(resolved):
            raise UsageError(
                f"{resolved} is your home folder or above it: a recipe there may read no other file",
                hint="Make a folder for the project: datarecipe init NAME --dir my-data",
            )
    for folder in ("recipes", "templates", "seeds", ".datarecipe"):
        path = root / folder
        if os.path.lexists(path) and (not path.is_dir() or not path.resolve().is_relative_to(resolved)):
            raise UsageError(f"{path} is no folder of this project", hint="Name another folder with --dir.")


def write_project(draft: Draft, root: Path, *, force: bool = False) -> Written:
    """Write the files of `draft` into the project's folder `root`, which is made if it is not there.

    What they say is loaded first, the way a run loads it: what cannot be a recipe is never written.

    Raises:
        UsageError: a file is there and `force` is not given, `root` can be no project, or the language does not take
            what would be written.
        StorageError: the disk does not.
    """
    check_root(root)
    there = existing_files(root, draft.name)
    if there and not force:
        raise UsageError(
            f"{_and(there)} {'is' if len(there) == 1 else 'are'} there already",
            hint="Take another name, or replace with --force.",
        )
    own = dict(
        zip(own_paths(draft.name), (recipe_text(draft), seed_text(draft), instruction_for(draft.labels)), strict=True)
    )
    _check(own, draft.name)
    missing = _not_ignored(root)
    texts = {**own, **dict(_shared(root, missing))}
    replaced = tuple(path for path in texts if (root / path).exists())
    _write(root, texts, force=force)
    created = tuple(path for path in texts if path not in replaced)
    return Written(created, replaced, () if ".gitignore" in texts else missing)


def own_paths(name: str) -> tuple[str, str, str]:
    """The recipe's files: recipe, seed examples and template, from the project's folder."""
    return recipe_path(name), f"seeds/{name}.json", f"templates/{name}.j2"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _check(texts: Mapping[str, str], name: str) -> None:
    """Load the recipe from a folder that goes away.

    Raises:
        UsageError: with what is wrong. Places are not told: the files that have them were never written.
    """
    with tempfile.TemporaryDirectory(prefix="datarecipe-") as folder:
        stage = Path(folder).resolve()
        for path, text in texts.items():
            (stage / path).parent.mkdir(exist_ok=True)
            (stage / path).write_text(text, encoding="utf-8", newline="\n")
        try:
            load_recipe(stage / recipe_path(name))
        except RecipeError as error:
            wrong = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
            hint = next((problem.hint for problem in error.problems if problem.hint), None)
            raise UsageError(f"nothing was written, since it would be no recipe: {wrong}", hint=hint) from None


def _not_ignored(root: Path) -> tuple[str, ...]:
    """What runs write and git would take, as lines for `.gitignore`."""
    lines = {line.strip() for line in (_read(root / ".gitignore") or "").splitlines()}
    return tuple(line for line, alike in _IGNORED.items() if not alike & lines)


def _shared(root: Path, missing: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Files that all recipes of the project share, where they are not yet as they should be."""
    schema = format_schema_text()
    if _is_ours(root / SCHEMA_FILE) and _read(root / SCHEMA_FILE) != schema:
        yield SCHEMA_FILE, schema
    before = _read(root / ".gitignore")
    if before is None and os.path.lexists(root / ".gitignore"):
        return  # what cannot be read cannot be added to
    if missing and not (root / ".gitignore").is_symlink():
        before = before or ""
        end = "" if before.endswith("\n") or not before else "\n"
        yield ".gitignore", before + end + "".join(f"{line}\n" for line in missing)


def _is_ours(path: Path) -> bool:
    """Whether nothing is there, or the schema of a release: `datarecipe schema` writes the same file."""
    if not os.path.lexists(path):
        return True
    return not path.is_symlink() and is_format_schema((_read(path) or "").encode())


def _read(path: Path) -> str | None:
    """A small text file's content, line ends as they are; None when there is none that can be read."""
    try:
        if not path.is_file() or path.stat().st_size > 1_000_000:
            return None
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


@dataclass
class _Undo:
    """What was done so far."""

    folders: list[Path] = field(default_factory=list)
    temporary: list[Path] = field(default_factory=list)
    created: list[Path] = field(default_factory=list)
    replaced: list[tuple[Path, Path]] = field(default_factory=list)
    """(file, where its old content is kept)"""

    def undo(self) -> None:
        """Leave everything as it was, as far as the disk lets us."""
        for path in (*self.created, *self.temporary):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        for path, kept in self.replaced:
            with contextlib.suppress(OSError):
                kept.replace(path)
        for folder in reversed(self.folders):
            with contextlib.suppress(OSError):
                folder.rmdir()


def _write(root: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """All files or none: first everything under other names, then every file under its own."""
    done = _Undo()
    try:
        staged = [(root / path, _stage(root / path, text, done)) for path, text in texts.items()]
        for path, temporary in staged:
            _place(path, temporary, done, force=force)
    except BaseException as error:
        done.undo()
        if isinstance(error, OSError):
            where = error.filename2 or error.filename or root
            raise StorageError(f"{where}: {error.strerror or error}; nothing was written") from None
        raise
    for _, kept in done.replaced:
        with contextlib.suppress(OSError):
            kept.unlink()


def _stage(path: Path, text: str, done: _Undo) -> Path:
    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.exists():
            folder.mkdir()
            done.folders.append(folder)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    done.temporary.append(temporary)
    with temporary.open("x", encoding="utf-8", newline="") as file:
        file.write(text)
    return temporary


def _place(path: Path, temporary: Path, done: _Undo, *, force: bool) -> None:
    shared = path.name == ".gitignore" or path.as_posix().endswith(SCHEMA_FILE)
    if os.path.lexists(path):
        if not (force or shared):
            raise UsageError(f"{path} has appeared in the meantime", hint="Take another name, or replace with --force.")
        kept = path.with_name(f".{path.name}.{secrets.token_hex(4)}.old")
        shutil.copy2(path, kept, follow_symlinks=False)
        done.replaced.append((path, kept))
    else:
        done.created.append(path)
    temporary.replace(path)
