"""Runs the real command on a terminal, and answers its questions the way a person does."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cli.command import Ran

CTRL_C = "\x03"


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests in the background has it ignored, for us too


def on_terminal(*arguments: str, answers: Sequence[tuple[str, str]], cwd: Path, timeout: float = 60) -> Ran:
    """`datarecipe ARGUMENTS` on a terminal of its own. `answers`: (what is waited for, what is typed then), in order.

    What is typed is echoed by the terminal, so `out` holds it too.
    """
    return python_on_terminal("-m", "datarecipe", *arguments, answers=answers, cwd=cwd, timeout=timeout)


def python_on_terminal(*arguments: str, answers: Sequence[tuple[str, str]] = (), cwd: Path, timeout: float = 60) -> Ran:
    """`python ARGUMENTS` in the same way."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        # A session and terminal of its own, so that Ctrl-C reaches this process and no other.
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - no thread runs here
    )
    os.close(slave)
    out, seen, left, pressed = b"", 0, list(answers), False
    deadline = time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([master], [], [], 0.2)
            if ready:
                try:
                    read = os.read(master, 65536)
                except OSError:  # the process has closed its side
                    break
                if not read:
                    break
                out += read
            if left and left[0][0].encode() in out[seen:]:
                waited, typed = left.pop(0)
                seen += out[seen:].index(waited.encode()) + len(waited.encode())
                os.write(master, typed.encode() + (b"" if typed == CTRL_C else b"\n"))
                pressed = typed == CTRL_C
            elif pressed and not ready:
                # Between the question and its wait for an answer readline does not notice a signal; a person presses again.
                os.write(master, CTRL_C.encode())
        code = process.wait(timeout=max(1, deadline - time.monotonic()))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    text = out.decode().replace("\r\n", "\n")
    assert "Traceback" not in text, text
    assert not left, f"never asked: {left[0][0]!r}\n{text}"
    return Ran(code, text, "")
