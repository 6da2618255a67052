"""Where a run stands, for whoever looks: a frozen picture of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datarecipe.amount import Amount, Caps
from datarecipe.run_folder.counts.run_counts import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One run at one moment."""

    name: str
    output: Path
    """The run's folder; names may be equal."""
    counts: Counts
    in_flight: int
    """Attempts under way; what waits for its next attempt is not in it."""
    limit: int
    """How many may be in flight now."""
    down: bool
    """Whether the provider answers nothing at present."""
    waits: tuple[float, str] | None
    """The seconds until more may be sent, and what is waited for; None where time is no matter."""
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
    def calls_per_second(self) -> float:
        """Attempts."""
        return self.counts.spent.now.calls / self.sending if self.sending else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Of prompts and replies, as far as replies said how many there were."""
        spent = self.counts.spent
        return (spent.now.tokens - spent.assumed_now.tokens) / self.sending if self.sending else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while there is none, or nothing is answered."""
        if self.down:
            return None
        accepted = self.counts.tally.accepted
        made = accepted - self.accepted_before_sending
        return (self.counts.target_size - accepted) * self.sending / made if made > 0 and self.sending else None
