"""What `datarecipe init` says of the data that it read, of what it inferred and of what it wrote."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from datarecipe.cli.output import aligned, short
from datarecipe.exchange import Json
from datarecipe.init.draft import Draft
from datarecipe.init.infer.columns import distinct
from datarecipe.init.read.table import MAX_CELLS, MAX_ROWS, Table
from datarecipe.init.value_names import listed
from datarecipe.init.write.project import Written, recipe_path
from datarecipe.printable import counted, printable

_MOST_COLUMNS = 30
_MOST_SEEDS = 5
_LONGEST_NAME = 24
_LONGEST_CELL = 40
_LONGEST_EXAMPLE = 600
_KINDS: dict[type, str] = {
    str: "text",
    bool: "true/false",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}


def show_table(table: Table) -> None:
    """What the columns of the user's data hold."""
    rows = counted(len(table.rows), "row")
    read = f"its first {rows}" if table.others else f"{rows}, all of them"
    click.echo(f"{printable(table.source)}: read {read}; {counted(len(table.columns), 'field')}")
    if table.others:
        most = f"{MAX_ROWS:,} rows, {MAX_CELLS:,} cells or 50 MB"
        click.echo(f"  in the other {table.others:,} only labels are counted (at most {most} are looked at)")
    for note in table.notes:
        click.echo(f"  {printable(note)}")
    for line in aligned([("field", "type", "filled", "different", "for example"), *_columns(table)], left=(0, 1, 4)):
        click.echo(f"  {line}")
    if len(table.columns) > _MOST_COLUMNS:
        click.echo(f"  ... and {counted(len(table.columns) - _MOST_COLUMNS, 'more field')}")
    click.echo()


def _columns(table: Table) -> Iterator[tuple[str, str, str, str, str]]:
    for name in table.columns[:_MOST_COLUMNS]:
        values = table.filled(name)
        kinds = listed(sorted({_KINDS[type(value)] for value in values})) or "empty"
        example = _cell(values[len(values) // 2], _LONGEST_CELL) if values else ""
        yield _cell(name, _LONGEST_NAME), kinds, f"{len(values):,}", f"{distinct(table, name):,}", example


def show_draft(draft: Draft, *, of_data: str | None = None) -> None:
    """What was inferred, from what, and the flags that say otherwise."""
    width = max(len(finding.subject) for finding in draft.findings)
    for finding in draft.findings:
        why = f": {finding.why}" if finding.why else ""
        flag = f"  [{finding.flag}]" if finding.flag else ""
        click.echo(f"{finding.subject:<{width}}  {printable(finding.found + why + flag)}")
    for example in draft.seeds[:_MOST_SEEDS]:
        click.echo(f"  {short(example, _LONGEST_EXAMPLE)}")
    if len(draft.seeds) > _MOST_SEEDS:
        click.echo(f"  ... and {len(draft.seeds) - _MOST_SEEDS} more")
    click.echo("The flags in brackets say otherwise.\n")
    what = f"{'The seed example' if len(draft.seeds) == 1 else 'Seed examples'}, names of fields and labels"
    if of_data is None:
        click.echo(f"{what} will be sent to the model that you run the recipe on.\n")
    else:
        click.echo(f"{what} go into the recipe, and to the model that you run it on.")
        click.echo(f"Nothing else of {printable(of_data)} is written or sent.\n")


def show_written(draft: Draft, folder: Path, written: Written) -> None:
    """The files, the placeholders in them, and what to do next."""
    for verb, paths in (("wrote", written.created), ("changed", written.replaced)):
        for path in paths:
            click.echo(f"{verb:<8}{printable(str(folder / path))}")
    recipe = str(folder / recipe_path(draft.name))
    recipe = printable(shlex.quote(f"./{recipe}" if recipe.startswith("-") else recipe))
    if draft.todo:
        click.echo(f"\nPlaceholders to replace, marked TODO in {recipe}:")
        for key, todo in draft.todo.items():
            click.echo(f"  {key}: {todo}")
    click.echo("\nNext:")
    click.echo(f"  datarecipe validate {recipe}")
    click.echo(f"  datarecipe preview {recipe}")
    click.echo(f"  datarecipe run {recipe} --target-size 5")
    if draft.wishes.model is None:
        click.echo("These ask the small embedded model, unless you have set another or add --model PROVIDER/NAME.")


def _cell(value: Json, longest: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Cut first: a cell may be a megabyte long.
    return short(" ".join(text[: 4 * longest].split()), longest)
