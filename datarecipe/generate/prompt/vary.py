"""What a request gets by its place alone: a combination of `vary`, and which labels the embedded model is given.

All combinations of `vary` are numbered, the first key's values running fastest. The request at place *p* gets number *p*,
where *p* is the *fixed* number, the number of the root draw, or *c* + *r* x `chains` for chain *c* in round *r*: so few
requests cover as many values as they can. Seed examples, and chains, come round too. Where their number and that of the
combinations have a common factor, one value would always meet the same seed example or the same chain, and so perhaps one
label. So the walk starts one later each time both come round together. Below the roots of a tree the number is a hash of the
random seed and the formatting example, so that it never depends on which of two requests came first.

Labels go round too, and begin anew at another one each time, by a hash: so they are even, and in step with nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd, lcm, prod

from datarecipe.exchange import Json, canonical_json


class Vary:
    """The combinations of a recipe's `vary`."""

    def __init__(self, values: Mapping[str, tuple[Json, ...]]) -> None:
        self._values = values
        self.count = prod(len(choices) for choices in values.values())
        """How many combinations there are; 1 without `vary`."""

    def sample(self, most: int) -> Iterator[int]:
        """All combinations if they are `most` or fewer, else enough of them to hold each value once."""
        if self.count <= most:
            yield from range(self.count)
            return
        step = 1
        for choices in self._values.values():
            yield from range(0, step * len(choices), step)
            step *= len(choices)

    def combination(self, number: int) -> dict[str, Json]:
        """The values that a template sees as `vary`."""
        chosen: dict[str, Json] = {}
        for key, choices in self._values.items():
            number, index = divmod(number, len(choices))
            chosen[key] = choices[index]
        return chosen


@dataclass(frozen=True, slots=True)
class Turn:
    """What one request gets."""

    combination: int = 0
    """Number of the combination of `vary`."""
    rotation: int = 0
    """Number of the batch of labels that the embedded model is given (`embedded_prompt.rotations`)."""


FIRST = Turn()
"""Of the first request."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is, of all combinations and all rotations."""

    combinations: int
    rotations: int
    random_seed: int
    beside: int
    """What else comes round with the places: how many seed examples, or chains, there are."""

    def at_place(self, place: int) -> Turn:
        """For a request whose place is known from the start."""
        begin = self._hash("labels", place // self.rotations, self.rotations)
        return Turn(_walk(place, self.combinations, self.beside), (place + begin) % self.rotations)

    def of_example(self, text: str) -> Turn:
        """For a node of a tree whose formatting example is `text`."""
        return Turn(self._hash("vary", text, self.combinations), self._hash("labels", text, self.rotations))

    def _hash(self, what: str, of: Json, count: int) -> int:
        if count == 1:
            return 0
        digest = hashlib.blake2b(canonical_json([what, self.random_seed, of]).encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % count


def _walk(place: int, count: int, beside: int) -> int:
    """Numbers below `count` in turn, one later whenever `count` and `beside` come round together before all have met."""
    if gcd(count, beside) > 1:
        place += place // lcm(count, beside)
    return place % count
