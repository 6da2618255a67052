"""Which values are paths, and which files a recipe may read: its own project's, regular and small.

A recipe is a stranger's file. Every path is resolved with symlinks followed and must end inside the project, at a file that
is not hidden. That very path is opened then, part by part and through no link: a folder that is swapped after the check is
refused. What the user names on the command line is the user's own business and only has to be a regular, small file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from datarecipe.errors import MissingFileError, UnsafePathError, UsageError
from datarecipe.printable import printable
from datarecipe.recipe.message_text import code, nearest, show
from datarecipe.recipe.source.document import MAX_BYTES, Place, Source
from datarecipe.recipe.source.source_characters import decode
from datarecipe.unlinked import open_file

YAML_SUFFIXES = (".yaml", ".yml")
"""What the files of recipes end in."""

_FILE_SUFFIXES = frozenset({".j2", ".jinja", ".jinja2", ".txt", ".md", ".json", *YAML_SUFFIXES})
"""What a value ends in that is a path even without a `/`."""


def is_path(value: str) -> bool:
    """Whether a value names a file: one line without white space or `{`, with a known suffix or a `/`."""
    if not value or "{" in value or any(char.isspace() for char in value):
        return False
    return "/" in value or Path(value).suffix.lower() in _FILE_SUFFIXES


def display(path: Path) -> str:
    """A path as messages show it: from the working folder when it lies below."""
    try:
        return printable(str(path.relative_to(Path.cwd())))
    except (ValueError, OSError):
        return printable(str(path))


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that bounds what a recipe may read."""

    root: Path
    """Absolute, symlinks resolved."""
    readable: bool
    """False when the recipe lies in the home folder or the file system's root itself: nothing beside it is its own."""
    data_roots: tuple[Path, ...] = ()
    """Folders outside the project that the user opened to recipes; absolute, symlinks resolved."""

    def admits(self, path: Path) -> bool:
        """Whether a recipe of this project may read the file; `path` is absolute, symlinks resolved."""
        return any(not is_hidden(path.relative_to(root)) for root in self.roots_of(path))

    def roots_of(self, path: Path) -> list[Path]:
        """The folders open to it in which the file lies."""
        own = (self.root,) if self.readable else ()
        return [root for root in (*own, *self.data_roots) if path.is_relative_to(root)]


def is_hidden(path: Path) -> bool:
    """Whether one of a path's parts begins with a dot: `.env`, `.git/config`. Some file systems skip what does not print.

    Not `..\\seeds`, which is a path as another system writes it, and gets a hint of its own.
    """
    names = ("".join(filter(str.isprintable, part)) for part in path.parts)
    return any(name.startswith(".") and not name.startswith((".\\", "..\\")) for name in names)


def vendored_in(file: Path) -> Path | None:
    """The vendored collection that holds a file, `recipes/vendor/NAME`, the innermost one; None where none does.

    `file` is absolute, symlinks resolved. Names count in small and capital letters: some file systems make no difference.
    """
    names = ["".join(filter(str.isprintable, part)).casefold() for part in file.parts]
    found = (at for at in range(len(names) - 4, -1, -1) if names[at : at + 2] == ["recipes", "vendor"])
    at = next(found, None)
    return None if at is None else Path(*file.parts[: at + 3])


def bounds_of(place: Place, project: Project) -> Project:
    """What the file that wrote a path may read: the `project`; for a file of a vendored collection that collection alone."""
    file = place.source.path
    return project if file is None else _vendored_project(file) or project


def _vendored_project(file: Path) -> Project | None:
    vendored = vendored_in(file)
    return None if vendored is None else Project(vendored, readable=not _is_too_wide(vendored))


def project_of(recipe: Path, data_roots: Sequence[Path] = ()) -> Project:
    """The project of a recipe file: the folder with the nearest `recipes/` that holds it, else the recipe's own folder.

    A `recipes/` counts within its repository alone: a clone in `~/src/recipes/` must not read all of `~/src`. Outside a
    repository it counts for the recipes directly in it, and for deeper ones where `.datarecipe` marks the project. The home
    folder, anything above it and the file system's root are no projects: a recipe in `~/recipes/` must not read `~/.ssh`.
    """
    vendored = _vendored_project(recipe)
    if vendored is not None:
        return vendored
    root = _holder_of_recipes(recipe.parent) or recipe.parent
    return Project(root, readable=not _is_too_wide(root), data_roots=tuple(map(_opened, data_roots)))


def _holder_of_recipes(folder: Path) -> Path | None:
    for at in (folder, *folder.parents):
        if _is_repository(at):
            return None
        if at.name == "recipes":
            holder = at.parent
            known = at == folder or (holder / ".datarecipe").is_dir() or _is_in_repository(holder)
            return holder if known and not _is_too_wide(holder) else None
    return None


def _is_repository(folder: Path) -> bool:
    # A folder, or a file in a work tree and in a submodule.
    return os.path.lexists(folder / ".git")


def _is_in_repository(folder: Path) -> bool:
    return any(_is_repository(at) for at in (folder, *folder.parents) if not _is_too_wide(at))


def _opened(root: Path) -> Path:
    try:
        return root.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        raise UsageError(
            f"{show(str(root))} cannot be a folder of data", hint="Name it from the root: /path."
        ) from None


def _is_too_wide(folder: Path) -> bool:
    if folder == folder.parent:
        return True
    try:
        return Path.home().resolve().is_relative_to(folder)
    except (RuntimeError, OSError):
        # A user without a home folder has nothing there to protect.
        return False


def find_named_file(value: str, place: Place, project: Project) -> Path:
    """Where the file is that a value at `place` names: absolute, symlinks resolved. It need not be there.

    Raises:
        UnsafePathError: it lies outside the project.
        MissingFileError: it cannot be a path.
    """
    if "://" in value:
        hint = "save the file in the recipe's project and write its path"
        raise MissingFileError(
            place.problem(f"{show(value)} is an address, and loading a recipe opens no connection", hint)
        )
    try:
        path = (_folder_of(place) / value).resolve()
    except (OSError, RuntimeError, ValueError):
        # A loop of symlinks, or a NUL character in the name.
        raise MissingFileError(place.problem(f"{show(value)} cannot be a path")) from None
    project = bounds_of(place, project)
    if not place.is_flag and not project.admits(path):
        _refuse(value, path, place, project)
    return path


def _folder_of(place: Place) -> Path:
    """The folder from which the paths count that are written there."""
    return Path.cwd() if place.source.path is None else place.source.path.parent


def _refuse(value: str, path: Path, place: Place, project: Project) -> NoReturn:
    if not project.readable:
        hint = "put the recipe into a folder of its own, with what it reads beside it"
        where = "the home folder" if project.root != project.root.parent else "the file system's root"
        message = f"a recipe that lies in {where} or above it may read no file, and this one names {show(value)}"
        raise UnsafePathError(place.problem(message, hint))
    if project.roots_of(path):
        hint = "a recipe reads no file whose path has a part that begins with a dot: give it another name"
        raise UnsafePathError(place.problem(f"{show(value)} is hidden", hint))
    if vendored_in(project.root / "file") is not None:
        message = f"{show(value)} leads out of the vendored collection {display(project.root)}"
        raise UnsafePathError(place.problem(message, "a vendored file reads only files of its own collection"))
    root = display(project.root)
    into = "the project" if root == "." else f"the project ({root})"
    hint = f"copy the file into {into}, or open its folder yourself: --data-root FOLDER"
    raise UnsafePathError(place.problem(f"{show(value)} leads out of the recipe's project", hint))


def read_source(
    path: Path, place: Place, name: str, project: Project | None = None, *, shown: str | None = None
) -> Source:
    """Read a regular file of at most `MAX_BYTES`, line ends as LF. Never waits for a pipe or a device.

    `path` is absolute, symlinks resolved; `name` is how the one who asks calls it, `shown` what messages call it. Problems
    with the file itself are placed at `place`, those in its bytes in the file. A hint names no file outside the `project`.
    """
    data = read_bytes(path, place, name, project)
    return Source(shown or display(path), decode(data, display(path)), path, hashlib.sha256(data).hexdigest())


def read_bytes(path: Path, place: Place, name: str, project: Project | None = None, *, most: int = MAX_BYTES) -> bytes:
    """The content of a regular file of at most `most` bytes; else as `read_source`."""
    project = None if project is None else bounds_of(place, project)
    no_file = f"{show(name)} is not a regular file"
    try:
        if path.is_dir():
            hint = "name a file in it" if project is not None else None
            raise MissingFileError(place.problem(f"{show(name)} is a folder, not a regular file", hint))
        if not stat.S_ISREG(path.stat().st_mode):
            raise MissingFileError(place.problem(no_file))
        # Opened without waiting and looked at again: what stands there may have changed in between.
        handle = open_file(path)
        with open(handle, "rb") as file:  # noqa: PTH123 - it is a descriptor, not a path
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise MissingFileError(place.problem(no_file))
            data = file.read(most + 1)
    except FileNotFoundError:
        hint = None if project is None else _meant(path, name, place, project)
        raise MissingFileError(place.problem(f"there is no file {show(name)}", hint)) from None
    except OSError as error:
        raise MissingFileError(place.problem(f"{show(name)} cannot be read: {error.strerror}")) from None
    if len(data) > most:
        raise MissingFileError(place.problem(f"{show(name)} is larger than {most:,} bytes"))
    return data


def _meant(path: Path, name: str, place: Place, project: Project) -> str | None:
    """What was meant by a path that leads nowhere: the same from another folder or for another system, or a nearby file."""
    if "\\" in name:
        return f"folders are parted by `/`: {code(name.replace(chr(92), '/'))}"
    if name.startswith("~"):
        return "`~` is no home folder in a recipe, which reads files of its own project alone"
    folder = _folder_of(place)
    for other in (*folder.parents, Path.cwd()):
        found = other / name
        if other != folder and _is_own_file(found, project):
            counted = "the working folder" if place.is_flag else "the folder of the file that writes it"
            return f"a path counts from {counted}: write {code(os.path.relpath(found, folder))}"
    # A copied collection keeps its recipes in a folder of its own.
    for near in (path.parent / "recipes" / path.name, near_path(path)):
        if near is not None and _is_own_file(near, project):
            return f"did you mean {code(os.path.relpath(near, folder))}?"
    return None if path.parent.is_dir() else f"there is no folder {code(str(Path(name).parent))}"


def _is_own_file(path: Path, project: Project) -> bool:
    try:
        return project.admits(path.resolve()) and path.is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def near_path(path: Path, suffixes: Collection[str] | None = None) -> Path | None:
    """A file that may be meant by a path that leads nowhere: of each folder on the way, and then of the file, what is there
    with the nearest name. The suffix is rather that of the path, and one of `suffixes`.
    """
    at, parts = Path(path.anchor), path.relative_to(path.anchor).parts
    try:
        for part in parts[:-1]:
            is_there = part == ".." or (at / part).is_dir()
            found = part if is_there else nearest(part, [entry.name for entry in at.iterdir() if entry.is_dir()])
            if found is None:
                return None
            at = at / found
        files = [
            file
            for file in at.iterdir()
            if not file.name.startswith(".") and (suffixes is None or file.suffix in suffixes) and file.is_file()
        ]
    except (OSError, ValueError):
        return None
    stem = nearest(path.stem, [file.stem for file in files])
    alike = [file for file in files if file.stem == stem]
    return min(alike, key=lambda file: (file.suffix != path.suffix, file.name), default=None)
