"""`datarecipe validate RECIPE ...`"""

from __future__ import annotations

import sys

import click

from datarecipe.cli.options import load
from datarecipe.errors import DatarecipeError
from datarecipe.running.printable import printable
from datarecipe.running.setup import check


@click.command("validate")
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
def command(recipes: tuple[str, ...]) -> None:
    """Check recipes: paths, or names of shipped recipes. Calls no model.

    Exits with 0 when all are right and with 2 when one is not.
    """
    worst = 0
    for recipe in recipes:
        try:
            check(load(recipe, {}))
        except DatarecipeError as error:
            worst = max(worst, error.exit_code)
            click.echo(printable(str(error), multiline=True), err=True)
        else:
            click.echo(f"{printable(recipe)}: ok")
    sys.exit(worst)
