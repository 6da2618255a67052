"""A million examples replayed from the cache: `python -m benchmarks.replay [--examples N] [--quick] [--write]`

First a cache is filled with the responses of the whole run (`benchmarks.fill`; some minutes and 0.6 GB of disk for a million
examples). Then `datarecipe run` replays it, and this program looks on from outside: at the lines of `data.jsonl.partial`,
and for each 10,000 of them at the clock, at the processor seconds and at the memory of the process. The last 10,000 may cost
at most 1.3 times what the first cost; the first are counted from the first line on, without the start of the program.
`--write` puts the table and its picture into the documentation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import DOCS, measured_with, write_table
from benchmarks.plot import Panel, chart
from benchmarks.process import compile_package, cost_of, environment
from benchmarks.product import Run

ABOUT = """
## A million examples

`python -m benchmarks.replay --write` replays a run of a million examples from its cache in one process. Another process
records time, processor time and memory for every 10,000 lines of the dataset. *Resident* is all memory of the process.
It includes pages of the cache file, which the system can reclaim at any time; *own* excludes them.

![Two charts over a million examples: seconds for each 10,000 examples, and memory](images/replay.svg)
"""

NOBODY = "http://127.0.0.1:9/v1"
"""An address where nothing listens: whatever is not in the cache fails."""

STEP = 10_000
MOST_TIMES = 1.3
STRATEGIES = ("tree", "fixed")
ROOT = Path(__file__).parent.parent
PICTURE = DOCS / "images" / "replay.svg"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Moment:
    """The process when the dataset had so many lines."""

    examples: int
    wall: float
    """Seconds since its start."""
    processor: float
    resident_mb: float
    own_mb: float
    """Without pages of files."""


@dataclass(frozen=True, slots=True)
class Replay:
    """All moments of one run: at its first line, then every 10,000."""

    moments: list[Moment]
    seconds: float
    peak_mb: float

    @property
    def steps(self) -> list[tuple[int, float, float]]:
        """For each 10,000 examples: how many there are then, and the seconds by the clock and of the processor."""
        pairs = zip(self.moments, self.moments[1:], strict=False)
        return [(b.examples, b.wall - a.wall, b.processor - a.processor) for a, b in pairs]

    def times(self, which: int) -> float:
        """How many times what the first 10,000 cost the last cost: 1 by the clock, 2 of the processor."""
        return self.steps[-1][which] / max(self.steps[0][which], 1e-9)


class Onlooker:
    """Counts the lines of a growing file and looks at the process that writes it."""

    def __init__(self, pid: int, path: Path, step: int) -> None:
        self.moments: list[Moment] = []
        self._proc = Path(f"/proc/{pid}")
        self._path = path
        self._step = step
        self._stream = -1
        self._lines = 0
        self._started = time.perf_counter()

    def look(self) -> None:
        """Note a moment for each step that the file has passed."""
        if self._stream < 0:
            try:
                self._stream = os.open(self._path, os.O_RDONLY)
            except FileNotFoundError:
                return
        before = self._lines
        while chunk := os.read(self._stream, 1 << 20):
            self._lines += chunk.count(b"\n")
        if self._lines and (not before or self._lines // self._step > before // self._step):
            self._note(self._lines)

    def _note(self, lines: int) -> None:
        wall = time.perf_counter() - self._started
        try:
            status = (self._proc / "status").read_text()
            times = (self._proc / "stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return
        sizes = dict(line.split(":", 1) for line in status.splitlines())
        if "VmRSS" not in sizes:
            return  # it has just ended
        processor = (int(times[11]) + int(times[12])) / _TICK
        resident, own = (int(sizes[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "RssAnon"))
        self.moments.append(Moment(lines, wall, processor, resident, own))

    def close(self) -> None:
        """Let the file go."""
        if self._stream >= 0:
            os.close(self._stream)


def replay(run: Run) -> Replay:
    """Run it and look on."""
    with tempfile.TemporaryFile(dir=run.folder) as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            run.command, cwd=run.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=said
        )
        onlooker = Onlooker(process.pid, run.output / "data.jsonl.partial", STEP)
        while True:
            onlooker.look()
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.01)
        seconds = time.perf_counter() - started
        onlooker.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or len(onlooker.moments) < 3:
            said.seek(0)
            raise SystemExit(f"exit code {process.returncode}\n{said.read().decode(errors='replace')[-3000:]}")
    return Replay(onlooker.moments, seconds, used.ru_maxrss * 1024 / 1e6)


def measured(strategy: str, examples: int) -> Replay:
    """Fill a cache and replay it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run = Run(folder=folder, base_url=NOBODY, strategy=strategy, examples=examples, in_flight=16)
        filling = [sys.executable, "-m", "benchmarks.fill", strategy, str(examples), str(run.cache), NOBODY]
        cost = cost_of(filling, folder, variables={"PYTHONPATH": str(ROOT)})
        print(f"{strategy}: cache filled in {cost.wall:.0f} s, {cost.peak_mb:.0f} MB", file=sys.stderr)
        return replay(run)


def table(replays: Mapping[str, Replay]) -> Iterator[str]:
    """The lines of the tables."""
    yield (
        "| strategy | examples | seconds | examples a second | first 10,000 | last 10,000 | times | of the processor | "
        "at most | peak MB |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for strategy, found in replays.items():
        steps, examples = found.steps, found.moments[-1].examples
        yield (
            f"| {strategy} | {examples:,} | {found.seconds:.0f} | {examples / found.seconds:,.0f} | "
            f"{steps[0][1]:.2f} s | {steps[-1][1]:.2f} s | {found.times(1):.2f} | {found.times(2):.2f} | {MOST_TIMES:g} | "
            f"{found.peak_mb:.0f} |"
        )
    yield ""
    yield "| strategy | examples | seconds for 10,000 | of the processor | resident MB | own MB |"
    yield "|---|---:|---:|---:|---:|---:|"
    for strategy, found in replays.items():
        moments = found.moments[1:]
        for number in sorted({round(share * (len(moments) - 1) / 5) for share in range(6)}):
            moment, (_, wall, processor) = moments[number], found.steps[number]
            memory = f"{moment.resident_mb:.0f} | {moment.own_mb:.0f}"
            yield f"| {strategy} | {moment.examples // STEP * STEP:,} | {wall:.2f} | {processor:.2f} | {memory} |"


def missed(replays: Mapping[str, Replay]) -> Iterator[str]:
    """What costs more at the end than it may."""
    for strategy, found in replays.items():
        for which, name in ((1, "by the clock"), (2, "of the processor")):
            if found.times(which) > MOST_TIMES:
                times = f"{found.times(which):.2f} times the first"
                yield f"{strategy}: the last 10,000 took {times} {name}, at most {MOST_TIMES:g}"


def picture(replays: Mapping[str, Replay]) -> str:
    """The charts: time for each 10,000 examples, and memory."""
    examples = max(found.moments[-1].examples for found in replays.values())
    unit, name = (1e6, "million examples") if examples >= 500_000 else (1e3, "thousand examples")
    time_lines = {s: [(count / unit, wall) for count, wall, _ in r.steps] for s, r in replays.items()}
    memory = {s: [(m.examples / unit, m.resident_mb) for m in r.moments] for s, r in replays.items()}
    said = "; ".join(
        f"{strategy}: {found.steps[0][1]:.2f} seconds for the first 10,000, {found.steps[-1][1]:.2f} for the last, "
        f"{found.peak_mb:.0f} MB at the peak"
        for strategy, found in replays.items()
    )
    panels = [
        Panel("Seconds for each 10,000 examples", name, time_lines),
        Panel("Resident memory in MB", name, memory),
    ]
    return chart(f"Replay of {examples:,} examples", said + ".", panels)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--strategy", choices=STRATEGIES, help="this one alone")
    parser.add_argument("--picture", type=Path, help="where the picture goes without --write")
    parser.add_argument("--quick", action="store_true", help="50,000 examples: does it work?")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md and docs/images")
    chosen = parser.parse_args(arguments)
    if not Path("/proc/self/status").exists():
        raise SystemExit("this benchmark looks at processes through /proc, which Linux has")
    compile_package()
    examples = 50_000 if chosen.quick else chosen.examples
    strategies = (chosen.strategy,) if chosen.strategy else STRATEGIES
    replays = {strategy: measured(strategy, examples) for strategy in strategies}
    misses = list(missed(replays))
    lines = [*table(replays), "", *(f"Missed: {miss}." for miss in misses)] + [""] * bool(misses)
    lines.append(measured_with("diskcache", "jsonschema"))
    lines.append("One run each.")
    print(*lines, sep="\n")
    if chosen.picture:
        chosen.picture.write_text(picture(replays), encoding="utf-8")
    if chosen.write and not (chosen.quick or chosen.strategy):
        PICTURE.write_text(picture(replays), encoding="utf-8")
        write_table("replay", lines, ABOUT)


if __name__ == "__main__":
    main()
