"""Request -> response: from the cache, else from a model, stored before it is given out.

Behind it (`attempt_driver.py`, `model_router.py`) are the gates of the providers and the account of the dataset: an attempt
begins when both have room for it, and is settled with both when it is over, however it ends.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from datarecipe.errors import CapReachedError, DatarecipeError, TransientError
from datarecipe.exchange import Complete, Request, Response
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.limits.account import Account
from datarecipe.llm.routing.attempt_driver import ask
from datarecipe.llm.routing.candidate_model import CandidateModel
from datarecipe.llm.routing.model_router import Claim, Router

Flying: TypeAlias = "dict[str, tuple[CachedClient, asyncio.Future[Response]]]"
"""What is being asked for, by key, and who asks."""


class CachedClient:
    """The cache in front of one or more models. Two requests with one key at the same time are sent once."""

    def __init__(
        self,
        cache: ResponseCache,
        candidates: Sequence[CandidateModel],
        account: Account,
        *,
        timeout: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`candidates`: the model, then its fallbacks. `timeout` is for one attempt, in seconds.

        `sleep`, `clock`, `uniform` are the retries' world.
        """
        self.cache = cache
        """What is stored."""
        self._candidates = tuple(candidates)
        self._router = Router(
            candidates, account, timeout=timeout, sleep=sleep, clock=clock, uniform=uniform, notice=notice
        )
        self._flying: Flying = {}
        self._again: dict[str, Complete] = {}
        """By the keys of the requests whose stored answer does not count, what is asked instead."""
        self._following = 0
        """Requests that wait for what another run asks for."""

    def retry(self, requests: Iterable[Complete]) -> None:
        """Ask for these once more, with a draw of its own, though there are stored answers. Raises `CacheError`.

        Which draw is settled now: other runs that ask the same again get the one answer, whoever asks first.
        """
        self._again = {request.key: self.cache.next_retry(request) for request in requests}

    def share(self, flying: Flying) -> None:
        """Several clients of one cache, given the same `flying`, never ask for the same at the same time."""
        self._flying = flying

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `begin` may have room again."""
        for gate in {id(candidate.gate): candidate.gate for candidate in self._candidates}.values():
            gate.listen(listener)

    @property
    def limit(self) -> int:
        """How many requests may be under way at the model that is asked first."""
        return self._candidates[self._router.first()].gate.limit

    @property
    def down(self) -> bool:
        """Whether the model that is asked first answers nothing at present."""
        return self._candidates[self._router.first()].gate.down

    @property
    def waits(self) -> tuple[float, str] | None:
        """The seconds until more may be sent, and what is waited for; None where time is no matter."""
        return self._router.waits

    @property
    def failed(self) -> Counter[str]:
        """Attempts that failed, by the name of the failure."""
        return self._router.failed

    def check(self) -> None:
        """Raise when it is certain that the model cannot be asked; a fallback is for what nobody could know before.

        Sends nothing.
        """
        self._candidates[0].transport.check()

    def prepare(self) -> None:
        """Begin what takes long before a first request."""
        self._candidates[0].transport.prepare()

    def lookup(self, request: Request) -> Response | None:
        """The stored response, or None. Raises `CacheError`."""
        return None if request.key in self._again else self.cache.get(request)

    def begin(self, request: Request, *, ahead: float = 0.0) -> asyncio.Task[Response] | None:
        """Begin to ask for `request` if there is room now; None when there is none, and `listen` tells when to come again.

        `ahead` is how many requests are yet to come whose answers are needed before this one's: near a cap they go first.
        The task stores what comes back and gives what is stored; it raises a `DatarecipeError` when no answer is to be had.

        Raises:
            CapReachedError: a cap leaves no room for the request, and nothing is under way that could leave some.
            TransientError: the provider asks for a pause that is too long to wait for.
        """
        claim = None
        if request.key not in self._flying and isinstance(request, Complete):
            try:
                claim = self._router.claim(request, ahead)
            except DatarecipeError as error:
                # Another run, which shares the cache, may have stored it meanwhile: that needs no room.
                if self.lookup(request) is None:
                    if isinstance(error, CapReachedError) and self._following:
                        return None  # what another run is being answered comes to this one for nothing
                    raise
            else:
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

    def reopen(self) -> None:
        """The run goes on after all: attempts are made again."""
        self._router.reopen()

    def close_to_retries(self) -> None:
        """The run is ending: attempts under way may finish, no further ones are made."""
        self._router.close()

    async def _shared(self, request: Request, claim: Claim | None) -> Response:
        while (flying := self._flying.get(request.key)) is not None:
            if claim is not None:
                # Begun in one moment with another run's. Who waits keeps no room: the other's next attempt may need it.
                claim.release()
                claim = None
            asker, answer = flying
            if asker is self:
                return await asyncio.shield(answer)
            self._following += 1
            try:
                await self._router.unless_closed(answer)
            finally:
                self._following -= 1
            if not answer.done():
                raise TransientError("the run ended before the answer came that another asked for")
            if answer.exception() is None:
                self._again.pop(request.key, None)
                return answer.result()
            # Another run's cap, end or failure is none of ours: it is our turn to ask.
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

    async def _fetch(self, request: Request, claim: Claim | None) -> Response:
        stored = self.lookup(request)
        if stored is not None:
            return stored
        assert isinstance(request, Complete)
        asked = self._again.get(request.key)
        if asked is None:
            return self.cache.put(request, await ask(self._router, request, claim))
        # One that another run asked for, or whose process died before it could stand for the first, was paid for.
        completion = self.cache.get(asked) or await ask(self._router, asked, claim)
        stored = self.cache.put_retry(request, asked, completion)
        del self._again[request.key]
        return stored
