"""A filter and a strategy that a stranger adds, each one module and one row: all that a run has holds with them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datarecipe.generate.events import Committed
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import LoadedRecipe, Recipe
from datarecipe.running.drive.explain import explain
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.resolve.resolved_run import ResolvedRun
from tests.generate.recipes import loaded, make_recipe
from tests.generate.toy_filter import install_near
from tests.generate.toy_strategy import KIND, install_first
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import DATA_FILES, run, setup_for
from tests.simulation import trial
from tests.simulation.life import Place
from tests.simulation.plan import draw

Change = Callable[[Recipe], Recipe]


def _near(recipe: Recipe) -> Recipe:
    return replace(recipe, vars={"near": True})


def _first(recipe: Recipe) -> Recipe:
    return replace(recipe, strategy=replace(recipe.strategy, kind=KIND))


@pytest.fixture(params=[_near, _first], ids=["filter", "strategy"])
def change(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Makes a recipe one that uses what is added."""
    install_near(monkeypatch)
    install_first(monkeypatch)
    asked: Change = request.param
    return asked


def _files(setup: ResolvedRun) -> dict[str, bytes]:
    result = run(setup)
    assert result.error is None
    assert result.end == "target"
    return {name: (setup.output / name).read_bytes() for name in DATA_FILES}


@pytest.fixture
def recipe(change: Change) -> LoadedRecipe:
    """A recipe that uses it."""
    return loaded(change(make_recipe(target_size=80)))


def test_concurrency_makes_no_difference(tmp_path: Path, recipe: LoadedRecipe, change: Change) -> None:
    files: list[dict[str, bytes]] = []
    with OpenAIServer(Author()) as server:
        for concurrency in (1, 16):
            limits = replace(recipe.limits, concurrency=concurrency)
            own = tmp_path / str(concurrency)
            files.append(_files(setup_for(replace(recipe, limits=limits), server.base_url, own / "run", own / "cache")))
    assert files[0] == files[1]
    assert (b"near to an accepted example" in files[0]["rejected.jsonl"]) == (change is _near)


def test_plan_and_cache_explain_hold(tmp_path: Path, recipe: LoadedRecipe, change: Change) -> None:
    with OpenAIServer(Author(), latency=0.002) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "run", tmp_path / "cache")
        plan = make_plan(setup)
        assert plan.outcome.low == plan.outcome.high == "target"
        result = run(setup)
        share = 80 / (5 * result.tally.responses)
        elsewhere = setup_for(recipe, server.base_url, tmp_path / "other", tmp_path / "none")
        measured = make_plan(elsewhere, share=share)
        assert measured.requests.low <= result.tally.responses <= measured.requests.high
        half = make_plan(replace(setup, recipe=replace(recipe, target_size=160)))
        assert half.stored.responses >= result.tally.responses, "and what was asked ahead"
        assert half.stored.examples >= 80
        assert half.outcome.low == "target"
    with ResponseCache(setup.cache_dir) as cache:
        found = explain(setup, cache)
        assert (found.missing, found.accepted, found.found) == (None, 80, result.tally.responses)
        steps = list(replay(Generation(setup.recipe, setup.model), cache.get))
        committed = [event.asked.key for step in steps for event in step.events if isinstance(event, Committed)]
        assert committed == [step.request.key for step in steps], "what the dataset comes from can be listed"
    plain = setup_for(loaded(make_recipe(target_size=80)), server.base_url, tmp_path / "run", tmp_path / "cache")
    assert setup.identity != plain.identity
    assert ("filters" in setup.identity_parts) == (change is _near)


@pytest.mark.parametrize("seed", range(7_000_000, 7_000_012))
def test_every_promise_is_kept_in_simulated_lives(seed: int, change: Change) -> None:
    plan = draw(seed)
    with tempfile.TemporaryDirectory() as root:
        outcome = trial.Trial(replace(plan, recipe=change(plan.recipe)), Place(Path(root))).run()
    assert not outcome.violations


def test_a_filter_of_another_version_is_another_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    identities = set()
    for version in (1, 2):
        install_near(monkeypatch, version)
        recipe: Any = loaded(_near(make_recipe()))
        identities.add(setup_for(recipe, None, tmp_path / "run", tmp_path / "cache").identity)
    assert len(identities) == 2
