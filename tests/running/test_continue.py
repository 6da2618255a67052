"""Going on: a higher target asks only for the difference, a lower one shortens, a failing run leaves what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datarecipe.running.show.summary import closing
from tests.openai_author import Author
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

AUTHOR = Author(variety=3000)


@pytest.mark.parametrize("strategy", ["fixed", "random", "similar", "contrastive", "tree"])
def test_a_higher_target_asks_only_for_the_difference(tmp_path: Path, strategy: str) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(AUTHOR) as server:

        def go(target: int, name: str) -> int:
            before = server.requests
            recipe = recipe_with(path, **{"target_size": target, "strategy.kind": strategy, "limits.concurrency": 1})
            setup = setup_for(recipe, server.base_url, tmp_path / name, tmp_path / f"{name}-cache")
            assert run(setup).exit_code == 0
            return server.requests - before

        first = go(100, "grown")
        small = Files.of(tmp_path / "grown")
        difference = go(200, "grown")
        grown = Files.of(tmp_path / "grown")
        at_once = go(200, "at-once")

    assert small.data.count(b"\n") == 100
    assert grown.data.startswith(small.data)
    assert grown.lineage.startswith(small.lineage)
    assert grown == Files.of(tmp_path / "at-once")
    assert first + difference == at_once
    bodies = [seen.digest for seen in server.seen[: first + difference]]
    assert len(bodies) == len(set(bodies)), "nothing was asked twice"


def test_with_many_in_flight_nothing_is_asked_twice_either(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(AUTHOR, latency=(0.0, 0.03)) as server:
        for target in (50, 100, 150):
            recipe = recipe_with(path, **{"target_size": target, "strategy.kind": "tree", "limits.concurrency": 32})
            assert run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")).exit_code == 0
    digests = [seen.digest for seen in server.seen]
    assert len(digests) == len(set(digests))


def test_a_lower_target_shortens_and_asks_nothing(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(AUTHOR) as server:
        for target in (60, 20):
            before = server.requests
            recipe = recipe_with(path, target_size=target)
            result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
            assert result.exit_code == 0
        assert server.requests == before
    assert result.shortened_from == 60
    assert any(
        "the dataset was shortened from 60 examples" in line and "--target-size 60" in line for line in closing(result)
    )
    assert len((tmp_path / "out" / "data.jsonl").read_text().splitlines()) == 20


def test_a_run_that_ends_short_leaves_a_longer_dataset_alone(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(AUTHOR) as server:
        recipe = recipe_with(path, target_size=60)
        assert run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")).exit_code == 0
        whole = Files.of(tmp_path / "out")
        server.faults = always(Fault("bad_key"))
        # The cache is gone, and so is the right to ask.
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "empty-cache"))
    assert result.exit_code == 4
    assert result.kept_lines == 60
    assert not result.written
    assert Files.of(tmp_path / "out") == whole
    cost = json.loads((tmp_path / "out" / "manifest.json").read_text())["cost"]
    assert cost["all_runs"]["calls"] == result.spent.in_all.calls > cost["this_run"]["calls"]
    assert sum(model["calls"] for model in cost["by_model"]) == cost["all_runs"]["calls"]
    assert not list((tmp_path / "out").glob("*.partial"))


def test_a_wrong_key_ends_at_once_and_the_right_one_goes_on(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    recipe = recipe_with(path, target_size=40)
    with OpenAIServer(AUTHOR) as server:
        server.faults = lambda number, _: Fault("bad_key") if number >= 4 else None
        setup = setup_for(recipe_with(path, **{"target_size": 40, "limits.concurrency": 1}), server.base_url,
                          tmp_path / "out", tmp_path / "cache")  # fmt: skip
        result = run(setup)
        assert result.exit_code == 4
        assert server.requests == 5
        short = Files.of(tmp_path / "out")
        assert json.loads((tmp_path / "out" / "manifest.json").read_text())["status"] == "short"
        server.faults = None
        assert run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")).exit_code == 0
    assert Files.of(tmp_path / "out").data.startswith(short.data)
    assert 0 < short.data.count(b"\n") < 40


def test_what_the_manifest_counts(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(AUTHOR, latency=(0.0, 0.01)) as server:
        result = run(setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache"))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    counts = manifest["counts"]
    assert counts["accepted"] == counts["target_size"] == 60
    assert sum(counts["rejected"].values()) + counts["surplus"] == len(
        (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()
    )
    assert counts["responses"] + counts["uncommitted_responses"] == server.requests == result.traffic.sent
    assert manifest["tokens"]["prompt"] > 0
    assert manifest["identity"] == setup_for(recipe_with(path), server.base_url, tmp_path, tmp_path).identity
    assert "sk-test" not in (tmp_path / "out" / "manifest.json").read_text()
