"""The lines of a user's file, in its encoding."""

from __future__ import annotations

import codecs
import io
from typing import IO, NoReturn

from datarecipe.init.read.refusal import refuse
from datarecipe.init.read.table import MAX_BYTES

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
"""What a file begins with that names its encoding so."""


class Lines:
    """A file's lines as text, one by one, each with its end."""

    def __init__(self, file: IO[bytes], source: str, encoding: str | None) -> None:
        """`encoding` is what the user says; without it a mark at the file's begin decides, else it is UTF-8."""
        begin = file.read(3)
        file.seek(0)
        marked = next((name for mark, name in _MARKS if begin.startswith(mark)), None)
        self.encoding = encoding or marked or "utf-8"
        self.note = "the file is UTF-16" if self.encoding == "utf-16" and encoding is None else None
        self.number = 0
        """Of the last line, from 1."""
        self.characters = 0
        """Read so far; in most encodings the bytes."""
        self._source = source
        self._named = encoding is not None
        # A line of UTF-16 ends within two bytes; all other encodings are read as bytes, so that an error knows its line.
        wide = codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32"))
        self._file: IO[str] | IO[bytes] = io.TextIOWrapper(file, self.encoding, newline="\n") if wide else file

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        try:
            data = self._file.readline(MAX_BYTES + 1)
            if not data:
                raise StopIteration
            self.number += 1
            if len(data) > MAX_BYTES:
                refuse(self._source, f"this line is longer than {MAX_BYTES // 1_000_000} MB", self.number)
            self.characters += len(data)
            text = data.decode(self.encoding) if isinstance(data, bytes) else data
        except UnicodeError as error:
            _refuse_encoding(error, self._source, self.encoding, self.number or None, named=self._named)
        if self.number == 1:
            text = text.removeprefix("\ufeff")
        if "\0" in text:
            refuse(self._source, "a NUL character stands here: this is no text file", self.number)
        return text


def decode(data: bytes, source: str, encoding: str | None = None) -> str:
    """A whole file as text, by the same rules.

    Raises:
        RecipeError: it is of another encoding.
    """
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    try:
        return data.decode(encoding or marked or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        _refuse_encoding(error, source, encoding or marked or "utf-8", line, named=encoding is not None)


def _refuse_encoding(error: UnicodeError, source: str, encoding: str, line: int | None, *, named: bool) -> NoReturn:
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    byte = (
        f": byte 0x{error.object[error.start]:02x} cannot stand here" if isinstance(error, UnicodeDecodeError) else ""
    )
    hint = "Name another --encoding" if named else "Name its encoding, as --encoding cp1252"
    refuse(source, f"the file is not {name}{byte}", line, hint=f"{hint}, or save it as UTF-8.")
