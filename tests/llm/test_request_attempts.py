"""The attempts of one request as a machine: fed with plain data, without clock, server or event loop."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import CapReachedError, ProviderError, TransientError
from datarecipe.llm.routing.request_attempts import (
    Enter,
    GiveUp,
    RequestAttempts,
    Send,
    Step,
    Wait,
    World,
)
from datarecipe.llm.routing.retry_limits import AT_ONCE, LOOKS_EVERY, TOTAL, TOTAL_BEFORE_A_FALLBACK, TRIES
from datarecipe.llm.transport import AskAgainError

TIMEOUT = 20.0
FAULT = TransientError("broken")
SLOW_DOWN = TransientError("slow down", rate_limited=True)
WRONG_KEY = ProviderError("wrong key")
NO_ROOM = CapReachedError("the cap is reached")
TOO_LONG = TransientError("asks for a pause of 7,200 s")


@dataclass(frozen=True)
class Seen:
    """A candidate model as plain data."""

    name: str
    refused: ProviderError | None
    usable: bool
    affordable: bool
    fits: bool | CapReachedError
    excessive_pause: TransientError | None
    pausing: bool
    down: bool
    back_in: float
    never_answered: bool
    has_room: bool


WELL = Seen(
    name="model",
    refused=None,
    usable=True,
    affordable=True,
    fits=True,
    excessive_pause=None,
    pausing=False,
    down=False,
    back_in=0.0,
    never_answered=False,
    has_room=True,
)
DOWN = replace(WELL, usable=False, pausing=True, down=True, back_in=8.0, has_room=False)


def state(candidates: Sequence[Seen] = (WELL,), now: float = 0.0, *, ending: bool = False) -> World:
    """The world at one moment."""
    return World(candidates, now, ending)


def machine(uniform: Callable[[float, float], float] = max) -> RequestAttempts:
    return RequestAttempts(timeout=TIMEOUT, uniform=uniform)


def sent(world: World, candidate: int = 0) -> RequestAttempts:
    """A machine whose first attempt is under way."""
    attempts = machine()
    assert attempts.start(candidate, world, has_room=True) == Send(candidate)
    return attempts


def failed_until_left(attempts: RequestAttempts, world: World, error: TransientError = FAULT) -> tuple[Step, World]:
    """Let every attempt fail; gives the step that is no backoff, and the world then."""
    while True:
        step = attempts.failed(error, world)
        if not isinstance(step, Wait):
            return step, world
        world = world._replace(now=world.now + step.seconds)
        assert attempts.paused(world) == Enter(step.candidate, keeps_room=True)
        assert attempts.queued(world) == Send(step.candidate)


# One attempt --------------------------------------------------------------------------------------------------------


def test_without_room_it_queues_first() -> None:
    attempts = machine()
    assert attempts.start(0, state()) == Enter(0)
    assert attempts.queued(state((replace(WELL, fits=False),))) is None
    assert attempts.queued(state()) == Send(0)


# Backoff ------------------------------------------------------------------------------------------------------------


def pauses(error: TransientError, uniform: Callable[[float, float], float] = max) -> list[float]:
    """The pauses between the attempts of a request that fails until it is given up."""
    attempts, world, found = machine(uniform), state(), list[float]()
    attempts.start(0, world, has_room=True)
    while isinstance(step := attempts.failed(error, world), Wait):
        found.append(step.seconds)
        world = world._replace(now=world.now + step.seconds)
        attempts.paused(world)
    assert step == GiveUp(error)
    return found


def test_the_bound_of_the_pauses_doubles_until_the_tries_are_spent() -> None:
    assert pauses(FAULT) == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert len(pauses(FAULT)) == TRIES - 1


def test_rate_limits_are_bounded_by_time_alone_and_a_pause_has_a_longest() -> None:
    found = pauses(SLOW_DOWN)
    assert found[:8] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert TIMEOUT + TOTAL - 60.0 < sum(found) <= TIMEOUT + TOTAL


def test_the_jitter_is_full() -> None:
    source = random.Random(7)
    first = [pauses(FAULT, source.uniform)[0] for _ in range(200)]
    assert all(0.0 <= pause <= 1.0 for pause in first)
    assert min(first) < 0.05
    assert max(first) > 0.95


@pytest.mark.parametrize(("asked", "pause"), [(90.0, 90.0), (0.0, 0.0), (-4.0, 0.0)])
def test_a_provider_s_pause_goes_before_the_backoff(asked: float, pause: float) -> None:
    assert pauses(TransientError("busy", retry_after=asked), min)[0] == pause


def test_a_pause_of_many_requests_does_not_end_for_all_at_one_moment() -> None:
    assert pauses(TransientError("busy", retry_after=0.0))[0] == 1.0


def test_a_pause_beyond_the_request_s_time_is_not_begun() -> None:
    assert pauses(TransientError("busy", retry_after=3600.0)) == []


def test_failures_while_the_circuit_is_open_do_not_count() -> None:
    attempts, world = sent(state((replace(WELL, down=True),))), state((replace(WELL, down=True),))
    for _ in range(2 * TRIES):
        assert isinstance(attempts.failed(FAULT, world), Wait)


def test_each_backoff_says_which_attempt_failed_and_keeps_room_for_the_next() -> None:
    step = sent(state()).failed(FAULT, state())
    assert step == Wait(0, 1.0, "attempt 1 failed, next in 1.0 s: broken", keeps_room=True)


def test_what_may_be_sent_again_at_once_is_sent_so_a_few_times() -> None:
    again = AskAgainError("no seed", charged=False)
    attempts = sent(state())
    for _ in range(AT_ONCE):
        assert attempts.failed(again, state()) == Enter(0, keeps_room=True)
    assert isinstance(attempts.failed(again, state()), Wait)


# Moving -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "step"),
    [
        pytest.param(WELL, Send(0), id="well"),
        pytest.param(replace(WELL, fits=False), None, id="no room under the caps now"),
        pytest.param(replace(WELL, fits=NO_ROOM), Enter(1, instead=NO_ROOM), id="never room under the caps"),
        pytest.param(replace(WELL, refused=WRONG_KEY), Enter(1, instead=WRONG_KEY), id="refused meanwhile"),
        pytest.param(replace(WELL, excessive_pause=TOO_LONG), Enter(1, instead=TOO_LONG), id="a pause too long"),
    ],
)
def test_what_a_request_in_the_queue_does(now: Seen, step: Step | None) -> None:
    attempts = machine()
    attempts.start(0, state((WELL, WELL)))
    assert attempts.queued(state((now, WELL))) == step


def test_in_the_queue_of_a_model_that_is_down_it_moves_to_one_that_is_up() -> None:
    attempts = machine()
    attempts.start(0, state((WELL, WELL)))
    step = attempts.queued(state((DOWN, WELL)))
    assert isinstance(step, Enter)
    assert step.candidate == 1
    assert "answers nothing" in str(step.instead)


def test_where_all_are_down_it_queues_at_the_one_that_is_probed_first() -> None:
    attempts = machine()
    attempts.start(0, state((WELL, WELL)))
    assert attempts.queued(state((DOWN, replace(DOWN, back_in=9.0)))) == Send(0)
    step = attempts.queued(state((DOWN, replace(DOWN, back_in=2.0))))
    assert isinstance(step, Enter)
    assert step.candidate == 1


def test_at_an_expensive_fallback_without_room_it_looks_back_at_the_model() -> None:
    attempts, full = machine(), replace(WELL, fits=False)
    attempts.start(1, state((DOWN, WELL)))
    assert attempts.queued(state((DOWN, full))) is None
    step = attempts.queued(state((WELL, full)))
    assert isinstance(step, Enter)
    assert step.candidate == 0


@pytest.mark.parametrize(
    "alone", [replace(WELL, fits=NO_ROOM), replace(WELL, excessive_pause=TOO_LONG), replace(WELL, refused=WRONG_KEY)]
)
def test_with_no_other_model_what_ends_the_queue_ends_the_request(alone: Seen) -> None:
    attempts = machine()
    attempts.start(0, state())
    assert attempts.queued(state((alone,))) == GiveUp(
        next(error for error in (alone.excessive_pause, alone.refused, NO_ROOM) if error is not None)
    )


def test_a_refusal_for_good_moves_at_once() -> None:
    attempts = sent(state((WELL, WELL)))
    assert attempts.failed(WRONG_KEY, state((replace(WELL, refused=WRONG_KEY), WELL))) == Enter(1, instead=WRONG_KEY)


def test_a_refusal_by_the_last_one_gives_up_with_it() -> None:
    attempts = sent(state())
    assert attempts.failed(WRONG_KEY, state((replace(WELL, refused=WRONG_KEY),))) == GiveUp(WRONG_KEY)


def test_tries_that_are_spent_move_on_and_do_not_come_back() -> None:
    step, world = failed_until_left(attempts := sent(state((WELL, WELL))), state((WELL, WELL)))
    assert step == Enter(1, instead=FAULT)
    assert attempts.queued(world) == Send(1)
    step, _ = failed_until_left(attempts, world)
    assert step == GiveUp(FAULT)


def test_beside_a_fallback_a_long_pause_is_left_and_come_back_after() -> None:
    """And the fallback refuses for good, so the pause is waited out, with a look around now and then."""
    busy = TransientError("busy", retry_after=90.0)
    attempts, world = sent(state((WELL, WELL))), state((WELL, WELL))
    assert attempts.failed(busy, world) == Enter(1, instead=busy)
    assert attempts.queued(world) == Send(1)
    world = state((WELL, replace(WELL, refused=WRONG_KEY)))
    step = attempts.failed(WRONG_KEY, world)
    assert step == Wait(0, LOOKS_EVERY, instead=WRONG_KEY)
    while isinstance(step, Wait):
        world = world._replace(now=world.now + step.seconds)
        step = attempts.paused(world)
    assert step == Enter(0)
    assert world.now == 90.0


def test_a_model_that_never_answered_is_dropped() -> None:
    dead = replace(WELL, never_answered=True, has_room=False)
    assert sent(state((WELL, WELL))).failed(FAULT, state((dead, WELL))) == Enter(1, instead=FAULT)
    assert sent(state()).failed(FAULT, state((dead,))) == GiveUp(FAULT)
    assert isinstance(sent(state()).failed(SLOW_DOWN, state((dead,))), Wait), "it is there, and slow"


def test_beside_a_fallback_a_request_stays_a_shorter_time() -> None:
    two = state((WELL, WELL))
    _, world = failed_until_left(sent(two), two, SLOW_DOWN)
    assert world.now <= TIMEOUT + TOTAL_BEFORE_A_FALLBACK
    _, world = failed_until_left(sent(state()), state(), SLOW_DOWN)
    assert world.now > TOTAL - 60.0


# The end of a run ---------------------------------------------------------------------------------------------------


def test_at_the_end_of_a_run_the_last_error_is_given_up_with() -> None:
    attempts = sent(state())
    attempts.failed(FAULT, state())
    assert attempts.paused(state(ending=True)) == GiveUp(FAULT)
    assert attempts.queued(state(ending=True)) == GiveUp(FAULT)
    assert attempts.failed(SLOW_DOWN, state(ending=True)) == GiveUp(SLOW_DOWN)


def test_what_was_never_sent_says_so() -> None:
    for step in (sent(state()).ended(), machine().start(0, state(ending=True))):
        assert isinstance(step, GiveUp)
        assert "before the request was sent" in str(step.error)


# Laws ---------------------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """What happens to a request: drawn models, failures and the seconds that each attempt takes."""

    models: list[Seen]
    failures: list[Any]
    takes: list[float]
    now: float = 0.0
    attempts: list[tuple[int, float]] = field(default_factory=list)

    @property
    def world(self) -> World:
        return state(tuple(self.models), self.now)

    def fail(self, attempts: RequestAttempts, number: int) -> Step:
        self.attempts.append((number, self.now))
        self.now += self.takes[len(self.attempts) % len(self.takes)]
        error = self.failures[len(self.attempts) % len(self.failures)]
        if isinstance(error, ProviderError):
            self.models[number] = replace(self.models[number], refused=error)
        return attempts.failed(error, self.world)


MODELS = st.builds(
    replace,
    st.just(WELL),
    usable=st.booleans(),
    affordable=st.booleans(),
    fits=st.sampled_from([True, True, NO_ROOM]),
    excessive_pause=st.sampled_from([None, None, TOO_LONG]),
    pausing=st.booleans(),
    down=st.booleans(),
    back_in=st.sampled_from([0.0, 5.0, 200.0]),
    never_answered=st.booleans(),
    has_room=st.booleans(),
)
FAILURES = st.one_of(
    st.just(WRONG_KEY),
    st.builds(
        TransientError,
        st.just("lost"),
        rate_limited=st.booleans(),
        retry_after=st.sampled_from([None, None, 0.0, 30.0, 100.0, 5000.0]),
    ),
)


@given(
    models=st.lists(MODELS, min_size=1, max_size=3),
    failures=st.lists(FAILURES, min_size=1, max_size=8),
    takes=st.lists(st.sampled_from([0.1, 1.0, TIMEOUT]), min_size=1, max_size=5),
)
def test_whatever_fails_a_request_ends_in_its_time(models: list[Seen], failures: list[Any], takes: list[float]) -> None:
    """Nothing ever answers: it gives up, begins no attempt after its time, and asks nobody who refused before."""
    life, attempts = Life(models, failures, takes), machine(lambda low, high: (low + high) / 2)
    step = attempts.start(0, life.world)
    for _ in range(100_000):
        match step:
            case GiveUp():
                break
            case Send():
                assert life.models[step.candidate].refused is None
                step = life.fail(attempts, step.candidate)
            case Wait():
                assert step.seconds > 0
                life.now += step.seconds
                step = attempts.paused(life.world)
            case Enter():
                following = attempts.queued(life.world)
                assert following is not None
                step = following
    assert isinstance(step, GiveUp)
    assert all(began <= TIMEOUT + TOTAL for _, began in life.attempts)
