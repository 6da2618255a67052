"""All that is counted of a run, at one moment or at its end.

Terminal, `--json`, events, manifest and card read this one record. A new count is a field of the part that it belongs to
(`Tally`: items and responses, `TokenCounts`: tokens, `Traffic`: what was sent, `Spent`: what it cost).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from datarecipe.amount import NOTHING, Amount, plain
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.label_counts import ByLabel
from datarecipe.run_folder.json_records import to_json


@dataclass(slots=True)
class Traffic:
    """What a run sent, for display and manifest. Not a part of the dataset."""

    from_cache: int = 0
    """Responses with items taken from the cache."""
    sent: int = 0
    """Requests sent."""
    answered: int = 0
    """Requests sent that were answered."""
    abandoned: int = 0
    """Requests sent whose answer was not waited for."""
    asked_again: int = 0
    """Stored responses without a valid item that `retry` replaced."""
    checks: int = 0
    """Of `answered`: answers to questions that filters ask about items."""
    checks_from_cache: int = 0
    """Answers to such questions taken from the cache."""
    without_embedding: int = 0
    """Of all these answers, those of embedders that did not accept the text."""
    failed_attempts: Counter[str] = field(default_factory=Counter)
    """By the name of the failure (docs/failures.md)."""

    def __copy__(self) -> Traffic:
        return replace(self, failed_attempts=self.failed_attempts.copy())


@dataclass(frozen=True, slots=True)
class Spent:
    """What a dataset has used: attempts that failed too, and at its most what nobody counted."""

    in_all: Amount
    """Over all runs of the dataset."""
    now: Amount
    """In this run."""
    by_model: Mapping[tuple[str, bool], Amount] = field(default_factory=dict)
    """Over all runs, by the model's name and whether its price was known."""
    assumed: Amount = NOTHING
    """Over all runs, what nobody told: it counts at its most, and a bill may be lower by so much."""
    assumed_now: Amount = NOTHING
    """In this run."""

    @property
    def unpriced_tokens(self) -> int:
        """Over all runs, of models whose price is not known: the dollars say nothing of them."""
        return sum(amount.tokens for (_, known), amount in self.by_model.items() if not known)

    def document(self, *, priced: bool) -> dict[str, Any]:
        """The sums as JSON; dollars are text, since a float cannot hold them, and null where no price is known."""
        return {
            "calls": self.now.calls,
            "tokens": self.now.tokens,
            "usd": plain(self.now.usd) if priced else None,
            "usd_assumed": plain(self.assumed_now.usd) if priced else None,
            "usd_over_all_runs": plain(self.in_all.usd) if priced else None,
            "tokens_without_price": self.unpriced_tokens,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One run's counts."""

    target_size: int
    batch_size: int
    committed: CommitCounts
    traffic: Traffic
    spent: Spent

    @property
    def tally(self) -> Tally:
        """Of items and responses."""
        return self.committed.tally

    @property
    def asked(self) -> int:
        """Items that the committed responses were asked for, less those that the target left no room for."""
        return self.tally.responses * self.batch_size - self.tally.surplus

    @property
    def new(self) -> int:
        """Responses that this run requested and received, without those that `retry` replaced before it."""
        return self.traffic.answered - self.traffic.checks - self.traffic.asked_again

    @property
    def received(self) -> int:
        """New and cached responses."""
        return self.new + self.traffic.from_cache

    @property
    def waiting(self) -> int:
        """Responses that are stored, and not in the dataset: they lie behind one that is missing, or were not needed."""
        return max(0, self.received - self.tally.responses)

    @property
    def by_label(self) -> ByLabel:
        """Examples by label; apart, since a recipe may have a hundred thousand labels."""
        return ByLabel() if self.committed.labels is None else self.committed.labels.by_label

    def items(self) -> dict[str, Any]:
        """What was committed, as JSON."""
        return {"target_size": self.target_size, **to_json(self.tally), "uncommitted_responses": self.waiting}
