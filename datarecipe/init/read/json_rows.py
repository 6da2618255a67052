"""JSON and JSON Lines: seed examples that the user names, and data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from datarecipe.exchange import Example, Json
from datarecipe.init.read.lines import read_lines, refuse
from datarecipe.init.read.table import CHARACTERS_A_CELL, MAX_CELLS, Row, Table, collect
from datarecipe.init.value_names import listed, quoted
from datarecipe.recipe.source.json_source import parse_json

MAX_WHOLE = 10_000_000
"""Bytes of a file that is read whole. Of lists in lists, a byte can take twenty in memory."""

_NOT_LINES = (
    "In JSON Lines each line is one object, with nothing behind it. A file with one list of objects is called .json."
)
_NOT_JSON = (
    "Names and texts stand in double quotes, and no comma before a closing bracket. "
    "One object a line is JSON Lines: such a file is called .jsonl."
)


def read_seed_text(text: str, source: str) -> list[Example]:
    """Seed examples: one JSON object, or a list of them, all with the same fields.

    Raises:
        RecipeError: no JSON, no object, an object without fields, or different fields.
    """
    value = parse_json(text, source).value
    examples: list[Example] = []
    for number, row in enumerate(value if isinstance(value, list) else [value], 1):
        if not isinstance(row, dict) or not row:
            hint = 'One looks like this: {"question": "Is the moon a star?", "answer": "no"}'
            which = f"number {number} of the list" if isinstance(value, list) else "it"
            refuse(source, f"a seed example is a JSON object with fields, and {which} is {kind_of(row)}", hint=hint)
        examples.append(row)
        if different := listed([quoted(name) for name in row.keys() ^ examples[0].keys()]):
            hint = "All seed examples have the same fields."
            refuse(source, f"number {number} differs from number 1 in its fields: {different}", hint=hint)
    if not examples:
        refuse(source, "the list is empty", hint='Write an example into it: [{"question": "...", "answer": "..."}]')
    return examples


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
    value = _parse(text, source, "this is not JSON", _NOT_JSON)
    notes: tuple[str, ...] = ()
    if isinstance(value, dict):
        lists = {name: inner for name, inner in value.items() if _is_rows(inner)}
        if len(lists) == 1:
            ((name, value),) = lists.items()
            notes = (f"the rows are the list in {quoted(name)}",)
    if not isinstance(value, list) or not value:
        hint = "Data is a list of objects. A single example goes to --seed-example."
        refuse(source, f"there are no rows: the file holds {kind_of(value)}", hint=hint)
    rows = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict):
            refuse(source, f"row {number} is {kind_of(item)}, not a JSON object")
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
                value = _parse(line.rstrip(), source, "this line is not one JSON object", _NOT_LINES, number)
                if not isinstance(value, dict):
                    refuse(source, f"this line is {kind_of(value)}, not one JSON object", number, hint=_NOT_LINES)
                yield Row(value, number), cells + len(line) // CHARACTERS_A_CELL

    return collect(source, rows())


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _parse(text: str, source: str, wrong: str, hint: str, line: int = 1) -> Any:
    try:
        # pandas writes a missing number as NaN, which is no JSON.
        return json.loads(text, parse_constant=lambda _: None, parse_float=_float)
    except json.JSONDecodeError as error:
        refuse(source, wrong, line + error.lineno - 1, error.colno, hint=hint)
    except RecursionError:
        refuse(source, "lists and objects stand too deep in each other", line)
    except ValueError:
        refuse(source, "a whole number has too many digits", line)


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def kind_of(value: Json) -> str:
    """What a JSON value is, in words."""
    names = {type(None): "null", bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return "an empty object" if value == {} else names.get(type(value), "a number")
