"""Drift of a run, as text for people and as a document for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from datarecipe.cli.output import aligned, short
from datarecipe.exchange import Json
from datarecipe.measure.drift.curves import Stretch
from datarecipe.measure.drift.drift import LEVEL, SIXTHS, Drift, DriftTest
from datarecipe.measure.drift.independent_lanes import FEWEST
from datarecipe.measure.drift.word_shift import ShiftedWord
from datarecipe.measure.variety.diversity import Estimate
from datarecipe.printable import counted, printable

WIDTH = 100
MOST_LABELS = 2
"""Labels that have a column."""
_LONGEST_TEXT = 92


def lines(found: Drift) -> Iterator[str]:
    """What was compared, the tests, the curves, and the words; each with a sentence on how to read it."""
    yield from _wrapped(_compared(found))
    yield ""
    yield from _tests(found)
    yield ""
    yield from _curves(found)
    yield ""
    yield from _words(found)


def document(found: Drift) -> dict[str, Json]:
    """All of it."""
    plain: dict[str, Json] = {**asdict(found), "drift_p": found.drift_p}
    plain["stretches"] = [
        {
            name: value._asdict() if isinstance(value := getattr(each, name), Estimate) else value
            for name in asdict(each)
        }
        for each in found.stretches
    ]
    plain["texts"] = {str(number): text for number, text in found.texts.items()}
    return plain


def _compared(found: Drift) -> str:
    generations = found.generations
    first, last = generations[0].partition("-")[0], generations[-1].rpartition("-")[2]
    span = first if first == last else f"{first} to {last}"
    joined = f" in {len(generations)} stretches" if any("-" in name for name in generations) else ""
    parts = [counted(found.examples, "example"), f"{_unit(found)} {span}{joined}", counted(found.lanes, "lane")]
    sentence = f"{printable(found.name)}: {', '.join(parts)}."
    if found.measured < found.examples:
        sentence += f" Measured on {found.measured:,} of them."
    if found.adjusted_for:
        sentence += f" The values of {_keys(found.adjusted_for)} are taken out of all but the words."
    if found.not_adjusted_for:
        sentence += (
            f" The values of {_keys(found.not_adjusted_for)} come too rarely to be taken out: what follows may show their "
            "walk."
        )
    return sentence


def _tests(found: Drift) -> Iterator[str]:
    if len(found.generations) < 2:
        yield from _wrapped(
            "No test: all examples are of one generation. "
            + ("Try --by order." if found.axis == "depth" else "There are too few requests.")
        )
        return
    if not found.enough:
        yield from _wrapped(
            f"No test: it needs {FEWEST} lanes that reach from one generation into another, and there are {found.groups}. "
            "Make more examples, or set `strategy.chains` or `strategy.roots` to 8 or more."
        )
        return
    rows = [["", "p", "corrected p", ""]]
    rows += [[each.subject, _p(each.p), _p(each.corrected), _verdict(each, found)] for each in found.tests]
    yield from aligned(rows, left=(0, 3))
    for sentence in _how_to_read_tests(found):
        yield from _wrapped(sentence)


def _how_to_read_tests(found: Drift) -> list[str]:
    sentences = [
        "p: how often a run without drift looks at least as changed as this one. Corrected p takes all tests together: up "
        f"to {LEVEL:g} is drift."
    ]
    least = max((each.least for each in found.tests if each.least is not None), default=0.0)
    number = sum(each.p is not None for each in found.tests)
    if found.dealt:
        sentences.append(
            f"Fewer than {FEWEST} lanes reach from one generation into another, so requests were dealt to {found.groups} "
            "made-up lanes: p holds only if batches are independent."
        )
    if least * number > LEVEL:
        sentences.append(
            f"With {found.groups} lanes p is at least {_p(least)}, so no corrected p can be {LEVEL:g} or less: use "
            "8 lanes or more."
        )
    return sentences


def _verdict(test: DriftTest, found: Drift) -> str:
    if test.p is None:
        return "nothing to test"
    if test.onset is None:
        return "no drift found"
    unit = _unit(found)
    onset = test.onset
    course = "at once" if onset.kind == "step" else "more and more"
    around = "" if onset.first == onset.last else f" ({onset.first} to {onset.last} without any one lane)"
    return f"drift, {course}, from {unit} {onset.generation} on{around}"


def _curves(found: Drift) -> Iterator[str]:
    labels = sorted({label for each in found.stretches for label in each.labels})
    shown = labels[:MOST_LABELS] if len(labels) > 1 else []
    first = found.stretches[0].name
    unit = _unit(found)
    columns = [unit, "examples", "from seed", f"from {first}", "spread", "apart", "words"]
    rows = [[*columns, *(short(label, 16) for label in shown)]]
    rows += [_row(each, shown) for each in found.stretches]
    kept = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    yield from aligned([[row[at] for at in kept] for row in rows], left=(0,))
    sentences = [
        f"from seed, from {first}: squared distance of the mean text from that of the seed examples and of {unit} {first}. "
        "0 is the same; few seed examples are far from any mean, so watch the change.",
        "spread: half the mean squared distance between two texts; less means more alike.",
        "apart: the part of the spread that lies between lanes; a rise means that each lane goes its own way.",
        "Figures after ± are standard errors.",
    ]
    if len(found.generations) > len(found.stretches) == SIXTHS:
        sentences.append(f"The {len(found.generations)} generations are shown in sixths.")
    if all(each.apart is None for each in found.stretches):
        del sentences[2]
    for sentence in sentences:
        yield from _wrapped(sentence)


def _row(stretch: Stretch, labels: Sequence[str]) -> list[str]:
    return [
        stretch.name,
        f"{stretch.examples:,}",
        _estimate(stretch.from_seed),
        _estimate(stretch.from_first),
        _estimate(stretch.spread),
        _estimate(stretch.apart),
        _estimate(stretch.words, 1),
        *(f"{100 * stretch.labels.get(label, 0):.0f} %" for label in labels),
    ]


def _words(found: Drift) -> Iterator[str]:
    unit = _unit(found)
    before, after = found.compared
    if not (found.words.came or found.words.went):
        yield from _wrapped(f"No word clearly came or went between {unit} {before} and {unit} {after}.")
        return
    for title, shifted, examples in (
        (f"Words that came, in {unit} {after} against {before}", found.words.came, found.words.with_came),
        (f"Words that went, in {unit} {before} against {after}", found.words.went, found.words.with_went),
    ):
        if shifted:
            yield from _wrapped(f"{title}: {', '.join(map(_word, shifted))}.")
            yield from (f"  - {short(found.texts[number], _LONGEST_TEXT)}" for number in examples)
    yield from _wrapped(
        "A word is shown with the share of examples that have it, before and after, if |z| of its log-odds is above 3 and "
        "three lanes have it. Examples have most of these words."
    )


def _word(shifted: ShiftedWord) -> str:
    return f"{short(shifted.word, 30)} ({100 * shifted.before:.0f} to {100 * shifted.after:.0f} %)"


def _unit(found: Drift) -> str:
    return "depth" if found.axis == "depth" else "lines"


def _keys(keys: Sequence[str]) -> str:
    return ", ".join(f"`{short(key, 30)}`" for key in keys)


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}" if value >= 0.01 else f"{value:.1g}"


def _estimate(found: Estimate | None, places: int = 2) -> str:
    # A small distance may come out below 0; minus nothing is nothing.
    return (
        "" if found is None else f"{found.value + 0.0:.{places}f} ± {found.error:.{places}f}".replace("-0.00", "0.00")
    )


def _wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
