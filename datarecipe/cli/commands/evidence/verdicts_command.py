"""`datarecipe verdicts FILE... --of DATASET`"""

from __future__ import annotations

from pathlib import Path

import click

from datarecipe.cli.output import show_json, tell
from datarecipe.cli.reports.verdicts_report import document, kept_line, lines
from datarecipe.errors import UsageError
from datarecipe.review.results.judged_examples import judged_examples
from datarecipe.review.results.kept_examples import Keeping, write_kept
from datarecipe.review.results.review_results import results
from datarecipe.review.sample.source_dataset import read_source


@click.command("verdicts")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--of",
    "datasets",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="DATASET",
    help="The dataset that was judged; all of them, if there were several.",
)
@click.option("--label", metavar="FIELD", help="The field of the label.")
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="FILE", help="Write the valid examples to this new file."
)
@click.option("--relabel", is_flag=True, help="With --keep: give examples the label that most reviewers give them.")
@click.option("--drop-wrong", is_flag=True, help="With --keep: leave out wrong labels and answers, too.")
@click.option("--drop-ties", is_flag=True, help="With --keep: leave out what reviewers are equally divided on, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, with more detail.")
def command(
    files: tuple[Path, ...],
    *,
    datasets: tuple[Path, ...],
    label: str | None,
    keep: Path | None,
    relabel: bool,
    drop_wrong: bool,
    drop_ties: bool,
    as_json: bool,
) -> None:
    """Say what the verdicts in FILE... say: shares of valid examples and right labels, agreement, disagreements.

    FILE is what `datarecipe review` wrote, of one reviewer or of several, in any order. --keep writes the dataset without
    the examples that most of their reviewers find invalid.
    """
    if keep is None and (relabel or drop_wrong or drop_ties):
        raise UsageError("--relabel, --drop-wrong and --drop-ties need a file to write", hint="Add --keep FILE.")
    if keep is not None and len(datasets) > 1:
        raise UsageError("--keep writes one dataset", hint="Judge one dataset, or leave out --keep.")
    sources = [read_source(path, label) for path in datasets]
    judged = judged_examples(files, sources)
    found = results(judged)
    kept = None
    if keep is not None:
        kept = write_kept(keep, sources[0], found, Keeping(relabel, drop_wrong, drop_ties))
    if as_json:
        show_json(document(found, judged, kept))
    else:
        for line in lines(found, judged):
            click.echo(line)
        if kept is not None:
            tell(kept_line(kept, keep))
