"""Whatever a provider does wrong, the dataset gets its size, and what is not in it is explained."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from datarecipe.running.run_result import RunResult
from tests.openai_author import Author, Body, canonical_hash
from tests.openai_faults import Fault, FaultKind, FaultPlan, always, every, first
from tests.openai_server import OpenAIServer, lognormal
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

IMPATIENT = Fault("rate_limit", retry_after=0.05)
"""A rate limit that wants next to no pause, so that a test need not wait either."""


def with_chances(chances: dict[Fault, float], seed: int = 1) -> FaultPlan:
    """Each request fails with these chances, a repeated one anew."""

    def plan(number: int, body: Body) -> Fault | None:
        roll = random.Random(f"{seed} {number}").random()
        for fault, chance in chances.items():
            roll -= chance
            if roll < 0:
                return fault
        return None

    return plan


def attempt(folder: Path, faults: FaultPlan | None, **flags: object) -> tuple[RunResult, OpenAIServer]:
    """A run in `folder` against a server of its own; with `transport` among the flags over that one."""
    transport = flags.pop("transport", "auto")
    settings = {"target_size": 150, "limits.concurrency": 16, "strategy.kind": "random", "strategy.chains": 16}
    recipe = recipe_with(write_recipe(folder / "project"), **settings | flags)
    with OpenAIServer(Author(variety=3000), latency=lognormal(0.005), faults=faults) as server:
        setup = setup_for(recipe, server.base_url, folder / "out", folder / "cache", transport=transport)
        return run(setup), server


def assert_all_is_explained(folder: Path) -> None:
    """Each item of each committed response is accepted or rejected, once, and counted so."""
    manifest = json.loads((folder / "manifest.json").read_text())
    accepted = [json.loads(line) for line in (folder / "lineage.jsonl").read_text().splitlines()]
    rejected = [json.loads(line) for line in (folder / "rejected.jsonl").read_text().splitlines()]
    assert all(row["reason"] for row in rejected)
    counts = manifest["counts"]
    assert Counter(row["reason"] for row in rejected) == Counter(counts["rejected"], surplus=counts["surplus"])
    assert len(accepted) == manifest["counts"]["accepted"] == len((folder / "data.jsonl").read_bytes().splitlines())
    of_request: dict[int, list[int]] = {}
    for row in accepted + rejected:
        of_request.setdefault(row["request"], []).append(row["index"])
    assert sorted(of_request) == list(range(manifest["counts"]["responses"]))
    for items in of_request.values():
        assert sorted(items) == list(range(len(items)))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The dataset that a provider without faults leads to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    result, _ = attempt(folder, None)
    assert result.exit_code == 0
    return Files.of(folder / "out")


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_what_passes_changes_no_byte(tmp_path: Path, undisturbed: Files, transport: str) -> None:
    chances = {IMPATIENT: 0.05, Fault("server_error"): 0.02, Fault("cut_connection"): 0.02, Fault("html"): 0.01}
    result, server = attempt(tmp_path, with_chances(chances), transport=transport)
    assert result.exit_code == 0
    assert result.spent.now.calls == server.requests, "attempts that failed count too"
    assert Files.of(tmp_path / "out") == undisturbed
    assert_all_is_explained(tmp_path / "out")


@pytest.mark.parametrize(
    "fault",
    [Fault(kind) for kind in ("rate_limit", "unavailable", "broken_json", "no_choices", "drop")],
    ids=lambda fault: fault.kind,
)
def test_each_kind_that_passes_changes_no_byte(tmp_path: Path, undisturbed: Files, fault: Fault) -> None:
    result, _ = attempt(tmp_path, every(15, fault))
    assert result.exit_code == 0
    assert Files.of(tmp_path / "out") == undisturbed


def test_a_hung_connection_times_out_and_is_asked_again(tmp_path: Path, undisturbed: Files) -> None:
    result, server = attempt(tmp_path, every(12, Fault("hang")), **{"limits.timeout": 0.5})
    assert result.exit_code == 0
    assert result.spent.now.calls == server.requests
    assert Files.of(tmp_path / "out") == undisturbed


def test_replies_that_are_of_no_use_cost_their_items_and_nothing_else(tmp_path: Path) -> None:
    """Malformed and truncated replies are responses: kept, explained, and made up for."""
    malformed, truncated = Fault("surrogate"), Fault("length")
    chances = {
        IMPATIENT: 0.05,
        Fault("server_error"): 0.02,
        malformed: 0.1,
        truncated: 0.05,
        Fault("null_content"): 0.02,
    }
    result, _ = attempt(tmp_path, with_chances(chances))
    assert (result.exit_code, result.tally.accepted) == (0, 150)
    assert_all_is_explained(tmp_path / "out")
    assert result.tally.rejected


def test_faults_of_every_kind_at_once_and_a_rerun_that_asks_nothing(tmp_path: Path) -> None:
    kinds: tuple[FaultKind, ...] = (
        "unavailable",
        "cut_connection",
        "html",
        "no_choices",
        "content_filter",
        "refusal",
        "context_length",
        "policy",
    )
    chances: dict[Fault, float] = {Fault(kind): 0.02 for kind in kinds}
    result, server = attempt(tmp_path, with_chances(chances), **{"strategy.kind": "tree"})
    assert result.exit_code == 0
    assert_all_is_explained(tmp_path / "out")
    before = Files.of(tmp_path / "out")
    recipe = recipe_with(tmp_path / "project" / "recipes" / "facts.yaml", target_size=150, **{"strategy.kind": "tree"})
    again = setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache", offline=True)
    assert run(again).exit_code == 0
    assert Files.of(tmp_path / "out") == before


@pytest.mark.parametrize("retry_after", [None, 2.0])
def test_while_everything_is_refused_little_is_sent_and_then_it_goes_on(
    tmp_path: Path, undisturbed: Files, retry_after: float | None
) -> None:
    began = time.monotonic()
    refused: list[int] = []

    def plan(number: int, body: Body) -> Fault | None:
        if time.monotonic() - began > 6:
            return None
        refused.append(number)
        return Fault("rate_limit", retry_after=retry_after)

    result, _ = attempt(tmp_path, plan)
    assert result.exit_code == 0
    assert len(refused) <= 16 + 8, "those that were under way, and a probe now and then"
    assert Files.of(tmp_path / "out") == undisturbed


def test_a_server_that_dies_and_comes_back(tmp_path: Path, undisturbed: Files) -> None:
    recipe = recipe_with(
        write_recipe(tmp_path / "project"),
        target_size=150,
        **{"limits.concurrency": 16, "strategy.kind": "random", "strategy.chains": 16},
    )
    dying = OpenAIServer(Author(variety=3000), latency=0.05)
    ended: list[RunResult] = []
    with dying:
        setup = setup_for(recipe, dying.base_url, tmp_path / "out", tmp_path / "cache")
        runner = threading.Thread(target=lambda: ended.append(run(setup)))
        runner.start()
        while dying.answered < 16:
            time.sleep(0.005)
    time.sleep(1.5)
    with OpenAIServer(Author(variety=3000), at_port=dying.port) as back:
        runner.join(120)
    assert ended[0].exit_code == 0
    assert back.requests
    assert Files.of(tmp_path / "out") == undisturbed
    again = {seen.digest for seen in dying.seen} & {seen.digest for seen in back.seen}
    assert len(again) <= 16, "only what was under way when it died"


def test_one_that_never_answers_ends_the_run_short_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """One request that fails for good is a hole: up to it the dataset is whole.

    Others are answered meanwhile: where nobody is, it is the provider that fails, and that is waited out.
    """
    doomed: list[str] = []

    def plan(number: int, body: Body) -> Fault | None:
        digest = canonical_hash(body)
        if number == 40:
            doomed.append(digest)
        return Fault("server_error", retry_after=0) if digest in doomed else None

    path = write_recipe(tmp_path / "project")
    recipe = recipe_with(path, target_size=400, **{"limits.concurrency": 8})
    faulty = {"on": True}
    with OpenAIServer(
        Author(variety=5000), latency=0.2, faults=lambda n, body: plan(n, body) if faulty["on"] else None
    ) as server:
        setup = setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")
        result = run(setup)
        assert result.exit_code == 3
        faulty["on"], server.latency = False, 0.0
        short = Files.of(tmp_path / "out")
        answered = server.answered
        assert run(setup).exit_code == 0
        whole = Files.of(tmp_path / "out")
        assert whole.data.startswith(short.data)
        assert server.answered - answered <= 400
        alone = setup_for(recipe, server.base_url, tmp_path / "alone", tmp_path / "other")
        assert run(alone).exit_code == 0
        assert Files.of(tmp_path / "alone") == whole


def test_a_fault_that_no_retry_helps_ends_at_once(tmp_path: Path) -> None:
    result, server = attempt(tmp_path, always(Fault("no_quota")))
    assert result.exit_code == 4
    assert server.requests <= 16


def test_first_ones_fail_together_and_nothing_is_lost(tmp_path: Path, undisturbed: Files) -> None:
    result, _ = attempt(tmp_path, first(16, Fault("server_error")))
    assert result.exit_code == 0
    assert Files.of(tmp_path / "out") == undisturbed
