"""`datarecipe show RECIPE`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from datarecipe.cli.command_options import load, model_options, recipe_argument, recipe_options, run_options
from datarecipe.cli.output import aligned, short, show_json
from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe import LoadedRecipe, Origin, Recipe, origins
from datarecipe.recipe.message_text import code
from datarecipe.recipe.source.paths import is_path
from datarecipe.recipe.source.yaml_writer import yaml_text
from datarecipe.running.resolve.check_without_model import check
from datarecipe.running.resolve.resolved_run import settled_origins

_WIDEST_VALUE = 50


@click.command("show")
@recipe_argument
@model_options
@recipe_options
@click.option("--origins", "with_origins", is_flag=True, help="Each value with where it comes from.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(recipe: str, *, with_origins: bool, as_json: bool, **values: Any) -> None:
    """Show RECIPE with what it extends, overrides and defaults filled in, and files by content.

    --origins tells for each value the line, flag, environment variable or default that it comes from; with the model that
    a run would ask now, and how.
    """
    loaded = load(recipe, values)
    check(loaded)
    if with_origins:
        _show_origins([*_of_recipe(loaded), *settled_origins(loaded, run_options(values))], as_json=as_json)
    elif as_json:
        show_json(loaded.resolved)
    else:
        click.echo(yaml_text(_readable(loaded)), nl=False)


def _readable(recipe: Recipe) -> Mapping[str, Json]:
    """The resolved recipe. A template that comes from a file and looks like a path itself ends in a line break.

    There is no other way to write such a template into a recipe. A template's last line break is in no prompt.
    """
    if not is_path(recipe.instruction):
        return recipe.resolved
    named = code(recipe.instruction)
    click.echo(
        f"note: the template {named} looks like a path; a line break is added, which changes no prompt", err=True
    )
    return {**recipe.resolved, "instruction": recipe.instruction + "\n"}


def _of_recipe(recipe: LoadedRecipe) -> Iterator[Origin]:
    settled_later = ("model", "api_base", "sampling", "response_format")
    return (origin for origin in origins(recipe) if origin.keys[0] not in settled_later)


def _show_origins(rows: list[Origin], *, as_json: bool) -> None:
    if as_json:
        show_json([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows])
        return
    cells = [(printable(row.key), short(row.value, _WIDEST_VALUE), printable(row.origin)) for row in rows]
    for line in aligned(cells, left=range(3)):
        click.echo(line)
