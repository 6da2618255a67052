"""`datarecipe plan RECIPE`"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.options import cache_option, load, recipe_argument, recipe_options, run_options, show_warnings
from datarecipe.cli.plan_report import as_document, report
from datarecipe.printable import printable
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.setup import settle


@click.command("plan")
@recipe_argument
@click.option("--model", "models", metavar="PROVIDER/NAME", multiple=True, help="A model to plan for; may be repeated.")
@click.option("--api-base", metavar="URL", help="The server that would be asked.")
@recipe_options
@click.option(
    "--yield",
    "share",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True),
    help="Accepted items to items asked for, 0 to 1.",
)
@click.option(
    "--latency", metavar="SECONDS", type=click.FloatRange(0, min_open=True), help="How long a typical reply takes."
)
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="The run's folder.")
@cache_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(recipe: str, *, models: tuple[str, ...], as_json: bool, **values: Any) -> None:
    """Say what a run of RECIPE would take: requests, tokens, dollars, minutes.

    Sends nothing. What is in the cache already costs nothing, so the plan of a half-finished run says what is left.
    """
    loaded, options = load(recipe, values), run_options(values)
    setups = [settle(loaded, replace(options, model=model), sends=False) for model in models or (None,)]
    show_warnings(loaded)
    plans = [make_plan(setup, share=values["share"], latency=values["latency"]) for setup in setups]
    if as_json:
        click.echo(printable(json.dumps(as_document(loaded, plans), ensure_ascii=False, indent=2), multiline=True))
        return
    for line in report(loaded, plans):
        click.echo(printable(line))
