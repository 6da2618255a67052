"""`datarecipe stats DATASET`"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from datarecipe.cli.output import show_json
from datarecipe.cli.reports.stats_report import document, table
from datarecipe.measure.examples import SIZE
from datarecipe.measure.measures import compared, measured
from datarecipe.measure.read_examples import read_examples


@click.command("stats")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--against", multiple=True, type=click.Path(path_type=Path), metavar="DATASET", help="Measure this one beside it."
)
@click.option("--text", multiple=True, metavar="FIELD", help="Measure the texts of this field alone.")
@click.option("--label", metavar="FIELD", help="The field of the label.")
@click.option(
    "--size",
    type=click.IntRange(min=10),
    default=SIZE,
    show_default=True,
    help="The most examples to measure where their number matters.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with more detail.")
def command(
    dataset: Path, *, against: tuple[Path, ...], text: tuple[str, ...], label: str | None, size: int, as_json: bool
) -> None:
    """Measure DATASET, a run's folder or a file of records: labels, lengths, diversity, learnability.

    Measures that depend on the number of examples are taken on samples of one size: that of the smallest dataset.
    """
    paths = (dataset, *against)
    found = [read_examples(path, text, label) for path in paths]
    names = [each.name for each in found]
    # A column is called by its path where two files have one name.
    found = [
        replace(each, name=str(path)) if names.count(each.name) > 1 else each
        for path, each in zip(paths, found, strict=True)
    ]
    size = min(size, *(len(each.parts) for each in found))
    measures = [measured(each, size) for each in found]
    comparisons = [compared(found[0], each, size) for each in found[1:]]
    if as_json:
        show_json(document(measures, comparisons))
    else:
        for line in table(measures, comparisons):
            click.echo(line)
