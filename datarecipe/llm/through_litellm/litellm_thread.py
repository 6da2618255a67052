"""The event loop in which litellm runs, in a thread of its own.

litellm works on a request for milliseconds, and on an unusual reply for seconds. Here that holds up neither the other
requests nor Ctrl-C nor a timeout. The loop's own threads, which look up names, work in the context of the task that asks, so
`connection_guard.py` holds them too. litellm has one set of clients, so there is one such thread for the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
LONGEST_END = 3.0
"""Seconds that closing may take. Whatever hangs longer is left to the end of the process."""
LONGEST_TASK = 0.2
"""Seconds that tasks may go on when all else is closed, before they are cancelled."""

_lock = threading.Lock()
_shared: LitellmThread | None = None


class _InContext(ThreadPoolExecutor):
    """Threads that work in the context of who asks."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return super().submit(contextvars.copy_context().run, fn, *args, **kwargs)  # type: ignore[arg-type]


class LitellmThread:
    """Runs coroutines in a loop of its own."""

    def __init__(self) -> None:
        # Not the policy's: another loop may look up names in native code, which no guard sees.
        self.loop = asyncio.SelectorEventLoop()
        self.loop.set_default_executor(_InContext(thread_name_prefix="litellm"))
        self._thread = threading.Thread(target=self.loop.run_forever, name="litellm", daemon=True)
        self._thread.start()
        self._loops_own: list[asyncio.Task[None]] = []  # a loop holds its tasks weakly
        self.users = 0

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Its result, for a loop in another thread. Cancelling the wait cancels the coroutine."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    def soon(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run it, and wait for nothing."""
        self.loop.call_soon_threadsafe(lambda: self._loops_own.append(self.loop.create_task(function())))

    async def close(self, at_last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """End what still runs, and the thread; `at_last` runs in it before."""
        self.soon(lambda: self._end(at_last))
        await asyncio.to_thread(self._thread.join, LONGEST_END)
        if not self._thread.is_alive():
            self.loop.close()

    async def _end(self, at_last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with contextlib.suppress(Exception):  # it closes what ends with the process anyway
            async with asyncio.timeout(LONGEST_END):
                await at_last()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=LONGEST_TASK)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()
        self.loop.stop()


def enter() -> LitellmThread:
    """The thread, started for its first user."""
    global _shared  # noqa: PLW0603  # litellm's clients are one set for the process, too
    with _lock:
        if _shared is None:
            _shared = LitellmThread()
        _shared.users += 1
        return _shared


def when_free(call: Callable[[], None]) -> None:
    """Call it as soon as the thread has a moment; at once where there is none."""
    if (thread := _shared) is not None:
        with contextlib.suppress(RuntimeError):  # it ended a moment ago
            thread.loop.call_soon_threadsafe(call)
            return
    call()


async def leave(thread: LitellmThread, at_last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """End it with its last user; `at_last` runs in it before."""
    global _shared  # noqa: PLW0603
    with _lock:
        thread.users -= 1
        if thread.users > 0:
            return
        _shared = None
    await thread.close(at_last)
