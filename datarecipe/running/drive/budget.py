"""What a command may use, whatever number of recipes it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from datarecipe.amount import Caps
from datarecipe.errors import StorageError
from datarecipe.llm.limits.account import Account
from datarecipe.running.resolve.options import BUDGET
from datarecipe.running.resolve.resolved_run import ResolvedRun


def shared_account(setups: Iterable[ResolvedRun], budget: Caps) -> Account:
    """The account over those of `setups`, under what the command may use; all that they used before counts at once.

    At once, since the first may use up what another has used long ago. A file that cannot be read ends its own run later.
    """
    from datarecipe.run_folder.write.spending import Spending  # noqa: PLC0415 - brings locks, and an event loop with them

    account = Account(budget, name=BUDGET)
    for setup in setups:
        with contextlib.suppress(StorageError), Spending(setup.output, setup.identity, setup.prices) as spending:
            account.spent += spending.before
    return account


def budget_of(setups: Sequence[ResolvedRun], given: Caps) -> Caps:
    """What the command may use: as given, else as much in dollars as the recipe with the highest cap may use alone.

    Raises `UnknownPriceError` where dollars are given, and the price of a model is not known.
    """
    for setup in setups:
        setup.check_budget(given)
    if given.usd is not None:
        return given
    caps = [setup.caps.usd for setup in setups if setup.caps.usd is not None]
    return Caps(max(caps, default=None), given.tokens, given.calls)
