"""What verdicts say of the datasets that they judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from datarecipe.measure.labels.learnability import wilson
from datarecipe.review.results.agreement import Agreement, agreement
from datarecipe.review.results.judged_examples import JudgedExamples
from datarecipe.review.sample.source_dataset import Question
from datarecipe.review.verdicts.verdict import Verdict

T = TypeVar("T")

_VALID, _INVALID = "valid", "not valid"


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some examples, with the 95 % interval of their share among all examples.

    The examples are a random sample of the dataset. Wilson's score interval: Wilson 1927, "Probable Inference, the Law of
    Succession, and Statistical Inference".
    """

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its ends; None of no examples."""
        return wilson(self.hits, self.of) if self.of else None


@dataclass(frozen=True, slots=True)
class Group:
    """What was found for some of the examples or reviewers."""

    kind: str
    """`all`, `dataset`, `label` or `reviewer`."""
    name: str
    judged: int
    valid: Share
    """Of examples on which a majority decides."""
    right: Share
    """Labels that are those given, of valid examples with a label on which most agree."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reviewers of an example say together."""

    verdicts: Sequence[Verdict]
    valid: bool | None
    """What more than half of the verdicts say; None for a tie."""
    label: str | None
    """The most frequent label of those who call it valid; None where there is none, or two are equally frequent."""

    @property
    def disputed(self) -> bool:
        """Whether two reviewers differ: on validity, or on the label where both give one."""
        labels = {verdict.label for verdict in self.verdicts if verdict.label is not None}
        return len({verdict.valid for verdict in self.verdicts}) > 1 or len(labels) > 1


@dataclass(frozen=True, slots=True)
class ReviewResults:
    """All that verdicts say."""

    question: Question
    examples: int
    """In the samples."""
    judged: int
    undecided: int
    """Judged examples of whose validity no majority is sure."""
    groups: Sequence[Group]
    validity: Agreement | None
    labels: Agreement | None
    decisions: Mapping[str, Decision]
    """By the id of the example, in the order of the samples."""
    given: Mapping[str, str | None]

    @property
    def disputed(self) -> list[str]:
        """Ids of examples on which reviewers differ."""
        return [name for name, decision in self.decisions.items() if decision.disputed]

    @property
    def invalid(self) -> list[str]:
        """Ids of the other examples that are not valid."""
        return [name for name, each in self.decisions.items() if each.valid is False and not each.disputed]

    @property
    def wrong(self) -> list[str]:
        """Ids of the other valid examples whose label is not the one that was given."""
        return [
            name
            for name, each in self.decisions.items()
            if each.valid
            and not each.disputed
            and each.label is not None
            and self.given[name] not in {None, each.label}
        ]


def decided(verdicts: Sequence[Verdict]) -> Decision:
    """What verdicts on one example say together. A tie is no majority, and its example neither valid nor invalid."""
    yes = sum(verdict.valid is True for verdict in verdicts)
    valid = None if 2 * yes == len(verdicts) else 2 * yes > len(verdicts)
    labels = Counter(verdict.label for verdict in verdicts if verdict.label is not None).most_common(2)
    clear = len(labels) == 1 or (len(labels) == 2 and labels[0][1] > labels[1][1])
    return Decision(verdicts, valid, labels[0][0] if clear else None)


def results(judged: JudgedExamples) -> ReviewResults:
    """What all verdicts say."""
    by_item: dict[str, list[Verdict]] = {}
    for (_, name), verdict in sorted(judged.verdicts.items()):
        if verdict.valid is not None and name in judged.given:
            by_item.setdefault(name, []).append(verdict)
    decisions = {name: decided(by_item[name]) for name in judged.given if name in by_item}
    blind = judged.question == "label"
    known = sorted({label for label in judged.given.values() if label is not None}) if blind else []
    groups = [_group("all", "all", decisions, judged)]
    if len(judged.sampled) > 1:
        groups += [
            _group("dataset", each.source.name, _of(decisions, each.examples), judged) for each in judged.sampled
        ]
    if len(known) > 1:
        groups += [
            _group(
                "label", label, {name: each for name, each in decisions.items() if judged.given[name] == label}, judged
            )
            for label in known
        ]
    reviewers = sorted({verdict.reviewer for each in decisions.values() for verdict in each.verdicts})
    if len(reviewers) > 1:
        for reviewer in reviewers:
            own = {
                name: decided([verdict])
                for name, each in decisions.items()
                for verdict in each.verdicts
                if verdict.reviewer == reviewer
            }
            groups.append(_group("reviewer", reviewer, own, judged))
    return ReviewResults(
        question=judged.question,
        examples=len(judged.given),
        judged=len(decisions),
        undecided=sum(each.valid is None for each in decisions.values()),
        groups=groups,
        validity=agreement([[_VALID if v.valid else _INVALID for v in each.verdicts] for each in decisions.values()]),
        labels=agreement([[v.label for v in each.verdicts if v.label is not None] for each in decisions.values()]),
        decisions=decisions,
        given=judged.given,
    )


def _group(kind: str, name: str, decisions: Mapping[str, Decision], judged: JudgedExamples) -> Group:
    valid = [each.valid for each in decisions.values() if each.valid is not None]
    labels = [
        each.label == judged.given[item]
        for item, each in decisions.items()
        if each.valid and each.label is not None and judged.given[item] is not None
    ]
    return Group(kind, name, len(decisions), Share(sum(valid), len(valid)), Share(sum(labels), len(labels)))


def _of(decisions: Mapping[str, T], names: Iterable[str]) -> dict[str, T]:
    return {name: decisions[name] for name in names if name in decisions}
