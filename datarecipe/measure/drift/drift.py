"""All that is measured of one run's drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from datarecipe.characters import loose_words
from datarecipe.exchange import Json, texts_within
from datarecipe.generate.events import Lineage
from datarecipe.measure.drift.adjustment import adjusted, adjustment
from datarecipe.measure.drift.curves import Placed, Stretch, curves
from datarecipe.measure.drift.generations import Axis, Generations, by_depth, by_order, chosen
from datarecipe.measure.drift.holm import holm
from datarecipe.measure.drift.independent_lanes import FEWEST, Lanes, independent_lanes
from datarecipe.measure.drift.lane_flips import Flips, Scores, lane_flips
from datarecipe.measure.drift.text_vectors import label_scores, length_score, text_vector
from datarecipe.measure.drift.word_shift import WordShift, word_shift
from datarecipe.measure.sample import sample

MOST: Final = 10_000
"""Examples that are measured. Of a larger run it is a sample, so that memory and time have a bound."""
LEVEL: Final = 0.05
"""The corrected p up to which a test has found drift."""
ROWS: Final = 8
"""Generations that are shown as they are; of more, sixths."""
SIXTHS: Final = 6

Subject = Literal["texts", "labels", "lengths"]


@dataclass(frozen=True, slots=True)
class Traced:
    """The examples of a run, in its order, and where each came from."""

    name: str
    texts: Sequence[str]
    labels: Sequence[str]
    """Empty where examples have none."""
    lineage: Sequence[Lineage]
    seeds: Sequence[str]
    """The texts of the recipe's seed examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """Where a change begins: the first generation that differs, and the range when any lane is left out."""

    kind: Literal["step", "ramp"]
    generation: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTest:
    """One test. `p` is None where nothing can be tested: too few lanes, or nothing that varies within them."""

    subject: Subject
    p: float | None
    corrected: float | None
    """By Holm, over the tests of this run."""
    least: float | None
    """The smallest p that so few lanes can give."""
    onset: Onset | None
    """Only where `corrected` is at most `LEVEL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    name: str
    examples: int
    measured: int
    axis: Axis
    generations: Sequence[str]
    """Depths, or lines of the dataset."""
    lanes: int
    """Lanes of the run."""
    groups: int
    """Groups of lanes with two generations or more, whose signs are flipped."""
    dealt: bool
    """Whether there are too few, so that requests were dealt to made-up lanes: then p holds only if batches are
    independent."""
    enough: bool
    """Whether there are enough groups for a test."""
    adjusted_for: Sequence[str]
    """Keys of `vary` whose values are taken out."""
    not_adjusted_for: Sequence[str]
    """Keys of `vary` with too many values for that."""
    tests: Sequence[DriftTest]
    stretches: Sequence[Stretch]
    words: WordShift
    compared: tuple[str, str]
    """The generations between which words are compared."""
    texts: Mapping[int, str]
    """By number: the examples that `words` names."""

    @property
    def drift_p(self) -> float | None:
        """The smallest corrected p: at most `LEVEL` where there is drift; None where nothing can be tested."""
        return min((test.corrected for test in self.tests if test.corrected is not None), default=None)


def drift(run: Traced, axis: Axis | None = None) -> Drift:
    """Measure a run that is not empty. Without `axis`: by depth, or by order if all examples have the same depth."""
    lines = sample(range(len(run.texts)), MOST)
    lineage = [run.lineage[line] for line in lines]
    texts = [run.texts[line] for line in lines]
    labels = [run.labels[line] for line in lines] if run.labels else []
    words = [loose_words(text) for text in texts]
    depths, requests = [row.depth for row in lineage], [row.request for row in lineage]
    axis = chosen(axis, depths)
    generations = by_depth(depths) if axis == "depth" else by_order(requests, [line + 1 for line in lines])
    lanes = independent_lanes([row.lane for row in lineage], requests, generations.of)
    takes_out = adjustment([row.vary for row in lineage], requests)
    vectors = adjusted([text_vector(text) for text in texts], takes_out.factors)
    scores: dict[Subject, Scores] = {"texts": vectors}
    if len(set(labels)) > 1:
        scores["labels"] = adjusted(label_scores(labels), takes_out.factors)
    scores["lengths"] = adjusted([length_score(len(each)) for each in words], takes_out.factors)
    tested = {
        subject: lane_flips(each, lanes, generations.of) if lanes.spanning >= FEWEST else None
        for subject, each in scores.items()
    }
    rows = generations if len(generations.names) <= ROWS else generations.joined(SIXTHS)
    placed = Placed(vectors=vectors, words=[len(each) for each in words], labels=labels, lanes=lanes, stretches=rows.of)
    thirds = generations.joined(3)
    shift = _shift(words, lanes, thirds, _words_of([row.vary for row in lineage]))
    return Drift(
        name=run.name,
        examples=len(run.texts),
        measured=len(lines),
        axis=axis,
        generations=generations.names,
        lanes=len({row.lane for row in lineage}),
        groups=lanes.spanning,
        dealt=lanes.dealt,
        enough=lanes.spanning >= FEWEST,
        adjusted_for=takes_out.keys,
        not_adjusted_for=takes_out.left,
        tests=_tests(tested, generations),
        stretches=curves(placed, rows.names, [text_vector(text) for text in run.seeds]),
        words=shift,
        compared=(thirds.names[0], thirds.names[-1]),
        texts={at: texts[at] for at in (*shift.with_came, *shift.with_went)},
    )


def _tests(tested: Mapping[Subject, Flips | None], generations: Generations) -> list[DriftTest]:
    found = {subject: flips for subject, flips in tested.items() if flips is not None}
    corrected = dict(zip(found, holm([flips.p for flips in found.values()]), strict=True))
    return [
        DriftTest(
            subject=subject,
            p=None if flips is None else flips.p,
            corrected=corrected.get(subject),
            least=None if flips is None else flips.least,
            onset=_onset(flips, generations) if flips is not None and corrected[subject] <= LEVEL else None,
        )
        for subject, flips in tested.items()
    ]


def _onset(flips: Flips, generations: Generations) -> Onset:
    first, last = flips.onset_range
    names = generations.names
    return Onset(kind=flips.course.kind, generation=names[flips.course.onset], first=names[first], last=names[last])


def _shift(words: Sequence[Sequence[str]], lanes: Lanes, thirds: Generations, ignored: frozenset[str]) -> WordShift:
    last = len(thirds.names) - 1
    before, after = ([at for at, third in enumerate(thirds.of) if third == number] for number in (0, last))
    if not last:
        return WordShift((), (), (), ())
    return word_shift(words, [lanes.group(at) for at in range(len(words))], before, after, ignored)


def _words_of(vary: Sequence[Mapping[str, Json]]) -> frozenset[str]:
    """Words of the values of `vary`: they come and go as the values do."""
    values = {text for each in vary for text in texts_within(dict(each))}
    return frozenset(word for text in values for word in loose_words(text))
