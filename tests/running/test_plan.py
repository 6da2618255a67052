"""What a run would take: laws of the estimate, and the estimate beside real runs."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from datarecipe.amount import Caps
from datarecipe.exchange import Complete, Request, Response
from datarecipe.generate.generation import Generation
from datarecipe.generate.judge.batch_judge import Judge
from datarecipe.generate.judge.example_equality import equality_digest
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import example_text
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import LoadedRecipe, Recipe, StrategyKind, find_recipe, load_recipe, shipped_recipes
from datarecipe.running.drive.execute import execute
from datarecipe.running.planning.assumptions import Range
from datarecipe.running.planning.history import past_of
from datarecipe.running.planning.makespan import Speed, makespan
from datarecipe.running.planning.plan import ASKED_AHEAD, Plan, make_plan
from datarecipe.running.planning.stand_in import StandIn
from datarecipe.running.planning.vary_reach import asked_alike, reach_of
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from tests.generate.recipes import SCHEMA, completion, loaded, make_recipe
from tests.generate.recipes import settings as model_settings
from tests.generate.test_spread import rows_of
from tests.generate.toy_filter import install_near
from tests.openai_author import Body, formatting_example
from tests.openai_server import OpenAIServer
from tests.runs import Silent, recipe_with, run, setup_for, write_recipe

KINDS: tuple[StrategyKind, ...] = ("fixed", "random", "contrastive", "similar", "tree")
PRICES = {"prices.input_per_million": 3, "prices.output_per_million": 15}
ROOT = Path(__file__).parents[2]


def setup_of(recipe: Recipe, folder: Path = Path("/nowhere"), **options: Any) -> ResolvedRun:
    """A set-up that no run was made with."""
    options.setdefault("model", "openai/gpt-4o-mini")
    paths = {"output": folder / "run", "cache_dir": folder / "cache"}
    known = recipe if isinstance(recipe, LoadedRecipe) else loaded(recipe)
    return resolve_run(known, Options(environ={}, **{**paths, **options}), sends=False)


def rising(plan: Plan) -> bool:
    """Whether no range of the plan is upside down."""
    ranges: list[Range[Any] | None] = [
        plan.requests, plan.prompt_tokens, plan.completion_tokens, plan.usd, plan.seconds,
        *(check.reached_at for check in plan.caps),
    ]  # fmt: skip
    return all(found is None or found.low <= found.high for found in ranges)


# What is made up


@pytest.mark.parametrize("name", shipped_recipes())
def test_what_is_made_up_is_new_and_as_long_as_the_seed_examples(name: str) -> None:
    recipe = load_recipe(find_recipe(name))
    stand_in = StandIn(recipe, model_settings(recipe))
    lengths = {len(example_text(seed)) for seed in recipe.seed_examples}
    seen = {equality_digest(seed, recipe.text_fields) for seed in recipe.seed_examples}
    before = len(seen)
    for new in (5, 3, 0):
        items = [item for item in stand_in.batch(stand_in.reply(new)) if isinstance(item, Valid)]
        assert len(items) == recipe.batch_size
        assert lengths >= {len(item.text) for item in items}
        seen |= {item.digest for item in items}
    assert len(seen) == before + 8


@pytest.mark.parametrize(
    "seed", ["Is snow cold?", "short", "", 17, 0.5, None, True, {"in": ["deep", "deeper"]}, [[]], {}], ids=repr
)
def test_new_items_are_made_from_any_field(seed: Any) -> None:
    recipe = make_recipe(seed_examples=({"options": ["yes", "no"], "answer": "yes", "question": seed},), schema={})
    stand_in = StandIn(recipe, model_settings(recipe))
    items = [item for _ in range(300) for item in stand_in.batch(stand_in.reply(5))]
    assert len({item.digest for item in items if isinstance(item, Valid)}) == len(items) == 1500


def test_stored_replies_are_judged_by_the_recipe() -> None:
    recipe = make_recipe()
    stand_in = StandIn(recipe, model_settings(recipe))
    for text in (
        "no",
        '{"examples": [{"question": "Is it?"}, {"options": ["yes", "no"], "answer": "no", "question": "Is it?"}]}',
    ):
        reply = completion(text)
        assert stand_in.batch(reply) == Judge(recipe).batch(reply)


def test_a_schema_that_allows_nothing_new_is_planned_like_any_other() -> None:
    """What share of the items passes is assumed, or measured; nobody can tell it from a schema."""
    properties = SCHEMA["properties"] | {"question": {"enum": ["Is snow cold?", "Is fire cold?"]}}
    plan, other = (
        make_plan(setup_of(one), share=0.5)
        for one in (make_recipe(schema=SCHEMA | {"properties": properties}), make_recipe())
    )
    assert plan.requests == other.requests == Range(40, 50)
    assert plan.prompt_tokens.low == other.prompt_tokens.low


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_leaves_a_plan_as_it_is(kind: StrategyKind, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = setup_of(make_recipe(kind, vars={"near": True}))
    plain = make_plan(setup, share=0.7)
    install_near(monkeypatch)
    assert make_plan(setup, share=0.7) == plain


# Laws

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""To make a failing case smaller takes minutes here, and tells little more."""

shares = st.floats(0.05, 1)


@settings(max_examples=40, phases=UNSHRUNK)
@given(st.sampled_from(KINDS), shares, shares, st.integers(1, 150), st.integers(1, 7), st.integers(1, 9))
def test_a_higher_yield_never_takes_more(
    kind: StrategyKind, one: float, other: float, target: int, batch: int, width: int
) -> None:
    recipe = make_recipe(kind, width, target_size=target, batch_size=batch, barren=1000)
    less, more = (make_plan(setup_of(recipe), share=share) for share in sorted((one, other)))
    assert rising(less)
    assert rising(more)
    assert more.requests.low <= less.requests.low
    assert more.requests.high <= less.requests.high
    # So many are needed, whatever the order; and no more than the target was ever asked for.
    assert less.requests.low >= target / (batch * min(one, other)) - 1e-6


@settings(max_examples=25, phases=UNSHRUNK)
@given(st.sampled_from(KINDS), st.integers(1, 100), st.integers(0, 100))
def test_a_higher_target_never_takes_less(kind: StrategyKind, target: int, more: int) -> None:
    recipe = make_recipe(kind, target_size=target)
    smaller, larger = (make_plan(setup_of(replace(recipe, target_size=size))) for size in (target, target + more))
    assert rising(larger)
    assert smaller.requests.low <= larger.requests.low
    assert smaller.requests.high <= larger.requests.high
    assert smaller.usd is not None
    assert larger.usd is not None
    assert smaller.usd.high <= larger.usd.high


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_dataset_is_the_small_one_many_times(kind: StrategyKind) -> None:
    small, large = (
        make_plan(setup_of(make_recipe(kind, target_size=size, vary={}, instruction="Write more.")), share=0.8)
        for size in (4_000, 80_000)
    )
    assert small.requests.low == 1_000
    assert large.requests.low == 20_000
    assert large.prompt_tokens.low == pytest.approx(20 * small.prompt_tokens.low, rel=0.02)
    assert large.seconds.low == pytest.approx(20 * small.seconds.low, rel=0.1)


@settings(max_examples=10, phases=UNSHRUNK)
@given(st.sampled_from(KINDS), st.integers(1, 30), st.integers(0, 30))
def test_what_is_stored_costs_nothing(
    tmp_path_factory: pytest.TempPathFactory, kind: StrategyKind, some: int, more: int
) -> None:
    """The more is stored, the less is left; and what is stored is counted."""
    folder = tmp_path_factory.mktemp("stored")
    recipe = make_recipe(kind)
    setup = setup_of(recipe, folder)
    nothing = make_plan(setup, share=0.6)
    store(setup, some, new=3)
    first = make_plan(setup, share=0.6)
    store(setup, some + more, new=3)
    second = make_plan(setup, share=0.6)
    assert first.stored.responses == some
    assert second.stored.responses == min(some + more, 34)
    assert first.stored.examples == 3 * some
    assert nothing.usd is not None
    assert first.usd is not None
    assert second.usd is not None
    for before, after in ((nothing, first), (first, second)):
        assert after.requests.low <= before.requests.low
        assert after.requests.high <= before.requests.high
    assert first.requests.low == 34 - some
    assert first.usd.high < nothing.usd.high
    assert second.usd.high <= first.usd.high


def store(setup: ResolvedRun, responses: int, *, new: int) -> None:
    """Put the first responses of a run into its cache, each with `new` items that are new."""
    numbers = itertools.count()
    seeds = setup.recipe.seed_examples

    def answer(request: Request) -> Response:
        items = [{**seeds[0], "question": f"Is {next(numbers)} odd?"} for _ in range(new)] + [seeds[0]] * (5 - new)
        return cache.put(request, completion(json.dumps({"examples": items})))

    with ResponseCache(setup.cache_dir) as cache:
        for _ in itertools.islice(replay(Generation(setup.recipe, setup.model), answer), responses):
            pass


# When requests begin and end

dependencies = st.lists(st.integers(-1, 200), max_size=40).map(
    lambda numbers: [None if number < 0 or index == 0 else number % index for index, number in enumerate(numbers)]
)


@given(dependencies, st.integers(0, 30), st.integers(1, 9), st.floats(0.1, 5))
def test_no_schedule_beats_its_bounds(waits_for: Sequence[int | None], more: int, slots: int, latency: float) -> None:
    requests = len(waits_for) + more
    seconds = makespan(waits_for, requests, Speed(slots, latency, 100.0))
    depths: list[int] = []
    for before in waits_for:
        depths.append(1 if before is None else depths[before] + 1)
    least = max(requests * latency / slots, max(depths, default=0) * latency)
    assert least <= seconds * 1.000001
    # Graham's bound for list scheduling.
    assert seconds <= (requests / slots + max(depths, default=1)) * latency * 1.000001


@given(st.integers(1, 60), st.integers(1, 600), st.integers(1, 100_000))
def test_what_a_minute_may_bring_is_kept_to(requests: int, rpm: int, tpm: int) -> None:
    plain = Speed(8, 1.0, 500.0)
    free, by_requests, by_tokens = (
        makespan([], requests, speed) for speed in (plain, replace(plain, rpm=rpm), replace(plain, tpm=tpm))
    )
    assert by_requests >= max(free, (requests - 1) * 60 / rpm + 1 - 1e-6)
    assert by_tokens >= max(free, (requests - 1) * 500 * 60 / tpm + 1 - 1e-6)


def test_chains_are_no_faster_than_there_are_chains() -> None:
    one, many = (make_plan(setup_of(make_recipe("random", width)), share=1.0, latency=1.0) for width in (1, 16))
    assert one.seconds.low == pytest.approx(20)
    assert many.seconds.low == pytest.approx(2)


# Beside real runs


def known_author(new: int, size: int = 5) -> Any:
    """Answers with `new` new items of the seed example's length, and copies of the formatting example."""

    def answer(body: Body) -> str:
        example = formatting_example(body)
        assert example is not None
        key = json.dumps([body["messages"], body.get("seed")])
        items = []
        for index in range(new):
            mark = hashlib.sha256(f"{key}{index}".encode()).hexdigest()[:9]
            items.append(example | {"question": f"Is {mark}?"})
        return json.dumps({"examples": [*items, *[example] * (size - new)]})

    return answer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stated", [True, False])
def test_a_run_stays_within_its_plan(tmp_path: Path, kind: StrategyKind, *, stated: bool) -> None:
    recipe = recipe_with(write_recipe(tmp_path), **PRICES, **{"strategy.kind": kind, "target_size": 120})
    with OpenAIServer(known_author(4), latency=0.002) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache")
        plan = make_plan(setup, share=0.8 if stated else None)
        result = run(setup)
    assert result.exit_code == 0
    used = result.spent.in_all
    assert used.calls == server.requests
    assert plan.requests.low <= used.calls <= plan.requests.high
    assert plan.prompt_tokens.low <= used.prompt_tokens <= plan.prompt_tokens.high
    assert plan.completion_tokens.low <= used.completion_tokens <= plan.completion_tokens.high
    assert plan.usd is not None
    assert plan.usd.low <= used.usd <= plan.usd.high
    if stated:
        assert plan.requests == Range(
            30, 30 + min(ASKED_AHEAD, 7 if kind in ("random", "similar", "contrastive") else 10)
        )


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_measured_makes_the_plan_of_the_rest_narrow(tmp_path: Path, kind: StrategyKind) -> None:
    path = write_recipe(tmp_path)
    half, whole = (recipe_with(path, **PRICES, **{"strategy.kind": kind, "target_size": size}) for size in (200, 600))
    with OpenAIServer(known_author(4)) as server:
        folders = (server.base_url, tmp_path / "run", tmp_path / "cache")
        first = make_plan(setup_for(half, *folders))
        before = run(setup_for(half, *folders))
        done, rest = (make_plan(setup_for(recipe, *folders)) for recipe in (half, whole))
        after = run(setup_for(whole, *folders))
    assert done.requests == Range(0, 0)
    assert done.usd == Range(Decimal(0), Decimal(0))
    assert done.assumed is None
    assert rest.assumed is not None
    assert rest.assumed.share.source == "measured"
    assert rest.assumed.tokens.measured == rest.stored.responses >= 50
    sent = after.spent.now
    assert rest.requests.low <= sent.calls <= rest.requests.high
    assert rest.prompt_tokens.low <= sent.prompt_tokens <= rest.prompt_tokens.high
    assert rest.completion_tokens.low <= sent.completion_tokens <= rest.completion_tokens.high
    assert first.usd is not None
    assert rest.usd is not None
    assert rest.usd.low <= sent.usd <= rest.usd.high
    assert rest.usd.high / rest.usd.low < first.usd.high / first.usd.low / 2
    assert rest.caps[0].spent == before.spent.in_all.usd


def test_an_emptied_cache_leaves_the_manifest_to_measure_by(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path), **PRICES)
    with OpenAIServer(known_author(3)) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache")
        ran = run(setup)
    with ResponseCache(setup.cache_dir) as cache:
        cache.clear()
    plan = make_plan(setup)
    assert plan.stored.responses == 0
    assert plan.assumed is not None
    assert plan.assumed.share.source == "measured"
    assert plan.assumed.share.responses == plan.assumed.tokens.measured == ran.tally.responses == 20
    assert plan.assumed.share.range.low < 0.6 < plan.assumed.share.range.high
    assert plan.prompt_tokens.low <= ran.spent.now.prompt_tokens <= plan.prompt_tokens.high


@pytest.mark.parametrize("text", ["", "[]", '{"identity": 3}', '{"identity": "IDENTITY", "counts": {"responses": -1}}'])
def test_a_manifest_that_says_nothing_of_this_run_is_passed_over(tmp_path: Path, text: str) -> None:
    setup = setup_of(make_recipe(), tmp_path)
    setup.output.mkdir()
    (setup.output / "manifest.json").write_text(text.replace("IDENTITY", setup.identity))
    assert past_of(setup) is None
    plan = make_plan(setup)
    assert plan.broken_manifest is not None
    assert plan.broken_manifest.startswith(f"{setup.output / 'manifest.json'}")
    assert "--overwrite" in plan.broken_manifest
    assert plan.assumed is not None
    assert plan.assumed.share.source == "assumed"


@pytest.mark.parametrize("key", ["tokens.prompt", "counts.accepted", "counts.responses"])
def test_a_manifest_with_a_count_that_no_run_reaches_is_passed_over(tmp_path: Path, key: str) -> None:
    recipe = recipe_with(write_recipe(tmp_path), **PRICES)
    with OpenAIServer(known_author(3)) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache")
        run(setup)
    path, (part, name) = setup.output / "manifest.json", key.split(".")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert past_of(setup) is not None
    manifest[part][name] = 10**4290
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert past_of(setup) is None
    make_plan(setup)


@pytest.mark.parametrize("begins", ["limits.", "--max-"])
@pytest.mark.parametrize(("cap", "limit"), [("usd", 0.03), ("tokens", 6000), ("calls", 17)])
def test_a_cap_is_reached_where_the_plan_says(tmp_path: Path, begins: str, cap: str, limit: float) -> None:
    """One of the recipe's own, and one of the command's."""
    own = {f"limits.{cap}": limit} if begins == "limits." else {}
    given: dict[str, Any] = {} if own else {cap: Decimal(str(limit)) if cap == "usd" else int(limit)}
    budget = Caps(**given)
    overrides: dict[str, Any] = {**PRICES, **own, "target_size": 400, "limits.concurrency": 4}
    recipe = recipe_with(write_recipe(tmp_path), **overrides)
    with OpenAIServer(known_author(4)) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache")
        plan = make_plan(setup, share=0.8, budget=budget)
        ran = asyncio.run(execute(setup, Silent(), budget=budget))
    assert ran.exit_code == 3
    (check,) = [check for check in plan.caps if check.name == f"{begins}{cap}"]
    assert check.limit == Decimal(str(limit))
    assert check.reached_at is not None
    assert check.reached_at.low <= ran.tally.accepted <= check.reached_at.high < 400


def test_a_cap_that_is_far_away_is_enough() -> None:
    plan = make_plan(setup_of(make_recipe()))
    (check,) = plan.caps
    assert (check.cap, check.by_default, check.reached_at) == ("usd", True, None)


def test_a_cap_in_dollars_without_a_price_is_said() -> None:
    limits = replace(make_recipe().limits, usd=1.0)
    plan = make_plan(setup_of(make_recipe(limits=limits), model="ollama/llama3.2"))
    assert plan.usd is None
    assert plan.usd_caps_without_price == ("limits.usd",)
    assert plan.caps == ()
    own = make_plan(setup_of(make_recipe(), model="ollama/llama3.2"), budget=Caps(usd=Decimal(1)))
    assert own.usd_caps_without_price == ("--max-usd",)


def test_too_low_a_yield_ends_barren() -> None:
    plan = make_plan(setup_of(make_recipe(barren=9)), share=0.02)
    assert plan.outcome == Range("barren", "barren")
    assert plan.requests.low == 9


def test_thinking_counts() -> None:
    plain, thinking = (
        make_plan(setup_of(make_recipe(), model=model)) for model in ("openai/gpt-4o", "openai/gpt-5-mini")
    )
    assert thinking.completion_tokens.low > plain.completion_tokens.low
    assert thinking.completion_tokens.high > plain.completion_tokens.high


def test_what_a_model_cannot_take_is_said() -> None:
    seed = {"options": ["yes", "no"], "answer": "yes", "question": "Is snow cold? " * 60_000}
    plan = make_plan(setup_of(make_recipe(seed_examples=(seed,), target_size=5)))
    assert plan.too_long.prompt is not None
    assert plan.too_long.prompt[0] > plan.too_long.prompt[1] == 128_000
    assert plan.too_long.reply is not None
    plain = make_plan(setup_of(make_recipe()))
    assert (plain.too_long.prompt, plain.too_long.reply) == (None, None)


def test_a_plan_makes_no_file(tmp_path: Path) -> None:
    setup = setup_of(make_recipe(), tmp_path)
    make_plan(setup)
    assert list(tmp_path.iterdir()) == []
    setup.cache_dir.mkdir()
    setup.output.mkdir()
    make_plan(setup)
    assert sorted(tmp_path.rglob("*")) == [setup.cache_dir, setup.output]


def test_nothing_is_sent(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path))
    with OpenAIServer(known_author(5)) as server:
        make_plan(setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache"))
        assert (server.requests, server.strays) == (0, [])


def test_a_plan_is_the_same_inside_an_event_loop(tmp_path: Path) -> None:
    """It is plain code: it may be called from anywhere, and gives the same each time."""

    async def inside() -> Plan:
        return make_plan(setup_of(make_recipe(), tmp_path))

    assert asyncio.run(inside()) == make_plan(setup_of(make_recipe(), tmp_path))


# What `vary` brings

TOPICS = tuple(f"topic {number}" for number in range(44))


@pytest.mark.parametrize(("target", "batch_size"), [(400, 5), (400, 20), (100, 5), (2000, 5)])
def test_a_tree_reaches_about_as_many_topics_as_are_expected(target: int, batch_size: int) -> None:
    recipe = make_recipe("tree", 8, target_size=target, batch_size=batch_size, vary={"topic": TOPICS})
    reached = []
    for random_seed in range(20 if target < 1000 else 3):
        rows = rows_of(replace(recipe, random_seed=random_seed))
        reached.append(len({row.vary["topic"] for row in rows}))
        requests = len({row.request for row in rows})
    (reach,) = reach_of(recipe, requests)
    assert abs(reach.reached - sum(reached) / len(reached)) < 2
    assert reach.few == (reach.reached < 40)


@pytest.mark.parametrize("kind", ["fixed", "random"])
def test_by_place_as_many_values_are_reached_as_there_are_requests(kind: StrategyKind) -> None:
    recipe = make_recipe(kind, 8, vary={"topic": TOPICS, "tone": ("calm", "angry")})
    assert [(reach.reached, reach.few, reach.in_turn) for reach in reach_of(recipe, 20)] == [
        (20, True, True),
        (2, False, True),
    ]
    assert [reach.reached for reach in reach_of(recipe, 1000)] == [44, 2]


def test_what_would_reach_more_depends_on_what_is_missing() -> None:
    """More requests, or requests that get the values in turn."""
    recipe = make_recipe("tree", 8, vary={"topic": TOPICS})
    assert [reach_of(recipe, requests)[0].in_turn for requests in (5, 8, 9, 80)] == [True, True, False, False]
    weighted = replace(recipe, vary_weights={"topic": (9, *[1] * 43)})
    assert reach_of(weighted, 80)[0].reached < reach_of(recipe, 80)[0].reached


@pytest.mark.parametrize("requests", [1, 6, 7, 24, 25, 48, 60])
@pytest.mark.parametrize("vary", [{}, {"topic": ("a", "b", "c")}, {"a": tuple("wxyz"), "b": tuple("xyz")}], ids=len)
@pytest.mark.parametrize("model", ["openai/author", "local/smollm2-135m"])
def test_how_often_one_text_is_sent(requests: int, vary: Any, model: str) -> None:
    recipe = make_recipe("fixed", target_size=requests * 5, vary=vary, instruction="{{ batch_size }} {{ vary }}")
    model_of = settle_model(recipe, model, None)
    generation = Generation(recipe, model_of)
    texts = Counter(
        wanted.request.content.canonical
        for wanted in itertools.islice(generation.wanted(requests), requests)
        if isinstance(wanted.request, Complete)
    )
    assert sum(texts.values()) == requests
    assert asked_alike(recipe, model_of, requests) == max(texts.values())
    assert asked_alike(make_recipe("random"), model_of, requests) == 1
    numbered = replace(recipe, instruction="{{ batch_size }} {{ vary }} {{ draw }}")
    assert asked_alike(numbered, model_of, requests) == (1 if model.startswith("openai/") else max(texts.values()))
