"""How much work it is to judge an example by a schema that a recipe gives itself, which may be a stranger's.

A validator may look at every value of an example with every part of the schema. So the work is bounded by the product of
their sizes, which is known beforehand: no clock decides what is valid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.references import size_of

MAX_STEPS = 2_000_000
"""Parts of the schema times values of the example; some ten seconds at the very worst."""

_CHARACTERS = 4
"""Characters of an example's JSON that are counted as one value."""


class WorkBound:
    """Judges sizes for one schema."""

    def __init__(self, schema: Mapping[str, Json], *, inferred: bool) -> None:
        # An inferred schema has a part for each field, and each part looks at its own field alone.
        self._size = 0 if inferred else size_of(schema)

    def exceeded(self, characters: int) -> bool:
        """Whether an example of so many characters of JSON is too much work."""
        return self._size * (characters // _CHARACTERS) > MAX_STEPS


def characters(example: Mapping[str, Json]) -> int:
    """The length of an example's JSON."""
    return len(json.dumps(example, ensure_ascii=False))
