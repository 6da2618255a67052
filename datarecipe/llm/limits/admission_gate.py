"""Who may send to a provider, and who waits: how many at once, how many a minute, and none while it is down.

One gate for each model at an address, shared by all that ask it. Who enters leaves again and says how it went.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal, TypeAlias

from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit
from datarecipe.llm.limits.circuit_breaker import CircuitBreaker
from datarecipe.llm.limits.rate_pacer import Pace

HowItWent: TypeAlias = Literal["answered", "rate_limited", "failed", "unreachable", "silent"]
"""`failed`: in a way that may pass. `unreachable`: nobody is at the address. `silent`: it says nothing
about the provider, as what was cancelled here."""


NOTICE_EVERY = 10.0
"""Seconds between two notices of a lower limit: it may go up and down all the time."""


SHORTEST_TIMER = 0.001
"""Seconds. A loop may ring a timer a little too soon, and what is left then must not ring at once, again and again."""

IN_VAIN = 30.0
"""Seconds from the first failure on, without any answer since the beginning, after which a failed probe is the last one."""

UNREACHABLE = (3, 2.0)
"""The same where nobody was ever at the address: failures, and seconds. A server that starts later serves a later run."""

LONG_PAUSE = 10.0
"""Seconds of a pause that the provider asks for from which on a user is told."""


@dataclass(slots=True)
class Ticket:
    """The right to make one attempt."""

    tokens: int
    cuts: int
    """How often the limit had been cut when the attempt began."""
    probe: int
    """The number of the breaker's probe that the attempt is; 0 for none."""


@dataclass(slots=True, eq=False)
class _Turn:
    """Somebody who waits."""

    change: asyncio.Future[None] | None = None
    unfit: bool = False
    """Whether it waits for something else than room at the gate, and so in nobody's way."""

    def wake(self) -> None:
        if self.change is not None and not self.change.done():
            self.change.set_result(None)


@dataclass(eq=False)
class Gate:
    """Lets attempts through. Lives in one event loop; `clock` and `uniform` are the world."""

    concurrency: AdaptiveLimit
    _: KW_ONLY
    requests: Pace = field(default_factory=lambda: Pace(math.inf))
    """How many a minute; `tokens` likewise. Without a limit by default."""
    tokens: Pace = field(default_factory=lambda: Pace(math.inf))
    clock: Callable[[], float]
    uniform: Callable[[float, float], float]
    notice: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self._breaker = CircuitBreaker(self.uniform)
        self._not_before = 0.0
        self._told = -NOTICE_EVERY
        self._waiting: deque[_Turn] = deque()
        self._listeners: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.in_flight = 0
        self.answers = 0
        """Attempts that were answered."""
        self.never_answered = False
        """Whether nothing was ever answered here, for so long that a wrong address is likelier than an outage."""
        self._failed_first: float | None = None
        self._failures_first = 0
        """Failures before the first answer."""
        self._somebody = False
        """Whether anybody was ever at the address."""

    @property
    def limit(self) -> int:
        """How many may be under way now."""
        return self.concurrency.limit

    @property
    def down(self) -> bool:
        """Whether the provider answers nothing at present."""
        return self._breaker.is_open

    @property
    def asked_to_wait(self) -> float:
        """Seconds in which nothing is sent because of what the provider said or did; 0 without such a pause.

        It is 0, too, while one request is under way to see whether the provider is back.
        """
        return max(0.0, max(self._not_before, self._breaker.until or 0.0) - self.clock())

    @property
    def back_in(self) -> float:
        """Seconds until it may be seen whether the provider is back; infinite while one request is under way to see."""
        return math.inf if self._breaker.is_open and self._breaker.until is None else self.asked_to_wait

    @property
    def waits(self) -> tuple[float, str] | None:
        """The seconds until time alone lets one more be sent, and what is waited for; None where it is now."""
        longest = self._longest_wait()
        return longest if longest[0] > 0 else None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever there may be room again; the first to listen is called first."""
        self._listeners.append(listener)

    def try_enter(self, tokens: int) -> Ticket | None:
        """A ticket, when there is room and nobody waits for it."""
        return self._enter(tokens) if all(turn.unfit for turn in self._waiting) else None

    async def enter(self, tokens: int, fits: Callable[[], bool] = lambda: True) -> Ticket:
        """A ticket, when there is room and `fits` agrees. Who waits goes before who tries. Raises what `fits` raises."""
        turn = _Turn()
        self._waiting.append(turn)
        try:
            # All who wait are woken in their order, since one for whom there is no room must not keep out one that has it.
            while True:
                was_in_the_way, turn.unfit = not turn.unfit, not fits()
                if turn.unfit and was_in_the_way:
                    self._tell()
                if not turn.unfit and (ticket := self._enter(tokens)) is not None:
                    return ticket
                turn.change = asyncio.get_running_loop().create_future()
                await turn.change
        finally:
            self._waiting.remove(turn)
            if all(turn.unfit for turn in self._waiting):
                self.changed()

    def leave(
        self, ticket: Ticket, how: HowItWent, *, used: int | None = None, retry_after: float | None = None
    ) -> None:
        """The attempt is over. `used`: its tokens, where known; `retry_after`: seconds that the provider asks for."""
        now = self.clock()
        self.in_flight -= 1
        if used is not None:
            self.tokens.give_back(ticket.tokens - used)
        match how:
            case "answered":
                self.answers += 1
                self.never_answered = False
                self.concurrency.answered(ticket.cuts, self.in_flight + 1)
                if self._breaker.answered():
                    self.notice("the provider answers again")
            case "silent":
                self._breaker.left(probe=ticket.probe)
            case _:
                self._failed(ticket, how, now, retry_after)
        self.changed()

    def _failed(self, ticket: Ticket, how: HowItWent, now: float, retry_after: float | None) -> None:
        if how == "rate_limited":
            # A probe goes alone: its refusal says nothing about how many are too many.
            if not ticket.probe and self.concurrency.rate_limited(ticket.cuts) and now >= self._told + NOTICE_EVERY:
                self._told = now
                requests = "1 request" if self.limit == 1 else f"{self.limit} requests"
                self.notice(f"the provider asks to slow down: {requests} at once for now")
            # What it asks of one it asks of all: they go out under one key.
            if retry_after is not None and retry_after >= LONG_PAUSE and now + retry_after > self._not_before + 1:
                self.notice(f"the provider asks for a pause of {retry_after:,.0f} s")
            self._not_before = max(self._not_before, now + (retry_after or 0.0))
        elif not self.answers:
            self.never_answered |= self._in_vain(how, now, probe=bool(ticket.probe))
        pause = self._breaker.failed(now, probe=ticket.probe, retry_after=retry_after)
        if pause is not None and not self.never_answered:
            words = "the provider no longer responds" if self.answers else "the provider does not respond"
            self.notice(f"{words}: pausing {pause:.0f} s, then one probe")

    def _in_vain(self, how: HowItWent, now: float, *, probe: bool) -> bool:
        """Whether this failure, with no answer before it, is one too many."""
        if self._failed_first is None:
            self._failed_first = now
        self._failures_first += 1
        self._somebody |= how != "unreachable"
        since, (failures, seconds) = now - self._failed_first, UNREACHABLE
        nobody = not self._somebody and self._failures_first >= failures and since >= seconds
        return nobody or (probe and since >= IN_VAIN)

    def room(self) -> bool:
        """Whether an attempt could begin now."""
        return self.in_flight < self.limit and self._longest_wait()[0] <= 0 and self._breaker.lets_pass(self.clock())

    def _enter(self, tokens: int) -> Ticket | None:
        now = self.clock()
        if not self.room():
            self.ring()
            return None
        self.in_flight += 1
        self.requests.take(1, now)
        self.tokens.take(tokens, now)
        return Ticket(tokens, self.concurrency.cuts, self._breaker.began())

    def _longest_wait(self) -> tuple[float, str]:
        """The seconds until one more may be sent, as far as time alone decides, and what is waited for."""
        now = self.clock()
        return max(
            (self._not_before - now, "the provider's pause"),
            ((self._breaker.until or 0.0) - now, "the next try"),
            (self.requests.wait(now), "limits.rpm"),
            (self.tokens.wait(now), "limits.tpm"),
        )

    def ring(self) -> None:
        """Tell those who listen when time alone has made room."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        delay = self._longest_wait()[0]
        if delay > 0:
            self._timer = asyncio.get_running_loop().call_later(max(delay, SHORTEST_TIMER), self.changed)

    def changed(self) -> None:
        """There may be room again, here or in what `fits` looks at: those who wait look again, then those who listen."""
        for turn in self._waiting:
            turn.wake()
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def close(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._listeners.clear()
