"""What each column of a user's data holds, for the table that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datarecipe.exchange import Json
from datarecipe.init.infer.columns import distinct, filled
from datarecipe.init.read.table import Table, is_empty
from datarecipe.init.value_names import listed


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column as a table shows it."""

    name: str
    kind: str
    filled: int
    different: int
    example: Json


def summarise(table: Table) -> Iterator[ColumnSummary]:
    """What each column of the data holds."""
    rows = [row.values for row in table.rows]
    for name in table.columns:
        values = [row[name] for row in rows if not is_empty(row.get(name))]
        kinds = listed(sorted({_KINDS[type(value)] for value in values})) or "empty"
        example = values[len(values) // 2] if values else None
        yield ColumnSummary(name, kinds, filled(rows, name), distinct(rows, name), example)


_KINDS: dict[type, str] = {
    str: "text",
    bool: "true/false",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}
