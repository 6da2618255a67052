"""*tree*: every accepted example becomes the formatting example of one request, breadth first.

The first generation is `roots` draws of the seed examples; each next one has a request for each accepted example of the
one before. Within a generation requests are ordered by the rank of their formatting example among the accepted ones of its
batch, then by acceptance: so every batch feeds the next generation before one feeds it twice. When a generation has no
request, `roots` more draws of the seed examples follow. What an uncommitted response holds is only guessed to be accepted:
its children may be asked ahead and are dropped when it is not.

The accepted examples that wait are many, most of a dataset, and each is no more here than its number in the order of
acceptance. It is read again when a walk comes to it.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from datarecipe.generate.admission.commit_filter import Outlook
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
    guesses: list[tuple[Valid, _Node]] | None = None
    """Items and their nodes, of those that looked new when a walk first saw the response."""


class TreeOrder(Order):
    """The generation that is being asked, the one behind it, and guesses beyond."""

    def __init__(self, asker: Asker) -> None:
        """Where the asker has no log, all that waits is kept in memory."""
        self._asker = asker
        self._accepted = asker.accepted
        self._log = asker.log
        self._root_draws: deque[_Node] = deque()
        self._drawn = 0
        # Numbers of accepted examples in the order of acceptance: those of this generation from `_at` on in their order,
        # those of the next by rank.
        self._current = array("I")
        self._at = 0
        self._next: list[array[int]] = []
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
        """This generation, then generation after generation the children that its nodes have or are expected to have."""
        parents: list[_Node | float] = []
        numbers = map(self._current.__getitem__, range(self._at, len(self._current)))
        for node in itertools.chain(self._root_draws, map(self._waiting, numbers)):
            parents.append(node)
            yield self._placed(node)
        known: Sequence[array[int]] = self._next
        seen: set[bytes] = set()
        outlook = self._asker.outlook()
        while parents or known:
            families = [self._children(parent, expected_yield, seen, outlook) for parent in parents]
            parents = []
            for rank in range(max(len(known), *map(len, families), 0)):
                waiting = map(self._waiting, known[rank] if rank < len(known) else ())
                for child in itertools.chain(waiting, (family[rank] for family in families if rank < len(family))):
                    parents.append(child)
                    yield child if isinstance(child, float) else self._placed(child)
            known = ()

    def arrived(self, place: Place) -> None:  # noqa: ARG002
        """Children are made when a walk comes to them. What was accepted up to now is in the log."""
        self._unwritten.clear()

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:
        """Let the accepted items wait by their rank, forget the guesses on the others."""
        head = self._take_head()
        depth = head.formatting.depth + 1
        while len(self._next) < len(accepted):
            self._next.append(array("I"))
        for waiting, (item, id_) in zip(self._next, accepted, strict=False):
            waiting.append(self._tail)
            self._queue(item, Formatting(item.example, item.text, id_, depth), head.lane)
        if not self._root_draws and self._at == len(self._current):
            self._current, self._at = array("I", itertools.chain.from_iterable(self._next)), 0
            self._next = []
            if not self._current:
                self._draw_roots()

    def _take_head(self) -> _Node:
        if self._root_draws:
            return self._root_draws.popleft()
        self._at += 1
        return self._nodes.pop(self._current[self._at - 1])

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
        waiting = len(self._root_draws) + len(self._current) - self._at + sum(map(len, self._next))
        if asked_ahead or self._log is None or waiting <= NEAR:
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
        row = self._log(number)
        return _Node(
            Formatting(row.example, example_text(row.example), row.lineage.id, row.lineage.depth), row.lineage.lane
        )

    def _children(
        self, parent: _Node | float, expected_yield: float, seen: set[bytes], outlook: Outlook | None
    ) -> Sequence[_Node | float]:
        """By rank; of what has not arrived, how many there may be of each."""
        place = None if isinstance(parent, float) else self._placed(parent)
        if place is None or place.batch is None:
            likely = parent if isinstance(parent, float) else 1.0
            expected = (likely * min(1.0, expected_yield - rank) for rank in range(math.ceil(expected_yield)))
            return [children for children in expected if children > NEGLIGIBLE]
        assert isinstance(parent, _Node)
        if parent.guesses is None:
            parent.guesses = self._guesses(parent, place)
        new = [
            (item.digest, node)
            for item, node in parent.guesses
            if item.digest not in self._accepted and item.digest not in seen and (outlook is None or outlook(item))
        ]
        seen.update(digest for digest, _ in new)
        return [node for _, node in new][: math.ceil(expected_yield) if outlook else None]

    def _guesses(self, parent: _Node, place: Place) -> list[tuple[Valid, _Node]]:
        guesses: list[tuple[Valid, _Node]] = []
        for item in place.batch or ():
            if isinstance(item, Valid) and item.digest not in self._accepted:
                node = self._guessed.get(item.text)
                if node is None:
                    node = _Node(self._asker.chosen(item, parent.formatting.depth + 1), parent.lane)
                    self._guessed[item.text] = node
                guesses.append((item, node))
        return guesses

    def _placed(self, node: _Node) -> Place:
        if node.place is None:
            turns = self._asker.turns
            if node.root is None:
                turn, draw_lane = turns.of_example(node.formatting.text), "node:0"
            else:
                turn, draw_lane = turns.at_place(node.root), node.lane
            content = self._asker.content(node.formatting, turn)
            node.place = self._asker.place(node.formatting, turn, content, node.lane, (draw_lane, 0))
        return node.place
