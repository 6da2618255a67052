"""*random*, *similar*, *contrastive*: independent chains, each going on from an item of its last batch.

Logical order is (round, chain). A chain needs nothing but its own responses to go on, so it never waits for another chain:
it may be rounds ahead of the commit head.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from datarecipe.exchange import Embed, Embedding, canonical_json
from datarecipe.generate.check import Valid
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.strategy.order import Asker, Formatting, Place, Upcoming

REMEMBERED = 16
"""How many earlier formatting examples a chain can step back to."""

PRECISION = 9
"""Decimals that similarities are compared by, so that the last bits of a float never decide."""


@dataclass(slots=True)
class _Step:
    """A formatting example of a chain, with how often each content was asked with it."""

    formatting: Formatting
    asked: dict[bytes, int] = field(default_factory=dict)
    """By a hash of the messages."""
    vector: array[float] | None = None


@dataclass(slots=True)
class _Choice:
    """A batch whose next formatting example waits for embeddings."""

    candidates: list[tuple[int, Valid]]
    vectors: dict[str, array[float] | None]
    """By text; None while it has not arrived."""


@dataclass(slots=True)
class _Chain:
    number: int
    seed: _Step
    current: _Step
    history: DigestSet
    """The seed examples and all selectable items that the chain was offered."""
    previous: deque[_Step] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    barren: int = 0
    round: int = 0
    place: Place | None = None
    choice: _Choice | None = None


class ChainsOrder:
    """`strategy.chains` chains; chain *i* starts from seed example *i* mod *n*."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._strategy = asker.recipe.strategy
        self._turns = replace(asker.turns, beside=self._strategy.chains)
        self._head = 0
        self._arrived: dict[int, Place] = {}  # by position; those of the chains' earlier rounds
        self._chain_of: dict[int, _Chain] = {}  # by handle of a place or an embedding
        self._embeds: dict[int, Embed] = {}
        self._chains = [self._start(number) for number in range(self._strategy.chains)]

    def _start(self, number: int) -> _Chain:
        step = _Step(self._asker.seed(number))
        return _Chain(number, step, step, DigestSet(self._asker.seed_digests))

    def upcoming(self, expected_yield: float) -> Iterator[Upcoming]:  # noqa: ARG002
        """A chain's later rounds are unknown until its batch is there."""
        for position in itertools.count(self._head):
            round_, number = divmod(position, len(self._chains))
            chain = self._chains[number]
            arrived = self._arrived.get(position)
            if arrived is not None:
                yield arrived
            elif chain.round == round_ and chain.choice is None:
                yield chain.place or self._ask(chain)
            else:
                yield 1.0

    def embeddings(self) -> Sequence[tuple[int, Embed]]:
        """Texts of selectable items and of the formatting example that they are compared with."""
        return tuple(self._embeds.items())

    def arrived(self, place: Place) -> None:
        """Move the place's chain on, or ask for the embeddings that decide where to."""
        chain = self._chain_of.pop(place.handle)
        self._arrived[chain.round * len(self._chains) + chain.number] = place
        candidates = []
        for index, item in enumerate(place.batch or ()):
            if isinstance(item, Valid) and chain.history.add(item.digest):
                candidates.append((index, item))
        if not candidates:
            self._step_back(chain)
        elif self._strategy.kind == "random":
            self._go_on(chain, min(candidates, key=lambda candidate: self._hash(chain, candidate[0]))[1])
        elif len(candidates) == 1:
            self._go_on(chain, candidates[0][1])
        else:
            self._await_embeddings(chain, candidates)

    def embedded(self, handle: int, embedding: Embedding) -> None:
        """Choose, once the last embedding is there."""
        chain = self._chain_of.pop(handle)
        request = self._embeds.pop(handle)
        choice = chain.choice
        assert choice is not None
        choice.vectors[request.text] = array("d", embedding.vector)
        if all(vector is not None for vector in choice.vectors.values()):
            self._choose(chain, choice)

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:  # noqa: ARG002
        """Go on to the next place; what was accepted makes no difference to a chain."""
        del self._arrived[self._head]
        self._head += 1

    def _ask(self, chain: _Chain) -> Place:
        step, lane = chain.current, f"chain:{chain.number}"
        turn = self._turns.at_place(chain.round * len(self._chains) + chain.number)
        content = self._asker.content(step.formatting, turn)
        messages = _digest(content.messages)
        earlier = step.asked.get(messages, 0)
        step.asked[messages] = earlier + 1
        chain.place = place = self._asker.place(step.formatting, turn, content, lane, (lane, earlier))
        self._chain_of[place.handle] = chain
        return place

    def _await_embeddings(self, chain: _Chain, candidates: list[tuple[int, Valid]]) -> None:
        own = self._asker.embed(chain.current.formatting.example)
        wanted = {request.text: request for _, item in candidates for request in (self._asker.embed(item.example),)}
        vectors: dict[str, array[float] | None] = dict.fromkeys(wanted)
        vectors[own.text] = chain.current.vector
        if chain.current.vector is None:
            wanted[own.text] = own
        else:
            wanted.pop(own.text, None)
        chain.choice = _Choice(candidates, vectors)
        for request in wanted.values():
            handle = self._asker.handle()
            self._embeds[handle] = request
            self._chain_of[handle] = chain

    def _choose(self, chain: _Chain, choice: _Choice) -> None:
        own = choice.vectors[self._asker.embed(chain.current.formatting.example).text]
        sign = -1 if self._strategy.kind == "similar" else 1
        ranked: list[tuple[float, int, Valid, array[float]]] = []
        for index, item in choice.candidates:
            vector = choice.vectors[self._asker.embed(item.example).text]
            assert own is not None
            assert vector is not None
            ranked.append((sign * round(cosine(own, vector), PRECISION), index, item, vector))
        _, _, item, vector = min(ranked, key=lambda candidate: candidate[:2])
        chain.choice = None
        self._go_on(chain, item, vector)

    def _go_on(self, chain: _Chain, item: Valid, vector: array[float] | None = None) -> None:
        chain.previous.append(chain.current)
        chain.current = _Step(self._asker.chosen(item, chain.current.formatting.depth + 1), vector=vector)
        chain.barren = 0
        self._next_round(chain)

    def _step_back(self, chain: _Chain) -> None:
        chain.barren += 1
        if chain.barren >= self._strategy.patience:
            chain.barren = 0
            chain.current = chain.previous.pop() if chain.previous else chain.seed
        self._next_round(chain)

    @staticmethod
    def _next_round(chain: _Chain) -> None:
        chain.round += 1
        chain.place = None

    def _hash(self, chain: _Chain, index: int) -> bytes:
        return _digest([self._asker.recipe.random_seed, chain.number, chain.round, index])


def _digest(value: object) -> bytes:
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=16).digest()


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """Cosine of the angle between two vectors; 0 when one of them has no length."""
    length = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / length if length else 0.0
