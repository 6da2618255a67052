"""Counts of a run, from its events. All of it is a function of what was committed."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar

from datarecipe.exchange import Completion
from datarecipe.generate.events import Accepted, Committed, Event, RejectedItem
from datarecipe.generate.reasons import Reason
from datarecipe.recipe import Recipe
from datarecipe.run_folder.counts.balanced_values import BalancedValues
from datarecipe.run_folder.counts.confirmed_labels import ConfirmedLabels
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
    balanced: BalancedValues | None = None
    """None where the recipe balances nothing."""
    answered_by: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    """By the name that the provider gave."""

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            if self.confirmed is not None and isinstance(event, Accepted | RejectedItem):
                self.confirmed.add(event)
            if isinstance(event, Accepted):
                self.tally.accepted += 1
                if self.labels is not None:
                    self.labels.add(event.example)
                if self.balanced is not None:
                    self.balanced.add(event.example)
            elif isinstance(event, RejectedItem):
                if event.reason == "surplus":
                    self.tally.surplus += 1
                else:
                    self.tally.rejected[event.reason] += 1
            elif isinstance(event, Committed):
                self.tally.responses += 1
                self.tally.normalised += event.normalised
                self._add_response(event.response)

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
            labels=LabelCounts.of(recipe), confirmed=ConfirmedLabels.of(recipe), balanced=BalancedValues.of(recipe)
        )

    def copy(self) -> CommitCounts:
        """As it is now."""
        return replace(self, **{each.name: copy.copy(getattr(self, each.name)) for each in fields(self)})
