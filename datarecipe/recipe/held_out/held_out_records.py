"""Reads the records of a file, and the texts of held-out ones: JSON Lines, JSON, CSV, or a text a line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, Literal

from datarecipe.errors import FilterError
from datarecipe.exchange import Json, texts_within
from datarecipe.json_size import MOST_VALUES, too_many_values
from datarecipe.recipe.held_out.held_out_texts import HeldOutText
from datarecipe.recipe.message_text import code, describe, did_you_mean, join
from datarecipe.recipe.source.document import MAX_DEPTH, Source

LARGEST: Final = 100_000_000
"""Bytes of a file of records; of all held-out files of a recipe together."""
MOST_TEXTS: Final = 1_000_000
"""Texts of all held-out files of a recipe together."""

Record = Mapping[str, Any] | str
Records = Iterator[tuple[int, Record]]
"""Records, each with the line at which it begins."""


def texts_of(text: str, source: Source, fields: Sequence[str], most: int = MOST_TEXTS) -> tuple[HeldOutText, ...]:
    """The texts of a file's records, at most `most`: of the given fields, or of all.

    Raises:
        FilterError: it is no such file, has no texts, or none of its records has such a field.
    """
    found: list[HeldOutText] = []
    seen: dict[str, None] = {}
    for line, record in records_of(text, source):
        if len(found) > most:
            message = f"up to here, the held-out files hold more than {MOST_TEXTS:,} texts"
            raise FilterError(source.place(line).problem(message, "name the `fields` that are to be compared"))
        if isinstance(record, str):
            found.append(HeldOutText(record, line, ""))
            continue
        seen |= dict.fromkeys(record)
        for name in fields or record:
            found += (HeldOutText(each, line, name) for each in texts_within(record.get(name)))
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


def _lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, one at a time, with their numbers."""
    start, number = 0, 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        if line and not line.isspace():
            yield number, line
        start, number = end + 1, number + 1


def _json_lines(text: str, source: Source) -> Records:
    for number, line in _lines_of(text):
        yield number, _record(_parsed(line, source, number), source, number)


def _json(text: str, source: Source) -> Records:
    value = _parsed(text, source, 1)
    if not isinstance(value, list):
        hint = "one object a line is JSON Lines: name the file .jsonl"
        raise FilterError(source.place(1, 1).problem(f"it holds {describe(value)}, not a list of records", hint))
    # A list in JSON tells no lines: its records are counted.
    for number, record in enumerate(value, 1):
        yield number, _record(record, source, None, f"record {number:,}")


def _table(delimiter: str, quoting: Literal[0, 3]) -> Callable[[str, Source], Records]:
    def read(text: str, source: Source) -> Records:
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, quoting=quoting, strict=True, restkey="")
        try:
            names = rows.fieldnames or ()
            if len(set(names)) < len(names):
                raise FilterError(
                    source.place(1).problem("two columns have one name", "the first line names the columns")
                )
            for row in rows:
                # The line at which it ends, less the line breaks within it.
                yield rows.line_num - sum(each.count("\n") for each in texts_within(row)), row
        except csv.Error as error:
            raise FilterError(source.place(rows.line_num + 1).problem(f"this is not CSV: {error}")) from None

    return read


_FORMATS: Final[Mapping[str, Callable[[str, Source], Records]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".csv": _table(",", csv.QUOTE_MINIMAL),
    ".tsv": _table("\t", csv.QUOTE_NONE),
    ".txt": lambda text, _: _lines_of(text),
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


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _record(value: Json, source: Source, line: int | None, what: str = "a record") -> Record:
    if not isinstance(value, str | dict):
        raise FilterError(source.place(line).problem(f"{what} is an object or a text, not {describe(value)}"))
    if _is_deep(value):
        raise FilterError(source.place(line).problem(f"{what} nests lists or mappings more than {MAX_DEPTH} deep"))
    return value
