"""Whether a run can begin, found out before anything is written: one that can ask for nothing leaves no folder or cache."""

from __future__ import annotations

import os

from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.exchange import Request
from datarecipe.llm.cache.cache_file import DATABASE
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.running.drive.dispatch import offline_miss
from datarecipe.running.drive.provider_pool import ProviderPool
from datarecipe.running.resolve.resolved_run import ResolvedRun


async def what_forbids(pool: ProviderPool, setup: ResolvedRun, request: Request) -> DatarecipeError | None:
    """What is certain to end a run at `request`, its first; None where it can begin.

    Sends nothing, writes nothing. Raises `UsageError` for a transport that does not speak to the model, `CacheError`.
    """
    asked = [(await pool.candidates(setup))[0], *[await pool.of_filter(setup, name) for name in setup.of_filters]]
    asked += [await pool.embedder(setup, name) for name in setup.embedders]
    if _is_stored(setup, request):
        return None
    if setup.options.retry:
        return UsageError(
            f"nothing of this run is stored in {setup.cache_dir}, so there is nothing to ask again",
            hint="Name the cache of the run with --cache-dir, and the recipe with the same options. "
            "`datarecipe run` asks for all of it.",
        )
    if setup.options.offline:
        return offline_miss("first")
    try:
        for candidate in asked:
            candidate.transport.check()
    except DatarecipeError as error:
        return error
    return None


def _is_stored(setup: ResolvedRun, request: Request) -> bool:
    if not os.path.lexists(setup.cache_dir / DATABASE):  # opening it would make it
        return False
    with ResponseCache(setup.cache_dir) as cache:
        return cache.get(request) is not None
