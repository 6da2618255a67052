"""How deep a value is nested, and how deep one may be.

Deeper values are not items of anybody's recipe. Without a bound of our own Python's would decide, and it depends on how deep
the caller stands: the same response would give one dataset from a notebook and another from the command line.
"""

from __future__ import annotations

from datarecipe.exchange import Json

MAX_NESTING = 64
_COLLECTIONS = (dict, list)


def nesting(value: Json) -> int:
    """How many lists and mappings stand inside each other at the most. No recursion: any depth can be measured."""
    depth, level = 0, [value]
    while level := [
        inner
        for outer in level
        if isinstance(outer, _COLLECTIONS)
        for inner in (outer.values() if isinstance(outer, dict) else outer)
    ]:
        depth += 1
    return depth
