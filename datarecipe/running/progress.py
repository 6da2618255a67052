"""Where a run stands, for whoever looks: a frozen picture of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datarecipe.llm.limits.account import Caps
from datarecipe.llm.limits.amount import Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One run at one moment."""

    name: str
    output: Path
    """The run's folder; names may be equal."""
    target_size: int
    batch_size: int
    accepted: int
    rejected: Mapping[str, int]
    """Items by reason."""
    responses: int
    """Committed."""
    from_cache: int
    sent: int
    """Requests sent by this process."""
    in_flight: int
    """Attempts under way; what waits for its next attempt is not in it."""
    limit: int
    """How many may be in flight now."""
    down: bool
    """Whether the provider answers nothing at present."""
    waits: tuple[float, str] | None
    """The seconds until more may be sent, and what is waited for; None where time is no matter."""
    spent: Amount
    """Over all runs of the dataset."""
    spent_now: Amount
    """By this process."""
    caps: Caps
    together: Amount
    """By all datasets of the command, over all their runs."""
    budget: Caps
    """What these may use together."""
    priced: bool
    """Whether dollars mean anything."""
    seconds: float
    """Since the run began."""
    sending: float
    """Seconds since the first request was sent; 0 before that."""
    accepted_before_sending: int

    @property
    def yield_(self) -> float | None:
        """Accepted items to items asked for; None before the first response."""
        return self.accepted / (self.responses * self.batch_size) if self.responses else None

    @property
    def calls_per_second(self) -> float:
        """Attempts."""
        return self.spent_now.calls / self.sending if self.sending else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Of prompts and replies."""
        return self.spent_now.tokens / self.sending if self.sending else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while there is none, or nothing is answered."""
        if self.down:
            return None
        made = self.accepted - self.accepted_before_sending
        return (self.target_size - self.accepted) * self.sending / made if made > 0 and self.sending else None
