"""`datarecipe prompt RECIPE`"""

from __future__ import annotations

import json
from typing import Any

import click

from datarecipe.cli.command_options import load, model_options, recipe_argument, recipe_options, run_options
from datarecipe.cli.output import show_json, tell
from datarecipe.printable import printable
from datarecipe.running.drive.preview import first_question, first_request
from datarecipe.running.resolve.resolved_run import resolve_run


@click.command("prompt")
@recipe_argument
@model_options
@recipe_options
@click.option(
    "--verify", "of_filter", flag_value="verify", help="The first question of `filters.verify`, about the seed example."
)
@click.option(
    "--judge", "of_filter", flag_value="judge", help="The question of `filters.judge` about the seed example."
)
@click.option("--json", "as_json", is_flag=True, help="As the body that is sent.")
def command(recipe: str, *, of_filter: str | None, as_json: bool, **values: Any) -> None:
    """Show the first request of RECIPE as it would be sent. Calls no model."""
    setup = resolve_run(load(recipe, values), run_options(values), sends=False, notice=tell)
    request = first_request(setup) if of_filter is None else first_question(setup, of_filter)
    content, draw, in_process = request.content, request.draw, setup.embedded and of_filter is None
    if as_json:
        body: dict[str, Any] = {
            "model": content.model,
            "messages": [{"role": role, "content": text} for role, text in content.messages],
            **content.sampling,
            "seed": draw.seed,
        }
        if content.response_format is not None:
            body["response_format"] = dict(content.response_format)
        show_json(body)
        return
    if in_process:
        click.echo(
            "The embedded model cannot follow an instruction: it is asked with the recipe's description.", err=True
        )
    for role, text in content.messages:
        click.secho(f"--- {role}", bold=True)
        click.echo(printable(text, multiline=True))
    click.secho("--- sent with", bold=True)
    endpoint = setup.endpoint if of_filter is None else setup.of_filters[of_filter].endpoint
    host = f"at {endpoint.host}" if endpoint.host else "at its provider's usual host"
    where = "in this process" if in_process else host
    named_by = printable(setup.model_from) if of_filter is None else f"`filters.{of_filter}`"
    click.echo(f"model: {printable(content.model)} (from {named_by}), {where}")
    for name, value in (*content.sampling.items(), ("seed", draw.seed)):
        click.echo(f"{name}: {json.dumps(value)}")
    form = content.response_format
    click.echo(f"response_format: {form['type'] if form else 'none'}")
