"""Options that several commands share, and what they mean for a recipe and its run."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

import click

from datarecipe.amount import Caps
from datarecipe.cli.output import tell
from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.recipe import (
    STRATEGIES,
    LoadedRecipe,
    Override,
    choose_recipe,
    is_name,
    load_recipe,
    parse_set,
    parse_var,
    passed_over_below,
    recipes_below,
)
from datarecipe.running.resolve.config_files import user_data_roots
from datarecipe.running.resolve.options import Options

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

LARGEST = 1e9
"""Of anything that a flag says in a number with a point: dollars, seconds."""


class FiniteFloat(click.FloatRange):
    """A number that is one: click takes `nan` and `inf`, too."""

    def __init__(self, **bounds: Any) -> None:
        super().__init__(**{"max": LARGEST, **bounds})

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises click's own error."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number.", param, ctx)
        return float(number)


def _folders(_context: click.Context, option: click.Parameter, given: tuple[Path, ...]) -> tuple[Path, ...]:
    for folder in given:
        if not folder.is_dir():
            raise UsageError(f"{option.opts[0]}: there is no folder {folder}", hint="Name folders that are there.")
    return given


def _group(*options: Callable[..., Any]) -> Callable[[F], F]:
    """One decorator for several options."""

    def apply(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


_PATH = click.Path(path_type=Path, file_okay=False)

recipe_argument = click.argument("recipe", metavar="RECIPE")
"""RECIPE: a path, the name of a recipe in `recipes/`, or of a shipped one."""

validation_options = _group(
    click.option("--set", "sets", multiple=True, metavar="KEY.PATH=VALUE", help="Override any key of the recipe."),
    click.option(
        "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Override one of the recipe's `vars`."
    ),
    click.option(
        "--data-root",
        "data_roots",
        type=click.Path(path_type=Path),
        callback=_folders,
        multiple=True,
        help="Let the recipe read files in this folder, outside its project.",
    ),
)
"""Options of the recipe that mean the same for every recipe that is checked."""

recipe_options = _group(
    click.option("--target-size", type=int, metavar="N", help="Target number of examples."),
    click.option("--strategy", type=click.Choice(list(STRATEGIES)), help="Which example each request shows."),
    click.option("--batch-size", type=int, metavar="N", help="Examples to ask for in one request."),
    click.option("--concurrency", type=int, metavar="N", help="Requests in flight at most."),
    click.option("--random-seed", type=int, metavar="N", help="Another seed, another dataset."),
    validation_options,
)
"""Options that override keys of the recipe."""
_KEYS = {
    "target_size": "target_size",
    "strategy": "strategy.kind",
    "batch_size": "batch_size",
    "concurrency": "limits.concurrency",
    "random_seed": "random_seed",
}

trust_option = click.option(
    "--trust",
    is_flag=True,
    help="Trust the recipe: send your key to its server, and use its prices for your caps.",
)
model_options = _group(
    click.option(
        "--model", metavar="PROVIDER/NAME", help="The model, in litellm's spelling, ENDPOINT:NAME or local/..."
    ),
    click.option("--api-base", metavar="URL", help="The server to ask; you name it, so your key goes there."),
    click.option(
        "--transport",
        type=click.Choice(["auto", "direct", "litellm"]),
        default="auto",
        help="How requests are sent: direct speaks OpenAI's protocol itself, litellm reaches every provider.",
    ),
    trust_option,
)
"""Options that say who is asked."""

cache_option = click.option("--cache-dir", type=_PATH, help="Where responses are stored.")
folder_options = _group(
    click.option("--output", type=_PATH, help="The run's folder."),
    click.option("--runs-dir", type=_PATH, help="Parent folder of the run folders (default: runs)."),
)
budget_options = _group(
    click.option("--max-usd", type=FiniteFloat(min=0), metavar="USD", help="Cap in US dollars for the whole command."),
    click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Cap in tokens for the whole command."),
    click.option("--max-calls", type=click.IntRange(min=1), metavar="N", help="Cap in calls for the whole command."),
)
run_and_retry_options = _group(
    model_options,
    recipe_options,
    folder_options,
    cache_option,
    budget_options,
    click.option(
        "--events", type=click.Path(path_type=Path, dir_okay=False), help="Append events to FILE as JSON lines."
    ),
    click.option("--quiet", is_flag=True, help="Print errors only."),
    click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON on standard output."),
)


def budget_values(values: dict[str, Any]) -> Caps:
    """The caps of `budget_options`, taken out of the command's `values`."""
    usd = values.pop("max_usd")
    return Caps(None if usd is None else Decimal(str(usd)), values.pop("max_tokens"), values.pop("max_calls"))


def check_folder(names: Sequence[str], values: dict[str, Any]) -> None:
    """Raise `UsageError` where --output cannot name the folder that is meant."""
    if values["output"] is not None and values["runs_dir"] is not None:
        raise UsageError(
            "--output names the run's folder, and --runs-dir the one above it", hint="Leave one of them out."
        )
    if len(names) > 1 and values["output"] is not None:
        raise UsageError(
            "--output names one folder, and there are several recipes",
            hint="Write --runs-dir DIR: each has its own folder in it.",
        )


def load(recipe: str, values: dict[str, Any]) -> LoadedRecipe:
    """Load RECIPE with the overrides among the command's `values`; say which file it took for a name."""
    overrides = [
        Override(path, values[name], "--" + name.replace("_", "-"))
        for name, path in _KEYS.items()
        if values.get(name) is not None
    ]
    overrides += [parse_set(text) for text in values.get("sets", ())]
    overrides += [parse_var(text) for text in values.get("variables", ())]
    _check_flags(overrides)
    if any(override.path == "api_base" for override in overrides):
        raise UsageError("a server that you name yourself goes into --api-base", hint="Write --api-base URL.")
    opened = (*values.get("data_roots", ()), *user_data_roots())
    choice = choose_recipe(recipe)
    if choice.note is not None and not values.get("quiet"):
        tell(choice.note)
    return load_recipe(choice.path, overrides, data_roots=opened)


def _check_flags(overrides: Sequence[Override]) -> None:
    """Raise `UsageError` where two different flags set one key: whichever won, the other would be wrong in silence."""
    for first, second in combinations(overrides, 2):
        shared = min(len(first.keys), len(second.keys))
        # `--set strategy.chains=8 --set strategy=tree` is one flag twice; there the order says what is meant.
        by_one_flag = first.flag.split()[0] == second.flag.split()[0]
        if not by_one_flag and first.keys[:shared] == second.keys[:shared]:
            key = ".".join(first.keys if len(first.keys) > shared else second.keys)
            raise UsageError(f"{first.flag} and {second.flag} both decide `{key}`", hint="Leave one of them out.")


def is_folder(argument: str) -> bool:
    """Whether a folder is named; False for what is no path at all."""
    return os.path.isdir(argument)  # noqa: PTH112 - that of `Path` raises where a name is too long


def recipe_names(arguments: Sequence[str], *, quiet: bool = False) -> Iterator[str]:
    """The recipes named, and those of the folders named; what others there extend is no recipe of its own.

    Says what it has skipped, unless `quiet`.
    """
    for argument in arguments:
        if not is_folder(argument):
            yield argument
            continue
        for line in () if quiet else passed_over_below(Path(argument)):
            tell(line)
        found = recipes_below(Path(argument))
        bases = frozenset(path for recipe in found for path in recipe.extends)
        own = [recipe.path for recipe in found if recipe.resolved not in bases and not recipe.outside]
        if not own and is_name(argument):
            yield argument
        elif not own:
            hint = "A recipe is a .yaml file whose first line is `recipe: 1`."
            raise UsageError(f"{argument}: there is no recipe in this folder", hint=hint)
        yield from map(str, own)


def for_each(names: Sequence[str], do: Callable[[str], T]) -> list[T]:
    """What `do` gives for each recipe. What is wrong in any of them is told at once, and ends the command."""
    done, errors = [], []
    for name in names:
        try:
            done.append(do(name))
        except DatarecipeError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        # What is wrong in a flag is wrong for each of them.
        for text in dict.fromkeys(map(str, errors)):
            tell(f"error: {text}")
        sys.exit(max(error.exit_code for error in errors))
    return done


def show_warnings(recipe: LoadedRecipe) -> None:
    """Say what is legal in the recipe and surely not meant, before it costs something."""
    for warning in recipe.warnings:
        tell(str(warning))


def run_options(values: dict[str, Any]) -> Options:
    """The `Options` among the command's `values`."""
    known = set(Options.__dataclass_fields__) - {"environ"}
    return Options(**{name: value for name, value in values.items() if name in known})
