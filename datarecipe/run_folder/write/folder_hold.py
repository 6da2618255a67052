"""Where a run's folder is, and the hold that one process has on it while it writes there."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from datarecipe.errors import RunLockedError, StorageError
from datarecipe.run_folder.run_files import RunFiles, storage_errors
from datarecipe.unlinked import open_folder

LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a run's folder is: `parts` below the `start` that the user named, or that is the project's own.

    A link is followed in `start` alone: what lies below may have come with somebody else's project.
    """

    start: Path
    parts: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Of the run's folder."""
        return self.start.joinpath(*self.parts)

    def open(self, *, make: bool = False) -> int:
        """The folder's descriptor. Raises `OSError`, `StorageError` for a link."""
        if make:
            self.start.mkdir(parents=True, exist_ok=True)
        try:
            passing = open_folder(self.start, self.parts, make=make)
        except NotADirectoryError:
            self._refuse_links()
            raise
        try:
            return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=passing)
        finally:
            os.close(passing)

    def leads_to(self, descriptor: int) -> bool:
        """Whether it is still the folder that was opened. Raises `OSError`."""
        try:
            there = self.open()
        except (FileNotFoundError, NotADirectoryError, StorageError):
            return False
        try:
            return os.path.samestat(os.fstat(there), os.fstat(descriptor))
        finally:
            os.close(there)

    def _refuse_links(self) -> None:
        at = self.start
        for part in self.parts:
            at = at / part
            if at.is_symlink():
                raise StorageError(
                    f"{at} is a symbolic link, and nothing is written through one that you did not name yourself",
                    hint="Remove it, or name the place that it leads to: --output DIR (several recipes: --runs-dir DIR).",
                )


@dataclass(frozen=True, slots=True)
class Hold:
    """A run's folder that no other process writes."""

    files: RunFiles
    _location: Location
    _lock: int

    def check(self) -> None:
        """Raise `StorageError` where it is no longer the folder that is held, or its lock no longer the lock; `OSError`."""
        assert self.files.descriptor is not None
        if not self._location.leads_to(self.files.descriptor):
            raise self.lost("it was deleted, moved or replaced")
        if not self.files.has(LOCK, self._lock):
            raise self.lost(f"its {LOCK} was deleted or replaced, so another process may write there")

    def lost(self, why: str) -> StorageError:
        """What to raise where the folder is not this process's alone any more."""
        return StorageError(
            f"{self.files.path} was taken away while the run went on: {why}",
            hint="Nothing was put there. Every response is stored: run the same command again.",
        )


@contextmanager
def hold(location: Location) -> Iterator[Hold]:
    """Open a run's folder, made if need be, and keep other processes out. Raises `RunLockedError`, `StorageError`."""
    with ExitStack() as stack:
        with storage_errors(location.path):
            descriptor = location.open(make=True)
            stack.callback(os.close, descriptor)
            files = RunFiles(location.path, descriptor)
            # The folder itself, since whoever deletes the file would let a second process in. Not every file system can.
            _lock(descriptor, files.path, needed=False)
            lock = _open_lock(files)
            stack.callback(os.close, lock)
            _lock(lock, files.path, needed=True)
            held = Hold(files, location, lock)
            held.check()
        yield held


def _open_lock(files: RunFiles) -> int:
    """The lock's file: earlier releases lock it, and so do file systems on which a folder cannot be locked."""
    found = files.status(LOCK)
    if found is not None and not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "no file"
        raise StorageError(f"{files.path / LOCK} is {what}, and a run locks a file", hint="Remove it.")
    return files.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK)


def _lock(descriptor: int, path: Path, *, needed: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunLockedError(
            f"another process is writing {path}",
            hint="Wait for it, or give this run its own folder with --output DIR.",
        ) from None
    except OSError:
        if needed:
            raise
