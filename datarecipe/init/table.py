"""A user's own data as rows of named values, whatever file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from datarecipe.exchange import Example
from datarecipe.init.refusal import refuse

MAX_ROWS = 10_000
"""Rows that are looked at; what a recipe needs shows long before."""

MAX_COLUMNS = 1000
"""Fields of one file. Nobody's examples have as many."""

MAX_CELLS = 1_000_000
"""Rows times columns that are looked at; of JSON Lines, all values in lists and objects too."""

MAX_BYTES = 50_000_000
"""Bytes that are read of one file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Fields that it lacks are not in `values`."""

    values: Example
    place: int
    """The line in which it begins, from 1; in a JSON list its number."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that were read, at least one."""

    source: str
    """The file's name in messages."""
    columns: tuple[str, ...]
    """All names, in the order in which they appear."""
    rows: Sequence[Row]
    unit: Literal["line", "row"] = "line"
    """What the places of rows count."""
    cut: bool = False
    """Whether the file goes on behind the last of them."""
    notes: tuple[str, ...] = ()
    """What was done to the file to read it."""


def refuse_width(source: str, columns: int, line: int | None = None) -> NoReturn:
    """Say that a file has too many columns.

    Raises:
        RecipeError: always.
    """
    hint = "An example has a few fields. Take the columns that it needs into a file of their own."
    refuse(source, f"there are {columns:,} columns, and {MAX_COLUMNS:,} is the limit", line, hint=hint)


def is_empty(value: object) -> bool:
    """Whether a value says nothing: null, or text of white space alone."""
    return value is None or (isinstance(value, str) and not value.strip())
