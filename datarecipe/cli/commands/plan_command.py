"""`datarecipe plan RECIPE`"""

from __future__ import annotations

import json
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
from datarecipe.cli.output import tell
from datarecipe.cli.reports.plan_report import as_document, report, sums
from datarecipe.printable import printable
from datarecipe.recipe import Recipe
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

    def settled(name: str) -> list[ResolvedRun]:
        loaded = load(name, values)
        return [
            resolve_run(loaded, replace(options, model=model), sends=False, notice=tell) for model in models or (None,)
        ]

    planned: list[tuple[Recipe, list[Plan]]] = []
    names = list(recipe_names(recipes))
    check_folder(names, values)
    settled_ones = for_each(names, settled)
    one = given if len(names) == 1 else NO_CAPS
    for setups in settled_ones:
        show_warnings(setups[0].recipe)
    for words in dict.fromkeys(words for setups in settled_ones for setup in setups for words in setup.warnings(given)):
        tell(words)
    for setups in settled_ones:
        plans = [make_plan(setup, share=values["share"], latency=values["latency"], budget=one) for setup in setups]
        planned.append((setups[0].recipe, plans))
    if as_json:
        documents = [as_document(recipe, plans) for recipe, plans in planned]
        document = documents[0] if len(planned) == 1 else documents
        click.echo(printable(json.dumps(document, ensure_ascii=False, indent=2), multiline=True))
        return
    for number, (recipe, plans) in enumerate(planned):
        for line in ("", *report(recipe, plans)) if number else report(recipe, plans):
            click.echo(printable(line))
    if len(planned) > 1:
        click.echo()
        budget = given if given.usd is not None else budget_of([setups[0] for setups in settled_ones], given)
        for line in sums([recipe for recipe, _ in planned], [plans for _, plans in planned], given, budget):
            click.echo(printable(line))
