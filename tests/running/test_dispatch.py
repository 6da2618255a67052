"""The dispatcher sends, waits and ends; what it is told to ask decides nothing about the dataset."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.errors import CapReachedError, DatarecipeError, OfflineMissError, ProviderError, TransientError
from datarecipe.exchange import Complete, Request, Response
from datarecipe.generate.events import Accepted, Committed, Event
from datarecipe.generate.generation import Generation
from datarecipe.recipe import Recipe, StrategyKind
from datarecipe.run_folder.counts.run_counts import Traffic
from datarecipe.running.drive.dispatch import PLACES_PER_SLOT, Dispatcher, Ending
from tests.generate.recipes import completion, make_recipe, scripted
from tests.generate.recipes import settings as model_settings
from tests.reference import sequential


def tidy(request: Complete) -> Response:
    return scripted(request, variety=5000, untidy=False)


@dataclass
class Desk:
    """A client: what is stored, what is asked, and a door that lets answers out."""

    stored: dict[str, Response] = field(default_factory=dict)
    answer: Callable[[Complete], Response] = tidy
    failures: dict[int, BaseException] = field(default_factory=dict)
    """By the number of the request in the order of asking, from 0."""
    out_of_order: bool = False
    """Whether later requests are answered before earlier ones."""
    never: frozenset[int] = frozenset()
    """Numbers of requests that are not answered."""
    held: asyncio.Event | None = None
    """Nothing is answered before it is set; failures are not held."""
    release_on_closing: bool = False
    unusable: DatarecipeError | None = None
    on_fetch: Callable[[Request], None] = lambda _: None

    room: int = 1_000_000
    """How many may be under way."""
    capped: int | None = None
    """How many may be asked in all."""

    asked: list[Complete] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    begun: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: int = 0
    closed: int = 0

    def lookup(self, request: Request) -> Response | None:
        return self.stored.get(request.key)

    def check(self) -> None:
        if self.unusable is not None:
            raise self.unusable

    def listen(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def begin(self, request: Request, *, ahead: float = 0.0) -> asyncio.Task[Response] | None:
        if self.begun >= self.room:
            return None
        if self.capped is not None and len(self.asked) + self.begun >= self.capped:
            raise CapReachedError("no room")
        self.begun += 1
        task = asyncio.get_running_loop().create_task(self.fetch(request))
        task.add_done_callback(self._over)
        return task

    def _over(self, _: object) -> None:
        self.begun -= 1
        for listener in self.listeners:
            listener()

    async def fetch(self, request: Request) -> Response:
        assert isinstance(request, Complete)
        self.on_fetch(request)
        number = len(self.asked)
        self.asked.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self._wait(number)
            if number in self.failures:
                raise self.failures[number]
            response = self.answer(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        self.stored[request.key] = response
        return response

    async def _wait(self, number: int) -> None:
        if number in self.never:
            await asyncio.Event().wait()
        if self.held is not None and number not in self.failures:
            await self.held.wait()
        for _ in range(1 + (7 * number) % 11 if self.out_of_order else 1):
            await asyncio.sleep(0)

    def close_to_retries(self) -> None:
        self.closed += 1
        if self.release_on_closing and self.held is not None:
            self.held.set()


@dataclass
class Run:
    """A dispatcher over a desk, with what it emitted."""

    recipe: Recipe
    desk: Desk
    dispatcher: Dispatcher
    events: list[Event]

    @property
    def accepted(self) -> list[Accepted]:
        return [event for event in self.events if isinstance(event, Accepted)]

    @property
    def committed(self) -> list[int]:
        return [event.request for event in self.events if isinstance(event, Committed)]

    async def drive(self) -> Ending:
        """To the end; a run that hangs is a failed test, not a test that hangs."""
        return await asyncio.wait_for(self.dispatcher.run(), timeout=60)


def make_run(
    desk: Desk,
    recipe: Recipe | None = None,
    *,
    concurrency: int = 4,
    offline: bool = False,
    grace: float = 0.0,
    on_events: Callable[[list[Event]], None] | None = None,
    on_traffic: Callable[[Traffic], None] = lambda _: None,
) -> Run:
    recipe = recipe or make_recipe("fixed", target_size=100)
    events: list[Event] = []
    desk.room = min(desk.room, concurrency)
    dispatcher = Dispatcher(
        generation=Generation(recipe, model_settings(recipe)),
        client=desk,
        concurrency=concurrency,
        on_events=on_events or events.extend,
        on_traffic=on_traffic,
        offline=offline,
        grace=grace,
    )
    return Run(recipe, desk, dispatcher, events)


async def turns(count: int = 50) -> None:
    """Let every task go as far as it gets."""
    for _ in range(count):
        await asyncio.sleep(0)


def prefix_of(run: Run) -> None:
    """What was accepted is a prefix of what a sequential program gives."""
    expected = sequential(run.recipe, model_settings(run.recipe), tidy).rows  # type: ignore[arg-type]
    assert run.accepted == expected[: len(run.accepted)]


# --- to the target


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["fixed", "random", "similar", "tree"]),
    concurrency=st.integers(1, 40),
    target=st.integers(1, 80),
    out_of_order=st.booleans(),
    kept=st.integers(0, 5),
)
def test_any_concurrency_order_and_cache_gives_the_same_and_asks_each_once(
    kind: StrategyKind, concurrency: int, target: int, out_of_order: bool, kept: int
) -> None:
    recipe = make_recipe(kind, 4, target_size=target)
    expected = sequential(recipe, model_settings(recipe), lambda request: scripted(request, variety=500))
    stored: dict[str, Response] = {
        request.key: scripted(request, variety=500)
        for number, request in enumerate(expected.requests)
        if kept and number % 6 < kept
    }
    before = set(stored)
    desk = Desk(stored, answer=lambda request: scripted(request, variety=500), out_of_order=out_of_order)
    run = make_run(desk, recipe, concurrency=concurrency)
    ending = asyncio.run(run.drive())
    assert ending.reason == expected.outcome
    assert run.accepted == expected.rows
    assert desk.most_in_flight <= concurrency
    keys = [request.key for request in desk.asked]
    assert len(keys) == len(set(keys))
    assert not before & set(keys), "what is stored is not asked"
    traffic = run.dispatcher.traffic
    assert traffic.sent == traffic.answered + traffic.abandoned
    assert traffic.from_cache + traffic.answered >= len(run.committed)


async def test_all_slots_are_used_and_never_more() -> None:
    desk = Desk(held=asyncio.Event())
    run = make_run(desk, concurrency=7)
    task = asyncio.create_task(run.drive())
    await turns()
    assert desk.in_flight == len(desk.asked) == 7
    assert run.dispatcher.in_flight == 7
    assert desk.held is not None
    desk.held.set()
    assert (await task).reason == "target"
    assert desk.most_in_flight == 7
    assert run.dispatcher.in_flight == 0


async def test_one_at_a_time_asks_what_a_sequential_program_asks() -> None:
    recipe = make_recipe("tree", 2, target_size=60)
    expected = sequential(recipe, model_settings(recipe), tidy)  # type: ignore[arg-type]
    run = make_run(Desk(), recipe, concurrency=1)
    await run.drive()
    assert [request.key for request in run.desk.asked] == [request.key for request in expected.requests]


async def test_nothing_is_sent_while_something_stored_is_wanted() -> None:
    recipe = make_recipe("tree", 4, target_size=120)
    every = sequential(recipe, model_settings(recipe), tidy).requests  # type: ignore[arg-type]
    stored: dict[str, Response] = {request.key: tidy(request) for request in every if int(request.key[-1], 16) < 12}
    assert 0 < len(stored) < len(every)
    desk = Desk(dict(stored), out_of_order=True)
    run = make_run(desk, recipe, concurrency=3)
    checked = 0

    def nothing_stored_is_wanted(_: Request) -> None:
        nonlocal checked
        for wanted in run.dispatcher.generation.wanted(PLACES_PER_SLOT * 3):
            checked += 1
            assert wanted.request.key not in stored

    desk.on_fetch = nothing_stored_is_wanted
    assert (await run.drive()).reason == "target"
    assert checked > 0


async def test_a_full_cache_asks_nobody_and_lets_others_have_their_turn() -> None:
    recipe = make_recipe("fixed", target_size=1500)
    desk = Desk()
    assert (await make_run(desk, recipe).drive()).reason == "target"
    heard: list[tuple[int, int]] = []
    others_turns = 0

    async def other() -> None:
        nonlocal others_turns
        while True:
            others_turns += 1
            await asyncio.sleep(0)

    replay = Desk(desk.stored, unusable=ProviderError("no key"))
    run = make_run(replay, recipe, on_traffic=lambda traffic: heard.append((traffic.from_cache, others_turns)))
    task = asyncio.create_task(other())
    assert (await run.drive()).reason == "target"
    task.cancel()
    assert replay.asked == []
    assert run.dispatcher.traffic.from_cache == len(run.committed) == 300
    counts, turns_by_then = zip(*heard, strict=True)
    assert len(set(counts)) == len(set(turns_by_then)) == len(heard) >= 4, "each time it is told, others had a turn"


# --- failures


async def test_a_transient_failure_that_lasts_ends_the_run_short_and_what_is_in_flight_arrives() -> None:
    desk = Desk(failures={2: TransientError("overloaded")}, held=asyncio.Event())
    run = make_run(desk, concurrency=5, grace=3600.0)
    task = asyncio.create_task(run.drive())
    await turns()
    assert len(desk.asked) == 5
    assert run.committed == []
    assert desk.closed, "no attempt is begun any more"
    assert desk.held is not None
    desk.held.set()
    ending = await task
    assert ending.reason == "failed"
    assert ending.error is desk.failures[2]
    assert ending.error.exit_code == 3
    assert len(desk.asked) == 5, "nothing was sent after the failure"
    assert run.committed == [0, 1], "up to the first hole"
    assert len(desk.stored) == 4, "the paid responses behind the hole are stored"
    assert (run.dispatcher.traffic.answered, run.dispatcher.traffic.abandoned) == (4, 0)
    prefix_of(run)


async def test_nothing_is_committed_for_a_request_that_failed_and_the_next_run_asks_for_it() -> None:
    recipe = make_recipe("fixed", target_size=60)
    first = Desk(failures={3: TransientError("overloaded")})
    run = make_run(first, recipe, concurrency=1)
    assert (await run.drive()).reason == "failed"
    assert run.committed == [0, 1, 2]
    again = Desk(dict(first.stored))
    rerun = make_run(again, recipe, concurrency=1)
    assert (await rerun.drive()).reason == "target"
    assert again.asked[0].key == first.asked[3].key
    assert {request.key for request in again.asked} & set(first.stored) == set()
    assert rerun.accepted[: len(run.accepted)] == run.accepted
    prefix_of(rerun)


@pytest.mark.parametrize(
    ("error", "code"),
    [(ProviderError("wrong key"), 4), (TransientError("x"), 3), (OfflineMissError("x"), 4), (DatarecipeError("x"), 1)],
)
async def test_the_first_failure_is_the_one_that_is_told(error: DatarecipeError, code: int) -> None:
    run = make_run(Desk(failures={0: error, 1: ProviderError("second"), 2: TransientError("third")}), concurrency=3)
    ending = await run.drive()
    assert ending == Ending("failed", error)
    assert ending.error is not None
    assert ending.error.exit_code == code
    assert run.events == []
    assert len(run.desk.asked) == 3


async def test_a_failure_that_the_target_did_not_need_is_no_failure() -> None:
    """What is in flight when a request fails may be enough."""
    recipe = make_recipe("fixed", target_size=11)
    desk = Desk(answer=lambda request: scripted(request, variety=9, untidy=True), held=asyncio.Event())
    expected = sequential(recipe, model_settings(recipe), desk.answer)  # type: ignore[arg-type]
    run = make_run(desk, recipe, concurrency=50)
    task = asyncio.create_task(run.drive())
    await turns()
    assert desk.held is not None
    desk.held.set()
    assert (await task).reason == "target"
    beyond = len(expected.requests)
    assert len(desk.asked) > beyond, "some were asked for in case"
    second = Desk(answer=desk.answer, failures={beyond: ProviderError("no credit")}, held=asyncio.Event())
    run = make_run(second, recipe, concurrency=50)
    task = asyncio.create_task(run.drive())
    await turns()
    assert second.held is not None
    second.held.set()
    ending = await task
    assert ending.reason == "target"
    assert run.accepted == expected.rows


async def test_a_client_that_can_ask_nobody_is_found_out_before_anything_is_sent() -> None:
    stored: dict[str, Response] = {}
    run = make_run(Desk(stored, unusable=ProviderError("no key")))
    ending = await run.drive()
    assert (ending.reason, str(ending.error)) == ("failed", "no key")
    assert run.dispatcher.traffic.sent == len(run.desk.asked) == 0


# --- offline


async def test_offline_takes_all_that_is_stored_and_ends_where_commit_needs_more() -> None:
    recipe = make_recipe("fixed", target_size=100)
    requests = sequential(recipe, model_settings(recipe), tidy).requests  # type: ignore[arg-type]
    stored: dict[str, Response] = {request.key: tidy(request) for number, request in enumerate(requests) if number != 7}
    run = make_run(Desk(stored), recipe, offline=True)
    ending = await run.drive()
    assert ending.reason == "failed"
    assert isinstance(ending.error, OfflineMissError)
    assert ending.error.exit_code == 4
    assert run.committed == list(range(7))
    assert run.desk.asked == []
    assert run.dispatcher.traffic.sent == 0


@pytest.mark.parametrize("kind", ["fixed", "random", "contrastive", "tree"])
async def test_offline_what_commit_does_not_need_may_be_missing(kind: StrategyKind) -> None:
    recipe = make_recipe(kind, 4, target_size=70)
    expected = sequential(recipe, model_settings(recipe), scripted)
    run = make_run(Desk({r.key: scripted(r) for r in expected.requests}), recipe, offline=True, concurrency=16)
    assert (await run.drive()).reason == "target"
    assert run.accepted == expected.rows
    assert run.desk.asked == []


# --- interrupts


async def test_an_interrupt_sends_nothing_more_and_waits_for_what_is_in_flight() -> None:
    desk = Desk(held=asyncio.Event())
    run = make_run(desk, concurrency=5, grace=3600.0)
    task = asyncio.create_task(run.drive())
    await turns()
    run.dispatcher.interrupt()
    await turns()
    assert not task.done()
    assert desk.closed
    assert desk.held is not None
    desk.held.set()
    assert await task == Ending("interrupted")
    assert len(desk.asked) == len(desk.stored) == 5
    assert run.committed == [0, 1, 2, 3, 4]
    assert (desk.cancelled, run.dispatcher.traffic.abandoned) == (0, 0)
    prefix_of(run)


async def test_a_second_interrupt_waits_for_nothing() -> None:
    desk = Desk(held=asyncio.Event(), never=frozenset({1}))
    run = make_run(desk, concurrency=5, grace=3600.0)
    task = asyncio.create_task(run.drive())
    await turns()
    run.dispatcher.interrupt()
    await turns()
    run.dispatcher.interrupt()
    assert await task == Ending("interrupted")
    assert desk.in_flight == 0, "what was under way is cancelled, not left running"
    assert desk.cancelled == 5
    assert run.events == []


async def test_an_interrupt_while_a_cache_is_replayed_ends_the_replay() -> None:
    recipe = make_recipe("fixed", target_size=1500)
    desk = Desk()
    await make_run(desk, recipe).drive()
    replay = Desk(desk.stored)
    runs: list[Run] = []

    def stop(traffic: Traffic) -> None:
        if traffic.from_cache >= 64:
            runs[0].dispatcher.interrupt()

    runs.append(make_run(replay, recipe, on_traffic=stop))
    assert await runs[0].drive() == Ending("interrupted")
    assert 0 < len(runs[0].committed) < 300
    assert replay.asked == []
    prefix_of(runs[0])


async def test_an_interrupt_hides_an_earlier_failure_from_the_exit_code() -> None:
    desk = Desk(failures={0: TransientError("x")}, held=asyncio.Event())
    run = make_run(desk, concurrency=3, grace=3600.0)
    task = asyncio.create_task(run.drive())
    await turns()
    run.dispatcher.interrupt()
    assert desk.held is not None
    desk.held.set()
    assert await task == Ending("interrupted")


# --- defects


class Defect(Exception):  # noqa: N818 - not one of the errors that are raised on purpose
    """A bug."""


async def test_a_defect_in_a_request_is_raised_and_nothing_is_left_running() -> None:
    desk = Desk(failures={1: Defect("a bug")}, never=frozenset({0, 2, 3}))
    run = make_run(desk)
    with pytest.raises(Defect, match="a bug"):
        await run.drive()
    assert desk.in_flight == 0
    assert desk.cancelled == 3
    assert run.dispatcher.traffic.abandoned == 3


async def test_a_defect_after_the_end_is_raised_too() -> None:
    desk = Desk(failures={0: TransientError("x"), 1: Defect("a bug")})
    with pytest.raises(Defect):
        await make_run(desk, concurrency=3).drive()


async def test_a_defect_of_who_writes_events_down_is_raised() -> None:
    def full(_: list[Event]) -> None:
        raise Defect("cannot write")

    desk = Desk(never=frozenset({2}))
    with pytest.raises(Defect, match="cannot write"):
        await make_run(desk, on_events=full).drive()
    assert desk.in_flight == 0
    with pytest.raises(Defect, match="cannot write"):
        await make_run(Desk(desk.stored), on_events=full).drive()


async def test_a_defect_of_a_look_up_is_raised() -> None:
    class Broken(Desk):
        def lookup(self, request: Request) -> Response | None:
            raise Defect("a bug")

    with pytest.raises(Defect):
        await make_run(Broken()).drive()


async def test_a_request_that_cancels_itself_does_not_hang_the_run() -> None:
    """Libraries below cancel their own tasks now and then, and the cancellation may come up to here."""
    desk = Desk(failures={1: asyncio.CancelledError()})
    task = asyncio.create_task(make_run(desk, concurrency=3).dispatcher.run())
    done, _ = await asyncio.wait({task}, timeout=60)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
    assert done, "the run waits for an answer that nobody will give"


async def test_a_run_that_is_cancelled_leaves_nothing_running() -> None:
    desk = Desk(held=asyncio.Event())
    task = asyncio.create_task(make_run(desk).drive())
    await turns()
    assert desk.in_flight == 4
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.in_flight == 0


# --- the end of a run that had asked for more


class Late(Desk):
    """Answers its first eight requests at once, and the others when it is let."""

    prompt = 8

    async def _wait(self, number: int) -> None:
        if number >= self.prompt:
            assert self.held is not None
            await self.held.wait()
        await asyncio.sleep(0)


def surprising(request: Complete) -> Response:
    """A few items at first, so that much is asked for; then so many that most of it was not needed."""
    number = int(request.draw.lane.split(":")[1])
    items = [
        {"options": ["yes", "no"], "answer": "yes", "question": f"{number} {n}?"}
        for n in range(2 if number < 6 else 60)
    ]
    return completion(json.dumps({"examples": items}))


def late_run(*, grace: float, release_on_closing: bool = False) -> tuple[Late, Run]:
    """A run that reaches its target while requests are in flight that it does not need."""
    desk = Late(answer=surprising, held=asyncio.Event(), release_on_closing=release_on_closing)
    return desk, make_run(desk, make_recipe("fixed", target_size=70), concurrency=6, grace=grace)


async def test_paid_requests_in_flight_at_the_end_arrive_and_are_stored() -> None:
    desk, run = late_run(grace=3600.0, release_on_closing=True)
    assert (await run.drive()).reason == "target"
    assert len(desk.asked) > desk.prompt, "some were in flight when the target was reached"
    assert set(desk.stored) == {request.key for request in desk.asked}
    assert (desk.cancelled, run.dispatcher.traffic.abandoned) == (0, 0)
    assert run.dispatcher.traffic.answered == len(desk.asked)
    assert len(run.accepted) == 70


async def test_without_grace_they_are_cancelled_and_counted() -> None:
    desk, run = late_run(grace=0.0)
    # Not `drive`, which would give what was cancelled a turn to end in: nothing may be left when `run` returns.
    assert (await run.dispatcher.run()).reason == "target"
    assert desk.in_flight == 0
    left = len(desk.asked) - desk.prompt
    assert left > 0
    assert (desk.cancelled, run.dispatcher.traffic.abandoned) == (left, left)
    assert len(desk.stored) == desk.prompt


async def test_grace_has_an_end() -> None:
    desk, run = late_run(grace=0.01)
    assert (await run.drive()).reason == "target"
    assert run.dispatcher.traffic.abandoned == desk.cancelled > 0


async def test_two_interrupts_end_the_grace() -> None:
    desk, run = late_run(grace=3600.0)
    task = asyncio.create_task(run.drive())
    await turns(200)
    assert run.dispatcher.generation.outcome == "target"
    assert not task.done()
    run.dispatcher.interrupt()
    run.dispatcher.interrupt()
    assert (await task).reason == "target", "the dataset is whole all the same"
    assert desk.in_flight == 0
