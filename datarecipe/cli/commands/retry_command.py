"""`datarecipe retry RECIPE|RUN ...`"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from datarecipe.cli.command_options import run_and_retry_options
from datarecipe.cli.commands.run_command import start
from datarecipe.errors import UsageError
from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.generate.reasons import OF_RESPONSES, REASONS
from datarecipe.llm.providers.named_endpoint import IN_KEYS
from datarecipe.run_folder.layout import MANIFEST
from datarecipe.run_folder.manifest import load_manifest
from datarecipe.running.resolve.resolved_run import cache_directory

_NAMES = {"empty": "no_items"}
"""Other words for a reason."""

_ALLOWED = sorted({*_NAMES, *(name for name, row in REASONS.items() if not row.any_model)})


def _reasons(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> frozenset[str]:
    names = [name.strip() for text in given for name in text.split(",")]
    for name in names:
        if name not in _ALLOWED:
            raise UsageError(f'--reason: "{name}" is no reason', hint=f"There are: {', '.join(_ALLOWED)}.")
    return frozenset(_NAMES.get(name, name) for name in names) or frozenset(OF_RESPONSES)


@click.command("retry")
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE|RUN...")
@click.option(
    "--reason",
    "retry",
    multiple=True,
    callback=_reasons,
    metavar="REASON,...",
    help="Retry responses rejected for these reasons. By default empty, refusal, truncated, content_filter and "
    "context_overflow.",
)
@run_and_retry_options
def command(recipes: tuple[str, ...], **values: Any) -> None:
    """Run RECIPE once more, and retry stored responses that had no valid item.

    Name a recipe with the options of its run, or a run's folder. Each retry uses a new draw, and its response replaces the
    old one. Responses with a valid item are never retried.
    """
    # `Path.is_file` would raise for a name that is too long.
    folders = [name for name in recipes if os.path.isfile(Path(name) / MANIFEST)]  # noqa: PTH113
    if not folders:
        start(recipes, overwrite=False, offline=False, **values)
    if len(recipes) > 1 or values["output"] is not None or values["runs_dir"] is not None:
        raise UsageError(
            "a run's folder takes no other recipe, --output or --runs-dir", hint=f"Write: datarecipe retry {folders[0]}"
        )
    folder = Path(folders[0]).absolute()
    with tempfile.TemporaryDirectory() as temporary:
        recipe = Path(temporary) / "recipe.json"
        recipe.write_text(json.dumps(_recipe_of(folder)), encoding="utf-8")
        # Where the run was by default, its project is two folders above.
        project = folder.parent.parent if folder.parent.name == "runs" else Path.cwd()
        values |= {"output": folder, "cache_dir": cache_directory(project, values["cache_dir"], os.environ)}
        start([str(recipe)], overwrite=False, offline=False, **values)


def _recipe_of(folder: Path) -> dict[str, Any]:
    """The recipe in a run's manifest. It names the model and its server as a recipe does: they may be a stranger's."""
    manifest = load_manifest(folder)
    recipe = dict(manifest.recipe)
    cap, limits = manifest.cost.caps.usd, recipe.get("limits")
    if cap is not None and isinstance(limits, dict) and isinstance(limits.get("usd"), int | float):
        # A vendored recipe's own may be above what its run was allowed.
        recipe["limits"] = limits | {"usd": min(limits["usd"], float(cap))}
    if not manifest.model.name.startswith(LOCAL_PREFIX):
        recipe |= {"model": manifest.model.name, "api_base": manifest.model.api_base}
        if str(manifest.model.api_base).startswith(IN_KEYS):
            del recipe["api_base"]  # the model's name says which endpoint
    return {name: value for name, value in recipe.items() if value is not None}
