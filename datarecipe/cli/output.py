"""What a command prints, where standard output and standard error may be full or gone."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import click

from datarecipe.exchange import Json
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


def show_json(document: object) -> None:
    """A document for programs, on standard output."""
    click.echo(printable(json.dumps(document, ensure_ascii=False, indent=2), multiline=True))


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> Iterator[str]:
    """A line for each row: the columns of `left` begin at one place, all others end at one."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def short(value: Json, longest: int) -> str:
    """A value on one printable line, cut where it is longer: a text as it is, anything else as JSON."""
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= longest else text[: longest - 3] + "..."


def github_line(level: str, properties: Mapping[str, object], message: str) -> str:
    """A workflow command, which GitHub and what follows it show as an annotation; properties that are None are left out."""
    given = {name: value for name, value in properties.items() if value is not None}
    where = ",".join(f"{name}={_escaped(printable(str(value)), ':,')}" for name, value in given.items())
    return f"::{level} {where}::{_escaped(printable(message, multiline=True))}"


def _escaped(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


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
