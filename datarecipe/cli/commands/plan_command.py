"""`datarecipe plan RECIPE`"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from datarecipe.cli.command_options import (
    FiniteFloat,
    budget_options,
    budget_values,
    cache_option,
    check_folder,
    folder_options,
    for_each,
    load,
    recipe_names,
    recipe_options,
    run_options,
    show_warnings,
    trust_option,
)
from datarecipe.cli.output import show_json, tell
from datarecipe.cli.reports.plan_report import as_document, report, sums
from datarecipe.printable import printable
from datarecipe.running.drive.budget import budget_of
from datarecipe.running.planning.plan import Plan, make_plan
from datarecipe.running.resolve.resolved_run import NO_CAPS, ResolvedRun, resolve_run


@click.command("plan")
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
@click.option("--model", "models", metavar="PROVIDER/NAME", multiple=True, help="A model to plan for; may be repeated.")
@click.option("--api-base", metavar="URL", help="The server that would be asked.")
@trust_option
@recipe_options
@click.option(
    "--yield",
    "share",
    metavar="SHARE",
    type=FiniteFloat(min=0, max=1, min_open=True),
    help="Accepted items to items asked for, 0 to 1.",
)
@click.option(
    "--latency", metavar="SECONDS", type=FiniteFloat(min=0, min_open=True), help="How long a typical reply takes."
)
@folder_options
@cache_option
@budget_options
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(recipes: tuple[str, ...], *, models: tuple[str, ...], as_json: bool, **values: Any) -> None:
    """Say what a run of each RECIPE would take: requests, tokens, dollars, minutes.

    Sends nothing. What is in the cache already costs nothing, so the plan of a half-finished run says what is left.
    """
    given = budget_values(values)
    options = run_options(values)
    names = list(recipe_names(recipes))
    check_folder(names, values)

    def settled(name: str) -> list[ResolvedRun]:
        loaded = load(name, values)
        return [
            resolve_run(loaded, replace(options, model=model), sends=False, notice=tell) for model in models or (None,)
        ]

    def planned(setup: ResolvedRun) -> Plan:
        own = given if len(names) == 1 else NO_CAPS
        return make_plan(setup, share=values["share"], latency=values["latency"], budget=own)

    settled_ones = for_each(names, settled)
    for setups in settled_ones:
        show_warnings(setups[0].recipe)
    for words in dict.fromkeys(words for setups in settled_ones for setup in setups for words in setup.warnings(given)):
        tell(words)
    all_recipes = [setups[0].recipe for setups in settled_ones]
    all_plans = [list(map(planned, setups)) for setups in settled_ones]
    if as_json:
        documents = list(map(as_document, all_recipes, all_plans))
        show_json(documents[0] if len(documents) == 1 else documents)
        return
    blocks = list(map(report, all_recipes, all_plans))
    if len(names) > 1:
        budget = given if given.usd is not None else budget_of([setups[0] for setups in settled_ones], given)
        blocks.append(sums(all_recipes, all_plans, given, budget))
    click.echo("\n\n".join("\n".join(map(printable, lines)) for lines in blocks))
