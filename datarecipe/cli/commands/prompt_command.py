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
@click.option("--verify", is_flag=True, help="The first question of `filters.verify`, about the first seed example.")
@click.option("--json", "as_json", is_flag=True, help="As the body that is sent.")
def command(recipe: str, *, verify: bool, as_json: bool, **values: Any) -> None:
    """Show the first request of RECIPE as it would be sent. Calls no model."""
    setup = resolve_run(load(recipe, values), run_options(values), sends=False, notice=tell)
    content, draw = (request := first_question(setup) if verify else first_request(setup)).content, request.draw
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
    if setup.embedded and not verify:
        click.echo(
            "The embedded model cannot follow an instruction: it is asked with the recipe's description.", err=True
        )
    for role, text in content.messages:
        click.secho(f"--- {role}", bold=True)
        click.echo(printable(text, multiline=True))
    click.secho("--- sent with", bold=True)
    endpoint = setup.of_filters["verify"].endpoint if verify else setup.endpoint
    host = f"at {endpoint.host}" if endpoint.host else "at its provider's usual host"
    where = "in this process" if setup.embedded and not verify else host
    named_by = "`filters.verify`" if verify else printable(setup.model_from)
    click.echo(f"model: {printable(content.model)} (from {named_by}), {where}")
    for name, value in (*content.sampling.items(), ("seed", draw.seed)):
        click.echo(f"{name}: {json.dumps(value)}")
    form = content.response_format
    click.echo(f"response_format: {form['type'] if form else 'none'}")
