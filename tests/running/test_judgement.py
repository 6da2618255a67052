"""`filters.judge` and `filters.repair` in whole runs: what is kept, asked, paid, planned and written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import CapReachedError, RecipeError
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.recipe import load_recipe
from datarecipe.run_folder.dataset import Dataset
from datarecipe.running.drive.explain import explain
from datarecipe.running.planning.plan import make_plan
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.show.summary import closing, opening
from tests.cli.command import datarecipe
from tests.openai_author import Author, Body, Reply, canonical_hash
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, Files, recipe_with, run, write_recipe

PRICES = "{input_per_million: 2, output_per_million: 10}"
RUBRIC = "rubric: {natural: Does it read well?, clear: Is it clear?}"
JUDGE = f"judge: {{model: openai/author, {RUBRIC}, keep: {{clear: 3}}}}"
KINDS = ("fixed", "random", "similar", "contrastive", "tree")


def clear(example: dict[str, Any]) -> int:
    """The truth of the judge."""
    return 1 + len(example["question"]) % 5


@dataclass
class Team:
    """Author, judge and who repairs, at one server."""

    author: Author = field(default_factory=lambda: Author(variety=300))
    hopeless: bool = False
    """Whether what is sent back comes again as it was."""
    sent_back: list[Body] = field(default_factory=list)
    judged: list[Body] = field(default_factory=list)

    def __call__(self, body: Body) -> Reply:
        messages = body["messages"]
        if "Score the example" in messages[0]["content"]:
            self.judged.append(body)
            return Reply(json.dumps({"natural": 5, "clear": clear(json.loads(messages[1]["content"]))}))
        if not messages[-1]["content"].startswith("This example was rejected"):
            return self.author(body)
        self.sent_back.append(body)
        item = json.loads(messages[-2]["content"])
        if not self.hopeless:
            question = (
                item["question"] if isinstance(item.get("question"), str) else f"Is {canonical_hash(body)[:8]} odd?"
            )
            answer = item["answer"] if item.get("answer") in ("yes", "no") else "no"
            item = {"options": ["yes", "no"], "answer": answer, "question": question}
            while clear(item) < 3:
                item["question"] = item["question"][:-1] + "x?"
        return Reply(json.dumps({"examples": [item]}))


def resolved(folder: Path, server: str, filters: str, /, **flags: Any) -> ResolvedRun:
    path = write_recipe(folder / "project", RECIPE + f"prices: {PRICES}\nfilters: {{{filters}}}\n")
    options = Options(
        model="openai/author",
        api_base=server,
        output=folder / flags.pop("output", "run"),
        cache_dir=folder / flags.pop("cache", "cache"),
        trust=True,
        environ={"OPENAI_API_KEY": "sk-test"},
    )
    return resolve_run(recipe_with(path, **{"target_size": 60} | flags), options)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("filters", [JUDGE, f"{JUDGE}, repair: 1"])
def test_what_is_kept_is_clear_whatever_the_concurrency(tmp_path: Path, kind: str, filters: str) -> None:
    files, team = [], Team()
    with OpenAIServer(team, latency=0.001) as server:
        for concurrency in (1, 64):
            flags = {"strategy.kind": kind, "limits.concurrency": concurrency, "output": f"run{concurrency}"}
            setup = resolved(tmp_path, server.base_url, filters, cache=f"cache{concurrency}", **flags)
            result = run(setup)
            assert (result.end, result.tally.accepted) == ("target", 60)
            files.append(Files.of(setup.output))
        data, lineage = lines(setup.output, "data.jsonl"), lines(setup.output, "lineage.jsonl")
        for example, row in zip(data, lineage, strict=True):
            assert row["checks"] == {"judge": {"natural": 5, "clear": clear(example)}}
            assert clear(example) >= 3
        rejected = lines(setup.output, "rejected.jsonl")
        low = [row for row in rejected if row["reason"] == "low_score"]
        assert len(low) > 10
        for row in low:
            score = clear(json.loads(row["raw"]))
            assert row["detail"] == f"natural 5, clear {score} (needs 3)"
        repaired = [row for row in lineage if "repaired_from" in row]
        sent_back = {(row["request"], row["index"]): row for row in rejected if row.get("sent_back")}
        assert bool(repaired) == bool(sent_back) == bool(team.sent_back) == ("repair" in filters)
        for row in repaired:
            first = sent_back[row["request"], row["index"]]
            assert row["repaired_from"] == {"reason": first["reason"], "detail": first["detail"]}
        # The cache has all of it, and a raised target goes on from there.
        requests, kind_of = server.requests, {"strategy.kind": kind}
        again = run(resolved(tmp_path, server.base_url, filters, cache="cache64", output="again", **kind_of))
        assert (again.traffic.sent, server.requests) == (0, requests)
        files.append(Files.of(tmp_path / "again"))
        more = {"strategy.kind": kind, "target_size": 90, "limits.concurrency": 8}
        setup = resolved(tmp_path, server.base_url, filters, cache="cache64", output="again", **more)
        assert run(setup).tally.accepted == 90
    assert files[0] == files[1] == files[2]
    for name in ("data.jsonl", "lineage.jsonl"):
        assert (tmp_path / "again" / name).read_bytes().startswith((tmp_path / "run64" / name).read_bytes())


def test_a_repair_shows_the_author_its_item_and_the_reason(tmp_path: Path) -> None:
    team = Team()
    with OpenAIServer(team) as server:
        setup = resolved(tmp_path, server.base_url, "repair: 1")
        result = run(setup)
    assert result.tally.repaired == result.tally.sent_back > 0
    assert not {"label", "schema"} & set(result.tally.rejected), "every wrong item was mended"
    rejected = [row for row in lines(setup.output, "rejected.jsonl") if row["reason"] in ("label", "schema")]
    assert len(rejected) == result.tally.sent_back
    assert all(row["sent_back"] for row in rejected)
    by_item = {body["messages"][-2]["content"]: body["messages"] for body in team.sent_back}
    for row in rejected:
        messages = by_item[row["raw"]]
        assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
        assert messages[-1]["content"].startswith(
            f"This example was rejected ({row['reason']}): {row['detail']}\nCorrect it"
        )
    assert any(line.startswith("repaired: ") and " asked for" in line for line in closing(result)), closing(result)
    assert "repair: rejected examples go back to the author, 1 time at the most" in opening(setup)
    assert {row["model"] for row in json.loads((setup.output / "manifest.json").read_text())["cost"]["by_model"]} == {
        "openai/author"
    }


@pytest.mark.parametrize("repairs", [1, 2])
def test_an_item_is_sent_back_so_often_and_no_more(tmp_path: Path, repairs: int) -> None:
    with OpenAIServer(team := Team(hopeless=True)) as server:
        setup = resolved(tmp_path, server.base_url, f"repair: {repairs}")
        result = run(setup)
    assert result.end == "target"
    assert result.tally.repaired == 0
    rows = [row for row in lines(setup.output, "rejected.jsonl") if row["reason"] in ("label", "schema")]
    places = {(row["request"], row["index"]) for row in rows}
    assert len(rows) == (repairs + 1) * len(places)
    assert sum(row.get("sent_back", False) for row in rows) == result.tally.sent_back == repairs * len(places)
    assert result.tally.rejected["schema"] + result.tally.rejected["label"] == len(places), "what was lost counts once"
    assert max(len(body["messages"]) for body in team.sent_back) == 4, "only the last try is shown"


@pytest.mark.parametrize("cap", ["calls", "tokens", "usd"])
def test_caps_hold_for_author_judge_and_repairs_together(tmp_path: Path, cap: str) -> None:
    limits: dict[str, Any] = {"calls": 40, "tokens": 12_000, "usd": 0.03}
    with OpenAIServer(Team(), latency=0.002) as server:
        filters = f"{JUDGE}, repair: 1"
        flags = {f"limits.{cap}": limits[cap], "limits.concurrency": 16}
        result = run(resolved(tmp_path, server.base_url, filters, **flags))
        assert isinstance(result.error, CapReachedError)
        used = result.spent.in_all
        assert used.calls == server.requests
        assert getattr(used, cap) <= Decimal(str(limits[cap]))
        assert result.tally.accepted > 0, "near a cap what is needed first is asked first"
        higher = resolved(tmp_path, server.base_url, filters, **{f"limits.{cap}": limits[cap] * 100})
        assert run(higher).end == "target"


@pytest.mark.parametrize("filters", [JUDGE, "repair: 1", f"{JUDGE}, repair: 2"])
def test_the_plan_holds_what_a_run_takes(tmp_path: Path, filters: str) -> None:
    with OpenAIServer(Team(Author(variety=3000)), latency=0.001) as server:
        setup = resolved(tmp_path, server.base_url, filters)
        result = run(setup)
        share = min(1.0, 60 / (5 * result.tally.responses))
        plan = make_plan(resolved(tmp_path, server.base_url, filters, cache="none", output="none"), share=share)
        low, high = (sum(getattr(check.used, end).calls for check in plan.checks.values()) for end in ("low", "high"))
        assert low <= result.traffic.checks <= high
        assert plan.requests.low <= server.requests <= plan.requests.high
        assert plan.usd is not None
        assert plan.usd.low <= result.spent.in_all.usd <= plan.usd.high
        stored = make_plan(resolved(tmp_path, server.base_url, filters))
        assert stored.requests.high == 0
        with ResponseCache(setup.cache_dir) as cache:
            found = explain(setup, cache)
        assert (found.missing, found.accepted, found.found) == (None, 60, result.tally.responses)
        told = datarecipe("plan", str(setup.recipe.source), "--model", "openai/author", cwd=tmp_path)
        assert ("for scores" in told.out) == ("judge" in filters)
        assert ("for corrected examples" in told.out) == ("repair" in filters)


def test_the_scores_are_told_everywhere(tmp_path: Path) -> None:
    with OpenAIServer(Team()) as server:
        setup = resolved(tmp_path, server.base_url, JUDGE)
        result = run(setup)
    judged = [line for line in closing(result) if line.startswith("judged: 60 of ")]
    assert len(judged) == 1
    assert "(mean scores of these: natural 5.0, clear " in judged[0]
    data, manifest = lines(setup.output, "data.jsonl"), json.loads((setup.output / "manifest.json").read_text())
    judgement = manifest["judgement"]
    assert (judgement["model"], judgement["accepted"], judgement["scale"]) == ("openai/author", 60, 5)
    assert judgement["rejected"] == manifest["counts"]["rejected"]["low_score"] > 0
    by_name = {each["name"]: each["scores"] for each in judgement["criteria"]}
    assert by_name == {
        "natural": {"5": 60},
        "clear": {str(score): count for score in (3, 4, 5) if (count := sum(clear(each) == score for each in data))},
    }
    costs = {each["model"]: each["calls"] for each in manifest["cost"]["by_model"]}
    assert set(costs) == {"openai/author", "openai/author (judge)"}
    mean = sum(map(clear, data)) / 60
    card = (setup.output / "README.md").read_text()
    assert f"`openai/author` scored each example from 1 to 5; means: `natural` 5.0, `clear` {mean:.1f}." in card
    table = Dataset(setup.output).to_pandas(lineage=True)
    assert list(table["lineage_judge_clear"]) == [clear(each) for each in data]
    made = datarecipe("report", str(setup.output), "--output", "report.html", cwd=tmp_path)
    assert made.code == 0, made.err
    assert (
        f"openai/author, scores from 1 to 5: 60 of {60 + judgement['rejected']} passed (means: natural 5.0, clear "
        in (tmp_path / "report.html").read_text()
    )


def test_the_embedded_model_repairs_nothing_and_says_so(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, RECIPE + "filters: {repair: 1}\n")
    setup = resolve_run(load_recipe(path), Options(environ={}, output=tmp_path / "run"), sends=False)
    assert setup.embedded
    assert setup.repairs == 0
    assert any("`filters.repair` has no effect" in line for line in opening(setup))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("judge: {model: openai/x}", "`rubric` is missing"),
        (f"judge: {{{RUBRIC}}}", "`model` is missing"),
        ("judge: {model: openai/x, rubric: {}}", "rubric"),
        ("judge: {model: openai/x, rubric: {a b: Is it?}}", "`a b` in `filters.judge.rubric`"),
        (f"judge: {{model: openai/x, {RUBRIC}, keep: 6}}", "no example can reach 6"),
        (f"judge: {{model: openai/x, {RUBRIC}, scale: 3, keep: {{clear: 4}}}}", "no example can reach 4"),
        (f"judge: {{model: openai/x, {RUBRIC}, keep: {{claer: 4}}}}", "is no criterion of the rubric"),
        (f"judge: {{model: openai/x, {RUBRIC}, fields: [questoin]}}", "is no field"),
        (f"judge: {{model: openai/x, {RUBRIC}, sampling: {{max_tokens: null}}}}", "answers are unbounded"),
        ("judge: openai/x", "a mapping"),
        ("repair: 4", "a whole number from 0 to 3"),
        ("repair: true", "a whole number from 0 to 3"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, setting: str, message: str) -> None:
    path = write_recipe(tmp_path, RECIPE + f"filters: {{{setting}}}\n")
    with pytest.raises(RecipeError) as raised:
        load_recipe(path)
    assert message in str(raised.value)
    assert f"facts.yaml:{len(RECIPE.splitlines()) + 1}:" in str(raised.value)


def test_prompt_shows_what_the_judge_is_asked(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, RECIPE + f"filters: {{{JUDGE}}}\n")
    shown = datarecipe("prompt", str(path), "--model", "openai/author", "--judge", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert '- "clear": Is it clear?' in shown.out
    assert "(from `filters.judge`)" in shown.out
    refused = datarecipe("prompt", str(path), "--verify", cwd=tmp_path)
    assert (refused.code, "this recipe has no `filters.verify`" in refused.err) == (2, True)
