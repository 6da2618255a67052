"""Drives a `Generation` by hand: every order of arrival, every number of requests in flight."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from datarecipe.exchange import Complete, Completion, Embedding, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.events import Accepted, Committed, Event, Lineage, Outcome, RejectedItem
from datarecipe.generate.generation import Generation, Wanted
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.recipe import Recipe

Answer = Callable[[Complete], Completion]
Pick = Callable[[int], int]
"""Which of so many requests in flight is answered next."""


@dataclass
class Driven:
    """What a driven loop emitted."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[RejectedItem] = field(default_factory=list)
    committed: list[Committed] = field(default_factory=list)
    asked: list[Complete] = field(default_factory=list)
    outcome: Outcome | None = None
    why: str | None = None

    def take(self, events: list[Event]) -> None:
        """Sort events by kind."""
        for event in events:
            match event:
                case Accepted():
                    self.accepted.append(event)
                case RejectedItem():
                    self.rejected.append(event)
                case Committed():
                    self.committed.append(event)


@dataclass
class Log:
    """An `AcceptedLog`, its `read`, that gives back what a file would, and holds the loop to what it promises."""

    rows: list[str] = field(default_factory=list)
    read_at: set[int] = field(default_factory=set)

    def write(self, events: list[Event]) -> None:
        """Keep what was accepted, as JSON."""
        self.rows += [json.dumps(asdict(event)) for event in events if isinstance(event, Accepted)]

    def read(self, position: int) -> Accepted:
        """What a position names is there, and is asked for once."""
        assert position not in self.read_at
        self.read_at.add(position)
        row = json.loads(self.rows[position])
        return Accepted(row["example"], Lineage(**row["lineage"]))


def drive(
    recipe: Recipe,
    model: ModelSettings,
    answer: Answer,
    pick: Pick,
    concurrency: int,
    log: Log | None = None,
    together: int = 1,
    filters: Sequence[CommitFilter] = (),
) -> Driven:
    """Keep `concurrency` requests in flight and answer them in the order that `pick` says.

    Before new requests are asked for, up to `together` are answered.
    """
    generation, driven = Generation(recipe, model, filters=filters, log=log.read if log else None), Driven()
    flying: dict[int, Wanted] = {}
    while generation.outcome is None:
        for wanted in generation.wanted(8 * concurrency):
            if len(flying) >= concurrency:
                break
            if wanted.handle not in flying:
                flying[wanted.handle] = wanted
                if isinstance(wanted.request, Complete):
                    driven.asked.append(wanted.request)
        assert flying, "the loop has not ended and wants nothing"
        for _ in range(min(together, len(flying))):
            handle = list(flying)[pick(len(flying))]
            events = generation.receive(handle, respond(flying.pop(handle).request, answer))
            if log is not None:
                log.write(events)
            driven.take(events)
    driven.outcome, driven.why = generation.outcome, generation.why
    return driven


def respond(request: Request, answer: Answer) -> Response:
    """The response to either kind of request; every embedder gives the built-in one's vectors."""
    if isinstance(request, Complete):
        return answer(request)
    return Embedding(hashed_ngrams(request.text))
