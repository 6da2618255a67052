"""CSV and TSV as spreadsheets and pandas write them, read strictly: a broken row is a message and not a wrong row."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TypeAlias

from datarecipe.errors import RecipeError
from datarecipe.exchange import Example
from datarecipe.init.read.lines import MAX_CHARACTERS, read_lines, refuse
from datarecipe.init.read.table import CHARACTERS_A_CELL, MAX_CELLS, Row, Table, check_columns, collect
from datarecipe.recipe import Scalar
from datarecipe.recipe.message_text import show

_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""What Excel writes and reads in a first line."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,14})?")
"""As people write numbers; `007`, `+49` and long ids stay text."""

_HINT: Final = (
    "A cell that contains the delimiter, a line break or a quotation mark needs double quotes around it, "
    'and each mark in it is doubled: "He said ""yes"", and left"'
)
_Quoting: TypeAlias = Literal[0, 3]
_Cells: TypeAlias = tuple[int, list[str], int]
"""A row that is not blank: the line in which it begins, its cells, its characters."""


def read_csv_table(
    path: Path, source: str, *, tabs: bool, encoding: str | None = None, columns: Sequence[str] = ()
) -> Table:
    """A file whose first row names the columns, unless `columns` does; of a long one the beginning, and counts of all.

    Cells are text. A column of numbers alone becomes numbers; what pandas writes for an empty cell is one.

    Raises:
        RecipeError: no rows, a name that stands twice, a row with more or fewer cells, a quotation mark without its pair.
    """

    def read(quoting: _Quoting) -> Table:
        lines = read_lines(path, source, encoding)
        first = next(lines, "")
        said = _SEP.fullmatch(first)
        delimiter = said[1] if said else "\t" if tabs else _delimiter(first)
        return _table(_rows(chain(["\n" if said else first], lines), source, delimiter, quoting), source, columns)

    try:
        return read(csv.QUOTE_MINIMAL)
    except RecipeError:
        # In many TSV files a quotation mark is a letter.
        with contextlib.suppress(RecipeError):
            if tabs:
                return read(csv.QUOTE_NONE)
        raise


def _delimiter(header: str) -> str:
    """A tab if there is one outside quotes, else the most frequent sign."""
    bare = re.sub(r'"[^"]*("|$)', "", header)
    return "\t" if "\t" in bare else max(",;|", key=bare.count)


def _rows(lines: Iterator[str], source: str, delimiter: str, quoting: _Quoting) -> Iterator[_Cells]:
    line = characters = cells = 0

    def bounded() -> Iterator[str]:
        nonlocal characters, cells
        for text in lines:
            characters += len(text)
            cells += text.count(delimiter)
            # The reader holds all of a row before it gives it back.
            if characters > MAX_CHARACTERS or cells > MAX_CELLS:
                limits = f"{MAX_CELLS:,} cells or {MAX_CHARACTERS:,} characters"
                refuse(source, f"a row has more than {limits}; perhaps a quotation mark has no pair", line, hint=_HINT)
            yield text

    reader = csv.reader(bounded(), delimiter=delimiter, quoting=quoting, strict=True)
    while True:
        line, characters, cells = reader.line_num + 1, 0, 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refuse(source, _in_words(str(error)), line, hint=_HINT)
        if any(row):
            yield line, row, characters


def _in_words(error: str) -> str:
    """What is wrong with a row."""
    if "field larger" in error:
        return f"a cell is longer than {csv.field_size_limit():,} characters; perhaps a quotation mark has no pair"
    if "unexpected end" in error:
        return "a quotation mark that opens here has no pair"
    return "something follows a closing quotation mark" if "expected after" in error else "this row cannot be read"


def _table(rows: Iterator[_Cells], source: str, columns: Sequence[str]) -> Table:
    first = next(rows, None)
    if first is None:
        refuse(source, "the file is empty")
    check_columns(source, first[1], first[0])
    names = [name.strip() for name in columns or first[1]]
    twice = [name for index, name in enumerate(names) if name and name in names[:index]]
    if twice or not any(names):
        wrong = f"two columns are called {show(twice[0])}" if twice else "the first row names no column"
        refuse(source, wrong, first[0], hint="The first row names the columns, each once.")
    given = "--columns names" if columns else "the first row names"

    def named() -> Iterator[tuple[Row, int]]:
        for line, row, characters in chain([first] if columns else [], rows):
            if len(row) != len(names):
                message = f"this row has {len(row)} cell{'s' * (len(row) > 1)}, and {given} {len(names)} columns"
                refuse(source, message, line, hint=_HINT if len(row) > len(names) else "")
            values: Example = dict(zip(names, row, strict=True))
            values.pop("", None)
            yield Row(values, line), len(row) + characters // CHARACTERS_A_CELL

    table = collect(source, named())
    doubts = () if columns else tuple(_header_doubts(table))
    unnamed = tuple(f"column {number} has no name and is left out" for number, name in enumerate(names, 1) if not name)
    for name in table.columns:
        _make_numbers(table, name)
    return replace(table, notes=(*unnamed, *doubts, *table.notes), has_header=not doubts)


def _header_doubts(table: Table) -> Iterator[str]:
    """Doubts whether the first row names the columns: one of its cells is a value below it, or a number over numbers."""
    if list(table.columns) == [str(number) for number in range(len(table.columns))]:
        return  # pandas numbers columns that have no names
    for name in table.columns:
        texts = [str(value).strip() for value in table.filled(name)]
        if name in texts:
            doubt = f"{show(name)} is a value of the rows below it too"
        elif all(map(_NUMBER.fullmatch, (name, *texts))):
            doubt = f"{show(name)} is a number, as all below it are"
        else:
            continue
        yield f"the first row may be no header: {doubt}; if it is data, name the columns yourself: --columns A,B"


def _make_numbers(table: Table, name: str) -> None:
    """Turn the cells of a column into numbers where all but empty ones are, into whole ones where all are."""
    texts = [str(value) for value in table.filled(name)]
    if texts and all(map(_NUMBER.fullmatch, texts)):
        # A column of whole numbers with an empty cell is one of floats to pandas, which writes 1.0.
        to: Callable[[float], Scalar] = int if all(float(text).is_integer() for text in texts) else float
        table.counts.convert(name, lambda text: to(float(text)) if _NUMBER.fullmatch(text) else text)
        for row in table.rows:
            text = row.values[name]
            row.values[name] = to(float(text)) if isinstance(text, str) and text.strip() else None
