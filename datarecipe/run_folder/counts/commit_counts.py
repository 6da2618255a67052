"""Counts of a run, from its events. All of it is a function of what was committed."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from datarecipe.exchange import Completion
from datarecipe.generate.events import Accepted, Committed, Event, RejectedItem
from datarecipe.generate.reasons import Reason
from datarecipe.run_folder.counts.label_counts import LabelCounts

MOST_NAMES = 100
"""Names of models that are counted one by one: a server may give another with each reply."""

OTHERS = "(others)"
"""What the models beyond these are counted as."""


@dataclass(slots=True)
class Tally:
    """What has been committed so far."""

    accepted: int = 0
    responses: int = 0
    normalised: int = 0
    """Accepted items whose label, options or fields were mended."""
    rejected: Counter[Reason] = field(default_factory=Counter)
    """By reason."""
    surplus: int = 0
    """Valid items beyond the target. They are nobody's fault, so they count apart."""
    labels: LabelCounts | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    without_usage: int = 0
    """Committed responses whose provider counted no tokens."""
    answered_by: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    """By the name that the provider gave."""

    @property
    def came(self) -> int:
        """Items that were accepted or rejected; a response without any item counts as one."""
        return self.accepted + self.rejected.total()

    @property
    def yield_(self) -> float | None:
        """Accepted items to items that came; None before the first."""
        return self.accepted / self.came if self.came else None

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            if isinstance(event, Accepted):
                self.accepted += 1
                if self.labels is not None:
                    self.labels.add(event.example)
            elif isinstance(event, RejectedItem):
                if event.reason == "surplus":
                    self.surplus += 1
                else:
                    self.rejected[event.reason] += 1
            elif isinstance(event, Committed):
                self.responses += 1
                self.normalised += event.normalised
                self._add_response(event.response)

    def _add_response(self, response: Completion) -> None:
        for counted, name in ((self.answered_by, response.answered_by), (self.models, response.model)):
            counted[name if name in counted or len(counted) < MOST_NAMES else OTHERS] += 1
        if response.usage is None:
            self.without_usage += 1
        else:
            self.prompt_tokens += response.usage.prompt_tokens
            self.completion_tokens += response.usage.completion_tokens

    def copy(self) -> Tally:
        """As it is now."""
        return replace(self, **{each.name: copy.copy(getattr(self, each.name)) for each in fields(self)})

    def tokens(self) -> dict[str, int]:
        """Those that the providers counted, as JSON."""
        return {
            "prompt": self.prompt_tokens,
            "completion": self.completion_tokens,
            "responses_without_usage": self.without_usage,
        }

    def document(self) -> dict[str, Any]:
        """The counts of items and responses as JSON, without those of labels."""
        return {
            "accepted": self.accepted,
            "yield": None if self.yield_ is None else round(self.yield_, 4),
            "rejected": dict(sorted(self.rejected.items())),
            "surplus": self.surplus,
            "normalised": self.normalised,
            "responses": self.responses,
        }
