"""An event loop whose clock goes on only when nothing else is to be done: hours pass in milliseconds, always alike.

    run(main())  # asyncio.sleep, timeouts and call_later all count in virtual seconds

What waits for a file descriptor or a thread is not waited for, so that nothing but the program decides what happens next.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingWillHappenError(RuntimeError):
    """Every task waits for something that no timer and no other task will bring about."""


class _InstantSelector(selectors.SelectSelector):
    """Never sleeps: time is put forward instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise NothingWillHappenError
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. `time()` begins at 0."""

    def __init__(self) -> None:
        self._virtual = _InstantSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `asyncio.run` does, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
