"""Ctrl-C, for all the runs of a command: once, and nothing more is sent; twice, and nothing is waited for.

SIGTERM, with which schedulers and containers end a program, means the same.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Self

HEARD = "stopping: nothing more is sent, what is paid for may still arrive; Ctrl-C again waits for nothing"
HEARD_TWICE = "stopping now"
ALL = (signal.SIGINT, signal.SIGTERM)
"""What a program of our own hears."""


class Interrupts:
    """Hears Ctrl-C while it is entered, in a running event loop."""

    def __init__(
        self, signals: Collection[signal.Signals] = (), notice: Callable[[str], None] = lambda _: None
    ) -> None:
        """`signals` is empty where the event loop is somebody else's: so are its signals."""
        self.pressed = 0
        self._signals = tuple(signals)
        self._notice = notice
        self._listeners: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        for number in self._signals:
            asyncio.get_running_loop().add_signal_handler(number, self.press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._signals:
            asyncio.get_running_loop().remove_signal_handler(number)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at each Ctrl-C; at once for those that were before."""
        self._listeners.append(listener)
        for _ in range(self.pressed):
            listener()

    def press(self) -> None:
        """What Ctrl-C does."""
        self.pressed += 1
        for listener in self._listeners:
            listener()
        self._notice(HEARD if self.pressed == 1 else HEARD_TWICE)
