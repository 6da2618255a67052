"""Measures of datasets side by side, as a table for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from datarecipe.cli.output import aligned, short
from datarecipe.cli.reports.learnability_line import accuracy, percent
from datarecipe.exchange import Json
from datarecipe.measure.labels.learnability import Learnability
from datarecipe.measure.measures import Comparison, Measures
from datarecipe.measure.variety.diversity import Estimate
from datarecipe.printable import printable

MOST_LABELS = 6
"""Labels that a cell shows."""


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
        ("distinct-1, -2, -3", lambda m: ", ".join(f"{value:.2f}" for value in m.distinct.values())),
        ("compression ratio", lambda m: f"{m.compression_ratio:.2f}"),
        ("self-BLEU", lambda m: _estimate(m.self_bleu)),
        ("near duplicates", lambda m: percent(m.near_duplicate_rate)),
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
        ("told apart from it", [accuracy(each.told_apart) for each in comparisons]),
    ):
        if any(cells):
            rows.append([name, "", *cells])
    return aligned(rows, left=range(len(rows[0])))


def document(datasets: Sequence[Measures], comparisons: Sequence[Comparison]) -> dict[str, Json]:
    """The same and all else that was measured."""
    return {
        "datasets": [_plain(each) for each in datasets],
        "comparisons": [
            {"with": other.name, **_plain(each)} for other, each in zip(datasets[1:], comparisons, strict=True)
        ],
    }


def _plain(measures: Measures | Comparison) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in asdict(measures).items():
        value_of = getattr(measures, name)
        found[name] = value_of._asdict() if isinstance(value_of, Estimate | Learnability) else value
    return found


def _rejected(measures: Measures) -> str:
    ranked = sorted(measures.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} {printable(reason)}" for reason, count in ranked)


def _shares(labels: Mapping[str, int]) -> str:
    total = sum(labels.values())
    shown = [f"{short(label, 30)} {percent(count / total)}" for label, count in list(labels.items())[:MOST_LABELS]]
    return ", ".join([*shown, f"{len(labels) - MOST_LABELS:,} more"] if len(labels) > MOST_LABELS else shown)


def _estimate(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.2f} ± {found.error:.2f}"
