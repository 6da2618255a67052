"""Which example a rejected item was too much like: the other half of the pair, so that a reader can judge both."""

from __future__ import annotations

import re

from datarecipe.generate.events import RejectedItem
from datarecipe.report.read.ancestry import Ancestry, parsed

_NEAREST = re.compile(r"similarity [\d.]+ to ([0-9a-f]{32})")
"""The detail of a near duplicate."""


def match_of(item: RejectedItem, ancestry: Ancestry) -> int | None:
    """The example or origin, numbered as a parent is in `Ancestry`, that a rejected item equals or nearly equals.

    A near duplicate names its nearest one. What equals another is found by its text. The held-out text that a contaminated
    item contains is not in the folder: its detail names file and line.
    """
    if item.reason == "near_duplicate":
        named = _NEAREST.match(item.detail)
        return None if named is None else _numbered(named[1], ancestry)
    if item.reason in ("duplicate", "contradiction"):
        example = parsed(item.raw)
        return None if example is None else ancestry.equal_to(example)
    return None


def _numbered(id_: str, ancestry: Ancestry) -> int | None:
    if id_ in ancestry.numbers:
        return ancestry.numbers[id_]
    return ancestry.places.get(id_)
