"""The files of a run's folder, by name.

Whoever writes holds the folder's descriptor and does all in the folder that it opened, wherever its path leads meanwhile: a
folder that was moved, deleted or replaced never sends what is written into another. Whoever only looks goes by the path.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from datarecipe.errors import StorageError

_MENDS = {
    errno.ENOSPC: "Free space",
    errno.EDQUOT: "Free space",
    errno.EFBIG: "Free space",
    errno.EACCES: "Mend the permissions",
    errno.EPERM: "Mend the permissions",
    errno.EROFS: "Mend the permissions",
    errno.ENOENT: "Name a folder that can be made",
    errno.ENOTDIR: "Name a folder that can be made",
    errno.EEXIST: "Name a folder that can be made",
    errno.EMFILE: "Let this process open more files (ulimit -n)",
    errno.ENOSYS: "Name a folder on a file system with locks",
    errno.ENOLCK: "Name a folder on a file system with locks",
    errno.EOPNOTSUPP: "Name a folder on a file system with locks",
}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the file system's refusals into `StorageError`."""
    try:
        yield
    except OSError as error:
        mend = _MENDS.get(error.errno or 0, "See to it")
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}",
            hint=f"{mend}, then run the same command again: every stored response is used.",
        ) from None


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as a run wrote it."""

    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run's folder, by name."""

    path: Path
    """As messages call it."""
    descriptor: int | None = None
    """The folder's own; without it files are found by the path."""

    def open(self, name: str, flags: int) -> int:
        """A descriptor of a file. Raises `OSError`."""
        return os.open(self._at(name), flags | os.O_CLOEXEC, 0o666, dir_fd=self.descriptor)

    def new(self, name: str) -> int:
        """A new file in place of whatever has that name: a link is removed, never followed. Raises `OSError`."""
        self.remove(name)
        return self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND)

    def status(self, name: str) -> os.stat_result | None:
        """What is there, a link itself if it is one; None where there is nothing. Raises `OSError`."""
        try:
            return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def exists(self, name: str) -> bool:
        """Whether there is something of that name, be it a link that leads nowhere."""
        try:
            return self.status(name) is not None
        except OSError:
            return False

    def reading(self, name: str) -> IO[bytes] | None:
        """The file to read; None where there is no regular one: a device or pipe would never end. Raises `OSError`."""
        try:
            descriptor = self.open(name, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            return None
        return os.fdopen(descriptor, "rb")

    def described(self, name: str) -> FileRecord:
        """Line count and SHA-256 of a file; a missing or non-regular one counts as empty.

        Raises `OSError`, also for a file with holes: a planted one of 40 GB takes no space, and minutes to read.
        """
        lines, digest = 0, hashlib.sha256()
        stream = self.reading(name)
        if stream is not None:
            with stream:
                if _has_hole(stream.fileno()):
                    raise OSError(errno.EINVAL, "it has a hole, which no run leaves")
                for chunk in iter(lambda: stream.read(1 << 20), b""):
                    lines += chunk.count(b"\n")
                    digest.update(chunk)
        return FileRecord(lines, digest.hexdigest())

    def remove(self, name: str) -> None:
        """Remove it, if it is there. Raises `OSError`."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(name), dir_fd=self.descriptor)

    def rename(self, old: str, new: str) -> None:
        """Rename it over what has that name. Raises `OSError`."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def has(self, name: str, descriptor: int) -> bool:
        """Whether the open file is the one of that name."""
        there = self.status(name)
        return there is not None and os.path.samestat(there, os.fstat(descriptor))

    def _at(self, name: str) -> str | Path:
        return self.path / name if self.descriptor is None else name


def _has_hole(descriptor: int) -> bool:
    """Whether some of the file was never written: it reads as zeros, and no line of a run holds one."""
    try:
        hole = os.lseek(descriptor, 0, os.SEEK_HOLE)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:  # an empty file, or a file system that does not say
        return False
    return hole < os.fstat(descriptor).st_size
