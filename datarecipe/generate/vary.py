"""`vary`: each request gets one combination of the values, so that a dataset covers them evenly.

All combinations are numbered, the first key's values running fastest. By lane and ordinal a request gets number
(lane + ordinal): neighbouring lanes start with different ones and each lane walks through all. Several seed examples
alternate too, and in step with the combinations where the two numbers have a common factor: then one value would always
be seen with one seed example, and so with one label. So the walk starts one later each time both come round together.
Below the roots of a tree the number is a hash of the random seed and the formatting example, so that it never depends on
which of two requests came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from math import gcd, lcm, prod

from datarecipe.exchange import Json, canonical_json


class Vary:
    """The combinations of a recipe's `vary`."""

    def __init__(self, values: Mapping[str, tuple[Json, ...]], random_seed: int, seed_examples: int = 1) -> None:
        self._values = values
        self._seed = random_seed
        self.count = prod(len(choices) for choices in values.values())
        """How many combinations there are; 1 without `vary`."""
        in_step = gcd(self.count, seed_examples) > 1
        self._round = lcm(self.count, seed_examples) if in_step else 0

    def sample(self, most: int) -> Iterator[int]:
        """All combinations if they are `most` or fewer, else enough of them to hold each value once."""
        if self.count <= most:
            yield from range(self.count)
            return
        step = 1
        for choices in self._values.values():
            yield from range(0, step * len(choices), step)
            step *= len(choices)

    def by_place(self, lane: int, ordinal: int) -> int:
        """Number of the combination for a lane's request number `ordinal`."""
        number = lane + ordinal
        if self._round:
            number += number // self._round
        return number % self.count

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
