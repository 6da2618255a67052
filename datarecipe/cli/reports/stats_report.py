"""Measures of datasets side by side, as a table for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from datarecipe.cli.output import aligned, short
from datarecipe.cli.reports.learnability_line import accuracy, percent
from datarecipe.exchange import Json
from datarecipe.measure.labels.learnability import Learnability
from datarecipe.measure.labels.separation import Interval
from datarecipe.measure.measures import Comparison, Measures
from datarecipe.measure.variety.diversity import Estimate
from datarecipe.measure.variety.spread import Spread
from datarecipe.printable import printable

MOST_LABELS = 6
"""Labels that a cell shows."""
MOST_SUSPECTS = 5
"""Label errors that are shown below the table."""
MOST_WORDS = 3
"""Words that give a label away in a cell."""


def table(datasets: Sequence[Measures], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A line for each measure, a column for each dataset; `comparisons` of the first one with each of the others."""
    rows = [["", *(printable(each.name) for each in datasets)]]
    for name, cell in (
        ("examples", lambda m: f"{m.examples:,}"),
        ("yield", lambda m: "" if m.yielded is None else f"{percent(m.yielded)} of {m.received:,} items"),
        ("rejected", _rejected),
        ("words: median, 90 %, most", lambda m: f"{m.lengths.median}, {m.lengths.ninety_percent}, {m.lengths.longest}"),
        ("labels", lambda m: _shares(m.labels)),
        ("evenness of labels", lambda m: "" if m.evenness is None else f"{m.evenness:.2f}"),
        ("measured on", lambda m: f"{m.size:,}"),
        ("learnability", lambda m: accuracy(m.learnability)),
        ("label errors", lambda m: "" if m.label_errors is None else f"{percent(m.label_errors.share)} suspected"),
        ("labels given away", _giveaways),
        ("distinct-2", lambda m: f"{m.distinct[2]:.2f}"),
        ("compression ratio", lambda m: f"{m.compression_ratio:.2f}"),
        ("near duplicates", lambda m: percent(m.near_duplicate_rate)),
        ("Vendi score, by form", lambda m: "" if m.spread is None else f"{m.spread.vendi:.0f} of {m.spread.examples}"),
        ("nearest text, by form", lambda m: "" if m.spread is None else f"{m.spread.nearest_distance:.2f}"),
        (
            "Vendi score, by meaning",
            lambda m: "" if m.meaning is None else f"{m.meaning.vendi:.0f} of {m.meaning.examples}",
        ),
        ("nearest text, by meaning", lambda m: "" if m.meaning is None else f"{m.meaning.nearest_distance:.2f}"),
        (
            "first words",
            lambda m: ", ".join(f"{short(word, 30)} {percent(share)}" for word, share in m.first_words[:3]),
        ),
    ):
        cells = [cell(each) for each in datasets]
        if any(cells):
            rows.append([name, *cells])
    for name, cells in (
        ("contain one of its texts", [f"{each.contained:,} of {each.examples:,}" for each in comparisons]),
        ("told apart from it", [_told_apart(each) for each in comparisons]),
    ):
        if any(cells):
            rows.append([name, "", *cells])
    yield from aligned(rows, left=range(len(rows[0])))
    yield from _suspects(datasets[0])


def _suspects(measures: Measures) -> Iterator[str]:
    """The surest label errors of a dataset; nothing where there is none."""
    errors = measures.label_errors
    if errors is None or not errors.count:
        return
    yield ""
    yield (
        f"Labels of {printable(measures.name)} that the other examples contradict, the surest of {errors.count:,} "
        "(--json has all):"
    )
    yield from aligned(
        [
            [
                "" if each.line is None else f"line {each.line:,}",
                f"{short(each.given, 20)}, not {short(each.predicted, 20)}?",
                percent(each.confidence),
                short(each.text, 70),
            ]
            for each in errors.suspects[:MOST_SUSPECTS]
        ],
        left=(0, 1, 3),
    )


def document(datasets: Sequence[Measures], comparisons: Sequence[Comparison]) -> dict[str, Json]:
    """The same and all else that was measured."""
    return {
        "datasets": [_plain(each) for each in datasets],
        "comparisons": [
            {"with": other.name, **_plain(each)} for other, each in zip(datasets[1:], comparisons, strict=True)
        ],
    }


def _plain(measures: Measures | Comparison) -> dict[str, Json]:
    plain: dict[str, Json] = asdict(measures)
    for name in plain:
        value = getattr(measures, name)
        if isinstance(value, Estimate | Learnability | Interval | Spread):
            plain[name] = value._asdict()
    return plain


def _rejected(measures: Measures) -> str:
    ranked = sorted(measures.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} {printable(reason)}" for reason, count in ranked)


def _shares(labels: Mapping[str, int]) -> str:
    total = sum(labels.values())
    shown = [f"{short(label, 30)} {percent(count / total)}" for label, count in list(labels.items())[:MOST_LABELS]]
    return ", ".join([*shown, f"{len(labels) - MOST_LABELS:,} more"] if len(labels) > MOST_LABELS else shown)


def _giveaways(measures: Measures) -> str:
    found = measures.giveaway_words
    if found is None:
        return ""
    shown = [f"{short(each.ngram, 30)} ({short(each.label, 20)})" for each in found.ngrams[:MOST_WORDS]]
    return f"{percent(found.share)}{': ' if shown else ''}{', '.join(shown)}"


def _told_apart(comparison: Comparison) -> str:
    found = comparison.told_apart_auc
    return "" if found is None else f"AUC {found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
