"""The loop, run with what the cache holds and with made-up replies: which requests a run would have to send.

One request after another in logical order, which is the order that decides what is committed. What is stored is taken, so
only what is left is counted. A thousand made-up replies are enough: in a larger dataset the rest goes on like the last of
them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from datarecipe.exchange import Complete, Embed, Embedding, Request, Response
from datarecipe.generate.admission.admission import REPAIR
from datarecipe.generate.events import Accepted, Committed, Event, Outcome, RejectedItem
from datarecipe.generate.generation import Generation
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.replay import replay
from datarecipe.recipe import chains_of
from datarecipe.running.planning.stand_in import MadeUp, StandIn
from datarecipe.running.resolve.resolved_run import ResolvedRun

MADE_UP = 1_000
"""Replies that are made up at the most."""

Lookup = Callable[[Request], Response | None]
"""The stored response to a request, or None."""


@dataclass(slots=True)
class Measured:
    """Sums over responses that are there already."""

    responses: int = 0
    examples: int = 0
    """Accepted from them."""
    new: int = 0
    """Items that were new and valid: accepted, or beyond the target."""
    counted: int = 0
    """Responses whose tokens the provider counted; the rest of this class is about these."""
    prompt_bytes: int = 0
    """Of the messages; 0 where they are not known."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a run would have to send."""

    prompt_bytes: int
    """Of the messages, in UTF-8."""
    waits_for: int | None
    """The request, by its place in the list of these, whose reply it needs; None where it can be sent at once."""


@dataclass(slots=True)
class Unembedded:
    """Texts whose vectors are not stored, each counted once."""

    texts: int = 0
    texts_stored: int = 0
    """Of these, texts that were asked for before the first made-up reply: of stored replies."""
    bytes: int = 0
    is_ascii: bool = True
    seen: set[str] = field(default_factory=set)
    """Keys of their requests."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """Which requests a run would send."""

    stored: Measured
    """What it would take from the cache."""
    asked: tuple[Asked, ...]
    """In logical order, as far as they were tried out; at least one where `requests` is not 0."""
    requests: int
    """All that are needed."""
    wanted: int
    """Examples that they are to bring."""
    unanswered: Counter[str]
    """By filter, its questions and requests about items of stored replies that are not stored."""
    embedded: Mapping[str, Unembedded]
    """By what the recipe calls the embedder."""
    reply_bytes: int
    """Of a reply whose items are as long as the seed examples."""
    largest: Complete | None
    """The one with the longest prompt of those that were tried out."""
    outcome: Outcome


def dry_run(setup: ResolvedRun, lookup: Lookup, share: Callable[[Measured], float]) -> DryRun:
    """Run the loop.

    `share` says which share of the items asked for is accepted, of those that are not stored; it is asked once, at the first
    request that is not stored. Raises what `lookup` raises.
    """
    return _Driver(setup, lookup, share).run()


class _Driver:
    def __init__(self, setup: ResolvedRun, lookup: Lookup, share: Callable[[Measured], float]) -> None:
        self._setup = setup
        self._lookup = lookup
        self._share = share
        self._stand_in = StandIn(setup.recipe, setup.model)
        self._generation = Generation(
            setup.recipe, setup.model, judge=self._stand_in.batch, filters=self._stand_in.filters
        )
        self._stored = Measured()
        self._asked: list[Asked] = []
        self._largest: Complete | None = None
        self._largest_bytes = -1
        self._taken: float | None = None
        self._unanswered: Counter[str] = Counter()
        self._names = {one.model.name: name for name, one in setup.embedders.items()}
        self._embedded: dict[str, Unembedded] = {}
        self._dimensions: dict[str, int] = {}
        self._producer: dict[str, int] = {}  # by id of an example: the asked request whose reply held it
        self._last_of_lane: dict[str, int] = {}

    def run(self) -> DryRun:
        for step in replay(self._generation, self._answer):
            for event in step.events:
                if isinstance(event, Committed):
                    self._take(event, step.events)
        return self._result()

    def _answer(self, request: Request) -> Response | None:
        """The stored response, or one that is made up while there are few enough of these."""
        response = self._lookup(request)
        if isinstance(request, Embed):
            return self._vector(request, response)
        if response is not None:
            return response
        if (asker := request.draw.asker) in (REPAIR, *self._setup.of_filters):
            self._unanswered[asker] += 1
            return self._stand_in.nothing if asker == REPAIR else self._stand_in.reply(0)
        if self._taken is None:
            self._taken = self._share(self._stored) * self._setup.recipe.batch_size
        number = len(self._asked)
        return self._stand_in.reply(self._new_until(number + 1) - self._new_until(number)) if number < MADE_UP else None

    def _vector(self, request: Embed, stored: Response | None) -> Embedding:
        """The stored vector, or one that is made up. All of an embedder must have as many numbers, to be compared."""
        dimensions = self._dimensions.get(request.embedder)
        if isinstance(stored, Embedding):
            if not stored.vector or len(stored.vector) == (dimensions or len(stored.vector)):
                self._dimensions[request.embedder] = len(stored.vector) or self._dimensions.get(request.embedder, 0)
                return stored
        else:
            self._count(request)
        made_up = hashed_ngrams(request.text)
        dimensions = self._dimensions.setdefault(request.embedder, len(made_up)) or len(made_up)
        return Embedding((made_up * -(-dimensions // len(made_up)))[:dimensions])

    def _count(self, request: Embed) -> None:
        of_embedder = self._embedded.setdefault(self._names[request.embedder], Unembedded())
        if request.key not in of_embedder.seen:
            of_embedder.seen.add(request.key)
            of_embedder.texts += 1
            of_embedder.texts_stored += not self._asked
            of_embedder.bytes += len(request.text.encode())
            of_embedder.is_ascii &= request.text.isascii()

    def _take(self, committed: Committed, events: Sequence[Event]) -> None:
        """Take down a request: what it would cost, or what is stored for it."""
        size = sum(len(text.encode()) for _, text in committed.asked.content.messages)
        if isinstance(committed.response, MadeUp):
            if size > self._largest_bytes:
                self._largest, self._largest_bytes = committed.asked, size
            number = len(self._asked)
            self._asked.append(Asked(size, self._waits_for(events)))
            self._producer |= {event.lineage.id: number for event in events if isinstance(event, Accepted)}
            return
        stored, usage = self._stored, committed.response.usage
        stored.responses += 1
        stored.examples += committed.accepted
        surplus = sum(isinstance(event, RejectedItem) and event.reason == "surplus" for event in events)
        stored.new += committed.accepted + surplus
        if usage is not None:
            stored.counted += 1
            stored.prompt_bytes += size
            stored.prompt_tokens += usage.prompt_tokens
            stored.completion_tokens += usage.completion_tokens

    def _new_until(self, responses: int) -> int:
        """New items in so many made-up replies, spread evenly."""
        assert self._taken is not None
        return math.floor(responses * self._taken)

    def _waits_for(self, events: Sequence[Event]) -> int | None:
        number = len(self._asked)
        first = next((event for event in events if isinstance(event, Accepted | RejectedItem)), None)
        if first is None:
            return None
        item = first.lineage if isinstance(first, Accepted) else first
        if chains_of(self._setup.recipe.strategy) is not None:
            before = self._last_of_lane.get(item.lane)
            self._last_of_lane[item.lane] = number
            return before
        return self._producer.get(item.parent)

    def _result(self) -> DryRun:
        wanted = self._setup.recipe.target_size - self._stored.examples
        outcome = self._generation.outcome
        if outcome is None:
            assert self._taken is not None
            requests = max(len(self._asked), math.ceil(wanted / self._taken))
            while self._new_until(requests) < wanted:  # a float may be just below a whole number
                requests += 1
        else:
            requests = len(self._asked)
        return DryRun(
            stored=self._stored,
            asked=tuple(self._asked),
            requests=requests,
            wanted=wanted,
            unanswered=self._unanswered,
            embedded=self._embedded,
            reply_bytes=self._stand_in.reply_bytes,
            largest=self._largest,
            outcome=outcome or "target",
        )
