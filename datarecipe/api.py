"""The Python API: what the command line does, in five lines. See the README for an example."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datarecipe.errors import UsageError
from datarecipe.recipe import LoadedRecipe, Override, find_recipe, format_schema, override_recipe
from datarecipe.recipe import load_recipe as _load_recipe
from datarecipe.recipe.message_text import did_you_mean
from datarecipe.run_folder.dataset import Dataset
from datarecipe.running.drive.execute import execute
from datarecipe.running.drive.interrupt import Interrupts
from datarecipe.running.resolve.config_files import user_data_roots
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import resolve_run
from datarecipe.running.run_result import SHORT_EXIT
from datarecipe.running.show.observers import Observer, Several
from datarecipe.running.show.python_display import shown

_logger = logging.getLogger("datarecipe")

Recipe = LoadedRecipe
"""What the package calls `Recipe` to its users: each of theirs was loaded from somewhere."""

MERGED = ("limits", "sampling", "strategy", "vars")


def load_recipe(
    recipe: str | Path, *, data_roots: str | Path | Sequence[str | Path] = (), **overrides: Any
) -> LoadedRecipe:
    """Load and check a recipe.

    `recipe` is a path, or the name of a recipe in `recipes/` or of a shipped one. `overrides` replace keys of the recipe, as
    `--set` does: `load_recipe("boolq", target_size=50, strategy="tree", limits={"concurrency": 4})`; a mapping for
    `limits`, `sampling`, `strategy` or `vars` replaces only the keys that it names. `data_roots` are folders outside the
    recipe's project that it may read, beside those of the user's configuration. What is legal and surely not meant is in
    the recipe's `warnings`.

    Raises:
        RecipeError: something in the recipe or a file that it names is wrong; `problems` lists all of it.
        UsageError: a data root is no folder, or the user's configuration is wrong.
    """
    return _load_recipe(find_recipe(str(recipe)), tuple(_overrides(overrides)), data_roots=_opened(data_roots))


def run(
    recipe: LoadedRecipe | str | Path, *, observer: Observer | None = None, progress: bool | None = None, **options: Any
) -> Dataset:
    """Run a recipe to its target and return the dataset.

    `recipe` is what `load_recipe` gives, or what it takes. `options` are the fields of `Options` (`model`, `api_base`,
    `output`, `runs_dir`, `overwrite`, `cache_dir`, `offline`, `trust`, `transport`), and keys of the recipe, which they
    replace as in `load_recipe`: `run("boolq", target_size=50)`.
    Every response is stored before it is used, so calling this again costs nothing.

    `progress` shows where the run stands: a bar on a terminal and in a notebook, lines elsewhere, on standard error. None
    shows it where standard error is a terminal, and in a notebook, unless there is an `observer`.

    A run that ends early returns what there is (`dataset.complete` is False); what no retry could help is raised, and so
    is the failure of a run that brought nothing, or less than the folder holds already.

    The first Ctrl-C ends the run in order: nothing more is sent, what is in flight is stored, up to half a minute later the
    folder is closed, and then comes the `KeyboardInterrupt`. A second one waits for nothing. It is so in the main thread,
    and where Ctrl-C has Python's own meaning; a program that handles it has its way.

    Raises:
        RecipeError, UsageError: the recipe or an option is wrong.
        ProviderError: wrong key, unknown model, no credit.
        TransientError: the provider could not be reached, before anything was committed.
        OfflineMissError, CacheError, RunLockedError, StorageError, MachineError: see each.
        KeyboardInterrupt: Ctrl-C, once all is stored and closed.
    """
    if _in_event_loop():
        raise UsageError(
            "run() cannot be called where an event loop is running (a notebook, an async function)",
            hint="Use `await datarecipe.arun(...)` there.",
        )
    with shown(observer, progress) as seen:
        # Nobody else would say why nothing seems to come of a Ctrl-C.
        interrupts = Interrupts(_own_signals(), _logger.warning if seen is None else Several(seen).notice)
        try:
            return asyncio.run(_run(recipe, seen, options, interrupts))
        finally:
            if interrupts.pressed:
                raise KeyboardInterrupt


async def arun(
    recipe: LoadedRecipe | str | Path, *, observer: Observer | None = None, progress: bool | None = None, **options: Any
) -> Dataset:
    """`run`, inside a running event loop; the loop's owner decides what Ctrl-C does.

    Where its task is cancelled the run ends at once: what is in flight is not waited for, what was answered is stored.
    """
    with shown(observer, progress) as seen:
        return await _run(recipe, seen, options, None)


async def _run(
    recipe: LoadedRecipe | str | Path,
    observer: Observer | None,
    options: Mapping[str, Any],
    interrupts: Interrupts | None,
) -> Dataset:
    chosen, overrides = make_options(options)
    loaded = _loaded(recipe, overrides)
    result = await execute(resolve_run(loaded, chosen), observer or Several(), interrupts=interrupts)
    if result.error is not None and (not result.written or result.error.exit_code != SHORT_EXIT):
        raise result.error
    return Dataset(result.output)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _own_signals() -> tuple[signal.Signals, ...]:
    """Ctrl-C, unless somebody handles it, or nobody could: signals come to the main thread alone."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    free = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return (signal.SIGINT,) if in_main_thread and free else ()


def _loaded(recipe: LoadedRecipe | str | Path, overrides: Mapping[str, Any]) -> LoadedRecipe:
    if not isinstance(recipe, LoadedRecipe):
        return load_recipe(recipe, **overrides)
    if not overrides:
        return recipe
    values = dict(overrides)
    opened = _opened(values.pop("data_roots", ()))
    return override_recipe(recipe, tuple(_overrides(values)), data_roots=opened)


def _opened(data_roots: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    own = (data_roots,) if isinstance(data_roots, str | Path) else data_roots
    for root in own:
        if not Path(root).is_dir():
            raise UsageError(f"data_roots: there is no folder {root}", hint="Name folders that are there.")
    return (*map(Path, own), *user_data_roots())


def make_options(values: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Options from keyword arguments, where paths may be given as text, and the others, which are the recipe's."""
    known = {name for name in Options.__dataclass_fields__ if name != "environ"}
    keys = {*format_schema()["properties"], "data_roots"} - known
    for name in values:
        if name not in known | keys and not name.startswith("x-"):
            near = did_you_mean(name, (*known, *keys))
            hint = near or f"The options are {', '.join(sorted(known))}; and keys of the recipe."
            raise UsageError(f"`{name}` is neither an option of run() nor a key of the recipe", hint=hint)
    chosen = {name: value for name, value in values.items() if name in known}
    paths = {name: Path(chosen[name]) for name in ("output", "runs_dir", "cache_dir") if chosen.get(name) is not None}
    others = {name: value for name, value in values.items() if name not in known}
    return Options(**{**chosen, **paths}), others


def _overrides(values: Mapping[str, Any]) -> Iterator[Override]:
    for name, value in values.items():
        if name in MERGED and isinstance(value, Mapping):
            for key, inner in value.items():
                yield Override((name, str(key)), inner, f"{name}=", is_variable=name == "vars")
        else:
            yield Override(name, list(value) if isinstance(value, tuple) else value, f"{name}=")
