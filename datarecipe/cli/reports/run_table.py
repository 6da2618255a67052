"""The table at the end of a command that ran several recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from datarecipe.amount import dollars
from datarecipe.cli.output import aligned
from datarecipe.printable import printable
from datarecipe.running.drive.execute_many import Ran
from datarecipe.running.show.display import duration
from datarecipe.running.show.rejections import percent

_HEAD = ("recipe", "accepted", "target", "yield", "calls", "cost", "time", "end")


def table(done: Sequence[Ran]) -> Iterator[str]:
    """Its lines: a row for each recipe, and the sums."""
    return aligned([_HEAD, *map(_row, done), _sums(done)], left=(0, len(_HEAD) - 1))


def _row(ran: Ran) -> tuple[str, ...]:
    recipe, result = ran.setup.recipe, ran.result
    name = printable(recipe.name)
    if result is None:
        return (name, "", f"{recipe.target_size:,}", "", "", "", "", "error")
    tally, now = result.tally, result.spent.now
    return (
        name,
        f"{tally.accepted:,}",
        f"{recipe.target_size:,}",
        "" if tally.yield_ is None else percent(tally.yield_),
        f"{now.calls:,}",
        dollars(now.usd) if result.priced else "",
        duration(result.seconds),
        result.end,
    )


def _sums(done: Sequence[Ran]) -> tuple[str, ...]:
    results = [ran.result for ran in done if ran.result is not None]
    usd = sum((result.spent.now.usd for result in results if result.priced), Decimal(0))
    return (
        "all",
        f"{sum(result.tally.accepted for result in results):,}",
        f"{sum(ran.setup.recipe.target_size for ran in done):,}",
        "",
        f"{sum(result.spent.now.calls for result in results):,}",
        dollars(usd) if any(result.priced for result in results) else "",
        "",
        "",
    )
