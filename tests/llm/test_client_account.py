"""What each attempt costs, whoever answers, and however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import CapReachedError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Usage
from datarecipe.llm.cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account, Caps
from datarecipe.llm.limits.adaptive import AdaptiveLimit
from datarecipe.llm.limits.amount import NOTHING, Amount, most
from datarecipe.llm.limits.gate import Gate
from datarecipe.llm.prices import Price
from datarecipe.llm.route import Route
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
    routes = [Route(f"model {number}", line, gate(), PRICE, **adapt) for number, line in enumerate(lines)]
    return CachedClient(cache, routes, account, timeout=7.5, clock=asyncio.get_running_loop().time, uniform=max)


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
