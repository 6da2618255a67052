"""Which model is asked, and whether its provider and the caps leave room for an attempt.

The first usable model is asked, and one that fails for good no more. The rest each request decides (`request_attempts.py`).
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from datarecipe.amount import NOTHING, Amount, Priced, Reservation, most
from datarecipe.errors import CapReachedError, DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Request
from datarecipe.llm.limits.account import Account
from datarecipe.llm.limits.admission_gate import Gate, HowItWent, Ticket
from datarecipe.llm.routing.retry_limits import TOTAL, TOTAL_BEFORE_A_FALLBACK, TRIES
from datarecipe.llm.transport import Transport

NOTICE_EVERY = 5.0
"""Seconds between two notices of failed attempts."""

EXPECT_ONE_FAILURE_IN = 20
"""Attempts, as long as nothing else is known; it is what room is kept for near a cap."""


@dataclass(frozen=True, slots=True)
class CandidateModel:
    """One of the models that may answer; the first is the one that the request is for."""

    name: str
    transport: Transport
    gate: Gate
    price: Priced | None = None
    """None where it is not known."""
    adapt: Callable[[Complete], Complete] = lambda request: request
    """The request as this model is asked: a fallback has a name, an address and sampling parameters of its own."""
    in_process: bool = False
    """Whether the model runs here: an attempt that is broken off is known to cost nothing."""

    def adapted(self, request: Request) -> Request:
        """The request as this model is asked. An embedder has no fallback."""
        return self.adapt(request) if isinstance(request, Complete) else request


@dataclass(slots=True)
class Claim:
    """The room that one attempt takes: at the gate, and in the account."""

    number: int
    """Of the candidate."""
    candidate: CandidateModel
    account: Account
    ticket: Ticket
    reservation: Reservation
    settled: bool = False

    def settle(self, spent: Amount, how: HowItWent, retry_after: float | None) -> None:
        """The attempt is over."""
        self.settled = True
        try:
            self.account.settle(self.reservation, spent)
        finally:
            self.candidate.gate.leave(self.ticket, how, used=spent.tokens, retry_after=retry_after)

    def release(self) -> None:
        """No attempt was made, if none was."""
        if not self.settled:
            self.settle(NOTHING, "silent", None)


@dataclass(eq=False)
class Router:
    """Asks the models of one recipe; `sleep`, `clock` and `uniform` are the retries' world."""

    candidates: Sequence[CandidateModel]
    """The model, then its fallbacks."""
    account: Account
    _: KW_ONLY
    timeout: float
    """Seconds for one attempt."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = random.uniform
    notice: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.failed: Counter[str] = Counter()
        """Attempts that failed, by the name of the failure; several routers of one run may count in one."""
        self.failures = 0
        """Attempts of this router that failed."""
        self.refused: dict[int, ProviderError] = {}
        """What the models said that are asked no more, by their number."""
        self.failing = 0
        """Requests of which an attempt failed, and that have no answer yet."""
        self.attempts = 0
        self._told = -math.inf
        self._told_of: set[int] = set()
        self._kept = False
        """Whether it was the caps that left no room for the request that asked last."""
        self._pauses: list[float] = []
        """When requests are tried again."""
        self._closing = asyncio.Event()
        for candidate in self.candidates:
            self.account.listen(candidate.gate.changed)

    @property
    def closing(self) -> bool:
        """Whether no further attempts are to be made."""
        return self._closing.is_set()

    def reopen(self) -> None:
        """Attempts are made again."""
        self._closing.clear()

    def close(self) -> None:
        """Attempts under way may finish, no further ones are made."""
        self._closing.set()
        for candidate in self.candidates:
            candidate.gate.changed()

    def first(self) -> int:
        """The model that a request begins with: the first usable one, else one that soon will be."""
        alive = self.alive()
        usable = [number for number in alive if self.is_usable(number)]
        soon = [number for number in alive if self.excessive_pause(number) is None]
        return next(iter((*usable, *soon, *alive)), 0)

    @property
    def gate(self) -> Gate:
        """The gate of the model that is asked first."""
        return self.candidates[self.first()].gate

    def alive(self) -> list[int]:
        """The models that did not say no for good."""
        return [number for number in range(len(self.candidates)) if number not in self.refused]

    def is_usable(self, number: int) -> bool:
        """Whether it answers, or it is time to see whether it answers again."""
        gate = self.candidates[number].gate
        return gate.asked_to_wait <= TOTAL_BEFORE_A_FALLBACK and (not gate.down or gate.room())

    def bury(self, number: int, error: ProviderError) -> None:
        """Ask this model no more: it said no for good. Those that wait for room at it need not hear it themselves."""
        if number not in self.refused:
            self.refused[number] = error
            self.candidates[number].gate.changed()

    def claim(self, request: Request, ahead: float = 0.0) -> Claim | None:
        """Room for an attempt, None while there is none; near a cap, so many requests `ahead` of it go first.

        Raises:
            CapReachedError: no room will come of what is under way.
            TransientError: the provider asks for a pause that is too long to wait for.
        """
        number = self.first()
        candidate = self.candidates[number]
        if (refusal := self.excessive_pause(number)) is not None:
            raise refusal
        amount = self._most(request, number)
        try:
            self._kept = not (self.account.fits(amount) and self._leaves_room(amount, ahead))
        except CapReachedError:
            # A dear fallback may be out of reach where the model itself is not: that one is waited for.
            others = (other for other in self.alive() if other != number)
            if not any(self.can_pay(other, self._most(request, other)) for other in others):
                raise
            self._kept = True
        ticket = None if self._kept else candidate.gate.try_enter(amount.tokens)
        if ticket is not None:
            return self.reserved(number, ticket, amount)
        for other in self.alive():
            self.candidates[other].gate.ring()  # whichever is usable first
        return None

    def can_pay(self, number: int, amount: Amount) -> bool:
        """Whether the caps leave room for an attempt at that model, now or later."""
        return self.excessive_pause(number) is None and self.account.room_for(amount) >= 1

    def _most(self, request: Request, number: int) -> Amount:
        candidate = self.candidates[number]
        return most(candidate.adapted(request), candidate.price)

    @property
    def waits(self) -> tuple[float, str] | None:
        """The seconds until more may be sent, and what is waited for; None where time is no matter."""
        at_the_gate = self.gate.waits
        if at_the_gate is not None or not self._pauses or not (self._kept or not self.account.under_way):
            return at_the_gate
        return max(0.0, min(self._pauses) - self.clock()), "a request that is tried again"

    def _leaves_room(self, amount: Amount, ahead: float) -> bool:
        """Whether the caps leave room for what has to be answered before, and for what is under way to fail and go again.

        Else this one's answer would be paid, and lie behind a hole until a higher cap. With nothing under way there is
        nothing to wait for.
        """
        under_way = self.account.under_way + self.failing
        room = self.account.room_for(amount)
        if not under_way or math.isinf(room):
            return True
        share = min(0.5, (self.failures + 1) / (self.attempts + EXPECT_ONE_FAILURE_IN))
        again = share / (1 - share)
        expected = under_way * again
        return room >= (1 + ahead) * (1 + again) + expected + math.sqrt(expected) + self.failing * TRIES

    def reserved(self, number: int, ticket: Ticket, amount: Amount) -> Claim:
        """The account's part of a claim beside the gate's, which goes back if it cannot be had."""
        candidate = self.candidates[number]
        try:
            reservation = self.account.reserve(amount, model=candidate.name, priced=candidate.price is not None)
        except DatarecipeError:
            candidate.gate.leave(ticket, "silent", used=0)
            raise
        return Claim(number, candidate, self.account, ticket, reservation)

    def excessive_pause(self, number: int) -> TransientError | None:
        """The error for a pause that the provider asks for, where it is longer than a request is tried for."""
        candidate = self.candidates[number]
        wait = candidate.gate.asked_to_wait
        if wait <= self.timeout + TOTAL:
            return None
        return TransientError(f"{candidate.name} asks for a pause of {wait:,.0f} s")

    def tell(self, text: str) -> None:
        """Pass a notice of another attempt on, unless one was passed on just now, or no further ones are made."""
        if not self.closing and self.clock() - self._told >= NOTICE_EVERY:
            self._told = self.clock()
            self.notice(text)

    def tell_of_another(self, number: int, error: DatarecipeError) -> None:
        """Say that a fallback answers, once for each: who writes the data is no news to be left out."""
        if number and number not in self._told_of:
            self._told_of.add(number)
            self.notice(f"{self.candidates[number].name} is asked instead: {error.message}")

    async def pause(self, seconds: float) -> None:
        """Sleep, or less when the run ends meanwhile."""
        sleep = asyncio.ensure_future(self.sleep(seconds))
        until = self.clock() + seconds
        self._pauses.append(until)
        try:
            await self.unless_closed(sleep)
        finally:
            self._pauses.remove(until)
            sleep.cancel()

    async def unless_closed(self, future: asyncio.Future[Any]) -> None:
        """Wait for `future`, or until the run ends."""
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({future, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
