"""What a run tells while it goes on. Displays implement it; a run without one is silent."""

from __future__ import annotations

from typing import Protocol

from datarecipe.running.dispatch import Traffic
from datarecipe.running.result import RunResult
from datarecipe.running.setup import Setup
from datarecipe.running.tally import Tally


class Observer(Protocol):
    """Called from the run's own thread, except `notice`, which may come from any."""

    def begin(self, setup: Setup) -> None:
        """All is settled; nothing was sent yet."""
        ...

    def notice(self, text: str) -> None:
        """Something that a user would want to know, in a line."""
        ...

    def progress(self, tally: Tally, traffic: Traffic) -> None:
        """Counts have changed."""
        ...

    def end(self, result: RunResult) -> None:
        """The run's folder is closed."""
        ...


class Silent:
    """An observer that says nothing."""

    def begin(self, setup: Setup) -> None:
        """Say nothing."""

    def notice(self, text: str) -> None:
        """Say nothing."""

    def progress(self, tally: Tally, traffic: Traffic) -> None:
        """Say nothing."""

    def end(self, result: RunResult) -> None:
        """Say nothing."""
