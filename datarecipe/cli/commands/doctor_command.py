"""`datarecipe doctor`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from datarecipe.cli.command_options import cache_option
from datarecipe.printable import printable
from datarecipe.running.resolve.doctor import examine

_MARKS = {"ok": ("ok", "green"), "missing": ("--", "yellow"), "wrong": ("!!", "red")}


@click.command("doctor")
@cache_option
def command(cache_dir: Path | None) -> None:
    """Say what is installed and usable here. Calls no model and opens no connection.

    Exits with 4 when something is there and does not work.
    """
    findings = examine(cache_dir)
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        mark, colour = _MARKS[finding.state]
        click.secho(mark, fg=colour, nl=False)
        click.echo(f"  {finding.subject:<{width}}  {printable(finding.detail)}")
    sys.exit(4 if any(finding.state == "wrong" for finding in findings) else 0)
