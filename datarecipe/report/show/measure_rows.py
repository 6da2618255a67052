"""The measures of runs side by side, each with one sentence on how to read it, and what the recipes' tests say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from datarecipe.measure.labels.learnability import Learnability
from datarecipe.measure.measures import Measures
from datarecipe.measure.thresholds import Tested
from datarecipe.report.show.markup import Child, Markup, cut, element, table
from datarecipe.report.show.run_facts import percent

Cell = Callable[[Measures], str]


def measure_table(names: Sequence[str], found: Sequence[Measures | None]) -> Markup:
    """A row for each measure that any of the runs has, a column for each run."""
    rows: list[list[Child]] = []
    for name, reading, cell in _MEASURES:
        cells = ["" if each is None else cell(each) for each in found]
        if any(cells):
            rows.append([name, *cells, reading])
    return element("div", table(["", *names, "how to read it"], rows, class_="measures"), class_="wide")


def tests_table(tested: Sequence[tuple[str, Tested]]) -> Markup:
    """What the tests in the recipes found, by the name of the run; nothing where there are none."""
    if not tested:
        return Markup()
    rows = [
        [
            result.measure,
            run,
            element("span", result.verdict, class_=f"badge {_VERDICTS[result.verdict]}"),
            "–" if result.value is None else f"{result.value:.4g}",
            result.bounds,
        ]
        for run, result in tested
    ]
    return element(
        "div",
        element("h3", "Tests of the recipe"),
        table(["measure", "run", "verdict", "value", "should be"], rows),
        class_="wide",
    )


_SUREST: Final = 3
"""Label errors and words that a cell shows."""
_VERDICTS: Final = {"passed": "good", "failed": "bad", "warned": "bad", "not measured": "neutral"}


def accuracy(found: Learnability | None) -> str:
    """An accuracy with its interval and what chance would reach."""
    if found is None:
        return ""
    interval = f"{percent(found.low)} to {percent(found.high)}"
    return f"{percent(found.accuracy)} ({interval}), chance {percent(found.chance)}"


def _shares(measures: Measures) -> str:
    total = sum(measures.labels.values())
    if not total:
        return ""
    shown = [f"{cut(label, 30)} {percent(count / total)}" for label, count in list(measures.labels.items())[:6]]
    return ", ".join([*shown, f"{len(measures.labels) - 6:,} more"] if len(measures.labels) > 6 else shown)


def _label_errors(measures: Measures) -> str:
    errors = measures.label_errors
    if errors is None:
        return ""
    surest = []
    for each in errors.suspects[:_SUREST]:
        line = "" if each.line is None else f"line {each.line:,}: "
        surest.append(f"{line}{cut(each.text, 60)} ({cut(each.given, 20)}, not {cut(each.predicted, 20)}?)")
    return "; ".join([f"{percent(errors.share)} suspected", *surest])


def _giveaway_words(measures: Measures) -> str:
    found = measures.giveaway_words
    if found is None:
        return ""
    shown = [f"{cut(each.ngram, 30)} ({cut(each.label, 20)})" for each in found.ngrams[:_SUREST]]
    return ": ".join([percent(found.share), *([", ".join(shown)] if shown else [])])


def _distinct(order: int) -> Cell:
    return lambda m: f"{m.distinct[order]:.2f}"


def _words(m: Measures) -> str:
    return f"{m.lengths.shortest}, {m.lengths.median}, {m.lengths.ninety_percent}, {m.lengths.longest}"


_MEASURES: Final[Sequence[tuple[str, str, Cell]]] = (
    (
        "yield",
        "The share of the items a model wrote that became examples; the rest was paid for nothing.",
        lambda m: "" if m.yielded is None else f"{percent(m.yielded)} of {m.received:,}",
    ),
    ("labels", "The share of examples with each label.", _shares),
    (
        "evenness of labels",
        "1 means that all labels are equally frequent, 0 that only one of several occurs.",
        lambda m: "" if m.evenness is None else f"{m.evenness:.2f}",
    ),
    ("words: least, median, 90 %, most", "Nine of ten texts have at most the third number of words.", _words),
    (
        "measured on",
        "All figures below depend on the number of texts, so they come from samples of one size.",
        lambda m: f"{m.size:,}",
    ),
    (
        "learnability",
        "Near chance, a small classifier learns nothing from the texts; far above human data, they are easier than life.",
        lambda m: accuracy(m.learnability),
    ),
    (
        "label errors",
        "The share of examples whose label a classifier contradicts that has learned from the others. Read them from the "
        "surest on: where learnability is far below 90 %, most of these labels are right.",
        _label_errors,
    ),
    (
        "labels given away",
        "The share of examples with a word or a pair of words that nearly always comes with their label.",
        _giveaway_words,
    ),
    ("distinct-1", "The share of different words among all words: higher is more varied.", _distinct(1)),
    ("distinct-2", "The same for pairs of words.", _distinct(2)),
    ("distinct-3", "The same for runs of three words.", _distinct(3)),
    (
        "compression ratio",
        "How much smaller bzip2 makes the texts: higher means more repetition, also of templates.",
        lambda m: f"{m.compression_ratio:.2f}",
    ),
    (
        "self-BLEU",
        "How much each text shares with the others, from 0 to 1: higher means more repetition.",
        lambda m: "" if m.self_bleu is None else f"{m.self_bleu.value:.2f} ± {m.self_bleu.error:.2f}",
    ),
    (
        "near duplicates",
        "The share of texts that nearly equal an earlier one.",
        lambda m: percent(m.near_duplicate_rate),
    ),
    (
        "Vendi score",
        "How many different texts a sample of 200 amounts to, by the form of the texts: higher is more varied.",
        lambda m: "" if m.spread is None else f"{m.spread.vendi:.0f} of {m.spread.examples}",
    ),
    (
        "nearest text",
        "The mean distance of a text to the nearest other one in that sample, from 0 to 1: near copies lower it.",
        lambda m: "" if m.spread is None else f"{m.spread.nearest_distance:.2f}",
    ),
)
