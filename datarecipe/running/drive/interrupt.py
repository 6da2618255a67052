"""Ctrl-C, for all the runs of a command: once, and nothing more is sent; twice, and nothing is waited for.

SIGTERM, with which schedulers and containers end a program, means the same.

An event loop that is busy hears nothing: a reply is judged, a disk is slow, a thread does not come back. So a thread watches
it from the first signal on, and litellm's beside it, and ends the process where one does not answer, or where it is still
there some time after the second signal. Nothing is lost by that: what is stored is sound at any moment, as after `kill -9`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, NoReturn, Self

from datarecipe.llm.through_litellm import litellm_thread

GRACE = 30.0
"""Seconds that paid requests still in flight at the end get to arrive. The embedded model's cost nothing: none."""

HEARD = "stopping"
WAITING = "stopping: waiting up to {:.0f} s for requests in flight; Ctrl-C again to stop waiting"
HEARD_TWICE = "stopping now"
ALL = (signal.SIGINT, signal.SIGTERM)
"""What a program of our own hears."""

STUCK = 1.2
"""Seconds in which the event loops answer, from the first signal on, or the process ends."""
PATIENCE = 1.6
"""Seconds that are left to a process after the second signal, and to one whose run has ended after the first."""
_LOOK = 0.1
_CODE = 130


def end_process() -> NoReturn:
    """End this process at once, whatever its threads do."""
    os.write(2, b"\ninterrupted: something did not answer. Run the same command again: all that is stored is used.\n")
    os._exit(_CODE)


class Interrupts:
    """Hears Ctrl-C while it is entered, in a running event loop and the main thread."""

    def __init__(
        self,
        signals: Collection[signal.Signals] = (),
        notice: Callable[[str], None] = lambda _: None,
        *,
        end: Callable[[], None] | None = None,
    ) -> None:
        """`signals` is empty where the event loop is somebody else's: so are its signals.

        `end` ends the process. Without it the process is somebody else's, and a second Ctrl-C that comes while the loop
        has not heard the first is a `KeyboardInterrupt` in whatever runs.
        """
        self.pressed = 0
        self._told = 0
        self._grace = 0.0
        self._signals = tuple(signals)
        self._notice = notice
        self._listeners: list[Callable[[], None]] = []
        self._end = end
        self._left = threading.Event()
        self._last = 0.0
        """When the last signal came."""
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if self._signals:
            loop = asyncio.get_running_loop()

            def heard(*_: object) -> None:
                # Counted at once: what the loop is told it may never get to, in the last moments of a run.
                self.pressed += 1
                before, self._last = self._last, time.monotonic()
                loop.call_soon_threadsafe(self._tell)
                if self._end is not None and self.pressed == 1:
                    threading.Thread(target=self._watch, args=(loop, self._end), daemon=True).start()
                elif self._end is None and self._told < self.pressed - 1 and self._last - before > STUCK:
                    raise KeyboardInterrupt

            self._before = {number: signal.signal(number, heard) for number in self._signals}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pressed == 1:
            self._last = time.monotonic()
        self._left.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def listen(self, listener: Callable[[], None], grace: float = 0.0) -> None:
        """Call `listener` at each Ctrl-C; at once for those that were before. After the first it waits `grace` seconds."""
        self._grace = max(self._grace, grace)
        self._listeners.append(listener)
        for _ in range(self._told):
            listener()

    def press(self) -> None:
        """What Ctrl-C does."""
        self.pressed += 1
        self._tell()

    def _watch(self, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
        """Let the process end itself, and end it where it does not."""
        answered = threading.Event()
        answered.set()
        asked = time.monotonic()
        while self.pressed < 2 and not self._left.is_set():
            if answered.is_set():
                answered.clear()
                asked = time.monotonic()
                with contextlib.suppress(RuntimeError):  # closed a moment ago
                    loop.call_soon_threadsafe(litellm_thread.when_free, answered.set)
            elif time.monotonic() - asked > STUCK:
                break
            time.sleep(_LOOK)
        else:
            while (left := self._last + PATIENCE - time.monotonic()) > 0:
                time.sleep(left)
        end()

    def _tell(self) -> None:
        self._told += 1
        for listener in self._listeners:
            listener()
        first = WAITING.format(self._grace) if self._grace else HEARD
        self._notice(first if self._told == 1 else HEARD_TWICE)
