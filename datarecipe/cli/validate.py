"""`datarecipe validate RECIPE ...`"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.options import load, validation_options
from datarecipe.errors import WARNING, DatarecipeError, Problem, RecipeError, UsageError
from datarecipe.recipe import Found, only_a_base, recipes_below
from datarecipe.recipe.report import Report, as_github, as_json, summary
from datarecipe.running.printable import printable
from datarecipe.running.setup import check

_WRITERS: dict[str, Callable[[list[Report]], Iterator[str]]] = {"json": as_json, "github": as_github}


@click.command("validate")
@click.argument("recipes", nargs=-1, metavar="[RECIPE|FOLDER]...")
@click.option(
    "--format",
    "written_as",
    type=click.Choice(["text", *_WRITERS]),
    default="text",
    help="`json` for machines; `github` for annotations beside the code in a pull request.",
)
@click.option("--strict", is_flag=True, help="A warning fails too.")
@validation_options
def command(recipes: tuple[str, ...], *, written_as: str, strict: bool, **values: Any) -> None:
    """Check recipes: paths, folders, or names of shipped recipes; by default the folder recipes/. Calls no model.

    In a folder every YAML file with the key `recipe` is checked. A file that others extend may lack what they add.

    Exits with 0 when all are right and with 2 when one is not.
    """
    reports = list(_reports(recipes or _default(), values))
    if written_as == "text":
        _show(reports)
    else:
        for line in _WRITERS[written_as](reports):
            click.echo(printable(line, multiline=True))
    sys.exit(max((report.exit_code(strict=strict) for report in reports), default=0))


def _show(reports: list[Report]) -> None:
    """What is wrong on standard error, what is right on standard output."""
    told: dict[Problem, str] = {}
    for report in reports:
        for problem in report.problems:
            first = told.setdefault(problem, report.name)
            if first == report.name:
                click.echo(printable(str(problem), multiline=True), err=True)
            elif problem.kind != WARNING:
                click.echo(printable(f"{report.name}: wrong too, by {problem.place}"), err=True)
        if report.error is None:
            click.echo(f"{printable(report.name)}: ok{', as a base of others' if report.is_base else ''}")
    if len(reports) > 1:
        click.echo(summary(reports), err=True)


def _default() -> tuple[str, ...]:
    if not Path("recipes").is_dir():
        raise UsageError(
            "there is no folder recipes/ here", hint="Name a recipe or a folder: datarecipe validate RECIPE"
        )
    return ("recipes",)


def _reports(arguments: tuple[str, ...], values: dict[str, Any]) -> Iterator[Report]:
    below = {argument: _below(Path(argument)) for argument in arguments if Path(argument).is_dir()}
    everywhere = [recipe for found in below.values() for recipe in found]
    for argument in arguments:
        if argument not in below:
            yield _report(argument, values)
        for recipe in below.get(argument, ()):
            report = _report(str(recipe.path), values)
            if isinstance(report.error, RecipeError) and only_a_base(recipe, report.error, everywhere):
                report = Report(report.name, is_base=True)
            yield report


def _below(folder: Path) -> list[Found]:
    found = recipes_below(folder)
    if not found:
        place = f"{folder}: there is no recipe in this folder"
        raise UsageError(place, hint="A recipe is a .yaml file whose first line is `recipe: 1`.")
    return found


def _report(argument: str, values: dict[str, Any]) -> Report:
    try:
        recipe = load(argument, values)
        check(recipe)
    except UsageError:  # a flag that cannot be meant says nothing of the recipe
        raise
    except DatarecipeError as error:
        return Report(argument, error=error)
    return Report(argument, warnings=recipe.warnings)
