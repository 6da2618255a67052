"""What faults of a provider do to a run: `python -m benchmarks.faults [--transport T] [--quick] [--write]`

Whole processes, each with a server of its own that plays one kind of trouble. Faults go by the number of the request, so a
retry meets other luck. Beside each stands the time of the same run without faults.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.page import measured_with, write_table
from benchmarks.process import Cost, compile_package, cost_of
from benchmarks.product import BATCH, Run, transports
from benchmarks.server import Settings, Stats, running

ABOUT = """
## Faults

`python -m benchmarks.faults --write` runs whole processes, each against a server with one kind of fault. The number of
the request decides whether it fails, so a retry may succeed. *Longer* is the extra time compared with the same run
without faults. *Sent* is the number of requests that the server counted. Every item of the replies that were used must
be accepted, or listed in `rejected.jsonl` with its reason.
"""

REQUESTS = 200
IN_FLIGHT = 32
TIMEOUT = 5
"""Seconds after which a run gives an attempt up, where the server hangs; the default is much longer."""


MOST_IN_OUTAGE = 2 * IN_FLIGHT
"""Requests while everything is refused: those in flight when it began, and as many to see whether it is over."""

CALM = Settings(latency=0.2, sigma=0.2, items=BATCH)
"""The server without faults."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of it."""

    name: str
    settings: Settings
    limits: Mapping[str, str | int] = field(default_factory=dict)
    most_in_outage: int | None = None
    """Requests that a run may send in them."""


def troubles(minute: float) -> list[Trouble]:
    """All of them; `minute` is how long the provider refuses everything."""
    return [
        Trouble(
            "5 % 429 (every second one with Retry-After), 2 % 500, 10 % malformed, 5 % truncated",
            replace(CALM, rate_limited=0.025, rate_limited_told=0.025, failing=0.02, malformed=0.1, truncated=0.05),
        ),
        Trouble(
            f"429 for everything for {minute:g} s, then none",
            replace(CALM, outage=minute),
            most_in_outage=MOST_IN_OUTAGE,
        ),
        Trouble(
            f"the same with Retry-After: {minute / 6:g}",
            replace(CALM, outage=minute, outage_told=minute / 6),
            most_in_outage=MOST_IN_OUTAGE,
        ),
        Trouble(
            f"5 % of requests hang (timeout {TIMEOUT} s)", replace(CALM, hanging=0.05), {"limits.timeout": TIMEOUT}
        ),
        Trouble(
            f"everything hangs for {minute / 3:g} s (timeout {TIMEOUT} s)",
            replace(CALM, hangs_at=REQUESTS // 4, hangs_for=minute / 3),
            {"limits.timeout": TIMEOUT},
        ),
        Trouble("10 % of connections closed midway in the reply", replace(CALM, cut=0.1)),
        Trouble("10 % answered 200 with an HTML page", replace(CALM, html=0.1)),
        Trouble(
            f"dies at request {REQUESTS // 4}, is back after {minute / 3:g} s",
            replace(CALM, dies_at=REQUESTS // 4, dies_for=minute / 3),
        ),
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run."""

    transport: str
    trouble: Trouble
    cost: Cost
    calm: float
    """Seconds without faults."""
    stats: Stats
    target: int
    accepted: int
    rejected: int
    unexplained: int
    """Items of the replies that were used which stand nowhere, or are rejected without a reason."""

    @property
    def in_outage(self) -> str:
        """Requests while the provider refused everything."""
        return f"{self.stats.outage_requests:,}" if self.trouble.most_in_outage is not None else ""


def outcome_of(trouble: Trouble, transport: str, calm: float) -> Outcome:
    """Run it once."""
    with tempfile.TemporaryDirectory() as place, running(trouble.settings) as server:
        folder = Path(place)
        run = Run(
            folder=folder,
            base_url=server.base_url,
            strategy="fixed",
            examples=REQUESTS * BATCH,
            in_flight=IN_FLIGHT,
            transport=transport,
            settings=trouble.limits,
        )
        cost = cost_of(run.command, folder, expected=())
        rejected = run.rejected()
        return Outcome(
            transport,
            trouble,
            cost,
            calm,
            server.stats(),
            run.examples,
            len(run.lines()),
            len(rejected),
            unexplained(run),
        )


def unexplained(run: Run) -> int:
    """Items that stand nowhere, as far as gaps between the others show them, and rejected ones without a reason."""
    rejected = run.rejected()
    places: dict[int, set[int]] = {}
    for row in [*map(json.loads, run.lines("lineage.jsonl")), *rejected]:
        places.setdefault(row["request"], set()).add(row["index"])
    gaps = sum(max(found) + 1 - len(found) for found in places.values())
    skipped = max(places, default=-1) + 1 - len(places)
    return gaps + skipped + sum(not row.get("reason") for row in rejected)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The lines of the table."""
    yield "| trouble | transport | exit code | examples | rejected | seconds | longer | sent | in the outage | at most |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for found in outcomes:
        trouble, cost = found.trouble, found.cost
        most = "" if trouble.most_in_outage is None else f"{trouble.most_in_outage:,}"
        yield (
            f"| {trouble.name} | {found.transport} | {cost.exit_code} | {found.accepted:,} of {found.target:,} | "
            f"{found.rejected:,} | {cost.wall:.1f} | {cost.wall - found.calm:+.1f} | "
            f"{found.stats.requests:,} | {found.in_outage} | {most} |"
        )


def missed(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What did not go as it must."""
    for found in outcomes:
        name = f"{found.trouble.name}, {found.transport}"
        if found.cost.exit_code or found.accepted != found.target:
            yield f"{name}: exit code {found.cost.exit_code} with {found.accepted:,} of {found.target:,} examples"
        if found.unexplained:
            yield f"{name}: {found.unexplained} items that nothing explains"
        most = found.trouble.most_in_outage
        if most is not None and found.stats.outage_requests > most:
            yield f"{name}: {found.stats.outage_requests:,} requests in the outage, at most {most}"


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=transports(), help="this one alone")
    parser.add_argument("--only", type=int, metavar="N", help="the trouble of this number alone, from 1 on")
    parser.add_argument("--quick", action="store_true", help="outages of 6 seconds, one transport: does it work?")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    compile_package()
    minute = 6.0 if arguments.quick else 60.0
    chosen = transports()[:1] if arguments.quick else transports()
    outcomes: list[Outcome] = []
    calm: dict[str, float] = {}
    for transport in [arguments.transport] if arguments.transport else chosen:
        planned = troubles(minute)[arguments.only - 1 : arguments.only] if arguments.only else troubles(minute)
        calm[transport] = outcome_of(Trouble("none", CALM), transport, 0.0).cost.wall
        for trouble in planned:
            outcomes.append(outcome_of(trouble, transport, calm[transport]))
            cost = outcomes[-1].cost
            print(f"{trouble.name}, {transport}: {cost.wall:.1f} s", file=sys.stderr)
            if cost.exit_code:
                print(cost.said, file=sys.stderr)
    misses = list(missed(outcomes))
    lines = [*table(outcomes), "", *(f"Missed: {miss}." for miss in misses)] + [""] * bool(misses)
    lines.append(measured_with("aiohttp", "litellm"))
    load = f"fixed, {REQUESTS} requests of {BATCH} items, {CALM.latency:g} s (lognormal, sigma {CALM.sigma:g})"
    without = ", ".join(f"{seconds:.1f} s on {transport}" for transport, seconds in calm.items())
    lines.append(f"One run each: {load}, {IN_FLIGHT} in flight. Without faults: {without}.")
    print(*lines, sep="\n")
    if arguments.write and not (arguments.quick or arguments.only or arguments.transport):
        write_table("faults", lines, ABOUT)


if __name__ == "__main__":
    main()
