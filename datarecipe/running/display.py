"""How a run looks: a progress bar on a terminal, plain lines elsewhere.

Model text is shown with control characters escaped, and never as markup: it could otherwise drive the terminal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datarecipe.printable import printable
from datarecipe.recipe import display
from datarecipe.running.dispatch import Traffic
from datarecipe.running.manifest import EMBEDDED_WARNING
from datarecipe.running.result import SHORT_EXIT, RunResult
from datarecipe.running.setup import Setup
from datarecipe.running.tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class LineDisplay:
    """Plain lines, for logs."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        """`write` takes a line without its end."""
        self._write = write
        self._clock = clock
        self._last = clock()

    def begin(self, setup: Setup) -> None:
        """Name the run."""
        for line in opening(setup):
            self._write(line)

    def notice(self, text: str) -> None:
        """Print the notice."""
        self._write(text)

    def progress(self, tally: Tally, traffic: Traffic) -> None:
        """Print a line now and then."""
        if self._clock() - self._last >= LINE_EVERY:
            self._last = self._clock()
            self._write(
                f"{tally.accepted:,} accepted, {tally.rejected.total():,} rejected, "
                f"{traffic.sent:,} requests sent, {traffic.in_flight} in flight"
            )

    def end(self, result: RunResult) -> None:
        """Print the summary."""
        for line in closing(result):
            self._write(line)


class BarDisplay:
    """A progress bar on a terminal, with the same lines before and after it."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` takes a line without its end."""
        self._write = write
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, setup: Setup) -> None:
        """Name the run and start the bar."""
        from rich.console import Console  # noqa: PLC0415 - 40 ms that only a terminal pays
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        for line in opening(setup):
            self._write(line)
        self._bar = Progress(
            TextColumn("accepted"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("accepted", total=setup.recipe.target_size, counts="")
        self._bar.start()

    def notice(self, text: str) -> None:
        """Print the notice above the bar."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            self._write(text)

    def progress(self, tally: Tally, traffic: Traffic) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            counts = f"{tally.rejected.total():,} rejected  {traffic.sent:,} sent  {traffic.in_flight} in flight"
            self._bar.update(self._task, completed=tally.accepted, counts=counts)

    def close(self) -> None:
        """Take the bar away, also when the run was broken off by an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def end(self, result: RunResult) -> None:
        """Take the bar away and print the summary."""
        self.close()
        for line in closing(result):
            self._write(line)


def opening(setup: Setup) -> list[str]:
    """The lines before a run."""
    recipe = setup.recipe
    lines = [
        f"{printable(recipe.name)}: {recipe.target_size:,} examples, strategy {recipe.strategy.kind}, "
        f"model {printable(setup.model.name)} (from {setup.model_from})"
    ]
    if setup.embedded:
        lines.append(EMBEDDED_WARNING)
    return lines


def closing(result: RunResult) -> list[str]:
    """The lines after a run."""
    tally, traffic = result.tally, result.traffic
    if result.end == "failed" and not tally.responses and not traffic.sent:
        return []  # nothing was done: the error alone says all
    lines = [
        f"{_HEADLINES[result.end]}: {tally.accepted:,} of {result.target_size:,} examples accepted "
        f"from {_responses(tally.responses)} ({traffic.sent:,} sent now, {traffic.stored:,} from the cache) "
        f"in {result.seconds:.1f} s"
    ]
    if tally.rejected:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in tally.rejected.most_common())
        lines.append(f"rejected: {reasons}")
    if traffic.abandoned:
        noun = "request was" if traffic.abandoned == 1 else "requests were"
        lines.append(f"{traffic.abandoned:,} {noun} in flight at the end and not waited for")
    if result.kept_lines:
        lines.append(
            f"{result.output} holds {result.kept_lines:,} examples of this run already: its files were left alone"
        )
    elif result.shortened_from:
        lines.append(
            f"the dataset had {result.shortened_from:,} examples, and the target is lower now; what was answered is "
            f"stored: --target-size {result.shortened_from} brings them back"
        )
    if result.written:
        lines.append(f"dataset: {display(result.output)}")
    return lines


def closing_error(result: RunResult) -> list[str]:
    """What went wrong and how to go on, for runs that ended short; shown even when all else is quiet."""
    if result.error is not None:
        lines = [f"error: {printable(str(result.error), multiline=True)}"]
        if result.exit_code == SHORT_EXIT:
            lines.append("Run the same command again to go on: what was answered is stored.")
        return lines
    if result.end == "barren":
        return [
            "error: too many responses in a row brought nothing new (limits.barren)",
            "Look at rejected.jsonl for the reason. More variety helps: `vary`, another strategy, a stronger model.",
        ]
    if result.end == "interrupted":
        return ["Run the same command again to go on: what was answered is stored."]
    return []


def _responses(count: int) -> str:
    return "1 response" if count == 1 else f"{count:,} responses"


_HEADLINES = {
    "target": "done",
    "barren": "ended short, no response brings anything new",
    "interrupted": "interrupted",
    "failed": "ended short",
}


def summary(result: RunResult) -> dict[str, Any]:
    """The run as one JSON document, for `--json`."""
    tally, traffic = result.tally, result.traffic
    return {
        "name": result.name,
        "output": str(result.output),
        "outcome": result.end,
        "exit_code": result.exit_code,
        "error": str(result.error) if result.error else None,
        "target_size": result.target_size,
        "accepted": tally.accepted,
        "rejected": dict(sorted(tally.rejected.items())),
        "normalised": tally.normalised,
        "responses": tally.responses,
        "from_cache": traffic.stored,
        "sent": traffic.sent,
        "abandoned": traffic.abandoned,
        "tokens": {"prompt": tally.prompt_tokens, "completion": tally.completion_tokens},
        "written": result.written,
        "seconds": round(result.seconds, 3),
    }
