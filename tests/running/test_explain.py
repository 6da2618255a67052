"""Why a request misses is told by the part of its key that differs."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from datarecipe.exchange import Complete, Request, Response
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.running.drive.explain import Explanation, explain
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from tests.cli.command import datarecipe
from tests.generate.recipes import scripted
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, recipe_with, write_recipe


def setup_of(folder: Path, model: str = "openai/author", api_base: str | None = None, **changes: Any) -> ResolvedRun:
    path = folder / "recipes" / "facts.yaml"
    recipe = recipe_with(path if path.exists() else write_recipe(folder), **changes)
    return resolve_run(
        recipe, Options(model=model, api_base=api_base, cache_dir=folder / "cache", environ={}), sends=False
    )


def fill(setup: ResolvedRun, responses: int) -> None:
    """Store the first responses of a run."""

    def answer(request: Request) -> Response:
        assert isinstance(request, Complete)
        return cache.put(request, scripted(request))

    with ResponseCache(setup.cache_dir) as cache:
        for _ in itertools.islice(replay(Generation(setup.recipe, setup.model), answer), responses):
            pass


def explained(setup: ResolvedRun) -> Explanation:
    with ResponseCache(setup.cache_dir) as cache:
        return explain(setup, cache)


@pytest.mark.parametrize("kind", ["fixed", "random", "similar", "tree"])
def test_how_far_a_run_would_get(tmp_path: Path, kind: str) -> None:
    setup = setup_of(tmp_path, **{"strategy.kind": kind})
    fill(setup, 5)
    found = explained(setup)
    assert (found.found, found.stored) == (5, 5)
    assert isinstance(found.missing, Complete)
    fill(setup, 1000)
    complete = explained(setup)
    assert (complete.missing, complete.accepted, complete.differences) == (None, 60, ())


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"sampling.temperature": 0.5}, {"sampling.temperature": ("0.5", "1")}),
        ({"sampling.top_p": 0.9}, {"sampling.top_p": ("0.9", "not sent")}),
        ({"random_seed": 7}, {"random_seed": ("7", "0")}),
        ({"model": "openai/other"}, {"model": ("openai/other", "openai/author")}),
        ({"api_base": "http://localhost:9/v1"}, {"api_base": ("http://localhost:9/v1", "None")}),
        ({"response_format": "json_object"}, {"response_format": ("{'type': 'json_object'}", "None")}),
    ],
    ids=["changed", "added", "draw", "model", "host", "format"],
)
def test_the_part_that_differs_is_named(
    tmp_path: Path, changes: dict[str, Any], parts: dict[str, tuple[str, str]]
) -> None:
    fill(setup_of(tmp_path), 3)
    found = explained(setup_of(tmp_path, **changes))
    assert found.found == 0
    assert {d.part: (d.wanted, d.stored) for d in found.differences} == parts


def test_texts_are_shown_around_their_first_difference(tmp_path: Path) -> None:
    fill(setup_of(tmp_path), 3)
    found = explained(
        setup_of(tmp_path, description="x", instruction="Write {{ batch_size }} new, examples. " + "y" * 90)
    )
    (difference,) = found.differences
    assert difference.part == "system message"
    assert difference.wanted.startswith("Write 5 new, examples. yyy")
    assert difference.wanted.endswith("...")
    assert difference.stored.startswith("Write 5 new examples about")


def test_damaged_rows_and_an_empty_cache(tmp_path: Path) -> None:
    setup = setup_of(tmp_path)
    assert explained(setup).differences == ()
    fill(setup, 2)
    with ResponseCache(setup.cache_dir) as cache:
        cache._cache.set("complete:broken", "nonsense")
        assert len(list(cache.requests())) == 2
        assert explain(setup, cache).stored == 2


def test_the_command_and_the_removal_of_one_response(tmp_path: Path) -> None:
    write_recipe(tmp_path)
    setup = resolve_run(recipe_with(tmp_path / "recipes" / "facts.yaml"), Options(model="openai/author", environ={}))
    arguments = ("cache", "explain", "recipes/facts.yaml", "--model", "openai/author")
    ran = datarecipe(*arguments, cwd=tmp_path)
    assert (ran.code, "nothing is stored in" in ran.err) == (2, True)
    fill(setup, 2)
    ran = datarecipe(*arguments, "--set", "sampling.temperature=0", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        "facts: 0 of 60 examples from 0 stored responses; the next request is not stored",
        "the nearest of 2 stored requests differs in:",
        "  sampling.temperature  wanted: '0'",
        "                        stored: '1'",
    ]
    key = next(Generation(setup.recipe, setup.model).wanted(1)).request.key
    assert datarecipe("cache", "forget", key, cwd=tmp_path).code == 0
    assert datarecipe("cache", "forget", key, cwd=tmp_path).code == 2
    assert "from 0 stored" in datarecipe(*arguments, cwd=tmp_path).out


def test_it_says_whose_responses_these_are(tmp_path: Path) -> None:
    """As far as the same run came; or as far as another one, whose folder this would be, asked the same."""
    write_recipe(tmp_path, RECIPE.replace("strategy: fixed", "strategy: {kind: tree, roots: 4}"))
    env = {"OPENAI_API_KEY": "sk-test"}
    with OpenAIServer(Author(variety=3000)) as server:
        recipe = ("recipes/facts.yaml", "--model", "openai/author", "--api-base", server.base_url)
        assert datarecipe("run", *recipe, "--cache-dir", "stored", "--quiet", cwd=tmp_path, env=env).code == 0
        explain_it = ("cache", "explain", *recipe, "--cache-dir", "stored", "--target-size", "900")
        same = datarecipe(*explain_it, cwd=tmp_path, env=env)
        other = datarecipe(*explain_it, "--set", "strategy.roots=8", cwd=tmp_path, env=env)
    assert same.code == other.code == 0, same.err + other.err
    assert "earlier runs stopped here" in same.out
    assert "earlier runs stopped here" not in other.out
    assert "runs/facts holds the dataset of another run: `strategy` is different" in other.out
