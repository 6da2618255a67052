"""One batch, judged and shown, not kept: what a recipe's first request brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datarecipe.amount import Amount
from datarecipe.exchange import Complete, Completion
from datarecipe.generate.events import Event
from datarecipe.generate.generation import Generation
from datarecipe.llm.limits.account import Account
from datarecipe.running.drive.dispatch import offline_miss
from datarecipe.running.drive.execute import open_client
from datarecipe.running.drive.preflight import what_forbids
from datarecipe.running.drive.provider_pool import ProviderPool
from datarecipe.running.resolve.resolved_run import ResolvedRun


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """The first request of a run, with the loop that waits for its response."""

    handle: int
    request: Complete
    generation: Generation


@dataclass(frozen=True, slots=True)
class Preview:
    """What came back, and what the loop says of it."""

    response: Completion
    stored: bool
    """Whether the response was in the cache already."""
    events: tuple[Event, ...]
    spent: Amount
    """What asking took, failed attempts included; nothing for what was stored."""


def first_request(setup: ResolvedRun) -> FirstRequest:
    """Render it; calls nothing."""
    generation = Generation(setup.recipe, setup.model)
    wanted = next(generation.wanted(1))
    assert isinstance(wanted.request, Complete)
    return FirstRequest(wanted.handle, wanted.request, generation)


async def preview(setup: ResolvedRun, notice: Callable[[str], None]) -> Preview:
    """Ask for the first batch, or take it from the cache. Raises what a provider's failure raises."""
    first = first_request(setup)
    account = Account(setup.caps)
    async with ProviderPool([setup], notice) as pool:
        error = await what_forbids(pool, setup, first.request)
        if error is not None:
            raise error
        async with open_client(setup, pool, account, notice) as client:
            response = client.lookup(first.request)
            stored = response is not None
            if response is None and setup.options.offline:
                raise offline_miss("first")
            if response is None:
                response = await client.fetch(first.request)
    assert isinstance(response, Completion)
    return Preview(response, stored, tuple(first.generation.receive(first.handle, response)), account.spent)
