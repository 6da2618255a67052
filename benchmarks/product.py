"""`datarecipe run` as a user starts it: its console script, in an empty folder, for the shipped boolq recipe."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.process import environment

RECIPE = "boolq"
MODEL = "openai/benchmark"
BATCH = 5

PROGRAM = Path(sys.executable).with_name("datarecipe")
"""The console script of the environment that runs the benchmarks."""

STRATEGIES: Mapping[str, Mapping[str, str | int]] = {
    "fixed": {"strategy.kind": "fixed"},
    "random": {"strategy.kind": "random", "strategy.chains": 64},
    "tree": {"strategy.kind": "tree", "strategy.roots": 8},
}
"""What the recipe gets for each strategy that is measured."""


@functools.cache
def run_options() -> str:
    """What `datarecipe run --help` says."""
    command = [str(PROGRAM), "run", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout


def transports() -> tuple[str, ...]:
    """The transports that this release can be told to use; one without the option sends all through litellm."""
    return ("direct", "litellm") if "--transport" in run_options() else ("litellm",)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One `datarecipe run` with everything it needs."""

    folder: Path
    """Gets the run's folder and the cache; empty for a first run."""
    base_url: str
    strategy: str
    examples: int
    in_flight: int
    transport: str = "direct"
    settings: Mapping[str, object] = field(default_factory=dict)
    """Other keys of the recipe."""
    flags: tuple[str, ...] = ()

    @property
    def output(self) -> Path:
        """The run's folder."""
        return self.folder / "run"

    @property
    def cache(self) -> Path:
        """Where its responses are."""
        return self.folder / "cache"

    @property
    def command(self) -> list[str]:
        """The command line."""
        settings = {**STRATEGIES[self.strategy], **self.settings}
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        chosen = ["--transport", self.transport] if "--transport" in run_options() else []
        return [
            *(str(PROGRAM), "run", RECIPE, "--model", MODEL, "--api-base", self.base_url),
            *("--target-size", str(self.examples), "--concurrency", str(self.in_flight)),
            *("--output", str(self.output), "--cache-dir", str(self.cache)),
            *(*chosen, *sets, *self.flags),
        ]

    def lines(self, name: str = "data.jsonl") -> list[str]:
        """The lines of one of the run's files; none where there is no such file."""
        path = self.output / name
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def rejected(self) -> list[dict[str, Any]]:
        """The rows of rejected.jsonl."""
        return [json.loads(line) for line in self.lines("rejected.jsonl")]

    def digest(self) -> str:
        """Of the dataset's bytes."""
        return hashlib.sha256((self.output / "data.jsonl").read_bytes()).hexdigest()
