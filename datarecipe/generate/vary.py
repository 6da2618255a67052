"""`vary`: each request gets one combination of the values, so that a dataset covers them evenly.

All combinations are numbered, the first key's values running fastest. By lane and ordinal a request gets number
(lane + ordinal): neighbouring lanes start with different ones and each lane walks through all. Below the roots of a tree it
is a hash of the random seed and the formatting example, so that it never depends on which of two requests came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import prod

from datarecipe.exchange import Json, canonical_json


class Vary:
    """The combinations of a recipe's `vary`."""

    def __init__(self, values: Mapping[str, tuple[Json, ...]], random_seed: int) -> None:
        self._values = values
        self._seed = random_seed
        self.count = prod(len(choices) for choices in values.values())
        """How many combinations there are; 1 without `vary`."""

    def by_place(self, lane: int, ordinal: int) -> int:
        """Number of the combination for a lane's request number `ordinal`."""
        return (lane + ordinal) % self.count

    def by_example(self, text: str) -> int:
        """Number of the combination for a node of a tree whose formatting example is `text`."""
        if self.count == 1:
            return 0
        digest = hashlib.blake2b(canonical_json(["vary", self._seed, text]).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count

    def combination(self, number: int) -> dict[str, Json]:
        """The values that a template sees as `vary`."""
        chosen: dict[str, Json] = {}
        for key, choices in self._values.items():
            number, index = divmod(number, len(choices))
            chosen[key] = choices[index]
        return chosen
