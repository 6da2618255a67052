"""`run.log` in a run's folder: what a user would have seen, with times, kept over runs. It rotates and holds no keys."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime

from datarecipe.errors import DatarecipeError
from datarecipe.printable import printable
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.next_steps import ended_short, flags, how_to_go_on
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.summary import closing, opening

LOG = "run.log"
LARGEST = 1_000_000
"""Bytes at which a new file is begun."""
KEPT = 3
"""Older files that are kept, as `run.log.1` and so on."""


def _same_command(settings: Mapping[str, str], *, verb: str | None = None) -> str:
    return " ".join(("the same command" if verb is None else f"datarecipe {verb}", *flags(settings)))


class RunLog:
    """An observer that writes the file of one run. Notices come without keys: transports take them out."""

    name = LOG
    """As messages call it."""

    def __init__(self) -> None:
        self._exit = ExitStack()
        self._files: RunFiles | None = None
        self._file = -1

    def begin(self, setup: ResolvedRun) -> None:
        """Open the file; the folder is there by then. Raises `OSError`, `StorageError`."""
        folder = setup.location.open()
        self._exit.callback(os.close, folder)
        self._files = RunFiles(setup.output, folder)
        self._open(self._files)
        for line in opening(setup):
            self._write(line)

    def notice(self, text: str) -> None:
        self._write(text)

    def progress(self, progress: Progress) -> None:
        """Nothing: the files themselves say how far a run has come."""

    def end(self, result: RunResult) -> None:
        for line in filter(None, (*closing(result), ended_short(result), how_to_go_on(result, _same_command))):
            self._write(line)
        self.close()

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:  # noqa: ARG002 - a log has one run
        self._write(f"error: {error}")
        self.close()

    def close(self) -> None:
        self._files = None
        self._exit.close()

    def _open(self, files: RunFiles) -> None:
        """Never through a link, and no pipe: the folder may lie in a project from somebody else."""
        found = files.status(LOG)
        if found is not None and stat.S_ISLNK(found.st_mode):
            files.remove(LOG)
        elif found is not None and not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no file", os.fspath(files.path / LOG))
        self._file = files.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
        self._exit.callback(lambda: os.close(self._file))

    def _write(self, text: str) -> None:
        if self._files is None:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        lines = "".join(f"{now} {printable(line)}\n" for line in text.split("\n"))
        data = lines.encode("utf-8", "backslashreplace")
        if os.fstat(self._file).st_size + len(data) > LARGEST:
            self._rotate(self._files)
        while data:
            data = data[os.write(self._file, data) :]

    def _rotate(self, files: RunFiles) -> None:
        """Put the file aside, and begin a new one."""
        for number in range(KEPT, 0, -1):
            older = LOG if number == 1 else f"{LOG}.{number - 1}"
            if files.exists(older):
                files.rename(older, f"{LOG}.{number}")
        full = self._file
        self._file = files.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL)
        os.close(full)
