"""How runs look while they go on: a live picture on a terminal, a line now and then elsewhere.

Model text is shown with control characters escaped, and never as markup: it could otherwise drive the terminal.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datarecipe.amount import dollars
from datarecipe.errors import DatarecipeError
from datarecipe.printable import counted, printable
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.rejections import percent
from datarecipe.running.show.summary import closing, opening

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import TaskID

LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""


def on_terminal() -> bool:
    """Whether standard error is a terminal that can move its cursor."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class LineDisplay:
    """Plain lines, for logs. `named` puts each run's name before its lines."""

    def __init__(self, write: Callable[[str], None], *, named: bool = False) -> None:
        """`write` takes a line without its end."""
        self._write = write
        self._named = named
        self._last: dict[Path, float] = {}

    def begin(self, setup: ResolvedRun) -> None:
        self._last[setup.output] = time.monotonic()
        for line in opening(setup):
            self._write(line)

    def notice(self, text: str) -> None:
        self._write(printable(text))

    def progress(self, progress: Progress) -> None:
        if time.monotonic() - self._last.get(progress.output, 0.0) >= LINE_EVERY:
            self._last[progress.output] = time.monotonic()
            counts, prefix = progress.counts, f"{printable(progress.name)}: " if self._named else ""
            self._write(
                f"{prefix}{counts.tally.accepted:,} of {counts.target_size:,} accepted; {'; '.join(status([progress]))}"
            )

    def end(self, result: RunResult) -> None:
        for line in closing(result):
            self._write(f"{printable(result.name)}: {line}" if self._named else line)

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:
        """Nothing: whoever runs it prints the error."""


class LiveDisplay:
    """A bar for each run on a terminal and what they do together below, with the same lines before and after."""

    def __init__(self, write: Callable[[str], None], *, named: bool = False) -> None:
        """`write` takes a line without its end. `named` puts each run's name before its bar and its lines."""
        from rich.console import Console  # noqa: PLC0415 - 40 ms that only a terminal pays
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        self._write = write
        self._named = named
        self._console = Console(stderr=True, markup=False, highlight=False)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._status = Text("", overflow="fold")
        self._live: Live | None = None
        self._tasks: dict[Path, TaskID] = {}
        self._latest: dict[Path, Progress] = {}

    def begin(self, setup: ResolvedRun) -> None:
        for line in opening(setup):
            self._above(line)
        if self._live is None:
            self._start()
        name = printable(setup.recipe.name) if self._named else "accepted"
        self._tasks[setup.output] = self._bars.add_task(name, total=setup.recipe.target_size)

    def notice(self, text: str) -> None:
        self._above(printable(text))

    def progress(self, progress: Progress) -> None:
        self._latest[progress.output] = progress
        self._bars.update(self._tasks[progress.output], completed=progress.counts.tally.accepted)
        self._status.plain = "\n".join(status(self._latest.values()))

    def end(self, result: RunResult) -> None:
        """Take the run's bar away and print its summary; with the last one the picture goes too."""
        self._take_away(result.output)
        for line in closing(result):
            self._above(f"{printable(result.name)}: {line}" if self._named else line)

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:  # noqa: ARG002 - whoever runs it prints it
        self._take_away(setup.output)

    def _take_away(self, output: Path) -> None:
        self._latest.pop(output, None)
        task = self._tasks.pop(output, None)
        if task is not None:
            self._bars.remove_task(task)
        if not self._tasks:
            self.close()

    def close(self) -> None:
        """Take the picture away, also when the runs were broken off by an error."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _start(self) -> None:
        from rich.console import Group  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        self._status.plain = ""
        picture = Group(self._bars, self._status)
        self._live = Live(picture, console=self._console, transient=True, refresh_per_second=8)
        self._live.start()

    def _above(self, line: str) -> None:
        if self._live is not None:
            self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            self._write(line)


def status(runs: Collection[Progress]) -> list[str]:
    """What runs do together, in one to three lines."""
    tallies = [run.counts.tally for run in runs]
    came, rejected = sum(tally.came for tally in tallies), sum((tally.rejected for tally in tallies), Counter[str]())
    first = []
    if came:
        first.append(f"yield {percent(sum(tally.accepted for tally in tallies) / came)}")
    if rejected:
        first.append("rejected: " + ", ".join(f"{count:,} {reason}" for reason, count in rejected.most_common()))
    return [line for line in (", ".join(first), _traffic(runs), _money(runs)) if line]


def _traffic(runs: Collection[Progress]) -> str:
    in_flight, limit = sum(run.in_flight for run in runs), max((run.limit for run in runs), default=0)
    words = f"{counted(sum(run.counts.traffic.sent for run in runs), 'request')} sent, {in_flight} in flight of {limit}"
    if any(run.down for run in runs):
        words += " (the provider answers nothing at present)"
    elif not in_flight and all(run.waits is not None and run.waits[0] >= 1 for run in runs):
        seconds, what = max(run.waits for run in runs if run.waits is not None)
        words += f" ({duration(seconds)} to wait: {what})"
    if any(run.sending for run in runs):
        calls, tokens = sum(run.calls_per_second for run in runs), sum(run.tokens_per_second for run in runs)
        words += f", {calls:.1f} calls and {tokens:,.0f} tokens a second"
    return words


def _money(runs: Collection[Progress]) -> str:
    parts = []
    if any(run.priced and run.counts.spent.in_all.calls for run in runs):
        parts.append(_of_the_cap(runs, "usd", dollars))
    parts += [
        f"{_of_the_cap(runs, unit, '{:,}'.format)} {unit}"
        for unit in ("tokens", "calls")
        if any(getattr(caps, unit) is not None for run in runs for caps in (run.caps, run.budget))
    ]
    left = [run.seconds_left for run in runs]
    if left and all(seconds is not None for seconds in left):
        parts.append(f"about {duration(max(seconds for seconds in left if seconds is not None))} left")
    return ", ".join(parts)


def _of_the_cap(runs: Collection[Progress], unit: str, words: Callable[[Any], str]) -> str:
    """What is used, and of which cap: for one run that which leaves less, for several that of them all."""
    latest = max(runs, key=lambda run: run.together.calls)
    pairs = [(latest.together, latest.budget)]
    if len(runs) == 1:
        pairs.insert(0, (latest.counts.spent.in_all, latest.caps))
    capped = [(getattr(used, unit), cap) for used, caps in pairs if (cap := getattr(caps, unit)) is not None]
    if not capped:
        return words(getattr(pairs[0][0], unit))
    used, cap = min(capped, key=lambda pair: pair[1] - pair[0])
    return f"{words(used)} of {words(cap)}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
