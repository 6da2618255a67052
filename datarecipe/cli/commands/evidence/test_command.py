"""`datarecipe test RUN`"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datarecipe.cli.output import tell
from datarecipe.cli.reports.test_report import WRITERS, as_text, in_a_line, ok
from datarecipe.errors import UsageError
from datarecipe.measure.measures import measured
from datarecipe.measure.read_examples import read_examples, read_traced, tests_of
from datarecipe.measure.thresholds import Tested, results

if TYPE_CHECKING:
    from datarecipe.measure.drift.drift import Drift

FAILED_EXIT = 5


@click.command("test")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "written_as",
    type=click.Choice(list(WRITERS)),
    default="text",
    help="`json` for programs; `junit` and `github` for code hosts.",
)
def command(run: Path, *, written_as: str) -> None:
    """Test the dataset in the folder RUN against the bounds that its recipe has in `tests`.

    Exits with 0 when no test failed, and with 5 when one did.
    """
    found = tested(run)
    if not found:
        hint = "Add `tests: {near_duplicate_rate: {max: 0.02}}` to it, and run it again: that asks no model."
        raise UsageError(f"{run}: its recipe has no `tests`", hint=hint)
    for line in WRITERS[written_as](run.name, found):
        click.echo(line)
    if written_as == "text":
        tell(in_a_line(found))
    sys.exit(0 if ok(found) else FAILED_EXIT)


def tested(run: Path) -> list[Tested]:
    """What the tests in the recipe of a run say of its dataset; none where it has none. Raises `UsageError`."""
    tests = tests_of(run)
    return list(results(tests, measured(read_examples(run)), lambda: _drift(run))) if tests else []


def _drift(run: Path) -> Drift:
    from datarecipe.measure.drift.drift import drift  # noqa: PLC0415 - few recipes test it

    return drift(read_traced(run))


def show_tested(runs: Iterable[Path]) -> bool:
    """Test the datasets that were just made, and say on standard error what was found. Whether no test failed."""
    passed = True
    for run in runs:
        found = tested(run)
        for line in as_text(run.name, found) if found else ("no tests",):
            tell(f"{run.name}: {line}")
        passed = passed and ok(found)
    return passed
