"""How long a rerun from the cache takes: `python -m benchmarks.rerun [--rounds N] [--quick] [--write]`

Whole processes, start-up included: the same command once more, with every response in the cache and the dataset in its
folder. The files are made anew, byte by byte the same. The server that is named does not exist: who asks it fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.page import measured_with, write_table
from benchmarks.process import Cost, compile_package, cost_of, middle
from benchmarks.product import Run

ABOUT = """
## Reruns

`python -m benchmarks.rerun --write` times the same command a second time, as a whole process. The dataset exists, and
all responses are in the cache. The run reads, parses, checks and commits every response again, and rewrites the files.
It sends nothing.
"""

NOBODY = "http://127.0.0.1:9/v1"
"""An address where nothing listens (port 9 is `discard`)."""

MOST_SECONDS = {1_000: 0.7}
LEAST_A_SECOND = {100_000: 5_000}
"""Examples a second, start-up included."""

STRATEGIES = ("tree", "fixed")
ROOT = Path(__file__).parent.parent


def measured(strategy: str, examples: int, rounds: int) -> list[Cost]:
    """The costs of reruns, after a first run that is not counted."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run = Run(folder=folder, base_url=NOBODY, strategy=strategy, examples=examples, in_flight=16)
        filling = [sys.executable, "-m", "benchmarks.fill", strategy, str(examples), str(run.cache), NOBODY]
        cost_of(filling, folder, variables={"PYTHONPATH": str(ROOT)})
        cost_of(run.command, folder)
        first = run.digest()
        costs = [cost_of(run.command, folder) for _ in range(rounds)]
        if run.digest() != first or len(run.lines()) != examples:
            raise SystemExit(f"{strategy}: a rerun gave another dataset")
    return costs


def table(costs: Mapping[tuple[int, str], Sequence[Cost]]) -> Iterator[str]:
    """The lines of the table."""
    yield "| examples | strategy | seconds | at most | examples a second | at least | peak MB | of the processor |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|"
    for (examples, strategy), found in costs.items():
        cost = middle(found)
        most = f"{MOST_SECONDS[examples]:g}" if examples in MOST_SECONDS else ""
        least = f"{LEAST_A_SECOND[examples]:,}" if examples in LEAST_A_SECOND else ""
        yield (
            f"| {examples:,} | {strategy} | {cost.wall:.2f} | {most} | {examples / cost.wall:,.0f} | {least} | "
            f"{cost.peak_mb:.0f} | {cost.processor:.2f} |"
        )


def missed(costs: Mapping[tuple[int, str], Sequence[Cost]]) -> Iterator[str]:
    """What does not keep its bound."""
    for (examples, strategy), found in costs.items():
        wall = middle(found).wall
        if wall > MOST_SECONDS.get(examples, wall):
            yield f"{examples:,} examples, {strategy}: {wall:.2f} s, at most {MOST_SECONDS[examples]:g}"
        if examples / wall < LEAST_A_SECOND.get(examples, 0):
            yield f"{examples:,} examples, {strategy}: {examples / wall:,.0f} a second, at least 5,000"


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="of 1,000 examples; of 100,000 it is 3")
    parser.add_argument("--quick", action="store_true", help="1,000 and 5,000 examples, one round: does it work?")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    compile_package()
    rounds = {1_000: 1, 5_000: 1} if arguments.quick else {1_000: arguments.rounds, 100_000: min(arguments.rounds, 3)}
    costs = {
        (examples, strategy): measured(strategy, examples, times)
        for examples, times in rounds.items()
        for strategy in STRATEGIES
    }
    lines = list(table(costs))
    misses = list(missed(costs))
    lines += ["", *(f"Missed: {miss}." for miss in misses)] + [""] * bool(misses)
    lines.append(measured_with("diskcache", "jsonschema"))
    lines.append(
        "Medians; " + ", ".join(f"of {times} runs for {examples:,}" for examples, times in rounds.items()) + "."
    )
    print(*lines, sep="\n")
    if arguments.write and not arguments.quick:
        write_table("rerun", lines, ABOUT)


if __name__ == "__main__":
    main()
