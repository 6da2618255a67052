"""`datarecipe test RUN`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from datarecipe.cli.output import tell
from datarecipe.cli.reports.test_report import WRITERS, ok
from datarecipe.errors import UsageError
from datarecipe.measure.measures import SIZE, measured
from datarecipe.measure.read_examples import read_examples, tests_of
from datarecipe.measure.thresholds import results

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
    tests = tests_of(run)
    if not tests:
        hint = "Add `tests: {near_duplicate_rate: {max: 0.02}}` to it, and run it again: that asks no model."
        raise UsageError(f"{run}: its recipe has no `tests`", hint=hint)
    found = list(results(tests, measured(read_examples(run), SIZE)))
    for line in WRITERS[written_as](run.name, found):
        click.echo(line)
    if written_as == "text":
        failed = sum(result.verdict == "failed" for result in found)
        tell(f"{len(found)} tests: {failed} failed")
    sys.exit(0 if ok(found) else FAILED_EXIT)
