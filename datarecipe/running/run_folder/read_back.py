"""Reads accepted examples again from the files of a run that is still going on."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import IO

from datarecipe.errors import StorageError
from datarecipe.generate.events import Accepted
from datarecipe.running.run_folder.run_files import RunFiles


class WrittenExamples:
    """The lines of a data file and of its lineage, from front to back, each pair at most once."""

    def __init__(self, files: RunFiles, data: str, lineage: str) -> None:
        """Open both files, never through a link. Raises `OSError`."""
        self._next = 0
        with ExitStack() as stack:
            self._data = stack.enter_context(_open(files, data))
            self._lineage = stack.enter_context(_open(files, lineage))
            self._exit = stack.pop_all()
        self._folder = files.path

    def read(self, position: int) -> Accepted:
        """Example number `position`, which is in the files and not before the last one read. Raises `StorageError`."""
        try:
            for _ in range(self._next, position):
                self._data.readline()
                self._lineage.readline()
            self._next = position + 1
            data, lineage = self._data.readline(), self._lineage.readline()
            return Accepted(json.loads(data.decode()), **json.loads(lineage.decode()))
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

    def close(self) -> None:
        """Close both files."""
        self._exit.close()


def _open(files: RunFiles, name: str) -> IO[bytes]:
    return os.fdopen(files.open(name, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=1 << 16)
