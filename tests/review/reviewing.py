"""Runs `datarecipe review` as a process that serves its page, the way a judge starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reviewing:
    """A review under way."""

    process: subprocess.Popen[str]
    address: str

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it, and say how it ended and what it printed on standard error."""
        self.process.send_signal(how)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@contextmanager
def reviewing(*arguments: str | Path, cwd: Path) -> Iterator[Reviewing]:
    """`datarecipe review ARGUMENTS` in `cwd`, from the moment on at which it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "datarecipe", "review", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Who runs the tests in the background has it ignored, for us too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate(timeout=60)
        yield Reviewing(process, address)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def verdicts_in(path: Path) -> list[dict[str, Any]]:
    """The verdicts of a file, one by one."""
    return [row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if "verdicts" not in row]
