"""What `datarecipe init` says of the data that it read and of what it inferred."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from datarecipe.exchange import Json
from datarecipe.init.column_summary import summarise
from datarecipe.init.draft import Draft, Finding
from datarecipe.init.infer.infer_labels import in_words
from datarecipe.init.read.table import MAX_CELLS, MAX_ROWS, Table
from datarecipe.init.value_names import listed, quoted
from datarecipe.init.write.project import own_paths
from datarecipe.printable import counted, example_line, printable

_MOST_COLUMNS = 30
_MOST_SEEDS = 5
_LONGEST_NAME = 24
_LONGEST_CELL = 40
_LONGEST_EXAMPLE = 600


def show_table(table: Table) -> None:
    """What the columns of the user's data hold."""
    rows = counted(len(table.rows), "row")
    read = f"its first {rows}" if table.cut else f"{rows}, all of them"
    click.echo(f"{printable(table.source)}: read {read}; {counted(len(table.columns), 'field')}")
    if table.cut:
        most = f"{MAX_ROWS:,} rows, {MAX_CELLS:,} cells or 50 MB"
        click.echo(f"  in the other {table.rest.rows:,} only labels are counted (at most {most} are looked at)")
    for note in table.notes:
        click.echo(f"  {printable(note)}")
    summaries = list(summarise(table))
    lines = [("field", "type", "filled", "different", "for example")]
    lines += [
        (_short(s.name, _LONGEST_NAME), s.kind, f"{s.filled:,}", f"{s.different:,}", _cell(s.example))
        for s in summaries[:_MOST_COLUMNS]
    ]
    for line in _aligned(lines):
        click.echo(f"  {line}")
    if len(summaries) > _MOST_COLUMNS:
        click.echo(f"  ... and {counted(len(summaries) - _MOST_COLUMNS, 'more field')}")
    click.echo()


def show_draft(draft: Draft, *, of_data: str | None = None) -> None:
    """What was inferred, from what, and the flags that say otherwise."""
    width = max(len(finding.subject) for finding in draft.findings)
    for finding in draft.findings:
        click.echo(f"{finding.subject:<{width}}  {printable(_in_words(finding))}")
    for example in draft.seeds[:_MOST_SEEDS]:
        click.echo(f"  {_cut(example_line(example), _LONGEST_EXAMPLE)}")
    if len(draft.seeds) > _MOST_SEEDS:
        click.echo(f"  ... and {len(draft.seeds) - _MOST_SEEDS} more")
    click.echo("The flags in brackets say otherwise.\n")
    what = "The seed example" if len(draft.seeds) == 1 else "Seed examples"
    if of_data is None:
        click.echo(f"{what}, names of fields and labels will be sent to the model that you run the recipe on.\n")
    else:
        click.echo(
            f"{what}, names of fields and labels go into the recipe, and to the model that you run it on.\n"
            f"Nothing else of {printable(of_data)} is written or sent.\n"
        )


def show_answers(draft: Draft) -> None:
    """What came of the user's answers, to be looked at before it is written."""
    fields = listed([quoted(name) for name in draft.seeds[0]])
    answer = draft.task.label_field
    click.echo(
        f"\ntask    {draft.task.kind}{'' if answer is None else f', with the answer in {printable(quoted(answer))}'}"
    )
    click.echo(f"labels  {printable(in_words(draft.labels))}")
    click.echo(f"fields  {printable(fields)}")


def show_files(draft: Draft, folder: Path) -> None:
    """Which files will be written."""
    click.echo(f"files   {printable(', '.join(str(folder / path) for path in own_paths(draft.name)))}")


def _in_words(finding: Finding) -> str:
    why = f": {finding.why}" if finding.why else ""
    flag = f"  [{finding.flag}]" if finding.flag else ""
    return f"{finding.found}{why}{flag}"


def _aligned(rows: Sequence[tuple[str, str, str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, kind, filled, different, example in rows:
        numbers = f"{filled:>{widths[2]}}  {different:>{widths[3]}}"
        yield f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {numbers}  {example}".rstrip()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _LONGEST_CELL)


def _short(text: str, longest: int) -> str:
    # Cut first: a cell may be a megabyte long.
    return _cut(printable(" ".join(text[: 4 * longest].split())), longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
