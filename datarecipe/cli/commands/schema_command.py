"""`datarecipe schema`"""

from __future__ import annotations

import os
from pathlib import Path

import click

from datarecipe.errors import StorageError, UsageError
from datarecipe.printable import printable
from datarecipe.recipe.format.schema_file import format_schema_text, is_format_schema

_LARGEST = 1_000_000


@click.command("schema")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it into FILE instead. A schema that another release wrote there is replaced.",
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of recipes, by which editors complete and check them."""
    schema = format_schema_text().encode()
    if output is None:
        click.echo(schema, nl=False)
        return
    try:
        # A link may lead anywhere, and a named pipe would be waited for.
        regular = output.is_file() and not output.is_symlink() and output.stat().st_size <= _LARGEST
        if os.path.lexists(output) and not (regular and is_format_schema(output.read_bytes())):
            raise UsageError(
                f"{output} exists and is not a recipe schema; left unchanged",
                hint="name another file, or remove that one",
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        partial = output.with_name(f"{output.name}.{os.getpid()}.partial")
        with partial.open("xb") as file:
            file.write(schema)
        partial.replace(output)
    except OSError as error:
        raise StorageError(f"cannot write {output}: {error.strerror or error}", hint="name another file") from None
    click.echo(f"{printable(str(output))}: written")
