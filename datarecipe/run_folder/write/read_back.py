"""Reads accepted examples again from the files of a run that is still going on."""

from __future__ import annotations

import json
import os
from array import array
from contextlib import ExitStack
from typing import IO

from datarecipe.errors import StorageError
from datarecipe.generate.events import Accepted, Lineage
from datarecipe.run_folder.run_files import RunFiles

_MARKED = 64
"""From so many lines to so many a place is marked from which can be read on."""


class WrittenExamples:
    """The lines of a data file and of its lineage."""

    def __init__(self, files: RunFiles, data: str, lineage: str) -> None:
        """Open both files, never through a link. Raises `OSError`."""
        self._next = 0
        self._marks = array(
            "Q"
        )  # in pairs, one for each `_MARKED` lines that were reached: where they begin in both files
        with ExitStack() as stack:
            self._data = stack.enter_context(_open(files, data))
            self._lineage = stack.enter_context(_open(files, lineage))
            self._exit = stack.pop_all()
        self._folder = files.path

    def read(self, position: int) -> Accepted:
        """Example number `position`, which is in the files. Raises `StorageError`.

        Reading on from the last one is cheap, going back costs up to `_MARKED` lines.
        """
        try:
            self._go_to(position)
            data, lineage = self._line()
            return Accepted(json.loads(data.decode()), Lineage(**json.loads(lineage.decode())))
        except OSError as error:
            raise StorageError(
                f"cannot read back what was written to {self._folder}: {error.strerror or error}",
                hint="Run the same command again: every stored response is used.",
            ) from None
        except (ValueError, TypeError):
            raise StorageError(
                f"the files in {self._folder} were changed by another program while they were being written",
                hint="Run the same command again, and leave the folder's .partial files alone while it runs.",
            ) from None

    def _go_to(self, position: int) -> None:
        nearest = min(position // _MARKED, len(self._marks) // 2 - 1)
        if position < self._next or self._next < nearest * _MARKED:
            data, lineage = self._marks[2 * nearest : 2 * nearest + 2]
            self._data.seek(data)
            self._lineage.seek(lineage)
            self._next = nearest * _MARKED
        while self._next < position:
            self._line()

    def _line(self) -> tuple[bytes, bytes]:
        if self._next == len(self._marks) // 2 * _MARKED:
            self._marks.extend((self._data.tell(), self._lineage.tell()))
        self._next += 1
        return self._data.readline(), self._lineage.readline()

    def close(self) -> None:
        """Close both files."""
        self._exit.close()


def _open(files: RunFiles, name: str) -> IO[bytes]:
    return os.fdopen(files.open(name, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=1 << 16)
