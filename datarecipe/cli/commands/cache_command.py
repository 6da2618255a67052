"""`datarecipe cache`"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.command_options import (
    cache_option,
    check_folder,
    folder_options,
    load,
    model_options,
    recipe_argument,
    recipe_options,
    run_options,
)
from datarecipe.cli.output import tell
from datarecipe.errors import UsageError
from datarecipe.exchange import Embed
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.printable import counted, printable
from datarecipe.run_folder.manifest import identity_of, manifest_in
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.run_folder.write.ownership import conflict
from datarecipe.running.drive.explain import Explanation, explain
from datarecipe.running.resolve.resolved_run import ResolvedRun, cache_directory, resolve_run

LONGEST_SHOWN = 100
"""Characters of a text that is not embedded yet."""


@click.group("cache", invoke_without_command=True)
@cache_option
@click.pass_context
def command(context: click.Context, cache_dir: Path | None) -> None:
    """Show the project's cache: its folder, size and models.

    The folder is `.datarecipe/cache` of the current folder by default; DATARECIPE_CACHE and --cache-dir name another.
    """
    context.obj = cache_directory(Path.cwd(), cache_dir, os.environ)
    context.meta["datarecipe.named"] = cache_dir
    if context.invoked_subcommand is None:
        _show(context.obj)


@command.command("dir")
@click.pass_obj
def directory(directory: Path) -> None:
    """Print the cache's folder, and nothing else."""
    click.echo(printable(str(directory)))


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clear(directory: Path, *, yes: bool) -> None:
    """Remove every stored response, after showing what they cost and asking."""
    if not _show(directory):
        return
    if not yes and not click.confirm("Remove them all? Runs will ask, and pay, for them again"):
        click.echo("nothing was removed")
        return
    with ResponseCache(directory) as cache:
        click.echo(f"{counted(cache.clear(), 'response')} removed")


@command.command("forget")
@click.argument("key")
@click.pass_obj
def forget(directory: Path, key: str) -> None:
    """Remove the one response stored under KEY, as a message names it; a run asks, and pays, for it again."""
    if not directory.is_dir():
        raise UsageError(f"there is no cache in {directory}")
    with ResponseCache(directory) as cache:
        if not cache.forget(key):
            raise UsageError(f"nothing is stored under {key}", hint="A key is what a message of a damaged row names.")
    click.echo("1 response removed")


@command.command("explain")
@recipe_argument
@model_options
@recipe_options
@folder_options
@cache_option
@click.pass_context
def explain_misses(context: click.Context, /, recipe: str, **values: Any) -> None:
    """Say how far a run of RECIPE would get on stored responses, and why the next request would miss. Asks no model."""
    check_folder([recipe], values)
    values["cache_dir"] = values["cache_dir"] or context.meta["datarecipe.named"]
    setup = resolve_run(load(recipe, values), run_options(values), sends=False, notice=tell)
    folder = setup.cache_dir
    if not folder.is_dir():
        raise UsageError(f"nothing is stored in {folder}", hint="--cache-dir or DATARECIPE_CACHE names another folder.")
    with ResponseCache(folder) as cache:
        explanation = explain(setup, cache)
    for line in _explained(setup, explanation):
        click.echo(printable(line))


def _explained(setup: ResolvedRun, explanation: Explanation) -> Iterator[str]:
    name, target = setup.recipe.name, setup.recipe.target_size
    got = (
        f"{explanation.accepted:,} of {counted(target, 'example')} from {counted(explanation.found, 'stored response')}"
    )
    asks = explanation.missing is not None
    yield f"{name}: {got}; {'the next request is not stored' if asks else 'nothing would be asked'}"
    if (refusal := conflict(setup.output, setup.identity, setup.identity_parts)) is not None:
        yield f"a run would be refused: {refusal.message}"
    if not asks:
        return
    if identity_of(manifest_in(RunFiles(setup.output))) == setup.identity:
        yield "earlier runs stopped here; the next run continues from this request"
    if isinstance(explanation.missing, Embed):
        text = " ".join(explanation.missing.text[:LONGEST_SHOWN].split())
        yield f"it is for the embedding of a text by {explanation.missing.embedder}: {text!r}"
        return
    if not explanation.differences:
        yield "the cache holds no completion to compare it with"
        return
    yield f"the nearest of {explanation.stored:,} stored requests differs in:"
    width = max(len(difference.part) for difference in explanation.differences)
    for difference in explanation.differences:
        yield f"  {difference.part:{width}}  wanted: {difference.wanted!r}"
        yield f"  {'':{width}}  stored: {difference.stored!r}"


def _show(directory: Path) -> bool:
    """Print what is there; say whether there is anything."""
    click.echo(f"folder: {printable(str(directory))}")
    if not directory.is_dir():
        click.echo("nothing is stored there")
        return False
    with ResponseCache(directory) as cache:
        stats = cache.stats()
    click.echo(f"responses: {stats.count:,}, {stats.bytes_on_disk / 1e6:,.1f} MB")
    for name, model in stats.by_model.items():
        usage: Any = model.usage
        click.echo(
            f"  {printable(name)}: {counted(model.responses, 'response')}, "
            f"{usage.prompt_tokens:,} prompt and {usage.completion_tokens:,} completion tokens"
        )
    if stats.damaged:
        click.echo(f"damaged rows: {stats.damaged:,}")
    return stats.count > 0
