"""The data that the page's script browses: examples, lineage, rejected items. Texts alone, columns instead of rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from datarecipe.exchange import Example
from datarecipe.generate.events import RejectedItem
from datarecipe.report.read.ancestry import Ancestry
from datarecipe.report.read.matched_pairs import match_of
from datarecipe.report.read.run_data import LONGEST, RunData

MOST_FIELDS: Final = 24
"""Fields that have a column of their own; all others of an example stand in one."""
_REST: Final = "(other fields)"


def browser_data(run: RunData, ancestry: Ancestry) -> dict[str, Any]:
    """What the script needs of one run."""
    examples, lineage = run.examples[: run.shown], run.lineage[: run.shown]
    fields = _fields([*run.seeds, *examples])
    lanes, varied = _Numbered(), _Numbered()
    label = run.label if run.label in fields else None
    return {
        "name": run.name,
        "fields": fields,
        "label": -1 if label is None else fields.index(label),
        "options": fields.index(run.options) if run.options in fields else -1,
        "total": run.manifest.counts.tally.accepted,
        "values": [_row(example, fields) for example in examples],
        "ids": [row.id[:200] for row in lineage],
        "parents": ancestry.parents,
        "depths": [row.depth for row in lineage],
        "lane": [lanes.number(row.lane[:200]) for row in lineage],
        "requests": [row.request for row in lineage],
        "indexes": [row.index for row in lineage],
        "vary": [varied.number(shown_value(dict(row.vary))) if row.vary else -1 for row in lineage],
        "lanes": lanes.values,
        "varied": varied.values,
        "origins": [
            {
                "id": origin.id[:200],
                "kind": origin.kind,
                "values": None if origin.example is None else _row(origin.example, fields),
            }
            for origin in ancestry.origins
        ],
        "rejected": _rejected(run.rejected.shown, run.rejected.by_reason, ancestry),
    }


def _rejected(items: Sequence[RejectedItem], by_reason: Mapping[str, int], ancestry: Ancestry) -> dict[str, Any]:
    return {
        "counts": dict(sorted(by_reason.items(), key=lambda pair: (-pair[1], pair[0]))),
        "rows": [
            [
                item.reason,
                _cut(item.detail),
                _cut(item.raw),
                match_of(item, ancestry),
                item.depth,
                item.lane[:200],
                item.request,
                item.index,
                _parent(item.parent, ancestry),
            ]
            for item in items
        ],
    }


def _parent(id_: str, ancestry: Ancestry) -> int | None:
    number = ancestry.numbers.get(id_)
    return ancestry.places.get(id_) if number is None else number


class _Numbered:
    """Different values in the order in which they come, each with its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, value: str) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[str]:
        return list(self._numbers)


def _fields(examples: Sequence[Example]) -> list[str]:
    """The fields of the examples; where there are very many, the first ones and one for the rest."""
    found: dict[str, None] = {}
    for example in examples:
        for name in example:
            found[name] = None
            if len(found) > MOST_FIELDS:
                return [*list(found)[:MOST_FIELDS], _REST]
    return list(found)


def _row(example: Example, fields: Sequence[str]) -> list[str | None]:
    row: list[str | None] = [shown_value(example[name]) if name in example else None for name in fields]
    if len(fields) > MOST_FIELDS:
        rest = {name: value for name, value in example.items() if name not in fields[:MOST_FIELDS]}
        row[-1] = shown_value(rest) if rest else None
    return row


def shown_value(value: Any) -> str:
    """A value as text: a text as it is, anything else as JSON, both cut where they are very long."""
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    try:
        return _cut(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "(nested too deeply to be shown)"


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … ({len(text) - LONGEST:,} more characters are not in this report)"
