"""Runs as JSON lines, for machines: `--events FILE`.

Each line has `event` (`begin`, `progress`, `notice`, `end`), `at` (UTC, ISO 8601) and, but for notices, `run`. Each run
has one `end`, also one that an error kept from beginning.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from datarecipe.errors import DatarecipeError
from datarecipe.run_folder.json_records import json_line, to_json
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.summary import summary, summary_of_error

PROGRESS_EVERY = 1.0
"""Seconds between two `progress` lines of a run."""


class EventStream:
    """Writes the lines, each flushed."""

    def __init__(self, stream: IO[str]) -> None:
        self.name = f"--events {getattr(stream, 'name', 'stream')}"
        """As messages call it."""
        self._stream = stream
        self._last: dict[Path, float] = {}

    def begin(self, setup: ResolvedRun) -> None:
        recipe = setup.recipe
        self._write(
            "begin",
            run=recipe.name,
            identity=setup.identity,
            model=setup.model.name,
            strategy=recipe.strategy.kind,
            target_size=recipe.target_size,
            output=str(setup.output),
        )

    def notice(self, text: str) -> None:
        self._write("notice", text=text)

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last.get(progress.output, -PROGRESS_EVERY) < PROGRESS_EVERY:
            return
        self._last[progress.output] = now
        self._write(
            "progress",
            run=progress.name,
            output=str(progress.output),
            **progress.counts.items(),
            **to_json(progress.counts.traffic),
            cost=progress.counts.spent.document(priced=progress.priced),
            in_flight=progress.in_flight,
            limit=progress.limit,
            down=progress.down,
            seconds=round(progress.seconds, 3),
            seconds_left=None if progress.seconds_left is None else round(progress.seconds_left, 1),
        )

    def end(self, result: RunResult) -> None:
        """The run's folder is closed: the same document that `--json` prints."""
        self._end(summary(result))

    def broken_off(self, setup: ResolvedRun, error: DatarecipeError) -> None:
        self._end(summary_of_error(setup, error))

    def _end(self, document: dict[str, Any]) -> None:
        self._write("end", run=document.pop("name"), **document)

    def _write(self, event: str, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._stream.write(json_line({"event": event, "at": at, **fields}))
        self._stream.flush()
