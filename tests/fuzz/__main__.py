"""`python -m tests.fuzz [recipes | replies] --count N [--seed S] [--jobs J] [--json FILE]`, or `--replay NUMBER`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fuzz import replies
from tests.fuzz.campaign import Settings, run
from tests.fuzz.mutant import Mutants
from tests.fuzz.report import summary, tally_of, text_of
from tests.fuzz.trial import Folder, Outcome, Peak, alarm, attempt, load_and_check


def main() -> int:
    """0 when the promise held for every input, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("of", nargs="?", choices=["recipes", "replies"], default="recipes", help="what inputs are")
    parser.add_argument("--count", type=int, default=20_000, help="how many inputs")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seconds", type=float, default=Settings.seconds, help="for one input")
    parser.add_argument("--megabytes", type=int, default=Settings.memory // 1_000_000, help="for one input")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    parser.add_argument(
        "--replay", type=int, metavar="NUMBER", help="one input alone, with its traceback and its files"
    )
    given = parser.parse_args()
    settings = Settings(seed=given.seed, jobs=given.jobs, seconds=given.seconds, memory=given.megabytes * 1_000_000)
    if given.of == "replies":
        settings = replace(settings, make=replies.make, subject=replies.hold)
    if given.replay is not None:
        return _replay(given.replay, settings)
    started = time.perf_counter()
    tally = tally_of(_told(run(range(given.first, given.first + given.count), settings), given.count))
    report = summary(tally, settings, time.perf_counter() - started)
    print(*text_of(report), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if report["defects"] else 0


def _told(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    """The same, with progress on a terminal."""
    started, told = time.monotonic(), 0.0
    for number, outcome in enumerate(outcomes, 1):
        yield outcome
        now = time.monotonic()
        if sys.stderr.isatty() and now - told > 1:
            told = now
            print(
                f"\r{number:,} of {count:,}, {number / (now - started):,.0f} a second ",
                end="",
                file=sys.stderr,
                flush=True,
            )
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _replay_made(made: Any, number: int, settings: Settings) -> int:
    print(json.dumps(made.told(), ensure_ascii=True, indent=1))
    outcome = attempt(settings.subject, made, number, Peak(), settings.seconds, settings.memory)
    print(f"{outcome.kind}, {outcome.seconds * 1000:.1f} ms, {outcome.grown / 1e6:.1f} MB {outcome.detail}")
    return int(outcome.is_defect)


def _replay(number: int, settings: Settings) -> int:
    if settings.make is not None:
        return _replay_made(settings.make(settings.seed, number), number, settings)
    root = Path(tempfile.mkdtemp(prefix=f"fuzz-{number}-"))
    mutant = Mutants(settings.projects, settings.seed).make(number)
    recipe = Folder(root, [mutant.project]).write(mutant)
    os.chdir(root)
    print(f"files: {root}, recipe: {recipe.relative_to(root)}, changed: {', '.join(mutant.changed)}")
    outcome = attempt(load_and_check, recipe, number, Peak(), settings.seconds, settings.memory)
    print(f"{outcome.kind}, {outcome.seconds * 1000:.1f} ms, {outcome.grown / 1e6:.1f} MB {outcome.detail}")
    try:
        with alarm(settings.seconds):
            load_and_check(recipe)
    except BaseException as error:  # noqa: BLE001 - shown, whatever it is
        print(
            "".join(traceback.format_exception(error, limit=-15))
            if outcome.is_defect
            else ascii(str(error)).replace("\\n", "\n")
        )
    return int(outcome.is_defect)


if __name__ == "__main__":
    sys.exit(main())
