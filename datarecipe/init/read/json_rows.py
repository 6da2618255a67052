"""Data as JSON and JSON Lines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from datarecipe.exchange import Json
from datarecipe.generate.parse.nesting import MAX_NESTING, nesting
from datarecipe.init.read.lines import read_lines, refuse
from datarecipe.init.read.table import CHARACTERS_A_CELL, MAX_CELLS, Row, Table, collect
from datarecipe.recipe.message_text import describe, show

MAX_WHOLE = 10_000_000
"""Bytes of a file that is read whole. Of lists in lists, a byte can take twenty in memory."""

_TOO_DEEP = "lists and objects stand too deep in each other"
_NOT_LINES = (
    "In JSON Lines each line is one object, with nothing behind it. A file with one list of objects is called .json."
)
_NOT_JSON = (
    "Names and texts stand in double quotes, and no comma before a closing bracket. "
    "One object a line is JSON Lines: such a file is called .jsonl."
)


def read_json_table(path: Path, source: str, encoding: str | None = None) -> Table:
    """A file with one JSON value: a list of objects, or an object that holds just one such list.

    Raises:
        RecipeError: larger than `MAX_WHOLE`, no JSON, or no list of objects.
    """
    if path.stat().st_size > MAX_WHOLE:
        hint = "Write it as JSON Lines, one object a line: of such a file the beginning is enough."
        refuse(source, f"the file is larger than {MAX_WHOLE // 1_000_000} MB, and JSON is read whole", hint=hint)
    text = "".join(read_lines(path, source, encoding))
    if not text.strip():
        refuse(source, "the file is empty")
    value = _parse(text, source, lambda *_: "this is not JSON", _NOT_JSON)
    notes: tuple[str, ...] = ()
    if isinstance(value, dict):
        lists = {name: inner for name, inner in value.items() if _is_rows(inner)}
        if len(lists) == 1:
            ((name, value),) = lists.items()
            notes = (f"the rows are the list in {show(name)}",)
    if not isinstance(value, list) or not value:
        hint = "Data is a list of objects. A single example goes to --seed-example."
        refuse(source, f"there are no rows: the file holds {describe(value)}", hint=hint)
    rows = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict):
            refuse(source, f"row {number} is {describe(item)}, not a JSON object")
        rows.append((Row(item, number), len(item)))
    table = collect(source, rows, "row")
    return replace(table, notes=(*notes, *table.notes))


def read_jsonl_table(path: Path, source: str, encoding: str | None = None) -> Table:
    """A file with one JSON object a line; of a long one the beginning, and counts of all.

    Raises:
        RecipeError: a line that is no JSON object, or no line at all.
    """

    def rows() -> Iterator[tuple[Row, int]]:
        for number, line in enumerate(read_lines(path, source, encoding), 1):
            # Told before it is read, since reading is what takes memory: a line holds no more values than these signs.
            cells = line.count(",") + line.count("[") + line.count("{")
            if cells > MAX_CELLS:
                hint = "Each line is one example, and an example has a few fields."
                refuse(source, f"this line holds more than {MAX_CELLS:,} values", number, hint=hint)
            if line.strip():
                text = line.rstrip()
                value = _parse(text, source, _broken_line, _NOT_LINES, number)
                if not isinstance(value, dict):
                    refuse(source, f"this line is {describe(value)}, not one JSON object", number, hint=_NOT_LINES)
                yield Row(value, number), cells + len(line) // CHARACTERS_A_CELL

    return collect(source, rows())


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _broken_line(text: str, position: int) -> str:
    """What is wrong with a line of JSON Lines that is broken at a position."""
    if position >= len(text):
        return "the value that begins in this line does not end in it"
    if text[position] == "," and not text[position + 1 :].strip():
        return "a comma stands behind the object"
    return "this line is not one JSON object"


def _parse(text: str, source: str, wrong: Callable[[str, int], str], hint: str, line: int = 1) -> Any:
    """`wrong` says what is wrong with a text that is broken at a position."""
    try:
        # pandas writes a missing number as NaN, which is no JSON.
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_float)
    except json.JSONDecodeError as error:
        refuse(source, wrong(text, error.pos), line + error.lineno - 1, error.colno, hint=hint)
    except RecursionError:
        refuse(source, _TOO_DEEP, line)
    except ValueError:
        refuse(source, "a whole number has too many digits", line)
    # What Python can read is not always what it can walk through or write again.
    if text.count("[") + text.count("{") > MAX_NESTING and nesting(value) > MAX_NESTING:
        refuse(source, _TOO_DEEP, line)
    return value


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
