"""Drives a `Generation`: looks up what is stored, sends what is not, hands back what arrives.

What is sent and when is free; what is committed is the generation's. So nothing here, neither concurrency nor the order of
arrival nor a failure, can change a byte of the dataset.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from datarecipe.errors import CapReachedError, DatarecipeError, OfflineMissError, StorageError, TransientError
from datarecipe.exchange import Embedding, Request, Response
from datarecipe.generate.events import Event, Outcome
from datarecipe.generate.generation import Wanted
from datarecipe.run_folder.counts.run_counts import Traffic
from datarecipe.run_folder.manifest import End

PLACES_PER_SLOT = 8
"""How many places beyond the commit head are looked at, for each request that may be in flight."""

AT_ONCE = 8
"""Arrivals that are taken before requests are sent again: where many answers come together, slots do not wait for all."""

PAUSE_AFTER = 64
"""Stored responses taken in one go before other tasks (the display, a signal) get their turn."""


class Loop(Protocol):
    """What is driven: a `Generation`, or something like it."""

    @property
    def outcome(self) -> Outcome | None:
        """Why it has ended, or None."""

    @property
    def why(self) -> str | None:
        """The figures behind an end short of the target."""

    def wanted(self, window: int) -> Iterator[Wanted]:
        """The requests that are wanted now."""

    def receive(self, handle: int, response: Response) -> list[Event]:
        """Take a response; give what has become certain by it."""


class Client(Protocol):
    """Where responses come from."""

    def lookup(self, request: Request) -> Response | None:
        """The stored response, or None. Costs nothing and asks nobody."""

    def check(self) -> None:
        """Raise a `DatarecipeError` when it is certain that nothing could be asked. Sends nothing."""

    def begin(self, request: Request, *, ahead: float = 0.0) -> asyncio.Task[Response] | None:
        """Begin to ask for it, store what comes back, and only then give it; None when there is no room now.

        `ahead` is how many requests are yet to come whose answers are needed before this one's.
        The task raises a `DatarecipeError` when no answer is to be had. Raises `CapReachedError` when there will be no room,
        `TransientError` when it would be too long until there is some.
        """

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever there may be room again."""

    def close_to_retries(self) -> None:
        """The run is ending: attempts under way may finish, no further ones are made."""


_NOBODY = -1
_NOTHING = DatarecipeError("woken")
"""What arrives when nothing does: `run` is to look again."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    reason: End
    error: DatarecipeError | None = None
    why: str | None = None
    """The figures behind an end that the generation chose."""


@dataclass(slots=True)
class Dispatcher:
    """One run's dispatcher; `run` is called once."""

    generation: Loop
    client: Client
    concurrency: int
    """How many requests may be under way at the most; how many are, the client decides."""
    on_events: Callable[[list[Event]], None]
    """Gets the events in logical order, each once. What it raises ends the run."""
    on_traffic: Callable[[Traffic], None] = lambda _: None
    offline: bool = False
    grace: float = 30.0
    """Seconds that requests still in flight at the end get to arrive: they are paid, and a later run will need them."""
    traffic: Traffic = field(default_factory=Traffic)
    _tasks: dict[int, asyncio.Task[Response]] = field(default_factory=dict)
    _questions: set[int] = field(default_factory=set)
    """Handles of the tasks that ask about items."""
    _missing: set[int] = field(default_factory=set)
    _most_missing: int = 0
    _arrivals: asyncio.Queue[tuple[int, Response | Exception]] = field(default_factory=asyncio.Queue)
    _woken: bool = False
    _checked: bool = False
    _ending: Ending | None = None
    _cancelling: bool = False

    async def run(self) -> Ending:
        """Drive the generation to its end, or as far as it goes."""
        self.client.listen(self._wake)
        try:
            await self._consume()
            while self.generation.outcome is None and self._ending is None:
                if not self._send() and not self._tasks:
                    break
                self._take(*await self._arrivals.get())
                self._take_arrived(AT_ONCE - 1)
                await self._consume()
                if self._ending is None and not self._arrivals.empty():
                    self._send()
                    await asyncio.sleep(0)  # what was sent goes out before the rest is taken
            await self._settle()
        except StorageError:
            # What arrives cannot be written down. It is paid all the same, so it may still be stored.
            await self._await_paid()
            raise
        except DatarecipeError as error:
            # The cache or the template failed in the midst of it: what is committed stays committed.
            self._end(Ending("failed", error))
            await self._await_paid()
        finally:
            await self._abandon()
        if self.generation.outcome is not None:
            return Ending(self.generation.outcome, why=self.generation.why)
        return self._ending or Ending("failed")

    @property
    def in_flight(self) -> int:
        """Requests sent whose answer has not come."""
        return len(self._tasks)

    def interrupt(self) -> None:
        """Send nothing more; what is in flight may arrive. Called again: wait for nothing."""
        if self._ending is not None and self._ending.reason == "interrupted":
            self._cancel(self._tasks.values())
        self._end(Ending("interrupted"))
        self._wake()

    def _wake(self) -> None:
        """Let `run` look again at what there is to do."""
        if not self._woken:
            self._woken = True
            # A moment later: room comes with an answer, whose task ends just now, and which has to be taken first.
            asyncio.get_running_loop().call_soon(self._arrivals.put_nowait, (_NOBODY, _NOTHING))

    def _end(self, ending: Ending) -> None:
        if self._ending is None or ending.reason == "interrupted":
            self._ending = ending
        self.client.close_to_retries()

    def _window(self) -> int:
        return PLACES_PER_SLOT * self.concurrency

    async def _consume(self) -> None:
        """Take everything that is stored and wanted."""
        taken = 0
        while (wanted := self._stored()) is not None:
            if wanted[0].is_question:
                self.traffic.checks_from_cache += 1
                self.traffic.without_embedding += _has_no_vector(wanted[1])
            else:
                self.traffic.from_cache += 1
            self._emit(self.generation.receive(wanted[0].handle, wanted[1]))
            taken += 1
            if taken % PAUSE_AFTER == 0:
                self.on_traffic(self.traffic)
                await asyncio.sleep(0)
            if self._ending is not None and self._ending.reason == "interrupted":
                return

    def _stored(self) -> tuple[Wanted, Response] | None:
        for wanted in self.generation.wanted(self._window()):
            if wanted.handle in self._tasks or wanted.handle in self._missing:
                continue
            response = self.client.lookup(wanted.request)
            if response is not None:
                return wanted, response
            self._missing.add(wanted.handle)
        if len(self._missing) > self._most_missing:
            # Guesses that were dropped are never sent, and their numbers would stay.
            self._missing.intersection_update(wanted.handle for wanted in self.generation.wanted(self._window()))
            self._most_missing = max(8 * self._window(), 2 * len(self._missing))
        return None

    def _send(self) -> bool:
        """Send what is wanted, as far as there is room; gives whether something has to wait for room."""
        for wanted in self.generation.wanted(self._window()):
            if wanted.handle in self._tasks:
                continue
            if self._hopeless():
                return False
            try:
                task = self.client.begin(wanted.request, ahead=wanted.ahead)
            except CapReachedError as error:
                self._end(Ending("capped", error))
                return False
            except TransientError as error:
                self._end(Ending("failed", error))
                return False
            if task is None:
                self._tell()
                return True
            self._tasks[wanted.handle] = task
            task.add_done_callback(functools.partial(self._arrived, wanted.handle))
            if wanted.is_question:
                self._questions.add(wanted.handle)
            self.traffic.sent += 1
        self._tell()
        return False

    def _hopeless(self) -> bool:
        """Whether nothing can be asked; found out at the first request that is not stored, before it counts as sent."""
        if not self._checked:
            try:
                if self.offline:
                    raise offline_miss()
                self.client.check()
            except DatarecipeError as error:
                self._end(Ending("failed", error))
                return True
            self._checked = True
        return False

    def _arrived(self, handle: int, task: asyncio.Task[Response]) -> None:
        result: Response | Exception
        if task.cancelled():
            if self._cancelling:
                return
            # A library below cancelled its own task, and the cancellation came up to here.
            result = TransientError("the request was broken off")
        else:
            error = task.exception()
            if error is None:
                result = task.result()
            elif isinstance(error, Exception):
                result = error  # raised again by `_take`; lost in a task it would hang the run
            else:
                return  # the event loop raises it itself
        self._arrivals.put_nowait((handle, result))

    def _take(self, handle: int, result: Response | Exception) -> None:
        if handle == _NOBODY:
            self._woken = False
        if self._tasks.pop(handle, None) is None:
            return
        self._missing.discard(handle)
        is_question = handle in self._questions
        self._questions.discard(handle)
        if isinstance(result, DatarecipeError):
            self._end(Ending("capped" if isinstance(result, CapReachedError) else "failed", result))
        elif isinstance(result, Exception):
            raise result
        else:
            self.traffic.answered += 1
            self.traffic.checks += is_question
            self.traffic.without_embedding += _has_no_vector(result)
            self._emit(self.generation.receive(handle, result))
        self._tell()

    def _take_arrived(self, count: int | None = None) -> None:
        """Take what has arrived, or the first `count` of it."""
        while not self._arrivals.empty() and count != 0:
            self._take(*self._arrivals.get_nowait())
            count = None if count is None else count - 1

    def _emit(self, events: list[Event]) -> None:
        if events:
            self.on_events(events)

    def _tell(self) -> None:
        self.on_traffic(self.traffic)

    async def _settle(self) -> None:
        """Let what is paid arrive and be stored, and commit as far as there is no hole."""
        await self._await_paid()
        self._take_arrived()
        await self._consume()

    async def _await_paid(self) -> None:
        self.client.close_to_retries()
        if self._tasks and self.grace > 0:
            await asyncio.wait(self._tasks.values(), timeout=self.grace)

    def _cancel(self, tasks: Iterable[asyncio.Task[Response]]) -> None:
        self._cancelling = True
        for task in tasks:
            task.cancel()

    async def _abandon(self) -> None:
        self.client.close_to_retries()
        left = [task for task in self._tasks.values() if not task.done()]
        # These are stored; that they are there is what nobody has heard yet.
        done = [handle for handle, task in self._tasks.items() if task.done() and not task.cancelled()]
        answered = [handle for handle in done if self._tasks[handle].exception() is None]
        self.traffic.answered += len(answered)
        self.traffic.checks += sum(handle in self._questions for handle in answered)
        # A second Ctrl-C has cancelled them by now.
        self.traffic.abandoned += len(left) + sum(task.cancelled() for task in self._tasks.values())
        self._cancel(left)
        await asyncio.gather(*left, return_exceptions=True)
        self._tasks.clear()


def _has_no_vector(response: Response) -> bool:
    return isinstance(response, Embedding) and not response.vector


def offline_miss(which: str = "next") -> OfflineMissError:
    """What a run ends with that needs a response which is not stored, and may not ask for it."""
    return OfflineMissError(
        f"the {which} response is not in the cache, and --offline forbids to ask for it",
        hint="`datarecipe cache explain RECIPE`, with the same flags, says what of the request differs from what is stored. "
        "The same command without --offline asks for it; all that is stored is used.",
    )
