"""Which rows become seed examples: typical ones, found the same way every time."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Hashable, Sequence
from itertools import islice
from statistics import median

from datarecipe.exchange import Example, Json, canonical_json
from datarecipe.generate.parse.nesting import nesting
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


def pick(
    rows: Sequence[Row], count: int, turn_of: Callable[[Row], Hashable] = lambda _: None, turns: Sequence[Hashable] = ()
) -> list[Row]:
    """`count` typical rows, or all when they are fewer.

    They take turns over what `turn_of` says of a row, those of `turns` first, in this order. Typical: each field about as
    long as in most rows. Of equally typical ones a hash decides, so neither the first row nor the order of the file does.
    """
    groups: dict[Hashable, list[Row]] = {turn: [] for turn in turns}
    for row in _ranked(rows):
        groups.setdefault(turn_of(row), []).append(row)
    longest = max(map(len, groups.values()))
    in_turn = (group[turn] for turn in range(longest) for group in groups.values() if turn < len(group))
    return list(islice(in_turn, count))


def _ranked(rows: Sequence[Row]) -> list[Row]:
    """Different rows, the most typical first."""
    usual = {name: median(_length(row.values[name]) for row in rows) for name in rows[0].values}
    unique = {canonical_json(row.values): row for row in reversed(rows)}

    def rank(text: str) -> tuple[float, str]:
        values = unique[text].values
        distance = sum(abs(math.log((1 + _length(values[name])) / (1 + usual[name]))) for name in usual)
        return round(distance, 9), hashlib.sha256(text.encode()).hexdigest()

    return [unique[text] for text in sorted(unique, key=rank)]


def _length(value: Json) -> int:
    return len(value) if isinstance(value, str) else len(canonical_json(value))
