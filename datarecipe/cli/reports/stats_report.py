"""Measures of datasets side by side, as a table for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from datarecipe.characters import loose_words
from datarecipe.cli.output import aligned, short
from datarecipe.exchange import Json
from datarecipe.measure.diversity import Estimate
from datarecipe.measure.learnability import Learnability, learnability
from datarecipe.measure.measures import SIZE, Comparison, Measures
from datarecipe.measure.read_examples import sampled_of_run
from datarecipe.printable import printable

MOST_LABELS = 6
"""Labels that a cell shows."""


def table(datasets: Sequence[Measures], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A line for each measure, a column for each dataset; `comparisons` of the first one with each of the others."""
    rows = [["", *(printable(each.name) for each in datasets)]]
    for name, cell in (
        ("examples", lambda m: f"{m.examples:,}"),
        ("yield", lambda m: "" if m.yielded is None else f"{_percent(m.yielded)} of {m.received:,} items"),
        ("rejected", _rejected),
        ("words: median, 90 %, most", lambda m: f"{m.lengths.median}, {m.lengths.ninety_percent}, {m.lengths.longest}"),
        ("labels", lambda m: _shares(m.labels)),
        ("evenness of labels", lambda m: "" if m.evenness is None else f"{m.evenness:.2f}"),
        ("measured on", lambda m: f"{m.size:,}"),
        ("learnability", lambda m: _accuracy(m.learnability)),
        ("distinct-1, -2, -3", lambda m: ", ".join(f"{value:.2f}" for value in m.distinct.values())),
        ("compression ratio", lambda m: f"{m.compression_ratio:.2f}"),
        ("self-BLEU", lambda m: _estimate(m.self_bleu)),
        ("near duplicates", lambda m: _percent(m.near_duplicate_rate)),
        (
            "first words",
            lambda m: ", ".join(f"{short(word, 30)} {_percent(share)}" for word, share in m.first_words[:3]),
        ),
    ):
        cells = [cell(each) for each in datasets]
        if any(cells):
            rows.append([name, *cells])
    for name, cells in (
        ("contain one of its texts", [f"{each.contained:,} of {each.examples:,}" for each in comparisons]),
        ("told apart from it", [_accuracy(each.told_apart) for each in comparisons]),
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


def learnability_line(run: Path, examples: int) -> str | None:
    """What a run's own figures do not show, in a line for its end; None where there are too few examples to say it."""
    found = sampled_of_run(run, examples, SIZE)
    learned = learnability([loose_words(text) for text in found.texts], found.labels) if found.labels else None
    if learned is None:
        return None
    return f"learnability: {_accuracy(learned)} (what a simple classifier learns; `datarecipe stats` measures more)"


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
    shown = [f"{short(label, 30)} {_percent(count / total)}" for label, count in list(labels.items())[:MOST_LABELS]]
    return ", ".join([*shown, f"{len(labels) - MOST_LABELS:,} more"] if len(labels) > MOST_LABELS else shown)


def _accuracy(found: Learnability | None) -> str:
    if found is None:
        return ""
    return (
        f"{_percent(found.accuracy)} ({_percent(found.low)} to {_percent(found.high)}), chance {_percent(found.chance)}"
    )


def _estimate(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:.2f} ± {found.error:.2f}"


def _percent(share: float) -> str:
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
