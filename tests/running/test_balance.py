"""`filters.balance` in whole runs: the shares reached, what is asked and planned, and a label that never comes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.report.read.ancestry import Ancestry
from datarecipe.report.read.run_data import Bounds, read_run
from datarecipe.report.read.shown_prompts import prompts_of
from datarecipe.running.drive.explain import explain
from datarecipe.running.drive.preview import first_request
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.resolve.resolved_run import ResolvedRun
from datarecipe.running.show.summary import closing
from tests.cli.command import datarecipe
from tests.openai_author import Author, Body, Reply
from tests.openai_server import OpenAIServer, lognormal
from tests.runs import RECIPE, Files, recipe_with, run, setup_for, write_recipe

KINDS = ("fixed", "random", "similar", "contrastive", "tree")
NINE_OF_TEN = Author(variety=50_000, labels=("yes",) * 9 + ("no",))
PATIENT: dict[str, Any] = {"limits.barren": 500}
BALANCED = RECIPE + "filters: {balance: true}\n"


def resolved(
    folder: Path, server: OpenAIServer, text: str = BALANCED, output: str = "run", **flags: Any
) -> ResolvedRun:
    path = write_recipe(folder / "project", text)
    recipe = recipe_with(path, **{"target_size": 60} | flags)
    return setup_for(recipe, server.base_url, folder / output, folder / f"cache-of-{output}")


def labels(folder: Path) -> list[str]:
    return [json.loads(line)["answer"] for line in (folder / "data.jsonl").read_text(encoding="utf-8").splitlines()]


def wanted_by(body: Body) -> list[str]:
    return re.findall(r'"(yes|no)"', body["messages"][0]["content"].rpartition("must be")[2])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_at_each_concurrency_and_a_prefix_at_each_target(tmp_path: Path, kind: str) -> None:
    with OpenAIServer(NINE_OF_TEN, latency=lognormal(0.005, 1.0)) as server:
        flags: dict[str, Any] = {"strategy.kind": kind, **PATIENT}
        one = resolved(tmp_path, server, output="one", **flags | {"limits.concurrency": 1})
        many = resolved(tmp_path, server, output="many", **flags | {"limits.concurrency": 64})
        assert run(one).exit_code == run(many).exit_code == 0
        assert Files.of(one.output) == Files.of(many.output)
        # Of each window of twenty, ten; and one more may be ahead.
        for end in (20, 40, 60):
            assert abs(Counter(labels(one.output)[:end])["yes"] - end // 2) <= 1
        more = resolved(tmp_path, server, output="many", **{**flags, "target_size": 85})
        before = (more.output / "data.jsonl").read_bytes()
        assert run(more).exit_code == 0
        assert (more.output / "data.jsonl").read_bytes().startswith(before)
        again = server.requests
        assert run(more).exit_code == 0
        assert server.requests == again


def test_a_run_tells_the_shares_that_it_reached(tmp_path: Path) -> None:
    with OpenAIServer(NINE_OF_TEN) as server:
        text = RECIPE + "filters: {balance: {shares: {yes: 0.3, no: 0.7}, tolerance: 0}}\nlimits: {barren: 200}\n"
        setup = resolved(tmp_path, server, text)
        result = run(setup)
    assert Counter(labels(setup.output)) == {"yes": 18, "no": 42}
    assert "shares of `answer`: yes 30 % (wanted 30 %), no 70 % (wanted 70 %)" in closing(result)
    manifest = json.loads((setup.output / "manifest.json").read_text())
    by_value = [{"value": "yes", "weight": 3, "examples": 18}, {"value": "no", "weight": 7, "examples": 42}]
    assert manifest["balance"] == {"field": "answer", "by_value": by_value, "others": 0}
    assert manifest["formats"]["filters"] == {"balance": 1}
    assert manifest["counts"]["rejected"]["unbalanced"] == result.tally.rejected["unbalanced"] > 60
    card = (setup.output / "README.md").read_text()
    assert "## Shares of answer" in card
    assert "| no | 70.0% | 70.0% | 42 |" in card


def test_requests_ask_for_labels_by_place_and_an_author_that_listens_loses_nothing(tmp_path: Path) -> None:
    def listens(body: Body) -> Reply:
        texts = json.loads(Author.tidy(variety=50_000)(body).text or "")["examples"]
        return Reply(
            json.dumps({"examples": [{**e, "answer": a} for e, a in zip(texts, wanted_by(body), strict=True)]})
        )

    with OpenAIServer(listens) as server:
        setup = resolved(tmp_path, server)
        result = run(setup)
        asked = [wanted_by(seen.body) for seen in server.seen]
    assert not result.tally.rejected["unbalanced"]
    assert Counter(labels(setup.output)) == {"yes": 30, "no": 30}
    assert {len(each) for each in asked} == {5}
    assert {each[0] for each in asked} == {"yes", "no"}


def test_a_label_that_never_comes_ends_the_run_and_is_named(tmp_path: Path) -> None:
    with OpenAIServer(Author.tidy(variety=50_000, labels=("yes",))) as server:
        path = write_recipe(tmp_path / "project", BALANCED)
        options = ("--model", "openai/author", "--api-base", server.base_url)
        ran = datarecipe(
            "run", str(path), *options, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}, home=tmp_path / "home"
        )
    assert ran.code == 3
    missing = (
        'the last 50 responses brought nothing new: `filters.balance` has room only for examples whose `answer` is "no"'
    )
    assert missing in ran.out + ran.err
    assert "11 of 60 examples accepted" in ran.out + ran.err
    (folder,) = (
        (tmp_path / "project" / "runs").iterdir()
        if (tmp_path / "project" / "runs").is_dir()
        else (tmp_path / "runs").iterdir()
    )
    assert json.loads((folder / "manifest.json").read_text())["error"] == missing


def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    with OpenAIServer(NINE_OF_TEN, latency=0.02) as server:
        flags: dict[str, Any] = {"strategy.kind": "tree", **PATIENT}
        whole = resolved(tmp_path, server, output="whole", **flags)
        assert run(whole).exit_code == 0
        recipe = write_recipe(tmp_path / "project", BALANCED.replace("strategy: fixed", "strategy: tree"))
        command = [sys.executable, "-m", "datarecipe", "run", str(recipe), "--model", "openai/author", "--api-base"]
        command += [server.base_url, "--output", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
        command += ["--set", "limits.barren=500", "--quiet"]
        environ = {**os.environ, "OPENAI_API_KEY": "sk-test", "HOME": str(tmp_path / "home")}
        for sent in (3, 20, 45):
            before, process = server.requests, subprocess.Popen(command, env=environ, cwd=tmp_path)
            while server.requests < before + sent and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
        subprocess.run(command, env=environ, cwd=tmp_path, check=True)
    assert Files.of(tmp_path / "out") == Files.of(whole.output)


def test_a_plan_expects_more_requests_and_holds(tmp_path: Path) -> None:
    with OpenAIServer(Author.tidy(variety=50_000, labels=("yes",) * 7 + ("no",) * 3)) as server:
        plain = make_plan(resolved(tmp_path, server, RECIPE))
        setup = resolved(tmp_path, server)
        plan = make_plan(setup)
        assert plan.assumed is not None
        assert (plan.assumed.share.range.low, plan.assumed.share.range.high) == (0.36, 0.95)
        assert plan.requests.high > plain.requests.high
        assert plan.requests.low == plain.requests.low
        result = run(setup)
        assert plan.requests.low <= result.tally.responses <= plan.requests.high
        # What a shorter run stored says how many more a longer one takes.
        longer = resolved(tmp_path, server, target_size=200)
        plan = make_plan(longer)
        assert plan.stored.responses >= result.tally.responses
        responses = run(longer).tally.responses - plan.stored.responses
        assert plan.requests.low <= responses <= plan.requests.high


def test_explaining_and_looking_ahead_know_it(tmp_path: Path) -> None:
    with OpenAIServer(NINE_OF_TEN) as server:
        setup = resolved(tmp_path, server, **PATIENT)
        run(setup)
        with ResponseCache(setup.cache_dir) as cache:
            found = explain(setup, cache)
        assert (found.missing, found.accepted) == (None, 60)
    assert "must be, in this order" in first_request(setup).content.messages[0][1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_shows_prompts_as_they_were_sent(tmp_path: Path, kind: str) -> None:
    with OpenAIServer(Author.tidy(variety=50_000)) as server:
        setup = resolved(tmp_path, server, **{"strategy.kind": kind, **PATIENT})
        run(setup)
        sent = [[(each["role"], each["content"]) for each in seen.body["messages"]] for seen in server.seen]
    data = read_run(setup.output, "run", Bounds.of(1))
    found = prompts_of(data, Ancestry(data))
    assert (len(found.shown), found.why) == (3, "")
    for prompt in found.shown:
        assert "must be, in this order" in prompt.messages[0][1]
        assert list(prompt.messages) in sent
