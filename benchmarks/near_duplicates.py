"""What `near_duplicates` costs as a dataset grows: `python -m benchmarks.near_duplicates [--most N] [--write]`

Made-up texts of three kinds, each kind in a process of its own: sentences of 8 to 18 words, paragraphs of 20 to 60 words,
and three templates filled with words, which have most of their characters in common. Words follow Zipf's law. Half of a
percent of the texts are earlier ones with a word changed. `--write` puts the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate, islice
from multiprocessing import get_context

from benchmarks.page import measured_with, write_table
from datarecipe.characters import loose
from datarecipe.generate.admission.nearness.set_similarity_index import SetSimilarityIndex

ABOUT = """## Near duplicates

`python -m benchmarks.near_duplicates --write` gives made-up texts to the filter `near_duplicates` (threshold 0.7), as a run
does: each is compared with all before it, and kept if it is near to none. The table shows milliseconds of processor time
per text in the stretch up to that number of texts, and the memory that the process has taken by then. *Templates* are
three sentences with other words in the gaps, which is what models tend to write.
"""
MARKS = (1_000, 10_000, 100_000, 1_000_000)
SYLLABLES = [first + second for first in "bcdfghjklmnprstvw" for second in "aeiou"]
TEMPLATES = (
    "Is the {} of {} older than the {} of {}?",
    "Did {} ever visit the {} in {} before the war?",
    "Can a {} be used to {} a {} in winter?",
)


def texts(kind: str) -> Iterator[str]:
    """Texts of a kind without end, always the same."""
    source = random.Random(1)
    words = ["".join(source.choices(SYLLABLES, k=source.choice((1, 2, 2, 3, 3, 4)))) for _ in range(20_000)]
    weights = [*accumulate(1 / (rank + 5) for rank in range(len(words)))]

    def some(count: int) -> list[str]:
        return source.choices(words, cum_weights=weights, k=count)

    def filled() -> str:
        template = source.choice(TEMPLATES)
        return template.format(*some(template.count("{}")))

    make: Mapping[str, Callable[[], str]] = {
        "sentences": lambda: " ".join(some(source.randint(8, 18))),
        "paragraphs": lambda: " ".join(some(source.randint(20, 60))),
        "templates": filled,
    }
    earlier: list[str] = []
    while True:
        text = make[kind]()
        if earlier and source.random() < 0.005:
            parts = source.choice(earlier).split()
            parts[source.randrange(len(parts))] = source.choice(words)
            text = " ".join(parts)
        elif len(earlier) < 5_000:
            earlier.append(text)
        yield text


def measured(kind: str, most: int) -> list[tuple[float, int]]:
    """Milliseconds a text since the mark before, and megabytes, at each mark."""
    index, found, spent, before = SetSimilarityIndex(Fraction(7, 10)), 0, 0.0, 0
    rows: list[tuple[float, int]] = []
    for number, text in enumerate(islice(texts(kind), most), 1):
        began = time.process_time()
        plain = loose(text)
        if index.nearest(plain) is None:
            index.add(plain)
        else:
            found += 1
        spent += time.process_time() - began
        if number in MARKS:
            rows.append((spent / (number - before) * 1e3, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
            spent, before = 0.0, number
    assert found, "the changed texts are found"
    return rows


def table(costs: Mapping[str, list[tuple[float, int]]], most: int) -> Iterator[str]:
    """One row for each kind."""
    marks = [mark for mark in MARKS if mark <= most]
    yield "| texts | " + " | ".join(f"{mark:,}" for mark in marks) + " |"
    yield "|---|" + "---:|" * len(marks)
    for kind, rows in costs.items():
        cells = (f"{milliseconds:.2f} ms, {megabytes} MB" for milliseconds, megabytes in rows)
        yield f"| {kind} | " + " | ".join(cells) + " |"


def main() -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, choices=MARKS, default=MARKS[-2], help="how many texts of each kind")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    arguments = parser.parse_args()
    costs = {}
    for kind in ("sentences", "paragraphs", "templates"):
        with get_context("spawn").Pool(1) as pool:
            costs[kind] = pool.apply(measured, (kind, arguments.most))
    lines = [*table(costs, arguments.most), "", measured_with()]
    print(*lines, sep="\n")
    if arguments.write:
        write_table("near_duplicates", lines, ABOUT)


if __name__ == "__main__":
    main()
