"""What ended a run short, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_UP, Context, Decimal
from typing import TypeAlias

from datarecipe.errors import CapReachedError
from datarecipe.llm.limits.account import Caps
from datarecipe.printable import printable
from datarecipe.recipe import display
from datarecipe.running.ownership import REJECTED
from datarecipe.running.result import SHORT_EXIT, RunResult

MARGIN = Decimal("1.25")
"""A cap that is offered, to what the whole dataset would take at the rate so far."""

_ABOUT_VARIETY = {"duplicate", "surplus"}
"""Reasons of rejection that a model has which does as it is told."""


Typed: TypeAlias = Callable[[Mapping[str, str]], str]
"""The command as the user typed it, with settings in place of its own: keys of the recipe, or flags."""


def ended_short(result: RunResult, budget: Caps | None = None) -> str | None:
    """What ended it, in a line or more; None for a run that reached its target or was interrupted.

    `budget` is what the user gave for all recipes of the command, where there are several.
    """
    if isinstance(result.error, CapReachedError):
        return f"error: {result.error.message}{_whose(result.error, budget)}"
    if result.error is not None:
        return f"error: {printable(str(result.error), multiline=True)}"
    if result.end in ("barren", "degraded"):
        limit = "limits.barren" if result.end == "barren" else "limits.stop_when"
        return f"error: `{limit}` ended the run: {result.why}"
    return None


def _whose(error: CapReachedError, budget: Caps | None) -> str:
    if budget is None or _of_one(error):
        return ""
    if error.cap == "--max-usd" and budget.usd is None:
        return " (not given: the highest `limits.usd` of the recipes is for all of them together)"
    return " (it is for all recipes of the command together)"


def how_to_go_on(result: RunResult, command: Typed, budget: Caps | None = None) -> str | None:
    """A sentence, with the command where another one helps; None where there is nothing to say.

    `budget` caps the command beside the recipe's own caps.
    """
    if isinstance(result.error, CapReachedError):
        return _after_a_cap(result, result.error, command, budget or Caps())
    if result.end in ("barren", "degraded"):
        return _after_little(result, command)
    if result.end == "interrupted" or (result.error is not None and result.exit_code == SHORT_EXIT):
        if not result.traffic.answered and not result.tally.responses:
            return "Nothing was answered. Run the same command again to try once more."
        return "Run the same command again to go on: what was answered is stored."
    return None


def how_all_go_on(results: Sequence[RunResult], command: Typed) -> list[str]:
    """The same for the recipes of one command: each sentence once, and all the caps that were reached in one."""
    caps: dict[str, Decimal | int] = {}
    told: dict[str, None] = {}
    for result in results:
        if isinstance(result.error, CapReachedError):
            cap = result.error.cap
            caps[cap] = max(caps.get(cap, 0), _enough(result, result.error) or _twice(result.error))
        elif (sentence := how_to_go_on(result, command)) is not None:
            told[sentence] = None
    if caps:
        begins = "A higher cap goes on" if len(caps) == 1 else "Higher caps go on"
        told[f"{begins}: {command({cap: _text(value) for cap, value in caps.items()})}"] = None
    return list(told)


def _after_a_cap(result: RunResult, error: CapReachedError, command: Typed, budget: Caps) -> str:
    enough = _enough(result, error)
    if enough is not None:
        settings = {error.cap: _text(enough)}
        unit = error.cap.removeprefix("limits.")
        beside: Decimal | int | None = getattr(budget, unit)
        if beside is not None and beside < enough:
            settings[f"--max-{unit}"] = _text(enough)
        which = "this one is" if len(settings) == 1 else "these are"
        return (
            f"{'A higher cap goes' if len(settings) == 1 else 'Higher caps go'} on; "
            f"at this rate {which} enough for {result.target_size:,} examples: {command(settings)}"
        )
    begins = "What there is, is a dataset that a higher cap continues" if result.tally.accepted else "Raise the cap"
    return f"{begins}: {command({error.cap: _text(_twice(error))})}"


def _enough(result: RunResult, error: CapReachedError) -> Decimal | int | None:
    """The cap that the whole dataset would take at the rate so far; None where that says nothing."""
    used, target = result.spent.in_all, result.target_size
    if not _of_one(error) or not result.tally.accepted or error.needed is None:
        return None
    share = target / Decimal(result.tally.accepted) * MARGIN
    match error.cap:
        case "limits.usd":
            return max(used.usd * share, Decimal(error.needed))
        case "limits.tokens":
            return max(int(used.tokens * share), int(error.needed))
        case _:
            return max(int(used.calls * share), int(error.needed))


def _twice(error: CapReachedError) -> Decimal | int:
    return 2 * max(error.at or 0, error.needed or 1)


def _of_one(error: CapReachedError) -> bool:
    """Whether the cap is the dataset's own, not the command's."""
    return error.cap.startswith("limits.")


def _text(value: Decimal | int) -> str:
    return f"{round_up(Decimal(value)):f}"


def _after_little(result: RunResult, command: Typed) -> str:
    where = f"{display(result.output / REJECTED)} says why. " if result.written and result.tally.rejected else ""
    if not result.tally.accepted and not _ABOUT_VARIETY & set(result.tally.rejected):
        return (
            f"{where}Nothing that came could be used: does the model follow the format? `datarecipe preview` shows one "
            "response, `datarecipe prompt` what is asked."
        )
    more = "`vary`, another strategy, a stronger model"
    if result.end == "barren":
        return f"{where}More variety helps: {more}; or go on with a higher `limits.barren`."
    return f"{where}More variety helps: {more}; or go on all the same: {command({'limits.stop_when': 'null'})}"


def flags(settings: Mapping[str, str]) -> list[str]:
    """The words that say `settings` on a command line."""
    return [
        word
        for name, value in settings.items()
        for word in ((name, value) if name.startswith("--") else ("--set", f"{name}={value}"))
    ]


def round_up(value: Decimal) -> Decimal:
    """To two digits, upwards."""
    return Context(prec=2, rounding=ROUND_UP).plus(value).normalize()
