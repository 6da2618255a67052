"""Many recipes as one command: one set of providers, one budget, one display.

What the providers bear goes to the recipes in the order in which they are named; one that cannot use all of it leaves the
rest to those behind it. So the first dataset is done first, and none waits for another's stragglers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.amount import Caps
from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.running.drive.budget import shared_account
from datarecipe.running.drive.execute import execute_on
from datarecipe.running.drive.interrupt import Interrupts
from datarecipe.running.drive.provider_pool import ProviderPool
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.observers import Observer, Several

AT_ONCE = 16
"""Runs that are under way together at the most; each holds files and memory of its own."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one recipe."""

    setup: ResolvedRun
    outcome: RunResult | DatarecipeError
    """The result, or what kept it from running or broke it off; an error that only ended it short stands in the result."""

    @property
    def result(self) -> RunResult | None:
        return self.outcome if isinstance(self.outcome, RunResult) else None


class _Named(Several):
    """Puts the recipe's name before its notices: among those of several nobody would know whose it is."""

    def __init__(self, observer: Observer, name: str) -> None:
        super().__init__(observer)
        self._name = name

    def notice(self, text: str) -> None:
        super().notice(f"{self._name}: {text}")


async def execute_many(
    setups: Sequence[ResolvedRun], observer: Observer, budget: Caps, *, interrupts: Interrupts | None = None
) -> list[Ran]:
    """Run them all, and give what became of each, in the order given. `budget`, of `budget_of`, caps what they use together.

    Raises:
        UsageError: two of them would write one folder.
        UnknownPriceError: one has a cap in dollars, and its model's price is not known.
    """
    observer = Several(observer)  # one that fails must not get as far as what sends
    _check_folders(setups)
    for setup in setups:
        try:
            setup.caps  # noqa: B018 - raises before anything is sent
        except DatarecipeError as error:
            observer.broken_off(setup, error)
            raise
    account = shared_account(setups, budget)
    turn = asyncio.Semaphore(AT_ONCE)

    async def run(setup: ResolvedRun) -> Ran:
        async with turn:
            try:
                named = _Named(observer, setup.recipe.name)
                return Ran(setup, await execute_on(pool, setup, named, interrupts=heard, above=account))
            except DatarecipeError as error:
                return Ran(setup, error)

    with interrupts or Interrupts() as heard:
        async with ProviderPool(setups, observer.notice) as pool:
            done = await asyncio.gather(*map(run, setups), return_exceptions=True)
    for ran in done:
        if isinstance(ran, BaseException):
            raise ran  # a mistake of ours; the others' runs are over, each in its own way
    return [ran for ran in done if isinstance(ran, Ran)]


def _check_folders(setups: Sequence[ResolvedRun]) -> None:
    twice = [folder for folder, count in Counter(setup.output for setup in setups).items() if count > 1]
    if twice:
        names = " and ".join(str(setup.recipe.source) for setup in setups if setup.output == twice[0])
        raise UsageError(
            f"{names} would both write {twice[0]}", hint="Give them different names, or run them one by one."
        )
