"""What each attempt costs, whoever answers, and however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.amount import NOTHING, Amount, Caps, most
from datarecipe.errors import CapReachedError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Usage
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit
from datarecipe.llm.limits.admission_gate import Gate
from datarecipe.llm.providers.prices import Price
from datarecipe.llm.routing.model_router import CandidateModel, Router
from datarecipe.llm.routing.retry_limits import AT_ONCE, TOTAL
from datarecipe.llm.transport import AskAgainError
from tests import virtual_time
from tests.llm.test_client import Line, completion, request

PRICE = Price(Decimal("0.000001"), Decimal("0.000002"))
AT_MOST = most(request(), PRICE)
USAGE = Usage(10, 20)
USED = Amount(1, 10, 20, Decimal("0.00005"))
COUNTED = replace(completion(), usage=USAGE)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "cache") as cache:
        yield cache


def gate(concurrency: int = 4) -> Gate:
    return Gate(AdaptiveLimit(concurrency), clock=asyncio.get_running_loop().time, uniform=max)


def client(cache: ResponseCache, account: Account, *lines: Line, **adapt: Any) -> CachedClient:
    candidates = [CandidateModel(f"model {number}", line, gate(), PRICE, **adapt) for number, line in enumerate(lines)]
    return CachedClient(
        cache, Router(candidates, account, timeout=7.5, clock=asyncio.get_running_loop().time, uniform=max)
    )


def test_what_a_model_in_this_process_did_not_finish_costs_nothing(cache: ResponseCache) -> None:
    account = Account(Caps())

    async def main() -> None:
        line = Line([TransientError("broken off"), TransientError("broken off"), COUNTED])
        await client(cache, account, line, in_process=True).fetch(request())

    virtual_time.run(main())
    assert account.spent == Amount(1) + Amount(1) + USED


@pytest.mark.parametrize(
    ("outcomes", "spent"),
    [
        ([COUNTED], USED),
        ([completion()], AT_MOST),
        ([completion("", "context_overflow")], Amount(1)),
        ([TransientError("slow down", charged=False, rate_limited=True), COUNTED], Amount(1) + USED),
        ([TransientError("lost"), COUNTED], AT_MOST + USED),
        ([TransientError("lost"), TransientError("lost"), COUNTED], AT_MOST + AT_MOST + USED),
    ],
    ids=["counted", "not counted", "too long", "refused", "lost", "lost twice"],
)
def test_every_attempt_is_counted(cache: ResponseCache, outcomes: list[Any], spent: Amount) -> None:
    account = Account(Caps())

    async def main() -> None:
        await client(cache, account, Line(list(outcomes))).fetch(request())

    virtual_time.run(main())
    assert (account.spent, account.reserved) == (spent, NOTHING)


def test_one_that_is_refused_for_good_is_a_call_and_no_more(cache: ResponseCache) -> None:
    account = Account(Caps())

    async def main() -> None:
        with pytest.raises(ProviderError):
            await client(cache, account, Line([ProviderError("wrong key")])).fetch(request())

    virtual_time.run(main())
    assert (account.spent, account.reserved) == (Amount(1), NOTHING)


def test_one_that_is_broken_off_counts_at_its_most_and_one_that_never_began_not_at_all(cache: ResponseCache) -> None:
    account = Account(Caps())

    async def for_ever() -> Completion:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> None:
        asking = client(cache, account, Line([for_ever]))
        begun, never = asking.begin(request(0)), asking.begin(request(1))
        assert begun is not None
        assert never is not None
        assert account.reserved == AT_MOST + AT_MOST
        never.cancel()
        await asyncio.sleep(0.1)
        begun.cancel()
        await asyncio.sleep(0.1)

    virtual_time.run(main())
    assert (account.spent, account.reserved) == (AT_MOST, NOTHING)


def test_begin_makes_no_task_where_there_is_no_room_and_says_when_there_is(cache: ResponseCache) -> None:
    account, heard = Account(Caps(usd=AT_MOST.usd * Decimal("1.5"))), list[float]()

    async def slow() -> Completion:
        await asyncio.sleep(3.0)
        return COUNTED

    async def main() -> None:
        loop = asyncio.get_running_loop()
        asking = client(cache, account, Line([slow]))
        asking.listen(lambda: heard.append(loop.time()))
        first = asking.begin(request(0))
        assert first is not None
        assert asking.begin(request(1)) is None, "the cap has no room while the first is under way"
        await first
        assert set(heard) == {3.0}
        second = asking.begin(request(1))
        assert second is not None, "what the first did not use is there again"
        await second

    virtual_time.run(main())


def test_near_a_cap_those_go_first_that_are_needed_first(cache: ResponseCache) -> None:
    account = Account(Caps(calls=20))

    async def slow() -> Completion:
        await asyncio.sleep(3.0)
        return COUNTED

    async def main() -> None:
        asking = client(cache, account, Line([slow]))
        first = asking.begin(request(0), ahead=100)
        assert first is not None, "with nothing under way there is nothing to wait for"
        assert asking.begin(request(1), ahead=17) is None, "17 before it, it and a failure are more than 19"
        second = asking.begin(request(1), ahead=10)
        assert second is not None
        await asyncio.gather(first, second)
        third = asking.begin(request(2), ahead=100)
        assert third is not None
        await third

    virtual_time.run(main())


def test_near_a_cap_room_is_kept_for_the_tries_of_one_that_fails(cache: ResponseCache) -> None:
    account = Account(Caps(calls=8))

    async def main() -> None:
        asking = client(cache, account, Line([TransientError("lost", charged=False), TransientError("lost"), COUNTED]))
        failing = asking.begin(request(0))
        assert failing is not None
        await asyncio.sleep(0.5)
        assert account.spent.calls == 1
        assert asking.begin(request(1)) is None, "six tries may be needed, and six are left beside the one that is held"
        assert await failing == COUNTED
        other = asking.begin(request(1))
        assert other is not None
        await other

    virtual_time.run(main())


def test_where_no_cap_is_near_nothing_waits(cache: ResponseCache) -> None:
    async def main() -> None:
        asking = client(cache, Account(Caps(usd=Decimal(5))), Line())
        tasks = [asking.begin(request(number), ahead=100) for number in range(4)]
        assert None not in tasks
        await asyncio.gather(*(task for task in tasks if task is not None))

    virtual_time.run(main())


def test_a_retry_that_the_cap_has_no_room_for_is_not_made(cache: ResponseCache) -> None:
    account, line = Account(Caps(usd=AT_MOST.usd)), Line([TransientError("lost"), COUNTED])

    async def main() -> None:
        with pytest.raises(CapReachedError):
            await client(cache, account, line).fetch(request())

    virtual_time.run(main())
    assert len(line.asked) == 1
    assert account.spent == AT_MOST


def as_another(request: Complete) -> Complete:
    return replace(request, content=replace(request.content, model="another"))


@pytest.mark.parametrize(
    "error", [ProviderError("no credit"), TransientError("busy", charged=False)], ids=["for good", "transient"]
)
def test_a_fallback_answers_and_is_stored_under_the_first_model_s_key(cache: ResponseCache, error: Exception) -> None:
    account, first, second = Account(Caps()), Line([error] * 100), Line([COUNTED, COUNTED])

    async def main() -> float:
        asking = client(cache, account, first, second, adapt=as_another)
        assert await asking.fetch(request(0)) == COUNTED
        await asking.fetch(request(1))
        return asyncio.get_running_loop().time()

    took = virtual_time.run(main())
    assert cache.get(request(0)) == COUNTED
    assert second.asked[0].content.model == "another"
    for_good = isinstance(error, ProviderError)
    assert len(first.asked) == 1 if for_good else 5 < len(first.asked) < 20, "said no for good: it is not asked again"
    assert took < 80.0
    assert len(second.asked) == 2, "the second request does not wait for a model that answers nothing"
    assert account.spent.calls == len(first.asked) + len(second.asked)


def test_the_last_model_s_failure_is_the_one_that_is_told(cache: ResponseCache) -> None:
    async def main() -> None:
        lines = [Line([ProviderError("no credit")]), Line([ProviderError("wrong key")])]
        with pytest.raises(ProviderError, match="wrong key"):
            await client(cache, Account(Caps()), *lines).fetch(request())

    virtual_time.run(main())


@pytest.mark.parametrize("repeats", [1, 3])
def test_what_is_asked_again_at_once_is_counted_each_time(cache: ResponseCache, repeats: int) -> None:
    account = Account(Caps())
    line = Line([*[AskAgainError("closed")] * repeats, COUNTED])

    async def main() -> float:
        await client(cache, account, line).fetch(request())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) == 0.0, "there is nothing to wait for"
    assert account.spent.calls == 1 + repeats
    assert account.spent.tokens == repeats * AT_MOST.tokens + USED.tokens


def test_what_may_be_asked_again_at_once_is_not_asked_for_ever(cache: ResponseCache) -> None:
    account, line = Account(Caps()), Line([AskAgainError("closed")] * 1000)

    async def main() -> None:
        with pytest.raises(TransientError, match="closed"):
            await client(cache, account, line).fetch(request())

    virtual_time.run(main())
    assert len(line.asked) == account.spent.calls == 6 * (1 + AT_ONCE)


def test_a_cap_holds_for_what_is_asked_again_at_once(cache: ResponseCache) -> None:
    account, line = Account(Caps(calls=2)), Line([AskAgainError("no seed", charged=False)] * 3)

    async def main() -> None:
        with pytest.raises(CapReachedError):
            await client(cache, account, line).fetch(request())

    virtual_time.run(main())
    assert len(line.asked) == account.spent.calls == 2


def test_what_is_broken_off_before_it_could_leave_costs_nothing(cache: ResponseCache) -> None:
    class Loading(Line):
        """Not there yet."""

        def loading(self, _: Complete) -> asyncio.Future[Any]:
            return asyncio.ensure_future(asyncio.Event().wait())

    account, line = Account(Caps()), Loading()

    async def main() -> None:
        task = client(cache, account, line).begin(request())
        assert task is not None
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.sleep(0.1)

    virtual_time.run(main())
    assert (account.spent, account.reserved, line.asked) == (NOTHING, NOTHING, [])


def test_a_pause_too_long_to_wait_for_ends_what_would_begin(cache: ResponseCache) -> None:
    line = Line([TransientError("slow down", rate_limited=True, charged=False, retry_after=7200.0)])

    async def main() -> None:
        asking = client(cache, Account(Caps()), line)
        with pytest.raises(TransientError, match="slow down"):
            await asking.fetch(request(0))
        with pytest.raises(TransientError, match="a pause of 7,200 s"):
            asking.begin(request(1))

    virtual_time.run(main())
    assert len(line.asked) == 1


def test_a_pause_that_a_request_is_tried_for_is_waited_for(cache: ResponseCache) -> None:
    line = Line([TransientError("slow down", rate_limited=True, charged=False, retry_after=580.0), COUNTED])

    async def main() -> float:
        await client(cache, Account(Caps()), line).fetch(request(0))
        return asyncio.get_running_loop().time()

    assert 580.0 <= virtual_time.run(main()) < 600.0


@pytest.mark.parametrize("pause", [90.0, 7200.0])
def test_a_fallback_answers_while_the_first_asks_for_a_pause(cache: ResponseCache, pause: float) -> None:
    first = Line([TransientError("slow down", rate_limited=True, charged=False, retry_after=pause)])
    second = Line([COUNTED] * 5)

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)
        for number in range(5):
            task = asking.begin(request(number))
            assert task is not None
            await task
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) < 5.0
    assert (len(first.asked), len(second.asked)) == (1, 5)


class Down(Line):
    """Answers nothing before `until`, in seconds."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        if asyncio.get_running_loop().time() < self.until:
            self.outcomes.append(TransientError("down", charged=False))
        return await super().complete(request, timeout=timeout)


def test_a_fallback_that_says_no_does_not_end_what_the_first_can_do_again(cache: ResponseCache) -> None:
    """With the fallback a run must not do worse than without."""
    first, second = Down(0.0), Line([ProviderError("wrong key")] * 100)

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)
        await asking.fetch(request(0))
        first.until = asyncio.get_running_loop().time() + 100.0
        await asyncio.gather(*(asking.fetch(request(number)) for number in range(1, 9)))
        return asyncio.get_running_loop().time()

    assert 100.0 < virtual_time.run(main()) < 130.0
    assert 1 <= len(second.asked) <= 8, "once it said no it is not asked again"


def test_requests_go_back_to_the_first_when_the_fallback_is_down_too(cache: ResponseCache) -> None:
    first, second = Down(0.0), Down(1e9)

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)
        await asking.fetch(request(0))
        first.until = asyncio.get_running_loop().time() + 30.0
        await asyncio.gather(*(asking.fetch(request(number)) for number in range(1, 5)))
        return asyncio.get_running_loop().time()

    assert 30.0 < virtual_time.run(main()) < 75.0


def test_when_all_are_down_for_good_it_ends(cache: ResponseCache) -> None:
    first, second = Down(0.0), Down(0.0)

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)
        await asking.fetch(request(0))
        first.until = second.until = 1e9
        with pytest.raises(TransientError, match="down"):
            await asking.fetch(request(1))
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) < 2 * (TOTAL + 7.5)


def test_a_fallback_that_says_no_leaves_it_a_failure_that_may_pass(cache: ResponseCache) -> None:
    """The same command goes on later, as it would without the fallback."""
    poor = request(0)

    class Choosy(Line):
        """Never answers one of the requests."""

        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            if request == poor:
                raise TransientError("busy with this one")
            return await super().complete(request, timeout=timeout)

    async def main() -> None:
        asking = client(cache, Account(Caps()), Choosy(), Line([ProviderError("wrong key")]))

        async def others() -> None:
            for index in range(1, 1000):
                await asking.fetch(request(index))
                await asyncio.sleep(0.1)

        crowd = asyncio.create_task(others())
        with pytest.raises(TransientError, match="busy with this one"):
            await asking.fetch(poor)
        crowd.cancel()

    virtual_time.run(main())


@pytest.mark.parametrize("same", [True, False], ids=["one run", "two runs"])
@pytest.mark.parametrize("short_of", ["places", "dollars"])
def test_who_waits_for_another_s_answer_keeps_no_room(cache: ResponseCache, short_of: str, *, same: bool) -> None:
    """Both begin in one moment, so neither sees the other under way; the one that asks fails once, and needs the room."""
    lost = (
        TransientError("slow down", charged=False, rate_limited=True)
        if short_of == "places"
        else TransientError("lost")
    )
    caps = Caps() if short_of == "places" else Caps(usd=AT_MOST.usd * 2)
    line, above = Line([lost, COUNTED]), Account(caps)

    async def main() -> None:
        narrow, flying = gate(2), dict[Any, Any]()

        def one() -> CachedClient:
            candidates = [CandidateModel("m", line, narrow, PRICE)]
            made = CachedClient(cache, Router(candidates, Account(Caps(), above=(above,)), timeout=7.5,
                                clock=asyncio.get_running_loop().time, uniform=max))  # fmt: skip
            made.flying = flying
            return made

        first = one()
        second = first if same else one()
        tasks = [first.begin(request()), second.begin(request())]
        async with asyncio.timeout(1000):
            for task in tasks:
                assert task is None or await task == COUNTED
        assert narrow.in_flight == 0

    virtual_time.run(main())
    assert len(line.asked) == 2
    assert above.reserved == NOTHING


def test_what_another_run_has_stored_needs_no_room(cache: ResponseCache) -> None:
    async def main() -> None:
        await client(cache, Account(Caps()), Line([COUNTED])).fetch(request())
        nothing_left = client(cache, Account(Caps(calls=0)), Line())
        task = nothing_left.begin(request())
        assert task is not None
        assert await task == COUNTED
        with pytest.raises(CapReachedError):
            nothing_left.begin(request(1))

    virtual_time.run(main())


def test_where_all_have_to_be_waited_for_it_is_the_one_that_comes_first(cache: ResponseCache) -> None:
    """The first is back long before the pause that its fallback asked for is over."""

    class Away(Line):
        async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
            self.asked.append(request)
            await asyncio.sleep(0.1)
            if 1 < asyncio.get_running_loop().time() < 200:
                raise TransientError("down")
            return COUNTED

    first = Away()
    second = Line([TransientError("slow down", rate_limited=True, charged=False, retry_after=500)])

    async def main() -> float:
        asking = client(cache, Account(Caps()), first, second)
        await asking.fetch(request(0))
        await asyncio.sleep(2)
        await asyncio.gather(*(asking.fetch(request(number)) for number in range(1, 9)))
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main()) < 230
    assert len(second.asked) <= 4
