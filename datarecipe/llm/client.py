"""Request -> response: from the cache, else from a model, stored before it is given out.

Behind it are the gates of the providers and the account of the dataset: an attempt begins when both have room for it,
and is settled with both when it is over, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Embed, Embedding, Request, Response
from datarecipe.llm.cache import ResponseCache
from datarecipe.llm.embedder import hashed_ngrams
from datarecipe.llm.limits.account import Account, Reservation
from datarecipe.llm.limits.amount import NOTHING, Amount, most, used
from datarecipe.llm.limits.gate import HowItWent, Ticket
from datarecipe.llm.retry import Retrying
from datarecipe.llm.route import Route

NOTICE_EVERY = 5.0
"""Seconds between two notices of failed attempts."""

TOTAL = 600.0
"""Seconds after a request's first attempt in which another may begin, beside the time that one attempt may take."""

TOTAL_BEFORE_A_FALLBACK = 60.0
"""The same where another model can answer instead."""


Flying: TypeAlias = "dict[str, tuple[CachedClient, asyncio.Future[Response]]]"
"""What is being asked for, by key, and who asks."""


class CachedClient:
    """The cache in front of one or more models. Two requests with one key at the same time are sent once."""

    def __init__(
        self,
        cache: ResponseCache,
        routes: Sequence[Route],
        account: Account,
        *,
        timeout: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`routes`: the model, then its fallbacks. `timeout` is for one attempt, in seconds.

        `sleep`, `clock`, `uniform` are the retries' world.
        """
        self._cache = cache
        self._routes = tuple(routes)
        self._account = account
        self._timeout = timeout
        self._sleep = sleep
        self._notice = notice
        self._clock = clock
        self._uniform = uniform
        self._told: float | None = None
        self._closing = asyncio.Event()
        self._dead: set[int] = set()
        self._told_of: set[int] = set()
        self._flying: Flying = {}
        for route in routes:
            account.listen(route.gate.changed)

    def share(self, flying: Flying) -> None:
        """Several clients of one cache, given the same `flying`, never ask for the same at the same time."""
        self._flying = flying

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `begin` may have room again."""
        for gate in {id(route.gate): route.gate for route in self._routes}.values():
            gate.listen(listener)

    @property
    def limit(self) -> int:
        """How many requests may be under way at the model that is asked first."""
        return self._routes[self._first()].gate.limit

    @property
    def down(self) -> bool:
        """Whether the model that is asked first answers nothing at present."""
        return self._routes[self._first()].gate.down

    def check(self) -> None:
        """Raise when it is certain that nothing could be asked. Sends nothing."""
        self._routes[0].transport.check()

    def prepare(self) -> None:
        """Begin what takes long before a first request."""
        self._routes[0].transport.prepare()

    def lookup(self, request: Request) -> Response | None:
        """The stored response, or None. Raises `CacheError`.

        The built-in embedder is exact arithmetic and quicker than a look-up, so its vectors are not stored.
        """
        match request:
            case Embed():
                return Embedding(hashed_ngrams(request.text))
            case Complete():
                return self._cache.get(request)
            case _:
                assert_never(request)

    def begin(self, request: Request) -> asyncio.Task[Response] | None:
        """Begin to ask for `request` if there is room now; None when there is none, and `listen` tells when to come again.

        The task stores what comes back and gives what is stored; it raises a `DatarecipeError` when no answer is to be had.

        Raises:
            CapReachedError: a cap leaves no room for the request, and nothing is under way that could leave some.
        """
        claim = None
        if request.key not in self._flying and isinstance(request, Complete):
            claim = self._claim(request)
            if claim is None:
                return None
        task = asyncio.get_running_loop().create_task(self._shared(request, claim))
        if claim is not None:
            # A task that is cancelled before its first step runs none of its own clean-up.
            task.add_done_callback(lambda _: claim.release())
        return task

    async def fetch(self, request: Request) -> Response:
        """What `begin` does, waiting for room first."""
        return await self._shared(request, None)

    def close_to_retries(self) -> None:
        """The run is ending: attempts under way may finish, no further ones are made."""
        self._closing.set()
        for route in self._routes:
            route.gate.changed()

    async def _shared(self, request: Request, claim: _Claim | None) -> Response:
        while (flying := self._flying.get(request.key)) is not None:
            try:
                return await asyncio.shield(flying[1])
            except DatarecipeError:
                if flying[0] is self:
                    raise
                # Another run's cap or end is none of ours: it is our turn to ask.
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._flying[request.key] = (self, future)
        try:
            response = await self._fetch(request, claim)
        except BaseException as error:
            # Who waits for the same answer shares the failure; where nobody does, it must not be reported as unread.
            future.set_exception(error if isinstance(error, Exception) else TransientError("interrupted"))
            future.exception()
            raise
        finally:
            del self._flying[request.key]
        future.set_result(response)
        return response

    async def _fetch(self, request: Request, claim: _Claim | None) -> Response:
        stored = self.lookup(request)
        if stored is not None:
            return stored
        assert isinstance(request, Complete)
        return self._cache.put(request, await self._complete(request, claim))

    async def _complete(self, request: Complete, claim: _Claim | None) -> Completion:
        """The answer of the first model that gives one, from where the request begins."""
        number = claim.number if claim is not None else self._first()
        while True:
            try:
                return await self._ask(number, request, claim)
            except (ProviderError, TransientError) as error:
                if isinstance(error, ProviderError):
                    self._dead.add(number)
                number, claim = number + 1, None
                if number >= len(self._routes) or self._closing.is_set():
                    raise
                self._tell_of_fallback(number, error)

    def _first(self) -> int:
        """The model that a request begins with: the first one that is of use, else the last."""
        alive = [n for n, route in enumerate(self._routes) if n not in self._dead and self._is_of_use(route)]
        return next(iter(alive), len(self._routes) - 1 if self._dead else 0)

    @staticmethod
    def _is_of_use(route: Route) -> bool:
        """Whether it answers, or it is time to see whether it answers again."""
        return not route.gate.down or route.gate.room()

    async def _ask(self, number: int, request: Complete, claim: _Claim | None) -> Completion:
        route = self._routes[number]
        adapted = route.adapt(request)
        amount = most(adapted, route.price)
        last: TransientError | None = None
        held = False

        def room() -> bool:
            """Whether an attempt may begin; what was held for it is room."""
            return self._open(last, number) and (held or self._account.fits(amount))

        def let_go() -> None:
            nonlocal held
            if held:
                held = False
                self._account.let_go(amount)

        async def attempt() -> Completion:
            nonlocal claim
            if last is not None and self._closing.is_set():
                raise _ClosedError
            taken, claim = claim, None
            if taken is None:
                ticket = await route.gate.enter(amount.tokens, room)
                let_go()
                taken = self._reserved(number, ticket, amount)
            return await self._attempt(taken, adapted)

        def failed(tries: int, error: TransientError, pause: float) -> None:
            nonlocal last, held
            last, held = error, self._account.hold(amount)
            self._tell(f"attempt {tries} failed, next in {pause:.1f} s: {error.message}")

        is_last = number == len(self._routes) - 1
        retrying = Retrying(
            sleep=self._pause,
            clock=self._clock,
            uniform=self._uniform,
            total=self._timeout + (TOTAL if is_last else TOTAL_BEFORE_A_FALLBACK),
        )

        def counts(error: TransientError) -> bool:
            """Whether a failure speaks against the request, rather than of a provider that is down for all.

            One that was never heard of and takes no connection is a wrong address more likely than an outage.
            """
            never_there = not route.gate.answers and not error.charged
            return not error.rate_limited and (never_there or not route.gate.down)

        try:
            return await retrying.call(attempt, on_retry=failed, counts=counts)
        except _ClosedError:
            assert last is not None
            raise last from None
        finally:
            let_go()

    async def _attempt(self, claim: _Claim, request: Complete) -> Completion:
        price = claim.route.price
        how: HowItWent = "silent"
        spent, retry_after = claim.reservation.amount, None  # of an attempt that is broken off nobody knows better
        try:
            completion = await claim.route.transport.complete(request, timeout=self._timeout)
        except TransientError as error:
            how, retry_after = "rate_limited" if error.rate_limited else "failed", error.retry_after
            if not error.charged:
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

    def _claim(self, request: Complete) -> _Claim | None:
        number = self._first()
        route = self._routes[number]
        amount = most(route.adapt(request), route.price)
        if not self._account.fits(amount):
            return None
        ticket = route.gate.try_enter(amount.tokens)
        if ticket is None:
            return None
        return self._reserved(number, ticket, amount)

    def _reserved(self, number: int, ticket: Ticket, amount: Amount) -> _Claim:
        """The account's part of a claim beside the gate's, which goes back if it cannot be had."""
        route = self._routes[number]
        try:
            reservation = self._account.reserve(amount)
        except DatarecipeError:
            route.gate.leave(ticket, "silent", used=0)
            raise
        return _Claim(number, route, self._account, ticket, reservation)

    def _open(self, last: TransientError | None, number: int) -> bool:
        """True; raises when an attempt at model `number` that waits for room would be one too many."""
        if self._closing.is_set():
            if last is None:
                raise TransientError("the run ended before the request was sent")
            raise _ClosedError
        if last is not None and number < len(self._routes) - 1 and self._routes[number].gate.down:
            raise _ClosedError  # its turn to see whether the model is back may be minutes away; a fallback is there
        return True

    def _tell_of_fallback(self, number: int, error: DatarecipeError) -> None:
        """Say that another model answers, once for each: who writes the data is no news to be left out."""
        if number not in self._told_of:
            self._told_of.add(number)
            self._notice(f"{self._routes[number].name} is asked instead: {error.message}")

    def _tell(self, text: str) -> None:
        """Pass a notice on, unless one was passed on just now: a burst of failures is one piece of news."""
        if self._told is None or self._clock() - self._told >= NOTICE_EVERY:
            self._told = self._clock()
            self._notice(text)

    async def _pause(self, seconds: float) -> None:
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
    """No further attempt is to be made at this model."""


@dataclass(slots=True)
class _Claim:
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
        self.route.gate.leave(self.ticket, how, used=spent.tokens, retry_after=retry_after)
        self.account.settle(self.reservation, spent)

    def release(self) -> None:
        """No attempt was made, if none was."""
        if not self.settled:
            self.settle(NOTHING, "silent", None)
