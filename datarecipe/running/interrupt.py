"""Ctrl-C, for all the runs of a command: once, and nothing more is sent; twice, and nothing is waited for.

SIGTERM, with which schedulers and containers end a program, means the same.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, Self

HEARD = "stopping: nothing more is sent, what is paid for may still arrive; Ctrl-C again waits for nothing"
HEARD_TWICE = "stopping now"
ALL = (signal.SIGINT, signal.SIGTERM)
"""What a program of our own hears."""


class Interrupts:
    """Hears Ctrl-C while it is entered, in a running event loop and the main thread."""

    def __init__(
        self, signals: Collection[signal.Signals] = (), notice: Callable[[str], None] = lambda _: None
    ) -> None:
        """`signals` is empty where the event loop is somebody else's: so are its signals."""
        self.pressed = 0
        self._told = 0
        self._signals = tuple(signals)
        self._notice = notice
        self._listeners: list[Callable[[], None]] = []
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if self._signals:
            loop = asyncio.get_running_loop()

            def heard(*_: object) -> None:
                # Counted at once: what the loop is told it may never get to, in the last moments of a run.
                self.pressed += 1
                loop.call_soon_threadsafe(self._tell)

            self._before = {number: signal.signal(number, heard) for number in self._signals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at each Ctrl-C; at once for those that were before."""
        self._listeners.append(listener)
        for _ in range(self._told):
            listener()

    def press(self) -> None:
        """What Ctrl-C does."""
        self.pressed += 1
        self._tell()

    def _tell(self) -> None:
        self._told += 1
        for listener in self._listeners:
            listener()
        self._notice(HEARD if self._told == 1 else HEARD_TWICE)
