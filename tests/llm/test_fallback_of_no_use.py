"""A law: with a fallback that is of no use a request fares as well as without one, and hardly later."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.amount import Caps
from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.llm.providers.prices import Price
from datarecipe.llm.routing.model_router import CandidateModel, Router
from tests import virtual_time
from tests.llm.test_client import Line, request
from tests.llm.test_client_account import AT_MOST, COUNTED, PRICE, gate

TIMEOUT = 20.0
Kind = Literal["rate_limit", "busy", "lost", "hang"]
Useless = Literal["key", "broken", "hang", "dear", "slow"]


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Trouble:
    """What befalls the model after it has answered once; from then on it answers everything."""

    quiet: float
    """Seconds before."""
    length: float
    """Seconds that it lasts."""
    kind: Kind
    asks_for: float | None
    """Retry-After, at the most; it is never longer than the trouble."""
    everybody: bool
    """Whether it befalls all requests, or the one that is looked at."""

    def at(self, seconds: float) -> tuple[Kind, float | None] | None:
        left = 2.0 + self.quiet + self.length - seconds
        if not 0 < left <= self.length:
            return None
        return self.kind, None if self.asks_for is None else min(self.asks_for, left)


class Troubled(Line):
    """Answers in a second, but for its trouble."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__()
        self.trouble = trouble

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        what = self.trouble.at(now()) if self.trouble.everybody or request.draw.index == 0 else None
        if what is None:
            await asyncio.sleep(1.0)
            return COUNTED
        kind, retry_after = what
        if kind == "hang":
            await asyncio.sleep(timeout)
            raise TransientError("no answer in time")
        await asyncio.sleep(0.1)
        raise TransientError(kind, charged=False, rate_limited=kind == "rate_limit", retry_after=retry_after)


class Hanging(Line):
    """Never answers."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        await asyncio.sleep(timeout)
        raise TransientError("no answer in time")


def fallback(useless: Useless) -> CandidateModel:
    lines: dict[Useless, Line] = {
        "key": Line([ProviderError("wrong key")] * 9999),
        "broken": Line([TransientError("broken", charged=False)] * 9999),
        "slow": Line([TransientError("slow", rate_limited=True, charged=False, retry_after=20.0)] * 9999),
        "hang": Hanging(),
        "dear": Line(),
    }
    dear = Price(PRICE.input_per_token * 10**7, PRICE.output_per_token * 10**7)
    return CandidateModel("B", lines[useless], gate(), dear if useless == "dear" else PRICE)


def answered_at(trouble: Trouble, useless: Useless | None = None) -> float | None:
    """When the request is answered that begins as the trouble does; None where it is given up."""

    async def main(cache: ResponseCache) -> float | None:
        candidates = [CandidateModel("A", Troubled(trouble), gate(), PRICE)]
        if useless is not None:
            candidates.append(fallback(useless))
        account = Account(Caps(usd=AT_MOST.usd * Decimal(10**6)))
        asking = CachedClient(
            cache, Router(candidates, account, timeout=TIMEOUT, clock=now, uniform=lambda low, high: (low + high) / 2)
        )
        await asking.fetch(request(1))

        async def others() -> None:
            for number in range(2, 10_000):
                with contextlib.suppress(DatarecipeError):
                    await asking.fetch(request(number))

        crowd = asyncio.create_task(others())
        await asyncio.sleep(1.0)
        try:
            async with asyncio.timeout(5000):
                await asking.fetch(request())
        except DatarecipeError:
            return None
        finally:
            crowd.cancel()
        return now()

    with tempfile.TemporaryDirectory() as folder, ResponseCache(Path(folder) / "cache") as cache:
        return virtual_time.run(main(cache))


@given(
    trouble=st.builds(
        Trouble,
        quiet=st.sampled_from([0.0, 0.5, 5.0]),
        length=st.sampled_from([3.0, 30.0, 100.0, 250.0, 400.0]),
        kind=st.sampled_from(["rate_limit", "busy", "lost", "hang"]),
        asks_for=st.sampled_from([None, None, 5.0, 65.0, 200.0]),
        everybody=st.booleans(),
    ),
    useless=st.sampled_from(["key", "broken", "hang", "dear", "slow"]),
)
def test_a_fallback_of_no_use_does_no_harm(trouble: Trouble, useless: Useless) -> None:
    without = answered_at(trouble)
    if without is not None:
        with_one = answered_at(trouble, useless)
        assert with_one is not None
        # One time-out and the time in which a fallback is tried, twice; and a pause that has grown meanwhile.
        assert with_one < without + 2 * (TIMEOUT + 60.0) + 60.0
