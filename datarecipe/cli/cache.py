"""`datarecipe cache`"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.options import cache_option
from datarecipe.llm.cache import ResponseCache
from datarecipe.running.setup import cache_directory


@click.group("cache", invoke_without_command=True)
@cache_option
@click.pass_context
def command(context: click.Context, cache_dir: Path | None) -> None:
    """Where the stored responses of this folder's project are, and how much they are.

    In a project's folder this is its `.datarecipe/cache`; DATARECIPE_CACHE and --cache-dir name another.
    """
    context.obj = cache_directory(Path.cwd(), cache_dir, os.environ)
    if context.invoked_subcommand is None:
        _show(context.obj)


@command.command("dir")
@click.pass_obj
def directory(directory: Path) -> None:
    """Print the cache's folder, and nothing else."""
    click.echo(directory)


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
        click.echo(f"{cache.clear():,} responses removed")


def _show(directory: Path) -> bool:
    """Print what is there; say whether there is anything."""
    click.echo(f"folder: {directory}")
    if not directory.is_dir():
        click.echo("nothing is stored there")
        return False
    with ResponseCache(directory) as cache:
        stats = cache.stats()
    click.echo(f"responses: {stats.count:,}, {stats.bytes_on_disk / 1e6:,.1f} MB")
    for name, model in stats.by_model.items():
        usage: Any = model.usage
        click.echo(
            f"  {name}: {model.responses:,} responses, "
            f"{usage.prompt_tokens:,} prompt and {usage.completion_tokens:,} completion tokens"
        )
    if stats.damaged:
        click.echo(f"damaged rows: {stats.damaged:,}")
    return stats.count > 0
