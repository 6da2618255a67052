"""`filters.verify` in whole runs: what is kept, asked, paid, planned and written."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import (
    CapReachedError,
    OfflineMissError,
    ProviderError,
    RecipeError,
    UntrustedEndpointError,
    UsageError,
)
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import load_recipe
from datarecipe.run_folder.dataset import Dataset
from datarecipe.running.drive.explain import explain
from datarecipe.running.drive.preview import first_question, preview
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.show.summary import closing, summary
from tests.cli.command import datarecipe
from tests.openai_author import Author, Body, Reply
from tests.openai_faults import Fault, always
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, Files, recipe_with, run, write_recipe

PRICES = "{input_per_million: 2, output_per_million: 10}"
SAME = f"prices: {PRICES}\nfilters: {{verify: {{model: openai/author, votes: 3}}}}\n"
OTHER = f"prices: {PRICES}\nfilters: {{verify: {{model: openai/judge, votes: 3, prices: {PRICES}}}}}\n"
DEARER = {"input_per_million": 9, "output_per_million": 9}
KINDS = ("fixed", "random", "similar", "contrastive", "tree")


@dataclass
class Judging:
    """Writes examples as an author does, and answers questions about them. Its truth: the parity of the text's length."""

    author: Author = field(default_factory=lambda: Author(variety=300))
    leans_to: str | None = None
    """The label that it gives whatever is asked."""
    asked: list[Body] = field(default_factory=list)
    """The questions about labels."""

    def __call__(self, body: Body) -> Reply:
        system = body["messages"][0]["content"]
        if "Fill in the field" not in system:
            return self.author(body)
        self.asked.append(body)
        return Reply(json.dumps({"answer": self.leans_to or truth(json.loads(body["messages"][1]["content"]))}))


def truth(example: dict[str, Any]) -> str:
    return "yes" if len(example["question"]) % 2 else "no"


def resolved(folder: Path, author: str, judge: str | None = None, extra: str = SAME, /, **flags: Any) -> ResolvedRun:
    """A run whose author is at `author`; another model of the same provider is at `judge`."""
    path = write_recipe(folder / "project", RECIPE + extra)
    environ = {"OPENAI_API_KEY": "sk-test", **({"OPENAI_BASE_URL": judge} if judge else {})}
    options = Options(
        model="openai/author",
        api_base=author,
        output=folder / flags.pop("output", "run"),
        cache_dir=folder / flags.pop("cache", "cache"),
        trust=True,
        environ=environ,
    )
    return resolve_run(recipe_with(path, **{"target_size": 60} | flags), options)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_right_whatever_the_concurrency(tmp_path: Path, kind: str) -> None:
    files = []
    with OpenAIServer(Judging(), latency=0.001) as server:
        for concurrency in (1, 64):
            flags = {"strategy.kind": kind, "limits.concurrency": concurrency, "output": f"run{concurrency}"}
            setup = resolved(tmp_path, server.base_url, cache=f"cache{concurrency}", **flags)
            result = run(setup)
            assert (result.end, result.tally.accepted) == ("target", 60)
            files.append(Files.of(setup.output))
        data = lines(setup.output, "data.jsonl")
        assert all(example["answer"] == truth(example) for example in data)
        assert {json.dumps(row["checks"]) for row in lines(setup.output, "lineage.jsonl")} == {
            '{"verify": {"agree": 3, "votes": 3}}'
        }
        unverified = [row for row in lines(setup.output, "rejected.jsonl") if row["reason"] == "unverified"]
        assert len(unverified) > 20
        for row in unverified:
            example = json.loads(row["raw"])
            assert example["answer"] != truth(example)
            assert row["detail"] == f'0 of 3 answers are the label; 3 "{truth(example)}"'
        # The cache has all of it, and a raised target goes on from there.
        requests = server.requests
        again = run(resolved(tmp_path, server.base_url, cache="cache64", output="again", **{"strategy.kind": kind}))
        assert (again.traffic.sent, server.requests) == (0, requests)
        assert again.traffic.checks_from_cache >= 3 * (60 + len(unverified))
        files.append(Files.of(tmp_path / "again"))
        more = {"strategy.kind": kind, "target_size": 90, "limits.concurrency": 8}
        assert run(resolved(tmp_path, server.base_url, cache="cache64", output="again", **more)).tally.accepted == 90
    assert files[0] == files[1] == files[2]
    for name in ("data.jsonl", "lineage.jsonl"):
        assert (tmp_path / "again" / name).read_bytes().startswith((tmp_path / "run64" / name).read_bytes())


def test_the_verifier_is_asked_at_its_own_place(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as author, OpenAIServer(Judging()) as judge:
        setup = resolved(tmp_path, author.base_url, judge.base_url, OTHER)
        result = run(setup)
        assert result.end == "target"
        assert {seen.body["model"] for seen in author.seen} == {"author"}
        assert {seen.body["model"] for seen in judge.seen} == {"judge"}
        assert all(seen.body["max_tokens"] == 128 for seen in judge.seen)
        assert result.traffic.checks == judge.requests
        manifest = json.loads((setup.output / "manifest.json").read_text())
        costs = {each["model"]: each for each in manifest["cost"]["by_model"]}
        assert set(costs) == {"openai/author", "openai/judge (verify)"}
        assert costs["openai/judge (verify)"]["calls"] == judge.requests
        assert costs["openai/author"]["calls"] == author.requests
        assert costs["openai/judge (verify)"]["prices"]["input_per_million"] == "2"
        assert manifest["model"]["answered_by"] == {"openai/author": result.tally.responses}
        verification = manifest["verification"]
        assert (verification["model"], verification["votes"], verification["agree"]) == ("openai/judge", 3, 2)
        kept = Counter(example["answer"] for example in lines(setup.output, "data.jsonl"))
        assert {each["label"]: each["confirmed"] for each in verification["by_label"]} == kept
        rejected = sum(each["rejected"] for each in verification["by_label"])
        assert rejected == manifest["counts"]["rejected"]["unverified"] > 0
        assert manifest["counts"]["uncommitted_responses"] == author.requests - result.tally.responses


def test_a_run_says_what_was_confirmed_and_warns_of_a_verifier_that_leans(tmp_path: Path) -> None:
    with OpenAIServer(Judging(leans_to="yes")) as server:
        result = run(resolved(tmp_path, server.base_url))
    said = closing(result)
    assert any(line.startswith("verified: 60 of ") and "(no 0 %, yes 100 %)" in line for line in said), said
    assert any(line.startswith("warning: the verifier confirms no much less often than yes") for line in said)
    used = result.of_filters["openai/author (verify)", True]
    words = f"{used.calls:,} calls, {used.tokens:,} tokens, ${used.usd:.4f}"
    assert f"of which openai/author (verify) used {words}" in said
    new, cached = (summary(result)[name] for name in ("checks", "checks_from_cache"))  # what comes twice is asked once
    assert f"and {new + cached:,} answers about them ({new:,} new, {cached:,} cached)" in said[0]
    assert f"({result.tally.responses + result.counts.waiting:,} new, 0 cached)" in said[0]


def test_nothing_is_paid_where_the_verifier_cannot_be_asked(tmp_path: Path) -> None:
    extra = "filters: {verify: mistral/mistral-small-latest}\n"
    with OpenAIServer(Author()) as server:
        result = run(resolved(tmp_path, server.base_url, None, extra))
        assert isinstance(result.error, ProviderError)
        assert "MISTRAL_API_KEY" in str(result.error)
        assert server.requests == 0
        assert not (tmp_path / "run").exists()


def test_a_verifier_that_fails_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=300)) as author:
        with OpenAIServer(Judging(), faults=always(Fault("no_permission"))) as judge:
            result = run(resolved(tmp_path, author.base_url, judge.base_url, OTHER))
            assert (result.end, result.exit_code) == ("failed", 4)
        paid = author.requests
        with OpenAIServer(Judging()) as judge:
            assert run(resolved(tmp_path, author.base_url, judge.base_url, OTHER)).end == "target"
        cached = json.loads((tmp_path / "run" / "manifest.json").read_text())["this_run"]["from_cache"]
    assert cached == paid > 0


@pytest.mark.parametrize("cap", ["calls", "tokens", "usd"])
def test_caps_hold_for_author_and_verifier_together(tmp_path: Path, cap: str) -> None:
    limits: dict[str, Any] = {"calls": 40, "tokens": 12_000, "usd": 0.03}
    with OpenAIServer(Judging(), latency=0.002) as server:
        setup = resolved(tmp_path, server.base_url, **{f"limits.{cap}": limits[cap], "limits.concurrency": 16})
        result = run(setup)
        assert isinstance(result.error, CapReachedError)
        used = result.spent.in_all
        assert used.calls == server.requests
        assert getattr(used, cap) <= Decimal(str(limits[cap]))
        assert result.tally.accepted > 0, "near a cap what is needed first is asked first"
        higher = resolved(tmp_path, server.base_url, **{f"limits.{cap}": limits[cap] * 100})
        assert run(higher).end == "target"


def test_the_plan_holds_what_a_run_takes(tmp_path: Path) -> None:
    with OpenAIServer(Judging(Author.tidy(variety=3000)), latency=0.001) as server:
        setup = resolved(tmp_path, server.base_url)
        result = run(setup)
        share = 60 / (5 * result.tally.responses)
        plan = make_plan(resolved(tmp_path, server.base_url, cache="none", output="none"), share=share)
        used = plan.checks["verify"].used
        assert used.low.calls <= result.traffic.checks <= used.high.calls
        assert plan.requests.low <= server.requests <= plan.requests.high
        assert plan.usd is not None
        assert plan.usd.low <= result.spent.in_all.usd <= plan.usd.high
        stored = make_plan(resolved(tmp_path, server.base_url))
        assert (stored.requests.high, stored.usd) == (0, type(plan.usd)(Decimal(0), Decimal(0)))
        # What is not verified yet of stored replies is counted as well.
        fewer = make_plan(resolved(tmp_path, server.base_url, **{"filters.verify.votes": 5}))
        assert fewer.requests.low == fewer.requests.high > 0
        told = datarecipe("plan", str(setup.recipe.source), "--model", "openai/author", cwd=tmp_path)
        assert "of the requests ask openai/author for labels" in told.out


def test_cache_explain_takes_the_answers_too(tmp_path: Path) -> None:
    with OpenAIServer(Judging()) as server:
        setup = resolved(tmp_path, server.base_url)
        result = run(setup)
    with ResponseCache(setup.cache_dir) as cache:
        found = explain(setup, cache)
    assert (found.missing, found.accepted) == (None, 60)
    assert found.found == result.tally.responses


def test_the_card_and_the_export_say_who_confirmed(tmp_path: Path) -> None:
    with OpenAIServer(Judging()) as server:
        setup = resolved(tmp_path, server.base_url)
        run(setup)
    card = (setup.output / "README.md").read_text()
    assert "No person has checked the labels. `openai/author` confirmed each with 2 or more of 3 answers." in card
    table = Dataset(setup.output).to_pandas(lineage=True)
    assert set(table["lineage_verify_agree"]) == set(table["lineage_verify_votes"]) == {3}
    assert "lineage_checks" not in table


def test_the_report_shows_what_was_confirmed(tmp_path: Path) -> None:
    with OpenAIServer(Judging()) as server:
        setup = resolved(tmp_path, server.base_url)
        run(setup)
    made = datarecipe("report", str(setup.output), "--output", "report.html", cwd=tmp_path)
    assert made.code == 0, made.err
    page = (tmp_path / "report.html").read_text()
    assert "openai/author, 2 or more of 3 answers" in page
    by_label = json.loads((setup.output / "manifest.json").read_text())["verification"]["by_label"]
    asked = sum(each["confirmed"] + each["rejected"] for each in by_label)
    assert f"60 of {asked} (no " in page
    assert "openai/author (verify) $0.0" in page


def test_what_gives_the_answer_away_is_not_shown(tmp_path: Path) -> None:
    judging = Judging()
    extra = "filters: {verify: {model: openai/author, fields: [question]}}\n"
    seeds = [{"why": "It is.", "answer": answer, "question": f"Is {answer} so?"} for answer in ("yes", "no")]
    with OpenAIServer(judging) as server:
        setup = resolved(
            tmp_path, server.base_url, None, f"prices: {PRICES}\n{extra}", seed_example=seeds, target_size=10
        )
        assert run(setup).end == "target"
    assert {tuple(json.loads(body["messages"][1]["content"])) for body in judging.asked} == {("question",)}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("{model: openai/x, agree: 4}", "`filters.verify.agree` (4) is above `votes` (3)"),
        ("{model: openai/x, fields: [answer]}", "is the label, which the model must not see"),
        ("{model: openai/x, fields: [questoin]}", "is no field"),
        ("{model: openai/x, sampling: {max_tokens: null}}", "is null, so answers are unbounded"),
        ("{model: openai/x, votes: 16}", "`filters.verify.votes` must be a whole number from 1 to 15"),
        ("{votes: 3}", "`model` is missing"),
        ("true", "the name of a model"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, setting: str, message: str) -> None:
    path = write_recipe(tmp_path, RECIPE + f"filters: {{verify: {setting}}}\n")
    with pytest.raises(RecipeError) as raised:
        load_recipe(path)
    assert message in str(raised.value)
    assert f"facts.yaml:{len(RECIPE.splitlines()) + 1}:" in str(raised.value)


def test_a_recipe_without_labels_has_none_to_verify(tmp_path: Path) -> None:
    text = """\
        recipe: 1
        name: chats
        instruction: Write {{ batch_size }} dialogues.
        seed_example: {text: Hello there.}
        target_size: 5
        filters: {verify: openai/x}
    """
    with pytest.raises(RecipeError, match="needs a label"):
        load_recipe(write_recipe(tmp_path, text))


def test_a_model_that_names_a_host_is_refused(tmp_path: Path) -> None:
    arn = "bedrock/agentcore/arn:aws:bedrock-agentcore:evil.example/:123456789012:runtime/x"
    path = write_recipe(tmp_path, RECIPE + f"filters: {{verify: '{arn}'}}\n")
    with pytest.raises(UntrustedEndpointError):
        resolve_run(load_recipe(path), Options(model="openai/gpt-4o-mini", environ={"OPENAI_API_KEY": "k"}))


def test_another_verifier_is_another_run(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1/v1"
    settings: list[dict[str, Any]] = [
        {},
        {"filters.verify.votes": 5},
        {"filters.verify.agree": 3},
        {"filters.verify.model": "openai/gpt-4o-mini"},
        {"filters.verify.instruction": "Yes means true."},
        {"filters.verify.fields": ["question"]},
        {"filters.verify.sampling.max_tokens": 50},
    ]
    assert len({resolved(tmp_path, url, **flags).identity for flags in settings}) == len(settings)
    same: list[dict[str, Any]] = [
        {"filters.verify.agree": 2},
        {"filters.verify.prices": {"input_per_million": 9, "output_per_million": 9}},
    ]
    assert {resolved(tmp_path, url, **flags).identity for flags in same} == {resolved(tmp_path, url).identity}


def test_the_embedded_model_cannot_verify(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be asked by `filters\.verify`"):
        resolved(tmp_path, "http://127.0.0.1:1/v1", None, "filters: {verify: local/smollm2-135m}\n")


def test_a_preview_has_the_verdicts(tmp_path: Path) -> None:
    with OpenAIServer(Judging(Author.tidy(variety=3000))) as server:
        setup = resolved(tmp_path, server.base_url)
        shown = asyncio.run(preview(setup, lambda _: None))
        assert server.requests == 1 + 3 * 5
        assert shown.spent.calls == 16
    assert {getattr(event, "reason", "accepted") for event in shown.events} >= {"accepted", "unverified"}


def test_a_preview_that_may_not_ask_asks_nothing(tmp_path: Path) -> None:
    with OpenAIServer(Judging(Author.tidy(variety=3000))) as server:
        plain = resolved(tmp_path, server.base_url, None, f"prices: {PRICES}\n")
        asyncio.run(preview(plain, lambda _: None))
        asked = server.requests
        setup = resolved(tmp_path, server.base_url)
        offline = replace(setup, options=replace(setup.options, offline=True))
        with pytest.raises(OfflineMissError):
            asyncio.run(preview(offline, lambda _: None))
        assert server.requests == asked == 1


@pytest.mark.parametrize("calls", [5, 9, 16, 30])
def test_near_a_cap_the_author_leaves_room_for_the_verifier(tmp_path: Path, calls: int) -> None:
    with OpenAIServer(Judging(Author.tidy(variety=3000)), latency=0.005) as server:
        flags = {"limits.calls": calls, "limits.concurrency": 16, "target_size": 500, "filters.verify.votes": 1}
        result = run(resolved(tmp_path, server.base_url, **flags))
        assert isinstance(result.error, CapReachedError)
        assert server.requests == calls
    # Of six calls one asks for five items; about half of them are right.
    assert result.tally.accepted >= (calls - 2) // 6


def test_the_prompt_shows_the_question(tmp_path: Path) -> None:
    setup = resolved(tmp_path, "http://127.0.0.1:1/v1")
    assert first_question(setup, "verify").draw.lane == "verify:0"
    shown = datarecipe("prompt", str(setup.recipe.source), "--verify", "--model", "openai/author", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert 'Fill in the field "answer"' in shown.out
    assert "model: openai/author (from `filters.verify`)" in shown.out
    plain = write_recipe(tmp_path / "plain")
    refused = datarecipe("prompt", str(plain), "--verify", "--model", "openai/author", cwd=tmp_path)
    assert (refused.code, "has no `filters.verify`" in refused.err) == (2, True)
