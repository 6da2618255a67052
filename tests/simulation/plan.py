"""What a trial is, drawn from its number."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import get_args

from datarecipe.recipe import Embedder, Fallback, Filters, Limits, NearDuplicates, Prices, Recipe, StrategyKind
from datarecipe.recipe.models.named_models import Judge, Verify
from datarecipe.recipe.recipe import Balance
from tests.generate.recipes import make_recipe

PRICES = Prices(1.5, 6.0)
MODEL = "openai/author"
SECOND = "openai/second"
RUBRIC = {"natural": "Does it read as if a person had written it?", "clear": "Is it clear?"}
EMBEDDER = "openai/embedder"

KINDS: tuple[StrategyKind, ...] = get_args(StrategyKind)


OUTAGES_END = 100
"""Lives. An outage that lasts from before the first answer until a run gives up meets each life anew, and all end in one."""


@dataclass(frozen=True)
class Faults:
    """Shares of 1, and times in virtual seconds."""

    rate_limit: float = 0.0
    server_error: float = 0.0
    cut_connection: float = 0.0
    """The model has run and is paid; the reply does not arrive."""
    hang: float = 0.0
    closed: float = 0.0
    """The model has run and is paid; the connection was one that is kept, and ends without a byte."""
    no_usage: float = 0.0
    outages: tuple[tuple[float, float, str], ...] = ()
    """(from, to, kind): everything fails so in that time of a life, in the first `OUTAGES_END` lives."""
    retry_after: float | None = None
    busy: float | None = None
    """Seconds for which who gets an error of the server is asked to stay away, and nobody else."""
    refuses_seed: bool = False
    """Until it was asked without one, as it is in the same process from then on."""
    dead: bool = False
    """It says no to everything, as to a wrong key."""


@dataclass(frozen=True)
class Plan:
    """A trial."""

    seed: int
    recipe: Recipe
    faults: Faults
    second: Faults | None
    """Those of the fallback, where there is one."""
    latency: float
    """Median of a lognormal one, in virtual seconds."""
    spread: float
    kills: tuple[float, ...]
    """Virtual seconds after which the first lives die."""
    file_kills: tuple[tuple[str, int], ...]
    """(kind of operation on files, or `any`; its number) at which the first lives die."""
    presses: tuple[tuple[float, ...], ...]
    """Virtual seconds after which Ctrl-C is pressed in the first lives: once, or twice."""
    caps: tuple[Decimal | None, ...]
    """The cap in dollars of each life, from the first on; the last one holds for all that follow."""
    untidy: bool
    variety: int
    targets: tuple[int, ...] = field(default=())
    """The target of each life, from the first on; the last is the recipe's."""
    twin: bool = False
    """Whether a second dataset of the same recipe is made at once: it asks just the same, and its caps hold for both."""

    @property
    def capped(self) -> bool:
        """Whether the last life may end at a cap."""
        return (
            self.caps[-1] is not None or self.recipe.limits.calls is not None or self.recipe.limits.tokens is not None
        )


def draw(seed: int) -> Plan:
    """The trial of that number."""
    source = random.Random(seed)
    limits = Limits(
        concurrency=source.choice([1, 2, 4, 8, 16, 32]),
        max_concurrency=source.choice([None, None, 64]),
        rpm=source.choice([None, None, None, 60, 600]),
        tpm=source.choice([None, None, None, 200_000]),
        calls=source.choice([None] * 5 + [source.randrange(1, 80)]),
        tokens=source.choice([None] * 5 + [source.randrange(2_000, 60_000)]),
        timeout=source.choice([5.0, 60.0]),
        barren=source.choice([50, 50, 5]),
    )
    target = source.randrange(1, 120)
    recipe = make_recipe(
        source.choice(KINDS),
        source.choice([1, 2, 8, 32]),
        target_size=target,
        batch_size=source.choice([1, 5]),
        random_seed=source.randrange(3),
        limits=limits,
        prices=PRICES,
        sampling={"max_tokens": source.choice([64, 400])},
    )
    if random.Random(f"{seed} vary").random() < 0.4:
        # A lane that asks the same again makes another draw; with `vary` it hardly ever asks the same.
        recipe = replace(recipe, vary={}, instruction="Write {{ batch_size }} examples.")
    recipe = _with_judges(_with_comparisons(recipe, seed), seed)
    lives = source.choice([0, 0, 1, 1, 2, 4])
    length = source.choice([1.0, 5.0, 30.0])
    by_time = source.random() < 0.7
    caps: list[Decimal | None] = [None]
    if source.random() < 0.4:
        caps = [Decimal(source.randrange(10, 250)) / 1000 for _ in range(source.choice([1, 1, 2, 3]))]
        caps.sort()
        if source.random() < 0.3:
            caps.append(None)
    plan = Plan(
        seed=seed,
        recipe=recipe,
        faults=(faults := _faults(source)),
        second=None,
        latency=source.choice([0.05, 0.5, 2.0]),
        spread=source.choice([0.0, 0.2, 1.0]),
        kills=tuple(source.uniform(0, length) for _ in range(lives)) if by_time else (),
        file_kills=() if by_time else tuple(_file_kill(source) for _ in range(lives)),
        presses=_presses(random.Random(f"{seed} presses"), length),
        caps=tuple(caps),
        untidy=source.random() < 0.8,
        variety=source.choice([20, 60, 500]),
        targets=tuple(sorted(source.randrange(1, target + 1) for _ in range(source.choice([0, 0, 1, 2])))),
    )
    # Drawn after all the rest, so that a trial keeps what it was before there was this.
    plan = replace(plan, faults=_more(faults, source), twin=random.Random(f"{seed} twin").random() < 0.3)
    busy = random.Random(f"{seed} busy")
    plan = replace(plan, faults=replace(plan.faults, busy=_busy(busy)))
    if source.random() < 0.7:
        return plan
    second = replace(_more(_faults(source), source), dead=source.random() < 0.3, busy=_busy(busy))
    return replace(plan, second=second, recipe=replace(recipe, fallbacks=(Fallback(SECOND, PRICES),)))


def _presses(source: random.Random, length: float) -> tuple[tuple[float, ...], ...]:
    if source.random() < 0.75:
        return ()
    firsts = [source.uniform(0, length) for _ in range(source.choice([1, 1, 2, 4]))]
    return tuple((first,) if source.random() < 0.7 else (first, first + source.uniform(0, 40)) for first in firsts)


def _more(faults: Faults, source: random.Random) -> Faults:
    return replace(
        faults,
        closed=source.choice([0, 0, 0.05]) if faults.rate_limit or faults.server_error else 0.0,
        refuses_seed=source.random() < 0.1,
        retry_after=source.choice([faults.retry_after] * 9 + [90.0, 620.0, 7200.0]),
    )


def _busy(source: random.Random) -> float | None:
    return source.choice([None] * 6 + [20.0, 65.0, 400.0])


def _file_kill(source: random.Random) -> tuple[str, int]:
    """Few operations are renames, and most that can go wrong goes wrong there."""
    return ("os.rename", source.randrange(1, 8)) if source.random() < 0.5 else ("any", source.randrange(1, 60))


def _faults(source: random.Random) -> Faults:
    if source.random() < 0.25:
        return Faults()
    outages = tuple(
        (start, start + source.choice([3.0, 60.0, 200.0]), source.choice(["rate_limit", "server_error", "hang"]))
        for start in (source.uniform(0, 20) for _ in range(source.choice([0, 0, 0, 1])))
    )
    return Faults(
        rate_limit=source.choice([0, 0.05, 0.2]),
        server_error=source.choice([0, 0.02, 0.1]),
        cut_connection=source.choice([0, 0.02, 0.1]),
        hang=source.choice([0, 0, 0.02]),
        no_usage=source.choice([0, 0.1, 1.0]),
        outages=outages,
        retry_after=source.choice([None, 0.5, 10.0]),
    )


def _with_comparisons(recipe: Recipe, seed: int) -> Recipe:
    """What compares examples: filters and embedders."""
    if random.Random(f"{seed} near").random() < 0.25:
        recipe = replace(
            recipe, filters=Filters(near_duplicates=NearDuplicates(contrast="keep" if seed % 2 else "drop"))
        )
    if random.Random(f"{seed} near in meaning").random() < 0.15:
        near = NearDuplicates(embedding=0.9, embedder=Embedder(EMBEDDER, PRICES))
        recipe = replace(recipe, filters=replace(recipe.filters, near_duplicates=near))
    balanced = random.Random(f"{seed} balance")
    if balanced.random() < 0.25:
        balance = Balance(
            "answer",
            ("yes", "no"),
            balanced.choice([(1, 1), (7, 3)]),
            balanced.choice([1, 6, 20]),
            balanced.choice([0.0, 0.1]),
        )
        recipe = replace(recipe, filters=replace(recipe.filters, balance=balance))
    if random.Random(f"{seed} embedder").random() < 0.5:
        # Of use to two of the strategies.
        recipe = replace(recipe, strategy=replace(recipe.strategy, embedder=Embedder(EMBEDDER, PRICES)))
    return recipe


def _with_judges(recipe: Recipe, seed: int) -> Recipe:
    """What asks models about items."""
    verified = random.Random(f"{seed} verify")
    if verified.random() < 0.2:
        verify = Verify(MODEL, votes=verified.choice([1, 2, 3]), sampling={"max_tokens": 64}, prices=PRICES)
        recipe = replace(recipe, filters=replace(recipe.filters, verify=verify))
    judged, mended = random.Random(f"{seed} judge"), random.Random(f"{seed} repair")
    if judged.random() < 0.15:
        keep = judged.choice([{}, {"clear": 2}, {"clear": 2, "natural": 3}])
        judge = Judge(MODEL, RUBRIC, keep=keep, sampling={"max_tokens": 64}, prices=PRICES)
        recipe = replace(recipe, filters=replace(recipe.filters, judge=judge))
    if mended.random() < 0.2:
        recipe = replace(recipe, filters=replace(recipe.filters, repair=mended.choice([1, 1, 1, 3])))
    return recipe
