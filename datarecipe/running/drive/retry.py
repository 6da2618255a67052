"""`datarecipe retry`: stored answers in which a run found nothing are asked for once more, before the run goes on.

Which they are is decided by the recipe and the stored answers alone, like a dataset: by the places that a run commits. All
of them are asked, whatever they bring, so concurrency and order of arrival make no difference.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterable, Iterator

from datarecipe.exchange import Complete, Response
from datarecipe.generate.events import Committed, Event, Outcome, RejectedItem
from datarecipe.generate.generation import Generation, Wanted
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.printable import counted
from datarecipe.running.drive.dispatch import PAUSE_AFTER
from datarecipe.running.resolve.resolved_run import ResolvedRun


async def held_nothing(setup: ResolvedRun, cache: ResponseCache, reasons: Collection[str]) -> list[Complete]:
    """The requests of the run, as far as it is stored, whose answers have no valid item, for these reasons alone.

    Other runs go on meanwhile. Raises `CacheError`, `TemplateError`.
    """
    generation, found = Generation(setup.recipe, setup.model), []
    for number, step in enumerate(replay(generation, cache.get), start=1):
        why = {event.reason for event in step.events if isinstance(event, RejectedItem)}
        if why <= set(reasons):
            found += [event.asked for event in step.events if isinstance(event, Committed) and not event.accepted]
        if number % PAUSE_AFTER == 0:
            await asyncio.sleep(0)
    return found


class AskedAgain:
    """Requests that are each to be answered once, for the dispatcher to drive."""

    why: str | None = None

    def __init__(self, requests: Iterable[Complete]) -> None:
        self.requests = tuple(requests)
        self._left = dict(enumerate(self.requests))

    @property
    def opening(self) -> str:
        if (count := len(self.requests)) == 0:
            return "nothing to retry: every stored response of this run has a valid item, or was rejected for another reason"
        return f"retrying {counted(count, 'stored response')} without valid items; later examples may change"

    @property
    def outcome(self) -> Outcome | None:
        return None if self._left else "target"

    @property
    def answered(self) -> int:
        return len(self.requests) - len(self._left)

    def wanted(self, window: int) -> Iterator[Wanted]:
        for handle, request in itertools.islice(self._left.items(), window):
            yield Wanted(handle, request)

    def receive(self, handle: int, response: Response) -> list[Event]:  # noqa: ARG002 - it is stored
        self._left.pop(handle, None)
        return []
