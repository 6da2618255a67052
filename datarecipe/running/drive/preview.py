"""One batch, judged and shown, not kept: what a recipe's first request brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from datarecipe.amount import Amount
from datarecipe.errors import UsageError
from datarecipe.exchange import Complete, Completion
from datarecipe.generate.admission.filter_table import FILTERS
from datarecipe.generate.events import Event
from datarecipe.generate.generation import Generation
from datarecipe.generate.judge.item_checker import Checker, Valid
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


def first_question(setup: ResolvedRun, filter_name: str) -> Complete:
    """What a filter asks its model first about the first seed example; sends nothing. Raises `UsageError` without it."""
    recipe = setup.recipe
    if filter_name not in setup.of_filters:
        raise UsageError(
            f"this recipe has no `filters.{filter_name}`", hint=f"Add it to the recipe, or leave out --{filter_name}."
        )
    item = Checker(recipe).check(dict(recipe.seed_examples[0]))
    assert isinstance(item, Valid)
    request = FILTERS[filter_name].make(recipe, setup.model).questions(item)[0]
    assert isinstance(request, Complete)
    return request


async def preview(setup: ResolvedRun, notice: Callable[[str], None]) -> Preview:
    """Ask for the first batch and what filters ask about it, or take it from the cache.

    Raises what a provider's failure raises.
    """
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
            events = generation.receive(first.handle, response)
            while not events and (asked := [wanted for wanted in generation.wanted(1) if wanted.is_question]):
                answers = [client.lookup(wanted.request) for wanted in asked]
                if None in answers and setup.options.offline:
                    raise offline_miss()
                # All of them, also where one fails: what is answered is paid, and stored.
                fetched = await asyncio.gather(*(client.fetch(each.request) for each in asked), return_exceptions=True)
                for wanted, answer in zip(asked, fetched, strict=True):
                    if isinstance(answer, BaseException):
                        raise answer
                    events += generation.receive(wanted.handle, answer)
    assert isinstance(response, Completion)
    return Preview(response, stored is not None, tuple(events), account.spent)
