"""The measures of `datarecipe stats` on human data, on data by two models, and on human data with planted faults.

    python -m benchmarks.measures [--runs FOLDER] [--write]

FOLDER gets a project in which the shipped recipes `sentiment` and `boolq` run on the embedded model; the second time that
takes a second. Exits with 1 if a planted fault does not move the measures that must show it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks.measures.planted_faults import FAULTS, SIZE, flipped, good, made
from benchmarks.page import DOCS, measured_with, write_table
from datarecipe.characters import loose_words
from datarecipe.measure.examples import Examples
from datarecipe.measure.labels.cross_validation import cross_validated
from datarecipe.measure.labels.label_errors import label_errors
from datarecipe.measure.labels.learnability import Learnability, learnability
from datarecipe.measure.measures import Measures, compared, measured
from datarecipe.measure.read_examples import read_examples
from datarecipe.measure.sample import sample
from datarecipe.measure.thresholds import FIGURES

PAGE: Final = DOCS / "measures.md"
SHARED: Final = Path(__file__).parents[3] / "shared"
SMALL: Final = 200
"""Examples by the embedded model, and so of all datasets beside them."""
DRAWS: Final = 5
SOURCES: Final = ("amazon", "imdb", "yelp")
CREATED: Final = {
    "reviews-plain": "capable model, plain instruction",
    "reviews-plain-tree": "the same in a tree",
    "reviews-fixed": "capable model, asked to be subtle",
    "reviews-tree": "the same in a tree",
}

Cell = Callable[[Measures], str]


def human(name: str) -> Examples:
    """A file of human data."""
    return read_examples(SHARED / "data" / name)


def created(name: str) -> Examples:
    """A run of a capable model."""
    return read_examples(SHARED / "created" / name)


def joined(parts: Sequence[Examples]) -> Examples:
    """All of them as one dataset."""
    return made([text for each in parts for text in each.texts], [label for each in parts for label in each.labels])


def embedded(folder: Path, recipe: str) -> Examples:
    """The shipped recipe on the embedded model; what is in the project's cache is not asked for again."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "datarecipe", "run", recipe, "--model", "local/smollm2-135m"]
    paths = os.pathsep.join((str(SHARED.parent), str(Path(__file__).parents[2])))
    subprocess.run(
        [*command, "--target-size", str(SMALL)],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )
    return read_examples(folder / "runs" / recipe)


CELLS: Final[Sequence[tuple[str, Cell]]] = (
    ("distinct-2", lambda m: f"{m.distinct[2]:.2f}"),
    ("compression", lambda m: f"{m.compression_ratio:.2f}"),
    ("Vendi", lambda m: "" if m.spread is None else f"{m.spread.vendi:.0f}"),
    ("nearest", lambda m: "" if m.spread is None else f"{m.spread.nearest_distance:.2f}"),
    ("near dup.", lambda m: f"{100 * m.near_duplicate_rate:.0f} %"),
    ("self-BLEU", lambda m: "" if m.self_bleu is None else f"{m.self_bleu.value:.2f}"),
    ("mean dist.", lambda m: "" if m.spread is None else f"{m.spread.mean_distance:.2f}"),
    ("evenness", lambda m: "" if m.evenness is None else f"{m.evenness:.2f}"),
    ("learnability", lambda m: share(FIGURES["learnability"](m))),
    ("label errors", lambda m: share(FIGURES["label_errors"](m))),
    ("given away", lambda m: share(FIGURES["giveaway_words"](m))),
)


def share(value: float | None) -> str:
    """In per cent; a dash for what was not measured."""
    return "–" if value is None else f"{100 * value:.0f} %"


def table(rows: Sequence[tuple[str, Measures, str]], last: str = "") -> Iterator[str]:
    """A line for each dataset, with one more column where it has a name."""
    names = ["", *(name for name, _ in CELLS), *([last] if last else [])]
    yield f"| {' | '.join(names)} |"
    yield "|---|" + "---:|" * (len(names) - 1)
    for name, measures, more in rows:
        cells = [name, *(cell(measures) for _, cell in CELLS), *([more] if last else [])]
        yield f"| {' | '.join(cells)} |"


def sources(folder: Path) -> Iterator[str]:
    """Sentences by people, by the embedded model and by a capable one."""
    domains = {source: human(f"sentiment/{source}/train.jsonl") for source in SOURCES}
    people = joined(list(domains.values()))
    others = [
        ("embedded model", embedded(folder, "sentiment")),
        *((words, created(name)) for name, words in CREATED.items()),
    ]
    rows = [("**sentiment**: people, three domains", measured(people, SMALL), "")]
    for source, each in domains.items():
        rest = joined([other for name, other in domains.items() if name != source])
        rows.append((f"people, {source}, beside the other two", *_beside(each, rest)))
    rows += [(name, *_beside(each, people)) for name, each in others]
    questions = read_examples(SHARED / "data" / "yesno_close/boolq/train.jsonl", ["question"])
    rows.append(("**questions** (boolq): people", measured(questions, SMALL), ""))
    rows.append(("embedded model", *_beside(embedded(folder, "boolq"), questions)))
    messages = joined([human(f"spam/{channel}/train.jsonl") for channel in ("sms", "youtube")])
    rows.append(("**spam**: people, two channels", measured(messages, SMALL), ""))
    rows.append(("capable model", *_beside(created("spam"), messages)))
    yield from table(rows, "told from people: AUC")
    yield ""
    yield f"All on samples of {SMALL} examples; distances and Vendi score by form."


def _beside(dataset: Examples, reference: Examples) -> tuple[Measures, str]:
    found = compared(dataset, reference, SMALL).told_apart_auc
    cell = "" if found is None else f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
    return measured(dataset, SMALL), cell


def faults() -> tuple[list[str], list[str]]:
    """The table of planted faults, and what did not move as it must."""
    pool = joined([human(f"sentiment/{source}/{part}.jsonl") for source in SOURCES for part in ("train", "dev")])
    before = measured(made(*good(pool)), SIZE)
    rows, missed = [("people, three domains", before, "")], []
    for fault in FAULTS:
        after = measured(fault.plant(pool, random.Random(fault.name)), SIZE)
        rows.append((f"**{fault.name}**", after, ""))
        missed += fault.missed(before, after)
    return [*table(rows), "", f"All on {SIZE} examples; distances and Vendi score by form, on 200 of them."], missed


def label_noise() -> Iterator[str]:
    """Precision and recall of label errors where a share of the labels was exchanged."""
    yield "| | examples | learnability | flagged as it is | 5 % wrong | 10 % wrong | 20 % wrong | surest third at 10 % |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    people = [*(f"sentiment/{each}" for each in SOURCES), "spam/sms", "spam/youtube"]
    files = [f"data/{each}/train.jsonl" for each in people]
    for name in (*files, "created/reviews-plain", "created/reviews-plain-tree", "created/spam"):
        dataset = read_examples(SHARED / name)
        words = [loose_words(text) for text in dataset.texts]
        learned = learned_from(words, dataset.labels)
        cells = [
            _called(name),
            f"{len(words)}",
            share(learned and learned.accuracy),
        ]
        cells.append(share(len(flagged(words, dataset.labels)) / len(words)))
        surest = ""
        for noise in (0.05, 0.1, 0.2):
            figures = [_noisy(words, dataset.labels, noise, draw) for draw in range(DRAWS)]
            precision, recall, of_surest = (mean(each) for each in zip(*figures, strict=True))
            cells.append(f"{share(precision)}, {share(recall)}")
            surest = share(of_surest) if noise == 0.1 else surest
        yield f"| {' | '.join([*cells, surest])} |"


def flagged(words: Sequence[Sequence[str]], labels: Sequence[str]) -> list[int]:
    """The numbers of the examples whose label is contradicted, the surest first."""
    found = cross_validated(words, labels)
    return [error.number for error in (found and label_errors(found)) or ()]


def learned_from(words: Sequence[Sequence[str]], labels: Sequence[str]) -> Learnability | None:
    """Learnability with the built-in classifier."""
    found = cross_validated(words, labels)
    return None if found is None else learnability(found)


def _noisy(
    words: Sequence[Sequence[str]], labels: Sequence[str], noise: float, draw: int
) -> tuple[float, float, float]:
    noisy, wrong = flipped(labels, noise, random.Random(draw))
    found = flagged(words, noisy)
    surest = found[: max(1, len(found) // 3)]
    hits = len(wrong.intersection(found))
    return hits / max(1, len(found)), hits / len(wrong), len(wrong.intersection(surest)) / len(surest)


def classifiers() -> Iterator[str]:
    """Learnability by the built-in naive Bayes, and by TF-IDF with logistic regression."""
    from benchmarks.measures.logistic_regression import accuracy  # noqa: PLC0415 - it needs numpy

    yield "| 400 examples | naive Bayes, as `stats` | logistic regression |"
    yield "|---|---:|---:|"
    files = [*(f"data/sentiment/{each}/train.jsonl" for each in SOURCES), *(f"created/{name}" for name in CREATED)]
    for name in files:
        dataset = read_examples(SHARED / name)
        numbers = sample(range(len(dataset.texts)), SIZE)
        texts, labels = [dataset.texts[at] for at in numbers], [dataset.labels[at] for at in numbers]
        own = learned_from([loose_words(text) for text in texts], labels)
        other = mean(accuracy(texts, labels, seed) for seed in range(10))
        cells = f"{'' if own is None else f'{100 * own.accuracy:.1f} %'} | {100 * other:.1f} %"
        yield f"| {_called(name)} | {cells} |"


def speed() -> Iterator[str]:
    """What `datarecipe stats` takes for ten thousand examples, in seconds of processor time."""
    yield "| 10,176 claims (creak), with labels | processor time |"
    yield "|---|---:|"
    claims, questions = (str(SHARED / "data" / f"yesno_close/{name}/train.jsonl") for name in ("creak", "boolq"))
    for flags in ((), ("--size", "10000"), ("--against", questions)):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "datarecipe", "stats", claims, *flags]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        words = (
            "`stats`" if not flags else f"`stats {flags[0]} {flags[1] if flags[0] == '--size' else '9,427 questions'}`"
        )
        yield f"| {words} | {taken:.1f} s |"


def _called(name: str) -> str:
    return f"people: {name.removesuffix('/train.jsonl').removeprefix('data/')}" if name.startswith("data/") else name


def main() -> None:
    """Measure, print, and with `--write` keep. Exits with 1 if a fault is not seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = Path(tempfile.gettempdir()) / "datarecipe-measures"
    parser.add_argument(
        "--runs", type=Path, default=folder, help="for runs on the embedded model (default: %(default)s)"
    )
    parser.add_argument("--write", action="store_true", help="into docs/measures.md")
    arguments = parser.parse_args()
    planted, missed = faults()
    for name, lines in (
        ("faults", planted),
        ("label_noise", list(label_noise())),
        ("classifiers", list(classifiers())),
        ("speed", list(speed())),
        ("sources", [*sources(arguments.runs), "", measured_with("numpy")]),
    ):
        print(*lines, "", sep="\n", flush=True)
        if arguments.write:
            write_table(f"measures.{name}", lines, page=PAGE)
    print(*missed, sep="\n", file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
