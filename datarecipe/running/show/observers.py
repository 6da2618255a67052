"""What a run tells while it goes on. Displays implement it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from datarecipe.errors import DatarecipeError
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.progress import Progress


class Observer(Protocol):
    """Called from the run's own thread, except `notice`, which may come from any."""

    def begin(self, setup: ResolvedRun) -> None:
        """All is settled; nothing was sent yet."""

    def notice(self, text: str) -> None:
        """Something that a user would want to know, in a line."""

    def progress(self, progress: Progress) -> None:
        """Counts have changed. Called several times a second at the most."""

    def end(self, result: RunResult) -> None:
        """The run's folder is closed."""

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:
        """Instead of `end`, and maybe of `begin`: the run cannot begin, or cannot close its folder."""


class Several:
    """Several observers as one; without any it is silent.

    One that fails, as its terminal, pipe or file goes away, is left out, and the others are told: that is no reason to end a
    paid run.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = list(observers)

    def begin(self, setup: ResolvedRun) -> None:
        self._tell(lambda observer: observer.begin(setup))

    def notice(self, text: str) -> None:
        self._tell(lambda observer: observer.notice(text))

    def progress(self, progress: Progress) -> None:
        self._tell(lambda observer: observer.progress(progress))

    def end(self, result: RunResult) -> None:
        self._tell(lambda observer: observer.end(result))

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:
        def tell(observer: Observer) -> None:
            # Newer than the others, so an observer may be without it.
            if (broken_off := getattr(observer, "broken_off", None)) is not None:
                broken_off(setup, error)

        self._tell(tell)

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for observer in tuple(self._observers):
            if observer not in self._observers:
                continue  # left out just now: it failed at the news of another's failure
            try:
                tell(observer)
            except Exception as error:  # noqa: BLE001 - somebody's own observer, too
                try:
                    self._observers.remove(observer)
                except ValueError:
                    continue  # another thread found the same
                name = getattr(observer, "name", type(observer).__name__)
                why = error.strerror if isinstance(error, OSError) and error.strerror else error
                self.notice(f"{name} is no longer written: {why}")
