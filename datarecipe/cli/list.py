"""`datarecipe list`"""

from __future__ import annotations

import json
import shutil

import click

from datarecipe.recipe import load_recipe, shipped_recipes
from datarecipe.running.printable import printable


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON: name, path, description, tags.")
def command(*, as_json: bool) -> None:
    """List the shipped recipes: each can be run by its name, and copied to begin one of your own."""
    recipes = [(name, load_recipe(path)) for name, path in shipped_recipes().items()]
    if as_json:
        rows = [
            {"name": name, "path": str(r.source), "description": r.description, "tags": list(r.about.tags)}
            for name, r in recipes
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max((len(name) for name, _ in recipes), default=0)
    room = max(40, min(shutil.get_terminal_size().columns, 120) - width - 2)
    for name, recipe in recipes:
        text = printable(recipe.description)
        click.echo(f"{name:<{width}}  {text if len(text) <= room else text[: room - 3] + '...'}")
