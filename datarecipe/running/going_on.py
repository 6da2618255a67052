"""What ended a run short, and how to go on."""

from __future__ import annotations

from decimal import ROUND_UP, Context, Decimal

from datarecipe.errors import CapReachedError
from datarecipe.printable import printable
from datarecipe.recipe import display
from datarecipe.running.ownership import REJECTED
from datarecipe.running.result import SHORT_EXIT, RunResult

MARGIN = Decimal("1.25")
"""A cap that is offered, to what the whole dataset would take at the rate so far."""

_ABOUT_VARIETY = {"duplicate", "surplus"}
"""Reasons of rejection that a model has which does as it is told."""


def ended_short(result: RunResult) -> str | None:
    """What ended it, in a line or more; None for a run that reached its target or was interrupted."""
    if isinstance(result.error, CapReachedError):
        whose = "" if _of_one(result.error) else " (it is for all recipes of the command together)"
        return f"error: {result.error.message}{whose}"
    if result.error is not None:
        return f"error: {printable(str(result.error), multiline=True)}"
    if result.end in ("barren", "degraded"):
        limit = "limits.barren" if result.end == "barren" else "limits.stop_when"
        return f"error: `{limit}` ended the run: {result.why}"
    return None


def how_to_go_on(result: RunResult, command: str) -> str | None:
    """A sentence, with `command` as the user typed it where another one helps; None where there is nothing to say."""
    if isinstance(result.error, CapReachedError):
        return _after_a_cap(result, result.error, command)
    if result.end in ("barren", "degraded"):
        return _after_little(result, command)
    if result.end == "interrupted" or (result.error is not None and result.exit_code == SHORT_EXIT):
        if not result.traffic.answered and not result.tally.responses:
            return "Nothing was answered. Run the same command again to try once more."
        return "Run the same command again to go on: what was answered is stored."
    return None


def _after_a_cap(result: RunResult, error: CapReachedError, command: str) -> str:
    enough = _enough(result, error)
    if enough is not None:
        return (
            f"A higher cap goes on; at this rate this one is enough for {result.target_size:,} examples: "
            f"{command} {_flag(error, enough)}"
        )
    twice = 2 * max(error.at or 0, error.needed or 1)
    begins = "What there is, is a dataset that a higher cap continues" if result.tally.accepted else "Raise the cap"
    return f"{begins}: {command} {_flag(error, twice)}"


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


def _of_one(error: CapReachedError) -> bool:
    """Whether the cap is the dataset's own, not the command's."""
    return error.cap.startswith("limits.")


def _flag(error: CapReachedError, value: Decimal | int) -> str:
    text = f"{round_up(Decimal(value)):f}"
    return f"--set {error.cap}={text}" if _of_one(error) else f"{error.cap} {text}"


def _after_little(result: RunResult, command: str) -> str:
    where = f"{display(result.output / REJECTED)} says why. " if result.written and result.tally.rejected else ""
    if not result.tally.accepted and not _ABOUT_VARIETY & set(result.tally.rejected):
        return (
            f"{where}Nothing that came could be used: does the model follow the format? `datarecipe preview` shows one "
            "response, `datarecipe prompt` what is asked."
        )
    more = "`vary`, another strategy, a stronger model"
    if result.end == "barren":
        return f"{where}More variety helps: {more}; or go on with a higher `limits.barren`."
    return f"{where}More variety helps: {more}; or go on all the same: {command} --set limits.stop_when=null"


def round_up(value: Decimal) -> Decimal:
    """To two digits, upwards."""
    return Context(prec=2, rounding=ROUND_UP).plus(value).normalize()
