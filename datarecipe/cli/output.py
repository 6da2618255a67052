"""What a command prints, where standard output and standard error may be full or gone."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click


def tell(line: str) -> None:
    """A line on standard error. Where that takes nothing, nobody can be told; the exit code still says how it went."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def drop() -> None:
    """Let what waits to be written go nowhere: the interpreter would try once more on its way out, and fail."""
    with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
