"""`datarecipe show RECIPE`"""

from __future__ import annotations

import json
from typing import Any

import click
import yaml

from datarecipe.cli.options import load, recipe_argument, recipe_options
from datarecipe.running.printable import printable


@click.command("show")
@recipe_argument
@recipe_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(recipe: str, *, as_json: bool, **values: Any) -> None:
    """Show RECIPE with defaults filled in, overrides applied and files by content."""
    resolved = dict(load(recipe, values).resolved)
    if as_json:
        click.echo(printable(json.dumps(resolved, ensure_ascii=False, indent=2), multiline=True))
    else:
        text = yaml.dump(resolved, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
        click.echo(printable(text, multiline=True), nl=False)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, the way people write them."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """A block for a text with line breaks, else what PyYAML thinks best."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)
