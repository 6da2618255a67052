"""A strategy as somebody would write it: a tree in which only the first accepted example of each response goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest

from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.strategy.order import Asker, Formatting, Order, Place, Upcoming
from datarecipe.generate.strategy.order_table import ORDERS
from datarecipe.recipe.strategy_table import STRATEGIES, StrategyRow


@dataclass
class _Node:
    formatting: Formatting
    lane: str
    root: int | None
    place: Place | None = None


class FirstOrder(Order):
    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._queue: deque[_Node] = deque()
        self._drawn = 0
        self._draw_roots()

    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:
        for node in list(self._queue):
            yield self._asked(node)
        while True:
            yield min(1.0, expected_yield) * len(self._queue)

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:
        head = self._queue.popleft()
        for item, _ in accepted[:1]:
            self._queue.append(_Node(self._asker.chosen(item, head.formatting.depth + 1), head.lane, None))
        if not self._queue:
            self._draw_roots()

    def _draw_roots(self) -> None:
        for _ in range(self._asker.recipe.strategy.roots):
            number, self._drawn = self._drawn, self._drawn + 1
            self._queue.append(_Node(self._asker.seed(number), f"root:{number}", number))

    def _asked(self, node: _Node) -> Place:
        if node.place is None:
            turns = self._asker.turns
            root, formatting = node.root, node.formatting
            turn = turns.of_example(formatting.text) if root is None else turns.at_place(root)
            content = self._asker.content(formatting, turn)
            draw = ("node:0" if root is None else node.lane, 0)
            node.place = self._asker.place(formatting, turn, content, node.lane, draw)
        return node.place


KIND: Any = "first"


def install_first(patch: pytest.MonkeyPatch) -> None:
    """Its row and its `Order`."""
    patch.setitem(cast("dict[str, Any]", STRATEGIES), KIND, StrategyRow(settings=("roots",), in_turn="roots"))
    patch.setitem(cast("dict[str, Any]", ORDERS), KIND, FirstOrder)
