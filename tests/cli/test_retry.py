"""What was answered with nothing is asked again when the user says so, and stays answered otherwise."""

from __future__ import annotations

import asyncio
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from datarecipe.cli.commands.retry_command import _recipe_of
from datarecipe.generate.reasons import OF_RESPONSES
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.running.drive.dispatch import PAUSE_AFTER
from datarecipe.running.drive.execute import execute
from datarecipe.running.drive.retry import held_nothing
from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author, Body, Reply
from tests.openai_server import OpenAIServer
from tests.runs import DATA_FILES, RECIPE, Silent, recipe_with, run, setup_for, write_recipe

KEY = {"OPENAI_API_KEY": "sk-test"}
NOTHING = {
    "empty": Reply(""),
    "prose": Reply("I have no idea what to write."),
    "empty list": Reply('{"examples": []}'),
    "refusal": Reply("", refusal="I can't help with that."),
    "cut off": Reply('{"examples": [{"answer": "ye', finish_reason="length"),
    "filtered": Reply("", finish_reason="content_filter"),
    "thought": Reply("", reasoning="Let me think about it."),
}


def command(folder: Path, server: OpenAIServer, verb: str, *arguments: str) -> Ran:
    flags = ("--model", "openai/author", "--api-base", server.base_url)
    return datarecipe(verb, "recipes/facts.yaml", *flags, *arguments, cwd=folder, env=KEY)


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "runs" / "facts" / name).read_bytes() for name in DATA_FILES}


def now_and_then(reply: Reply, every: int = 3) -> Any:
    """An author that answers every third request with nothing, by what is asked and not by when."""
    author = Author(variety=20_000)

    def answer(body: Body) -> Reply:
        return reply if body["seed"] % every == 0 else author(body)

    return answer


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_recipe(tmp_path, RECIPE + "limits: {barren: 4, concurrency: 1}\n")
    return tmp_path


@pytest.mark.parametrize("name", NOTHING)
def test_a_server_that_was_mended_is_asked_again(project: Path, name: str) -> None:
    with OpenAIServer(lambda _: NOTHING[name]) as server:
        assert command(project, server, "run").code == 3
        assert server.requests == 4
        again = command(project, server, "run")
        assert again.code == 3
        assert server.requests == 4, "a rerun costs nothing"
        assert "Nothing was sent: all 4 responses came from the cache." in again.err
        words = shlex.split(again.err.partition("without valid items: datarecipe ")[2])
        assert words[0] == "retry"
    with OpenAIServer(Author(variety=20_000)) as mended:
        words[words.index("--api-base") + 1] = mended.base_url
        assert command(project, mended, "run", "--output", "elsewhere").code == 0  # another address, another key
    with OpenAIServer(Author(variety=20_000), at_port=server.port) as mended:
        done = datarecipe(
            *shlex.split(again.err.partition("without valid items: datarecipe ")[2]), cwd=project, env=KEY
        )
        assert done.code == 0, done.err
        assert "retrying 4 stored responses without valid items" in done.err
        manifest = json.loads((project / "runs" / "facts" / "manifest.json").read_text())
        assert manifest["this_run"]["asked_again"] == 4
        assert "; 4 responses retried before)" in done.err
        assert manifest["counts"]["uncommitted_responses"] == 0, "what is retried counts once"
        asked, bytes_ = mended.requests, files_of(project)
        assert command(project, mended, "run").code == 0
        assert (mended.requests, files_of(project)) == (asked, bytes_), "the new answers stand for the old ones"


@pytest.mark.parametrize("strategy", ["fixed", "random", "similar", "contrastive", "tree"])
def test_the_bytes_are_those_of_the_new_answers_whatever_the_concurrency(tmp_path: Path, strategy: str) -> None:
    made: list[dict[str, bytes]] = []
    port = 0
    for concurrency in (1, 32):
        folder = tmp_path / str(concurrency)
        path = write_recipe(folder, RECIPE.replace("strategy: fixed", f"strategy: {strategy}"))
        with OpenAIServer(now_and_then(Reply("")), at_port=port) as server:
            port = server.port

            def once(target_size: int, **options: Any) -> bytes:
                recipe = recipe_with(path, target_size=target_size, **{"limits.concurrency": concurrency})  # noqa: B023
                setup = setup_for(recipe, server.base_url, None, folder / "cache", **options)  # noqa: B023
                assert run(setup).exit_code == 0
                return files_of(folder)["data.jsonl"]  # noqa: B023

            before = once(60)
            assert b'"reason": "no_items"' in files_of(folder)["rejected.jsonl"]
            for _ in range(2):
                small = once(60, retry=frozenset(OF_RESPONSES))
            asked = server.requests
            assert once(60, offline=True) == small
            assert server.requests == asked
            # What stands before the first place that was asked again stays, also under a higher target.
            assert once(90).startswith(small)
            assert before != small
        made.append(files_of(folder))
    assert made[0] == made[1]


def test_what_holds_something_valid_is_never_asked_again(project: Path) -> None:
    half = Reply('{"examples": [{"answer": "yes", "question": "Is it one?"}, {"answer": "no", "question": "Is')
    with OpenAIServer(lambda body: half) as server:
        command(project, server, "run")
        asked = server.requests
        ran = command(project, server, "retry", "--reason", "malformed,truncated,empty")
        assert server.requests == asked
        assert "nothing to retry" in ran.err


@pytest.mark.parametrize(("reason", "again"), [("refusal", True), ("empty", False), ("truncated,refusal", True)])
def test_only_what_is_named_is_asked_again(project: Path, reason: str, again: bool) -> None:
    with OpenAIServer(lambda _: NOTHING["refusal"]) as server:
        command(project, server, "run")
        asked = server.requests
        command(project, server, "retry", "--reason", reason)
        assert (server.requests > asked) == again


def test_each_command_asks_once_and_with_another_draw(project: Path) -> None:
    with OpenAIServer(lambda _: NOTHING["empty"]) as server:
        command(project, server, "run")
        for times in (2, 3):
            assert command(project, server, "retry").code == 3
            assert server.requests == 4 * times
        assert len({seen.body["seed"] for seen in server.seen}) == 12


def test_a_retry_that_fails_changes_nothing(project: Path) -> None:
    with OpenAIServer(now_and_then(Reply(""), 2)) as server:
        assert command(project, server, "run", "--target-size", "40").code == 0
        before = files_of(project)
    refused = command(project, server, "retry", "--target-size", "40")  # the server is gone
    assert refused.code == 3
    assert files_of(project) == before


def test_a_run_s_folder_says_what_is_to_be_asked_again(project: Path) -> None:
    with OpenAIServer(now_and_then(Reply(""), 2)) as server:
        assert command(project, server, "run", "--target-size", "40").code == 0
        asked = server.requests
        refused = datarecipe("retry", "runs/facts", cwd=project, env=KEY)
        assert refused.code != 0
        assert "--trust" in refused.err, "its server may be a stranger's"
        assert server.requests == asked
        done = datarecipe("retry", "runs/facts", "--trust", cwd=project, env=KEY)
        assert done.code == 0, done.err
        assert server.requests > asked


@pytest.mark.parametrize("how", ["project", "flag", "environment"])
def test_a_run_s_folder_is_asked_for_out_of_the_cache_of_its_run(project: Path, how: str) -> None:
    folder = str(project / "shared cache")
    flags = ["--cache-dir", folder] if how == "flag" else []
    env = KEY | ({"DATARECIPE_CACHE": folder} if how == "environment" else {})
    with OpenAIServer(now_and_then(Reply(""), 2)) as server:
        ran = ("run", "recipes/facts.yaml", "--model", "openai/author", "--api-base", server.base_url)
        assert datarecipe(*ran, "--target-size", "40", *flags, cwd=project, env=env).code == 0
        empty = files_of(project)["rejected.jsonl"].count(b'"reason": "no_items"')
        asked = server.requests
        done = datarecipe("retry", "runs/facts", "--trust", *flags, cwd=project, env=env)
        assert done.code == 0, done.err
        again = json.loads((project / "runs" / "facts" / "manifest.json").read_text())["this_run"]
        assert again["asked_again"] == empty
        assert server.requests == asked + again["sent"]
        assert again["sent"] == empty, "what else was answered is not paid twice"


@pytest.mark.parametrize("was_run", [True, False])
def test_where_nothing_of_the_run_is_stored_nothing_is_asked(project: Path, was_run: bool) -> None:
    with OpenAIServer(now_and_then(Reply(""), 2)) as server:
        if was_run:
            command(project, server, "run")
        asked = server.requests
        refused = command(project, server, "retry", "--cache-dir", "another")
        assert (refused.code, server.requests) == (2, asked)
        assert "nothing of this run is stored" in refused.err
        assert not (project / "another").exists()
        assert (project / "runs").exists() == was_run


def test_recipes_with_the_same_requests_share_the_new_answers(project: Path) -> None:
    recipe = (project / "recipes" / "facts.yaml").read_text()
    (project / "recipes" / "others.yaml").write_text(recipe.replace("name: facts", "name: others"))
    with OpenAIServer(now_and_then(Reply(""), 2)) as server:
        assert command(project, server, "run", "recipes/others.yaml", "--target-size", "40").code == 0
        empty = files_of(project)["rejected.jsonl"].count(b'"reason": "no_items"')
        asked = server.requests
        assert command(project, server, "retry", "recipes/others.yaml", "--target-size", "40").code == 0
        assert server.requests == asked + empty
        before = files_of(project)
        assert command(project, server, "run", "recipes/others.yaml", "--target-size", "40", "--offline").code == 0
        assert files_of(project) == before


async def test_other_runs_go_on_while_a_large_one_is_looked_through(project: Path) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    recipe = recipe_with(project / "recipes" / "facts.yaml", target_size=400)
    with OpenAIServer(Author(variety=20_000)) as server:
        setup = setup_for(recipe, server.base_url, project / "out", project / "cache")
        assert (await execute(setup, Silent())).traffic.answered > PAUSE_AFTER
    task = asyncio.create_task(others())
    with ResponseCache(setup.cache_dir) as cache:
        await held_nothing(setup, cache, {"no_items"})
    task.cancel()
    assert turns


@pytest.mark.parametrize(
    "arguments", [("--reason", "duplicate"), ("--reason", "nonsense"), ("--reason", ""), ("--offline",)]
)
def test_what_cannot_be_meant_is_refused(project: Path, arguments: tuple[str, ...]) -> None:
    ran = datarecipe("retry", "recipes/facts.yaml", *arguments, cwd=project, env=KEY)
    assert ran.code == 2
    assert not (project / "runs").exists()


def test_the_recipe_of_a_folder_raises_no_cap(tmp_path: Path) -> None:
    """A vendored recipe's own may be far above what its run was allowed, and the manifest holds the recipe."""
    more = "prices: {input_per_million: 1, output_per_million: 1}\nlimits: {usd: 5000}\n"
    path = write_recipe(tmp_path / "recipes" / "vendor" / "acme", RECIPE + more)
    with OpenAIServer(Author(variety=20_000)) as server:
        allowed = setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache", trust=False)
        run(allowed)
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["recipe"]["limits"]["usd"] == 5000
    assert _recipe_of(tmp_path / "out")["limits"]["usd"] == allowed.caps.usd == 5
