"""A user's own data as rows of named values, whatever file it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NoReturn, TypeAlias, cast

from datarecipe.exchange import Example, Json
from datarecipe.init.read.refusal import refuse
from datarecipe.recipe import Scalar

Counted: TypeAlias = tuple[str, Scalar]
"""A value with the name of its type: 1 and True are equal."""

MAX_ROWS = 10_000
"""Rows that are looked at; what a recipe needs shows long before."""

MAX_COLUMNS = 1000
"""Fields of one file. Nobody's examples have as many."""

MAX_CELLS = 1_000_000
"""Rows times columns that are looked at; of JSON Lines, all values in lists and objects too."""

MAX_BYTES = 50_000_000
"""Bytes of a file whose rows are looked at. Behind them labels are counted, and nothing is kept."""

MAX_DIFFERENT = 200
"""Different values of a column that are counted; with more of them it holds no labels."""

_LONGEST_COUNTED = 200
_PLACEHOLDERS = frozenset({"nan", "n/a", "#n/a", "<na>", "null"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Fields that it lacks are not in `values`."""

    values: Example
    place: int
    """The line in which it begins, from 1; in a JSON list its number."""


class Rest:
    """The rows behind those that are kept: how many there are, and how often each column holds which value."""

    def __init__(self) -> None:
        self.rows = 0
        self._columns: dict[str, Counter[Counted] | None] = {}

    def add(self, values: Iterable[tuple[str, Json]]) -> None:
        """Count a row."""
        self.rows += 1
        for name, value in values:
            if name not in self._columns and len(self._columns) == MAX_COLUMNS:
                continue
            counts = self._columns.setdefault(name, Counter())
            if counts is None or is_missing(value):
                continue
            if not isinstance(value, bool | int | float | str) or len(str(value)) > _LONGEST_COUNTED:
                self._columns[name] = None
                continue
            counts[type(value).__name__, value] += 1
            if len(counts) > MAX_DIFFERENT:
                self._columns[name] = None

    def counts(self, name: str) -> Counter[Counted] | None:
        """How often a column holds which value, with the name of its type; None when they are no labels."""
        return self._columns.get(name, Counter())

    def convert(self, name: str, to: Callable[[str], Json]) -> None:
        """Turn the texts of a column into what they mean."""
        if (counts := self._columns.get(name)) is None:
            return
        converted: Counter[Counted] = Counter()
        for (_, value), count in counts.items():
            meant = cast("Scalar", to(str(value)))
            converted[type(meant).__name__, meant] += count
        self._columns[name] = converted


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
    rest: Rest = field(default_factory=Rest)
    """What the file holds behind the last of them."""
    notes: tuple[str, ...] = ()
    """What was done to the file to read it."""
    has_header: bool = True
    """Whether there is no doubt that the file names its columns."""

    @property
    def cut(self) -> bool:
        """Whether the file goes on behind the last of the rows."""
        return self.rest.rows > 0


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


def is_missing(value: object) -> bool:
    """Whether a value of data says nothing: empty, or what spreadsheets and pandas write for that."""
    text = value.strip() if isinstance(value, str) else None
    return is_empty(value) or text == "NA" or (text is not None and text.casefold() in _PLACEHOLDERS)


def placeholder_notes(values: Iterable[Json]) -> Iterator[str]:
    """Which texts are taken for empty values, and how often."""
    counts = Counter(
        value.strip() for value in values if isinstance(value, str) and is_missing(value) and value.strip()
    )
    for text, count in counts.most_common():
        yield f'"{text}" counts as empty: it stands in {count:,} {"cell" if count == 1 else "cells"}'
