"""Retries, on a clock that moves only when something sleeps."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from datarecipe.errors import ProviderError, TransientError
from datarecipe.llm.retry import Retrying

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class World:
    """A virtual clock, and pauses that are as long as they may be unless `uniform` says otherwise."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    uniform: Callable[[float, float], float] = max

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def retrying(self, **changes: float) -> Retrying:
        return Retrying(sleep=self.sleep, clock=lambda: self.now, uniform=self.uniform, **changes)  # type: ignore[arg-type]


@dataclass
class Flaky:
    """Fails as told, then answers. Each try takes `takes` seconds of the world's clock."""

    world: World
    errors: list[Exception]
    takes: float = 0.0
    tries: int = 0

    async def __call__(self) -> str:
        self.tries += 1
        self.world.now += self.takes
        if self.tries <= len(self.errors):
            raise self.errors[self.tries - 1]
        return "answer"


def transient(count: int, retry_after: float | None = None) -> list[Exception]:
    return [TransientError(f"failure {number}", retry_after=retry_after) for number in range(1, count + 1)]


async def test_an_answer_needs_no_pause() -> None:
    world = World()
    assert await world.retrying().call(Flaky(world, [])) == "answer"
    assert world.pauses == []


async def test_the_pauses_bound_doubles_up_to_the_longest() -> None:
    world = World()
    assert await world.retrying(longest_pause=5.0).call(Flaky(world, transient(5))) == "answer"
    assert world.pauses == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_the_pauses_go_on_from_tries_that_failed_before() -> None:
    world = World()
    assert await world.retrying(failed_before=3).call(Flaky(world, transient(2))) == "answer"
    assert world.pauses == [8.0, 16.0]


async def test_jitter_is_full() -> None:
    source = random.Random(7)
    world = World(uniform=source.uniform)
    for _ in range(200):
        await world.retrying().call(Flaky(world, transient(1)))
    assert all(0.0 <= pause <= 1.0 for pause in world.pauses)
    assert min(world.pauses) < 0.05
    assert max(world.pauses) > 0.95


async def test_the_last_error_goes_up_when_the_tries_are_spent() -> None:
    world = World()
    flaky = Flaky(world, transient(100))
    with pytest.raises(TransientError, match="failure 6"):
        await world.retrying().call(flaky)
    assert flaky.tries == 6
    assert len(world.pauses) == 5


async def test_what_no_retry_could_help_goes_up_at_once() -> None:
    for error in (ProviderError("wrong key"), ValueError("ours"), asyncio.CancelledError()):
        world = World()
        flaky = Flaky(world, [error])  # type: ignore[list-item]
        with pytest.raises(type(error)):
            await world.retrying().call(flaky)
        assert (flaky.tries, world.pauses) == (1, [])


async def test_retry_after_is_honoured_even_beyond_the_longest_pause() -> None:
    world = World(uniform=min)
    await world.retrying(longest_pause=5.0).call(Flaky(world, transient(2, retry_after=90.0)))
    assert world.pauses == [90.0, 90.0]
    world = World()
    await world.retrying().call(Flaky(world, transient(1, retry_after=0.0)))
    assert world.pauses == [1.0]
    world = World(uniform=min)
    await world.retrying().call(Flaky(world, transient(1, retry_after=-4.0)))
    assert world.pauses == [0.0]


async def test_no_try_starts_after_the_total() -> None:
    world = World()
    flaky = Flaky(world, transient(100), takes=100.0)
    with pytest.raises(TransientError):
        await world.retrying(attempts=50, total=350.0).call(flaky)
    assert flaky.tries == 4
    world = World(uniform=min)
    flaky = Flaky(world, transient(1, retry_after=3600.0))
    with pytest.raises(TransientError):
        await world.retrying().call(flaky)
    assert world.pauses == []


async def test_each_retry_is_reported() -> None:
    world = World()
    heard: list[tuple[int, str, float]] = []
    await world.retrying().call(
        Flaky(world, transient(2)), on_retry=lambda number, error, pause: heard.append((number, error.message, pause))
    )
    assert heard == [(1, "failure 1", 1.0), (2, "failure 2", 2.0)]
