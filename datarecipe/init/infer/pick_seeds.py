"""Which rows become seed examples: typical ones, found the same way every time."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from statistics import median

from datarecipe.exchange import Example, Json, canonical_json
from datarecipe.generate.judge.nesting import nesting
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.read.table import Row

LONGEST_SEED = 200_000
"""Characters of JSON. A row beyond it is no example that anybody would show."""

_DEEPEST = 20
"""Lists and objects in each other, well below what a recipe may hold."""


def can_be_seed(example: Example) -> bool:
    """Whether a recipe can hold it: no half characters, not too deep, not too long."""
    try:
        text = json.dumps(example, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        return False
    return len(text) <= LONGEST_SEED and nesting(example) <= _DEEPEST


def pick(rows: Sequence[Row], label: str, *, count: int, turns: Sequence[str | None] = ()) -> list[Row]:
    """`count` typical rows, or all when they are fewer.

    With `turns` they take turns over these labels, folded, in this order. Typical: each field about as long as in most rows.
    Of equally typical ones a hash decides, so neither the first row nor the order of the file does.
    """
    groups: dict[str | None, list[Row]] = {turn: [] for turn in turns}
    for row in _ranked(rows):
        groups.setdefault(fold(row.values[label]) if turns else None, []).append(row)
    picked: list[Row] = []
    for turn in range(len(rows)):
        for group in groups.values():
            if len(picked) == count:
                return picked
            if turn < len(group):
                picked.append(group[turn])
    return picked


def _ranked(rows: Sequence[Row]) -> list[Row]:
    names = list(rows[0].values)
    usual = {name: median(_length(row.values[name]) for row in rows) for name in names}

    def distance(row: Row) -> float:
        return sum(abs(math.log((1 + _length(row.values[name])) / (1 + usual[name]))) for name in names)

    def place(row: Row) -> tuple[float, str]:
        return round(distance(row), 9), hashlib.sha256(canonical_json(row.values).encode()).hexdigest()

    seen: set[str] = set()
    unique = []
    for row in sorted(rows, key=place):
        text = canonical_json(row.values)
        if text not in seen:
            seen.add(text)
            unique.append(row)
    return unique


def _length(value: Json) -> int:
    return len(value) if isinstance(value, str) else len(canonical_json(value))
