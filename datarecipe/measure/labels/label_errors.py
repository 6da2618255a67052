"""Labels that a classifier contradicts which has learned from all other examples: confident learning, without any call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from datarecipe.measure.labels.cross_validation import CrossValidated
from datarecipe.measure.labels.learnability import learnability

_SHARPEST: Final = 8.0
"""A factor for log probabilities that is above any of use: naive Bayes is too sure already."""
_HALVINGS: Final = 24


@dataclass(frozen=True, slots=True)
class LabelError:
    """An example whose label its text contradicts."""

    number: int
    """Of the example, from 0, among those that were measured."""
    given: str
    predicted: str
    confidence: float
    """The calibrated probability of the predicted label."""
    given_probability: float
    """That of the given one."""


def label_errors(found: CrossValidated) -> list[LabelError] | None:
    """The examples that confident learning counts under another label than their own, the surest first.

    With p(i, l) the calibrated probability of label l for example i, and t(l) the mean of p(i, l) over the examples that
    have the label l, example i counts under the label with the largest p(i, l) among those with p(i, l) >= t(l), or under
    none.
    Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", arXiv 1911.00068,
    equation 1: those off the diagonal of the confident joint. Surest is the largest difference of both probabilities.

    None where the classifier does not do clearly better than chance: then it can contradict nothing.
    """
    learned = learnability(found)
    sharpness = calibration(found)
    if learned.low <= learned.chance or not sharpness:
        return None
    probabilities = [_probabilities(scores, sharpness) for scores in found.scores]
    thresholds = []
    for label in range(len(found.labels)):
        own = [each[label] for each, given in zip(probabilities, found.given, strict=True) if given == label]
        thresholds.append(math.fsum(own) / len(own))
    errors = []
    for number, (each, given) in enumerate(zip(probabilities, found.given, strict=True)):
        confident = [label for label, least in enumerate(thresholds) if each[label] >= least]
        likely = max(confident, key=each.__getitem__, default=given)
        if likely != given:
            errors.append(LabelError(number, found.labels[given], found.labels[likely], each[likely], each[given]))
    return sorted(errors, key=lambda error: (error.given_probability - error.confidence, error.number))


def calibration(found: CrossValidated) -> float:
    """The factor for log probabilities with which they predict the given labels best; 0 where they predict nothing.

    It is 1 / the temperature of Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv 1706.04599, section 4.2,
    fitted to what cross-validation gave. The log-likelihood has one maximum, found by halving where its slope is 0.
    """

    def slope(factor: float) -> float:
        steps = []
        for scores, given in zip(found.scores, found.given, strict=True):
            expected = math.fsum(p * score for p, score in zip(_probabilities(scores, factor), scores, strict=True))
            steps.append(scores[given] - expected)
        return math.fsum(steps)

    low, high = 0.0, _SHARPEST
    if slope(low) <= 0:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return low


def _probabilities(scores: Sequence[float], factor: float) -> list[float]:
    largest = max(scores)
    weights = [math.exp(factor * (score - largest)) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]
