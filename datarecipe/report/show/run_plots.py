"""Which plots a report has of a run, each with one sentence on how to read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from datarecipe.measure.measures import Measures
from datarecipe.report.read.run_data import RunData
from datarecipe.report.show.plots import Bar, Plot
from datarecipe.report.show.run_facts import percent

_MOST_BARS: Final = 14
_COLUMNS: Final = 20
_MOST_ROWS: Final = 200
"""Of a table beside a plot."""


def plots_of(run: RunData, measures: Measures | None) -> Iterator[Plot]:
    """The plots that say something of this run."""
    yield from _outcomes(run)
    yield from _course(run)
    if measures is not None:
        yield from _labels(measures)
        yield from _places(measures)
        yield from _learned(measures)
        yield _first_words(measures)
    if run.measured is not None:
        yield _lengths([len(text.split()) for text in run.measured.texts])
        yield _depths(Counter(row.depth for row in run.lineage))


def _outcomes(run: RunData) -> Iterator[Plot]:
    tally = run.manifest.counts.tally
    if not tally.came:
        return
    reasons = sorted(tally.rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    bars = [Bar("accepted", tally.accepted, f"{tally.accepted:,}", "good")]
    bars += [Bar(reason, count, f"{count:,}", "bad") for reason, count in reasons[: _MOST_BARS - 1]]
    reading = "Each red bar is a reason for which items were rejected: the longest one is worth mending first."
    yield Plot("outcomes", "What came of the items", reading, ("outcome", "items"), bars)


def _course(run: RunData) -> Iterator[Plot]:
    """The yield from the first request to the last."""
    accepted = Counter(row.request for row in run.lineage)
    requests = sorted({*accepted, *run.rejected.by_request})
    if len(requests) < _COLUMNS or len(run.lineage) < run.manifest.counts.tally.accepted:
        return
    bars = []
    for column in range(_COLUMNS):
        part = requests[column * len(requests) // _COLUMNS : (column + 1) * len(requests) // _COLUMNS]
        good = sum(accepted[request] for request in part)
        came = good + sum(run.rejected.by_request.get(request, 0) for request in part)
        share = good / came if came else 0.0
        bars.append(Bar(f"{part[0] + 1:,}", share, percent(share), "good"))
    reading = "If the columns sink from left to right, the model runs out of new examples."
    yield Plot("course", "Yield over the run", reading, ("number of the request", "yield"), bars, "columns", top=1.0)


def _labels(measures: Measures) -> Iterator[Plot]:
    total = sum(measures.labels.values())
    if not total:
        return
    reading = "A classifier learns a label with few examples badly, unless real data has as few."
    yield Plot("labels", "Labels", reading, ("label", "share of the examples"), [*_ranked(measures.labels, total)])


def _ranked(counts: Mapping[str, int], total: int) -> Iterator[Bar]:
    """The most frequent ones, and the sum of the others."""
    ranked = list(counts.items())
    shown = ranked if len(ranked) <= _MOST_BARS else ranked[: _MOST_BARS - 1]
    for label, count in shown:
        yield Bar(label, count / total, f"{count:,} · {percent(count / total)}")
    if rest := ranked[len(shown) :]:
        count = sum(each for _, each in rest)
        yield Bar(f"{len(rest):,} others", count / total, f"{count:,} · {percent(count / total)}", "other")


def _places(measures: Measures) -> Iterator[Plot]:
    """How often the commonest label stands at each place of a batch."""
    if len(measures.labels) < 2 or len(measures.labels) > 12 or len(measures.labels_by_place) < 2:
        return
    label = next(iter(measures.labels))
    chance = measures.labels[label] / sum(measures.labels.values())
    bars = []
    for place, counts in list(measures.labels_by_place.items())[:_MOST_BARS]:
        share = counts.get(label, 0) / sum(counts.values())
        bars.append(Bar(f"item {place + 1}", share, percent(share)))
    reading = "If the shares differ much from place to place, the model writes labels in a fixed order."
    title = f"Place in the batch: {label if len(label) <= 24 else label[:23] + '…'}"
    yield Plot(
        "places",
        title,
        reading,
        ("place", "share with this label"),
        bars,
        top=1.0,
        mark=chance,
        mark_said=f"all {percent(chance)}",
    )


def _learned(measures: Measures) -> Iterator[Plot]:
    found = measures.learnability
    if found is None:
        return
    bars = [Bar("all labels", found.accuracy, percent(found.accuracy), "good", found.low, found.high)]
    ranked = sorted(found.by_label.items(), key=lambda pair: (pair[1], pair[0]))
    bars += [Bar(label, share, percent(share)) for label, share in ranked[: _MOST_BARS - 1]]
    reading = "A label near 0 % is one that the texts do not show; the thin line is the interval of 95 %."
    more = [(label, percent(share)) for label, share in ranked[_MOST_BARS - 1 : _MOST_ROWS]]
    yield Plot(
        "learnability",
        "Learnability by label",
        reading,
        ("label", "share that a simple classifier gets right"),
        bars,
        top=1.0,
        mark=found.chance,
        mark_said=f"chance {percent(found.chance)}",
        more=more,
    )


def _first_words(measures: Measures) -> Plot:
    bars = [Bar(word, share, percent(share)) for word, share in measures.first_words]
    reading = "One long bar means that many texts begin alike."
    return Plot("first words", "First words", reading, ("word", "share of the texts"), bars)


def _lengths(words: Sequence[int]) -> Plot:
    """Columns of equal width up to a length that all but one in a hundred texts keep; the last holds all longer ones."""
    ordered = sorted(words)
    least, most = ordered[0], ordered[(len(ordered) * 99 - 1) // 100]
    width = max(1, -(-(most + 1 - least) // _COLUMNS))
    counts = Counter(min((count - least) // width, (most - least) // width) for count in words)
    bars = []
    for number in range((most - least) // width + 1):
        begin = least + number * width
        last = number == (most - least) // width
        end = max(ordered[-1], begin) if last else begin + width - 1
        bars.append(Bar(f"{begin}" if begin == end else f"{begin}–{end}", counts[number], f"{counts[number]:,}"))
    reading = "A single narrow peak means texts of one length, which real texts seldom have."
    return Plot("lengths", "Length of the texts", reading, ("words", "examples"), bars, "columns")


def _depths(depths: Mapping[int, int]) -> Plot:
    """Examples by their steps from a seed example."""
    ordered = sorted(depths)
    width = max(1, -(-(ordered[-1] + 1 - ordered[0]) // _COLUMNS))
    counts: Counter[int] = Counter()
    for depth, count in depths.items():
        counts[(depth - ordered[0]) // width] += count
    bars = []
    for number in range((ordered[-1] - ordered[0]) // width + 1):
        begin = ordered[0] + number * width
        label = f"{begin}" if width == 1 else f"{begin}–{begin + width - 1}"
        bars.append(Bar(label, counts[number], f"{counts[number]:,}"))
    reading = "How many steps of self-reference lie between a seed example and an example."
    return Plot("depths", "Depth", reading, ("steps from a seed example", "examples"), bars, "columns")
