"""What a run of one recipe with one model would take, as ranges, with the assumptions behind them.

Two dry runs make the ends of each range: one in which much goes well (many items accepted, few tokens, fast replies), one
in which little does. Failed attempts are in neither.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal, TypeAlias

from datarecipe.amount import NOTHING, Amount, Caps, most
from datarecipe.errors import UnknownPriceError
from datarecipe.exchange import Request, Response
from datarecipe.generate.events import Outcome
from datarecipe.llm.providers.prices import Price, facts_of
from datarecipe.recipe import chains_of
from datarecipe.run_folder.write.ownership import conflict
from datarecipe.running.planning.assumptions import Tokens, latency_of, tokens_of
from datarecipe.running.planning.dry_run import DryRun, Lookup, Stored, dry_run
from datarecipe.running.planning.history import Past, Share, broken_manifest, past_of, share_of, usage_of
from datarecipe.running.planning.makespan import Speed, makespan
from datarecipe.running.planning.ranges import Range, T
from datarecipe.running.planning.vary_reach import Reach, asked_alike, reach_of
from datarecipe.running.resolve.options import BUDGET
from datarecipe.running.resolve.resolved_run import NO_CAPS, ResolvedRun

ASKED_AHEAD = 10
"""Requests that may be sent and prove not to be needed: the target is reached while they are under way."""

_PARTS_OF_A_CENT = Decimal("1e-8")

Cap: TypeAlias = Literal["usd", "tokens", "calls"]
End: TypeAlias = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class CapCheck:
    """A cap beside what the run would use."""

    cap: Cap
    name: str
    """As the user writes it: `limits.usd`, `--max-usd`."""
    limit: Decimal
    spent: Decimal
    """By earlier runs of the dataset."""
    reached_at: Range[int] | None
    """How many examples there are when the cap is reached; None: it is not. With the target as `high` it may hold."""
    by_default: bool
    """Whether the recipe does not name it."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the ranges rest on."""

    share: Share
    tokens: Tokens
    latency: Range[float]
    """Seconds."""
    latency_from: Literal["stated", "assumed", "machine"]
    """`machine`: the embedded model's rate, with its requests one after another."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """What the model cannot take: pairs of what a request has or asks for, and the most tokens that the model allows."""

    prompt: tuple[int, int] | None = None
    """The longest prompt, counted low."""
    reply: tuple[int, int] | None = None
    """`max_tokens`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would take."""

    model: str
    model_from: str
    target_size: int
    stored: Stored
    """What it would take from the cache, at no cost."""
    requests: Range[int]
    prompt_tokens: Range[int]
    completion_tokens: Range[int]
    usd: Range[Decimal] | None
    """None where no price is known."""
    seconds: Range[float]
    price: Price | None
    price_source: str
    caps: tuple[CapCheck, ...]
    spent: Amount
    """By earlier runs of the dataset."""
    usd_caps_without_price: tuple[str, ...]
    """Caps in dollars that a run would refuse to start with, since no price is known."""
    outcome: Range[Outcome]
    """`barren`: too few items are accepted for the run to go on."""
    too_long: TooLong
    assumed: Assumed | None
    """None where nothing has to be asked."""
    reach: tuple[Reach, ...]
    """How many values of each key of `vary` all requests reach, where as few are made as may be."""
    asked_alike: int
    """How often the same text is sent, where nothing but its draw differs."""
    conflict: str | None
    """Why the run's folder would refuse it, if it would."""
    broken_manifest: str | None
    """Why the manifest there says nothing of earlier responses, and how to mend it; None where it does, or there is none."""

    @property
    def least(self) -> Amount:
        """What it would use where much goes well."""
        return self._amount("low")

    @property
    def most(self) -> Amount:
        """What it would use where little does."""
        return self._amount("high")

    def _amount(self, end: End) -> Amount:
        usd = Decimal(0) if self.usd is None else _at(self.usd, end)
        return Amount(_at(self.requests, end), _at(self.prompt_tokens, end), _at(self.completion_tokens, end), usd)


@dataclass(frozen=True, slots=True)
class _Scenario:
    """One end of the ranges."""

    run: DryRun
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: Decimal
    seconds: float


def make_plan(
    setup: ResolvedRun, *, share: float | None = None, latency: float | None = None, budget: Caps = NO_CAPS
) -> Plan:
    """Plan a run. Sends nothing; opens the cache only where there is one.

    `share`: accepted items to items asked for; `latency`: seconds for a typical reply; both measured or assumed when None.
    `budget`: what the command may use, beside the recipe's own caps.
    Raises `UsageError` where `budget` can hold nothing, `TemplateError`, and `CacheError` and `StorageError` for files that
    cannot be read.
    """
    past = past_of(setup)
    planning = _Planning(setup, past, share, latency, budget)
    with setup.recipe.placing_errors(), _opened(setup) as lookup:
        low = planning.dry_run_at(lookup, "low")
        high = planning.dry_run_at(lookup, "high") if low.asked else low
    return planning.plan(low, high)


@contextlib.contextmanager
def _opened(setup: ResolvedRun) -> Iterator[Lookup]:
    """The cache, or one that holds nothing where there is none."""
    if setup.cache_dir.is_dir():
        from datarecipe.llm.cache.cache_file import DATABASE  # noqa: PLC0415
        from datarecipe.llm.cache.response_cache import ResponseCache  # noqa: PLC0415 - brings a database

        if (setup.cache_dir / DATABASE).is_file():
            with ResponseCache(setup.cache_dir) as cache:
                yield _remembering(cache.get)
                return
    yield lambda _: None


def _remembering(get: Callable[[Request], Response | None]) -> Lookup:
    """Both dry runs ask for the same responses first; what is not there is looked up once."""
    missing: set[str] = set()

    def lookup(request: Request) -> Response | None:
        if request.key in missing:
            return None
        response = get(request)
        if response is None:
            missing.add(request.key)
        return response

    return lookup


class _Planning:
    def __init__(
        self, setup: ResolvedRun, past: Past | None, share: float | None, latency: float | None, budget: Caps
    ) -> None:
        self._setup = setup
        self._past = past
        self._share = share
        self._latency = latency
        self._budget = budget

    def dry_run_at(self, lookup: Lookup, end: End) -> DryRun:
        def share(stored: Stored) -> float:
            found = self._share_of(stored).range
            return found.high if end == "low" else found.low

        return dry_run(self._setup, lookup, share)

    def _share_of(self, stored: Stored) -> Share:
        return share_of(self._share, stored, self._past, self._setup.recipe.batch_size)

    def plan(self, low: DryRun, high: DryRun) -> Plan:
        setup = self._setup
        assumed = self._assumed(low) if low.asked else None
        ends: tuple[_Scenario, _Scenario] = (self._scenario(low, assumed, "low"), self._scenario(high, assumed, "high"))
        price = setup.cost.price
        caps, without_price = self._caps()
        spent = self._spent()
        refusal = conflict(setup.output, setup.identity, setup.identity_parts)
        return Plan(
            model=setup.model.name,
            model_from=setup.model_from,
            target_size=setup.recipe.target_size,
            stored=low.stored,
            requests=Range(ends[0].requests, ends[1].requests),
            prompt_tokens=Range(ends[0].prompt_tokens, ends[1].prompt_tokens),
            completion_tokens=Range(ends[0].completion_tokens, ends[1].completion_tokens),
            usd=None if price is None else Range(ends[0].usd, ends[1].usd),
            seconds=Range(ends[0].seconds, ends[1].seconds),
            price=price,
            price_source=setup.cost.source,
            caps=tuple(check for named in caps.items() for check in self._checked(*named, spent, ends)),
            spent=spent,
            usd_caps_without_price=without_price,
            outcome=Range(low.outcome, high.outcome),
            too_long=TooLong() if assumed is None else self._too_long(low, assumed.tokens),
            assumed=assumed,
            reach=reach_of(setup.recipe, low.stored.responses + ends[0].requests),
            asked_alike=asked_alike(setup.recipe, setup.model, low.stored.responses + ends[0].requests),
            conflict=None if refusal is None else refusal.message,
            broken_manifest=broken_manifest(setup),
        )

    def _assumed(self, run: DryRun) -> Assumed:
        setup, stored = self._setup, run.stored
        assert run.largest is not None
        tokens = tokens_of(setup, run.largest, usage_of(stored, self._past))
        prompts = [tokens.of_prompt(asked) for asked in run.asked]
        replies = [tokens.of_reply(asked) for asked in run.asked]
        latency = latency_of(setup, _mean(prompts), _mean(replies), self._latency)
        stated: Literal["stated", "assumed"] = "assumed" if self._latency is None else "stated"
        latency_from = "machine" if setup.embedded else stated
        return Assumed(self._share_of(stored), tokens, latency, latency_from)

    def _scenario(self, run: DryRun, assumed: Assumed | None, end: End) -> _Scenario:
        if assumed is None:
            return _Scenario(run, 0, 0, 0, Decimal(0), 0.0)
        tokens, price = assumed.tokens, self._setup.cost.price
        prompts = [_at(tokens.of_prompt(asked), end) for asked in run.asked]
        replies = [_at(tokens.of_reply(asked), end) for asked in run.asked]
        costs = [price.cost(*pair) if price else Decimal(0) for pair in zip(prompts, replies, strict=True)]
        requests = run.requests
        if end == "high":
            requests += min(ASKED_AHEAD, self._slots(end) - 1)
        tried = len(run.asked)
        # What was not tried out, and what is asked ahead, is like the mean of what was.
        prompt_tokens, completion_tokens = (_scaled(sum(values), requests, tried, end) for values in (prompts, replies))
        seconds = makespan(
            [asked.waits_for for asked in run.asked],
            requests,
            self._speed(assumed, (prompt_tokens + completion_tokens) / requests, end),
        )
        rounding = ROUND_FLOOR if end == "low" else ROUND_CEILING
        usd = (sum(costs, Decimal(0)) * requests / tried).quantize(_PARTS_OF_A_CENT, rounding)
        return _Scenario(run, requests, prompt_tokens, completion_tokens, usd, seconds)

    def _too_long(self, run: DryRun, tokens: Tokens) -> TooLong:
        facts = facts_of(self._setup.endpoint)
        longest = max(tokens.of_prompt(asked).low for asked in run.asked)
        return TooLong(_above(longest, facts.max_input_tokens), _above(tokens.most, facts.max_output_tokens))

    def _slots(self, end: End) -> int:
        recipe = self._setup.recipe
        limits, chains = recipe.limits, chains_of(recipe.strategy)
        slots = limits.max_concurrency or limits.concurrency if end == "low" else limits.concurrency
        return slots if chains is None else min(slots, chains)

    def _speed(self, assumed: Assumed, tokens: float, end: End) -> Speed:
        limits = self._setup.recipe.limits
        # The embedded model's rate is that of all its requests together.
        slots = 1 if self._setup.embedded else self._slots(end)
        return Speed(slots, _at(assumed.latency, end), tokens, limits.rpm, limits.tpm)

    def _caps(self) -> tuple[dict[str, Caps], tuple[str, ...]]:
        """The caps by how their names begin, and those in dollars that a run would refuse to start with."""
        limits, without_price = self._setup.recipe.limits, []
        try:
            own = self._setup.caps
        except UnknownPriceError:
            own = Caps(usd=None, tokens=limits.tokens, calls=limits.calls)
            without_price.append("limits.usd")
        try:
            self._setup.check_budget(self._budget)
        except UnknownPriceError:
            without_price.append(f"{BUDGET}usd")
        return {"limits.": own, BUDGET: self._budget}, tuple(without_price)

    def _checked(self, begins: str, caps: Caps, spent: Amount, ends: tuple[_Scenario, _Scenario]) -> Iterator[CapCheck]:
        setup = self._setup
        limits: tuple[tuple[Cap, Decimal | int | None], ...] = (
            ("usd", caps.usd if setup.cost.price is not None else None),
            ("tokens", caps.tokens),
            ("calls", caps.calls),
        )
        for cap, limit in limits:
            if limit is None:
                continue
            before = used(spent, cap)
            low, high = (self._examples_within(cap, Decimal(limit) - before, end) for end in ends)
            target = setup.recipe.target_size
            yield CapCheck(
                cap,
                f"{begins}{cap}",
                Decimal(limit),
                before,
                None if high >= target else Range(high, min(low, target)),
                by_default=begins != BUDGET and cap == "usd" and setup.capped_by_default,
            )

    def _spent(self) -> Amount:
        """By earlier runs of the dataset."""
        if not self._setup.output.is_dir():
            return NOTHING
        from datarecipe.run_folder.write.spending import Spending  # noqa: PLC0415 - brings locks, and an event loop with them

        with Spending(self._setup.output, self._setup.identity, self._setup.prices) as spending:
            return spending.before

    def _examples_within(self, cap: Cap, left: Decimal, end: _Scenario) -> int:
        """The examples that there can be before a request no longer fits."""
        run, target = end.run, self._setup.recipe.target_size
        if not end.requests or run.largest is None:
            return target
        in_all = Amount(end.requests, end.prompt_tokens, end.completion_tokens, end.usd)
        each = used(in_all, cap) / end.requests
        at_most = used(most(run.largest, self._setup.cost.price), cap)
        if left < at_most:
            return run.stored.examples
        if not each:
            return target
        requests = int((left - at_most) / each) + 1
        if requests >= end.requests:
            return target
        return run.stored.examples + run.wanted * requests // end.requests


def _above(tokens: int | None, most: int | None) -> tuple[int, int] | None:
    return (tokens, most) if tokens is not None and most is not None and tokens > most else None


def used(amount: Amount, cap: Cap) -> Decimal:
    """How much of it the cap counts."""
    match cap:
        case "usd":
            return amount.usd
        case "tokens":
            return Decimal(amount.tokens)
        case "calls":
            return Decimal(amount.calls)


def _at(range_: Range[T], end: End) -> T:
    return range_.low if end == "low" else range_.high


def _mean(ranges: list[Range[int]]) -> Range[float]:
    count = len(ranges)
    return Range(sum(one.low for one in ranges) / count, sum(one.high for one in ranges) / count)


def _scaled(total: int, requests: int, tried: int, end: End) -> int:
    """Rounded outwards."""
    return total * requests // tried if end == "low" else -(-total * requests // tried)
