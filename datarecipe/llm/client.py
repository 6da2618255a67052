"""Request -> response: from the cache, else from the transport, stored before it is given out."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import assert_never

from datarecipe.errors import TransientError
from datarecipe.exchange import Complete, Completion, Embed, Embedding, Request, Response
from datarecipe.llm.cache import ResponseCache
from datarecipe.llm.embedder import hashed_ngrams
from datarecipe.llm.retry import Retrying
from datarecipe.llm.transport import Transport

NOTICE_EVERY = 5.0
"""Seconds between two notices of failed attempts."""


class CachedClient:
    """The cache in front of a transport with retries. Two requests with one key at the same time are sent once."""

    def __init__(
        self,
        cache: ResponseCache,
        transport: Transport,
        *,
        timeout: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`timeout` is for one attempt, in seconds; `sleep`, `clock`, `uniform` are the retries' world."""
        self._cache = cache
        self._transport = transport
        self._timeout = timeout
        self._sleep = sleep
        self._notice = notice
        self._clock = clock
        self._told: float | None = None
        self._closing = asyncio.Event()
        self._retrying = Retrying(sleep=self._pause, clock=clock, uniform=uniform)
        self._flying: dict[str, asyncio.Future[Response]] = {}

    def bounded(self, concurrency: int) -> int:
        """`concurrency`, or less where the transport has fewer slots."""
        slots = self._transport.slots
        return concurrency if slots is None else min(concurrency, slots)

    def check(self) -> None:
        """Raise when it is certain that nothing could be asked. Sends nothing."""
        self._transport.check()

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

    async def fetch(self, request: Request) -> Response:
        """Send `request`, store what comes back, return what is stored. Raises a `DatarecipeError`."""
        flying = self._flying.get(request.key)
        if flying is not None:
            return await asyncio.shield(flying)
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._flying[request.key] = future
        try:
            response = await self._fetch(request)
        except BaseException as error:
            # Who waits for the same answer shares the failure; where nobody does, it must not be reported as unread.
            future.set_exception(error if isinstance(error, Exception) else TransientError("interrupted"))
            future.exception()
            raise
        finally:
            del self._flying[request.key]
        future.set_result(response)
        return response

    def close_to_retries(self) -> None:
        """The run is ending: attempts under way may finish, no further ones are made."""
        self._closing.set()

    async def _fetch(self, request: Request) -> Response:
        stored = self.lookup(request)
        if stored is not None:
            return stored
        assert isinstance(request, Complete)
        return self._cache.put(request, await self._complete(request))

    async def _complete(self, request: Complete) -> Completion:
        last: TransientError | None = None

        async def attempt() -> Completion:
            if last is not None and self._closing.is_set():
                raise _ClosedError
            return await self._transport.complete(request, timeout=self._timeout)

        def failed(number: int, error: TransientError, pause: float) -> None:
            nonlocal last
            last = error
            self._tell(f"attempt {number} failed, next in {pause:.1f} s: {error.message}")

        try:
            return await self._retrying.call(attempt, on_retry=failed)
        except _ClosedError:
            assert last is not None
            raise last from None

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
    """No further attempt is to be made."""
