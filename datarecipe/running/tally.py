"""Counts of a run, from its events. All of it is a function of what was committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from datarecipe.exchange import Completion
from datarecipe.generate.events import Accepted, Committed, Event, Rejected


@dataclass(slots=True)
class Tally:
    """What has been committed so far."""

    accepted: int = 0
    responses: int = 0
    normalised: int = 0
    """Accepted items whose label, options or fields were mended."""
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    without_usage: int = 0
    """Committed responses whose provider counted no tokens."""
    answered_by: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    """By the name that the provider gave."""

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        for event in events:
            if isinstance(event, Accepted):
                self.accepted += 1
            elif isinstance(event, Rejected):
                self.rejected[event.reason] += 1
            elif isinstance(event, Committed):
                self.responses += 1
                self.normalised += event.normalised
                self._add_response(event.response)

    def _add_response(self, response: Completion) -> None:
        self.answered_by[response.answered_by] += 1
        self.models[response.model] += 1
        if response.usage is None:
            self.without_usage += 1
        else:
            self.prompt_tokens += response.usage.prompt_tokens
            self.completion_tokens += response.usage.completion_tokens
