"""Drives a `Generation` by hand: every order of arrival, every number of requests in flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from datarecipe.exchange import Complete, Completion, Embedding, Request, Response
from datarecipe.generate.events import Accepted, Committed, Event, Outcome, Rejected
from datarecipe.generate.generation import Generation, Wanted
from datarecipe.generate.profile import ModelSettings
from datarecipe.llm.embedder import hashed_ngrams
from datarecipe.recipe import Recipe

Answer = Callable[[Complete], Completion]
Pick = Callable[[int], int]
"""Which of so many requests in flight is answered next."""


@dataclass
class Driven:
    """What a driven loop emitted."""

    accepted: list[Accepted] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    committed: list[Committed] = field(default_factory=list)
    asked: list[Complete] = field(default_factory=list)
    outcome: Outcome | None = None

    def take(self, events: list[Event]) -> None:
        """Sort events by kind."""
        for event in events:
            match event:
                case Accepted():
                    self.accepted.append(event)
                case Rejected():
                    self.rejected.append(event)
                case Committed():
                    self.committed.append(event)


def drive(recipe: Recipe, model: ModelSettings, answer: Answer, pick: Pick, concurrency: int) -> Driven:
    """Keep `concurrency` requests in flight and answer them in the order that `pick` says."""
    generation, driven = Generation(recipe, model), Driven()
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
        handle = list(flying)[pick(len(flying))]
        driven.take(generation.receive(handle, respond(flying.pop(handle).request, answer)))
    driven.outcome = generation.outcome
    return driven


def respond(request: Request, answer: Answer) -> Response:
    """The response to either kind of request."""
    if isinstance(request, Complete):
        return answer(request)
    return Embedding(hashed_ngrams(request.text))
