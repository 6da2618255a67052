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
class Preview:
    """What came back, and what the loop says of it."""

    response: Completion
    stored: bool
    """Whether the response was in the cache already."""
    events: tuple[Event, ...]
    spent: Amount
    """What asking took, failed attempts included; nothing for what was stored."""


def first_request(setup: ResolvedRun) -> Complete:
    """The first request of a run; sends nothing."""
    request = next(Generation(setup.recipe, setup.model).wanted(1)).request
    assert isinstance(request, Complete)
    return request


async def preview(setup: ResolvedRun, notice: Callable[[str], None]) -> Preview:
    """Ask for the first batch, or take it from the cache. Raises what a provider's failure raises."""
    generation = Generation(setup.recipe, setup.model)
    first = next(generation.wanted(1))
    account = Account(setup.caps)
    async with ProviderPool([setup], notice) as pool:
        error = await what_forbids(pool, setup, first.request)
        if error is not None:
            raise error
        async with open_client(setup, pool, account, notice) as client:
            stored = client.lookup(first.request)
            if stored is None and setup.options.offline:
                raise offline_miss("first")
            response = stored or await client.fetch(first.request)
    assert isinstance(response, Completion)
    return Preview(response, stored is not None, tuple(generation.receive(first.handle, response)), account.spent)
