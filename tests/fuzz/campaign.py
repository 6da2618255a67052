"""Many inputs, in worker processes with limits. One that hangs beyond its alarm, or dies, is found out and replaced."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import Project, projects
from tests.fuzz.mutant import Mutants
from tests.fuzz.trial import Folder, Make, Outcome, Peak, Subject, alarm, attempt, judge, load_and_check

_FORK = get_context("fork")
_BATCH = 100
_DEATHS = 20
"""How often a worker may end between two inputs."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is tried, and within what."""

    seed: int = 0
    jobs: int = 1
    seconds: float = 10.0
    """For one input, by the clock."""
    grace: float = 3.0
    """Seconds beyond the alarm after which the process is ended: what runs in C hears no alarm."""
    memory: int = 300_000_000
    """Bytes that one input may take."""
    address_space: int = 1_500_000_000
    """Bytes of a worker's whole address space (RLIMIT_AS)."""
    projects: Sequence[Project] = field(default_factory=projects, repr=False)
    subject: Subject = load_and_check
    make: Callable[[int, int], Any] | None = None
    """Gives the input of a seed and a number; without it inputs are recipes, written as files."""


def run(numbers: Sequence[int], settings: Settings) -> Iterator[Outcome]:
    """The outcomes of the inputs, as they come; the first word of each is the same on every run."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory_folder()) as folder:
        workers = [
            _Worker(numbers[first :: settings.jobs], settings, Path(folder) / str(first))
            for first in range(min(settings.jobs, len(numbers)))
        ]
        try:
            while running := [worker for worker in workers if worker.remaining]:
                wait([worker.inbox for worker in running], timeout=0.5)
                for worker in running:
                    yield from worker.outcomes()
        finally:
            for worker in workers:
                worker.end()


def run_alone(number: int, settings: Settings, *, traced: bool = False) -> Outcome:
    """One input in a process of its own; `traced` counts its memory by Python's own book, which takes longer."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory_folder()) as folder:
        worker = _Worker([number], settings, Path(folder) / "alone", traced=traced)
        try:
            while worker.remaining:
                wait([worker.inbox], timeout=0.5)
                for outcome in worker.outcomes():
                    return outcome
        finally:
            worker.end()
    raise AssertionError("a worker without an outcome")


def _memory_folder() -> str | None:
    return next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)


class _Worker:
    """A process with its share of the inputs, begun anew when it dies."""

    def __init__(self, numbers: Sequence[int], settings: Settings, folder: Path, *, traced: bool = False) -> None:
        self.remaining = list(reversed(numbers))
        """Numbers without an outcome, the next one last."""
        self._settings = settings
        self._folder = folder
        self._traced = traced
        self._deaths = 0
        self._at: Any = _FORK.RawArray("d", 2)
        """The number that is at work (-1: none), and since when."""
        self._begin()

    def _begin(self) -> None:
        self._at[0] = -1
        self.inbox, outbox = _FORK.Pipe(duplex=False)
        self._process: ForkProcess = _FORK.Process(target=self._work, args=(outbox,), daemon=True)
        self._process.start()
        outbox.close()

    def end(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.join()
        self.inbox.close()

    def outcomes(self) -> Iterator[Outcome]:
        """What has come since; waits for nothing."""
        try:
            while self.inbox.poll():
                for outcome in self.inbox.recv():
                    self.remaining.remove(outcome.number) if self.remaining[
                        -1
                    ] != outcome.number else self.remaining.pop()
                    yield outcome
        except EOFError:
            yield from self._dead("!died", f"exit {self._process.exitcode}")
            return
        took = time.monotonic() - self._at[1]
        if self._at[0] >= 0 and took > self._settings.seconds + self._settings.grace:
            yield from self._dead("!hang", "and heard no alarm")

    def _dead(self, kind: str, detail: str) -> Iterator[Outcome]:
        self.end()
        number, since = int(self._at[0]), self._at[1]
        if number in self.remaining:
            self.remaining.remove(number)
            code = f" (exit code {self._process.exitcode})" if kind == "!died" else ""
            yield Outcome(number, kind, time.monotonic() - since, 0, detail + code)
        elif self.remaining and kind == "!died":
            # Memory that many inputs left in pieces, perhaps: a fresh worker goes on. One that cannot make an input at
            # all would die at it again.
            self._deaths += 1
            if self._deaths > _DEATHS:
                raise RuntimeError(f"a worker ended between two inputs ({detail})")
        if self.remaining:
            self._begin()

    def _work(self, outbox: Connection) -> None:
        settings = self._settings
        make = self._making()
        peak = Peak()
        resource.setrlimit(resource.RLIMIT_AS, (settings.address_space, settings.address_space))
        gc.collect()
        gc.freeze()  # what is here stays: no collection need look at it
        batch: list[Outcome] = []
        sent = time.monotonic()
        if self._traced:
            tracemalloc.start()
        for number in reversed(self.remaining):
            try:
                made = make(number)
            except MemoryError:  # ours, not the subject's: deep trees with deep indentation
                batch.append(Outcome(number, "(too large to make)", 0.0, 0))
                continue
            self._at[1] = time.monotonic()
            self._at[0] = number
            batch.append(self._tried(made, number, peak))
            self._at[0] = -1
            if len(batch) >= _BATCH or time.monotonic() - sent > 1:
                outbox.send(batch)
                batch, sent = [], time.monotonic()
        outbox.send(batch)

    def _making(self) -> Make:
        settings = self._settings
        if settings.make is not None:
            with contextlib.suppress(Exception):
                settings.subject(settings.make(settings.seed, 0))  # no input pays for what is imported at the first one
            return partial(settings.make, settings.seed)
        folder, mutants = Folder(self._folder, settings.projects), Mutants(settings.projects, settings.seed)
        os.chdir(self._folder)
        folder.warm_up()
        return lambda number: folder.write(mutants.make(number))

    def _tried(self, recipe: Any, number: int, peak: Peak) -> Outcome:
        settings = self._settings
        if not self._traced:
            return attempt(settings.subject, recipe, number, peak, settings.seconds, settings.memory)
        with contextlib.suppress(BaseException), alarm(settings.seconds * 10):
            judge(settings.subject, recipe)
        return Outcome(number, "traced", 0.0, tracemalloc.get_traced_memory()[1])
