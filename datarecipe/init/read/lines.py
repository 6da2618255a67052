"""The lines of a user's file in its encoding, and the one way in which such a file is refused."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from datarecipe.errors import Problem, RecipeError

MAX_CHARACTERS = 50_000_000
"""Of one line, and of one row."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""What a file begins with that names its encoding so."""

_UNDECODED = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that the encoding does not know: so an error knows its line."""


def refuse(
    source: str, message: str, line: int | None = None, column: int | None = None, *, hint: str = ""
) -> NoReturn:
    """Say what is wrong with a file, where, and how to mend it.

    Raises:
        RecipeError: always.
    """
    raise RecipeError(Problem(message, source, line, column, hint=hint or None))


def read_lines(path: Path, source: str, encoding: str | None = None) -> Iterator[str]:
    """The lines of a file, each with its end; UTF-8 unless `encoding` or a mark at its begin names another one.

    Raises:
        RecipeError: it is of another encoding, a line is too long, or it is no text.
    """
    with path.open("rb") as begin:
        first = begin.read(3)
    name = encoding or next((name for mark, name in _MARKS if first.startswith(mark)), "utf-8")
    number = 0
    with path.open(encoding=name, errors="surrogateescape", newline="") as file:
        while True:
            number += 1
            try:
                line = file.readline(MAX_CHARACTERS + 1)
            except UnicodeError:
                _refuse_encoding(source, name, number, "", named=encoding is not None)
            if not line:
                return
            if len(line) > MAX_CHARACTERS:
                refuse(source, f"this line is longer than {MAX_CHARACTERS // 1_000_000} million characters", number)
            if not line.isascii() and (wrong := _UNDECODED.search(line)):
                byte = f": byte 0x{ord(wrong[0]) - 0xDC00:02x} cannot stand here"
                _refuse_encoding(source, name, number, byte, named=encoding is not None)
            if "\0" in line:
                refuse(source, "this is no text file: it contains a NUL character", number)
            yield line.removeprefix("\ufeff") if number == 1 else line


def _refuse_encoding(source: str, encoding: str, line: int, byte: str, *, named: bool) -> NoReturn:
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    hint = "Name another --encoding" if named else "Name its encoding, as --encoding cp1252"
    refuse(source, f"the file is not {name}{byte}", line, hint=f"{hint}, or save it as UTF-8.")
