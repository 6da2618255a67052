"""The Python API."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import datarecipe
from datarecipe import errors
from tests.openai_author import Author
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer
from tests.running.test_kill import _stored as stored_in
from tests.running.test_kill import assert_nothing_stored_was_asked
from tests.runs import write_recipe


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def test_five_lines(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=2000)) as server:
        recipe = datarecipe.load_recipe(write_recipe(tmp_path), target_size=30, strategy={"kind": "tree", "roots": 2})
        dataset = datarecipe.run(recipe, model="openai/author", api_base=server.base_url)
    assert len(dataset) == len(list(dataset)) == len(dataset.lineage) == 30
    assert dataset.complete
    assert dataset.path == tmp_path / "runs" / "facts"
    assert set(dataset[0]) == {"options", "answer", "question"}
    assert dataset[-3:] == list(dataset)[-3:]
    assert {origin.depth for origin in dataset.lineage} >= {1, 2}
    assert all(item.reason for item in dataset.rejected)
    assert dataset.manifest["counts"]["accepted"] == 30
    assert "30 examples" in repr(dataset)


def test_arun_inside_a_running_loop_and_run_says_so(tmp_path: Path) -> None:
    async def main() -> int:
        with pytest.raises(errors.UsageError, match="arun"):
            datarecipe.run(path, model="openai/author", api_base=server.base_url)
        dataset = await datarecipe.arun(
            path, model="openai/author", api_base=server.base_url, output=str(tmp_path / "o")
        )
        return len(dataset)

    path = write_recipe(tmp_path)
    with OpenAIServer(Author()) as server:
        assert asyncio.run(main()) == 60


def test_two_runs_at_once_share_a_cache(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)

    async def main() -> list[datarecipe.Dataset]:
        runs = (
            datarecipe.arun(path, model="openai/author", api_base=server.base_url, output=tmp_path / name)
            for name in ("a", "b")
        )
        return await asyncio.gather(*runs)

    with OpenAIServer(Author(), latency=(0.0, 0.02)) as server:
        first, second = asyncio.run(main())
    assert list(first) == list(second)


def test_a_task_that_is_cancelled_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)

    async def main() -> None:
        task = asyncio.create_task(datarecipe.arun(path, model="openai/author", api_base=server.base_url))
        while server.answered < 4:  # noqa: ASYNC110 - the server runs in another thread
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with OpenAIServer(Author(), latency=(0.0, 0.4)) as server:
        asyncio.run(main())
        before, stored = server.requests, stored_in(tmp_path / ".datarecipe" / "cache")
        assert len(stored) >= 1
        dataset = datarecipe.run(path, model="openai/author", api_base=server.base_url)
        assert dataset.complete
        assert_nothing_stored_was_asked(server, before, stored)
        assert dataset.manifest["cost"]["all_runs"]["calls"] >= server.requests, "what was broken off counts"


def test_a_thread_that_is_not_the_main_one_may_run_it(tmp_path: Path) -> None:
    """Signals are none of its business."""
    path = write_recipe(tmp_path)
    with OpenAIServer(Author()) as server, ThreadPoolExecutor(1) as pool:
        done = pool.submit(datarecipe.run, path, model="openai/author", api_base=server.base_url)
        assert done.result().complete


def test_a_short_run_returns_what_there_is_and_a_hopeless_one_raises(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(lambda body: "I will not.") as server:
        recipe = datarecipe.load_recipe(path, limits={"barren": 3})
        dataset = datarecipe.run(recipe, model="openai/author", api_base=server.base_url)
        assert (len(dataset), dataset.complete) == (0, False)
        assert [item.reason for item in dataset.rejected] == ["no_items"] * 3
        server.faults = always(Fault("bad_key"))
        with pytest.raises(errors.ProviderError, match=re.escape("key")):
            datarecipe.run(path, model="openai/author", api_base=server.base_url, output=tmp_path / "x")


def test_mistakes_are_errors_of_the_public_tree(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with pytest.raises(errors.RecipeError) as caught:
        datarecipe.load_recipe(path, target_size=0, batch_sise=3)
    assert len(caught.value.problems) == 2
    with pytest.raises(errors.UsageError, match="modell"):
        datarecipe.run(path, modell="x")
    with pytest.raises(errors.RecipeNotFoundError):
        datarecipe.load_recipe("no-such-recipe")
    with pytest.raises(errors.UsageError):
        datarecipe.Dataset(tmp_path)


def test_everything_public_is_there() -> None:
    for name in datarecipe.__all__:
        assert getattr(datarecipe, name) is not None
    assert set(datarecipe.__all__) <= set(dir(datarecipe))
    with pytest.raises(AttributeError):
        datarecipe.nothing  # noqa: B018


def test_run_takes_a_name_and_keys_of_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_recipe(tmp_path)
    monkeypatch.chdir(tmp_path)
    with OpenAIServer(Author(variety=2000)) as server:
        flags: dict[str, Any] = {"model": "openai/author", "api_base": server.base_url}
        by_name = datarecipe.run("facts", target_size=10, limits={"concurrency": 2}, **flags)
        loaded = datarecipe.load_recipe("facts", batch_size=4)
        changed = datarecipe.run(loaded, target_size=7, output="two", **flags)
    assert (len(by_name), by_name.manifest["recipe"]["limits"]["concurrency"]) == (10, 2)
    recipe = changed.manifest["recipe"]
    assert (len(changed), recipe["batch_size"], recipe["limits"]["concurrency"]) == (7, 4, 16)
    assert loaded.target_size == 60, "it is left as it was"


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"target_sise": 3}, errors.UsageError, "did you mean `target_size`?"),
        ({"ofline": True}, errors.UsageError, "did you mean `offline`?"),
        ({"nonsense": 1}, errors.UsageError, "`nonsense` is neither an option of run() nor a key of the recipe"),
        ({"target_size": 0}, errors.RecipeError, "target_size"),
        ({"data_roots": "no/such/folder"}, errors.UsageError, "data_roots: there is no folder"),
    ],
)
@pytest.mark.parametrize("as_object", [True, False])
def test_mistakes_in_what_run_is_given(
    tmp_path: Path, values: dict[str, Any], error: type[Exception], words: str, *, as_object: bool
) -> None:
    path = write_recipe(tmp_path)
    recipe = datarecipe.load_recipe(path) if as_object else path
    with pytest.raises(error, match=re.escape(words)):
        datarecipe.run(recipe, offline=True, **values)
