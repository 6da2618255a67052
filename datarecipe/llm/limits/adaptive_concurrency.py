"""How many requests a provider bears at once, found out while asking.

Additive increase, multiplicative decrease, as TCP does (Chiu and Jain 1989), on the provider's own word alone: a rate limit
cuts, answers let it grow. Three rules keep it steady:

- One cut for each burst: a rate limit of an attempt that began before the last cut says nothing about what holds now.
  Nor does such an attempt's answer count towards growth.
- Growth only where the limit is used: answers that came while many places were free show nothing about more.
- Growth ends where the run started, unless the user allows more. Up to there it recovers by a fifth of the start for each
  round of answers (as many as the limit): a provider that refuses one request in twenty, whatever their number, would hold
  it down otherwise. Beyond, it doubles until the first cut, and then goes on by a twentieth.
"""

from __future__ import annotations

CUT = 0.8
RECOVERY = 0.2
GROWTH = 0.05
USED = 0.8
"""Share of the limit that has to be under way for an answer to count as evidence."""


class AdaptiveLimit:
    """The number of requests that may be under way now: `limit`."""

    def __init__(self, start: int, most: int | None = None) -> None:
        """It begins with `start` and never exceeds `most` (by default `start`); both at least 1."""
        self.start = start
        self.most = max(start, most or start)
        self.cuts = 0
        """How often it was cut; an attempt keeps the number that held when it began."""
        self._limit = float(start)

    @property
    def limit(self) -> int:
        """At least 1."""
        return int(self._limit)

    def answered(self, cuts: int, in_flight: int) -> None:
        """An attempt that began after so many `cuts` was answered, `in_flight` being under way with it."""
        if cuts != self.cuts or self._limit >= self.most or in_flight < USED * self.limit:
            return
        if self._limit < self.start:
            self._limit = min(self._limit + RECOVERY * self.start / self._limit, self.start)
        else:
            self._limit = min(self._limit + (GROWTH if self.cuts else 1.0), self.most)

    def rate_limited(self, cuts: int) -> bool:
        """An attempt that began after so many `cuts` was told to slow down; gives whether the limit was cut for it."""
        if cuts != self.cuts:
            return False
        self.cuts += 1
        self._limit = max(1.0, self._limit * CUT)
        return True
