"""`datarecipe report RUN [RUN...]`"""

from __future__ import annotations

from pathlib import Path

import click

from datarecipe.printable import printable
from datarecipe.report.html_report import html_report
from datarecipe.report.report_file import check_output, write_report


@click.command("report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("report.html"),
    show_default=True,
    metavar="FILE",
    help="Where to write it; an earlier report is replaced, any other file is not.",
)
def command(runs: tuple[Path, ...], *, output: Path) -> None:
    """Write a report on one run, or on several side by side: one HTML file that needs no network.

    It shows what was asked and what came out, cost, measures, all examples with their lineage, rejected items and prompts.
    """
    check_output(output)
    write_report(output, html_report(runs))
    click.echo(printable(str(output)))
