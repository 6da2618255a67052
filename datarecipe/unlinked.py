"""Opening files and folders part by part, by descriptor, and never through a symbolic link.

A path that was checked may lead elsewhere a moment later, when somebody swaps one of its folders for a link. What is opened
here is the path as it was written, or nothing: the kernel refuses a link at each step, so there is no moment in between.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

# Linux: a folder that may be entered and not listed can be passed through.
_PASS: int = getattr(os, "O_PATH", os.O_RDONLY)
# macOS: refuses links in all parts of a path.
_NOWHERE: int | None = getattr(os, "O_NOFOLLOW_ANY", None)
_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC


def open_file(path: Path) -> int:
    """A descriptor to read `path`, absolute and with its links resolved; it waits for no pipe. The caller closes it.

    Raises `OSError`, also where one of its parts is a link by now.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    if _NOWHERE is not None:
        return os.open(path, flags | _NOWHERE)
    folder = open_folder(Path(path.anchor), path.parts[1:-1])
    try:
        return os.open(path.name, flags, dir_fd=folder)
    finally:
        os.close(folder)


def open_folder(start: Path, parts: Iterable[str], *, make: bool = False) -> int:
    """A descriptor of a folder below `start`; `make` makes what is missing. The caller closes it.

    `start` is followed wherever it leads, none of the `parts` is. The descriptor is good for reaching what lies in the
    folder, and not for listing or locking it. Raises `OSError`: `NotADirectoryError` for a link.
    """
    folder = os.open(start, _PASS | _FOLDER)
    try:
        for part in parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            below = os.open(part, _PASS | _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
    except BaseException:
        os.close(folder)
        raise
    return folder
