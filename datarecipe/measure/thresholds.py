"""`tests` of a recipe: bounds for the measures of its dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from datarecipe.measure.measures import Measures
from datarecipe.recipe.recipe import TestedMeasure, Threshold

if TYPE_CHECKING:
    from datarecipe.measure.drift.drift import Drift

Verdict = Literal["passed", "failed", "warned", "not measured"]


class Tested(NamedTuple):
    """What one test found."""

    measure: TestedMeasure
    verdict: Verdict
    value: float | None
    """None where it cannot be measured."""
    threshold: Threshold

    @property
    def bounds(self) -> str:
        """What the value should be, in words."""
        least, most, _ = self.threshold
        words = [] if least is None else [f"at least {least:g}"]
        return " and ".join([*words, *([] if most is None else [f"at most {most:g}"])])


FIGURES: Final[Mapping[TestedMeasure, Callable[[Measures], float | None]]] = {
    "examples": lambda m: m.examples,
    "yield": lambda m: m.yielded,
    "evenness": lambda m: m.evenness,
    "learnability": lambda m: None if m.learnability is None else m.learnability.accuracy,
    "near_duplicate_rate": lambda m: m.near_duplicate_rate,
    "distinct_1": lambda m: m.distinct[1],
    "distinct_2": lambda m: m.distinct[2],
    "distinct_3": lambda m: m.distinct[3],
    "compression_ratio": lambda m: m.compression_ratio,
    "self_bleu": lambda m: None if m.self_bleu is None else m.self_bleu.value,
    "median_words": lambda m: m.lengths.median,
    "longest_words": lambda m: m.lengths.longest,
    "vendi": lambda m: None if m.spread is None else m.spread.vendi,
    "nearest_distance": lambda m: None if m.spread is None else m.spread.nearest_distance,
    "mean_distance": lambda m: None if m.spread is None else m.spread.mean_distance,
    "label_errors": lambda m: None if m.label_errors is None else m.label_errors.share,
    "giveaway_words": lambda m: None if m.giveaway_words is None else m.giveaway_words.share,
}
"""The value of each measure that a recipe can test, but for `drift_p`, which needs the lineage."""


def results(
    tests: Mapping[TestedMeasure, Threshold], measures: Measures, drift: Callable[[], Drift]
) -> Iterator[Tested]:
    """What the tests of a recipe say of a dataset, in the recipe's order. `drift` is measured only where it is tested."""
    for name, threshold in tests.items():
        value = drift().drift_p if name == "drift_p" else FIGURES[name](measures)
        yield Tested(name, _verdict(value, threshold), value, threshold)


def _verdict(value: float | None, threshold: Threshold) -> Verdict:
    if value is None:
        return "not measured"
    least, most, severity = threshold
    if (least is None or value >= least) and (most is None or value <= most):
        return "passed"
    return "failed" if severity == "error" else "warned"
