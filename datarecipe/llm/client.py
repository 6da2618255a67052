"""Request -> response: from the cache, else from a model, stored before it is given out.

Behind it (`attempt_driver.py`, `model_router.py`) are the gates of the providers and the account of the dataset: an attempt
begins when both have room for it, and is settled with both when it is over, however it ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from datarecipe.errors import CapReachedError, DatarecipeError, TransientError
from datarecipe.exchange import Complete, Embed, Request, Response
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.routing.model_router import Claim, Router

Flying: TypeAlias = "dict[str, tuple[CachedClient, asyncio.Future[Response]]]"
"""What is being asked for, by key, and who asks."""


class CachedClient:
    """The cache in front of one or more models. Two requests with one key at the same time are sent once."""

    def __init__(
        self,
        cache: ResponseCache,
        router: Router,
        flying: Flying | None = None,
        of_filters: Mapping[str, Router] = MappingProxyType({}),
        embedders: Mapping[str, Router] = MappingProxyType({}),
    ) -> None:
        """`router` asks for what `cache` does not hold; what filters ask, their own routers by the filter's name, and
        embeddings those of their embedder, by its name.

        Several clients of one cache, given the same `flying`, never ask for the same at the same time.
        """
        self.cache = cache
        self.router = router
        self._routers = (router, *of_filters.values(), *embedders.values())
        self._of_filters, self._embedders = of_filters, embedders
        self.failed: Counter[str] = router.failed
        """Attempts that failed, by the name of the failure."""
        for other in self._routers:
            other.failed = self.failed
        self.flying: Flying = {} if flying is None else flying
        self._again: dict[str, Complete] = {}
        """By the keys of the requests whose stored answer does not count, what is asked instead."""
        self._following = 0
        """Requests that wait for what another run asks for."""

    def retry(self, requests: Iterable[Complete]) -> None:
        """Ask for these once more, with a draw of its own, though there are stored answers. Raises `CacheError`.

        Which draw is settled now: other runs that ask the same again get the one answer, whoever asks first.
        """
        self._again = {request.key: self.cache.next_retry(request) for request in requests}

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `begin` may have room again."""
        candidates = (candidate for router in self._routers for candidate in router.candidates)
        for gate in dict.fromkeys(candidate.gate for candidate in candidates):
            gate.listen(listener)

    @property
    def down(self) -> bool:
        """Whether a provider answers nothing at present."""
        return any(router.gate.down for router in self._routers)

    @property
    def waits(self) -> tuple[float, str] | None:
        """The longest wait for more to be sent, and what is waited for; None where time is no matter."""
        return max(filter(None, (router.waits for router in self._routers)), default=None)

    def _router_for(self, request: Request) -> Router:
        if isinstance(request, Embed):
            return self._embedders[request.embedder]
        return self._of_filters.get(request.draw.asker, self.router)

    def check(self) -> None:
        """Raise when it is certain that a model cannot be asked, and send nothing.

        No fallback helps: it is for failures that nobody could know before.
        """
        for router in self._routers:
            router.candidates[0].transport.check()

    def lookup(self, request: Request) -> Response | None:
        """The stored response, or None. Raises `CacheError`."""
        return None if request.key in self._again else self.cache.get(request)

    def begin(self, request: Request, *, ahead: float = 0.0) -> asyncio.Task[Response] | None:
        """Begin to ask for `request` if there is room now; None when there is none, and `listen` tells when to come again.

        `ahead` is how many requests are yet to come whose answers are needed before this one's: near a cap they go first.
        The task stores what comes back and gives what is stored; it raises a `DatarecipeError` when no answer is to be had.
        Raises what `Router.claim` raises.
        """
        claim = None
        if request.key not in self.flying:
            try:
                claim = self._router_for(request).claim(request, ahead)
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

    def close_to_retries(self) -> None:
        """The run is ending: attempts under way may finish, no further ones are made."""
        for router in self._routers:
            router.close()

    def reopen(self) -> None:
        """Attempts are made again."""
        for router in self._routers:
            router.reopen()

    async def _shared(self, request: Request, claim: Claim | None) -> Response:
        while (flying := self.flying.get(request.key)) is not None:
            if claim is not None:
                # Begun in one moment with another run's. Who waits keeps no room: the other's next attempt may need it.
                claim.release()
                claim = None
            asker, answer = flying
            if asker is self:
                return await asyncio.shield(answer)
            self._following += 1
            try:
                await self.router.unless_closed(answer)
            finally:
                self._following -= 1
            if not answer.done():
                raise TransientError("the run ended before the answer came that another asked for")
            if answer.exception() is None:
                self._again.pop(request.key, None)
                return answer.result()
            # Another run's cap, end or failure is none of ours: it is our turn to ask.
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.flying[request.key] = (self, future)
        try:
            response = await self._fetch(request, claim)
        except BaseException as error:
            # Who waits for the same answer shares the failure; where nobody does, it must not be reported as unread.
            future.set_exception(error if isinstance(error, Exception) else TransientError("interrupted"))
            future.exception()
            raise
        finally:
            del self.flying[request.key]
        future.set_result(response)
        return response

    async def _fetch(self, request: Request, claim: Claim | None) -> Response:
        stored = self.lookup(request)
        if stored is not None:
            return stored
        from datarecipe.llm.routing.attempt_driver import ask  # noqa: PLC0415 - for what the cache does not hold

        asked = self._again.get(request.key)
        if asked is None or not isinstance(request, Complete):
            return self.cache.put(request, await ask(self._router_for(request), request, claim))
        # One that another run asked for, or whose process died before it could stand for the first, was paid for.
        response = self.cache.get(asked) or await ask(self._router_for(asked), asked, claim)
        stored = self.cache.put_retry(request, asked, response)
        del self._again[request.key]
        return stored
