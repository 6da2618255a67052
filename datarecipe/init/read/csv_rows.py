"""CSV and TSV as spreadsheets and pandas write them, read strictly: a broken row is a message and not a wrong row."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final, Literal, cast

from datarecipe.exchange import Json
from datarecipe.init.read.lines import Lines
from datarecipe.init.read.refusal import refuse
from datarecipe.init.read.table import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    Rest,
    Row,
    Table,
    is_missing,
    placeholder_notes,
    refuse_width,
)
from datarecipe.init.value_names import quoted

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SNIFFED: Final = 30
"""Rows that tell what stands between the cells."""

_SMALL: Final = 20
"""Rows. Among so few, a value that equals its column's name is hardly there by chance."""

_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""What Excel writes and reads in a first line."""

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


def read_csv_table(
    path: Path, source: str, *, tabs: bool, encoding: str | None = None, columns: Sequence[str] = ()
) -> Table:
    """A file whose first row names the columns, unless `columns` does; of a long one the beginning, and counts of the rest.

    Cells are text. A column of numbers alone becomes numbers, one of JSON lists alone becomes lists; what pandas writes for
    an empty cell is one.

    Raises:
        RecipeError: no rows, a name that stands twice, a row with more or fewer cells, a quotation mark without its pair.
    """
    dialect = _dialect(path, source, encoding, tabs=tabs)
    with path.open("rb") as file:
        lines = Lines(file, source, encoding)
        notes = [*_reading_notes(lines, dialect, tabs=tabs)]
        rows = _rows(lines, source, dialect)
        first = next(rows, None)
        if first is None:
            refuse(source, "the file is empty")
        if len(first[1]) > MAX_COLUMNS:
            refuse_width(source, len(first[1]), first[0])
        names = _names(list(columns) or first[1], source, first[0], notes)
        cells: list[tuple[int, list[str]]] = []
        rest = Rest()
        for line, row in chain([first] if columns else [], rows):
            _check_width(row, names, source, line, by_flag=bool(columns))
            if not rest.rows and len(cells) < min(MAX_ROWS, MAX_CELLS // len(names)) and lines.characters <= MAX_BYTES:
                cells.append((line, row))
            else:
                rest.add(zip(names, row, strict=True))
    if not cells:
        refuse(source, "there is no row below the names of the columns")
    texts = {name: [row[index] for _, row in cells] for index, name in enumerate(names) if name}
    doubts = () if columns else tuple(_no_header(texts))
    notes.extend(doubts)
    notes.extend(placeholder_notes(chain.from_iterable(texts.values())))
    typed = {name: _typed(column) for name, column in texts.items()}
    for name, column in typed.items():
        if any(isinstance(value, int | float) for value in column):
            rest.convert(name, lambda text: _number(text) if _NUMBER.fullmatch(text) else text)
    table_rows = [
        Row({name: column[number] for name, column in typed.items()}, line) for number, (line, _) in enumerate(cells)
    ]
    return Table(source, tuple(typed), table_rows, rest=rest, notes=tuple(notes), has_header=not doubts)


def _reading_notes(lines: Lines, dialect: _Dialect, *, tabs: bool) -> Iterator[str]:
    if lines.note is not None:
        yield lines.note
    if dialect.delimiter != ("\t" if tabs else ","):
        yield f"{_DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))} stand between the cells"
    if not dialect.quoting:
        yield "quotation marks are taken as letters"


def _no_header(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A doubt whether the first row names the columns: one of its cells is one of the few values below it, or of a small
    file's values, or is a number over numbers.
    """
    if [*columns] == [str(number) for number in range(len(columns))]:
        return  # pandas numbers columns so that have no names
    again = tuple(columns) in zip(*columns.values(), strict=True)  # files with a header each, one behind the other
    for name, texts in columns.items():
        different = {text.strip() for text in texts}
        few = len(different) * 2 <= len(texts) or (len(texts) <= _SMALL and not again)
        if name in different and few:
            doubt = f"{quoted(name)} is a value of the rows below it too"
        elif all(map(_NUMBER.fullmatch, (name, *different))):
            doubt = f"{quoted(name)} is a number, as all below it are"
        else:
            continue
        yield f"the first row may be no header: {doubt}; if it is data, name the columns yourself: --columns A,B"


def _dialect(path: Path, source: str, encoding: str | None, *, tabs: bool) -> _Dialect:
    """What stands between cells: what Excel says in a first line, else the sign by which the first rows all have the same,
    largest number of cells.
    """
    with path.open("rb") as file:
        said = _SEP.fullmatch(next(Lines(file, source, encoding), ""))
    if said is not None:
        return _Dialect(said[1])
    choices = [_Dialect("\t")] if tabs else [_Dialect(sign) for sign in _DELIMITERS]
    widths = {choice: _widths(path, source, choice, encoding) for choice in choices}
    best = max(choices, key=lambda choice: _agreement(widths[choice]))
    if tabs and _agreement(widths[best])[0] < 1:
        # In many TSV files a cell may begin with a quotation mark that means nothing.
        bare = _Dialect("\t", quoting=False)
        if _agreement(_widths(path, source, bare, encoding))[0] == 1:
            return bare
    return best


def _widths(path: Path, source: str, dialect: _Dialect, encoding: str | None) -> list[int]:
    """Cells in each of the first rows; 0 for one that cannot be read."""
    found: list[int] = []
    with path.open("rb") as file:
        try:
            for _, row in islice(_read(Lines(file, source, encoding), dialect), _SNIFFED):
                found.append(len(row))
        except _BrokenRow:
            found.append(0)
    return found


def _agreement(widths: Sequence[int]) -> tuple[float, int]:
    """(share of rows as wide as the first, that width). A width of one is no agreement."""
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _rows(lines: Lines, source: str, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of rows that are not blank.

    Raises:
        RecipeError: a row cannot be read.
    """
    try:
        yield from _read(lines, dialect)
    except _BrokenRow as broken:
        message, hint = _in_words(broken.reason)
        refuse(source, message, broken.line, hint=hint)


def _read(lines: Lines, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE
    line = characters = delimiters = 0

    def texts() -> Iterator[str]:
        nonlocal characters, delimiters
        for text in lines:
            characters += len(text)
            delimiters += text.count(dialect.delimiter)
            if (
                characters > MAX_BYTES or delimiters > MAX_CELLS
            ):  # the reader holds all of a row before it gives it back
                raise _BrokenRow(line, "row larger")
            # Excel's line on the delimiter counts as a blank one.
            yield "" if lines.number == 1 and _SEP.fullmatch(text) else text

    reader = csv.reader(texts(), delimiter=dialect.delimiter, quoting=quoting, strict=True)
    while True:
        line, characters, delimiters = reader.line_num + 1, 0, 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _BrokenRow(line, str(error)) from None
        if any(row):
            yield line, row


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
    if "row larger" in error:
        return (
            f"a row has more than {MAX_CELLS:,} cells or {MAX_BYTES:,} characters; perhaps a quotation mark has no pair",
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


def _check_width(row: list[str], names: list[str], source: str, line: int, *, by_flag: bool) -> None:
    if len(row) == len(names):
        return
    cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
    message = f"this row has {cells}, and {'--columns' if by_flag else 'the first row'} names {len(names)} columns"
    refuse(source, message, line, hint=_HINT if len(row) > len(names) else None)


def _typed(texts: Sequence[str]) -> list[Json]:
    filled = [text for text in texts if not is_missing(text)]
    if filled and all(map(_NUMBER.fullmatch, filled)):
        # A column of whole numbers with an empty cell is one of floats to pandas, which writes 1.0.
        numbers = [None if is_missing(text) else _number(text) for text in texts]
        whole = all(isinstance(number, int) for number in numbers if number is not None)
        return [*numbers] if whole else [None if number is None else float(number) for number in numbers]
    # A list takes many times the memory of its text, so too many of them stay text.
    if all(text.startswith("[") for text in texts) and sum(text.count(",") for text in texts) <= MAX_CELLS:
        lists = [_list(text) for text in texts]
        if all(found is not None for found in lists):
            return cast("list[Json]", lists)
    return [None if text.strip() and is_missing(text) else text for text in texts]


def _number(text: str) -> int | float:
    number = float(text)
    return int(text.partition(".")[0]) if number.is_integer() else number


def _list(text: str) -> list[Json] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(item, str | int) for item in value) else None
