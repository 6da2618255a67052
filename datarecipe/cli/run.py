"""`datarecipe run RECIPE`"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.options import (
    cache_option,
    load,
    model_options,
    recipe_argument,
    recipe_options,
    run_options,
    show_warnings,
)
from datarecipe.printable import example_line, printable
from datarecipe.running.display import BarDisplay, LineDisplay, closing_error, summary
from datarecipe.running.execute import execute
from datarecipe.running.observe import Silent
from datarecipe.running.setup import settle


@click.command("run")
@recipe_argument
@model_options
@recipe_options
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="The run's folder.")
@click.option("--overwrite", is_flag=True, help="Replace the dataset of another run in that folder.")
@cache_option
@click.option("--offline", is_flag=True, help="Use stored responses alone; send nothing.")
@click.option("--quiet", is_flag=True, help="Print errors only.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON on standard output.")
def command(recipe: str, *, quiet: bool, as_json: bool, **values: Any) -> None:
    """Run RECIPE to its target size: a path, or the name of a shipped recipe.

    Every response is stored before it is used: run the same command again after an interruption, or with a larger
    --target-size, and only what is missing is asked.
    """
    setup = settle(load(recipe, values), run_options(values))
    if not quiet:
        show_warnings(setup.recipe)
    display = _display(quiet=quiet)
    try:
        result = asyncio.run(execute(setup, display, handle_interrupt=True))
    finally:
        if isinstance(display, BarDisplay):
            display.close()
    if as_json:
        click.echo(printable(json.dumps(summary(result), ensure_ascii=False, indent=2), multiline=True))
    elif not quiet:
        for example in result.first:
            click.echo(example_line(example))
    for line in closing_error(result):
        click.echo(line, err=True)
    sys.exit(result.exit_code)


def _display(*, quiet: bool) -> Silent | BarDisplay | LineDisplay:
    if quiet:
        return Silent()

    def write(line: str) -> None:
        click.echo(line, err=True)

    return BarDisplay(write) if sys.stderr.isatty() else LineDisplay(write)
