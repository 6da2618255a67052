"""Performs the steps of `RequestAttempts`: waits for room, sends, settles what was used, and reports what happened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from datarecipe.amount import NOTHING, Amount, most, used
from datarecipe.errors import CapReachedError, DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Request, Response
from datarecipe.llm.limits.admission_gate import HowItWent
from datarecipe.llm.routing.model_router import CandidateModel, Claim, Router
from datarecipe.llm.routing.request_attempts import (
    Enter,
    GiveUp,
    RequestAttempts,
    Send,
    Step,
    Wait,
    World,
)
from datarecipe.llm.transport import AskAgainError, Embeds, Transport

NOBODY_THERE = frozenset({"refused connection", "unknown host"})
"""Kinds of failure after which a wrong address, or a server that does not run, is likelier than an outage."""


async def ask(router: Router, request: Request, claim: Claim | None) -> Response:
    """The answer to `request`, with `claim` as the room for its first attempt. Raises the error that the last model left."""
    return await _Driver(router, request, claim).run()


@dataclass(eq=False)
class _Candidate:
    """One of the router's models, for one request: a `Candidate` as it is whenever it is looked at."""

    router: Router
    request: Request
    number: int
    held: bool = False
    """Whether room under the caps is kept for the next attempt."""

    @property
    def model(self) -> CandidateModel:
        return self.router.candidates[self.number]

    @cached_property
    def adapted(self) -> Request:
        """The request as this model is asked."""
        return self.model.adapted(self.request)

    @cached_property
    def amount(self) -> Amount:
        """The most that one attempt can use."""
        return most(self.adapted, self.model.price)

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def refused(self) -> ProviderError | None:
        return self.router.refused.get(self.number)

    @property
    def usable(self) -> bool:
        return self.router.is_usable(self.number)

    @property
    def affordable(self) -> bool:
        return self.router.can_pay(self.number, self.amount)

    @property
    def excessive_pause(self) -> TransientError | None:
        return self.router.excessive_pause(self.number)

    @property
    def pausing(self) -> bool:
        return self.down or self.model.gate.asked_to_wait > 0

    @property
    def down(self) -> bool:
        return self.model.gate.down

    @property
    def back_in(self) -> float:
        return self.model.gate.back_in

    @property
    def never_answered(self) -> bool:
        return self.model.gate.never_answered

    @property
    def has_room(self) -> bool:
        return self.model.gate.room()

    @property
    def fits(self) -> bool | CapReachedError:
        try:
            return self.held or self.router.account.fits(self.amount)
        except CapReachedError as error:
            return error

    def keep_room(self, *, keep: bool) -> None:
        """Keep room under the caps for the next attempt, if there is any; or give it back."""
        account = self.router.account
        if keep and not self.held:
            self.held = account.hold(self.amount)
        elif self.held and not keep:
            self.held = False
            account.let_go(self.amount)


class _LeaveQueueError(Exception):
    """Takes a request out of a gate's queue."""


class _Driver:
    def __init__(self, router: Router, request: Request, claim: Claim | None) -> None:
        self._router = router
        self._claim = claim
        self._candidates = [_Candidate(router, request, number) for number in range(len(router.candidates))]
        self._machine = RequestAttempts(timeout=router.timeout, uniform=router.uniform)

    @property
    def _world(self) -> World:
        return World(self._candidates, self._router.clock(), self._router.closing)

    async def run(self) -> Response:
        number = self._claim.number if self._claim is not None else self._router.first()
        step: Step | Response = self._machine.start(number, self._world, has_room=self._claim is not None)
        try:
            while True:
                match step:
                    case Send():
                        step = await self._send(self._candidates[step.candidate])
                    case GiveUp():
                        raise step.error
                    case Enter() | Wait():
                        step = await self._wait(step)
                    case _:
                        return step
        finally:
            for candidate in self._candidates:
                candidate.keep_room(keep=False)
            if self._claim is not None:
                self._claim.release()
            if self._machine.last is not None:
                self._router.failing -= 1

    async def _wait(self, step: Enter | Wait) -> Step:
        for number, candidate in enumerate(self._candidates):
            candidate.keep_room(keep=step.keeps_room and number == step.candidate)
        if step.instead is not None:
            self._router.tell_of_another(step.candidate, step.instead)
        if isinstance(step, Enter):
            return await self._enter(step)
        if step.notice:
            self._router.tell(step.notice)
        await self._router.pause(step.seconds)
        return self._machine.paused(self._world)

    async def _enter(self, step: Enter) -> Step:
        candidate = self._candidates[step.candidate]
        following: Step | None = None

        def fits() -> bool:
            nonlocal following
            following = self._machine.queued(self._world)
            if following is None or isinstance(following, Send):
                return following is not None
            raise _LeaveQueueError

        try:
            ticket = await candidate.model.gate.enter(candidate.amount.tokens, fits)
        except _LeaveQueueError:
            assert following is not None
            return following
        candidate.keep_room(keep=False)
        self._claim = self._router.reserved(step.candidate, ticket, candidate.amount)
        return Send(step.candidate)

    async def _send(self, candidate: _Candidate) -> Step | Response:
        claim, self._claim = self._claim, None
        assert claim is not None
        try:
            response = await self._attempt(claim, candidate.adapted)
        except (TransientError, ProviderError) as error:
            self._router.failed[error.kind] += 1
            self._router.failures += 1
            if isinstance(error, ProviderError):
                self._router.bury(claim.number, error)
            elif self._machine.last is None:
                self._router.failing += 1
            return self._machine.failed(error, self._world)
        return self._machine.ended() if response is None else response

    async def _attempt(self, claim: Claim, request: Request) -> Response | None:
        """Send `request` and settle the claim; None where the run ends before it is sent."""
        router, candidate = self._router, claim.candidate
        how: HowItWent = "silent"
        spent, retry_after = NOTHING, None
        try:
            if isinstance(request, Complete) and (loading := candidate.transport.loading(request)) is not None:
                await router.unless_closed(loading)
            if router.closing:
                return None
            router.attempts += 1
            # Of an attempt that is broken off nobody knows better, unless it was made here.
            spent = Amount(calls=1) if candidate.in_process else claim.reservation.amount
            response = await _answer(candidate.transport, request, router.timeout)
        except DatarecipeError as error:
            if not isinstance(error, TransientError | ProviderError) or not error.charged:
                spent = Amount(calls=1)
            if isinstance(error, TransientError) and not isinstance(error, AskAgainError):
                how, retry_after = _how(error), error.retry_after
            raise
        else:
            how = "answered"
            if response.usage is not None:
                spent = used(response.usage, candidate.price)
            elif _is_refused(response):
                spent = Amount(calls=1)  # it was refused before a model ran
            return response
        finally:
            claim.settle(spent, how, retry_after)


async def _answer(transport: Transport, request: Request, seconds: float) -> Response:
    if isinstance(request, Complete):
        return await transport.complete(request, timeout=seconds)
    assert isinstance(transport, Embeds)
    return await transport.embed(request, timeout=seconds)


def _is_refused(response: Response) -> bool:
    """Whether the text was too long for the model."""
    return response.finish_reason == "context_overflow" if isinstance(response, Completion) else not response.vector


def _how(error: TransientError) -> HowItWent:
    if error.rate_limited:
        return "rate_limited"
    return "unreachable" if error.kind in NOBODY_THERE else "failed"
