"""CSV and TSV as spreadsheets and pandas write them, read strictly: a broken row is a message and not a wrong row."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

from datarecipe.exchange import Json
from datarecipe.init.json_rows import decode
from datarecipe.init.refusal import refuse
from datarecipe.init.table import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Row, Table, refuse_width
from datarecipe.init.words import quoted

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SNIFFED: Final = 30
"""Rows that tell what stands between the cells."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,14})?")
"""As people write numbers; `007`, `+49` and long ids stay text."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    delimiter: str
    quoting: bool = True


class _BrokenRow(Exception):  # noqa: N818 - how it is told, if it is, is decided where it is caught
    """A row that the csv module cannot read."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class _Bound(Exception):  # noqa: N818 - it ends the reading in order
    """The bytes that may be read are used up."""


def read_csv_table(path: Path, source: str, *, tabs: bool) -> Table:
    """A file whose first row names the columns; of a long one the beginning.

    Cells are text. A column of numbers alone becomes numbers, one of JSON lists alone becomes lists.

    Raises:
        RecipeError: no rows, a name that stands twice, a row with more or fewer cells, a quotation mark without its pair.
    """
    dialect = _dialect(path, source, tabs=tabs)
    notes: list[str] = []
    if dialect.delimiter != ("\t" if tabs else ","):
        notes.append(f"{_DELIMITERS[dialect.delimiter]} stand between the cells")
    if not dialect.quoting:
        notes.append("quotation marks are taken as letters")
    with path.open("rb") as file:
        rows = _rows(file, source, dialect)
        header = next(rows, None)
        if header is None:
            refuse(source, "the file is empty")
        if len(header[1]) > MAX_COLUMNS:
            refuse_width(source, len(header[1]), header[0])
        names = _names(header[1], source, header[0], notes)
        cells: list[tuple[int, list[str]]] = []
        cut = False
        try:
            for line, row in rows:
                if len(cells) == min(MAX_ROWS, MAX_CELLS // len(names)):
                    cut = True
                    break
                _check_width(row, names, source, line)
                cells.append((line, row))
        except _Bound:
            cut = True
    if not cells:
        refuse(source, "there is no row below the names of the columns")
    kept = [index for index, name in enumerate(names) if name]
    columns = {names[index]: _typed([row[index] for _, row in cells]) for index in kept}
    table_rows = [
        Row({name: column[number] for name, column in columns.items()}, line) for number, (line, _) in enumerate(cells)
    ]
    return Table(source, tuple(columns), table_rows, cut=cut, notes=tuple(notes))


def _dialect(path: Path, source: str, *, tabs: bool) -> _Dialect:
    """What stands between cells: the sign by which the first rows all have the same, largest number of cells."""
    choices = [_Dialect("\t")] if tabs else [_Dialect(sign) for sign in _DELIMITERS]
    widths = {choice: _widths(path, source, choice) for choice in choices}
    best = max(choices, key=lambda choice: _agreement(widths[choice]))
    if tabs and _agreement(widths[best])[0] < 1:
        # In many TSV files a cell may begin with a quotation mark that means nothing.
        bare = _Dialect("\t", quoting=False)
        if _agreement(_widths(path, source, bare))[0] == 1:
            return bare
    return best


def _widths(path: Path, source: str, dialect: _Dialect) -> list[int]:
    """Cells in each of the first rows; 0 for one that cannot be read."""
    found: list[int] = []
    with path.open("rb") as file:
        try:
            for _, row in islice(_read(file, source, dialect), _SNIFFED):
                found.append(len(row))
        except _Bound:
            return found
        except _BrokenRow:
            found.append(0)
    return found


def _agreement(widths: Sequence[int]) -> tuple[float, int]:
    """(share of rows as wide as the first, that width). A width of one is no agreement."""
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _rows(file: IO[bytes], source: str, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of rows that are not blank.

    Raises:
        _Bound: at the end of what may be read.
        RecipeError: a row cannot be read.
    """
    try:
        yield from _read(file, source, dialect)
    except _BrokenRow as broken:
        message, hint = _in_words(broken.reason)
        refuse(source, message, broken.line, hint=hint)


def _read(file: IO[bytes], source: str, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(file, source)
    if dialect.quoting:
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    else:
        reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _BrokenRow(line, str(error)) from None
        if any(row):
            yield line, row


class _Lines:
    """The lines of a file as text, up to `MAX_BYTES`."""

    def __init__(self, file: IO[bytes], source: str) -> None:
        self._file = file
        self._source = source
        self._left = MAX_BYTES
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        data = self._file.readline(self._left + 1)
        if not data:
            raise StopIteration
        self._left -= len(data)
        if self._left < 0:
            raise _Bound
        self._number += 1
        text = decode(data, self._source, self._number)
        if "\0" in text:
            refuse(self._source, "a NUL character stands here: this is no text file", self._number)
        return text


_HINT: Final = (
    "A cell with the delimiter, a line break or a quotation mark in it stands in double quotes, with each mark in it twice: "
    '"He said ""yes"", and left"'
)


def _in_words(error: str) -> tuple[str, str]:
    """What is wrong with a row, and how to mend it."""
    if "new-line character" in error:
        return "the lines end with a carriage return alone, as old spreadsheets wrote them", "Save it as CSV UTF-8."
    if "field larger" in error:
        return (
            f"a cell is longer than {csv.field_size_limit():,} characters; perhaps a quotation mark has no pair",
            _HINT,
        )
    if "unexpected end" in error:
        return "a quotation mark that opens here has no pair", _HINT
    if "expected after" in error:
        return "something follows a closing quotation mark", _HINT
    return f"this row cannot be read: {error}", _HINT


def _names(header: list[str], source: str, line: int, notes: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    twice = next((name for name, count in Counter(names).items() if count > 1 and name), None)
    if twice is not None:
        refuse(
            source, f"two columns are called {quoted(twice)}", line, hint="The first row names the columns, each once."
        )
    for number, name in enumerate(names, 1):
        if not name:
            notes.append(f"column {number} has no name and is left out")
    if not any(names):
        refuse(source, "the first row names no column", line)
    return names


def _check_width(row: list[str], names: list[str], source: str, line: int) -> None:
    if len(row) == len(names):
        return
    cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
    message = f"this row has {cells}, and the first row names {len(names)} columns"
    refuse(source, message, line, hint=_HINT if len(row) > len(names) else None)


def _typed(cells: Iterable[str]) -> list[Json]:
    texts = list(cells)
    if all(map(_NUMBER.fullmatch, texts)):
        if any("." in text for text in texts):
            return [float(text) for text in texts]
        return [int(text) for text in texts]
    # A list takes many times the memory of its text, so too many of them stay text.
    if all(text.startswith("[") for text in texts) and sum(text.count(",") for text in texts) <= MAX_CELLS:
        lists = [_list(text) for text in texts]
        if all(found is not None for found in lists):
            return cast("list[Json]", lists)
    return list(texts)


def _list(text: str) -> list[Json] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(item, str | int) for item in value) else None
