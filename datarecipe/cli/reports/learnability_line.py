"""How well the labels of a dataset can be learned, in words."""

from __future__ import annotations

from pathlib import Path

from datarecipe.characters import loose_words
from datarecipe.measure.examples import SIZE
from datarecipe.measure.labels.cross_validation import FEWEST, cross_validated
from datarecipe.measure.labels.learnability import Learnability, learnability
from datarecipe.measure.read_examples import sampled_of_run


def learnability_line(run: Path, examples: int) -> str | None:
    """What a run's own figures do not show, in a line for its end; None where there are too few examples to say it."""
    if examples < FEWEST:
        return None
    found = sampled_of_run(run, examples, SIZE)
    by_others = cross_validated([loose_words(text) for text in found.texts], found.labels) if found.labels else None
    if by_others is None:
        return None
    learned = accuracy(learnability(by_others))
    return f"learnability: {learned} (what a simple classifier learns; `datarecipe stats` measures more)"


def accuracy(found: Learnability | None) -> str:
    """The accuracy with its interval, beside chance; nothing where it was not measured."""
    if found is None:
        return ""
    return f"{percent(found.accuracy)} ({percent(found.low)} to {percent(found.high)}), chance {percent(found.chance)}"


def percent(share: float) -> str:
    """A share of 1 as a person reads it."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
