"""What a command prints, where standard output and standard error may be full or gone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path

import click

from datarecipe.printable import printable


def open_missing() -> None:
    """Give a process that was started with closed streams (`>&-`) such as lead nowhere.

    Else the first files that it opens get their numbers, and what is printed goes into those.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_RDWR), number)
                setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def take_all_characters() -> None:
    """Let standard output show what its encoding lacks as an escape: no reason to break off what is paid for."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def tell(line: str) -> None:
    """Lines on standard error, made printable. Where that takes nothing, the exit code still says how it went."""
    with contextlib.suppress(OSError):
        click.echo(printable(line, multiline=True), err=True)


def drop_unwritten() -> None:
    """Let what standard output and standard error do not take go nowhere.

    The interpreter would try once more on its way out, and end with a code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
