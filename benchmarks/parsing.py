"""What a reply costs before it is data, however hostile it is: `python -m benchmarks.parsing [--quick] [--write]`

Each reply is parsed and judged in a process of its own, from 1,000 characters up to the longest that is kept: honest ones,
and each that is built to cost a parser time (`tests/generate/hostile_replies.py`). The claim is that the processor's time
grows with the characters, and no faster. `--write` puts table and chart into docs/.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from benchmarks.page import DOCS, measured_with, write_table
from benchmarks.plot import Panel, chart
from datarecipe.exchange import Completion, Example
from datarecipe.generate.judge.batch_judge import Judge
from datarecipe.llm.transports.openai_reply import LONGEST_TEXT
from datarecipe.recipe import LabelSpace, Task
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from tests.generate.hostile_replies import HOSTILE
from tests.generate.recipes import make_recipe

ABOUT = """## Hostile replies

`python -m benchmarks.parsing --write` parses replies and checks their items, each in its own process, from 1,000
characters to the longest reply that datarecipe keeps. The table shows microseconds of processor time per character. If
a row does not increase from left to right, the time grows at most linearly with the reply. *Honest* replies hold items
in the requested format. The others are the slowest replies that `tests/generate/hostile_replies.py` makes.

![Seconds by millions of characters, for honest replies and for the slowest hostile one](images/parsing.svg)
"""
PICTURE = DOCS / "images" / "parsing.svg"
SIZES = (1_000, 10_000, 100_000, 1_000_000, LONGEST_TEXT)
QUICK = (1_000, 10_000, 100_000)
SHOWN = 10
SECONDS_PER_CHARACTER = 10e-6
"""More than any reply may take; a measurement that goes on for longer is ended."""
GROWTH = 4.0
"""How many times more a character may cost in the longest reply than in one of 10,000: caches and memory cost too."""

Make = Callable[[int], str]


def _honest(size: int) -> str:
    items = (f'{{"text": "See you at nine on platform {number}, dear", "label": "ham"}}' for number in range(size))
    listed, held = [], 20
    for item in items:
        held += len(item) + 2
        if held > size:
            break
        listed.append(item)
    return f'{{"examples": [{", ".join(listed)}]}}'


HONEST: Mapping[str, Make] = {
    "honest: many items": _honest,
    "honest: one long text": lambda size: json.dumps({"examples": [{"text": "word " * (size // 5), "label": "ham"}]}),
    "honest: thinking, then items in a fence": lambda size: (
        f"<think>\n{'Let me see. ' * (size // 24)}\n</think>\n\n```json\n{_honest(size // 2)}\n```"
    ),
}


def judge() -> Judge:
    """For the fields that the replies have."""
    seed: Example = {"text": "See you at nine", "label": "ham"}
    task, labels = Task("classification", "label", None), LabelSpace("fixed", ("ham", "spam"))
    schema = infer_schema([seed], task, labels)
    return Judge(make_recipe("fixed", seed_examples=(seed,), task=task, labels=labels, schema=schema, vary={}))


def _take(make: Make, size: int, outbox: Connection) -> None:
    judging, text = judge(), make(size)
    reply = Completion(text, "stop", None, "m", "direct:m", "2026-01-01T00:00:00Z")
    judging.batch(Completion("{}", "stop", None, "m", "direct:m", "2026-01-01T00:00:00Z"))
    times = max(1, 20_000 // size)
    started = time.process_time()
    for _ in range(times):
        judging.batch(reply)
    outbox.send((len(text), (time.process_time() - started) / times))


def seconds_of(make: Make, size: int) -> tuple[int, float]:
    """Characters and seconds; infinite where it did not end in time."""
    inbox, outbox = (context := get_context("fork")).Pipe(duplex=False)
    process = context.Process(target=_take, args=(make, size, outbox))
    process.start()
    took: tuple[int, float] = (size, math.inf)
    if inbox.poll(20 + 4 * size * SECONDS_PER_CHARACTER):
        took = inbox.recv()
    process.kill()
    process.join()
    return took


Costs = Mapping[str, Sequence[tuple[int, float]]]


def table(costs: Costs, sizes: Sequence[int]) -> Iterator[str]:
    """Microseconds a character, honest replies first, then the slowest."""
    yield "| reply | " + " | ".join(f"{size:,}" for size in sizes) + " |"
    yield "|---|" + "---:|" * len(sizes)
    for name in [*HONEST, *slowest(costs)[:SHOWN]]:
        cells = (f"{seconds / max(1, characters) * 1e6:.2f}" for characters, seconds in costs[name])
        yield f"| {name} | " + " | ".join(cells) + " |"


def slowest(costs: Costs) -> list[str]:
    """Hostile replies, the slowest of the longest first."""
    return sorted((name for name in costs if name not in HONEST), key=lambda name: -costs[name][-1][1])


def missed(costs: Costs) -> Iterator[str]:
    """Replies whose time grows faster than their length."""
    for name, taken in costs.items():
        characters, seconds = taken[-1]
        before, took = taken[1]
        if seconds / max(1, characters) > max(GROWTH * took / max(1, before), SECONDS_PER_CHARACTER / 10):
            yield f"{name}: {took / before * 1e6:.2f} and then {seconds / characters * 1e6:.2f} microseconds a character"


def picture(costs: Costs) -> str:
    """Seconds by length."""
    worst = slowest(costs)[0]
    lines = {
        called: [(characters / 1e6, seconds) for characters, seconds in costs[name] if seconds < math.inf]
        for called, name in (("honest", next(iter(HONEST))), ("slowest", worst))
    }
    said = f"Seconds of the processor by millions of characters, for honest replies and for the slowest: {worst}."
    return chart("What a reply costs", said, [Panel("Seconds", "million characters", lines)])


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="up to 100,000 characters: does it work?")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md and docs/images/parsing.svg")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else SIZES
    replies = {**HONEST, **HOSTILE}
    costs = {name: [seconds_of(make, size) for size in sizes] for name, make in replies.items()}
    lines = list(table(costs, sizes))
    misses = list(missed(costs))
    lines += ["", *(f"Missed: {miss}." for miss in misses)] + [""] * bool(misses)
    lines += [measured_with("jsonschema"), f"{len(HOSTILE)} kinds of hostile replies."]
    print(*lines, sep="\n")
    if arguments.write and not arguments.quick:
        write_table("parsing", lines, ABOUT)
        PICTURE.write_text(picture(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
