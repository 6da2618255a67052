"""`datarecipe drift RUN`"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from datarecipe.cli.output import show_json
from datarecipe.cli.reports.drift_report import document, lines
from datarecipe.measure.drift.drift import drift
from datarecipe.measure.drift.generations import Axis
from datarecipe.measure.read_examples import read_traced


@click.command("drift")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--by",
    type=click.Choice(get_args(Axis)),
    help="Compare depths, or stretches of the dataset in its order. Default: depths, if there are several.",
)
@click.option("--text", multiple=True, metavar="FIELD", help="Measure the texts of this field alone.")
@click.option("--label", metavar="FIELD", help="The field of the label.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with more detail.")
def command(run: Path, *, by: Axis | None, text: tuple[str, ...], label: str | None, as_json: bool) -> None:
    """Say whether the examples in the folder RUN drift away from the seed examples, from which depth on, and to what.

    It tests texts, labels and lengths, and shows distances and the words that came and went. It asks no model.
    """
    found = drift(read_traced(run, text, label), by)
    if as_json:
        show_json(document(found))
    else:
        for line in lines(found):
            click.echo(line)
