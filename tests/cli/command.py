"""Runs the real command as a process, the way a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


def datarecipe(*arguments: str, cwd: Path, env: dict[str, str] | None = None, home: Path | None = None) -> Ran:
    """`datarecipe ARGUMENTS` in `cwd`, with no key, model or cache from the environment of the test."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")) and not name.startswith("DATARECIPE_")
    }
    if home is not None:
        kept["HOME"] = str(home)
    done = subprocess.run(
        [sys.executable, "-m", "datarecipe", *arguments],
        cwd=cwd,
        env={**kept, **(env or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=280,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
