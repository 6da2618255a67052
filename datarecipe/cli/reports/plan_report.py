"""A plan as lines for people and as a document for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, TypeVar

from datarecipe.amount import Amount, Caps, plain
from datarecipe.cli.output import aligned
from datarecipe.printable import counted
from datarecipe.recipe import Recipe
from datarecipe.run_folder.json_records import to_json
from datarecipe.running.planning.assumptions import REPLY_LENGTH, Range, Share, Tokens
from datarecipe.running.planning.plan import Assumed, CapCheck, Plan, used
from datarecipe.running.resolve.options import BUDGET

N = TypeVar("N", int, float, Decimal)

FORMAT = 1

WIDTH = 80
"""Columns that words are wrapped at. The table is as wide as the models' names make it."""

_MILLION = 1_000_000
_HEADER = ("model", "requests", "prompt tokens", "reply tokens", "dollars", "minutes")


def report(recipe: Recipe, plans: Sequence[Plan]) -> Iterator[str]:
    """Lines: a table, then caps and assumptions in words."""
    first = plans[0]
    named = f", model from {first.model_from}" if len(plans) == 1 else ""
    yield (
        f"{recipe.name}: {counted(recipe.target_size, 'example')}, {recipe.batch_size} in a request, "
        f"strategy {recipe.strategy.kind}{named}"
    )
    yield ""
    if all(plan.conflict for plan in plans):
        # A folder holds one dataset: where it is that of one of the models, all is as it should be.
        yield from _wrapped(f"folder: {first.conflict}; a run would be refused without --output DIR or --overwrite")
        yield ""
    if first.broken_manifest is not None:
        yield from _wrapped(f"folder: {first.broken_manifest}")
        yield ""
    yield from aligned([_HEADER, *(_row(plan.model, [plan]) for plan in plans)])
    yield ""
    yield from _grouped(plans)
    yield ""
    yield "No model was asked. Failed attempts are not in these figures."


def sums(recipes: Sequence[Recipe], planned: Sequence[Sequence[Plan]], given: Caps, budget: Caps) -> Iterator[str]:
    """What several recipes take together, for each of the models that they are planned for.

    `given` are the caps of the command, `budget` is what it may use, which is more where nothing is given.
    """
    yield f"all {len(planned)} recipes, one after another"
    yield ""
    rows = []
    for plans in zip(*planned, strict=True):
        names = dict.fromkeys(plan.model for plan in plans)
        rows.append(_row(next(iter(names)) if len(names) == 1 else f"{len(names)} models", plans))
    yield from aligned([_HEADER, *rows])
    lines = []
    if given.usd is None and budget.usd is not None:
        lines.append(f"default budget for all recipes: {plain(budget.usd)} dollars; change it with `run --max-usd`")
    for of_model in zip(*planned, strict=True):
        about = f" [{of_model[0].model}]" if len(planned[0]) > 1 else ""
        lines += [f"{line}{about}" for line in _together(recipes, of_model, given)]
    if lines:
        yield ""
        yield from (f"cap: {line}" for line in lines)


def _together(recipes: Sequence[Recipe], plans: Sequence[Plan], given: Caps) -> Iterator[str]:
    """Of each cap of the command, in which recipe it would end the run. Recipes are served in their order."""
    for cap, limit in given.items():
        if cap == "usd" and any(plan.usd is None for plan in plans):
            yield f"{BUDGET}usd cannot be enforced without a price; a run would refuse to start"
            continue
        left = Decimal(limit) - sum((used(plan.spent, cap) for plan in plans), Decimal(0))
        early = _recipe_at(recipes, [used(plan.most, cap) for plan in plans], left)
        late = _recipe_at(recipes, [used(plan.least, cap) for plan in plans], left)
        name = f"{BUDGET}{cap} {_cents(Decimal(limit)) if cap == 'usd' else f'{limit:,}'}"
        if early is None:
            yield f"{name}: enough"
        elif late is None:
            yield f"{name}: may be reached, within {early}"
        else:
            yield f"{name}: is reached within {early}" + (f" to {late}" if late != early else "")


def _recipe_at(recipes: Sequence[Recipe], uses: Sequence[Decimal], left: Decimal) -> str | None:
    """The recipe that uses up what is left; None where it is enough for all."""
    for recipe, use in zip(recipes, uses, strict=True):
        left -= use
        if left < 0:
            return recipe.name
    return None


def _sum(ranges: Iterable[Range[N]]) -> Range[N]:
    """From the sum of the lowest to the sum of the highest."""
    listed = list(ranges)
    return Range(sum((r.low for r in listed[1:]), listed[0].low), sum((r.high for r in listed[1:]), listed[0].high))


def _row(name: str, plans: Sequence[Plan]) -> tuple[str, ...]:
    """What `plans` take together."""
    dollars = [plan.usd for plan in plans if plan.usd is not None]
    return (
        name,
        _counts(_sum(plan.requests for plan in plans)),
        _tokens_counted(_sum(plan.prompt_tokens for plan in plans)),
        _tokens_counted(_sum(plan.completion_tokens for plan in plans)),
        _dollars(_sum(dollars)) if len(dollars) == len(plans) else "unknown",
        _minutes(_sum(plan.seconds for plan in plans)),
    )


def _grouped(plans: Sequence[Plan]) -> Iterator[str]:
    """The words of all plans, each line once, with the models that it is about where it is not about all."""
    models: dict[str, list[str]] = {}
    for plan in plans:
        for line in _words(plan):
            models.setdefault(line, []).append(plan.model)
    for line in sorted(models, key=lambda line: _ORDER.index(line.partition(":")[0])):
        about = "" if len(models[line]) == len(plans) else f" [{', '.join(models[line])}]"
        yield from _wrapped(line + about)


def _wrapped(line: str) -> Iterator[str]:
    yield from textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


_ORDER = (
    "stored",
    "verify",
    "judge",
    "repair",
    "embed",
    "end",
    "vary",
    "cap",
    "price",
    "accepted",
    "requests",
    "tokens",
    "latency",
)
"""What the lines begin with."""


def _words(plan: Plan) -> Iterator[str]:
    stored = plan.stored
    if stored.responses:
        yield f"stored: {counted(stored.responses, 'response')} with {counted(stored.examples, 'example')}, at no cost"
    yield from _checks(plan)
    if not plan.requests.high:
        yield "requests: nothing has to be asked"
        return
    if plan.outcome.high != "target":
        certain = "would" if plan.outcome.low != "target" else "may"
        yield f"end: so few items are accepted that the run {certain} end early ({plan.outcome.high})"
    if plan.too_long.prompt:
        yield "end: the longest prompt has {:,} tokens or more, and the model takes {:,}".format(*plan.too_long.prompt)
    if plan.too_long.reply:
        yield "end: `max_tokens` is {:,}, and the model writes {:,} at the most".format(*plan.too_long.reply)
    yield from _variety(plan)
    yield from (f"cap: {_cap(check, plan.target_size)}" for check in plan.caps if check.cap != "usd" or _costs(plan))
    yield f"price: {_price(plan)}"
    for cap in plan.usd_caps_without_price:
        yield f"cap: {cap} cannot be enforced without a price; a run would refuse to start"
    if plan.assumed is not None:
        yield from _assumptions(plan.assumed)


_ASKED_FOR = {"verify": "labels", "judge": "scores", "repair": "corrected examples", "embed": "embeddings"}


def _checks(plan: Plan) -> Iterator[str]:
    for name, check in plan.checks.items():
        low, high = check.used.low, check.used.high
        if high.calls:
            dollars = "" if plan.usd is None else f", for {_dollars(Range(low.usd, high.usd))} dollars"
            calls = _counts(Range(low.calls, high.calls), to=" to ")
            yield f"{name}: {calls} of the requests ask {check.model} for {_ASKED_FOR[name]}{dollars}"


def _variety(plan: Plan) -> Iterator[str]:
    for reach in plan.reach:
        line = f"vary: about {reach.reached:,.0f} of {counted(reach.values, 'value')} of `{reach.key}` get a request"
        if reach.few:
            more = "a higher `target_size`" if reach.in_turn else "another strategy, more `roots`"
            line += f"; {more} or a smaller `batch_size` reaches more"
        yield line
    if plan.asked_alike > 1:
        yield (
            f"vary: the same prompt is sent up to {plan.asked_alike:,} times (only the sampling seed differs); "
            "more values of `vary`, more seed examples, `{{ draw }}` in the template or another strategy bring more variety"
        )


def _cap(check: CapCheck, target_size: int) -> str:
    amount = _cents(check.limit) if check.cap == "usd" else f"{check.limit:,}"
    name = f"{check.name} {amount}" + (" (by default)" if check.by_default else "")
    if check.spent:
        spent = plain(check.spent) if check.cap == "usd" else f"{check.spent:,}"
        name += f", of which {spent} is used"
    at = check.reached_at
    if at is None:
        return f"{name}: enough"
    if at.high >= target_size:
        return f"{name}: may be reached, at about {counted(at.low, 'example')}"
    return f"{name}: is reached at about {_counts(at, to=' to ')} example{'' if at.low == at.high == 1 else 's'}"


def _cents(usd: Decimal) -> str:
    """With two digits after the point, or as many as it has."""
    return f"{usd:.2f}" if usd == usd.quantize(Decimal("0.01")) else plain(usd)


def _price(plan: Plan) -> str:
    price = plan.price
    if price is None:
        return (
            f"unknown ({plan.price_source}); give it in the recipe, for a million tokens: "
            "`prices: {input_per_million: 0.15, output_per_million: 0.60}`"
        )
    if not _costs(plan):
        return f"nothing ({plan.price_source})"
    fee = f", {price.per_request} a request" if price.per_request else ""
    return (
        f"{plain(price.input_per_token * _MILLION)} and {plain(price.output_per_token * _MILLION)} dollars "
        f"for a million tokens of prompts and replies{fee} ({plan.price_source})"
    )


def _costs(plan: Plan) -> bool:
    return plan.usd is None or plan.usd.high > 0


def _assumptions(assumed: Assumed) -> Iterator[str]:
    yield f"accepted: {_share(assumed.share)}"
    yield f"tokens: {_tokens(assumed.tokens)}"
    latency = assumed.latency
    how = _LATENCY[assumed.latency_from]
    yield f"latency: {latency.low:.1f} to {latency.high:.1f} seconds for a reply ({how})"


_LATENCY = {
    "stated": "as stated, with stragglers",
    "assumed": "assumed; --latency states it",
    "machine": "one after another on two cores; assumed",
}


def _share(share: Share) -> str:
    low, high = (f"{100 * end:.0f}" for end in (share.range.low, share.range.high))
    span = low if low == high else f"{low} to {high}"
    how = {
        "stated": "as stated",
        "measured": f"measured over {counted(share.responses, 'response')}",
        "assumed": "assumed; --yield states it",
    }[share.source]
    return f"{span} of 100 items asked for ({how})"


def _tokens(tokens: Tokens) -> str:
    if tokens.measured:
        return f"measured over {counted(tokens.measured, 'response')}"
    each = tokens.per_prompt_byte
    thinking = ""
    if tokens.thinking.high:
        thinking = f", and {tokens.thinking.low:,} to {tokens.thinking.high:,} of thinking a reply"
    return (
        f"{1 / each.high:.0f} to {1 / each.low:.0f} bytes each, replies {REPLY_LENGTH.low} to {REPLY_LENGTH.high} times "
        f"as long as the seed example{thinking} (assumed)"
    )


def _counts(range_: Range[int], *, to: str = "-") -> str:
    return _span(f"{range_.low:,}", f"{range_.high:,}", to)


def _tokens_counted(range_: Range[int]) -> str:
    return _span(_short(range_.low, ROUND_FLOOR), _short(range_.high, ROUND_CEILING))


def _short(count: int, rounding: str) -> str:
    """Two digits or more, rounded outwards: `999`, `9.8k`, `13k`, `1.4M`."""
    if count < 1_000:
        return str(count)
    unit, letter = (1_000, "k") if count < 999_000 else (_MILLION, "M")
    value = Decimal(count) / unit
    return f"{value.quantize(Decimal('0.1') if value < 10 else Decimal(1), rounding):,}{letter}"


def _dollars(range_: Range[Decimal]) -> str:
    """Cents, and parts of a cent where they matter."""
    if range_.high == 0 or range_.low >= Decimal("0.1"):
        digits = Decimal("0.01")
    else:
        digits = Decimal("0.001") if range_.high >= Decimal("0.01") else Decimal("0.0001")
    return _span(f"{range_.low.quantize(digits, ROUND_FLOOR):,}", f"{range_.high.quantize(digits, ROUND_CEILING):,}")


def _minutes(range_: Range[float]) -> str:
    low, high = (Decimal(end) / 60 for end in (range_.low, range_.high))
    digits = Decimal(1) if low >= 10 else Decimal("0.1")
    return _span(f"{low.quantize(digits, ROUND_FLOOR):,}", f"{high.quantize(digits, ROUND_CEILING):,}")


def _span(low: str, high: str, to: str = "-") -> str:
    return low if low == high else f"{low}{to}{high}"


def as_document(recipe: Recipe, plans: Sequence[Plan]) -> dict[str, Any]:
    """The plans as JSON. Dollars are text, since a float cannot hold them."""
    return {
        "plan": FORMAT,
        "recipe": recipe.name,
        "target_size": recipe.target_size,
        "models": [_document(plan) for plan in plans],
    }


def _asked(who: str | None, asked: Range[Amount] | None) -> dict[str, Any] | None:
    return None if asked is None else {"model": who, "low": _amount(asked.low), "high": _amount(asked.high)}


def _amount(amount: Amount) -> dict[str, Any]:
    return {
        "requests": amount.calls,
        "prompt_tokens": amount.prompt_tokens,
        "completion_tokens": amount.completion_tokens,
        "usd": plain(amount.usd),
    }


def _document(plan: Plan) -> dict[str, Any]:
    price = plan.price
    return {
        "model": plan.model,
        "named_by": plan.model_from,
        "stored": {"responses": plan.stored.responses, "examples": plan.stored.examples},
        "requests": to_json(plan.requests),
        "prompt_tokens": to_json(plan.prompt_tokens),
        "completion_tokens": to_json(plan.completion_tokens),
        "usd": None if plan.usd is None else to_json(plan.usd),
        "seconds": {"low": round(plan.seconds.low, 1), "high": round(plan.seconds.high, 1)},
        "checks": {
            name: {"model": check.model, "low": _amount(check.used.low), "high": _amount(check.used.high)}
            for name, check in plan.checks.items()
        },
        "outcome": to_json(plan.outcome),
        "vary": {reach.key: {"values": reach.values, "reached": round(reach.reached, 1)} for reach in plan.reach},
        "asked_alike": plan.asked_alike,
        "too_long": to_json(plan.too_long),
        "prices": None
        if price is None
        else {
            "input_per_million": plain(price.input_per_token * _MILLION),
            "output_per_million": plain(price.output_per_token * _MILLION),
            "per_request": plain(price.per_request),
        },
        "prices_from": plan.price_source,
        "caps": [to_json(check) for check in plan.caps],
        "usd_cap_without_price": bool(plan.usd_caps_without_price),
        "conflict": plan.conflict,
        "broken_manifest": plan.broken_manifest,
        "assumptions": None if plan.assumed is None else _assumed_document(plan.assumed),
    }


def _assumed_document(assumed: Assumed) -> dict[str, Any]:
    share, measured = assumed.share, assumed.tokens.measured
    return {
        "yield": to_json(share.range) | {"from": share.source, "responses": share.responses},
        "tokens": {"from": "measured" if measured else "assumed", "responses": measured},
        "latency": to_json(assumed.latency) | {"from": assumed.latency_from},
    }
