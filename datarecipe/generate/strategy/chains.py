"""*random*, *similar*, *contrastive*: independent chains, each going on from an item of its last batch.

Logical order is (round, chain). A chain needs nothing but its own responses to go on, so it never waits for another chain:
it may be rounds ahead of the commit head.
"""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from datarecipe.exchange import Embedding, canonical_json
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.likeness import least_alike, most_alike
from datarecipe.generate.questions import Question
from datarecipe.generate.strategy.order import Asker, Awaiting, Formatting, Order, Place, Upcoming

REMEMBERED = 16
"""How many earlier formatting examples a chain can step back to."""


@dataclass(slots=True)
class _Step:
    """A formatting example of a chain, with how often each content was asked with it."""

    formatting: Formatting
    asked: dict[bytes, int] = field(default_factory=dict)
    """By a hash of the messages."""
    vector: array[int] | None = None


@dataclass(slots=True)
class _Choice:
    """A batch whose next formatting example waits for embeddings."""

    candidates: list[tuple[Valid, Question]]
    """Items, in order, with the questions for their embeddings."""
    own: Question | None
    """For the embedding of the chain's formatting example; None where the chain has it."""

    @property
    def open(self) -> list[Question]:
        questions = [self.own, *(question for _, question in self.candidates)]
        return [question for question in questions if question is not None and question.answer is None]


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


class ChainsOrder(Order):
    """`strategy.chains` chains; chain *i* starts from seed example *i* mod *n*."""

    def __init__(self, asker: Asker, *, nearest: bool | None = None) -> None:
        """A chain goes on from the item that is most like the current example, or least like it; with None from any."""
        self._asker = asker
        self._nearest = nearest
        self._strategy = asker.recipe.strategy
        self._turns = replace(asker.turns, beside=self._strategy.chains)
        self._head = 0
        self._arrived: dict[int, Place] = {}  # by position; those of the chains' earlier rounds
        self._chain_of: dict[int, _Chain] = {}  # by handle of a place
        self._choosing: list[_Chain] = []
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
            elif chain.choice is not None and chain.round + 1 == round_:
                yield Awaiting(chain.choice.open)
            elif chain.round == round_:
                yield chain.place or self._ask(chain)
            else:
                yield 1.0

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
        elif self._nearest is None:
            self._go_on(chain, min(candidates, key=lambda candidate: self._hash(chain, candidate[0]))[1])
        elif len(candidates) == 1:
            self._go_on(chain, candidates[0][1])
        else:
            self._compare(chain, [item for _, item in candidates])

    def answered(self) -> None:
        """Choose where the last embedding has come."""
        for chain in [chain for chain in self._choosing if chain.choice and not chain.choice.open]:
            self._choosing.remove(chain)
            self._choose(chain)

    def committed(self, accepted: Sequence[tuple[Valid, str]]) -> None:  # noqa: ARG002
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

    def _compare(self, chain: _Chain, candidates: list[Valid]) -> None:
        current, embedding_of = chain.current, self._asker.embedding_of
        own = embedding_of(current.formatting.example) if current.vector is None else None
        chain.choice = _Choice([(item, embedding_of(item.example)) for item in candidates], own)
        if chain.choice.open:
            self._choosing.append(chain)
        else:
            self._choose(chain)

    def _choose(self, chain: _Chain) -> None:
        choice, chain.choice = chain.choice, None
        assert choice is not None
        if choice.own is not None:
            chain.current.vector = _vector(choice.own)
        own = chain.current.vector
        assert own is not None
        vectors = [_vector(question) for _, question in choice.candidates]
        chosen = (most_alike if self._nearest else least_alike)(own, vectors)
        self._go_on(chain, choice.candidates[chosen][0], vectors[chosen])

    def _go_on(self, chain: _Chain, item: Valid, vector: array[int] | None = None) -> None:
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


def _vector(question: Question) -> array[int]:
    assert isinstance(question.answer, Embedding)
    return array("i", question.answer.vector)
