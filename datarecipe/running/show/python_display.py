"""What a Python program shows of a run: a bar on a terminal, a text that changes in a notebook, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TypeAlias

from datarecipe.errors import DatarecipeError
from datarecipe.printable import printable
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.display import LineDisplay, LiveDisplay, on_terminal, status
from datarecipe.running.show.observers import Observer, Several
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.summary import closing, opening

Show: TypeAlias = Callable[[str], Callable[[str], None]]
"""Puts a text into a notebook's output, and gives what replaces it."""

DRAWN_EVERY = 0.5
"""Seconds between two pictures in a notebook: each is a message to the browser."""
NOTICES = 5
"""Lines that a notebook keeps above the bar."""
WIDTH = 32
"""Characters of the bar."""


@contextmanager
def shown(observer: Observer | None, progress: bool | None) -> Iterator[Observer | None]:  # noqa: FBT001 - as the user says it
    """The observer of a run, with a display beside it where `progress` says so, or where None and somebody looks."""
    in_notebook = _in_notebook()
    looks = observer is None and (in_notebook or on_terminal())
    if not (looks if progress is None else progress):
        yield observer
        return
    live = LiveDisplay(_write) if not in_notebook and on_terminal() else None
    display: Observer = NotebookDisplay(_in_cell) if in_notebook else live or LineDisplay(_write)
    try:
        yield display if observer is None else Several(display, observer)
    finally:
        if live is not None:
            live.close()


class NotebookDisplay:
    """One text in a cell's output, written anew while the run goes on. It is plain text: a notebook would act on HTML."""

    def __init__(self, show: Show, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._replace: Callable[[str], None] | None = None
        self._opening: list[str] = []
        self._notices: list[str] = []
        self._last = 0.0

    def begin(self, setup: ResolvedRun) -> None:
        self._opening = opening(setup)
        self._draw()

    def notice(self, text: str) -> None:
        self._notices = [*self._notices, printable(text)][-NOTICES:]
        self._draw()

    def progress(self, progress: Progress) -> None:
        if self._clock() - self._last >= DRAWN_EVERY:
            self._last = self._clock()
            self._draw(bar(progress), *status([progress]))

    def end(self, result: RunResult) -> None:
        self._draw(*closing(result))

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:  # noqa: ARG002 - it is raised, too
        self._draw()

    def _draw(self, *lines: str) -> None:
        text = "\n".join((*self._opening, *self._notices, *lines))
        if self._replace is None:
            self._replace = self._show(text)
        else:
            self._replace(text)


def bar(progress: Progress) -> str:
    """Accepted examples of the target, as a line."""
    accepted, target = progress.counts.tally.accepted, progress.counts.target_size
    done = min(WIDTH, WIDTH * accepted // target)
    return f"[{'#' * done}{'.' * (WIDTH - done)}] {accepted:,} of {target:,} accepted"


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - what a display is for


def _in_notebook() -> bool:
    """Whether the code runs in a kernel; IPython is imported there."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _in_cell(text: str) -> Callable[[str], None]:
    handle = import_module("IPython.display").display({"text/plain": text}, raw=True, display_id=True)
    return lambda text: handle.update({"text/plain": text}, raw=True)
