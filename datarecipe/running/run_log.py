"""`run.log` in a run's folder: what a user would have seen, with times, kept over runs. It rotates and holds no keys."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

from datarecipe.errors import DatarecipeError
from datarecipe.printable import printable
from datarecipe.running.going_on import ended_short, flags, how_to_go_on
from datarecipe.running.progress import Progress
from datarecipe.running.result import RunResult
from datarecipe.running.setup import Setup
from datarecipe.running.summary import closing, opening

LOG = "run.log"
LARGEST = 1_000_000
"""Bytes at which a new file is begun."""
KEPT = 3
"""Older files that are kept, as `run.log.1` and so on."""


def _same_command(settings: Mapping[str, str], recipe: str | None = None) -> str:  # noqa: ARG001 - a log has one run
    return " ".join(("the same command", *flags(settings)))


class _Handler(RotatingFileHandler):
    """One whose failures its user hears of: logging's own prints them, traceback and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        """Called while the error is handled."""
        raise  # noqa: PLE0704


class RunLog:
    """An observer that writes the file of one run. Notices come without keys: transports take them out."""

    name = LOG
    """As messages call it."""

    def __init__(self) -> None:
        self._handler: _Handler | None = None

    def begin(self, setup: Setup) -> None:
        """Open the file; the folder is there by then. Raises `OSError`."""
        path = setup.output / LOG
        # The folder may lie in a project from somebody else: a link leads elsewhere, a pipe would never open.
        if path.is_symlink():
            path.unlink()
        elif path.exists() and not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "it is no file", os.fspath(path))
        self._handler = _Handler(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
        for line in opening(setup):
            self._write(line)

    def notice(self, text: str) -> None:
        """Write it down."""
        self._write(text)

    def progress(self, progress: Progress) -> None:
        """Nothing: the files themselves say how far a run has come."""

    def end(self, result: RunResult) -> None:
        """Write the summary and close the file."""
        for line in filter(None, (*closing(result), ended_short(result), how_to_go_on(result, _same_command))):
            self._write(line)
        self.close()

    def broken_off(self, setup: Setup, error: DatarecipeError) -> None:  # noqa: ARG002 - a log has one run
        """Write down why and close the file."""
        self._write(f"error: {error}")
        self.close()

    def close(self) -> None:
        """Close the file, also after an error."""
        if self._handler is not None:
            self._handler.close()
            self._handler = None

    def _write(self, text: str) -> None:
        if self._handler is not None:
            now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            for line in text.split("\n"):
                message = f"{now} {printable(line)}"
                self._handler.handle(logging.LogRecord("datarecipe", logging.INFO, "", 0, message, None, None))
