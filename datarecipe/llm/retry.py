"""Retries, in this one place: exponential backoff with full jitter, the provider's own `Retry-After` first.

litellm and the openai client retry too, and multiply; both are told not to. Full jitter: Marc Brooker, "Exponential
Backoff And Jitter" (AWS Architecture Blog, 2015): with many requests in flight it spreads the load best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import tenacity

from datarecipe.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

TRIES = 6
"""Failed tries that count against a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """Calls something until it answers, or fails for good, or has failed transiently too often or too long.

    `sleep`, `clock` and `uniform` are the world; in a run `asyncio.sleep`, `time.monotonic` and `random.uniform`.
    """

    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    uniform: Callable[[float, float], float]
    attempts: int = TRIES
    first_pause: float = 1.0
    """Seconds: the upper bound of the first pause; it doubles from try to try."""
    longest_pause: float = 60.0
    """Seconds: where the doubling ends. A provider's `Retry-After` may ask for more."""
    total: float = 600.0
    """Seconds after the first try's start in which another may start. A pause that would end later is not begun."""
    patience: float = math.inf
    """Seconds: the longest pause that is waited for; a provider may ask for more."""
    failed_before: int = 0
    """Failed tries of the same request some time ago: the pauses go on from there."""

    async def call(
        self,
        attempt: Callable[[], Awaitable[T]],
        *,
        on_retry: Callable[[int, TransientError, float], None] | None = None,
        counts: Callable[[TransientError], bool] = lambda _: True,
    ) -> T:
        """What `attempt` gives.

        Raises the last `TransientError` when tries or time are spent; any other error at once. `on_retry` hears of each
        failed try that is repeated: (its number from 1, its error, the pause in seconds that follows). `counts` says of a
        failure whether it speaks against this request, as one of a provider that fails everybody does not; such tries are
        bounded by the time alone.
        """
        started = self.clock()
        try:
            return (
                await attempt()
            )  # nearly all go well, and a loop of tenacity's costs as much as the rest of a request
        except TransientError as error:
            first: list[TransientError] = [error]
        counted = 0

        async def again() -> T:
            if first:
                raise first.pop()
            return await attempt()

        def spent(state: tenacity.RetryCallState) -> bool:
            nonlocal counted
            error = _error(state)
            counted += error is not None and counts(error)
            pause = state.upcoming_sleep
            return counted >= self.attempts or pause > self.patience or self.clock() + pause - started > self.total

        def report(state: tenacity.RetryCallState) -> None:
            error = _error(state)
            if on_retry is not None and error is not None:
                on_retry(state.attempt_number, error, state.upcoming_sleep)

        retrying = tenacity.AsyncRetrying(
            sleep=self.sleep,
            wait=self._pause,
            stop=spent,
            retry=tenacity.retry_if_exception_type(TransientError),
            before_sleep=report,
            reraise=True,
        )
        return await retrying(again)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        bound = min(
            self.longest_pause, self.first_pause * 2.0 ** min(state.attempt_number - 1 + self.failed_before, 30)
        )
        pause = self.uniform(0.0, bound)
        error = _error(state)
        if error is None or error.retry_after is None:
            return pause
        # Not before the time asked for, and not all at that one moment.
        return max(0.0, error.retry_after) + self.uniform(0.0, self.first_pause)


def _error(state: tenacity.RetryCallState) -> TransientError | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, TransientError) else None
