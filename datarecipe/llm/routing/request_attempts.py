"""The attempts of one request, as a state machine without I/O: which candidate model is asked, when, and when to give up.

Candidate 0 is the model that the request is for; the others are its fallbacks. The machine says what to do next, a `Step`.
Its driver (`attempt_driver.py`) does it and reports what happened. Clock, gates and caps reach the machine as a `World` of
plain data.

| event | condition, the first that holds | next step |
|---|---|---|
| any | the run is ending | `GiveUp` with the last error |
| `start`, or moved to a candidate | it asked this request for a pause, and another candidate is usable | move |
| | it asked this request for a pause | `Wait`, with a look around every 5 s |
| | the driver already holds room for the attempt | `Send` |
| | else | `Enter` |
| `queued` | the provider asks all for a pause beyond the request's time | drop the candidate, move |
| | the candidate is not usable, and another is, or will be sooner | move |
| | it never answered anybody, and an attempt failed | drop it, move |
| | it refused for good while this request waited | move |
| | the caps will never leave room, and there is another candidate | drop it, move |
| | the caps leave room | `Send` |
| | the caps leave no room now, and an earlier candidate is usable | move |
| | else | None: stay in the queue |
| `failed` | it may be sent again at once, and was not `AT_ONCE` times | `Enter` |
| | the candidate never answered anybody | drop it, move |
| | tries and time allow another attempt here | `Wait`, the backoff |
| | there is another candidate, and time | move; drop this one unless it may answer later |
| | else | `GiveUp` |
| `paused` | after a backoff | `Enter` |
| | after a pause that the candidate asked for | as for moved |

*Move* takes the first usable candidate; else the one whose turn comes first; where none is left it gives up. A candidate
that is *dropped* is not asked by this request again. While another candidate can be paid for, a request stays with one for
a shorter time, so that it may come back.

Backoff is exponential with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015): with
many requests in flight it spreads the load best. A `Retry-After` goes before it. Retries are made here alone: litellm and
the openai client are told not to retry, since retries on several levels multiply. Rate limits and outages do not count as
tries: they speak of the provider, not of the request.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from datarecipe.errors import CapReachedError, DatarecipeError, ProviderError, TransientError
from datarecipe.llm.limits.admission_gate import SHORTEST_TIMER
from datarecipe.llm.routing.retry_limits import (
    AT_ONCE,
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    LOOKS_EVERY,
    TOTAL,
    TOTAL_BEFORE_A_FALLBACK,
    TRIES,
)
from datarecipe.llm.transport import AskAgainError


class Candidate(Protocol):
    """One candidate model at this moment, for one request. A step reads few of these, so each may be computed when read."""

    @property
    def name(self) -> str: ...

    @property
    def refused(self) -> ProviderError | None:
        """The error after which it is asked no more, by any request."""

    @property
    def usable(self) -> bool:
        """Whether it answers, or it is time to probe whether it answers again."""

    @property
    def affordable(self) -> bool:
        """Whether the caps leave room for an attempt, now or later."""

    @property
    def fits(self) -> bool | CapReachedError:
        """Whether the caps leave room for an attempt now; the error where they never will."""

    @property
    def excessive_pause(self) -> TransientError | None:
        """The error for a pause that the provider asks of all, where it outlasts the request's time."""

    @property
    def pausing(self) -> bool:
        """Whether all requests wait for it: it is down, or asked for a pause."""

    @property
    def down(self) -> bool:
        """Whether its circuit is open."""

    @property
    def back_in(self) -> float:
        """Seconds until it may be probed; infinite while a probe is under way."""

    @property
    def never_answered(self) -> bool:
        """Whether it answered nobody for so long that a wrong address is likelier than an outage."""

    @property
    def has_room(self) -> bool:
        """Whether its gate lets an attempt pass now."""


class World(NamedTuple):
    """What the machine sees of the world at this moment."""

    candidates: Sequence[Candidate]
    """The models that may answer, in order of preference."""
    now: float
    """Seconds of a clock that only goes forward."""
    ending: bool
    """Whether the run is ending: no further attempts."""


class Enter(NamedTuple):
    """Wait for room at the candidate's gate and under the caps, and ask `queued` at every change."""

    candidate: int
    keeps_room: bool = False
    """Whether room under the caps is kept for the attempt until it begins."""
    instead: DatarecipeError | None = None
    """The error of another candidate that this one takes over from."""


class Send(NamedTuple):
    """Send the request to the candidate."""

    candidate: int


class Wait(NamedTuple):
    """Wait for `seconds`, or until the run ends; then report `paused`."""

    candidate: int
    seconds: float
    notice: str = ""
    """What to tell the user."""
    keeps_room: bool = False
    instead: DatarecipeError | None = None


class GiveUp(NamedTuple):
    """No answer is to be had: raise `error`."""

    error: DatarecipeError


Step: TypeAlias = Enter | Send | Wait | GiveUp


class RequestAttempts:
    """The machine. Each method takes an event and gives the next step; an answer ends it."""

    def __init__(self, *, timeout: float, uniform: Callable[[float, float], float]) -> None:
        """`timeout` is for one attempt, in seconds; `uniform(a, b)` draws the jitter of the pauses."""
        self._timeout = timeout
        self._uniform = uniform
        self.last: TransientError | None = None
        """What the last attempt came to."""
        self._began = 0.0
        self._dropped: set[int] = set()
        """Candidates that answer others, and not this request."""
        self._tries: defaultdict[int, int] = defaultdict(int)
        """Failed attempts that count against the request, by candidate."""
        self._failures: defaultdict[int, int] = defaultdict(int)
        """All failed attempts, by candidate."""
        self._not_before: dict[int, float] = {}
        """When a candidate asked this request to come back."""
        # The rest is about the candidate that is asked now, since the request moved to it.
        self._candidate = 0
        self._alone = True
        """Whether no other candidate could be paid for."""
        self._refused: ProviderError | None = None
        """It refused before: it is asked all the same, since no other is left."""
        self._until = 0.0
        """When the last attempt may begin."""
        self._allowed = TRIES
        """Counted tries after which it is left."""
        self._counted = 0
        self._attempt = 0
        self._repeats = 0
        """Attempts that were made again at once."""
        self._waiting_for: Literal["backoff", "own pause"] = "backoff"

    def start(self, candidate: int, world: World, *, has_room: bool = False) -> Step:
        """Begin with a candidate; with `has_room` the driver holds room for the first attempt."""
        self._began = world.now
        return self._arrive(candidate, world, has_room=has_room)

    def ended(self) -> GiveUp:
        """The run ended before the attempt was sent."""
        return GiveUp(self.last or TransientError("the run ended before the request was sent"))

    def paused(self, world: World) -> Step:
        """The wait is over."""
        if self._waiting_for == "own pause":
            return self._come_back(world)
        return self.ended() if world.ending else Enter(self._candidate, keeps_room=True)

    def queued(self, world: World) -> Step | None:
        """Something changed while the request waits in the candidate's queue; None: it goes on waiting there."""
        if world.ending:
            return self.ended()
        if (leaving := self._reason_to_leave(world)) is not None:
            return leaving
        fits = world.candidates[self._candidate].fits
        if isinstance(fits, CapReachedError):
            return self._leave(fits, world)
        if fits:
            return Send(self._candidate)
        earlier = (other for other in self._others(world) if other < self._candidate)
        return self._elsewhere(world) if self._usable(earlier, world) is not None else None

    def _reason_to_leave(self, world: World) -> Step | None:
        """The way out of the queue, where waiting there is pointless."""
        candidate = world.candidates[self._candidate]
        if (excessive := candidate.excessive_pause) is not None:
            return self._drop(excessive, world) if self._beside(world) else GiveUp(excessive)
        # Its turn to probe whether the model is back may be minutes away.
        if not candidate.usable:
            others = self._others(world)
            sooner = self._soonest([self._candidate, *others], world) != self._candidate
            if sooner or self._usable(others, world) is not None:
                return self._elsewhere(world)
        # When it is time to probe, somebody has to: it may be there by now.
        if self.last is not None and not self.last.rate_limited and candidate.never_answered and not candidate.has_room:
            return self._drop(self.last, world)
        if candidate.refused is not None and candidate.refused is not self._refused:
            return self._leave(candidate.refused, world)
        return None

    def failed(self, error: TransientError | ProviderError, world: World) -> Step:
        """The attempt failed."""
        if isinstance(error, ProviderError):
            return self._leave(error, world)
        self.last = error
        if world.ending:
            return GiveUp(error)
        if isinstance(error, AskAgainError) and self._repeats < AT_ONCE:
            self._repeats += 1
            return Enter(self._candidate, keeps_room=True)
        self._repeats = 0
        number, candidate = self._candidate, world.candidates[self._candidate]
        if candidate.never_answered and not error.rate_limited:
            return self._drop(error, world)
        pause = self._backoff(error)
        self._failures[number] += 1
        self._attempt += 1
        if not error.rate_limited and not candidate.down:
            self._tries[number] += 1
            self._counted += 1
        patience = math.inf if self._alone else TOTAL_BEFORE_A_FALLBACK
        if self._counted >= self._allowed or pause > patience or world.now + pause > self._until:
            return self._leave(error, world)
        self._waiting_for = "backoff"
        notice = f"attempt {self._attempt} failed, next in {pause:.1f} s: {error.message}"
        return Wait(number, pause, notice, keeps_room=True)

    def _backoff(self, error: TransientError) -> float:
        """Seconds until the next attempt."""
        longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(self._failures[self._candidate], 30))
        pause = self._uniform(0.0, longest)
        if error.retry_after is None:
            return pause
        # Not before the time asked for, and not all at that one moment.
        return max(0.0, error.retry_after) + self._uniform(0.0, FIRST_BACKOFF)

    # Moving from candidate to candidate ------------------------------------------------------------------------------

    def _arrive(
        self, number: int, world: World, *, instead: DatarecipeError | None = None, has_room: bool = False
    ) -> Step:
        self._candidate = number
        self._alone = not self._others(world)
        self._refused = world.candidates[number].refused
        return self._come_back(world, instead=instead, has_room=has_room)

    def _come_back(self, world: World, *, instead: DatarecipeError | None = None, has_room: bool = False) -> Step:
        """Wait out the pause that the candidate asked of this request, then begin to ask it."""
        if world.ending:
            return self.ended()
        number = self._candidate
        pause = self._own_pause(number, world)
        if pause:
            if self._usable(self._others(world), world) is not None:
                return self._elsewhere(world)
            self._waiting_for = "own pause"
            return Wait(number, min(max(pause, SHORTEST_TIMER), LOOKS_EVERY), instead=instead)
        left = self._seconds_left(world)
        if not self._alone:
            left = min(left, self._timeout + TOTAL_BEFORE_A_FALLBACK)
        self._until = world.now + left
        self._allowed = max(1, TRIES - self._tries[number])
        self._counted = self._attempt = self._repeats = 0
        return Send(number) if has_room else Enter(number, instead=instead)

    def _leave(self, error: ProviderError | CapReachedError | TransientError, world: World) -> Step:
        """The candidate will not answer now: go on to another where there is one, else give up."""
        match error:
            case ProviderError():
                goes_on, useless = True, False
            case CapReachedError():
                # An expensive fallback may be out of reach where the model itself is not.
                goes_on, useless = bool(self._others(world)), True
            case _:
                useless = not self._may_come_back(error, world)
                goes_on = (not self._alone or bool(self._beside(world))) and self._seconds_left(world) > 0
        if not goes_on:
            return GiveUp(error)
        return self._drop(error, world) if useless else self._move(error, world)

    def _may_come_back(self, error: TransientError, world: World) -> bool:
        """Whether the candidate may answer the request later; others that are asked meanwhile may fail too."""
        candidate, retry_after = world.candidates[self._candidate], error.retry_after or 0.0
        if error.rate_limited or candidate.pausing:
            return candidate.excessive_pause is None  # it is so for all requests, and passes
        self._not_before[self._candidate] = world.now + retry_after
        return self._tries[self._candidate] < TRIES and retry_after <= self._seconds_left(world)

    def _drop(self, reason: DatarecipeError, world: World) -> Step:
        """Ask this candidate no more for this request."""
        self._dropped.add(self._candidate)
        return self._move(reason, world)

    def _elsewhere(self, world: World) -> Step:
        name = world.candidates[self._candidate].name
        return self._move(self.last or TransientError(f"{name} answers nothing at present"), world)

    def _move(self, reason: DatarecipeError, world: World) -> Step:
        """Go to the candidate that can be asked soonest; give up with the last error, or `reason`, when none is left."""
        if world.ending:
            return GiveUp(reason)
        number = self._candidate
        left, others = self._left(world), self._others(world)
        another = self._usable(others, world)
        if another is None:
            another = self._soonest([*others, number] if number in left else others or left, world)
        if another is None:
            # A model that refused for good ends nothing while another may answer the next time.
            some_left = any(candidate.refused is None for candidate in world.candidates)
            return GiveUp(self.last if self.last is not None and some_left else reason)
        return self._arrive(another, world, instead=reason if another != number else None)

    def _left(self, world: World) -> list[int]:
        return [n for n, one in enumerate(world.candidates) if one.refused is None and n not in self._dropped]

    def _beside(self, world: World) -> list[int]:
        return [other for other in self._left(world) if other != self._candidate]

    def _others(self, world: World) -> list[int]:
        """The other candidates that the caps leave room for."""
        return [other for other in self._beside(world) if world.candidates[other].affordable]

    def _usable(self, numbers: Iterable[int], world: World) -> int | None:
        """The first that can be asked now."""
        return next((n for n in numbers if world.candidates[n].usable and not self._own_pause(n, world)), None)

    def _soonest(self, numbers: Sequence[int], world: World) -> int | None:
        """Where each has to be waited for, the one whose turn comes first."""
        return min(numbers, key=lambda n: max(self._own_pause(n, world), world.candidates[n].back_in), default=None)

    def _own_pause(self, number: int, world: World) -> float:
        """Seconds in which the candidate asked not to hear of this request; a pause for all is its gate's."""
        return max(0.0, self._not_before.get(number, 0.0) - world.now)

    def _seconds_left(self, world: World) -> float:
        return self._began + self._timeout + TOTAL - world.now
