"""No surprise bill: what the provider counts never exceeds a cap, whatever goes wrong, and a higher cap goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from datarecipe.amount import Caps
from datarecipe.errors import CapReachedError
from datarecipe.running.run_result import RunResult
from tests.cli.command import datarecipe
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, raw
from tests.openai_server import OpenAIServer, lognormal
from tests.running.test_faults import with_chances
from tests.runs import RECIPE, Files, recipe_with, run, setup_for, write_recipe

INPUT, OUTPUT = Decimal("0.50"), Decimal("1.50")
"""US dollars for a million tokens."""
PRICES = f"prices: {{input_per_million: {INPUT}, output_per_million: {OUTPUT}}}\n"
FULL = 1500
FLAGS: dict[str, object] = {
    "target_size": FULL,
    "limits.concurrency": 64,
    "strategy.kind": "random",
    "strategy.chains": 64,
}


def bill(server: OpenAIServer) -> Decimal:
    """What the provider charges, by its own count."""
    return sum((asked * INPUT + answered * OUTPUT for asked, answered in server.billed), Decimal(0)) / 1_000_000


def tokens(server: OpenAIServer) -> int:
    return sum(asked + answered for asked, answered in server.billed)


def priced_recipe(folder: Path, name: str = "facts") -> Path:
    """Recipes of different names ask differently."""
    text = RECIPE.replace("name: facts", f"name: {name}").replace("Write {{", f"For {name}: write {{{{")
    return write_recipe(folder, text + PRICES, name)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The whole dataset, which no cap ends."""
    folder = tmp_path_factory.mktemp("full")
    with OpenAIServer(Author(variety=20_000)) as server:
        setup = setup_for(
            recipe_with(priced_recipe(folder), **FLAGS), server.base_url, folder / "out", folder / "cache"
        )
        assert run(setup).exit_code == 0
    return Files.of(folder / "out")


def capped(folder: Path, server: OpenAIServer, **flags: object) -> RunResult:
    recipe = recipe_with(priced_recipe(folder / "project"), **FLAGS | flags)
    return run(setup_for(recipe, server.base_url, folder / "out", folder / "cache"))


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_every_request_that_the_provider_sees_is_counted(tmp_path: Path, transport: str) -> None:
    """Also those that are sent again at once: without the seed that it refuses, and over a connection that was closed."""
    no_seed = raw(400, {"error": {"message": "Unknown parameter: 'seed'.", "param": "seed"}})
    lost = with_chances(
        {Fault("drop"): 0.1, Fault("cut_connection"): 0.05, Fault("rate_limit", retry_after=0.01): 0.05}
    )

    def plan(number: int, body: Body) -> Fault | None:
        return no_seed if "seed" in body else lost(number, body)

    # Without a seed the author writes the same for the same prompt, so much is a duplicate.
    flags = FLAGS | {"limits.calls": 120, "limits.concurrency": 16, "limits.barren": 1000}
    recipe = recipe_with(priced_recipe(tmp_path / "project"), **flags)
    with OpenAIServer(Author(variety=20_000), latency=0.02, keep_alive=0.1, faults=plan) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache", transport=transport))
        assert result.exit_code == 3
        assert result.end == "capped", (result.end, result.tally, result.traffic)
        assert server.requests <= result.spent.in_all.calls <= 120
        assert bill(server) <= result.spent.in_all.usd


@pytest.mark.parametrize("usd", ["0.002", "0.005", "0.01", "0.02", "0.03", "0.04", "0.05", "0.06", "0.07", "0.08"])
def test_no_cap_in_dollars_is_exceeded_and_most_of_it_is_used(tmp_path: Path, full: Files, usd: str) -> None:
    faults = with_chances({Fault("rate_limit", retry_after=0.01): 0.03, Fault("server_error"): 0.01})
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.01), faults=faults) as server:
        result = capped(tmp_path, server, **{"limits.usd": float(usd)})
        assert result.exit_code == 3
        assert isinstance(result.error, CapReachedError)
        assert bill(server) <= Decimal(usd)
        assert bill(server) <= result.spent.in_all.usd <= Decimal(usd)
        largest = max(
            (len(json.dumps(seen.body)) * INPUT + seen.body["max_tokens"] * OUTPUT for seen in server.seen),
            default=Decimal(0),
        )
        if Decimal(usd) >= 30 * largest / 1_000_000:
            assert bill(server) >= Decimal(usd) * 8 / 10
        assert full.data.startswith(Files.of(tmp_path / "out").data)


@pytest.mark.parametrize("strategy", ["fixed", "random", "tree"])
def test_little_of_what_is_paid_lies_behind_a_hole(tmp_path: Path, strategy: str) -> None:
    """At a cap, and with failures: what was answered is in the dataset, not only in the cache."""
    answered = committed = 0
    for seed in range(3):
        faults = with_chances({Fault("rate_limit"): 0.05, Fault("server_error"): 0.05}, seed)
        with OpenAIServer(Author(variety=20_000), latency=lognormal(0.05, 0.5), faults=faults) as server:
            flags = {"limits.calls": 100, "limits.concurrency": 16, "strategy.kind": strategy, "strategy.chains": 32}
            result = capped(tmp_path / str(seed), server, **flags)
        assert result.end == "capped"
        answered += result.traffic.answered
        committed += result.tally.responses
    assert committed >= 0.75 * answered


def test_a_higher_cap_goes_on_to_the_same_bytes(tmp_path: Path, full: Files) -> None:
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005)) as server:
        data = b""
        for usd in ("0.01", "0.02", "0.05"):
            result = capped(tmp_path, server, **{"limits.usd": float(usd)})
            assert result.exit_code == 3
            assert bill(server) <= Decimal(usd), "over all runs together"
            now = Files.of(tmp_path / "out").data
            assert now.startswith(data)
            assert full.data.startswith(now)
            data = now
        requests = server.requests
        assert capped(tmp_path, server, **{"limits.usd": 0.05}).exit_code == 3
        assert server.requests == requests, "nothing is left of it"
        assert capped(tmp_path, server, **{"limits.usd": 5.0}).exit_code == 0
        assert Files.of(tmp_path / "out") == full
        asked = [seen.digest for seen in server.seen]
        assert len(asked) == len(set(asked)), "nothing was paid twice"


def test_kill_9_under_load_never_leads_over_the_cap(tmp_path: Path, full: Files) -> None:
    """What was under way at a kill counts at its most, since nobody knows what it cost."""
    usd = Decimal("0.06")
    chance = random.Random(6)
    recipe = priced_recipe(tmp_path / "project")
    faults = with_chances({Fault("rate_limit", retry_after=0.01): 0.03, Fault("cut_connection"): 0.02})
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.05), faults=faults) as server:
        command = [sys.executable, "-m", "datarecipe", "run", str(recipe), "--model", "openai/author", "--quiet"]
        command += [
            "--api-base",
            server.base_url,
            "--output",
            str(tmp_path / "out"),
            "--cache-dir",
            str(tmp_path / "c"),
        ]
        command += ["--strategy", "random", "--set", "strategy.chains=64", "--target-size", str(FULL)]
        command += ["--concurrency", "64", "--trust", "--set", f"limits.usd={usd}"]
        environ = {**os.environ, "OPENAI_API_KEY": "sk-test", "HOME": str(tmp_path)}
        for _ in range(4):
            process = subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.DEVNULL)
            wait_for = server.requests + chance.randint(5, 60)
            deadline = time.monotonic() + 30
            while server.requests < wait_for and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert bill(server) <= usd
        ended = subprocess.run(command, env=environ, cwd=tmp_path, check=False, stderr=subprocess.PIPE, text=True)
        assert ended.returncode == 3, ended.stderr
        assert "limits.usd" in ended.stderr
        assert bill(server) <= usd
        assert full.data.startswith((tmp_path / "out" / "data.jsonl").read_bytes())
        command[-1] = "limits.usd=5"
        assert subprocess.run(command, env=environ, cwd=tmp_path, check=False).returncode == 0
    assert Files.of(tmp_path / "out") == full


@pytest.mark.parametrize("cap", [3_000, 20_000])
def test_a_cap_on_tokens(tmp_path: Path, full: Files, cap: int) -> None:
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005)) as server:
        result = capped(tmp_path, server, **{"limits.tokens": cap})
        assert result.exit_code == 3
        assert result.error is not None
        assert "limits.tokens" in str(result.error)
        assert tokens(server) == result.spent.in_all.tokens <= cap
        assert full.data.startswith(Files.of(tmp_path / "out").data)


def test_a_cap_on_calls_counts_every_attempt(tmp_path: Path, full: Files) -> None:
    faults = with_chances({Fault("rate_limit", retry_after=0.01): 0.1, Fault("server_error", retry_after=0): 0.1})
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005), faults=faults) as server:
        for cap in (40, 41, 90):
            result = capped(tmp_path, server, **{"limits.calls": cap})
            assert result.exit_code == 3
            assert server.requests == cap == result.spent.in_all.calls
        assert full.data.startswith(Files.of(tmp_path / "out").data)


def test_lost_replies_are_paid_for_and_counted(tmp_path: Path) -> None:
    """A reply that was cut on its way, or that hung, was written; nobody says what it cost, so it counts at its most."""
    faults = with_chances({Fault("cut_connection"): 0.1, Fault("html"): 0.05, Fault("hang"): 0.03})
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005), faults=faults) as server:
        result = capped(tmp_path, server, **{"limits.usd": 0.05, "limits.timeout": 1})
        assert result.exit_code == 3
        assert bill(server) <= result.spent.in_all.usd <= Decimal("0.05")


@pytest.mark.parametrize(("flag", "value"), [("--max-usd", "0.02"), ("--max-tokens", "15000")])
def test_a_budget_that_replies_of_any_length_would_break_is_refused(tmp_path: Path, flag: str, value: str) -> None:
    recipe = str(priced_recipe(tmp_path))
    with OpenAIServer(Author(variety=20_000)) as server:
        common = ["run", recipe, "--model", "openai/author", "--api-base", server.base_url, "--trust"]
        common += ["--set", "sampling.max_tokens=null", "--target-size", "20"]
        ran = datarecipe(*common, flag, value, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 2
        assert f"and {flag} cannot be enforced" in ran.err
        assert not server.seen
        assert datarecipe(*common, "--max-calls", "99", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}).code == 0


def test_the_command_s_budget_is_shared_by_its_recipes(tmp_path: Path) -> None:
    recipes = [str(priced_recipe(tmp_path, name)) for name in ("one", "two", "three")]
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005)) as server:
        common = ["run", *recipes, "--model", "openai/author", "--api-base", server.base_url, "--target-size", "400"]
        common += ["--quiet", "--json", "--concurrency", "64", "--trust"]
        ran = datarecipe(*common, "--max-usd", "0.03", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 3
        assert "--max-usd" in ran.err
        assert Decimal("0.024") <= bill(server) <= Decimal("0.03")
        documents = json.loads(ran.out)
        assert [document["name"] for document in documents] == ["one", "two", "three"]
        counted = sum(Decimal(document["cost"]["usd"]) for document in documents)
        assert counted == bill(server), "without failures what is counted here is what the provider counts"

        requests = server.requests
        ran = datarecipe(*common, "--max-calls", str(requests + 7), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 3
        assert server.requests <= requests + 7

        before = tokens(server)
        ran = datarecipe(*common, "--max-tokens", str(before + 9000), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 3
        assert before < tokens(server) <= before + 9000

        assert datarecipe(*common, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}).code == 0


def test_what_each_recipe_cost_before_counts_in_the_command_s_budget(tmp_path: Path) -> None:
    """Also what a recipe cost that is behind others in the command, and is done."""
    first, second = (str(priced_recipe(tmp_path, name)) for name in ("first", "second"))
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005)) as server:
        common = ["--model", "openai/author", "--api-base", server.base_url, "--quiet", "--concurrency", "64"]
        common += ["--target-size", "300", "--trust"]
        assert datarecipe("run", second, *common, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}).code == 0
        before = bill(server)
        usd = before + Decimal("0.003")
        ran = datarecipe(
            "run", first, second, *common, "--max-usd", str(usd), cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}
        )
        assert ran.code == 3
        assert before < bill(server) <= usd


def test_without_a_word_the_cap_is_five_dollars(tmp_path: Path) -> None:
    """At a price that makes each request dear; the recipe names no cap."""
    text = RECIPE + "prices: {input_per_million: 500, output_per_million: 1500}\n"
    recipe = recipe_with(write_recipe(tmp_path, text), **FLAGS)
    with OpenAIServer(Author(variety=20_000), latency=lognormal(0.005)) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
        assert result.exit_code == 3
        assert isinstance(result.error, CapReachedError)
        assert result.caps == Caps(usd=Decimal("5.00"))
        assert bill(server) * 1000 <= 5


def test_a_cap_in_dollars_on_a_price_that_nobody_knows_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    recipe = str(write_recipe(tmp_path))
    with OpenAIServer() as server:
        command = ["run", recipe, "--model", "openai/author", "--api-base", server.base_url]
        ran = datarecipe(*command, "--set", "limits.usd=1", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code != 0
        assert "prices" in ran.err
        ran = datarecipe(*command, "--max-usd", "1", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code != 0
        assert "prices" in ran.err
        assert server.requests == 0
        ran = datarecipe(*command, "--target-size", "10", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 0
        assert "price" in ran.err, "the default cap alone warns"


@pytest.mark.parametrize("cap", ["limits.usd=1", "limits.tokens=1000"])
def test_no_max_tokens_and_a_cap_do_not_go_together(tmp_path: Path, cap: str) -> None:
    recipe = str(priced_recipe(tmp_path))
    with OpenAIServer() as server:
        command = ["run", recipe, "--model", "openai/author", "--api-base", server.base_url]
        command += ["--set", "sampling.max_tokens=null", "--set", cap]
        ran = datarecipe(*command, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
        assert ran.code == 2
        assert "max_tokens" in ran.err
        assert server.requests == 0
