"""`datarecipe schema`"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import click

from datarecipe.errors import StorageError, UsageError
from datarecipe.recipe.format.schema import FORMAT
from datarecipe.running.printable import printable

_TITLE = "datarecipe recipe, format "


@click.command("schema")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it into FILE instead. A schema that another release wrote there is replaced.",
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of recipes, by which editors complete and check them."""
    schema = files("datarecipe.recipe.format").joinpath(f"recipe-{FORMAT}.schema.json").read_bytes()
    if output is None:
        click.echo(schema, nl=False)
        return
    try:
        if output.exists() and not _is_ours(output.read_bytes()):
            raise UsageError(
                f"{output} is there, and is no schema of recipes: it is left as it is",
                hint="name another file, or remove that one",
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(schema)
    except OSError as error:
        raise StorageError(f"cannot write {output}: {error.strerror or error}", hint="name another file") from None
    click.echo(f"{printable(str(output))}: written")


def _is_ours(content: bytes) -> bool:
    """Whether a file is what this command writes, by whatever release."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(schema, dict) and str(schema.get("title", "")).startswith(_TITLE)
