"""`datarecipe list`"""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from datarecipe.cli.output import show_json
from datarecipe.printable import printable
from datarecipe.recipe import load_recipe, shipped_recipes


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON: name, path, description, tags.")
def command(*, as_json: bool) -> None:
    """List the shipped recipes. Each is run by its name: datarecipe run boolq.

    To begin one of your own with it: datarecipe show boolq > recipes/mine.yaml
    """
    recipes = [(name, load_recipe(path)) for name, path in shipped_recipes().items()]
    if as_json:
        rows = [
            {"name": name, "path": str(r.source), "description": r.description, "tags": list(r.about.tags)}
            for name, r in recipes
        ]
        show_json(rows)
        return
    width = max((len(name) for name, _ in recipes), default=0)
    columns = min(shutil.get_terminal_size().columns, 120) if sys.stdout.isatty() else 10_000
    indent = " " * (width + 2)
    for name, recipe in recipes:
        text = textwrap.wrap(printable(recipe.description), max(40, columns - len(indent)))
        click.echo(f"{name:<{width}}  " + f"\n{indent}".join(text))
