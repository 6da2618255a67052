"""JSON and JSON Lines: seed examples that the user names, and data."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from datarecipe.errors import Problem, RecipeError
from datarecipe.exchange import Example, Json
from datarecipe.init.read.lines import Lines, decode
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
from datarecipe.init.value_names import listed, quoted

MAX_WHOLE = 10_000_000
"""Bytes of a file that is read whole. Of lists in lists, a byte can take twenty in memory."""

_ONE_EXAMPLE = "Each line is one example, and an example has a few fields."

_LONGEST_INT = 100
"""Digits, as in a recipe."""


class _TwiceError(ValueError):
    """A key that stands in one object twice."""


def read_seed_text(text: str, source: str) -> list[Example]:
    """Seed examples: one JSON object, or a list of them, all with the same fields.

    Raises:
        RecipeError: no JSON, no object, an object without fields, or different fields.
    """
    value = _parse(text, source, 1, f"{_LINES} Give it with --from.")
    rows = value if isinstance(value, list) else [value]
    if not rows:
        refuse(source, "the list is empty", hint='Write an example into it: [{"question": "...", "answer": "..."}]')
    for number, row in enumerate(rows, 1):
        which = f"number {number} of the list" if isinstance(value, list) else "it"
        if not isinstance(row, dict):
            hint = 'One looks like this: {"question": "Is the moon a star?", "answer": "no"}'
            refuse(source, f"a seed example is a JSON object, and {which} is {kind_of(row)}", hint=hint)
        if not row:
            refuse(source, f"a seed example has fields, and {which} has none")
        _check_same_fields(source, rows[0], row, number)
    return rows


def _check_same_fields(source: str, first: Example, row: Example, number: int) -> None:
    missing = [name for name in first if name not in row]
    added = [name for name in row if name not in first]
    for names, verb in ((missing, "lacks"), (added, "has")):
        if names:
            hint = "All seed examples have the same fields."
            refuse(
                source, f"number {number} {verb} {listed([quoted(name) for name in names])}, unlike number 1", hint=hint
            )


def read_json_table(path: Path, source: str, encoding: str | None = None) -> Table:
    """A file with one JSON value: a list of objects, or an object that holds just one such list.

    Raises:
        RecipeError: larger than `MAX_WHOLE`, no JSON, or no list of objects.
    """
    with path.open("rb") as file:
        data = file.read(MAX_WHOLE + 1)
    if len(data) > MAX_WHOLE:
        hint = "Write it as JSON Lines, one object a line: of such a file the beginning is enough."
        refuse(
            source, f"the file is larger than {MAX_WHOLE // 1_000_000} MB, and JSON can only be read whole", hint=hint
        )
    value = _parse(decode(data, source, encoding), source, 1, _LINES)
    notes: tuple[str, ...] = ()
    if isinstance(value, dict):
        lists = {name: inner for name, inner in value.items() if _is_rows(inner)}
        if len(lists) == 1:
            ((name, value),) = lists.items()
            notes = (f"the rows are the list in {quoted(name)}",)
        elif not lists:
            hint = "Data is a list of objects. A single example goes to --seed-example."
            refuse(source, "the file holds one object, not a list of rows", hint=hint)
    if not isinstance(value, list):
        refuse(source, f"data is a list of JSON objects, and this is {kind_of(value)}")
    if not value:
        refuse(source, "the list is empty")
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict):
            refuse(source, f"row {number} is {kind_of(item)}, not a JSON object")
    rows = [Row(item, number) for number, item in enumerate(value[:MAX_ROWS], 1)]
    rest = Rest()
    for item in value[MAX_ROWS:]:
        rest.add(item.items())
    return _table(source, rows, "row", rest, notes)


def read_jsonl_table(path: Path, source: str, encoding: str | None = None) -> Table:
    """A file with one JSON object a line; of a long one the beginning, and counts of the rest.

    Raises:
        RecipeError: a line that is no JSON object, or no line at all.
    """
    rows: list[Row] = []
    rest = Rest()
    left = MAX_CELLS
    with path.open("rb") as file:
        lines = Lines(file, source, encoding)
        for line in lines:
            if not line.strip():
                continue
            left -= (values := _values_at_most(line))
            if values > MAX_CELLS:
                refuse(source, f"this line holds more than {MAX_CELLS:,} values", lines.number, hint=_ONE_EXAMPLE)
            value = _parse_line(line, source, lines.number)
            if not rest.rows and len(rows) < MAX_ROWS and left >= 0 and lines.characters <= MAX_BYTES:
                rows.append(Row(value, lines.number))
            else:
                rest.add(value.items())
    if not rows:
        refuse(source, "the file is empty")
    return _table(source, rows, "line", rest, () if lines.note is None else (lines.note,))


def _values_at_most(line: str) -> int:
    """How many values a line holds, no fewer than there are; told before it is read, since reading is what takes memory."""
    return line.count(",") + line.count("[") + line.count("{")


_LINES = "One object a line is JSON Lines: such a file is called .jsonl."


def _parse_line(text: str, source: str, number: int) -> Example:
    """The object of a line of JSON Lines."""
    if "\r" in text.strip():
        hint = "Save it with other line ends."
        refuse(source, "the lines end with a carriage return alone, as old systems wrote them", number, hint=hint)
    value = _parse(text, source, number, None)
    if not isinstance(value, dict):
        hint = "Each line is one object. A file with one list of them is called .json."
        refuse(source, f"this line is {kind_of(value)}, not a JSON object", number, hint=hint)
    return value


_QUOTED = "Names and texts stand in double quotes."
_WRONG = (
    (re.compile(r"\Z"), "it ends too early", None),
    (re.compile(r",\s*[\]}]"), "no comma can stand before a closing bracket", None),
    (re.compile(r'"(?:[^"\\]|\\.)*\Z', re.DOTALL), "this text has no closing quotation mark", None),
    (re.compile(r"\\|(?<=\\)u"), "JSON knows no such escape", "A backslash is written as two."),
    (re.compile(r"[\x00-\x1f]"), "a control character in a text must be written as an escape", None),
    (re.compile(r"'|[^\W\d]"), "this cannot stand here", _QUOTED),
)
"""What may stand where the parser stopped, what is wrong then, and how to mend it."""


def _parse(text: str, source: str, line: int, several: str | None) -> Any:
    """`several` is the hint for one value behind another; None in a line of JSON Lines."""
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_object,
            # pandas writes a missing number so.
            parse_constant=lambda _: None,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as error:
        if not text.strip():
            refuse(source, "there is nothing in it", line)
        raise RecipeError(_no_json(error, source, line, several)) from None
    except (RecursionError, ValueError) as error:
        message = "lists and objects stand too deep in each other" if isinstance(error, RecursionError) else str(error)
        raise RecipeError(Problem(message, source, line)) from None


def _object(pairs: list[tuple[str, Json]]) -> Example:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise _TwiceError(f"the key {quoted(twice)} stands in one object twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {quoted(text)} is too large")
    return number


def _bounded(text: str) -> int:
    if len(text) > _LONGEST_INT:
        raise ValueError("a whole number has too many digits")
    return int(text)


def _no_json(error: json.JSONDecodeError, source: str, line: int, several: str | None) -> Problem:
    """What is wrong, in our words and at one place: the parser's differ between Pythons."""
    text, at = error.doc, error.pos
    before = text[:at].rstrip()
    if before.endswith(",") and text[at : at + 1] in ("]", "}"):
        at = len(before) - 1
    said, hint = next(
        ((said, hint) for begins, said, hint in _WRONG if begins.match(text, at)), ("this cannot stand here", None)
    )
    whole = False
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(before)
        whole, said, hint = True, "something follows the value", several
    if several is None and (told := _broken_line(text, at, whole=whole)) is not None:
        return Problem(told[0], source, line, hint=told[1])
    start = text.rfind("\n", 0, at) + 1
    return Problem(f"this is not JSON: {said}", source, line + text.count("\n", 0, at), at - start + 1, hint)


def _broken_line(text: str, at: int, *, whole: bool) -> tuple[str, str] | None:
    """What is wrong with a line of JSON Lines that is no JSON by itself, where its neighbours explain it.

    `whole` says whether a value ends before `at`.
    """
    rest = text[at:].strip()
    if whole and rest.startswith(","):
        return "a comma stands behind the object", "In JSON Lines nothing stands between the lines."
    if whole:
        return "something stands behind the object", "In JSON Lines each object has a line of its own."
    # Python 3.13 points at the comma before a missing value.
    if rest.strip(",") == "" and text.lstrip().startswith("{"):
        return "the object that begins here goes over several lines", "In JSON Lines each object stands on one line."
    if not rest and text.lstrip().startswith("["):
        return "a list begins here, over several lines", "A file with one list of objects is called .json."
    return None


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(
    source: str, rows: list[Row], unit: Literal["line", "row"], rest: Rest, notes: tuple[str, ...] = ()
) -> Table:
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
    if not columns:
        refuse(source, "the rows have no fields")
    if len(columns) > MAX_COLUMNS:
        refuse_width(source, len(columns))
    most = MAX_CELLS // len(columns)
    for row in rows[most:]:
        rest.add(row.values.items())
    notes += tuple(placeholder_notes(value for row in rows for value in row.values.values()))
    kept = [
        replace(row, values={name: _or_nothing(value) for name, value in row.values.items()}) for row in rows[:most]
    ]
    return Table(source, columns, kept, unit, rest, notes)


def _or_nothing(value: Json) -> Json:
    return None if isinstance(value, str) and value.strip() and is_missing(value) else value


def kind_of(value: Json) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
