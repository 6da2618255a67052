"""A circuit breaker: when nothing is answered any more, nothing is sent but a probe now and then.

Without it a provider that is down for a minute is asked by every request again and again (Nygard, "Release It!", 2007).
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
"""Failed attempts in a row, with no answer between them, that open the circuit. Fewer than a request alone may make: what
nobody gets an answer to does not speak against one request."""
FIRST_OUTAGE_PAUSE = 1.0
LONGEST_OUTAGE_PAUSE = 10.0
"""Seconds: short, so that little time is lost once the provider is back; a probe is one request."""


class CircuitBreaker:
    """Closed while answers come. Open for a pause, then one probe: its answer closes it, its failure doubles the pause.

    Times are seconds of any clock that only goes forward.
    """

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        """`uniform(a, b)` draws a number; the pauses have jitter, so that several processes do not probe together."""
        self._uniform = uniform
        self._failures = 0
        self._pauses = 0
        self._until: float | None = None
        self._probe = 0
        """The number of the probe that is under way; 0 for none."""
        self._probes = 0

    @property
    def is_open(self) -> bool:
        """Whether all but a probe has to wait."""
        return self._until is not None

    @property
    def until(self) -> float | None:
        """When the next probe may be sent; None while the circuit is closed, or while a probe is under way."""
        return None if self._probe else self._until

    def lets_pass(self, now: float) -> bool:
        """Whether an attempt may begin."""
        if self._until is None:
            return True
        return not self._probe and now >= self._until

    def began(self) -> int:
        """An attempt begins that was let pass; gives its number if it is a probe, else 0."""
        if self._until is None:
            return 0
        self._probes += 1
        self._probe = self._probes
        return self._probe

    def answered(self) -> bool:
        """The provider answered; gives whether that closed the circuit."""
        was_open = self.is_open
        self._failures = self._pauses = 0
        self._until, self._probe = None, 0
        return was_open

    def failed(self, now: float, *, probe: int, retry_after: float | None = None) -> float | None:
        """An attempt failed in a way that may pass; gives the pause in seconds if the circuit is open by it."""
        self._failures += 1
        if probe and probe == self._probe:
            self._probe = 0
        elif self.is_open or self._failures < FAILURES:
            return None
        pause = min(LONGEST_OUTAGE_PAUSE, FIRST_OUTAGE_PAUSE * 2.0 ** min(self._pauses, 10)) * self._uniform(0.75, 1.25)
        self._pauses += 1
        if retry_after is not None and retry_after >= FIRST_OUTAGE_PAUSE:
            pause = retry_after  # the provider knows better
        self._until = now + pause
        return pause

    def left(self, *, probe: int) -> None:
        """An attempt ended without a word about the provider: it was cancelled, say."""
        if probe == self._probe:
            self._probe = 0
