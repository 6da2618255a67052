"""Who may send, and when; in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.errors import CapReachedError
from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit
from datarecipe.llm.limits.admission_gate import Gate, HowItWent
from datarecipe.llm.limits.rate_pacer import Pace
from tests import virtual_time

Provider = Callable[[float], tuple[HowItWent, float | None]]
"""From the time of an attempt to how it goes, and the pause that is asked for."""


def make_gate(concurrency: int = 4, *, rpm: int | None = None, tpm: int | None = None, most: int | None = None) -> Gate:
    return Gate(
        AdaptiveLimit(concurrency, most),
        requests=Pace(rpm or math.inf),
        tokens=Pace(tpm or math.inf),
        clock=asyncio.get_running_loop().time,
        uniform=random.Random(0).uniform,
    )


async def ask(gate: Gate, provider: Provider, log: list[float], latency: float = 1.0, tokens: int = 1) -> None:
    """One request, tried until it is answered."""
    while True:
        ticket = await gate.enter(tokens)
        now = asyncio.get_running_loop().time()
        log.append(now)
        how, retry_after = provider(now)
        await asyncio.sleep(latency)
        gate.leave(ticket, how, retry_after=retry_after)
        if how == "answered":
            return


def answers(_: float) -> tuple[HowItWent, float | None]:
    return "answered", None


def crowd(count: int, provider: Provider, latency: float = 1.0, **limits: int) -> tuple[list[float], float]:
    """The times of all attempts of `count` requests at once, and when all were answered."""
    log: list[float] = []

    async def main() -> float:
        gate = make_gate(**limits)
        await asyncio.gather(*(ask(gate, provider, log, latency) for _ in range(count)))
        assert gate.in_flight == 0
        return asyncio.get_running_loop().time()

    return log, virtual_time.run(main())


def test_so_many_at_once_and_no_more() -> None:
    log, end = crowd(20, answers, concurrency=4)
    assert log == [float(n // 4) for n in range(20)]
    assert end == 5.0


def test_who_waits_comes_first_in_the_order_of_waiting() -> None:
    order: list[int] = []

    async def main() -> None:
        gate = make_gate(1)
        held = await gate.enter(1)

        async def wait(number: int) -> None:
            ticket = await gate.enter(1)
            order.append(number)
            gate.leave(ticket, "answered")

        tasks = [asyncio.create_task(wait(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert gate.try_enter(1) is None
        tasks[2].cancel()
        gate.leave(held, "answered")
        assert gate.try_enter(1) is None, "somebody waits"
        await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.try_enter(1) is not None

    virtual_time.run(main())
    assert order == [0, 1, 3, 4]


def test_requests_a_minute() -> None:
    log, _ = crowd(30, answers, concurrency=30, rpm=60, latency=0.1)
    assert log == pytest.approx([float(n) for n in range(30)])


def test_tokens_a_minute_and_those_that_were_not_used() -> None:
    times: list[float] = []

    async def main() -> None:
        gate = make_gate(10, tpm=600)
        for _ in range(4):
            ticket = await gate.enter(100)
            times.append(asyncio.get_running_loop().time())
            gate.leave(ticket, "answered", used=50)

    virtual_time.run(main())
    assert times == pytest.approx([0.0, 5.0, 10.0, 15.0])


def test_a_pause_that_the_provider_asks_for_is_everybody_s() -> None:
    def provider(now: float) -> tuple[HowItWent, float | None]:
        return ("rate_limited", 20.0) if now < 1.0 else ("answered", None)

    log, end = crowd(8, provider, concurrency=4)
    assert [time for time in log if 1.0 < time < 21.0] == []
    assert len(log) == 12
    assert end < 26.0


def test_a_provider_that_refuses_everything_for_a_minute_is_asked_little_and_then_as_before() -> None:
    def provider(now: float) -> tuple[HowItWent, float | None]:
        return ("rate_limited", None) if now < 60.0 else ("answered", None)

    log, end = crowd(2000, provider, concurrency=32)
    during = [time for time in log if time < 60.0]
    assert 32 <= len(during) <= 32 + 10
    assert len(log) == 2000 + len(during)
    assert end < 60 + 60 + 1.6 * 2000 / 32


@settings(max_examples=60)
@given(
    st.integers(1, 60),
    st.integers(1, 12),
    st.none() | st.integers(30, 600),
    st.floats(0, 0.6),
    st.integers(0, 2**32),
)
def test_every_request_is_answered_at_last_and_no_bound_is_broken(
    count: int, concurrency: int, rpm: int | None, faults: float, seed: int
) -> None:
    source = random.Random(seed)
    kinds: list[HowItWent] = ["rate_limited", "failed", "silent"]

    def provider(_: float) -> tuple[HowItWent, float | None]:
        if source.random() >= faults:
            return "answered", None
        return source.choice(kinds), source.choice([None, 0.5, 5.0])

    log: list[float] = []
    most = 0

    async def main() -> None:
        gate = make_gate(concurrency, rpm=rpm)

        async def watched() -> None:
            nonlocal most
            await ask(gate, provider, log, source.uniform(0.1, 3.0))
            most = max(most, gate.in_flight + 1)
            assert gate.in_flight <= concurrency

        await asyncio.gather(*(watched() for _ in range(count)))

    virtual_time.run(main())
    assert most <= concurrency
    if rpm:
        gaps = [after - before for before, after in itertools.pairwise(log)]
        assert all(gap >= 60 / rpm - 1e-6 for gap in gaps)


def test_who_listens_hears_of_room_unless_somebody_waits() -> None:
    heard: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        gate = make_gate(1, rpm=60)
        gate.listen(lambda: heard.append(loop.time()))
        first = gate.try_enter(1)
        assert first is not None
        await asyncio.sleep(0.25)
        gate.leave(first, "answered")
        assert heard == [0.25]
        assert gate.try_enter(1) is None, "a second has to pass"
        await asyncio.sleep(2.0)
        assert heard == [0.25, 1.0], "the gate rings when time alone makes room"

    virtual_time.run(main())


def test_who_waits_for_something_else_is_in_nobody_s_way() -> None:
    async def main() -> None:
        gate = make_gate(4)
        waiting = asyncio.create_task(gate.enter(1, lambda: False))
        await asyncio.sleep(1.0)
        heard = []
        gate.listen(lambda: heard.append("room"))
        ticket = gate.try_enter(1)
        assert ticket is not None
        gate.leave(ticket, "answered")
        assert heard, "who listens hears of it too"
        waiting.cancel()

    virtual_time.run(main())


def test_one_that_waits_no_longer_lets_those_know_who_come_after() -> None:
    async def main() -> None:
        gate, stopped, heard = make_gate(1), False, list[str]()

        def fits() -> bool:
            if stopped:
                raise CapReachedError("no more")
            return True

        first = gate.try_enter(1)
        assert first is not None
        waiting = asyncio.create_task(gate.enter(1, fits))
        await asyncio.sleep(1.0)
        stopped = True
        gate.leave(first, "answered")
        gate.listen(lambda: heard.append("room"))
        assert gate.try_enter(1) is None, "somebody waits"
        with pytest.raises(CapReachedError):
            await waiting
        assert heard
        assert gate.try_enter(1) is not None

    virtual_time.run(main())


@pytest.mark.parametrize("how", ["rate_limited", "failed"])
def test_how_long_the_provider_asks_to_wait(how: HowItWent) -> None:
    async def main() -> None:
        gate = make_gate(8)
        assert gate.asked_to_wait == 0
        tickets = [gate.try_enter(1) for _ in range(8)]
        for ticket in tickets:
            assert ticket is not None
            gate.leave(ticket, how, retry_after=7200.0)
        await asyncio.sleep(200.0)
        assert gate.asked_to_wait == pytest.approx(7000.0)

    virtual_time.run(main())


def test_room_that_something_else_has_to_agree_to() -> None:
    async def main() -> None:
        gate = make_gate(4)
        allowed = False

        def fits() -> bool:
            return allowed

        waiting = asyncio.create_task(gate.enter(1, fits))
        await asyncio.sleep(1.0)
        assert not waiting.done()
        allowed = True
        gate.changed()
        await waiting

        def refuses() -> bool:
            raise CapReachedError("no more")

        with pytest.raises(CapReachedError):
            await gate.enter(1, refuses)
        assert gate.try_enter(1) is not None, "who was refused does not stand in the way"

    virtual_time.run(main())
