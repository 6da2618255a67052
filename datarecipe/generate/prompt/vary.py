"""What a request gets by its place alone: values of `vary`, and which labels the embedded model is given.

A request whose place is known from the start (the *fixed* number, the number of the root draw, *c* + *r* x `chains` for
chain *c* in round *r*) gets the values in turn: each key walks through its own list, and each combination has its turn
before one comes again. Where combinations and seed examples, or chains, come round together before all pairs have met, the
walk starts one combination later: else one value would always meet the same seed example, and so perhaps one label.

Below the roots of a tree a consistent hash (Karger et al. 1997) of the random seed and the formatting example decides: each
value has points on a ring, and a request gets the value whose point comes next. So one value more or less, or another place
in the list, moves only the requests that it takes or gives.

Labels go round too, and begin anew at another one each time, by a hash: so they are even, and in step with nothing. So do
the values of `filters.balance`.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from math import gcd, lcm, prod

from datarecipe.exchange import Json, canonical_json

MANY = 1_000
_DIGESTS, _DIGESTS_OF_MANY = 8, 1
"""Hashes of each value, where there are at most `MANY` and where there are more. Each gives 8 points. With 64 points, values
get equal shares to about an eighth."""

_EIGHT_POINTS = struct.Struct(">8Q")


class Ring:
    """One key's values on a ring of 2**64 places."""

    def __init__(self, key: str, values: Sequence[Json], weights: Sequence[int]) -> None:
        digests = _DIGESTS if sum(weights) <= MANY else _DIGESTS_OF_MANY
        earlier: Counter[str] = Counter()
        points: list[tuple[int, int]] = []
        for index, (value, weight) in enumerate(zip(values, weights, strict=True)):
            text = canonical_json(value)
            # A value that the list has twice, or with a weight of two, has twice the points.
            for _ in range(weight):
                points += ((point, index) for point in _points(canonical_json([key, text, earlier[text]]), digests))
                earlier[text] += 1
        points.sort()
        self._points = array("Q", [point for point, _ in points])
        self._values = array("L", [index for _, index in points])

    def at(self, place: int) -> int:
        """The index of the value whose point is the next from `place` on."""
        return self._values[bisect_left(self._points, place) % len(self._points)]

    def shares(self) -> list[float]:
        """Which share of all places each value has."""
        shares = [0.0] * (max(self._values) + 1)
        before = self._points[-1] - 2**64
        for point, index in zip(self._points, self._values, strict=True):
            shares[index] += (point - before) / 2**64
            before = point
        return shares


def _points(value: str, digests: int) -> Iterator[int]:
    digest = value.encode()
    for _ in range(digests):
        digest = hashlib.blake2b(digest).digest()
        yield from _EIGHT_POINTS.unpack(digest)


class Vary:
    """The values of a recipe's `vary`. All combinations are numbered, the first key's values running fastest."""

    def __init__(
        self, values: Mapping[str, tuple[Json, ...]], weights: Mapping[str, tuple[int, ...]] | None = None
    ) -> None:
        """`weights` has the keys whose values do not all come alike."""
        self._values = values
        self._weights = {key: (weights or {}).get(key, (1,) * len(choices)) for key, choices in values.items()}
        self.in_turn: dict[str, Sequence[int]] = {
            key: in_turn(of_values) if max(of_values) > 1 else range(len(of_values))
            for key, of_values in self._weights.items()
        }
        """By key: indexes of its values in the order in which they come, each as often as its weight says."""
        self.count = prod(len(choices) for choices in values.values())
        """How many combinations there are; 1 without `vary`."""

    @cached_property
    def rings(self) -> dict[str, Ring]:
        """By key. Made when a tree first needs them."""
        return {key: Ring(key, choices, self._weights[key]) for key, choices in self._values.items()}

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
        chosen: dict[str, Json] = {}
        for key, choices in self._values.items():
            number, index = divmod(number, len(choices))
            chosen[key] = choices[index]
        return chosen

    def at_place(self, place: int, beside: int) -> int:
        """The combination of a request whose place is known; `beside` is what else comes round with the places.

        Each combination has its turn before one comes again.
        """
        place = _walk(place, prod(map(len, self.in_turn.values())), beside)
        number, step, before = 0, 1, 1
        for key, in_turn in self.in_turn.items():
            size = len(in_turn)
            number += step * in_turn[_walk(place % (size * before), size, before)]
            step *= len(self._values[key])
            before *= size
        return number

    def of_example(self, text: str, random_seed: int) -> int:
        """The combination of a node of a tree whose formatting example is `text`."""
        number, step = 0, 1
        for key, ring in self.rings.items():
            number += step * ring.at(_hash("vary", [random_seed, key, text]))
            step *= len(self._values[key])
        return number


@dataclass(frozen=True, slots=True)
class Turn:
    combination: int = 0
    """Number of the combination of `vary`."""
    rotation: int = 0
    """Number of the batch of labels that the embedded model is given (`embedded_prompt.rotations`)."""
    draw: int = 1
    """What a template sees as `draw`: the request's number, from 1; 0 below the roots of a tree, where each request shows
    another example."""
    wanted: int = 0
    """Where in their cycle the values of `filters.balance` begin that the request asks for."""


FIRST = Turn()
"""Of the first request."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is, of all values and all rotations."""

    vary: Vary
    rotations: int
    random_seed: int
    beside: int
    """What else comes round with the places: how many seed examples, or chains, there are."""
    cycle: int = 1
    """How many values of `filters.balance` come until they begin again."""
    each: int = 1
    """How many of them a request asks for."""

    def at_place(self, place: int) -> Turn:
        """For a request whose place is known from the start."""
        begin = self._rotation(place // self.rotations)
        combination = self.vary.at_place(place, self.beside)
        return Turn(combination, (place + begin) % self.rotations, place + 1, self._wanted_at(place))

    def of_example(self, text: str) -> Turn:
        """For a node of a tree whose formatting example is `text`."""
        combination = self.vary.of_example(text, self.random_seed)
        return Turn(combination, self._rotation(text), 0, self._begin(text))

    def _rotation(self, of: Json) -> int:
        return 0 if self.rotations == 1 else _hash("labels", [self.random_seed, of]) % self.rotations

    def _wanted_at(self, place: int) -> int:
        """Requests go on in the cycle where the one before ended; after whole cycles they begin at another value."""
        whole = self.cycle // gcd(self.cycle, self.each)
        return (place * self.each + self._begin(place // whole)) % self.cycle

    def _begin(self, of: Json) -> int:
        return 0 if self.cycle == 1 else _hash("balance", [self.random_seed, of]) % self.cycle


def _hash(what: str, of: Sequence[Json]) -> int:
    """64 bits."""
    digest = hashlib.blake2b(canonical_json([what, *of]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def in_turn(weights: Sequence[int]) -> array[int]:
    """Indexes of values in an order in which each comes as often as its weight says, at any moment to within one.

    Each turn has a time from which it may come and one by which it must; the most urgent comes first. That keeps all
    times (Tijdeman 1980, "The chairman assignment problem").
    """
    in_all = sum(weights)
    turns = sorted(
        (turn * in_all // weight, -(-(turn + 1) * in_all // weight), index)
        for index, weight in enumerate(weights)
        for turn in range(weight)
    )
    order, waiting, coming = array("L"), list[tuple[int, int]](), 0
    for moment in range(in_all):
        while coming < in_all and turns[coming][0] <= moment:
            heappush(waiting, turns[coming][1:])
            coming += 1
        order.append(heappop(waiting)[1])
    return order


def _walk(place: int, count: int, beside: int) -> int:
    """Numbers below `count` in turn, one later whenever `count` and `beside` come round together before all have met."""
    if gcd(count, beside) > 1:
        place += place // lcm(count, beside)
    return place % count
