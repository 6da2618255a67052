"""What ended a run short, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_UP, Context, Decimal
from typing import Protocol

from datarecipe.amount import CAPS, Caps
from datarecipe.errors import CapReachedError
from datarecipe.generate.reasons import OF_RESPONSES, REASONS, Reason
from datarecipe.printable import counted, printable
from datarecipe.recipe import display
from datarecipe.run_folder.layout import REJECTED
from datarecipe.running.resolve.options import BUDGET
from datarecipe.running.run_result import SHORT_EXIT, RunResult
from datarecipe.running.show.rejections import loss_of

MARGIN = Decimal("1.25")
"""A cap that is offered, to what the whole dataset would take at the rate so far."""

TRUST = "--trust"
"""The user's consent to what a recipe says of hosts and prices."""

OWN = "limits."
"""How the names of a recipe's own caps begin; those of the command's begin with `BUDGET`."""


class Typed(Protocol):
    """The command as the user typed it."""

    def __call__(self, settings: Mapping[str, str], *, verb: str | None = None) -> str:
        """With settings in place of its own, keys of the recipe or flags.

        `verb` is another command than the one typed, which takes the same flags.
        """


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
    if budget is None or error.cap.startswith(OWN):
        return ""
    if error.cap == "--max-usd" and budget.usd is None:
        return " (default: the highest `limits.usd` of the recipes, shared by all)"
    return " (shared by all recipes of the command)"


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


def how_all_go_on(results: Sequence[tuple[str, RunResult]], command: Typed, budget: Caps | None = None) -> list[str]:
    """The same for the recipes of one command, each with the word that names it on a command line.

    Each sentence comes once. Caps are named with what suffices, and no command is written: a cap that is given on the
    command line is every recipe's, and these may have caps of their own.
    """
    given, together = budget or Caps(), [result for _, result in results]
    told: dict[str, None] = {}
    dollars = [one.caps.usd for one in together if one.caps.usd is not None]
    for word, result in results:
        if not isinstance(result.error, CapReachedError):
            if (sentence := how_to_go_on(result, command)) is not None:
                told[sentence] = None
        elif own := _enough([result], OWN, result.caps):
            told[_higher(printable(word), own, [result])] = None
            dollars.extend(value for cap, value in own.items() if cap == "limits.usd")
    if given.usd is None:
        # What all may use together is then what the one with the highest cap may.
        given = replace(given, usd=max(dollars, default=None))
    if above := _enough(together, BUDGET, given):
        told[_higher("all of them", above, together)] = None
    return list(told)


def _higher(what: str, caps: Mapping[str, Decimal], results: Sequence[RunResult]) -> str:
    return f"{_continues(caps)} {what}: {' '.join(flags(_settings(caps, results)))}"


def _continues(caps: Mapping[str, Decimal]) -> str:
    return "A higher cap continues" if len(caps) == 1 else "Higher caps continue"


def _after_a_cap(result: RunResult, error: CapReachedError, command: Typed, budget: Caps) -> str:
    caps = _enough([result], OWN, result.caps) | _enough([result], BUDGET, budget)
    again = command(_settings(caps, [result]))
    if _at_the_rate(result, _unit(error)) is not None:
        which = "this one is" if len(caps) == 1 else "these are"
        wanted = counted(result.counts.target_size, "example")
        return f"{_continues(caps)} the run; at this rate {which} enough for {wanted}: {again}"
    if result.tally.accepted:
        return f"The folder holds a shorter dataset. To continue it, raise the cap: {again}"
    if loss_of(result.counts):
        return f"A higher cap alone does not help. Fix the cause, then run: {again}"
    return f"Raise the cap: {again}"


def _enough(results: Sequence[RunResult], begins: str, caps: Caps) -> dict[str, Decimal]:
    """Of the caps whose names begin so, those that `results` together would reach once more, with what suffices.

    What they used before counts.
    """
    errors = {one.error.cap: one.error for one in results if isinstance(one.error, CapReachedError)}
    enough = {}
    for unit in CAPS:
        cap, at = f"{begins}{unit}", getattr(caps, unit)
        wanted = sum((_wanted(result, unit) for result in results), Decimal(0))
        if (error := errors.get(cap)) is not None:
            known = all(_at_the_rate(one, unit) is not None for one in results if one.error is error)
            enough[cap] = max(wanted, Decimal(error.needed or 0) if known else _twice(error))
        elif at is not None and wanted > at:
            enough[cap] = wanted
    return enough


def _wanted(result: RunResult, unit: str) -> Decimal:
    """What the whole dataset would take; where the rate says nothing, twice as much as it has taken of what ended it."""
    error, used = result.error, Decimal(getattr(result.spent.in_all, unit))
    if not isinstance(error, CapReachedError):
        return used
    at_the_rate = _at_the_rate(result, unit)
    if at_the_rate is not None:
        return at_the_rate
    return _twice(error) if error.cap == f"{OWN}{unit}" else 2 * used if _unit(error) == unit else used


def _at_the_rate(result: RunResult, unit: str) -> Decimal | None:
    """What the whole dataset would take at the rate so far, and some more; None where that says nothing."""
    used, accepted, responses = result.spent.in_all, result.tally.accepted, result.tally.responses
    if not accepted or not used.calls:
        return None
    # Answers that others paid for were in the cache; what is still to come is not.
    all_paid = max(Decimal(1), Decimal(responses) / used.calls)
    return Decimal(getattr(used, unit)) * all_paid * result.counts.target_size / accepted * MARGIN


def _twice(error: CapReachedError) -> Decimal:
    return 2 * Decimal(max(error.at or 0, error.needed or 1))


def _unit(error: CapReachedError) -> str:
    return error.cap.removeprefix(OWN).removeprefix(BUDGET)


def _settings(caps: Mapping[str, Decimal], results: Sequence[RunResult]) -> dict[str, str]:
    """What to say on a command line. A cap in dollars that is given there needs consent to prices of the recipe's alone."""
    texts = {cap: f"{round_up(value if cap.endswith('usd') else Decimal(int(value))):f}" for cap, value in caps.items()}
    dollars = any(cap.endswith("usd") for cap in caps)
    return texts | ({TRUST: ""} if dollars and any(result.priced_by_recipe for result in results) else {})


def _after_little(result: RunResult, command: Typed) -> str:
    where = f"{display(result.output / REJECTED)} says why. " if result.written and result.tally.rejected else ""
    rejected = result.tally.rejected
    largest: Reason = max(rejected, key=lambda name: rejected[name], default="duplicate")
    helps = f"{where}What usually helps: {REASONS[largest].helps}"
    empty = sum(rejected[name] for name in OF_RESPONSES)
    if not result.traffic.sent and empty:
        return (
            f"Nothing was sent: all {counted(result.tally.responses, 'response')} came from the cache. {where}"
            f"To retry the {empty:,} without valid items: {command({}, verb='retry')}"
        )
    if not result.tally.accepted and (cause := REASONS[largest].cause):
        why = f"{cause} (`{largest}`)"
        return f"{where}Nothing came that could be used: {why}. What usually helps: {REASONS[largest].helps}."
    if not result.tally.accepted and not any(REASONS[name].any_model for name in rejected):
        return (
            f"{where}Nothing that came could be used: does the model follow the format? `datarecipe preview` shows one "
            "response, `datarecipe prompt` what is asked."
        )
    if result.end == "barren":
        return f"{helps}; or go on with a higher `limits.barren`."
    return f"{helps}; or go on all the same: {command({'limits.stop_when': 'null'})}"


def flags(settings: Mapping[str, str]) -> list[str]:
    """The words that say `settings` on a command line."""
    return [
        word
        for name, value in settings.items()
        for word in ((name, *filter(None, [value])) if name.startswith("--") else ("--set", f"{name}={value}"))
    ]


def round_up(value: Decimal) -> Decimal:
    """To two digits, upwards."""
    return Context(prec=2, rounding=ROUND_UP).plus(value).normalize()
