"""Writes a report to a file, and over nothing that is not a report: whole or not at all, through no link."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final

from datarecipe.errors import StorageError, UsageError

GENERATOR: Final = b'<meta name="generator" content="datarecipe report'
"""What every report has among its first bytes."""
_BEGINNING: Final = 1_000
_WRONG: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR)
"""What a path is wrong by, rather than the disk."""


def check_output(path: Path) -> None:
    """Raise `UsageError` where no report may be written: there is something else than a report, or no folder for it."""
    try:
        folder = path.parent.stat()
        there = _status(path)
        known = there is None or (stat.S_ISREG(there.st_mode) and _is_report(path))
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    if not stat.S_ISDIR(folder.st_mode):
        raise UsageError(f"{path.parent} is not a folder", hint=_MEND)
    if not known:
        raise UsageError(f"{path} is there, and is not a report", hint=_MEND)


def write_report(path: Path, text: str) -> None:
    """Write it beside its place, then put it there. Raises `UsageError` as `check_output` does, `StorageError`."""
    check_output(path)
    partial = path.with_name(f".{path.name[:100]}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
            check_output(path)
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_report(path: Path) -> bool:
    """Whether a regular file begins as a report does."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and GENERATOR in file.read(_BEGINNING)


def _unwritable(path: Path, error: OSError | ValueError) -> UsageError | StorageError:
    why = getattr(error, "strerror", None) or error
    if isinstance(error, ValueError) or error.errno in _WRONG:
        return UsageError(f"{path} cannot be written: {why}", hint=_MEND)
    return StorageError(f"{path} cannot be written: {why}", hint="Mend that, or name another file: --output FILE.")


_MEND: Final = "Name another file: --output FILE."
