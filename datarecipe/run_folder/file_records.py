"""Lines and hash of a file, as the manifest lists them."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass

from datarecipe.run_folder.run_files import RunFiles


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as a run wrote it."""

    lines: int
    sha256: str


def described(files: RunFiles, name: str) -> FileRecord:
    """Line count and SHA-256 of a file; a missing or non-regular one counts as empty.

    Raises `OSError`, also for a file with holes: a planted one of 40 GB takes no space, and minutes to read.
    """
    lines, digest = 0, hashlib.sha256()
    stream = files.reading(name)
    if stream is not None:
        with stream:
            if _has_hole(stream.fileno()):
                raise OSError(errno.EINVAL, "it has a hole, which no run leaves")
            for chunk in iter(lambda: stream.read(1 << 20), b""):
                lines += chunk.count(b"\n")
                digest.update(chunk)
    return FileRecord(lines, digest.hexdigest())


def _has_hole(descriptor: int) -> bool:
    """Whether some of the file was never written: it reads as zeros, and no line of a run holds one."""
    try:
        hole = os.lseek(descriptor, 0, os.SEEK_HOLE)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:  # an empty file, or a file system that does not say
        return False
    return hole < os.fstat(descriptor).st_size
