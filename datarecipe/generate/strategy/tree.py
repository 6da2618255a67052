"""*tree*: every accepted example becomes the formatting example of one request, breadth first.

One queue: the first `roots` draws of the seed examples, then one request for each accepted example in the order of
acceptance; when it is empty at commit, `roots` more draws of the seed examples. What an uncommitted response holds is only
guessed to be accepted: its children may be asked ahead and are dropped when it is not.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datarecipe.exchange import Embed, Embedding
from datarecipe.generate.check import Valid
from datarecipe.generate.strategy.order import Asker, Formatting, Place, Upcoming

NEGLIGIBLE = 0.01
"""Expected places fewer than this are not worth a look."""


@dataclass(slots=True, eq=False)
class _Node:
    formatting: Formatting
    lane: str
    """The root draw that it descends from."""
    root: int | None = None
    """Number of the root draw, for those."""
    place: Place | None = None


class TreeOrder:
    """The queue, and the guessed nodes behind it."""

    def __init__(self, asker: Asker, accepted: set[bytes]) -> None:
        """`accepted` is the loop's own set of digests, read here to tell which items are new."""
        self._asker = asker
        self._accepted = accepted
        self._roots = asker.recipe.strategy.roots
        self._queue: deque[_Node] = deque()
        self._guessed: dict[str, _Node] = {}  # by the formatting example's JSON: identical twins are one request
        self._drawn = 0
        self._draw_roots()

    def _draw_roots(self) -> None:
        for number in range(self._drawn, self._drawn + self._roots):
            self._queue.append(_Node(self._asker.seed(number), f"root:{number}", root=number))
        self._drawn += self._roots

    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:
        """The queue, then the children that its nodes have or are expected to have, level by level."""
        behind: deque[_Node | float] = deque()
        seen: set[bytes] = set()
        for node in itertools.chain(self._queue, _drain(behind)):
            if isinstance(node, float):
                yield node
                children = node * expected_yield
                if children > NEGLIGIBLE:
                    behind.append(children)
                continue
            place = node.place or self._ask(node)
            yield place
            if place.batch is None:
                behind.append(expected_yield)
                continue
            for item in place.batch:
                if isinstance(item, Valid) and item.digest not in self._accepted and item.digest not in seen:
                    seen.add(item.digest)
                    behind.append(self._guess(item, node))

    def embeddings(self) -> Sequence[tuple[int, Embed]]:
        """None: nothing is chosen."""
        return ()

    def arrived(self, place: Place) -> None:
        """Children are made when a walk comes to them."""

    def embedded(self, handle: int, embedding: Embedding) -> None:
        """Never asked for."""

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:
        """Queue the accepted items, forget the guesses on the others."""
        head = self._queue.popleft()
        depth = head.formatting.depth + 1
        assert head.place is not None
        for item, id_ in accepted:
            node = self._guessed.pop(item.text, None)
            formatting = Formatting(item.example, item.text, id_, depth)
            if node is None:
                node = _Node(formatting, head.lane)
            else:
                # A twin elsewhere may have made the guess; the accepted one decides on descent.
                node.formatting, node.lane = formatting, head.lane
                if node.place is not None:
                    node.place.formatting, node.place.lane = formatting, head.lane
            self._queue.append(node)
        for other in head.place.batch or ():
            if isinstance(other, Valid):
                self._guessed.pop(other.text, None)
        if not self._queue:
            self._draw_roots()

    def _guess(self, item: Valid, parent: _Node) -> _Node:
        node = self._guessed.get(item.text)
        if node is None:
            node = _Node(self._asker.chosen(item, parent.formatting.depth + 1), parent.lane)
            self._guessed[item.text] = node
        return node

    def _ask(self, node: _Node) -> Place:
        vary = self._asker.vary
        if node.root is None:
            combination, draw_lane = vary.by_example(node.formatting.text), "node:0"
        else:
            combination, draw_lane = vary.by_place(node.root, 0), node.lane
        content = self._asker.content(node.formatting, combination)
        node.place = self._asker.place(node.formatting, content, node.lane, (draw_lane, 0))
        return node.place


def _drain(queue: deque[_Node | float]) -> Iterator[_Node | float]:
    while queue:
        yield queue.popleft()
