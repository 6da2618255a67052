"""Drives a `Generation` one request at a time, in logical order: the sequential program that every run agrees with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from datarecipe.exchange import Request, Response
from datarecipe.generate.events import Event
from datarecipe.generate.generation import Generation


@dataclass(frozen=True, slots=True)
class Step:
    """A request of the loop, with its answer."""

    request: Request
    response: Response | None
    """None where there is no answer; this is the last step then."""
    events: Sequence[Event] = ()
    """What became certain by the answer."""
    is_question: bool = False
    """Whether it asks about an item, and not for items."""


def replay(generation: Generation, answer: Callable[[Request], Response | None]) -> Iterator[Step]:
    """Answer each request with what `answer` gives, until the loop has ended or there is no answer.

    No request is asked whose answer is not needed, so those of an ended run are exactly the ones that its dataset comes
    from. What `answer` raises comes out of here.
    """
    while generation.outcome is None:
        wanted = next(generation.wanted(1))
        response = answer(wanted.request)
        if response is None:
            yield Step(wanted.request, None, is_question=wanted.is_question)
            return
        yield Step(wanted.request, response, generation.receive(wanted.handle, response), wanted.is_question)
