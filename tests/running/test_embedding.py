"""Embedders in whole runs: what is asked, compared, paid, planned, stored and written."""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import (
    CapReachedError,
    MachineError,
    OfflineMissError,
    ProviderError,
    TransientError,
    UntrustedEndpointError,
    UsageError,
)
from datarecipe.exchange import Embed
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.running.drive.explain import explain
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.show.summary import closing, opening
from tests.cli.command import datarecipe
from tests.openai_author import Author
from tests.openai_faults import Fault, FaultPlan, always, every, raw
from tests.openai_server import OpenAIServer, lognormal, vector_of
from tests.runs import RECIPE, Files, recipe_with, run, write_recipe

EMBEDDER = "openai/text-embedding-3-small"
DEAR = {"model": EMBEDDER, "prices": {"input_per_million": 50, "output_per_million": 0}}
PRICES = "prices: {input_per_million: 2, output_per_million: 10}\n"


def resolved(folder: Path, server: OpenAIServer, /, **flags: Any) -> ResolvedRun:
    """A run whose author and embedder are at `server`."""
    path = write_recipe(folder / "project", RECIPE + PRICES)
    strategy = {"kind": "similar", "chains": flags.pop("chains", 8), "embedder": flags.pop("embedder", DEAR)}
    chosen: dict[str, Any] = {"strategy": strategy}
    options = Options(
        model="openai/author",
        api_base=server.base_url,
        output=folder / flags.pop("output", "run"),
        cache_dir=folder / flags.pop("cache", "cache"),
        offline=flags.pop("offline", False),
        transport=flags.pop("transport", "auto"),
        trust=True,
        environ={"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url},
    )
    return resolve_run(recipe_with(path, **{"target_size": 60} | chosen | flags), options)


def cosine(a: str, b: str) -> float:
    one, other = vector_of(a), vector_of(b)
    return sum(x * y for x, y in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.mark.parametrize("kind", ["similar", "contrastive"])
def test_the_bytes_are_the_same_whatever_the_concurrency(tmp_path: Path, kind: str) -> None:
    files = []
    with OpenAIServer(Author(variety=300), latency=0.001) as server:
        for concurrency in (1, 64):
            flags = {"strategy.kind": kind, "limits.concurrency": concurrency, "output": f"run{concurrency}"}
            setup = resolved(tmp_path, server, cache=f"cache{concurrency}", **flags)
            assert run(setup).end == "target"
            files.append(Files.of(setup.output))
        asked = len(server.embedded)
        offline = resolved(tmp_path, server, cache="cache64", output="again", offline=True, **{"strategy.kind": kind})
        again = run(offline)
        assert (again.end, again.traffic.sent, len(server.embedded)) == ("target", 0, asked)
        files.append(Files.of(tmp_path / "again"))
        more = resolved(tmp_path, server, cache="cache64", output="again", target_size=90, **{"strategy.kind": kind})
        assert run(more).tally.accepted == 90
    assert files[0] == files[1] == files[2]
    for name in ("data.jsonl", "lineage.jsonl"):
        assert (tmp_path / "again" / name).read_bytes().startswith((tmp_path / "run64" / name).read_bytes())


@pytest.mark.parametrize(("kind", "best"), [("similar", max), ("contrastive", min)])
def test_a_chain_goes_on_from_the_item_that_the_embedder_says(tmp_path: Path, kind: str, best: Any) -> None:
    with OpenAIServer(Author.tidy(variety=3000)) as server:
        setup = resolved(tmp_path, server, chains=2, **{"strategy.kind": kind})
        assert run(setup).end == "target"
    examples = {
        row["id"]: example["question"]
        for row, example in zip(lines(setup.output, "lineage.jsonl"), lines(setup.output, "data.jsonl"), strict=True)
    }
    batches: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in lines(setup.output, "lineage.jsonl"):
        batches.setdefault((row["lane"], row["depth"]), []).append(row)
    followed = 0
    for (lane, depth), rows in batches.items():
        following = batches.get((lane, depth + 1))
        parent = rows[0]["parent"]
        if following is None or parent not in examples or len(rows) < 5:
            continue
        chosen = best(rows, key=lambda row: cosine(examples[parent], examples[row["id"]]))
        assert following[0]["parent"] == chosen["id"]
        followed += 1
    assert followed >= 2


@pytest.mark.parametrize("kind", ["fixed", "similar", "tree"])
def test_near_duplicates_by_embedding_are_the_same_whatever_the_concurrency(tmp_path: Path, kind: str) -> None:
    def opening_of(text: str) -> str:
        return " ".join(text.split()[:2])

    near = {"embedding": 0.8, "embedder": DEAR}
    files = []
    with OpenAIServer(Author(variety=3000), latency=0.001, embed=lambda text: vector_of(opening_of(text))) as server:
        for concurrency in (1, 64):
            flags = {"strategy.kind": kind, "limits.concurrency": concurrency, "filters.near_duplicates": near}
            setup = resolved(tmp_path, server, output=f"run{concurrency}", cache=f"cache{concurrency}", **flags)
            result = run(setup)
            assert result.end == "target"
            files.append(Files.of(setup.output))
        plan = make_plan(resolved(tmp_path, server, cache="none", output="none", **flags))
        used = plan.checks["embed"].used
        assert used.low.calls <= result.traffic.checks <= used.high.calls
        offline = resolved(tmp_path, server, cache="cache64", output="again", offline=True, **flags)
        again = run(offline)
        assert (again.end, again.traffic.sent) == ("target", 0)
        files.append(Files.of(tmp_path / "again"))
    assert files[0] == files[1] == files[2]
    examples = [example["question"] for example in lines(setup.output, "data.jsonl")]
    near_rows = [row for row in lines(setup.output, "rejected.jsonl") if row["detail"].endswith(f" by {EMBEDDER}")]
    ids = {row["id"]: text for row, text in zip(lines(setup.output, "lineage.jsonl"), examples, strict=True)}
    assert near_rows
    for row in near_rows:
        shown, nearest = row["detail"].split()[1], row["detail"].split()[3]
        if nearest in ids:
            question = json.loads(row["raw"])["question"]
            assert cosine(opening_of(question), opening_of(ids[nearest])) == pytest.approx(float(shown), abs=0.011)
    for number, text in enumerate(examples):
        earlier = (cosine(opening_of(text), opening_of(other)) for other in examples[:number])
        assert max(earlier, default=0) < 0.8


def test_its_cost_is_counted_and_told_apart(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as server:
        setup = resolved(tmp_path, server)
        result = run(setup)
        manifest = json.loads((setup.output / "manifest.json").read_text())
        costs = {each["model"]: each for each in manifest["cost"]["by_model"]}
        tokens = sum(len(text) // 4 + 2 for seen in server.embedded for text in seen.body["input"])
    assert set(costs) == {"openai/author", f"{EMBEDDER} (embed)"}
    of_embedder = costs[f"{EMBEDDER} (embed)"]
    assert (of_embedder["calls"], of_embedder["prompt_tokens"]) == (len(server.embedded), tokens)
    assert Decimal(of_embedder["usd"]) == Decimal(tokens) * 50 / 1_000_000
    assert manifest["embedders"] == [{"embedder": EMBEDDER, "model": EMBEDDER, "api_base": server.base_url}]
    assert f"the strategy *similar*, comparing texts by `{EMBEDDER}`." in (setup.output / "README.md").read_text()
    assert any(line.startswith(f"embed: {EMBEDDER} at 127.0.0.1:") for line in opening(setup))
    used = result.of_filters[f"{EMBEDDER} (embed)", True]
    words = f"{used.calls:,} calls, {used.tokens:,} tokens, ${used.usd:.4f}"
    assert f"of which {EMBEDDER} (embed) used {words}" in closing(result)
    texts = [seen.body["input"] for seen in server.embedded]
    assert len(texts) == len({text for (text,) in texts}), "no text is asked for twice"
    assert {tuple(seen.body) for seen in server.embedded} == {("model", "input")}
    assert {seen.authorization for seen in server.embedded} == {"Bearer sk-test"}
    assert {seen.path for seen in server.embedded} == {"/v1/embeddings"}


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_both_transports_get_the_same_vectors(tmp_path: Path, transport: str) -> None:
    with OpenAIServer(Author(variety=300)) as server:
        setup = resolved(tmp_path, server, transport=transport, target_size=30, chains=2)
        result = run(setup)
        assert result.end == "target", result.error
        assert not server.strays
        (path,) = {seen.path for seen in server.embedded}
        first_text = server.embedded[0].body["input"][0]
    assert path == "/v1/embeddings"
    with ResponseCache(setup.cache_dir) as cache:
        stored = cache.get(Embed(EMBEDDER, first_text, server.base_url))
    assert stored is not None
    vector = vector_of(first_text)
    assert list(stored.vector) == [round(value / math.hypot(*vector) * 4000) for value in vector]  # type: ignore[union-attr]
    assert stored.usage is not None
    assert stored.usage.prompt_tokens == len(first_text) // 4 + 2


ROW = {"object": "embedding", "index": 0, "embedding": [1.0] * 48}
ODD: dict[str, Any] = {
    "another length": raw(200, {"data": [ROW | {"embedding": [1.0] * 47}]}),
    "NaN": raw(200, '{"data": [{"embedding": [NaN' + ", 1" * 47 + "]}]}"),
    "infinite": raw(200, '{"data": [{"embedding": [1e999' + ", 1" * 47 + "]}]}"),
    "no float": raw(200, '{"data": [{"embedding": [1' + "0" * 400 + ", 1" * 47 + "]}]}"),
    "texts": raw(200, {"data": [ROW | {"embedding": ["1"] * 48}]}),
    "truth": raw(200, {"data": [ROW | {"embedding": [True] * 48}]}),
    "nothing": raw(200, {"data": []}),
    "empty": raw(200, {"data": [ROW | {"embedding": []}]}),
    "two": raw(200, {"data": [ROW, ROW]}),
    "too many": raw(200, {"data": [ROW | {"embedding": [1.0] * 20_000}]}),
    "no data": raw(200, {"object": "list"}),
    "null": raw(200, {"data": [None]}),
    "a flood": raw(200, '{"data": [{"embedding": [' + "1," * 1_200_000 + "1]}]}"),
    "odd Base64": raw(200, {"data": [ROW | {"embedding": "AAA"}]}),
    "an error": raw(200, {"error": {"message": "overloaded"}}),
    "busy": Fault("rate_limit", retry_after=0.01),
    "broken": Fault("unavailable"),
}


@pytest.mark.parametrize("what", ODD)
def test_an_answer_that_is_no_embedding_is_asked_again_and_never_stored(tmp_path: Path, what: str) -> None:
    files = []
    for folder, plan in (("plain", None), ("odd", every(4, ODD[what]))):
        with OpenAIServer(Author(variety=300), embedding_faults=plan) as server:
            setup = resolved(tmp_path / folder, server, target_size=30, chains=2)
            result = run(setup)
            assert (result.end, result.error) == ("target", None)
            assert bool(result.traffic.failed_attempts) is (plan is not None)
        files.append(Files.of(setup.output))
    assert files[0] == files[1]


def test_a_vector_in_base64_is_read(tmp_path: Path) -> None:
    import base64
    import struct

    class InBase64(OpenAIServer):
        def embeddings(self, body: Any) -> dict[str, Any]:
            document = super().embeddings(body)
            for row in document["data"]:
                row["embedding"] = base64.b64encode(struct.pack("<48f", *row["embedding"])).decode()
            return document

    with InBase64(Author(variety=300)) as server:
        assert run(resolved(tmp_path, server, target_size=30, chains=2)).end == "target"
        assert server.embedded


def test_a_text_that_the_model_does_not_take_has_no_direction_and_ends_nothing(tmp_path: Path) -> None:
    def too_long(number: int, body: Any) -> Fault | None:
        return Fault("context_length") if len(body["input"][0]) % 3 == 0 else None

    with OpenAIServer(Author(variety=300), embedding_faults=too_long) as server:
        setup = resolved(tmp_path, server)
        result = run(setup)
        assert result.end == "target"
        refused = [seen for seen in server.embedded if len(seen.body["input"][0]) % 3 == 0]
        assert len(refused) > 5
        count = result.traffic.without_embedding
        assert count >= len(refused)
        assert f"{count} texts without an embedding: the embedder did not accept them" in closing(result)
        again = run(resolved(tmp_path, server, output="again", offline=True))
        assert (again.end, again.traffic.sent) == ("target", 0)
        costs = {
            each["model"]: each for each in json.loads((setup.output / "manifest.json").read_text())["cost"]["by_model"]
        }
        billed = sum(len(seen.body["input"][0]) // 4 + 2 for seen in server.embedded if seen not in refused)
        assert costs[f"{EMBEDDER} (embed)"]["prompt_tokens"] == billed
    assert Files.of(setup.output) == Files.of(tmp_path / "again")


@pytest.mark.parametrize(
    ("fault", "kind", "code", "words"),
    [
        (Fault("bad_key"), ProviderError, 4, "OPENAI_API_KEY"),
        (Fault("no_model"), ProviderError, 4, "text-embedding-3-small"),
        (raw(404, {"error": {"message": "Not Found"}}), ProviderError, 4, "text-embedding-3-small"),
        (raw(200, "<html><title>Welcome</title></html>", {"Content-Type": "text/html"}), ProviderError, 4, "Welcome"),
    ],
)
def test_an_embedder_that_fails_ends_the_run_and_loses_nothing(
    tmp_path: Path, fault: Fault, kind: type, code: int, words: str
) -> None:
    with OpenAIServer(Author(variety=300), embedding_faults=always(fault)) as server:
        result = run(resolved(tmp_path, server))
        assert isinstance(result.error, kind)
        assert (result.end, result.exit_code) == ("failed", code)
        assert words in str(result.error)
        paid = server.requests
        server.embedding_faults = None
        assert run(resolved(tmp_path, server)).end == "target"
        manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["this_run"]["from_cache"] == paid


@pytest.mark.parametrize("cap", ["calls", "tokens", "usd"])
def test_caps_hold_for_author_and_embedder_together(tmp_path: Path, cap: str) -> None:
    limits: dict[str, Any] = {"calls": 40, "tokens": 3_000, "usd": 0.03}
    with OpenAIServer(Author(variety=300), latency=0.002) as server:
        setup = resolved(tmp_path, server, **{f"limits.{cap}": limits[cap], "limits.concurrency": 16})
        result = run(setup)
        assert isinstance(result.error, CapReachedError)
        used = result.spent.in_all
        assert used.calls == server.requests + len(server.embedded)
        assert getattr(used, cap) <= Decimal(str(limits[cap]))
        assert result.tally.accepted > 0, "near a cap what is needed first is asked first"
        assert run(resolved(tmp_path, server, **{f"limits.{cap}": limits[cap] * 100})).end == "target"


def test_the_plan_holds_what_a_run_takes(tmp_path: Path) -> None:
    with OpenAIServer(Author.tidy(variety=3000), latency=0.001) as server:
        setup = resolved(tmp_path, server, target_size=100)
        result = run(setup)
        share = 100 / (5 * result.tally.responses)
        plan = make_plan(resolved(tmp_path, server, cache="none", output="none", target_size=100), share=share)
        used = plan.checks["embed"].used
        assert used.low.calls <= len(server.embedded) <= used.high.calls
        assert plan.requests.low <= server.requests + len(server.embedded) <= plan.requests.high
        assert plan.usd is not None
        assert plan.usd.low <= result.spent.in_all.usd <= plan.usd.high
        stored = make_plan(setup)
        assert (stored.requests.high, stored.usd) == (0, type(plan.usd)(Decimal(0), Decimal(0)))
        # A higher target: part of the vectors is stored, the others are made up, and may be compared.
        more = make_plan(resolved(tmp_path, server, target_size=200))
        assert 0 < more.requests.low < plan.requests.high * 2
        told = datarecipe("plan", str(setup.recipe.source), "--model", "openai/author", cwd=tmp_path)
        assert f"of the requests ask {EMBEDDER} for embeddings" not in told.out, "the recipe itself is `fixed`"
        flags = ("--set", f"strategy={{kind: similar, embedder: {EMBEDDER}}}")
        told = datarecipe("plan", str(setup.recipe.source), "--model", "openai/author", *flags, cwd=tmp_path)
        assert f"of the requests ask {EMBEDDER} for embeddings" in " ".join(told.out.split())


def test_the_price_is_the_price_maps(tmp_path: Path) -> None:
    recipe = recipe_with(write_recipe(tmp_path, RECIPE + PRICES), strategy={"kind": "similar", "embedder": EMBEDDER})
    options = Options(model="openai/gpt-4o-mini", environ={"OPENAI_API_KEY": "sk-test"})
    setup = resolve_run(recipe, options)
    price = setup.prices[f"{EMBEDDER} (embed)"]
    assert (price.input_per_token * 1_000_000, price.output_per_token) == (Decimal("0.02"), Decimal(0))
    assert setup.caps.usd == 5


def test_cache_explain_names_the_text_that_has_no_vector(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as server:
        setup = resolved(tmp_path, server)
        run(setup)
        text = server.embedded[-1].body["input"][0]
    with ResponseCache(setup.cache_dir) as cache:
        assert explain(setup, cache).missing is None
        for number, seen in enumerate(server.embedded):
            if number % 2:
                cache.forget(Embed(EMBEDDER, seen.body["input"][0], server.base_url).key)
        missing = explain(setup, cache).missing
    assert isinstance(missing, Embed)
    assert missing.text
    assert text


def test_another_model_under_the_same_name_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as server:
        assert run(resolved(tmp_path, server, target_size=30, chains=2)).end == "target"
        server.embed = lambda text: [*vector_of(text), 0.5]
        result = run(resolved(tmp_path, server, target_size=90, chains=2))
    assert isinstance(result.error, MachineError)
    assert result.exit_code == 4
    assert "of 48 and of 49 numbers" in str(result.error) or "of 49 and of 48 numbers" in str(result.error)


def test_offline_a_missing_vector_ends_the_run(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as server:
        setup = resolved(tmp_path, server)
        run(setup)
        with ResponseCache(setup.cache_dir) as cache:
            for seen in server.embedded:
                cache.forget(Embed(EMBEDDER, seen.body["input"][0], server.base_url).key)
        result = run(resolved(tmp_path, server, output="other", offline=True))
        assert isinstance(result.error, OfflineMissError)
        assert result.exit_code == 4


def test_the_identity_holds_embedder_and_address(tmp_path: Path) -> None:
    with OpenAIServer() as one, OpenAIServer() as other:
        setups = [
            resolved(tmp_path, one, embedder="hashed-ngrams"),
            resolved(tmp_path, one, embedder="minilm"),
            resolved(tmp_path, one),
            resolved(tmp_path, one, embedder="openai/text-embedding-3-large"),
            resolved(tmp_path, one, embedder={"model": EMBEDDER}),
        ]
        parts = {json.dumps([setup.identity_parts["embedders"], setup.identity_parts["strategy"]]) for setup in setups}
        assert setups[2].identity == setups[4].identity, "what it costs is no part of it"
        assert len(parts) == len({setup.identity for setup in setups}) == 4
        assert resolved(tmp_path, other).identity_parts["embedders"] != setups[2].identity_parts["embedders"]
        assert "embedders" not in resolved(tmp_path, one, **{"strategy.kind": "random"}).identity_parts


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("local/smollm2-135m", "gives no embeddings"),
        ("nonsense/model", "no provider is called"),
        ("sentence-embedder", "does not say which provider has it"),
        ("bedrock/agentcore/arn:aws:bedrock-agentcore:evil.example/:123456789012:runtime/x", "may select the host"),
    ],
)
def test_an_embedder_that_cannot_be_is_refused(tmp_path: Path, name: str, words: str) -> None:
    recipe = recipe_with(write_recipe(tmp_path), strategy={"kind": "similar", "embedder": name})
    with pytest.raises((UsageError, UntrustedEndpointError), match=words):
        resolve_run(recipe, Options(environ={}))


def test_no_key_is_found_out_before_anything_is_written(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        setup = resolved(tmp_path, server, embedder="mistral/mistral-embed")
        result = run(setup)
        assert isinstance(result.error, ProviderError)
        assert "MISTRAL_API_KEY" in str(result.error)
        assert (server.requests, setup.output.exists()) == (0, False)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_run_goes_on_with_the_vectors_that_it_has(tmp_path: Path) -> None:
    chance = random.Random(5)
    with OpenAIServer(Author(variety=50_000), latency=lognormal(0.3)) as server:
        setup = resolved(tmp_path, server, target_size=300, chains=16, output="whole", cache="other", embedder=EMBEDDER)
        assert run(setup).end == "target"
        whole = len(server.embedded)
        server.embedded.clear()
        strategy = f"strategy={{kind: similar, chains: 16, embedder: {EMBEDDER}}}"
        command = [sys.executable, "-m", "datarecipe", "run", str(setup.recipe.source), "--model", "openai/author"]
        command += ["--api-base", server.base_url, "--set", strategy, "--target-size", "300", "--trust"]
        command += ["--output", str(tmp_path / "killed"), "--cache-dir", str(tmp_path / "cache")]
        environ = os.environ | {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        kills = 0
        while (child := subprocess.Popen(command, env=environ)).poll() is None:
            if kills < 6:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(1 + 2 * chance.random())
            else:
                child.wait(120)
            if child.poll() is not None:
                break
            child.kill()
            child.wait()
            kills += 1
        assert (child.returncode, kills > 1) == (0, True)
        texts = Counter(seen.body["input"][0] for seen in server.embedded)
    assert Files.of(tmp_path / "killed") == Files.of(setup.output)
    assert len(server.embedded) - len(texts) <= kills * 16, "at most what was in flight is asked again"
    assert abs(len(texts) - whole) <= 16 * 5, "what is asked ahead depends on what arrives when"


def test_a_flood_of_failures_ends_the_run_for_now(tmp_path: Path) -> None:
    plan: FaultPlan = always(raw(200, {"data": []}))
    with OpenAIServer(Author(variety=300), embedding_faults=plan) as server:
        result = run(resolved(tmp_path, server, **{"limits.timeout": 1}))
    assert isinstance(result.error, TransientError)
    assert result.exit_code == 3
