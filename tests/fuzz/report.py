"""What came of a campaign, as text and as JSON."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Any

from tests.fuzz.campaign import Settings, run_alone
from tests.fuzz.trial import Outcome

WORST = 10
QUANTILES = (50.0, 99.0, 99.9, 100.0)


@dataclass
class Tally:
    """Counts while outcomes come in; a million of them take a few bytes each."""

    kinds: Counter[str] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    grown: array[int] = field(default_factory=lambda: array("q"))
    defects: dict[str, list[Outcome]] = field(default_factory=dict)
    """By kind and place, since one defect shows in many inputs."""
    _slowest: list[tuple[float, int]] = field(default_factory=list)
    _largest: list[tuple[int, int]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        self.kinds[outcome.kind] += 1
        self.seconds.append(outcome.seconds)
        self.grown.append(outcome.grown)
        _keep(self._slowest, (outcome.seconds, outcome.number))
        _keep(self._largest, (outcome.grown, outcome.number))
        if outcome.is_defect:
            last = outcome.detail.rpartition("\n")[2].strip()
            first = outcome.detail.partition(":")[0] if "\n" in outcome.detail else ""
            self.defects.setdefault(f"{outcome.kind[1:]} {first} at {last}", []).append(outcome)

    @property
    def slowest(self) -> Sequence[tuple[float, int]]:
        """Seconds and number, the slowest first."""
        return sorted(self._slowest, reverse=True)

    @property
    def largest(self) -> Sequence[tuple[int, int]]:
        """Bytes and number, the largest first."""
        return sorted(self._largest, reverse=True)


def tally_of(outcomes: Iterable[Outcome]) -> Tally:
    """Count them all."""
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)
    return tally


def summary(tally: Tally, settings: Settings, wall: float) -> dict[str, Any]:
    """Everything of a report, as plain values. Runs the worst inputs again, each alone."""
    count = len(tally.seconds)
    slowest = [
        {"number": number, "seconds": seconds, "alone": run_alone(number, settings).seconds}
        for seconds, number in tally.slowest
    ]
    largest = [
        {
            "number": number,
            "bytes": grown,
            "alone": run_alone(number, settings).grown,
            "traced": _traced(number, settings),
        }
        for grown, number in tally.largest
    ]
    return {
        "seed": settings.seed,
        "inputs": count,
        "wall_seconds": wall,
        "jobs": settings.jobs,
        "inputs_per_second": count / wall,
        "inside_seconds": sum(tally.seconds),
        "outcomes": dict(tally.kinds.most_common()),
        "seconds": _quantiles(tally.seconds),
        "bytes": _quantiles(tally.grown),
        "slowest": slowest,
        "largest": largest,
        "defects": [
            {"what": what, "inputs": len(found), "numbers": [o.number for o in found[:5]], "detail": found[0].detail}
            for what, found in tally.defects.items()
        ],
    }


def text_of(report: dict[str, Any]) -> Iterator[str]:
    """The lines of a report."""
    count = report["inputs"]
    speed = f"{report['inputs_per_second']:,.0f} a second, {report['jobs']} at once"
    yield f"{count:,} inputs of seed {report['seed']} in {report['wall_seconds']:,.1f} s: {speed}"
    yield f"of it within the subject: {report['inside_seconds'] / count * 1000:.2f} ms an input"
    yield ""
    yield from (f"  {share / count:7.2%}  {kind} ({share:,})" for kind, share in report["outcomes"].items())
    yield ""
    yield "quantile      " + "".join(f"{f'p{q:g}' if q < 100 else 'most':>12}" for q in QUANTILES)
    yield "milliseconds  " + "".join(f"{report['seconds'][f'{q:g}'] * 1000:12,.1f}" for q in QUANTILES)
    yield "megabytes     " + "".join(f"{report['bytes'][f'{q:g}'] / 1e6:12,.2f}" for q in QUANTILES)
    yield ""
    yield "slowest (number: seconds, alone): " + ", ".join(
        f"{w['number']}: {w['seconds']:.2f}, {w['alone']:.2f}" for w in report["slowest"]
    )
    yield "largest (number: MB, alone, of Python objects): " + ", ".join(
        f"{w['number']}: {w['bytes'] / 1e6:.0f}, {w['alone'] / 1e6:.0f}, {w['traced'] / 1e6:.0f}"
        for w in report["largest"]
    )
    yield ""
    if not report["defects"]:
        yield "Nothing but errors of our own, and within the limits."
    for defect in report["defects"]:
        numbers = ", ".join(map(str, defect["numbers"]))
        yield f"DEFECT {defect['what']}\n  {defect['inputs']:,} inputs: {numbers}\n  {defect['detail']}"


def _traced(number: int, settings: Settings) -> int:
    return run_alone(number, settings, traced=True).grown


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {f"{q:g}": ordered[min(len(ordered) - 1, int(len(ordered) * q / 100))] for q in QUANTILES}


def _keep(heap: list[Any], item: tuple[float, int]) -> None:
    if len(heap) < WORST:
        heappush(heap, item)
    else:
        heappushpop(heap, item)
