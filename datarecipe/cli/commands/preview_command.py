"""`datarecipe preview RECIPE`"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import click

from datarecipe.amount import dollars
from datarecipe.cli.command_options import (
    cache_option,
    load,
    model_options,
    recipe_argument,
    recipe_options,
    run_options,
    show_warnings,
)
from datarecipe.cli.output import tell
from datarecipe.generate.events import Accepted, RejectedItem
from datarecipe.generate.reasons import REASONS
from datarecipe.printable import counted, example_line, printable
from datarecipe.running.drive.preview import preview
from datarecipe.running.resolve.options import EMBEDDED_WARNING
from datarecipe.running.resolve.resolved_run import resolve_run


@click.command("preview")
@recipe_argument
@model_options
@recipe_options
@cache_option
@click.option("--offline", is_flag=True, help="Use the stored response alone; send nothing.")
def command(recipe: str, **values: Any) -> None:
    """Ask for the first batch of RECIPE and show what would be kept and what not, and why.

    The response is stored, so a later run does not pay for it again; no dataset is written.
    """
    setup = resolve_run(load(recipe, values), run_options(values), notice=tell)
    show_warnings(setup.recipe)
    click.echo(f"{printable(setup.recipe.name)}: one batch from {printable(setup.model.name)}", err=True)
    if setup.embedded:
        click.echo(EMBEDDED_WARNING, err=True)
    seen = asyncio.run(preview(setup, lambda text: click.echo(printable(text), err=True)))
    for event in seen.events:
        if isinstance(event, Accepted):
            click.secho("accepted  ", fg="green", nl=False)
            click.echo(example_line(event.example))
        elif isinstance(event, RejectedItem):
            click.secho("rejected  ", fg="red", nl=False)
            click.echo(f"{event.reason}: {printable(event.detail)}")
            click.echo(f"          {printable(event.raw)}")
    reasons = Counter(event.reason for event in seen.events if isinstance(event, RejectedItem))
    if reasons:
        ((reason, _),) = reasons.most_common(1)
        click.echo(f"What usually helps against {reason}: {REASONS[reason].helps}.", err=True)
    usage = seen.response.usage
    tokens = (
        f"{usage.prompt_tokens:,} prompt + {usage.completion_tokens:,} reply tokens" if usage else "tokens not reported"
    )
    calls = seen.spent.calls
    priced = bool(setup.prices) and not setup.is_free and calls
    cost = f", {dollars(seen.spent.usd)}" if priced else ""
    click.echo(f"{counted(calls, 'request') if calls else 'from the cache'}, {tokens}{cost}", err=True)
