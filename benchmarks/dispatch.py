"""How near a run comes to the time that its requests take: `python -m benchmarks.dispatch [--rounds N] [--quick] [--write]`

Whole processes against a server that is one too (`benchmarks.server`): `datarecipe run` in an empty folder, and beside it
what one writes without a framework (`benchmarks/bare_aiohttp.py`, `benchmarks/bare_litellm.py`). Each round runs all of
them in turn, so that a slow moment of the machine hits all alike. Medians, and the ratio to the bare script of the same
transport. `--write` puts the tables into docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.page import measured_with, write_table
from benchmarks.process import Cost, compile_package, cost_of, middle
from benchmarks.product import BATCH, Run, transports
from benchmarks.server import Settings, running

ABOUT = """
## Runs against a provider

`python -m benchmarks.dispatch --write` times whole processes, from nothing to the finished folder, against a server in
another process. The server delays the n-th request of every process by the same time. The *bare script* has thirty
lines: it sends the same number of independent requests with the same library and writes the examples to a file, without
validation, cache, retries or lineage. *Sent* is the number of requests that the server counted.
"""

MOST_BEYOND = 10
"""Requests that a run may send beyond those that its target needs."""

MOST_MB = 100.0
"""Peak memory that a run on direct may have."""

ROOT = Path(__file__).parent.parent
BARE = {"direct": "benchmarks.bare_aiohttp", "litellm": "benchmarks.bare_litellm"}


@dataclass(frozen=True, slots=True)
class Load:
    """What all of one table do."""

    requests: int
    in_flight: int
    latency: float
    sigma: float
    allowed: dict[tuple[str, str], float]
    """How many times the bare script's time a (transport, strategy) may take."""
    bounded_memory: bool = False

    @property
    def title(self) -> str:
        """It in words."""
        spread = f" (lognormal, sigma {self.sigma:g})" if self.sigma else ""
        return (
            f"{self.requests:,} requests of {BATCH} items, {self.latency:g} s each{spread}, {self.in_flight} in flight"
        )


SLOW = Load(
    requests=200,
    in_flight=32,
    latency=0.5,
    sigma=0.2,
    allowed={("direct", "fixed"): 1.15, ("direct", "random"): 1.2, ("direct", "tree"): 1.3, ("litellm", "fixed"): 1.15},
    bounded_memory=True,
)
FAST = Load(
    requests=2_000,
    in_flight=64,
    latency=0.05,
    sigma=0.0,
    allowed={("direct", "fixed"): 2.5, ("litellm", "fixed"): 1.15},
)


@dataclass(slots=True)
class Row:
    """One line of a table."""

    transport: str
    strategy: str
    """Empty for the bare script."""
    costs: list[Cost] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    datasets: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"{self.strategy}, {self.transport}" if self.strategy else f"bare script, {_LIBRARY[self.transport]}"


_LIBRARY = {"direct": "aiohttp", "litellm": "litellm"}


def measure(row: Row, load: Load) -> None:
    """Run it once."""
    settings = Settings(latency=load.latency, sigma=load.sigma, items=BATCH)
    with tempfile.TemporaryDirectory() as place, running(settings) as server:
        folder = Path(place)
        examples = BATCH * load.requests
        if row.strategy:
            run = Run(
                folder=folder,
                base_url=server.base_url,
                strategy=row.strategy,
                examples=examples,
                in_flight=load.in_flight,
                transport=row.transport,
            )
            row.costs.append(cost_of(run.command, folder))
            found = len(run.lines())
            row.datasets.add(run.digest())
        else:
            numbers = (str(load.requests), str(load.in_flight))
            output = folder / "data.jsonl"
            command = [sys.executable, "-m", BARE[row.transport], server.base_url, *numbers, str(output)]
            row.costs.append(cost_of(command, folder, variables={"PYTHONPATH": str(ROOT)}))
            found = len(output.read_text().splitlines())
        row.sent.append(server.stats().requests)
    if found != examples:
        raise SystemExit(f"{row.name}: {found} examples, not {examples}")


def measured(load: Load, rounds: int) -> list[Row]:
    """All rows of a load, in turns; the first round warms the disk and is not counted."""
    rows: list[Row] = []
    for transport in transports():
        rows.append(Row(transport, ""))
        rows += [Row(transport, strategy) for other, strategy in load.allowed if other == transport]
    for number in range(rounds + 1):
        for row in rows:
            measure(row, load)
            if not number:
                row.costs.clear()
                row.sent.clear()
    return rows


def table(load: Load, rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the table."""
    bare = {row.transport: middle(row.costs) for row in rows if not row.strategy}
    yield f"{load.title}:"
    yield ""
    yield "| | seconds | times the bare script | at most | sent | needed | peak MB | of the processor |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        cost = middle(row.costs)
        ratio = f"{cost.wall / bare[row.transport].wall:.2f}" if row.strategy else ""
        allowed = f"{load.allowed[row.transport, row.strategy]:g}" if row.strategy else ""
        yield (
            f"| {row.name} | {cost.wall:.2f} | {ratio} | {allowed} | {max(row.sent):,} | {load.requests:,} | "
            f"{cost.peak_mb:.0f} | {cost.processor:.2f} |"
        )


def missed(load: Load, rows: Sequence[Row]) -> Iterator[str]:
    """What does not keep its bound."""
    bare = {row.transport: middle(row.costs) for row in rows if not row.strategy}
    datasets: dict[str, set[str]] = {}
    for row in rows:
        if not row.strategy:
            continue
        cost, allowed = middle(row.costs), load.allowed[row.transport, row.strategy]
        ratio = cost.wall / bare[row.transport].wall
        if ratio > allowed:
            yield f"{row.name}, {load.requests:,} requests: {ratio:.2f} times the bare script, at most {allowed:g}"
        if max(row.sent) > load.requests + MOST_BEYOND:
            beyond = max(row.sent) - load.requests
            yield f"{row.name}, {load.requests:,} requests: {beyond} requests more than needed, at most {MOST_BEYOND}"
        if load.bounded_memory and row.transport == "direct" and cost.peak_mb > MOST_MB:
            yield f"{row.name}, {load.requests:,} requests: {cost.peak_mb:.0f} MB at its peak, at most {MOST_MB:.0f}"
        datasets.setdefault(row.strategy, set()).update(row.datasets)
    for strategy, found in datasets.items():
        if len(found) > 1:
            yield f"{strategy}, {load.requests:,} requests: {len(found)} different datasets from the same replies"


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests, one round: does it work?")
    parser.add_argument("--only", choices=["slow", "fast"], help="one of the two tables")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    loads = {"slow": SLOW, "fast": FAST}
    if arguments.only:
        loads = {arguments.only: loads[arguments.only]}
    compile_package()
    lines: list[str] = []
    misses: list[str] = []
    rounds = 1 if arguments.quick else arguments.rounds
    for load in loads.values():
        shown = load
        if arguments.quick:
            shown = Load(load.requests // 10, load.in_flight // 4, load.latency, load.sigma, load.allowed)
        rows = measured(shown, rounds)
        lines += [*table(shown, rows), ""]
        misses += missed(shown, rows)
    lines += [f"Missed: {miss}." for miss in misses] + [""] * bool(misses)
    lines.append(measured_with("aiohttp", "litellm"))
    lines.append(f"Medians of {rounds} rounds; *sent* is the most of them.")
    print(*lines, sep="\n")
    if arguments.write and not (arguments.quick or arguments.only):
        write_table("dispatch", lines, ABOUT)


if __name__ == "__main__":
    main()
