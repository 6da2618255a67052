"""Runs `datarecipe review --terminal` on a terminal of its own, and presses keys the way a judge does."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Keyboard:
    """The judge's end of the terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master, self._process = master, process
        self.shown = ""
        """All that was shown."""
        self._seen = 0

    def press(self, keys: str, then: str) -> str:
        """Press keys, and wait until `then` is shown. What was shown since the last wait."""
        os.write(self._master, keys.encode())
        return self.wait(then)

    def wait(self, text: str) -> str:
        """Wait until a text is shown."""
        deadline = time.monotonic() + 60
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < deadline, f"never shown: {text!r}\n{self.shown}"
            assert self._read(), f"ended without {text!r}\n{self.shown}"
        start, self._seen = self._seen, self.shown.index(text, self._seen) + len(text)
        return self.shown[start : self._seen]

    def end(self, keys: str) -> int:
        """Press keys that end the review, and say how it ended."""
        os.write(self._master, keys.encode())
        deadline = time.monotonic() + 60
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"never ended\n{self.shown}"
            self._read(0.2)
        while self._read(0):
            pass
        return self._process.returncode

    def _read(self, seconds: float = 60) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            read = os.read(self._master, 65536)
        except OSError:  # the process has closed its side
            return False
        self.shown += read.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(read)


@contextmanager
def keyboard(*arguments: str, cwd: Path, columns: int = 80) -> Iterator[Keyboard]:
    """A review on a terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "datarecipe", "review", "--terminal", *arguments],
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - no thread runs here
    )
    before = termios.tcgetattr(slave)
    try:
        judge = Keyboard(master, process)
        yield judge
        if process.poll() is not None:
            assert "Traceback" not in judge.shown
            if process.returncode >= 0:
                assert termios.tcgetattr(slave) == before, "the terminal is left as it was"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(slave)
        os.close(master)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests in the background has it ignored, for us too
