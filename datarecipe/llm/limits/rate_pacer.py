"""So much a minute: the generic cell rate algorithm (ITU-T I.371), which spreads what is sent evenly.

No burst is allowed for: providers count over windows of their own choice, and an even stream fits in every one of them.
"""

from __future__ import annotations


class Pace:
    """At most `per_minute` units a minute, of anything: requests, tokens."""

    def __init__(self, per_minute: float) -> None:
        self._seconds_each = 60.0 / per_minute
        self._free_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until more may be taken; 0 for now."""
        return max(0.0, self._free_at - now)

    def take(self, units: float, now: float) -> None:
        """Take `units`, of which `wait` said that they may be taken: the next ones wait until these are paid off."""
        self._free_at = max(self._free_at, now) + units * self._seconds_each

    def give_back(self, units: float) -> None:
        """`units` that were taken were not used."""
        self._free_at -= units * self._seconds_each
