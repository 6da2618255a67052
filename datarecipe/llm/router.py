"""One request to its answer: by which model, in how many attempts, each within what providers and caps leave room for.

A request begins with the first model that is of use. Where one fails for good it is asked no more; where it is down, or
asks for a long pause, requests go on to another, and back when that one is no better.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion
from datarecipe.llm.limits.account import Account, Reservation
from datarecipe.llm.limits.amount import NOTHING, Amount, most, used
from datarecipe.llm.limits.gate import HowItWent, Ticket
from datarecipe.llm.retry import TRIES, Retrying
from datarecipe.llm.route import Route
from datarecipe.llm.transport import AskAgainError

NOTICE_EVERY = 5.0
"""Seconds between two notices of failed attempts."""

AT_ONCE = 4
"""How often an attempt may be made again at once: connections that turn out to be closed, and one seed."""

EXPECT_ONE_FAILURE_IN = 20
"""Attempts, as long as nothing else is known; it is what room is kept for near a cap."""

TOTAL = 600.0
"""Seconds after a request's first attempt in which another may begin, beside the time that one attempt may take."""

TOTAL_BEFORE_A_FALLBACK = 60.0
"""The same where another model can answer instead."""


@dataclass(slots=True)
class Claim:
    """The room that one attempt takes: at the gate, and in the account."""

    number: int
    """Of the route."""
    route: Route
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
            self.route.gate.leave(self.ticket, how, used=spent.tokens, retry_after=retry_after)

    def release(self) -> None:
        """No attempt was made, if none was."""
        if not self.settled:
            self.settle(NOTHING, "silent", None)


class Router:
    """Asks the models of one recipe."""

    def __init__(
        self,
        routes: Sequence[Route],
        account: Account,
        *,
        timeout: float,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
        notice: Callable[[str], None],
    ) -> None:
        """`routes`: the model, then its fallbacks. `timeout` is for one attempt, in seconds.

        `sleep`, `clock`, `uniform` are the retries' world.
        """
        self.routes = tuple(routes)
        self.account = account
        self.timeout = timeout
        self.clock = clock
        self.uniform = uniform
        self._sleep = sleep
        self._notice = notice
        self.failed: Counter[str] = Counter()
        """Attempts that failed, by the name of the failure."""
        self._told: float | None = None
        self._told_of: set[int] = set()
        self._dead: dict[int, ProviderError] = {}
        self._ways: set[_Way] = set()
        """Requests that have no answer yet."""
        self.attempts = 0
        self._closing = asyncio.Event()
        for route in routes:
            account.listen(route.gate.changed)

    @property
    def closing(self) -> bool:
        """Whether no further attempts are to be made."""
        return self._closing.is_set()

    def close(self) -> None:
        """Attempts under way may finish, no further ones are made."""
        self._closing.set()
        for route in self.routes:
            route.gate.changed()

    def first(self) -> int:
        """The model that a request begins with: the first one that is of use, else one that will be before long."""
        alive = self.alive()
        of_use = [number for number in alive if self.is_of_use(number)]
        soon = [number for number in alive if self.too_long(number) is None]
        return next(iter((*of_use, *soon, *alive)), 0)

    def alive(self) -> list[int]:
        """The models that did not say no for good."""
        return [number for number in range(len(self.routes)) if number not in self._dead]

    def is_of_use(self, number: int) -> bool:
        """Whether it answers, or it is time to see whether it answers again."""
        gate = self.routes[number].gate
        return gate.asked_to_wait <= TOTAL_BEFORE_A_FALLBACK and (not gate.down or gate.room())

    def bury(self, number: int, error: ProviderError) -> None:
        """Ask this model no more: it said no for good. Those that wait for room at it need not hear it themselves."""
        if number not in self._dead:
            self._dead[number] = error
            self.routes[number].gate.changed()

    def said_no(self, number: int) -> ProviderError | None:
        """What the model said, if it is asked no more."""
        return self._dead.get(number)

    def claim(self, request: Complete, ahead: float = 0.0) -> Claim | None:
        """Room for an attempt, None while there is none; near a cap, so many requests `ahead` of it go first.

        Raises:
            CapReachedError: no room will come of what is under way.
            TransientError: the provider asks for a pause that is too long to wait for.
        """
        number = self.first()
        route = self.routes[number]
        if (refusal := self.too_long(number)) is not None:
            raise refusal
        amount = most(route.adapt(request), route.price)
        if not (self.account.fits(amount) and self._leaves_room(amount, ahead)):
            return None
        ticket = route.gate.try_enter(amount.tokens)
        return None if ticket is None else self.reserved(number, ticket, amount)

    def _leaves_room(self, amount: Amount, ahead: float) -> bool:
        """Whether the caps leave room for what has to be answered before, and for what is under way to fail and go again.

        Else this one's answer would be paid, and lie behind a hole until a higher cap. With nothing under way there is
        nothing to wait for.
        """
        failing = sum(way.failed for way in self._ways)
        under_way = self.account.under_way + failing
        room = self.account.room_for(amount)
        if not under_way or math.isinf(room):
            return True
        share = min(0.5, (sum(self.failed.values()) + 1) / (self.attempts + EXPECT_ONE_FAILURE_IN))
        again = share / (1 - share)
        expected = under_way * again
        return room >= (1 + ahead) * (1 + again) + expected + math.sqrt(expected) + failing * TRIES

    def reserved(self, number: int, ticket: Ticket, amount: Amount) -> Claim:
        """The account's part of a claim beside the gate's, which goes back if it cannot be had."""
        route = self.routes[number]
        try:
            reservation = self.account.reserve(amount, model=route.name, priced=route.price is not None)
        except DatarecipeError:
            route.gate.leave(ticket, "silent", used=0)
            raise
        return Claim(number, route, self.account, ticket, reservation)

    def too_long(self, number: int) -> TransientError | None:
        """The error for a pause that the provider asks for, where it is longer than a request is tried for."""
        route = self.routes[number]
        wait = route.gate.asked_to_wait
        return (
            TransientError(f"{route.name} asks for a pause of {wait:,.0f} s") if wait > self.timeout + TOTAL else None
        )

    async def ask(self, request: Complete, claim: Claim | None) -> Completion:
        """The answer of a model. `claim` is the room for the first attempt; without one, room is waited for."""
        way = _Way(self, request, claim)
        self._ways.add(way)
        try:
            return await way.go()
        finally:
            self._ways.remove(way)

    def tell(self, text: str) -> None:
        """Pass a notice on, unless one was passed on just now: a burst of failures is one piece of news."""
        if self._told is None or self.clock() - self._told >= NOTICE_EVERY:
            self._told = self.clock()
            self._notice(text)

    def tell_of_another(self, number: int, error: DatarecipeError) -> None:
        """Say that a fallback answers, once for each: who writes the data is no news to be left out."""
        if number and number not in self._told_of:
            self._told_of.add(number)
            self._notice(f"{self.routes[number].name} is asked instead: {error.message}")

    async def pause(self, seconds: float) -> None:
        """Sleep, or less when the run ends meanwhile."""
        sleep = asyncio.ensure_future(self._sleep(seconds))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({sleep, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleep, closing):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


class _ClosedError(Exception):
    """The run is ending: no further attempt is to be made."""


class _ElsewhereError(Exception):
    """Another model is of use, and this one is not."""


class _NeverThereError(Exception):
    """The model has answered nobody, ever."""


class _Way:
    """One request's way over the models."""

    def __init__(self, router: Router, request: Complete, claim: Claim | None) -> None:
        self.router = router
        self.request = request
        self.claim = claim
        self._began = router.clock()
        self.last: TransientError | None = None
        """What the last attempt came to."""
        self._useless: set[int] = set()
        """Models that answer others, and not this request."""

    @property
    def failed(self) -> bool:
        """Whether an attempt was made, and came to nothing."""
        return self.last is not None

    async def go(self) -> Completion:
        """The answer, or the error that the last model left."""
        number = self.claim.number if self.claim is not None else self.router.first()
        while True:
            outcome = await self._outcome(number)
            if isinstance(outcome, Completion):
                return outcome
            if self.router.closing:
                raise outcome
            number = self._another_than(number, outcome)

    async def _outcome(self, number: int) -> Completion | DatarecipeError:
        """What model `number` gives, or why another is to be asked. Raises what ends the request."""
        others = [other for other in self._left() if other != number]
        try:
            return await self._stay(number, alone=not others)
        except _ClosedError:
            raise self.last or TransientError("the run ended before the request was sent") from None
        except _ElsewhereError:
            assert self.last is not None
            return self.last
        except _NeverThereError:
            assert self.last is not None
            self._useless.add(number)
            return self.last
        except ProviderError as error:
            self.router.bury(number, error)
            return error
        except TransientError as error:
            if not others or self._seconds_left() <= 0:
                raise
            gate = self.router.routes[number].gate
            if self.router.too_long(number) or not (gate.down or gate.asked_to_wait):
                self._useless.add(number)
            return error

    def _left(self) -> list[int]:
        return [number for number in self.router.alive() if number not in self._useless]

    def _another_than(self, number: int, reason: DatarecipeError) -> int:
        """Where to go from `number`: to one that is of use if there is one. Raises `reason` when none is left."""
        others = [other for other in self._left() if other != number]
        another = self._of_use(others)
        if another is None:
            another = self._soonest(self._left())
        if another is None:
            # A model that said no for good ends nothing while another may answer the next time.
            raise self.last if self.last is not None and self.router.alive() else reason
        if another != number:
            self.router.tell_of_another(another, reason)
        return another

    def _of_use(self, numbers: Sequence[int]) -> int | None:
        return next((number for number in numbers if self.router.is_of_use(number)), None)

    def _soonest(self, numbers: Sequence[int]) -> int | None:
        """Where each has to be waited for, the one whose turn comes first."""
        return min(numbers, key=lambda number: self.router.routes[number].gate.asked_to_wait, default=None)

    def _seconds_left(self) -> float:
        return self._began + self.router.timeout + TOTAL - self.router.clock()

    async def _stay(self, number: int, *, alone: bool) -> Completion:
        """Ask one model until it answers, or there is no use in it; for a shorter time where it is not `alone`."""
        router = self.router
        route = router.routes[number]
        attempts = _Attempts(self, number)

        def failed(tries: int, error: TransientError, pause: float) -> None:
            attempts.failed(error)
            router.tell(f"attempt {tries} failed, next in {pause:.1f} s: {error.message}")

        def counts(error: TransientError) -> bool:
            """Whether a failure speaks against the request, rather than of a provider that is down for all."""
            return not error.rate_limited and not route.gate.down

        left = self._seconds_left()
        retrying = Retrying(
            sleep=router.pause,
            clock=router.clock,
            uniform=router.uniform,
            total=left if alone else min(left, router.timeout + TOTAL_BEFORE_A_FALLBACK),
        )
        try:
            return await retrying.call(attempts.make, on_retry=failed, counts=counts)
        except TransientError as error:
            self.last = error
            raise
        finally:
            attempts.let_go()

    def may_go_on(self, number: int) -> None:
        """Raise when an attempt at model `number` that waits for room has no use any more."""
        router = self.router
        if router.closing:
            raise _ClosedError
        if (refusal := router.too_long(number)) is not None:
            raise refusal
        if self.last is None:
            return
        # Its turn to see whether the model is back may be minutes away.
        if not router.is_of_use(number):
            others = [other for other in self._left() if other != number]
            if self._of_use(others) is not None or self._soonest([number, *others]) != number:
                raise _ElsewhereError
        if router.routes[number].gate.never_answered and not self.last.rate_limited:
            raise _NeverThereError


class _Attempts:
    """A request's attempts at one model, and the room that is held for the next one."""

    def __init__(self, way: _Way, number: int) -> None:
        self._way = way
        self.router = way.router
        self._number = number
        self._route = self.router.routes[number]
        self._adapted = self._route.adapt(way.request)
        self._amount = most(self._adapted, self._route.price)
        self._held = False
        self._said_no = self.router.said_no(number)
        """Before: it is asked all the same, since no other is left."""

    def failed(self, error: TransientError) -> None:
        """An attempt failed and another will follow."""
        self._way.last = error
        if not self._held:
            self._held = self.router.account.hold(self._amount)

    def let_go(self) -> None:
        """What was held is used, or not needed."""
        if self._held:
            self._held = False
            self.router.account.let_go(self._amount)

    async def make(self) -> Completion:
        """One attempt; or a few, where nothing came of the first."""
        try:
            return await self._made()
        except TransientError as error:
            if self._route.gate.never_answered and not error.rate_limited:
                self._way.last = error
                raise _NeverThereError from error
            raise

    async def _made(self) -> Completion:
        for _ in range(AT_ONCE - 1):
            try:
                return await self._one()
            except AskAgainError as error:
                self.failed(error)
        return await self._one()

    async def _one(self) -> Completion:
        way = self._way
        if way.last is not None and self.router.closing:
            raise _ClosedError
        claim, way.claim = way.claim, None
        if claim is None:
            ticket = await self._route.gate.enter(self._amount.tokens, self._room)
            self.let_go()
            claim = self.router.reserved(self._number, ticket, self._amount)
        return await self._send(claim)

    def _room(self) -> bool:
        """Whether an attempt may begin; what was held for it is room."""
        self._way.may_go_on(self._number)
        if (no := self.router.said_no(self._number)) is not None and no is not self._said_no:
            raise no
        return self._held or self.router.account.fits(self._amount)

    async def _send(self, claim: Claim) -> Completion:
        price = claim.route.price
        how: HowItWent = "silent"
        spent, retry_after = NOTHING, None
        try:
            await claim.route.transport.ready()
            self.router.attempts += 1
            spent = claim.reservation.amount  # of an attempt that is broken off nobody knows better
            completion = await claim.route.transport.complete(self._adapted, timeout=self.router.timeout)
        except TransientError as error:
            self.router.failed[error.kind] += 1
            if not isinstance(error, AskAgainError):
                how, retry_after = ("rate_limited" if error.rate_limited else "failed"), error.retry_after
            if not error.charged:
                spent = Amount(calls=1)
            raise
        except ProviderError as error:
            self.router.failed[error.kind] += 1
            spent = Amount(calls=1)
            raise
        except DatarecipeError:
            spent = Amount(calls=1)
            raise
        else:
            how = "answered"
            if completion.usage is not None:
                spent = used(completion.usage, price)
            elif completion.finish_reason == "context_overflow":
                spent = Amount(calls=1)  # it was refused before a model ran
            return completion
        finally:
            claim.settle(spent, how, retry_after)
