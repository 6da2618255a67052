"""One request's way to its answer: from model to model, attempt by attempt.

A request begins with the first model that is of use. Where one is down, or asks for a long pause, it goes on to another,
and back when that one is no better.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from datarecipe.errors import CapReachedError, DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion
from datarecipe.llm.limits.amount import NOTHING, Amount, most, used
from datarecipe.llm.limits.gate import SHORTEST_TIMER, HowItWent
from datarecipe.llm.retry import TRIES, Retrying
from datarecipe.llm.router import TOTAL, TOTAL_BEFORE_A_FALLBACK, Claim, Router
from datarecipe.llm.transport import AskAgainError

AT_ONCE = 6
"""How often an attempt may be made again at once: connections that turn out to be closed, and a form of the request that a
server does not take (a seed, the name of `max_tokens`, a system message)."""

NOBODY_THERE = frozenset({"refused connection", "unknown host"})
"""Kinds of failure after which a wrong address, or a server that does not run, is likelier than an outage."""

LOOKS_EVERY = 5.0
"""Seconds after which a request in a pause of its own looks again whether another model is of use."""


class _ClosedError(Exception):
    """The run is ending: no further attempt is to be made."""


class _ElsewhereError(Exception):
    """Another model is of use or will be sooner, and this one is not."""


class _TooLongError(Exception):
    """The provider asks for a pause that is too long to wait for."""

    def __init__(self, refusal: TransientError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _NeverThereError(Exception):
    """The model has answered nobody, ever."""


class Way:
    """One request's way over the models."""

    def __init__(self, router: Router, request: Complete, claim: Claim | None) -> None:
        self.router = router
        self.request = request
        self.claim = claim
        """The room for the first attempt; without one, room is waited for."""
        self._began = router.clock()
        self.last: TransientError | None = None
        """What the last attempt came to."""
        self._useless: set[int] = set()
        """Models that answer others, and not this request."""
        self._tries: Counter[int] = Counter()
        """Failed attempts that count against the request, by model."""
        self._failures: Counter[int] = Counter()
        """All failed attempts, by model."""
        self._not_before: dict[int, float] = {}
        """When a model asked this request to come back."""

    def failed(self, error: TransientError) -> None:
        """An attempt was made, and came to nothing."""
        if self.last is None:
            self.router.failing += 1
        self.last = error

    async def go(self) -> Completion:
        """The answer. Raises the error that the last model left."""
        try:
            return await self._go()
        finally:
            if self.last is not None:
                self.router.failing -= 1

    async def _go(self) -> Completion:
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
        alone = not self._others(number)
        try:
            return await self._stay(number, alone=alone)
        except _ClosedError:
            raise self.last or TransientError("the run ended before the request was sent") from None
        except _ElsewhereError:
            return self.last or TransientError(f"{self.router.routes[number].name} answers nothing at present")
        except _NeverThereError:
            assert self.last is not None
            self._useless.add(number)
            return self.last
        except _TooLongError as error:
            if not self._beside(number):
                raise error.refusal from None
            self._useless.add(number)
            return error.refusal
        except (CapReachedError, ProviderError, TransientError) as error:
            if not self._goes_on(number, error, alone=alone):
                raise
            return error

    def _goes_on(self, number: int, error: DatarecipeError, *, alone: bool) -> bool:
        """Whether the request does after what model `number` ended with; without it, where there is no use in it.

        Where it was not `alone` it was asked for a shorter time, so that it may be asked once more by itself.
        """
        router = self.router
        match error:
            case ProviderError():
                router.bury(number, error)
                return True
            case CapReachedError():
                # A dear fallback may be out of reach where the model itself is not.
                useless, goes_on = True, bool(self._others(number))
            case _:
                useless = not self._may_come_back(number, error)
                goes_on = (not alone or bool(self._beside(number))) and self._seconds_left() > 0
        if goes_on and useless:
            self._useless.add(number)
        return goes_on

    def _may_come_back(self, number: int, error: DatarecipeError) -> bool:
        """Whether model `number` may answer the request later; others that are asked meanwhile may be of no use."""
        gate = self.router.routes[number].gate
        rate_limited, retry_after = False, 0.0
        if isinstance(error, TransientError):
            rate_limited, retry_after = error.rate_limited, error.retry_after or 0.0
        if rate_limited or gate.down or gate.asked_to_wait > 0:
            return self.router.too_long(number) is None  # it is so for all requests, and passes
        self._not_before[number] = self.router.clock() + retry_after
        return self._tries[number] < TRIES and retry_after <= self._seconds_left()

    def _left(self) -> list[int]:
        return [number for number in self.router.alive() if number not in self._useless]

    def _beside(self, number: int) -> list[int]:
        return [other for other in self._left() if other != number]

    def _others(self, number: int) -> list[int]:
        """The models beside `number` that the caps leave room for."""
        return [other for other in self._beside(number) if self.router.can_pay(self.request, other)]

    def _another_than(self, number: int, reason: DatarecipeError) -> int:
        """Where to go from `number`: to one that is of use if there is one. Raises `reason` when none is left."""
        left, others = self._left(), self._others(number)
        another = self._of_use(others)
        if another is None:
            another = self._soonest([*others, number] if number in left else others or left)
        if another is None:
            # A model that said no for good ends nothing while another may answer the next time.
            raise self.last if self.last is not None and self.router.alive() else reason
        if another != number:
            self.router.tell_of_another(another, reason)
        return another

    def _of_use(self, numbers: Sequence[int]) -> int | None:
        return next((one for one in numbers if self.router.is_of_use(one) and not self._own_pause(one)), None)

    def _soonest(self, numbers: Sequence[int]) -> int | None:
        """Where each has to be waited for, the one whose turn comes first."""
        return min(numbers, key=self._back_in, default=None)

    def _back_in(self, number: int) -> float:
        """Seconds until the model may be asked, as far as it said so."""
        return max(self._own_pause(number), self.router.routes[number].gate.back_in)

    def _own_pause(self, number: int) -> float:
        """Seconds in which the model wants to hear nothing more of this request; the pauses of all are the gate's."""
        return max(0.0, self._not_before.get(number, 0.0) - self.router.clock())

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
            self._failures[number] += 1
            against = not error.rate_limited and not route.gate.down
            self._tries[number] += against
            return against

        await self._come_back(number)
        left = self._seconds_left()
        retrying = Retrying(
            sleep=router.pause,
            clock=router.clock,
            uniform=router.uniform,
            attempts=max(1, TRIES - self._tries[number]),
            failed_before=self._failures[number],
            total=left if alone else min(left, router.timeout + TOTAL_BEFORE_A_FALLBACK),
            patience=math.inf if alone else TOTAL_BEFORE_A_FALLBACK,
        )
        try:
            return await retrying.call(attempts.make, on_retry=failed, counts=counts)
        except TransientError as error:
            self.failed(error)
            raise
        finally:
            attempts.let_go()

    async def _come_back(self, number: int) -> None:
        """Wait until model `number` may be asked again by this request, or another one is of use."""
        while (wait := self._own_pause(number)) and not self.router.closing:
            if self._of_use(self._others(number)) is not None:
                raise _ElsewhereError
            await self.router.pause(min(max(wait, SHORTEST_TIMER), LOOKS_EVERY))

    def may_go_on(self, number: int) -> None:
        """Raise when an attempt at model `number` that waits for room has no use any more."""
        router = self.router
        if router.closing:
            raise _ClosedError
        if (refusal := router.too_long(number)) is not None:
            raise _TooLongError(refusal)
        # Its turn to see whether the model is back may be minutes away.
        if not router.is_of_use(number):
            others = self._others(number)
            if self._of_use(others) is not None or self._soonest([number, *others]) != number:
                raise _ElsewhereError
        gate = router.routes[number].gate
        # When it is time to see, somebody has to: it may be there by now.
        if self.last is not None and gate.never_answered and not gate.room() and not self.last.rate_limited:
            raise _NeverThereError

    def look_back(self, number: int) -> None:
        """Raise when a model before `number`, for which the caps leave no room now, could be asked."""
        if self._of_use([other for other in self._others(number) if other < number]) is not None:
            raise _ElsewhereError


class _Attempts:
    """A request's attempts at one model, and the room that is held for the next one."""

    def __init__(self, way: Way, number: int) -> None:
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
        self._way.failed(error)
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
                self._way.failed(error)
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
        fits = self._held or self.router.account.fits(self._amount)
        if not fits:
            self._way.look_back(self._number)
        return fits

    async def _can_leave(self, claim: Claim) -> None:
        """Wait for what the transport still loads. Raises when the run ends before: nothing more is sent."""
        if (loading := claim.route.transport.loading(self._adapted)) is not None:
            await self.router.unless_closed(loading)
        if self.router.closing:
            raise _ClosedError

    async def _send(self, claim: Claim) -> Completion:
        price = claim.route.price
        how: HowItWent = "silent"
        spent, retry_after = NOTHING, None
        try:
            await self._can_leave(claim)
            self.router.attempts += 1
            # Of an attempt that is broken off nobody knows better, unless it was made here.
            spent = Amount(calls=1) if claim.route.in_process else claim.reservation.amount
            completion = await claim.route.transport.complete(self._adapted, timeout=self.router.timeout)
        except TransientError as error:
            self.router.failed[error.kind] += 1
            if not isinstance(error, AskAgainError):
                how, retry_after = _how(error), error.retry_after
            if not error.charged:
                spent = Amount(calls=1)
            raise
        except ProviderError as error:
            self.router.failed[error.kind] += 1
            spent = spent if error.charged else Amount(calls=1)
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


def _how(error: TransientError) -> HowItWent:
    if error.rate_limited:
        return "rate_limited"
    return "unreachable" if error.kind in NOBODY_THERE else "failed"
