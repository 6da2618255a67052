"""One request's way: what ends it, what it goes on after, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.amount import NOTHING, Caps
from datarecipe.errors import CapReachedError, DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.llm.providers.prices import Price
from datarecipe.llm.routing.model_router import CandidateModel, Router
from tests import virtual_time
from tests.llm.test_client import Line, completion, request
from tests.llm.test_client_account import AT_MOST, COUNTED, PRICE, Down, client, gate


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "cache") as cache:
        yield cache


def now() -> float:
    return asyncio.get_running_loop().time()


async def first_room(asking: CachedClient, wanted: Complete) -> Completion:
    """The answer to `wanted`, begun as soon as there is room, as a dispatcher does it."""
    room = asyncio.Event()
    asking.listen(room.set)
    while (task := asking.begin(wanted)) is None:
        room.clear()
        await room.wait()
    answer = await task
    assert isinstance(answer, Completion)
    return answer


@pytest.mark.parametrize("ending", [False, True])
def test_of_attempts_that_are_not_repeated_nothing_is_told(cache: ResponseCache, *, ending: bool) -> None:
    """The run ends while the first attempt is under way; nobody would understand "next in 2 s"."""
    told: list[str] = []

    async def fails() -> Completion:
        await asyncio.sleep(1.0)
        raise TransientError("overloaded")

    async def main() -> None:
        candidates = [CandidateModel("model", Line([COUNTED, fails]), gate(), PRICE)]
        clock = asyncio.get_running_loop().time
        asking = CachedClient(cache, Router(candidates, Account(Caps()), timeout=7.5, clock=clock, notice=told.append))
        await asking.fetch(request(0))
        task = asyncio.ensure_future(asking.fetch(request(1)))
        await asyncio.sleep(0.5)
        if ending:
            asking.close_to_retries()
        await asyncio.wait([task])
        assert (task.exception() is not None) == ending

    virtual_time.run(main())
    assert any("attempt 1 failed" in words for words in told) != ending


def test_what_waits_for_its_transport_when_the_run_ends_is_not_sent(cache: ResponseCache) -> None:
    class Slow(Line):
        """Takes two seconds to import."""

        def loading(self, _: Complete) -> asyncio.Future[Any]:
            return asyncio.ensure_future(asyncio.sleep(2.0))

    line, account = Slow(), Account(Caps())

    async def main() -> None:
        asking = client(cache, account, line)
        tasks = [asking.begin(request(number)) for number in range(4)]
        await asyncio.sleep(1.0)
        asking.close_to_retries()
        for task in tasks:
            assert task is not None
            with pytest.raises(TransientError, match="the run ended before the request was sent"):
                await task

    virtual_time.run(main())
    assert (line.asked, account.spent, account.reserved) == ([], NOTHING, NOTHING)


@pytest.mark.parametrize("turns", range(8))
def test_one_that_is_cancelled_as_its_pause_ends_makes_no_attempt_after(cache: ResponseCache, turns: int) -> None:
    line, account = Line([TransientError("lost")]), Account(Caps())

    async def main() -> None:
        asking = client(cache, account, line)
        task = asking.begin(request())
        assert task is not None
        await asyncio.sleep(1.0)  # just as long as its pause
        for _ in range(turns):
            await asyncio.sleep(0)
        asked, done = len(line.asked), task.done()
        task.cancel()
        await asyncio.wait({task})
        assert len(line.asked) == asked
        assert done or task.cancelled()

    virtual_time.run(main())
    assert account.reserved == NOTHING


@pytest.mark.parametrize("begun", ["with room", "waiting"])
def test_a_fallback_that_the_cap_has_no_room_for_ends_nothing_that_the_model_can_do(
    cache: ResponseCache, begun: str
) -> None:
    """With the fallback a run must not do worse than without."""
    cheap, dear = Down(0.0), Line()
    price = Price(PRICE.input_per_token * 100, PRICE.output_per_token * 100)
    account = Account(Caps(usd=AT_MOST.usd * Decimal(60)))

    async def main() -> float:
        candidates = [CandidateModel("cheap", cheap, gate(), PRICE), CandidateModel("dear", dear, gate(), price)]
        asking = CachedClient(cache, Router(candidates, account, timeout=7.5, clock=now, uniform=max))
        await asking.fetch(request())
        cheap.until = now() + 15.0
        one: Callable[[Complete], Awaitable[Any]] = (
            (lambda wanted: first_room(asking, wanted)) if begun == "with room" else asking.fetch
        )
        async with asyncio.timeout(1000):
            await asyncio.gather(*(one(request(number)) for number in range(1, 9)))
        return now()

    assert 15.0 < virtual_time.run(main()) < 40.0
    assert dear.asked == []


@pytest.mark.parametrize("fallback", [True, False])
def test_a_pause_too_long_to_wait_for_is_obeyed_at_once_by_those_who_wait(
    cache: ResponseCache, *, fallback: bool
) -> None:
    refusal = TransientError("slow down", rate_limited=True, charged=False, retry_after=7200.0)
    line, other = Line([refusal] * 9), Line()
    notices: list[str] = []

    async def main() -> tuple[float, list[Any]]:
        candidates = [CandidateModel("m", line, gate(1), PRICE)] + (
            [CandidateModel("other", other, gate(), PRICE)] if fallback else []
        )
        asking = CachedClient(
            cache, Router(candidates, Account(Caps()), timeout=7.5, clock=now, uniform=max, notice=notices.append)
        )
        found = await asyncio.gather(*(asking.fetch(request(number)) for number in range(4)), return_exceptions=True)
        return now(), found

    ended, found = virtual_time.run(main())
    assert ended < 1.0
    assert len(line.asked) == 1
    assert not any("attempt" in notice for notice in notices), "none was made"
    assert [isinstance(each, TransientError) for each in found] == [not fallback] * 4


def test_another_run_s_failure_is_none_of_ours(cache: ResponseCache) -> None:
    async def broken() -> Completion:
        await asyncio.sleep(1.0)
        raise ValueError("a defect there")

    async def main() -> None:
        theirs, ours, flying = client(cache, Account(Caps()), Line([broken])), Line([COUNTED]), dict[str, Any]()
        mine = client(cache, Account(Caps()), ours)
        theirs.flying = flying
        mine.flying = flying
        found = await asyncio.gather(theirs.fetch(request()), mine.fetch(request()), return_exceptions=True)
        assert isinstance(found[0], ValueError)
        assert found[1] == COUNTED

    virtual_time.run(main())


def test_a_run_that_ends_does_not_wait_for_what_another_asks_for(cache: ResponseCache) -> None:
    async def slow() -> Completion:
        await asyncio.sleep(30.0)
        return completion()

    async def main() -> float:
        flying: dict[str, Any] = {}
        theirs, mine = (client(cache, Account(Caps()), line) for line in (Line([slow]), Line()))
        theirs.flying = flying
        mine.flying = flying
        asked = asyncio.create_task(theirs.fetch(request()))
        await asyncio.sleep(1.0)
        waiting = asyncio.create_task(mine.fetch(request()))
        await asyncio.sleep(1.0)
        mine.close_to_retries()
        with pytest.raises(DatarecipeError, match="the run ended"):
            await waiting
        ended = now()
        assert await asked == completion(), "theirs goes on"
        return ended

    assert virtual_time.run(main()) == 2.0


def test_what_stands_still_because_of_a_pause_says_so(cache: ResponseCache) -> None:
    """The gate is open; it is the cap that has to leave room for the request that is tried again."""
    line = Line([TransientError("busy", charged=False, retry_after=500.0)])

    async def main() -> None:
        asking = client(cache, Account(Caps(usd=AT_MOST.usd * 5)), line)
        assert asking.begin(request()) is not None
        await asyncio.sleep(5.0)
        assert asking.begin(request(1)) is None
        waits = asking.router.waits
        assert waits is not None
        assert waits[0] == pytest.approx(496.0, abs=2.0)
        assert waits[1] == "a request that is tried again"
        asking.close_to_retries()
        await asyncio.sleep(1.0)
        assert asking.router.waits is None

    virtual_time.run(main())


class Slowed(Line):
    """Asks the first request to slow down for 150 seconds, without saying for how long, and answers all others."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        if request.draw.index == 0 and now() < 150.0:
            self.outcomes.insert(0, TransientError("slow down", rate_limited=True, charged=False))
        return await super().complete(request, timeout=timeout)


@pytest.mark.parametrize(
    "fallback", [ProviderError("wrong key"), TransientError("broken", charged=False)], ids=["says no", "is broken"]
)
def test_a_fallback_of_no_use_takes_no_time_from_the_model(cache: ResponseCache, fallback: DatarecipeError) -> None:
    first, second = Slowed(), Line([fallback] * 99)

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)

        async def crowd() -> None:
            for number in range(1, 500):
                await asking.fetch(request(number))
                await asyncio.sleep(1.0)

        others = asyncio.create_task(crowd())
        await asking.fetch(request())
        others.cancel()
        return now()

    assert 150.0 <= virtual_time.run(main()) < 300.0


@pytest.mark.parametrize("rate_limited", [True, False])
def test_a_long_pause_is_not_slept_out_beside_a_free_fallback(cache: ResponseCache, *, rate_limited: bool) -> None:
    refusal = TransientError("busy", rate_limited=rate_limited, charged=False, retry_after=500.0)
    first, second = Line([refusal]), Line()

    async def main() -> float:
        candidates = [CandidateModel("m", first, gate(), PRICE), CandidateModel("other", second, gate(), PRICE)]
        asking = CachedClient(cache, Router(candidates, Account(Caps()), timeout=600.0, clock=now, uniform=max))
        await asking.fetch(request())
        return now()

    assert virtual_time.run(main()) < 1.0
    assert len(second.asked) == 1


@pytest.mark.parametrize("begun", ["with room", "waiting"])
def test_a_model_that_is_back_is_not_kept_waiting_for_one_that_is_being_tried(cache: ResponseCache, begun: str) -> None:
    """Both were down; the one request that sees whether the first is back hangs."""

    class Hangs(Line):
        """Fails for two seconds, and gives no sign of life after that."""

        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            self.asked.append(request)
            if now() >= 2.0:
                await asyncio.sleep(timeout)
            raise TransientError("down", charged=False)

    first, second = Hangs(), Down(6.0)

    async def main() -> float:
        candidates = [CandidateModel("m", first, gate(16), PRICE), CandidateModel("other", second, gate(16), PRICE)]
        asking = CachedClient(cache, Router(candidates, Account(Caps()), timeout=600.0, clock=now, uniform=max))
        one: Callable[[Complete], Awaitable[Any]] = (
            (lambda wanted: first_room(asking, wanted)) if begun == "with room" else asking.fetch
        )
        await asyncio.gather(*(one(request(number)) for number in range(16)), return_exceptions=True)
        return now()

    run = virtual_time.run(main())
    assert len(second.asked) >= 15
    assert run < 620.0, "but for the one that tries the first"


def test_at_a_cap_what_another_run_is_being_answered_is_waited_for(cache: ResponseCache) -> None:
    async def slow() -> Completion:
        await asyncio.sleep(30.0)
        return COUNTED

    async def main() -> None:
        flying: dict[str, Any] = {}
        theirs = client(cache, Account(Caps()), Line([slow]))
        mine = client(cache, Account(Caps(calls=0)), Line())
        theirs.flying = flying
        mine.flying = flying
        asked = asyncio.create_task(theirs.fetch(request()))
        await asyncio.sleep(1.0)
        following = mine.begin(request())
        assert following is not None
        await asyncio.sleep(1.0)
        assert mine.begin(request(1)) is None, "not the end yet"
        assert await following == await asked
        with pytest.raises(CapReachedError):
            mine.begin(request(1))

    virtual_time.run(main())


class _Busy(Line):
    """Asks the first request to come back in 90 seconds, and answers the others."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        if request.draw.index == 0 and now() < 90.0:
            raise TransientError("busy", charged=False, retry_after=90.0)
        await asyncio.sleep(1.0)
        return COUNTED


class _Hanging(Line):
    """Does not answer the first request for two and a half minutes, and answers the others."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        if request.draw.index == 0 and now() < 150.0:
            await asyncio.sleep(timeout)
            raise TransientError("no answer in time")
        await asyncio.sleep(1.0)
        return COUNTED


@pytest.mark.parametrize("fallback", [ProviderError("wrong key"), TransientError("broken", charged=False), None])
@pytest.mark.parametrize(("model", "by"), [(_Busy, 95.0), (_Hanging, 215.0)])
def test_a_fallback_of_no_use_ends_nothing_that_the_model_answers_later(
    cache: ResponseCache, model: type[Line], by: float, fallback: DatarecipeError | None
) -> None:
    """It alone is in trouble there, so nothing is known of the model; None for a fallback that is too dear."""

    async def main() -> float:
        dear = Price(PRICE.input_per_token * 10**6, PRICE.output_per_token * 10**6)
        line = Line([fallback] * 999) if fallback is not None else Line()
        candidates = [
            CandidateModel("A", model(), gate(), PRICE),
            CandidateModel("B", line, gate(), PRICE if fallback is not None else dear),
        ]
        account = Account(Caps(usd=AT_MOST.usd * 10_000))
        asking = CachedClient(cache, Router(candidates, account, timeout=60.0, clock=now, uniform=max))

        async def others() -> None:
            for number in range(1, 900):
                await asking.fetch(request(number))

        crowd = asyncio.create_task(others())
        async with asyncio.timeout(2000):
            await asking.fetch(request())
        crowd.cancel()
        return now()

    assert virtual_time.run(main()) < by


def test_a_pause_that_outlasts_the_request_is_not_come_back_after(cache: ResponseCache) -> None:
    """Nothing is waited for that would be too late."""
    busy = Line([TransientError("busy", charged=False, retry_after=5000.0)])

    async def main() -> float:
        candidates = [
            CandidateModel("A", busy, gate(), PRICE),
            CandidateModel("B", Line([ProviderError("wrong key")]), gate(), PRICE),
        ]
        asking = CachedClient(cache, Router(candidates, Account(Caps()), timeout=60.0, clock=now, uniform=max))
        with pytest.raises(TransientError, match="busy"):
            await asking.fetch(request())
        return now()

    assert virtual_time.run(main()) < 10


def test_who_finds_no_room_at_a_dear_fallback_looks_back_at_the_model(cache: ResponseCache) -> None:
    """Another recipe has something under way all the time, so that there might be room some day."""

    class Slowing(Line):
        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            await asyncio.sleep(0.2)
            if now() < 1:
                raise TransientError("slow down", rate_limited=True, charged=False, retry_after=90.0)
            return COUNTED

    class Steady(Line):
        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            await asyncio.sleep(5.0)
            return COUNTED

    async def main() -> float:
        dear = Price(PRICE.input_per_token * 1000, PRICE.output_per_token * 1000)
        above = Account(Caps(usd=AT_MOST.usd * 900), name="--max-")
        candidates = [CandidateModel("A", Slowing(), gate(), PRICE), CandidateModel("B", Line(), gate(), dear)]
        mine = CachedClient(
            cache, Router(candidates, Account(Caps(), above=(above,)), timeout=60.0, clock=now, uniform=max)
        )
        steady = [CandidateModel("C", Steady(), gate(), PRICE)]
        theirs = CachedClient(
            cache, Router(steady, Account(Caps(), above=(above,)), timeout=60.0, clock=now, uniform=max)
        )

        async def stream(first: int, delay: float) -> None:
            await asyncio.sleep(delay)
            for number in range(first, first + 200):
                await theirs.fetch(request(number))

        streams = [asyncio.create_task(stream(1000, 0.0)), asyncio.create_task(stream(2000, 2.5))]
        await asyncio.gather(*(mine.fetch(request(number)) for number in range(8)))
        for task in streams:
            task.cancel()
        return now()

    assert virtual_time.run(main()) < 95


def test_a_fallback_that_never_answered_is_seen_to_again(cache: ResponseCache) -> None:
    """It was starting at the model's first outage, and is up at the second one."""

    class Failing(Line):
        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            await asyncio.sleep(1.0)
            if 10 < now() < 70 or 1200 < now() < 3000:
                raise TransientError("overloaded", charged=False)
            return COUNTED

    class Starting(Line):
        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            if now() < 90:
                raise TransientError("loading", charged=False)
            return COUNTED

    async def main() -> None:
        candidates = [CandidateModel("A", Failing(), gate(8), PRICE), CandidateModel("B", Starting(), gate(8), PRICE)]
        asking = CachedClient(cache, Router(candidates, Account(Caps()), timeout=60.0, clock=now, uniform=max))

        async def chain(number: int) -> None:
            while now() < 1400:
                await asking.fetch(request(number))
                number += 8
                await asyncio.sleep(20.0 if 110 < now() < 1170 else 0.5)

        await asyncio.gather(*map(chain, range(8)))

    virtual_time.run(main())
