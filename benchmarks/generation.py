"""How many examples a second the loop accepts, by itself: `python -m benchmarks.generation [--examples N ...] [--write]`

The boolq recipe with *tree*: for each example the loop parses, checks the schema with jsonschema, settles the labels, drops
duplicates, hashes, keeps lineage and renders the request for which the example is the formatting example. Responses of five
items with questions of ten words are made beforehand, and come one at a time in logical order, as in a replay. `--write`
puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence

from benchmarks.page import measured_with, write_table
from datarecipe.exchange import Complete, Completion, Usage
from datarecipe.generate.events import Accepted
from datarecipe.generate.generation import Generation
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.recipe import Override, find_recipe, load_recipe

WORDS = [a + b for a in ("mor", "tal", "ven", "sil", "dra", "kel", "pon", "gri", "hav", "bel") for b in
         ("do", "rin", "mas", "let", "ver", "kan", "sol", "tir", "pel", "nor")]  # fmt: skip


def make_responses(examples: int) -> list[Completion]:
    """Responses with `examples` different items in all, a tenth of a per cent more for safety."""
    chance = random.Random(0)
    responses = []
    for _ in range(examples // 5 + examples // 5000 + 1):
        items = [
            {
                "options": ["yes", "no"],
                "answer": chance.choice(["yes", "no"]),
                "question": " ".join(chance.choices(WORDS, k=10)).capitalize() + "?",
            }
            for _ in range(5)
        ]
        text = json.dumps({"examples": items})
        responses.append(Completion(text, "stop", Usage(100, 100), "m", "benchmark", "2000-01-01T00:00:00Z"))
    return responses


def replay(examples: int, responses: Sequence[Completion]) -> tuple[float, float]:
    """Seconds in all, and seconds that the last tenth took."""
    recipe = load_recipe(
        find_recipe("boolq"),
        [Override("target_size", examples, "benchmark"), Override("strategy", "tree", "benchmark")],
    )
    generation = Generation(recipe, settle_model(recipe, "openai/benchmark", None))
    source = iter(responses)
    accepted, last_tenth, marked = 0, examples - examples // 10, 0.0
    keys = 0
    started = time.perf_counter()
    while generation.outcome is None:
        wanted = next(generation.wanted(128))
        assert isinstance(wanted.request, Complete)
        keys += len(wanted.request.key)  # a driver needs the cache key of every request
        for event in generation.receive(wanted.handle, next(source)):
            accepted += isinstance(event, Accepted)
        if not marked and accepted >= last_tenth:
            marked = time.perf_counter()
    ended = time.perf_counter()
    assert accepted == examples
    return ended - started, ended - marked


def main() -> None:
    """Print a table: median of several replays for each number of examples; with `--write` keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    lines = ["| examples | examples a second | of the last tenth |", "|---:|---:|---:|"]
    for examples in arguments.examples:
        responses = make_responses(examples)
        times = sorted(replay(examples, responses) for _ in range(arguments.repeat))
        total, last = times[len(times) // 2]
        lines.append(f"| {examples:,} | {examples / total:,.0f} | {examples / 10 / last:,.0f} |")
    lines += ["", measured_with("jsonschema"), f"Medians of {arguments.repeat} replays, on one core."]
    print(*lines, sep="\n")
    if arguments.write:
        write_table("generation", lines)


if __name__ == "__main__":
    main()
