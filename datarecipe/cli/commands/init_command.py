"""`datarecipe init NAME`"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from datarecipe.cli import init_questions as ask
from datarecipe.cli.reports.init_report import show_draft, show_table, show_written
from datarecipe.errors import UsageError
from datarecipe.init.draft import TASKS, Draft, Wishes
from datarecipe.init.given_answers import check_name, name_from, read_fields, read_labels
from datarecipe.init.infer.infer_recipe import draft_from_seeds, draft_from_table, lacks_label
from datarecipe.init.read.read_files import read_seed_file, read_seed_source, read_table
from datarecipe.init.write.from_scratch import draft_from_wishes
from datarecipe.init.write.project import check_free, check_root, own_paths, write_project
from datarecipe.printable import printable
from datarecipe.recipe import STRATEGIES, Source
from datarecipe.recipe.message_text import show

_FILE = click.Path(path_type=Path)


@click.command("init")
@click.argument("name", metavar="NAME", required=False)
@click.option(
    "--from", "data", type=_FILE, metavar="FILE", help="Your own data (.jsonl, .json, .csv, .tsv): infer the rest."
)
@click.option("--encoding", metavar="NAME", help="Of the file of --from, where it is not UTF-8: cp1252, say.")
@click.option(
    "--columns", multiple=True, metavar="A,B", help="The names of all columns of a CSV file without a header."
)
@click.option(
    "--seed-example",
    type=_FILE,
    metavar="FILE",
    help="A .json file with an example, or a list of them: infer the rest.",
)
@click.option("--example", metavar="JSON", help="The same, written here.")
@click.option("--description", metavar="TEXT", help="What the data is, in a sentence; the model reads it.")
@click.option("--task", type=click.Choice(TASKS), help="What an example asks for.")
@click.option("--labels", multiple=True, metavar="A,B", help='The labels: 1 is a number, "1" a text.')
@click.option(
    "--options", type=click.IntRange(2, 100), metavar="N", help="How many options each example brings of its own."
)
@click.option("--field", "--fields", "fields", multiple=True, metavar="A,B", help="The fields of an example.")
@click.option("--label", "label_field", metavar="FIELD", help="The field that holds the answer.")
@click.option("--options-field", metavar="FIELD", help="The field that holds the list of options.")
@click.option("--seeds", type=click.IntRange(1, 100), metavar="N", help="With --from: pick so many seed examples.")
@click.option("--strategy", type=click.Choice(list(STRATEGIES)), help="Which example each request shows.  [tree]")
@click.option("--target-size", type=click.IntRange(1, 10**9), metavar="N", help="Target number of examples.  [100]")
@click.option("--model", metavar="PROVIDER/NAME", help="A model to write into the recipe.")
@click.option(
    "--dir", "folder", type=_FILE, metavar="DIR", default=Path(), help="The project's folder; made if missing."
)
@click.option("--no-input", is_flag=True, help="Ask nothing, even on a terminal.")
@click.option("--force", is_flag=True, help="Replace the recipe of that name.")
def command(name: str | None, *, folder: Path, no_input: bool, force: bool, **values: Any) -> None:
    """Make a recipe that runs: recipes/NAME.yaml with its template and seed example.

    On a terminal it asks for what the flags leave open; elsewhere a placeholder stands there, marked TODO.

    \b
      datarecipe init reviews
      datarecipe init reviews --seed-example one.json
      datarecipe init reviews --from labelled.csv
    """
    asks = not no_input and sys.stdin.isatty() and sys.stdout.isatty()
    _check_sources(values)
    wishes = _wishes(values)
    check_root(folder)
    if asks:
        click.echo("Enter takes what stands in brackets, Ctrl-C leaves without writing anything.\n")
    if name is not None:
        check_free(folder, check_name(name), force=force)
    elif asks:
        source = values["data"] or values["seed_example"]
        name = ask.name(name_from(source.stem if source else folder.resolve().name), folder, force=force)
    else:
        raise UsageError("a recipe needs a name", hint="datarecipe init NAME")
    draft = _draft(name, wishes, values, asks=asks)
    paths = printable(", ".join(str(folder / path) for path in own_paths(name)))
    if asks and not click.confirm(f"Write {paths}?", default=True):
        click.echo("nothing was written")
        return
    show_written(draft, folder, write_project(draft, folder, force=force))


def _check_sources(values: dict[str, Any]) -> None:
    for key in ("encoding", "columns", "seeds"):
        if values[key] and not values["data"]:
            hint = "A list in the file of --seed-example gives several seed examples." if key == "seeds" else None
            raise UsageError(f"--{key} is for --from", hint=hint)
    try:
        "".encode(values["encoding"] or "utf-8")
    except (LookupError, ValueError):
        hint = "Common ones are utf-8, utf-16, cp1252, latin-1, shift_jis and gb18030."
        raise UsageError(f"--encoding: there is no encoding {show(values['encoding'])}", hint=hint) from None
    sources = {"--from": "data", "--seed-example": "seed_example", "--example": "example"}
    given = [flag for flag, key in sources.items() if values[key]]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other", hint="Give one of them.")


def _wishes(values: dict[str, Any]) -> Wishes:
    model, label = values["model"], values["label_field"]
    if model is not None and (not model or any(map(str.isspace, model))):
        raise UsageError(f"--model: {show(model)} is no model", hint="Write --model openai/gpt-4o-mini, say.")
    if label is not None and "," in label and not values["data"]:
        message = f"--label names the field of the answer, and {show(label)} looks like the labels"
        raise UsageError(message, hint="Write them with --labels.")
    default = Wishes()
    return Wishes(
        description=(values["description"] or "").strip() or None,
        task=values["task"],
        labels=read_labels(values["labels"]),
        options=values["options"],
        fields=read_fields(values["fields"]),
        label_field=label,
        options_field=values["options_field"],
        strategy=values["strategy"] or default.strategy,
        target_size=values["target_size"] or default.target_size,
        model=model,
    )


def _draft(name: str, wishes: Wishes, values: dict[str, Any], *, asks: bool) -> Draft:
    """The recipe, shown as far as it was inferred, with the questions that remain."""
    if values["data"]:
        table = read_table(values["data"], values["encoding"], read_fields(values["columns"]))
        show_table(table)
        if asks and lacks_label(table, wishes):
            wishes = replace(wishes, label_field=ask.label_field(table.columns))
        draft = draft_from_table(name, table, wishes, seeds=values["seeds"] or 1)
        show_draft(draft, of_data=table.source)
    elif values["seed_example"] or values["example"]:
        path, text = values["seed_example"], values["example"]
        seeds = read_seed_file(path) if path else read_seed_source(Source("--example", text))
        draft = draft_from_seeds(name, seeds, wishes)
        show_draft(draft)
    elif asks:
        return ask.draft(name, wishes)
    else:
        return draft_from_wishes(name, wishes)
    return ask.rest(draft) if asks else draft
