"""Stored before it is used, asked once, retried in one place: the cache in front of a transport."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from datarecipe.amount import Caps
from datarecipe.errors import CacheError, DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Content, Draw, Embed, Embedding, FinishReason
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.client import CachedClient, Flying
from datarecipe.llm.failures.failure_table import TABLE
from datarecipe.llm.limits.account import Account
from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit
from datarecipe.llm.limits.admission_gate import Gate
from datarecipe.llm.routing.attempt_driver import NOBODY_THERE
from datarecipe.llm.routing.model_router import CandidateModel, Router
from datarecipe.llm.transport import Transport
from tests import virtual_time


def request(index: int = 0) -> Complete:
    content = Content("openai/test", (("user", "Write."),), {"temperature": 1}, None, None)
    return Complete(content, Draw(0, "root:0", index))


def completion(text: str = "{}", finish_reason: FinishReason = "stop") -> Completion:
    return Completion(text, finish_reason, None, "test-1", "test", "2026-01-02T03:04:05Z")


@dataclass
class Line:
    """A transport: answers, fails or waits as told, attempt by attempt."""

    outcomes: list[Completion | Exception | Callable[[], Awaitable[Completion]]] = field(default_factory=list)
    """What the next attempts come to; with none left, an answer that names its request."""
    slots: int | None = None
    asked: list[Complete] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    def check(self) -> None:
        """Nothing is missing."""

    def loading(self, _: Complete) -> asyncio.Future[Any] | None:
        """A request can leave at any time."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        self.asked.append(request)
        self.timeouts.append(timeout)
        outcome = self.outcomes.pop(0) if self.outcomes else completion(f"answer {request.draw.index}")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome if isinstance(outcome, Completion) else await outcome()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""


@dataclass
class World:
    """A clock that moves only when something sleeps."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def client(self, cache: ResponseCache, line: Transport, **changes: Any) -> CachedClient:
        world: dict[str, Any] = {
            "sleep": self.sleep,
            "clock": lambda: self.now,
            "uniform": max,
            "notice": self.notices.append,
        }
        return CachedClient(
            cache,
            Router([CandidateModel("a", line, self.gate())], Account(Caps()), timeout=7.5, **{**world, **changes}),
        )

    def gate(self, concurrency: int = 1000) -> Gate:
        return Gate(AdaptiveLimit(concurrency), clock=asyncio.get_running_loop().time, uniform=max)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "cache") as cache:
        yield cache


@pytest.fixture
def world() -> World:
    return World()


def on_disk(cache: ResponseCache, wanted: Complete) -> Any:
    """What another process would find."""
    with ResponseCache(cache.directory) as other:
        return other.get(wanted)


async def turns(count: int = 20) -> None:
    """Let every task go as far as it gets."""
    for _ in range(count):
        await asyncio.sleep(0)


# --- stored before it is used


async def test_an_answer_is_on_disk_when_it_is_given_out(cache: ResponseCache, world: World) -> None:
    line = Line()
    client = world.client(cache, line)
    assert client.lookup(request()) is None
    assert on_disk(cache, request()) is None
    response = await client.fetch(request())
    assert response == completion("answer 0")
    assert on_disk(cache, request()) == response
    assert client.lookup(request()) == response
    assert line.timeouts == [7.5]


async def test_what_is_asked_again_is_asked_once_whoever_asks_and_whoever_dies(
    cache: ResponseCache, world: World
) -> None:
    line, old = Line(), completion("old")
    for index in range(3):
        cache.put(request(index), old)
    cache.put(cache.next_retry(request(0)), completion("paid"))  # its process died before it could stand for the first
    one, other = world.client(cache, line), world.client(cache, line)
    flying: Flying = {}
    for client in (one, other):
        client.flying = flying
        client.retry(map(request, range(2)))
        assert [client.lookup(request(index)) for index in range(3)] == [None, None, old]
    answers = await asyncio.gather(*(client.fetch(request(index)) for client in (one, other) for index in range(3)))
    assert answers == 2 * [completion("paid"), completion("answer 1"), old]
    assert [(asked.draw.index, asked.draw.retry) for asked in line.asked] == [(1, 1)]
    late = world.client(cache, line)
    late.retry([])
    for client in (one, other, late):
        assert [client.lookup(request(index)) for index in range(3)] == answers[:3]


async def test_an_answer_that_cannot_be_stored_is_not_given_out(cache: ResponseCache, world: World) -> None:
    async def lose_the_disk() -> Completion:
        with sqlite3.connect(cache.directory / "cache.db") as connection:
            connection.execute("DROP TABLE Cache")
        return completion()

    with pytest.raises(CacheError, match="cannot be written"):
        await world.client(cache, Line([lose_the_disk])).fetch(request())


async def test_what_is_stored_is_not_asked_again(cache: ResponseCache, world: World) -> None:
    await world.client(cache, Line()).fetch(request())
    line = Line()
    client = world.client(cache, line)
    assert client.lookup(request()) == completion("answer 0")
    assert await client.fetch(request()) == completion("answer 0")
    assert line.asked == []


async def test_a_look_up_asks_nobody(cache: ResponseCache, world: World) -> None:
    line = Line()
    client = world.client(cache, line)
    for index in range(3):
        assert client.lookup(request(index)) is None
    assert line.asked == []


async def test_the_first_writer_wins(cache: ResponseCache, world: World) -> None:
    async def overtaken() -> Completion:
        with ResponseCache(cache.directory) as other:
            other.put(request(), completion("the other run's"))
        return completion("ours")

    client = world.client(cache, Line([overtaken]))
    assert await client.fetch(request()) == completion("the other run's")
    assert client.lookup(request()) == on_disk(cache, request()) == completion("the other run's")


async def test_refusals_are_responses_and_are_stored(cache: ResponseCache, world: World) -> None:
    refusal = replace(completion("I would rather not."), finish_reason="refusal")
    line = Line([refusal])
    assert await world.client(cache, line).fetch(request()) == refusal
    assert on_disk(cache, request()) == refusal
    assert len(line.asked) == 1


async def test_an_embedding_is_looked_up_like_any_other_response(cache: ResponseCache, world: World) -> None:
    line, request = Line(), Embed("an-embedder", "Is snow cold?")
    client = world.client(cache, line)
    assert client.lookup(request) is None
    cache.put(request, Embedding((1, 2)))
    assert client.lookup(request) == await client.fetch(request) == Embedding((1, 2))
    assert line.asked == []


# --- one flight for one key


async def test_equal_requests_at_the_same_time_are_sent_once(cache: ResponseCache, world: World) -> None:
    landed = asyncio.Event()

    async def slow() -> Completion:
        await landed.wait()
        return completion("once")

    line = Line([slow])
    client = world.client(cache, line)
    tasks = [asyncio.create_task(client.fetch(request())) for _ in range(5)]
    await turns()
    assert len(line.asked) == 1
    landed.set()
    assert await asyncio.gather(*tasks) == [completion("once")] * 5
    assert on_disk(cache, request()) == completion("once")


async def test_another_draw_is_another_request(cache: ResponseCache, world: World) -> None:
    line = Line()
    client = world.client(cache, line)
    answers = await asyncio.gather(*(client.fetch(request(index)) for index in range(4)))
    assert answers == [completion(f"answer {index}") for index in range(4)]
    assert {asked.draw.index for asked in line.asked} == {0, 1, 2, 3}


async def test_who_waits_shares_the_failure_and_the_next_asks_anew(cache: ResponseCache, world: World) -> None:
    landed = asyncio.Event()

    async def refuse() -> Completion:
        await landed.wait()
        raise ProviderError("wrong key")

    line = Line([refuse])
    client = world.client(cache, line)
    tasks = [asyncio.create_task(client.fetch(request())) for _ in range(3)]
    await turns()
    landed.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in errors] == ["wrong key"] * 3
    assert len(line.asked) == 1
    assert await client.fetch(request()) == completion("answer 0")
    assert len(line.asked) == 2


async def test_a_failure_that_nobody_else_waits_for_leaves_no_trace(cache: ResponseCache, world: World) -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    client = world.client(cache, Line([ProviderError("wrong key")]))
    with pytest.raises(ProviderError):
        await client.fetch(request())
    await turns()
    gc.collect()
    await turns()
    assert reported == []


async def test_when_the_one_who_asks_is_cancelled_the_others_hear_of_it(cache: ResponseCache, world: World) -> None:
    async def never() -> Completion:
        await asyncio.Event().wait()
        raise AssertionError

    line = Line([never])
    client = world.client(cache, line)
    asking = asyncio.create_task(client.fetch(request()))
    await turns()
    waiting = asyncio.create_task(client.fetch(request()))
    await turns()
    asking.cancel()
    with pytest.raises(DatarecipeError):
        await waiting
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await client.fetch(request()) == completion("answer 0")


async def test_cancelling_one_who_waits_costs_the_others_nothing(cache: ResponseCache, world: World) -> None:
    landed = asyncio.Event()

    async def slow() -> Completion:
        await landed.wait()
        return completion()

    client = world.client(cache, Line([slow]))
    asking, waiting, other = (asyncio.create_task(client.fetch(request())) for _ in range(3))
    await turns()
    waiting.cancel()
    await turns()
    landed.set()
    assert await asking == await other == completion()
    assert waiting.cancelled()


# --- retries


async def test_what_may_pass_is_tried_again(cache: ResponseCache, world: World) -> None:
    line = Line([TransientError("busy"), TransientError("busy", retry_after=30.0)])
    client = world.client(cache, line)
    assert await client.fetch(request()) == completion("answer 0")
    assert len(line.asked) == 3
    assert world.pauses == [1.0, 31.0]
    assert line.timeouts == [7.5] * 3
    assert "busy" in world.notices[0]


def virtual(cache: ResponseCache, line: Line) -> CachedClient:
    """A client whose retries, gate and timers all go by the loop's clock."""
    loop = asyncio.get_running_loop()
    return World().client(cache, line, clock=loop.time, sleep=asyncio.sleep)


def test_what_does_not_pass_ends_with_the_last_error_and_stores_nothing(cache: ResponseCache) -> None:
    line = Line([completion(), *(TransientError(f"failure {number}") for number in range(1, 1000))])

    async def main() -> float:
        client = virtual(cache, line)
        await client.fetch(request(1))
        with pytest.raises(TransientError, match=r"failure \d+"):
            await client.fetch(request())
        return asyncio.get_running_loop().time()

    took = virtual_time.run(main())
    assert on_disk(cache, request()) is None
    assert 540 < took < 610, "a provider that answers nobody any more may come back: time alone ends it"
    assert 10 < len(line.asked) < 80


def given_up_after(cache: ResponseCache, line: Line, requests: int) -> float:
    """Seconds until the first of so many requests at once fails."""

    async def main() -> float:
        client = virtual(cache, line)
        asking = [asyncio.ensure_future(client.fetch(request(number))) for number in range(requests)]
        done, others = await asyncio.wait(asking, return_when=asyncio.FIRST_EXCEPTION)
        assert all(isinstance(task.exception(), TransientError) for task in done), "which ends a run"
        for task in others:
            task.cancel()
        return asyncio.get_running_loop().time()

    return virtual_time.run(main())


@pytest.mark.parametrize("charged", [False, True], ids=["no connection", "server error"])
@pytest.mark.parametrize("requests", [1, 16])
def test_an_address_that_never_answered_is_given_up_soon(cache: ResponseCache, requests: int, *, charged: bool) -> None:
    line = Line([TransientError("no luck", charged=charged) for _ in range(1000)])
    assert 30 <= given_up_after(cache, line, requests) < 60, "one that comes up within half a minute is in time"
    assert len(line.asked) <= requests + 12


def nobody_there(kind: str) -> TransientError:
    return TransientError("no luck", charged=False, kind=kind)


@pytest.mark.parametrize("kind", sorted(NOBODY_THERE))
@pytest.mark.parametrize("requests", [1, 2, 5, 16])
def test_where_nobody_is_at_the_address_a_run_ends_in_seconds(cache: ResponseCache, requests: int, kind: str) -> None:
    line = Line([nobody_there(kind) for _ in range(1000)])
    assert 2 <= given_up_after(cache, line, requests) < 10
    assert len(line.asked) <= requests + 6


def test_kinds_after_which_nobody_is_there_are_those_of_the_table() -> None:
    assert {row.name for row in TABLE} > NOBODY_THERE


@pytest.mark.parametrize(
    ("first", "seconds"),
    [
        pytest.param([completion()], 540.0, id="answered before: an outage is waited out"),
        pytest.param([TransientError("loading", charged=False)], 30.0, id="somebody is there, and is starting"),
        pytest.param([nobody_there("refused connection"), TransientError("loading")], 30.0, id="somebody comes up"),
    ],
)
def test_where_somebody_was_there_it_is_waited_for(
    cache: ResponseCache, first: list[Completion | Exception], seconds: float
) -> None:
    line = Line([*first, *(nobody_there("refused connection") for _ in range(1000))])

    async def main() -> float:
        client = virtual(cache, line)
        if isinstance(first[0], Completion):
            await client.fetch(request(1))
        with pytest.raises(TransientError):
            await client.fetch(request())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) >= seconds


def test_rate_limits_from_the_first_moment_on_are_waited_out(cache: ResponseCache) -> None:
    line = Line([TransientError("slow down", charged=False, rate_limited=True) for _ in range(12)])

    async def main() -> None:
        assert await virtual(cache, line).fetch(request()) == completion("answer 0")

    virtual_time.run(main())
    assert len(line.asked) == 13


def test_a_request_that_fails_while_others_are_answered_is_given_up_after_six_tries(cache: ResponseCache) -> None:
    poor = request(0)

    class Choosy(Line):
        """Never answers one of the requests."""

        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            await asyncio.sleep(0.1)
            if request == poor:
                self.asked.append(request)
                raise TransientError("busy with this one")
            return await super().complete(request, timeout=timeout)

    line = Choosy()

    async def main() -> None:
        client = virtual(cache, line)

        async def others() -> None:
            for index in range(1, 1000):
                await client.fetch(request(index))

        crowd = asyncio.create_task(others())
        with pytest.raises(TransientError, match="busy with this one"):
            await client.fetch(request(0))
        crowd.cancel()

    virtual_time.run(main())
    assert line.asked.count(poor) == 6


@pytest.mark.parametrize("error", [ProviderError("no credit"), CacheError("x"), ValueError("a defect of ours")])
async def test_what_no_retry_could_help_goes_up_at_once(cache: ResponseCache, world: World, error: Exception) -> None:
    line = Line([error])
    with pytest.raises(type(error)):
        await world.client(cache, line).fetch(request())
    assert (len(line.asked), world.pauses) == (1, [])
    assert on_disk(cache, request()) is None


def test_a_burst_of_failures_is_one_notice(cache: ResponseCache, world: World) -> None:
    async def busy() -> Completion:
        await asyncio.sleep(0.1)
        raise TransientError("busy")

    line = Line([busy] * 20)

    async def main() -> None:
        client = world.client(cache, line, clock=asyncio.get_running_loop().time, sleep=asyncio.sleep)
        await asyncio.gather(*(client.fetch(request(index)) for index in range(20)))

    virtual_time.run(main())
    assert len(line.asked) == 40
    assert len(world.notices) == 1


# --- the end


async def test_closing_stops_a_pause_at_once(cache: ResponseCache, world: World) -> None:
    async def for_ever(_: float) -> None:
        await asyncio.Event().wait()

    line = Line([TransientError("busy")])
    client = world.client(cache, line, sleep=for_ever)
    task = asyncio.create_task(client.fetch(request()))
    await turns()
    assert not task.done()
    client.close_to_retries()
    with pytest.raises(TransientError, match="busy"):
        await task
    assert len(line.asked) == 1


async def test_closing_lets_an_attempt_under_way_finish(cache: ResponseCache, world: World) -> None:
    landed = asyncio.Event()

    async def slow() -> Completion:
        await landed.wait()
        return completion("late")

    client = world.client(cache, Line([slow]))
    task = asyncio.create_task(client.fetch(request()))
    await turns()
    client.close_to_retries()
    await turns()
    assert not task.done()
    landed.set()
    assert await task == completion("late")
    assert on_disk(cache, request()) == completion("late")


async def test_an_attempt_that_fails_after_closing_is_not_repeated(cache: ResponseCache, world: World) -> None:
    landed = asyncio.Event()

    async def fails() -> Completion:
        await landed.wait()
        raise TransientError("busy")

    line = Line([fails])
    client = world.client(cache, line)
    task = asyncio.create_task(client.fetch(request()))
    await turns()
    client.close_to_retries()
    landed.set()
    with pytest.raises(TransientError, match="busy"):
        await task
    assert len(line.asked) == 1


async def test_a_cancelled_pause_leaves_no_task_behind(cache: ResponseCache, world: World) -> None:
    async def for_ever(_: float) -> None:
        await asyncio.Event().wait()

    before = asyncio.all_tasks()
    task = asyncio.create_task(world.client(cache, Line([TransientError("busy")]), sleep=for_ever).fetch(request()))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await turns()
    assert asyncio.all_tasks() == before


async def test_who_waits_for_a_model_that_says_no_does_not_ask_it_too(cache: ResponseCache, world: World) -> None:
    async def refuse() -> Completion:
        await asyncio.sleep(0.01)
        raise ProviderError("the key is wrong")

    line = Line([refuse])
    narrow = CachedClient(cache, Router([CandidateModel("a", line, world.gate(1))], Account(Caps()), timeout=7.5))
    async with asyncio.timeout(5):
        results = await asyncio.gather(*(narrow.fetch(request(number)) for number in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["the key is wrong"] * 3
    assert len(line.asked) == 1
