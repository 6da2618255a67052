"""The loop, run with what the cache holds and with made-up replies: which requests a run would have to send.

One request after another in logical order, which is the order that decides what is committed. What is stored is taken, so
only what is left is counted. A thousand made-up replies are enough: in a larger dataset the rest goes on like the last of
them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from datarecipe.exchange import Complete, Completion, Embed, Embedding, Request, Response
from datarecipe.generate.events import Accepted, Event, Outcome, Rejected
from datarecipe.generate.generation import Generation
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.running.planning.author import Author
from datarecipe.running.setup import Setup

MADE_UP = 1_000
"""Replies that are made up at the most."""

Lookup = Callable[[Request], Response | None]
"""The stored response to a request, or None."""


@dataclass(slots=True)
class Stored:
    """What a run would take from the cache."""

    responses: int = 0
    examples: int = 0
    """Accepted from them."""
    new: int = 0
    """Items that were new and valid: accepted, or beyond the target."""
    counted: int = 0
    """Responses whose tokens the provider counted; the rest of this class is about these."""
    prompt_bytes: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a run would have to send."""

    prompt_bytes: int
    """Of the messages, in UTF-8."""
    reply_bytes: int
    """Of a reply whose items are as long as the seed examples."""
    waits_for: int | None
    """The request, by its place in the list of these, whose reply it needs; None where it can be sent at once."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Which requests a run would send."""

    stored: Stored
    asked: tuple[Asked, ...]
    """In logical order, as far as they were tried out; at least one where `requests` is not 0."""
    requests: int
    """All that are needed."""
    wanted: int
    """Examples that they are to bring."""
    largest: Complete | None
    """The one with the longest prompt of those that were tried out."""
    outcome: Outcome
    tried_out: bool
    """False where no new and valid items can be made up, so that all requests are taken to be like the first."""


def rehearse(setup: Setup, lookup: Lookup, share: Callable[[Stored], float]) -> Rehearsal:
    """Run the loop.

    `share` says which share of the items asked for is accepted, of those that are not stored; it is asked once, at the first
    request that is not stored. Raises what `lookup` raises.
    """
    return _Rehearsing(setup, lookup, share).run()


class _Rehearsing:
    def __init__(self, setup: Setup, lookup: Lookup, share: Callable[[Stored], float]) -> None:
        self._setup = setup
        self._lookup = lookup
        self._share = share
        self._generation = Generation(setup.recipe, setup.model)
        self._author = Author(setup.recipe)
        self._stored = Stored()
        self._asked: list[Asked] = []
        self._largest: Complete | None = None
        self._largest_bytes = -1
        self._taken: float | None = None
        self._producer: dict[str, int] = {}  # by id of an example: the asked request whose reply held it
        self._last_of_lane: dict[str, int] = {}

    def run(self) -> Rehearsal:
        while self._generation.outcome is None:
            wanted = next(self._generation.wanted(1))
            request = wanted.request
            if isinstance(request, Embed):
                embedding = self._lookup(request) or Embedding(hashed_ngrams(request.text))
                self._generation.receive(wanted.handle, embedding)
                continue
            response = self._lookup(request)
            if isinstance(response, Completion):
                self._take_stored(wanted.handle, request, response)
                continue
            if self._taken is None:
                self._taken = self._share(self._stored) * self._setup.recipe.batch_size
            if not self._ask(wanted.handle, request):
                break
        return self._result()

    def _take_stored(self, handle: int, request: Complete, response: Completion) -> None:
        events = self._generation.receive(handle, response)
        stored = self._stored
        stored.responses += 1
        accepted = sum(isinstance(event, Accepted) for event in events)
        stored.examples += accepted
        stored.new += accepted + sum(isinstance(event, Rejected) and event.reason == "surplus" for event in events)
        if response.usage is not None:
            stored.counted += 1
            stored.prompt_bytes += _bytes_of(request)
            stored.prompt_tokens += response.usage.prompt_tokens
            stored.completion_tokens += response.usage.completion_tokens

    def _ask(self, handle: int, request: Complete) -> bool:
        """Take it down and answer it; gives whether to go on."""
        number, size = len(self._asked), _bytes_of(request)
        if size > self._largest_bytes:
            self._largest, self._largest_bytes = request, size
        writes = self._author.can_write
        new = self._new_until(number + 1) - self._new_until(number) if writes else 0
        reply = self._author.reply(new)
        if number >= MADE_UP or not writes:
            if not self._asked:
                self._asked.append(Asked(size, len(reply.text.encode()), None))
            return False
        events = self._generation.receive(handle, reply)
        self._asked.append(Asked(size, len(reply.text.encode()), self._waits_for(events)))
        for event in events:
            if isinstance(event, Accepted):
                self._producer[event.id] = number
        return True

    def _new_until(self, responses: int) -> int:
        """New items in so many made-up replies, spread evenly."""
        assert self._taken is not None
        return math.floor(responses * self._taken)

    def _waits_for(self, events: list[Event]) -> int | None:
        number = len(self._asked)
        item = next((event for event in events if isinstance(event, Accepted | Rejected)), None)
        if item is None:
            return None
        if item.lane.startswith("chain:"):
            before = self._last_of_lane.get(item.lane)
            self._last_of_lane[item.lane] = number
            return before
        return self._producer.get(item.parent)

    def _result(self) -> Rehearsal:
        wanted = self._setup.recipe.target_size - self._stored.examples
        outcome = self._generation.outcome
        if outcome is None:
            assert self._taken is not None
            requests = max(len(self._asked), math.ceil(wanted / self._taken))
            while self._new_until(requests) < wanted:  # a float may be just below a whole number
                requests += 1
        else:
            requests = len(self._asked)
        return Rehearsal(
            stored=self._stored,
            asked=tuple(self._asked),
            requests=requests,
            wanted=wanted,
            largest=self._largest,
            outcome=outcome or "target",
            tried_out=self._author.can_write,
        )


def _bytes_of(request: Complete) -> int:
    return sum(len(text.encode()) for _, text in request.content.messages)
