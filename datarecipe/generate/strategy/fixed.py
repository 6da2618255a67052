"""*fixed*: the seed example is every request's formatting example; requests 0, 1, 2 ..., each its own lane."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.strategy.order import Asker, Order, Place, Upcoming


class FixedOrder(Order):
    """Request *i* asks with seed example *i* mod *n*."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._head = 0
        self._places: dict[int, Place] = {}

    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:  # noqa: ARG002
        return map(self._place, itertools.count(self._head))

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:  # noqa: ARG002
        del self._places[self._head]
        self._head += 1

    def _place(self, number: int) -> Place:
        place = self._places.get(number)
        if place is None:
            lane = f"fixed:{number}"
            seed = self._asker.seed(number)
            turn = self._asker.turns.at_place(number)
            place = self._asker.place(seed, turn, self._asker.content(seed, turn), lane, (lane, 0))
            self._places[number] = place
        return place
