"""Reads the records of a file, and the texts of held-out ones: JSON Lines, JSON, CSV, or a text a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from datarecipe.errors import FilterError
from datarecipe.exchange import Json
from datarecipe.json_size import MOST_VALUES, too_many_values
from datarecipe.recipe.held_out.held_out_texts import HeldOutText
from datarecipe.recipe.message_text import code, describe, did_you_mean, join
from datarecipe.recipe.source.document import Source

LARGEST: Final = 100_000_000
"""Bytes of a held-out file."""

Record = Mapping[str, Any] | str
Records = Iterator[tuple[int, Record]]
"""Records, each with the line at which it begins."""


def texts_of(text: str, source: Source, fields: Sequence[str]) -> tuple[HeldOutText, ...]:
    """The texts of a file's records: of the given fields, or of all.

    Raises:
        FilterError: it is no such file, has no texts, or none of its records has such a field.
    """
    found: list[HeldOutText] = []
    seen: dict[str, None] = {}
    for line, record in records_of(text, source):
        if isinstance(record, str):
            found.append(HeldOutText(record, line, ""))
            continue
        seen |= dict.fromkeys(record)
        for name in fields or record:
            found += (HeldOutText(each, line, name) for each in _texts(record.get(name)))
    for name in fields:
        if seen and name not in seen:
            hint = did_you_mean(name, seen) or f"its fields are {join(map(code, list(seen)[:10]), 'and')}"
            raise FilterError(source.place().problem(f"no record has the field {code(name)}", hint))
    if not found:
        raise FilterError(source.place().problem("there is no text in it", "name a file of held-out records"))
    return tuple(found)


def records_of(text: str, source: Source) -> Records:
    """The records of a file, by the ending of its name. Raises `FilterError` where it cannot be read."""
    read = _FORMATS.get(PurePath(source.name).suffix.lower())
    if read is None:
        known = join(map(code, _FORMATS), "and")
        raise FilterError(source.place().problem("records cannot be read from this file", f"it may be {known}"))
    return read(text, source)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _json_lines(text: str, source: Source) -> Records:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _record(_parsed(line, source, number), source, number)


def _json(text: str, source: Source) -> Records:
    value = _parsed(text, source, 1)
    if not isinstance(value, list):
        hint = "one object a line is JSON Lines: name the file .jsonl"
        raise FilterError(source.place(1, 1).problem(f"it holds {describe(value)}, not a list of records", hint))
    # A list in JSON tells no lines: its records are counted.
    for number, record in enumerate(value, 1):
        yield number, _record(record, source, None, f"record {number:,}")


def _table(delimiter: str) -> Callable[[str, Source], Records]:
    def read(text: str, source: Source) -> Records:
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="")
        try:
            for row in rows:
                # The line at which it ends, less the line breaks within it.
                yield rows.line_num - sum(each.count("\n") for each in _texts(row)), row
        except csv.Error as error:
            raise FilterError(source.place(rows.line_num).problem(f"this is not CSV: {error}")) from None

    return read


def _lines(text: str, _: Source) -> Records:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


_FORMATS: Final[Mapping[str, Callable[[str, Source], Records]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _table(","),
    ".tsv": _table("\t"),
    ".txt": _lines,
}


def _parsed(text: str, source: Source, line: int) -> Json:
    if too_many_values(text):
        hint = "write JSON Lines: each record in a line of its own"
        raise FilterError(source.place(line).problem(f"this JSON holds more than {MOST_VALUES:,} values", hint))
    try:
        value: Json = json.loads(text)
    except json.JSONDecodeError as error:
        place = source.place(line + error.lineno - 1, error.colno)
        raise FilterError(place.problem(f"this is not JSON: {error.msg}")) from None
    except (ValueError, RecursionError):
        # A number of thousands of digits, or thousands of brackets.
        raise FilterError(source.place(line).problem("this JSON cannot be read: it is nested too deeply, or holds "
                                                     "a number that is too long")) from None  # fmt: skip
    return value


def _record(value: Json, source: Source, line: int | None, what: str = "a record") -> Record:
    if not isinstance(value, str | dict):
        raise FilterError(source.place(line).problem(f"{what} is an object or a text, not {describe(value)}"))
    return value
