"""When the requests of a run could begin and end: so many at once, so many a minute, and some wait for others' replies."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.llm.limits.rate_pacer import Pace

SCHEDULED = 5_000
"""Requests that are put in their places one by one; more go on at the same rate."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What holds requests back."""

    slots: int
    """Requests under way at once."""
    latency: float
    """Seconds from a request to its reply."""
    tokens: float
    """Of prompt and reply of one request."""
    rpm: int | None = None
    tpm: int | None = None

    @property
    def seconds_each(self) -> float:
        """Seconds for each request while nothing waits for anything else."""
        paces = [60 / self.rpm] if self.rpm else []
        paces += [60 * self.tokens / self.tpm] if self.tpm else []
        return max([self.latency / self.slots, *paces])


def makespan(waits_for: Sequence[int | None], requests: int, speed: Speed) -> float:
    """Seconds from the first request to the last reply.

    `waits_for` is for each of the first requests the number of the one whose reply it needs; the others need none.
    """
    scheduled = min(requests, SCHEDULED)
    waiting: dict[int, list[int]] = {}
    ready = []
    for number in range(scheduled):
        before = waits_for[number] if number < len(waits_for) else None
        if before is None:
            ready.append(number)  # in order: a heap already
        else:
            waiting.setdefault(before, []).append(number)
    paces = [(Pace(speed.rpm), 1.0)] if speed.rpm else []
    paces += [(Pace(speed.tpm), speed.tokens)] if speed.tpm else []
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < speed.slots:
            start = now + max((pace.wait(now) for pace, _ in paces), default=0.0)
            if start > now and running and running[0][0] <= start:
                break  # something comes back before, and may leave a more urgent request ready
            now = start
            for pace, units in paces:
                pace.take(units, now)
            heapq.heappush(running, (now + speed.latency, heapq.heappop(ready)))
        now, number = heapq.heappop(running)
        for next_ in waiting.pop(number, ()):
            heapq.heappush(ready, next_)
    return now + (requests - scheduled) * speed.seconds_each
