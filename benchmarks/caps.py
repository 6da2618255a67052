"""Whether caps in dollars hold: `python -m benchmarks.caps [--quick] [--write]`

Whole processes with 64 requests in flight and a target that no cap reaches, against a server that counts the tokens of every
reply that it writes. Its count times the recipe's prices is what a provider would charge. Each run is then given once more,
since a cap holds for a dataset over all its reruns. The second table has faults in it: attempts whose tokens nobody told the
run count as what was reserved for them, so less of the cap is used.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks.page import measured_with, write_table
from benchmarks.process import compile_package, cost_of
from benchmarks.product import BATCH, Run, transports
from benchmarks.server import Settings, Stats, running

ABOUT = """
## Caps

`python -m benchmarks.caps --write` runs whole processes with 64 requests in flight. The server counts the tokens of
every reply that it writes, including replies that were cut off in transit. Its count, multiplied by the recipe's
prices, is what a provider would charge. *After a rerun* is the total after the same command ran again. With faults, an
attempt without reported usage counts as the amount that was reserved for it.
"""

CAPS = ("0.005", "0.01", "0.02", "0.03", "0.05", "0.08", "0.12", "0.18", "0.25", "0.35")
INPUT, OUTPUT = Decimal("0.15"), Decimal("0.60")
"""Dollars for a million tokens."""

IN_FLIGHT = 64
LEAST_USED = 0.8
SHORT = 3
"""The exit code of a run that a cap ended."""

CALM = Settings(latency=0.1, sigma=0.3, items=BATCH)
FAULTS = Settings(latency=0.1, sigma=0.3, items=BATCH, rate_limited=0.03, failing=0.02, malformed=0.05, cut=0.03)


@dataclass(frozen=True, slots=True)
class Held:
    """One cap and what became of it."""

    cap: Decimal
    charged: Decimal
    """By the server's count."""
    counted: Decimal | None
    """By the run's own, from its manifest."""
    after_rerun: Decimal
    requests: int
    examples: int
    exit_code: int
    seconds: float

    @property
    def used(self) -> float:
        """Share of the cap."""
        return float(self.charged / self.cap)


def charge(stats: Stats) -> Decimal:
    """What a provider would take for it."""
    return (stats.prompt_tokens * INPUT + stats.completion_tokens * OUTPUT) / 1_000_000


def hold(cap: str, settings: Settings, transport: str) -> Held:
    """Run into one cap, twice."""
    with tempfile.TemporaryDirectory() as place, running(settings) as server:
        folder = Path(place)
        run = Run(
            folder=folder,
            base_url=server.base_url,
            strategy="fixed",
            examples=1_000_000,
            in_flight=IN_FLIGHT,
            transport=transport,
            settings={
                "limits.usd": cap,
                "prices.input_per_million": str(INPUT),
                "prices.output_per_million": str(OUTPUT),
            },
        )
        cost = cost_of(run.command, folder, expected=())
        if cost.exit_code != SHORT:
            print(cost.said, file=sys.stderr)
        first = server.stats()
        examples, counted = len(run.lines()), _counted(run.output / "manifest.json")
        cost_of(run.command, folder, expected=())
        return Held(
            cap=Decimal(cap),
            charged=charge(first),
            counted=counted,
            after_rerun=charge(server.stats()),
            requests=first.requests,
            examples=examples,
            exit_code=cost.exit_code,
            seconds=cost.wall,
        )


def _counted(manifest: Path) -> Decimal | None:
    """The dollars of all runs, as a manifest names them."""
    if not manifest.is_file():
        return None  # a run that got nothing writes none
    return Decimal(json.loads(manifest.read_text())["cost"]["all_runs"]["usd"])


def table(title: str, held: Sequence[Held], *, demanded: bool) -> Iterator[str]:
    """The lines of one table."""
    least = f" (at least {LEAST_USED:.0%})" if demanded else ""
    yield f"{title}:"
    yield ""
    yield f"| cap | charged | of the cap{least} | after a rerun | counted by the run | requests | examples | exit code |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in held:
        counted = "" if row.counted is None else f"{row.counted:.5f}"
        yield (
            f"| {row.cap} | {row.charged:.5f} | {row.used:.1%} | {row.after_rerun:.5f} | {counted} | "
            f"{row.requests:,} | {row.examples:,} | {row.exit_code} |"
        )


def missed(title: str, held: Sequence[Held], *, demanded: bool) -> Iterator[str]:
    """Which caps did not hold, or held too early."""
    for row in held:
        if max(row.charged, row.after_rerun) > row.cap:
            yield f"{title}, cap {row.cap}: {max(row.charged, row.after_rerun):.5f} charged"
        if demanded and row.used < LEAST_USED:
            yield f"{title}, cap {row.cap}: {row.used:.1%} used, at least {LEAST_USED:.0%}"
        if row.exit_code != SHORT:
            yield f"{title}, cap {row.cap}: exit code {row.exit_code}, not {SHORT}"


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=transports(), default=transports()[0])
    parser.add_argument("--quick", action="store_true", help="three small caps: does it work?")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    compile_package()
    caps = CAPS[:3] if arguments.quick else CAPS
    lines: list[str] = []
    misses: list[str] = []
    with_faults = "With 3 % 429, 2 % 500, 5 % malformed, 3 % of connections cut midway"
    for title, settings, demanded in (("Without faults", CALM, True), (with_faults, FAULTS, False)):
        held = []
        for cap in caps:
            held.append(hold(cap, settings, arguments.transport))
            print(f"{title}, {cap}: {held[-1].charged:.5f} in {held[-1].seconds:.1f} s", file=sys.stderr)
        lines += [*table(title, held, demanded=demanded), ""]
        misses += missed(title, held, demanded=demanded)
    lines += [f"Missed: {miss}." for miss in misses] + [""] * bool(misses)
    lines.append(measured_with("aiohttp"))
    lines.append(f"Transport {arguments.transport}; {INPUT} and {OUTPUT} dollars for a million tokens in and out.")
    print(*lines, sep="\n")
    if arguments.write and not arguments.quick:
        write_table("caps", lines, ABOUT)


if __name__ == "__main__":
    main()
