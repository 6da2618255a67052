"""JSON and JSON Lines: seed examples that the user names, and data."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from datarecipe.errors import Problem, RecipeError
from datarecipe.exchange import Example, Json
from datarecipe.init.refusal import refuse
from datarecipe.init.table import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Row, Table, refuse_width
from datarecipe.init.words import listed, quoted

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
    value = _parse(text, source, 1)
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


def read_json_table(path: Path, source: str) -> Table:
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
    text = decode(data, source, 1)
    value = _parse(text, source, 1)
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
    rows = []
    for number, item in enumerate(value[:MAX_ROWS], 1):
        if not isinstance(item, dict):
            refuse(source, f"row {number} is {kind_of(item)}, not a JSON object")
        rows.append(Row(item, number))
    return _table(source, rows, "row", cut=len(value) > MAX_ROWS, notes=notes)


def read_jsonl_table(path: Path, source: str) -> Table:
    """A file with one JSON object a line; of a long one the beginning.

    Raises:
        RecipeError: a line that is no JSON object, or no line at all.
    """
    rows: list[Row] = []
    cut = False
    left = MAX_CELLS
    with path.open("rb") as file:
        for number, line in _lines(file, source):
            left -= _values_at_most(line)
            if len(rows) == MAX_ROWS or (rows and left < 0):
                cut = True
                break
            if left < 0:
                refuse(source, f"this line holds more than {MAX_CELLS:,} values", number, hint=_ONE_EXAMPLE)
            value = _parse(line, source, number)
            if not isinstance(value, dict):
                hint = "Each line is one object. A file with one list of them is called .json."
                refuse(source, f"this line is {kind_of(value)}, not a JSON object", number, hint=hint)
            rows.append(Row(value, number))
        cut = cut or bool(file.read(1))
    if not rows:
        refuse(source, "the file is empty")
    return _table(source, rows, "line", cut=cut)


def _values_at_most(line: str) -> int:
    """How many values a line holds, no fewer than there are; told before it is read, since reading is what takes memory."""
    return line.count(",") + line.count("[") + line.count("{")


def _lines(file: IO[bytes], source: str) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers, as long as the file's first `MAX_BYTES` hold them whole."""
    left, number = MAX_BYTES, 0
    while data := file.readline(left + 1):
        number += 1
        left -= len(data)
        if left < 0:
            if number == 1:
                refuse(source, f"the first line is longer than {MAX_BYTES // 1_000_000} MB", 1)
            return
        text = decode(data, source, number)
        if text.strip():
            yield number, text


def decode(data: bytes, source: str, line: int) -> str:
    """UTF-8 to text, without a byte order mark. `line` is that of the first byte.

    Raises:
        RecipeError: it is something else.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        refuse(source, "the file is UTF-16", hint="Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        bad = data[error.start]
        at = line + data.count(b"\n", 0, error.start)
        refuse(source, f"the file is not UTF-8: byte 0x{bad:02x} cannot stand here", at, hint="Save it as UTF-8.")


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


def _parse(text: str, source: str, line: int) -> Any:
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
        raise RecipeError(_no_json(error, source, line)) from None
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


def _no_json(error: json.JSONDecodeError, source: str, line: int) -> Problem:
    """What is wrong, in our words and at one place: the parser's differ between Pythons."""
    text, at = error.doc, error.pos
    before = text[:at].rstrip()
    if before.endswith(",") and text[at : at + 1] in ("]", "}"):
        at = len(before) - 1
    said, hint = next(
        ((said, hint) for begins, said, hint in _WRONG if begins.match(text, at)), ("this cannot stand here", None)
    )
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(before)
        said = "something follows the value"
        hint = "One object a line is JSON Lines: such a file is called .jsonl and given with --from."
    start = text.rfind("\n", 0, at) + 1
    return Problem(f"this is not JSON: {said}", source, line + text.count("\n", 0, at), at - start + 1, hint)


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(
    source: str, rows: list[Row], unit: Literal["line", "row"], *, cut: bool, notes: tuple[str, ...] = ()
) -> Table:
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
    if not columns:
        refuse(source, "the rows have no fields")
    if len(columns) > MAX_COLUMNS:
        refuse_width(source, len(columns))
    most = MAX_CELLS // len(columns)
    return Table(source, columns, rows[:most], unit, cut or len(rows) > most, notes)


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
