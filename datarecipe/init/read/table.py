"""A user's own data as rows of named values, whatever file it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from datarecipe.exchange import Example, Json
from datarecipe.init.read.lines import refuse
from datarecipe.recipe import Scalar

Counted: TypeAlias = tuple[str, Scalar]
"""A value with the name of its type: 1 and True are equal."""

MAX_ROWS = 10_000
"""Rows that are kept; what a recipe needs shows long before."""

MAX_COLUMNS = 1000
"""Fields of one file. Nobody's examples have as many."""

MAX_CELLS = 1_000_000
"""Values that are kept, of lists and objects each one within them too; and those of one row."""

CHARACTERS_A_CELL = 50
"""So many characters count as a cell more, so about 50 MB of a file are kept."""

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


class Counts:
    """How often each column holds which value, over all rows of a file and in bounded memory."""

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
            if isinstance(value, bool | int | float | str) and len(str(value)) <= _LONGEST_COUNTED:
                counts[type(value).__name__, value] += 1
                if len(counts) <= MAX_DIFFERENT:
                    continue
            self._columns[name] = None

    def of(self, name: str) -> Counter[Counted] | None:
        """How often a column holds which value; None when these are too many, too long or no single values."""
        return self._columns.get(name, Counter())

    def convert(self, name: str, to: Callable[[str], Scalar]) -> None:
        """Turn the texts of a column into what they mean."""
        converted: Counter[Counted] = Counter()
        for (_, text), count in (self.of(name) or {}).items():
            value = to(cast("str", text))
            converted[type(value).__name__, value] += count
        self._columns[name] = converted or self.of(name)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows that were kept, at least one."""

    source: str
    """The file's name in messages."""
    columns: tuple[str, ...]
    """All names, in the order in which they appear."""
    rows: Sequence[Row]
    counts: Counts
    """Of all rows, those that were not kept too."""
    unit: Literal["line", "row"] = "line"
    """What the places of rows count."""
    notes: tuple[str, ...] = ()
    """What was done to the file to read it."""
    has_header: bool = True
    """Whether there is no doubt that the file names its columns."""
    is_data: bool = True
    """False for a few examples that somebody wrote to show the format: there a value that comes once says little."""

    @property
    def others(self) -> int:
        """How many rows were not kept."""
        return self.counts.rows - len(self.rows)

    def filled(self, name: str) -> list[Json]:
        """The values of a column, without the empty ones."""
        return [row.values[name] for row in self.rows if not is_empty(row.values.get(name))]


def collect(source: str, rows: Iterable[tuple[Row, int]], unit: Literal["line", "row"] = "line") -> Table:
    """The table of rows, each with the characters and cells that it takes: the first ones, and counts of all. What only
    stands for an empty value is one.

    Raises:
        RecipeError: there are none, or no columns or too many.
    """
    kept: list[Row] = []
    counts, left = Counts(), MAX_CELLS
    placeholders: Counter[str] = Counter()
    for row, cells in rows:
        counts.add(row.values.items())
        left -= cells
        if len(kept) == MAX_ROWS or (left < 0 and kept):
            continue
        missing = [name for name, value in row.values.items() if is_missing(value) and not is_empty(value)]
        placeholders.update(str(row.values[name]).strip() for name in missing)
        kept.append(Row({**row.values, **dict.fromkeys(missing)}, row.place) if missing else row)
    if not kept:
        refuse(source, "the file has no rows")
    columns = tuple(dict.fromkeys(name for row in kept for name in row.values))
    check_columns(source, columns)
    notes = [
        f'"{text}" counts as empty: it stands in {n:,} cell{"s" * (n > 1)}' for text, n in placeholders.most_common()
    ]
    return Table(source, columns, kept[: MAX_CELLS // len(columns)], counts, unit, tuple(notes))


def seeds_table(seeds: Sequence[Example]) -> Table:
    """Seed examples as a table."""
    counts = Counts()
    for seed in seeds:
        counts.add(seed.items())
    rows = [Row(seed, number) for number, seed in enumerate(seeds, 1)]
    return Table("the seed example", tuple(seeds[0]), rows, counts, "row", is_data=False)


def check_columns(source: str, columns: Sequence[str], line: int | None = None) -> None:
    """Refuse a file without columns, or with too many.

    Raises:
        RecipeError: it is so.
    """
    if not columns:
        refuse(source, "the rows have no fields", line)
    if len(columns) > MAX_COLUMNS:
        hint = "An example has a few fields. Copy the columns that it needs into another file."
        refuse(source, f"there are {len(columns):,} columns, and {MAX_COLUMNS:,} is the limit", line, hint=hint)


def is_empty(value: object) -> bool:
    """Whether a value says nothing: null, or text of white space alone."""
    return value is None or (isinstance(value, str) and not value.strip())


def is_missing(value: object) -> bool:
    """Whether a value of data says nothing: empty, or what spreadsheets and pandas write for that."""
    text = value.strip() if isinstance(value, str) else None
    return is_empty(value) or text == "NA" or (text is not None and text.casefold() in _PLACEHOLDERS)
