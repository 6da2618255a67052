"""The file that a review writes: one line a verdict, on the disk before anybody is told that it is saved."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from datarecipe.errors import RunLockedError, StorageError, UsageError
from datarecipe.review.verdicts.verdict import Header, Verdict, moment_after
from datarecipe.review.verdicts.verdict_file import VerdictFile, read_stream
from datarecipe.run_folder.json_records import json_line, to_json


class VerdictLog:
    """An open file of verdicts that no other process can open as one. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it.

        Raises `UsageError` where something else is there, `RunLockedError` where another review writes it, `StorageError`.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o666)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{path} cannot be written: {getattr(error, 'strerror', None) or error}", hint=_ANOTHER
            ) from None
        try:
            self.found = self._read()
        except BaseException:
            os.close(self._descriptor)
            raise
        self._size = self.found.whole
        self._time = max((verdict.time for verdict in self.found.verdicts), default="")

    def __enter__(self) -> VerdictLog:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def begin(self, header: Header) -> None:
        """Write the first line of a new file. Raises `StorageError`."""
        self._append(to_json(header))

    def add(self, verdict: Verdict) -> Verdict:
        """Append a verdict, with the time at which that happens. Once this returns, no crash loses it.

        Raises `StorageError`; the file then is as it was.
        """
        timed = replace(verdict, time=moment_after(self._time, datetime.now(UTC)))
        self._append(to_json(timed))
        self._time = timed.time
        return timed

    def _read(self) -> VerdictFile:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise UsageError(f"{self.path} is not a regular file", hint=_ANOTHER)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLockedError(
                f"another review is writing {self.path}",
                hint="End it with Ctrl-C, or name another file: --output FILE.",
            ) from None
        except OSError as error:
            raise self._unsaved(error) from None
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            try:
                return read_stream(file, self.path)
            except OSError as error:
                raise UsageError(f"{self.path} cannot be read: {error.strerror}") from None

    def _append(self, document: dict[str, object]) -> None:
        line = json_line(document).encode()
        if not self.found.ended and self._size == self.found.whole:
            line = b"\n" + line
        try:
            self._write(line)
        except OSError as error:
            with contextlib.suppress(OSError):  # A reader drops a last line that is cut off.
                os.ftruncate(self._descriptor, self._size)
            raise self._unsaved(error) from None
        self._size += len(line)

    def _write(self, line: bytes) -> None:
        if not os.path.samestat(self.path.lstat(), os.fstat(self._descriptor)):
            raise OSError(errno.ESTALE, "another file is in its place")
        # What stands behind the last whole line was cut off while it was written.
        os.ftruncate(self._descriptor, self._size)
        left = memoryview(line)
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fsync(self._descriptor)

    def _unsaved(self, error: OSError) -> StorageError:
        return StorageError(f"{self.path} cannot be written: {error.strerror or error}", hint=_AGAIN)


_ANOTHER: Final = "Name another file: --output FILE."
_AGAIN: Final = "Mend that, then judge this example again: all earlier verdicts are saved."
