"""Counts of a run, from its events. All of it is a function of what was committed."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar

from datarecipe.exchange import Completion
from datarecipe.generate.events import Accepted, Event, RejectedItem
from datarecipe.generate.reasons import Reason
from datarecipe.recipe import Recipe
from datarecipe.run_folder.counts.balanced_values import BalancedValues
from datarecipe.run_folder.counts.confirmed_labels import ConfirmedLabels
from datarecipe.run_folder.counts.judged_scores import JudgedScores
from datarecipe.run_folder.counts.label_counts import LabelCounts

MOST_NAMES = 100
"""Names of models that are counted one by one: a server may give another with each reply."""

OTHERS = "(others)"
"""What the models beyond these are counted as."""


@dataclass(slots=True)
class Tally:
    """Items and responses that were committed."""

    DERIVED: ClassVar = {"accepted": "yield_"}

    accepted: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    """By reason."""
    surplus: int = 0
    """Valid items beyond the target. They are nobody's fault, so they count apart."""
    repaired: int = 0
    """Accepted items that the author corrected."""
    sent_back: int = 0
    """Rejected items that were sent back to the author; `rejected` counts what came of them in the end."""
    normalised: int = 0
    """Accepted items whose label, options or fields were mended."""
    responses: int = 0

    @property
    def came(self) -> int:
        """Items that were accepted or rejected; a response without any item counts as one."""
        return self.accepted + self.rejected.total()

    @property
    def yield_(self) -> float | None:
        """Accepted items to items that came, to four digits; None before the first."""
        return round(self.accepted / self.came, 4) if self.came else None

    def add(self, event: Accepted | RejectedItem) -> None:
        """Count an item."""
        if isinstance(event, Accepted):
            self.accepted += 1
            self.repaired += bool(event.lineage.repaired_from)
        elif event.sent_back:
            self.sent_back += 1
        elif event.reason == "surplus":
            self.surplus += 1
        else:
            self.rejected[event.reason] += 1

    def __copy__(self) -> Tally:
        return replace(self, rejected=self.rejected.copy())


@dataclass(slots=True)
class TokenCounts:
    """Tokens of the committed responses, as their providers counted them."""

    prompt: int = 0
    completion: int = 0
    responses_without_usage: int = 0


@dataclass(slots=True)
class CommitCounts:
    """What has been committed so far."""

    tally: Tally = field(default_factory=Tally)
    tokens: TokenCounts = field(default_factory=TokenCounts)
    labels: LabelCounts | None = None
    confirmed: ConfirmedLabels | None = None
    """None where the recipe verifies nothing."""
    judged: JudgedScores | None = None
    """None where the recipe has no judge."""
    balanced: BalancedValues | None = None
    """None where the recipe balances nothing."""
    answered_by: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    """By the name that the provider gave."""

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            if isinstance(event, Accepted | RejectedItem):
                self.tally.add(event)
                self._add_to_filters(event)
                if self.labels is not None and isinstance(event, Accepted):
                    self.labels.add(event.example)
            else:
                self.tally.responses += 1
                self.tally.normalised += event.normalised
                self._add_response(event.response)

    def _add_to_filters(self, event: Accepted | RejectedItem) -> None:
        for checks in (self.confirmed, self.judged):
            if checks is not None:
                checks.add(event)
        if self.balanced is not None and isinstance(event, Accepted):
            self.balanced.add(event.example)

    def _add_response(self, response: Completion) -> None:
        for counted, name in ((self.answered_by, response.answered_by), (self.models, response.model)):
            counted[name if name in counted or len(counted) < MOST_NAMES else OTHERS] += 1
        if response.usage is None:
            self.tokens.responses_without_usage += 1
        else:
            self.tokens.prompt += response.usage.prompt_tokens
            self.tokens.completion += response.usage.completion_tokens

    @classmethod
    def of(cls, recipe: Recipe) -> CommitCounts:
        """Nothing yet, of a run of the recipe."""
        return cls(
            labels=LabelCounts.of(recipe),
            confirmed=ConfirmedLabels.of(recipe),
            judged=JudgedScores.of(recipe),
            balanced=BalancedValues.of(recipe),
        )

    def copy(self) -> CommitCounts:
        """As it is now."""
        return replace(self, **{each.name: copy.copy(getattr(self, each.name)) for each in fields(self)})
