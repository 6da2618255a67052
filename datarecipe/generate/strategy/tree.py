"""*tree*: every accepted example becomes the formatting example of one request, breadth first.

One queue: the first `roots` draws of the seed examples, then one request for each accepted example in the order of
acceptance; when it is empty at commit, `roots` more draws of the seed examples. What an uncommitted response holds is only
guessed to be accepted: its children may be asked ahead and are dropped when it is not.

The accepted examples that wait are many, most of a dataset, and they are no more here than two numbers: from where to where
in the order of acceptance. Each is read again when a walk comes to it.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from datarecipe.generate.accepted_log import AcceptedLog
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.prompt.render import example_text
from datarecipe.generate.strategy.order import Asker, Formatting, Order, Place, Upcoming

NEGLIGIBLE = 0.01
"""Expected places fewer than this are not worth a look."""

NEAR = 32
"""Accepted examples so near to the head of the queue stay in memory; their turn comes before they are in a file."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Node:
    formatting: Formatting
    lane: str
    """The root draw that it descends from."""
    root: int | None = None
    """Number of the root draw, for those."""
    place: Place | None = None
    guesses: list[tuple[bytes, _Node]] | None = None
    """Digests and nodes of the items that looked new when a walk first saw the response."""


class TreeOrder(Order):
    """The queue, and the guessed nodes behind it."""

    def __init__(self, asker: Asker, accepted: DigestSet, log: AcceptedLog | None) -> None:
        """`accepted` is the loop's own set of digests, read here to tell which items are new.

        Without a log all that waits is kept in memory.
        """
        self._asker = asker
        self._accepted = accepted
        self._log = log
        self._root_draws: deque[_Node] = deque()
        self._drawn = 0
        # Behind the root draws, the accepted examples from number `_head` to before number `_tail` wait.
        self._head = 0
        self._tail = 0
        self._nodes: dict[int, _Node] = {}  # by number: near ones, those that a walk came to, those asked ahead
        self._unwritten: dict[int, _Node] = {}  # by number: perhaps not in the log yet
        # By the formatting example's JSON: identical twins are one request. Weak: a guess goes with the last response
        # that holds it. Made again later, it is another place with the same request, which the driver does not pay twice.
        self._guessed: WeakValueDictionary[str, _Node] = WeakValueDictionary()
        self._draw_roots()

    def _draw_roots(self) -> None:
        for number in range(self._drawn, self._drawn + self._asker.recipe.strategy.roots):
            self._root_draws.append(_Node(self._asker.seed(number), f"root:{number}", root=number))
            self._drawn += 1

    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:
        """The queue, then the children that its nodes have or are expected to have, level by level."""
        behind: deque[_Node | float] = deque()
        seen: set[bytes] = set()
        queue = itertools.chain(self._root_draws, map(self._waiting, range(self._head, self._tail)))
        for node in itertools.chain(queue, _drain(behind)):
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
            if node.guesses is None:
                node.guesses = self._guesses(node, place)
            for digest, guess in node.guesses:
                if digest not in self._accepted and digest not in seen:
                    seen.add(digest)
                    behind.append(guess)

    def arrived(self, place: Place) -> None:  # noqa: ARG002
        """Children are made when a walk comes to them. What was accepted up to now is in the log."""
        self._unwritten.clear()

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:
        """Queue the accepted items, forget the guesses on the others."""
        head = self._take_head()
        depth = head.formatting.depth + 1
        for item, id_ in accepted:
            self._queue(item, Formatting(item.example, item.text, id_, depth), head.lane)
        if not self._root_draws and self._head == self._tail:
            self._draw_roots()

    def _take_head(self) -> _Node:
        if self._root_draws:
            return self._root_draws.popleft()
        self._head += 1
        return self._nodes.pop(self._head - 1)

    def _queue(self, item: Valid, formatting: Formatting, lane: str) -> None:
        number, self._tail = self._tail, self._tail + 1
        node = self._guessed.pop(item.text, None)
        asked_ahead = node is not None and node.place is not None
        if node is None:
            node = _Node(formatting, lane)
        else:
            # A twin elsewhere may have made the guess; the accepted one decides on descent.
            node.formatting, node.lane = formatting, lane
            if node.place is not None:
                node.place.formatting, node.place.lane = formatting, lane
        if asked_ahead or self._log is None or number < self._head + NEAR:
            self._nodes[number] = node
        else:
            self._unwritten[number] = node

    def _waiting(self, number: int) -> _Node:
        """The node of an accepted example, from memory or from the log."""
        node = self._nodes.get(number)
        if node is None:
            node = self._nodes[number] = self._unwritten.get(number) or self._read(number)
        return node

    def _read(self, number: int) -> _Node:
        assert self._log is not None
        row = self._log.read(number)
        return _Node(Formatting(row.example, example_text(row.example), row.id, row.depth), row.lane)

    def _guesses(self, parent: _Node, place: Place) -> list[tuple[bytes, _Node]]:
        new = (item for item in place.batch or () if isinstance(item, Valid) and item.digest not in self._accepted)
        return [(item.digest, self._guess(item, parent)) for item in new]

    def _guess(self, item: Valid, parent: _Node) -> _Node:
        node = self._guessed.get(item.text)
        if node is None:
            node = _Node(self._asker.chosen(item, parent.formatting.depth + 1), parent.lane)
            self._guessed[item.text] = node
        return node

    def _ask(self, node: _Node) -> Place:
        turns = self._asker.turns
        if node.root is None:
            turn, draw_lane = turns.of_example(node.formatting.text), "node:0"
        else:
            turn, draw_lane = turns.at_place(node.root), node.lane
        content = self._asker.content(node.formatting, turn)
        node.place = self._asker.place(node.formatting, turn, content, node.lane, (draw_lane, 0))
        return node.place


def _drain(queue: deque[_Node | float]) -> Iterator[_Node | float]:
    while queue:
        yield queue.popleft()
