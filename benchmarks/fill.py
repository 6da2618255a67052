"""Fills a run's cache with the responses of a whole run: python -m benchmarks.fill STRATEGY EXAMPLES CACHE BASE_URL

It drives `Generation` and `ResponseCache` themselves, in logical order, so that a run of a million examples need not be
asked of a server first. What `benchmarks.product.Run` then runs finds every response in the cache. A process of its own, so
that the program which measures stays small.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from benchmarks.product import BATCH, MODEL, RECIPE, STRATEGIES
from benchmarks.server import reply_text
from datarecipe.exchange import Completion, Request, Response, Usage
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import LoadedRecipe, Override, find_recipe, load_recipe
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import resolve_run


def recipe_of(strategy: str, examples: int) -> LoadedRecipe:
    """The recipe that `Run` runs."""
    values = {**STRATEGIES[strategy], "target_size": examples}
    return load_recipe(find_recipe(RECIPE), [Override(key, value, "benchmark") for key, value in values.items()])


def fill(strategy: str, examples: int, folder: Path, base_url: str) -> None:
    """Store a response to every request of the run."""
    options = Options(model=MODEL, api_base=base_url, cache_dir=folder)
    setup = resolve_run(recipe_of(strategy, examples), options)
    generation = Generation(setup.recipe, setup.model)

    def answer(request: Request) -> Response:
        text = reply_text(hashlib.blake2b(request.key.encode()).digest(), BATCH)
        response = Completion(text, "stop", Usage(300, 150), "benchmark", "benchmark", "2000-01-01T00:00:00Z")
        return cache.put(request, response)

    with ResponseCache(setup.cache_dir) as cache:
        for _ in replay(generation, answer):
            pass


def main() -> None:
    """Fill it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("strategy", choices=STRATEGIES)
    parser.add_argument("examples", type=int)
    parser.add_argument("cache", type=Path)
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    fill(arguments.strategy, arguments.examples, arguments.cache, arguments.base_url)


if __name__ == "__main__":
    main()
