"""`datarecipe validate RECIPE ...`"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.command_options import is_folder, load, validation_options
from datarecipe.cli.output import tell
from datarecipe.cli.reports.validate_report import Report, as_github, as_json, summary
from datarecipe.errors import WARNING, DatarecipeError, Problem, RecipeError, UnsafePathError, UsageError
from datarecipe.printable import printable
from datarecipe.recipe import Found, find_recipe, is_name, judged_as_base, passed_over_below, recipes_below
from datarecipe.running.resolve.check_without_model import check

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
    """Check recipes: paths, folders, or names; by default the folder recipes/. Calls no model.

    In a folder every YAML file with the key `recipe` is checked. A file that others extend may lack what they add.

    Exits with 0 when all are right and with 2 when one is not.
    """
    reports = list(_reports(recipes, values)) if recipes else _without_arguments(values)
    if strict:
        reports = [report.strictly() for report in reports]
    if written_as == "text":
        _show(reports)
    else:
        for line in _WRITERS[written_as](reports):
            click.echo(line)
    sys.exit(max((report.exit_code for report in reports), default=0))


def _without_arguments(values: dict[str, Any]) -> list[Report]:
    if Path("recipes").is_dir():
        return list(_reports(("recipes",), values))
    error = UsageError("there is no such folder here", hint="Name a recipe or a folder: datarecipe validate RECIPE")
    return [Report("recipes/", error=error)]


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
            click.echo(f"{printable(report.name)}: {report.verdict}")
    if len(reports) > 1:
        click.echo(summary(reports), err=True)


def _reports(arguments: tuple[str, ...], values: dict[str, Any]) -> Iterator[Report]:
    below = {argument: recipes_below(Path(argument)) for argument in arguments if is_folder(argument)}
    for line in dict.fromkeys(line for argument in below for line in passed_over_below(Path(argument))):
        tell(line)
    extended = frozenset(path for found in below.values() for recipe in found for path in recipe.extends)
    # One letter wrong in an `extends` must not make the file that was meant look like a broken recipe.
    # `Path.exists` would raise for a name that is too long.
    missed = frozenset(path.name for path in extended if not os.path.exists(path))  # noqa: PTH110
    look = cache(recipes_below)
    for argument in arguments:
        found = below.get(argument)
        if found is None or (not found and is_name(argument)):
            yield _named(argument, values, look)
        elif not found:
            hint = "A recipe is a .yaml file whose first line is `recipe: 1`."
            yield Report(argument, error=UsageError("there is no recipe in this folder", hint=hint))
        for recipe in found or ():
            yield _found(recipe, values, is_base=recipe.resolved in extended or recipe.path.name in missed)


def _named(argument: str, values: dict[str, Any], look: Callable[[Path], list[Found]]) -> Report:
    """A file or a shipped recipe. One that lacks keys may be there for others of its folder.

    Programs that check what was changed before a commit name files one by one.
    """
    report = _report(argument, values)
    if not isinstance(report.error, RecipeError) or judged_as_base(report.error) is report.error:
        return report
    path = find_recipe(argument).resolve()
    folder = next((parent for parent in path.parents if parent.name == "recipes"), None)
    if folder is None or not any(path in recipe.extends for recipe in look(folder)):
        return report
    return report.as_base()


def _found(recipe: Found, values: dict[str, Any], *, is_base: bool) -> Report:
    name = str(recipe.path)
    if recipe.outside:
        message = "this is a link that leads out of the folder, or to a hidden file"
        hint = "put a copy into the folder, or name the file itself"
        return Report(name, error=UnsafePathError(Problem(message, name, hint=hint)))
    report = _report(name, values)
    return report.as_base() if is_base else report


def _report(argument: str, values: dict[str, Any]) -> Report:
    try:
        recipe = load(argument, values)
        check(recipe)
    except UsageError:  # a flag or configuration that cannot be meant says nothing of the recipe
        raise
    except DatarecipeError as error:
        return Report(argument, error=error)
    return Report(argument, warnings=recipe.warnings)
