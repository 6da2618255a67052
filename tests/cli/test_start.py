"""Ctrl-C before a command has begun, and when it is done: it ends the process without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import atexit, os, signal, sys

moment = sys.argv[1]

def press():
    os.kill(os.getpid(), signal.SIGINT)

class Pressing:
    def find_spec(self, name, *_):
        if name == moment:
            press()

sys.meta_path.insert(0, Pressing())
if moment == "the end":
    atexit.register(press)
from datarecipe.__main__ import start
sys.argv = ["datarecipe", "run", "boolq", "--offline", "--target-size", "1"]
start()
"""


def pressed(folder: Path, moment: str, handler: signal.Handlers) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, moment],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
    )


@pytest.mark.parametrize(
    "moment", ["click", "datarecipe.cli.output", "datarecipe.cli.commands.run_command", "jinja2", "the end"]
)
def test_it_ends_without_a_traceback(tmp_path: Path, moment: str) -> None:
    done = pressed(tmp_path, moment, signal.SIG_DFL)
    assert done.returncode in (130, -signal.SIGINT), done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_to_be_ignored_is_ignored(tmp_path: Path) -> None:
    assert pressed(tmp_path, "click", signal.SIG_IGN).returncode == 4, "nothing is stored, and nothing may be asked"
