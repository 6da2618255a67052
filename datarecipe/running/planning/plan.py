"""What a run of one recipe with one model would take, as ranges, with the assumptions behind them.

Two dry runs make the ends of each range: one in which much goes well (many items accepted, few tokens, fast replies), one
in which little does. Failed attempts are in neither.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from datarecipe.amount import NOTHING, Amount, Cap, Caps, most
from datarecipe.errors import UnknownPriceError
from datarecipe.exchange import Request, Response
from datarecipe.generate.admission.admission import REPAIR
from datarecipe.generate.events import Outcome
from datarecipe.llm.providers.prices import Price, facts_of
from datarecipe.recipe import chains_of
from datarecipe.run_folder.write.ownership import conflict
from datarecipe.running.planning.assumptions import End, Range, Share, Tokens, latency_of, share_of, tokens_of
from datarecipe.running.planning.dry_run import DryRun, Lookup, Measured, dry_run
from datarecipe.running.planning.history import broken_manifest, past_of
from datarecipe.running.planning.makespan import Speed, makespan
from datarecipe.running.planning.vary_reach import Reach, asked_alike, reach_of
from datarecipe.running.resolve.options import BUDGET
from datarecipe.running.resolve.resolved_run import NO_CAPS, ResolvedRun

ASKED_AHEAD = 10
"""Requests that may be sent and prove not to be needed: the target is reached while they are under way."""

_PARTS_OF_A_CENT = Decimal("1e-8")


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
class Check:
    """What a filter asks its model about items."""

    model: str
    used: Range[Amount]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would take."""

    model: str
    model_from: str
    target_size: int
    stored: Measured
    """What it would take from the cache, at no cost."""
    least: Amount
    """What it would use where much goes well."""
    most: Amount
    """What it would use where little does."""
    requests: Range[int]
    prompt_tokens: Range[int]
    completion_tokens: Range[int]
    usd: Range[Decimal] | None
    """None where no price is known."""
    seconds: Range[float]
    checks: Mapping[str, Check]
    """How much of all this is asked about items, by the name of the filter that asks.

    `repair` asks the author, `embed` the embedders.
    """
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


@dataclass(frozen=True, slots=True)
class _Scenario:
    """One end of the ranges."""

    run: DryRun
    used: Amount
    seconds: float
    checks: Mapping[str, Amount] = field(default_factory=dict)
    """How much of it the models of filters take, by the name of the filter."""


def make_plan(
    setup: ResolvedRun, *, share: float | None = None, latency: float | None = None, budget: Caps = NO_CAPS
) -> Plan:
    """Plan a run. Sends nothing; opens the cache only where there is one.

    `share`: accepted items to items asked for; `latency`: seconds for a typical reply; both measured or assumed when None.
    `budget`: what the command may use, beside the recipe's own caps.
    Raises `UsageError` where `budget` can hold nothing, `TemplateError`, and `CacheError` and `StorageError` for files that
    cannot be read.
    """
    planning = _Planning(setup, past_of(setup), share, latency, budget)
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


def _remembering(get: Lookup) -> Lookup:
    """What is missing for one dry run is missing for the other, also where a run stores responses meanwhile."""
    missing: set[str] = set()

    def lookup(request: Request) -> Response | None:
        response = None if request.key in missing else get(request)
        if response is None:
            missing.add(request.key)
        return response

    return lookup


@dataclass(frozen=True, slots=True)
class _Planning:
    setup: ResolvedRun
    past: Measured | None
    share: float | None
    latency: float | None
    budget: Caps

    def dry_run_at(self, lookup: Lookup, end: End) -> DryRun:
        share_end: End = "high" if end == "low" else "low"
        return dry_run(self.setup, lookup, lambda stored: self._share_of(stored).range.at(share_end))

    def _share_of(self, stored: Measured) -> Share:
        recipe, measured = self.setup.recipe, stored if stored.responses else self.past
        return share_of(self.share, measured, recipe.batch_size, balanced=recipe.filters.balance is not None)

    def plan(self, low: DryRun, high: DryRun) -> Plan:
        setup, price = self.setup, self.setup.cost.price
        assumed = self._assumed(low) if low.asked else None
        ends = (self._scenario(low, assumed, "low"), self._scenario(high, assumed, "high"))
        low_use, high_use = (end.used for end in ends)
        batches = low.stored.responses + low_use.calls - sum(each.calls for each in ends[0].checks.values())
        caps, without_price = self._caps()
        spent = self._spent()
        refusal = conflict(setup.output, setup.identity, setup.identity_parts)
        return Plan(
            model=setup.model.name,
            model_from=setup.model_from,
            target_size=setup.recipe.target_size,
            stored=low.stored,
            least=low_use,
            most=high_use,
            requests=Range(low_use.calls, high_use.calls),
            prompt_tokens=Range(low_use.prompt_tokens, high_use.prompt_tokens),
            completion_tokens=Range(low_use.completion_tokens, high_use.completion_tokens),
            usd=None
            if any(one.cost.price is None for one in (setup.asked[0], *setup.all_asked[len(setup.asked) :]))
            else Range(low_use.usd, high_use.usd),
            seconds=Range(ends[0].seconds, ends[1].seconds),
            checks={
                name: Check(self._asked_by(name), Range(least, ends[1].checks[name]))
                for name, least in ends[0].checks.items()
            },
            price=price,
            price_source=setup.cost.source,
            caps=tuple(check for named in caps.items() for check in self._checked(*named, spent, ends)),
            spent=spent,
            usd_caps_without_price=without_price,
            outcome=Range(low.outcome, high.outcome),
            too_long=TooLong() if assumed is None else self._too_long(low, assumed.tokens),
            assumed=assumed,
            reach=reach_of(setup.recipe, batches),
            asked_alike=asked_alike(setup.recipe, setup.model, batches),
            conflict=None if refusal is None else refusal.message,
            broken_manifest=broken_manifest(setup),
        )

    def _assumed(self, run: DryRun) -> Assumed:
        assert run.largest is not None
        counted = run.stored if run.stored.counted else self.past
        tokens = tokens_of(self.setup, run.largest, counted if counted and counted.counted else None)
        prompts = [tokens.of_prompt(asked.prompt_bytes) for asked in run.asked]
        return Assumed(
            self._share_of(run.stored),
            tokens,
            latency_of(self.setup, _mean(prompts), tokens.of_reply(run.reply_bytes), self.latency),
            "machine" if self.setup.embedded else "assumed" if self.latency is None else "stated",
        )

    def _scenario(self, run: DryRun, assumed: Assumed | None, end: End) -> _Scenario:
        if assumed is None:
            return self._with_questions(_Scenario(run, NOTHING, 0.0), end)
        limits, price = self.setup.recipe.limits, self.setup.cost.price
        prompts = [assumed.tokens.of_prompt(asked.prompt_bytes).at(end) for asked in run.asked]
        reply = assumed.tokens.of_reply(run.reply_bytes).at(end)
        costs = [price.cost(prompt, reply) if price else Decimal(0) for prompt in prompts]
        slots, requests, tried = self._slots(end), run.requests, len(run.asked)
        if end == "high":
            requests += min(ASKED_AHEAD, slots - 1)
        # What was not tried out, and what is asked ahead, is like the mean of what was; rounded outwards.
        in_all = sum(prompts) * requests
        prompt_tokens = in_all // tried if end == "low" else -(-in_all // tried)
        completion_tokens = reply * requests
        rounding = ROUND_FLOOR if end == "low" else ROUND_CEILING
        usd = (sum(costs, Decimal(0)) * requests / tried).quantize(_PARTS_OF_A_CENT, rounding)
        speed = Speed(
            1 if self.setup.embedded else slots,  # the embedded model's rate is that of all its requests together
            assumed.latency.at(end),
            (prompt_tokens + completion_tokens) / requests,
            limits.rpm,
            limits.tpm,
        )
        seconds = makespan([asked.waits_for for asked in run.asked], requests, speed)
        return self._with_questions(
            _Scenario(run, Amount(requests, prompt_tokens, completion_tokens, usd), seconds), end
        )

    def _with_questions(self, scenario: _Scenario, end: End) -> _Scenario:
        """With what is asked about items."""
        setup = self.setup
        if not setup.of_filters and not setup.repairs and not setup.embedders:
            return scenario
        from datarecipe.running.planning.check_cost import check_cost, repair_cost  # noqa: PLC0415 - few recipes ask for it
        from datarecipe.running.planning.embedding_cost import EMBED, embedding_cost  # noqa: PLC0415 - nor for this

        run, requests, limits = scenario.run, scenario.used.calls, setup.recipe.limits
        costs = {name: check_cost(setup, name, run, requests, end, limits) for name in setup.of_filters}
        if setup.repairs:
            costs[REPAIR] = repair_cost(setup, run, requests, end, limits)
        if setup.embedders:
            costs[EMBED] = embedding_cost(setup, run, requests, end)
        # All of it goes on at once; at the worst each waits for the others.
        together = max if end == "low" else sum
        seconds = together([scenario.seconds, *(cost.seconds for cost in costs.values())])
        used = sum((cost.used for cost in costs.values()), scenario.used)
        return _Scenario(run, used, seconds, {name: cost.used for name, cost in costs.items()})

    def _asked_by(self, name: str) -> str:
        """Who is asked about items under that name."""
        if name in self.setup.of_filters:
            return self.setup.of_filters[name].model.name
        if name == REPAIR:
            return self.setup.model.name
        return ", ".join(one.endpoint.model for one in self.setup.embedders.values())

    def _too_long(self, run: DryRun, tokens: Tokens) -> TooLong:
        facts = facts_of(self.setup.endpoint)
        longest = max(tokens.of_prompt(asked.prompt_bytes).low for asked in run.asked)
        return TooLong(_above(longest, facts.max_input_tokens), _above(tokens.most, facts.max_output_tokens))

    def _slots(self, end: End) -> int:
        recipe = self.setup.recipe
        limits, chains = recipe.limits, chains_of(recipe.strategy)
        slots = limits.max_concurrency or limits.concurrency if end == "low" else limits.concurrency
        return slots if chains is None else min(slots, chains)

    def _caps(self) -> tuple[dict[str, Caps], tuple[str, ...]]:
        """The caps by how their names begin, and those in dollars that a run would refuse to start with."""
        limits, without_price = self.setup.recipe.limits, []
        try:
            own = self.setup.caps
        except UnknownPriceError:
            own = Caps(usd=None, tokens=limits.tokens, calls=limits.calls)
            without_price.append("limits.usd")
        try:
            self.setup.check_budget(self.budget)
        except UnknownPriceError:
            without_price.append(f"{BUDGET}usd")
        return {"limits.": own, BUDGET: self.budget}, tuple(without_price)

    def _checked(self, begins: str, caps: Caps, spent: Amount, ends: tuple[_Scenario, _Scenario]) -> Iterator[CapCheck]:
        target = self.setup.recipe.target_size
        for cap, limit in caps.items():
            if cap == "usd" and self.setup.cost.price is None:
                continue
            before = used(spent, cap)
            low, high = (self._examples_within(cap, Decimal(limit) - before, end) for end in ends)
            yield CapCheck(
                cap,
                f"{begins}{cap}",
                Decimal(limit),
                before,
                None if high >= target else Range(high, min(low, target)),
                by_default=begins != BUDGET and cap == "usd" and self.setup.capped_by_default,
            )

    def _spent(self) -> Amount:
        """By earlier runs of the dataset."""
        if not self.setup.output.is_dir():
            return NOTHING
        from datarecipe.run_folder.write.spending import Spending  # noqa: PLC0415 - brings locks, and an event loop with them

        with Spending(self.setup.output, self.setup.identity, self.setup.prices) as spending:
            return spending.before

    def _examples_within(self, cap: Cap, left: Decimal, end: _Scenario) -> int:
        """The examples that there can be before a request no longer fits."""
        run, target = end.run, self.setup.recipe.target_size
        if not end.used.calls:
            return target
        if run.largest is None:  # only questions about stored items are left
            all_of_it = used(end.used, cap)
            return target if all_of_it <= left else int(run.stored.examples * max(left, Decimal(0)) / all_of_it)
        each = used(end.used, cap) / end.used.calls
        at_most = used(most(run.largest, self.setup.cost.price), cap)
        if left < at_most:
            return run.stored.examples
        if not each:
            return target
        requests = int((left - at_most) / each) + 1
        if requests >= end.used.calls:
            return target
        return run.stored.examples + run.wanted * requests // end.used.calls


def _above(tokens: int | None, most: int | None) -> tuple[int, int] | None:
    return (tokens, most) if tokens is not None and most is not None and tokens > most else None


def used(amount: Amount, cap: Cap) -> Decimal:
    """How much of it the cap counts."""
    return Decimal(getattr(amount, cap))


def _mean(ranges: list[Range[int]]) -> Range[float]:
    count = len(ranges)
    return Range(sum(one.low for one in ranges) / count, sum(one.high for one in ranges) / count)
