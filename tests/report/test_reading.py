"""What a report reads of a run's folder: lineage as a tree, pairs, prompts as they were sent; all within bounds."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from datarecipe.cli.commands.evidence.test_command import tested as results_of
from datarecipe.generate.prompt.model_profile import profile_of
from datarecipe.report.html_report import html_report
from datarecipe.report.read import run_data
from datarecipe.report.read.ancestry import Ancestry
from datarecipe.report.read.matched_pairs import match_of
from datarecipe.report.read.run_data import Bounds, RunData, read_run
from datarecipe.report.read.shown_prompts import prompts_of
from datarecipe.run_folder.json_records import json_line
from tests.report.made_runs import Made, make

BOUNDS = Bounds.of(1)


def read(folder: Path) -> tuple[RunData, Ancestry]:
    run = read_run(folder, folder.name, BOUNDS)
    return run, Ancestry(run)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def rewrite(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    (folder / name).write_text("".join(map(json_line, rows)), encoding="utf-8")


@pytest.fixture
def folder(reviews: Made, tmp_path: Path) -> Path:
    """A copy of the reviews, to break."""
    return shutil.copytree(reviews.folder, tmp_path / "reviews")


def data_of(folder: Path) -> dict[str, Any]:
    """The data that the page browses."""
    page = html_report([folder])
    found: dict[str, Any] = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    return found


def test_every_example_leads_to_a_seed_example(reviews: Made) -> None:
    run, ancestry = read(reviews.folder)
    for number, row in enumerate(run.lineage):
        steps, at = 0, number
        while at >= 0:
            at, steps = ancestry.parents[at], steps + 1
        assert ancestry.origins[-1 - at].kind == "seed"
        assert steps == row.depth


def test_chains_show_items_that_were_rejected_too(tmp_path: Path) -> None:
    """A chain goes on from what is new to it, be it a duplicate of another chain's example."""
    made = make(tmp_path, target_size=300, strategy="random")
    run, ancestry = read(made.folder)
    kinds = {origin.kind for origin in ancestry.origins}
    assert "rejected" in kinds
    for origin in ancestry.origins:
        assert (origin.example is None) == (origin.kind == "elsewhere")
    assert all(parent < number for number, parent in enumerate(ancestry.parents))
    assert run.shown == 300


def test_near_duplicates_and_duplicates_are_paired(reviews: Made) -> None:
    run, ancestry = read(reviews.folder)
    near = [item for item in run.rejected.shown if item.reason == "near_duplicate"]
    assert near
    for item in near:
        match = match_of(item, ancestry)
        assert match is not None
        assert run.lineage[match].id == item.detail.split()[-1]
    duplicates = [item for item in run.rejected.shown if item.reason == "duplicate"]
    for item in duplicates:
        match = match_of(item, ancestry)
        assert match is not None
        example = run.examples[match] if match >= 0 else ancestry.origins[-1 - match].example
        assert example is not None
        assert example["text"] == json.loads(item.raw)["text"]


@pytest.mark.parametrize("kind", ["tree", "fixed", "random"])
def test_the_prompts_are_those_that_were_sent(tmp_path: Path, kind: str) -> None:
    made = make(tmp_path, target_size=60, strategy=kind)
    run, ancestry = read(made.folder)
    found = prompts_of(run, ancestry)
    assert (len(found.shown), found.left_out, found.why) == (3, 0, "")
    sent = [[(each["role"], each["content"]) for each in seen.body["messages"]] for seen in made.seen]
    for prompt in found.shown:
        assert list(prompt.messages) in sent


def test_a_prompt_that_counts_its_requests_is_shown_as_it_was_sent(tmp_path: Path) -> None:
    made = make(
        tmp_path, target_size=40, instruction="Number {{ draw }}: write {{ batch_size }} about {{ vary.topic }}."
    )
    run, ancestry = read(made.folder)
    shown = prompts_of(run, ancestry).shown
    sent = [seen.body["messages"][0]["content"] for seen in made.seen]
    assert len(shown) == 3
    assert {prompt.messages[0][1] for prompt in shown} <= set(sent)


@pytest.mark.parametrize(
    ("profile", "roles"),
    [
        (profile_of("local/smollm2-135m").name, ["system", "user", "assistant", "user"]),
        (profile_of("gemini/gemma-3").name, ["user"]),
        ("embedded-1", []),
    ],
)
def test_prompts_are_laid_out_as_the_profile_in_the_manifest_says(folder: Path, profile: str, roles: list[str]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["model"]["profile"] = profile
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = prompts_of(*read(folder))
    if roles:
        found_roles = [role for role, _ in found.shown[0].messages]
        assert (found_roles[0], found_roles[-1]) == (roles[0], roles[-1])
        assert set(found_roles) == set(roles)
    else:
        assert "another release" in found.why


def test_a_manifest_that_names_files_reads_none(folder: Path) -> None:
    (folder / "secret.txt").write_text("the secret", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["recipe"]["instruction"] = "secret.txt"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    page = html_report([folder])
    assert "the secret" not in page
    assert "No prompt is rendered" in page


def test_odd_manifests_are_shown_and_bounded(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    manifest["recipe"] |= {"description": "long " * 100_000, "strategy": {"kind": ["tree"]}, "labels": [deep, {"a": 1}]}
    manifest["recipe"] |= {
        "task": {"label": 5, "options": []},
        "vary": 7,
        "filters": {"</script>": 1},
        "instruction": 3,
    }
    manifest["model"] |= {"name": "<b>" * 10_000, "sampling": {"x": deep}}
    manifest["this_run"]["finished"] = "2026-01-01"
    manifest["error"] = "\u202e" * 10_000
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    page = html_report([folder])
    assert len(page) < 1_000_000
    assert page.count("</script>") == 2
    assert "<b>" not in page.partition('id="data">')[0]
    assert "\u202e" not in page


def test_a_lineage_in_a_circle_is_no_circle_in_the_tree(folder: Path) -> None:
    rows = lines(folder, "lineage.jsonl")
    rows[3]["parent"], rows[5]["parent"], rows[8]["parent"] = rows[5]["id"], rows[3]["id"], rows[8]["id"]
    rewrite(folder, "lineage.jsonl", rows)
    _, ancestry = read(folder)
    assert all(parent < number for number, parent in enumerate(ancestry.parents))
    assert ancestry.origins[-1 - ancestry.parents[8]].kind == "elsewhere"


def test_odd_values_are_shown_and_break_nothing(folder: Path) -> None:
    data, lineage = lines(folder, "data.jsonl"), lines(folder, "lineage.jsonl")
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    odd: list[Any] = [2**80, 1.5, None, True, deep, {"a": "</script>"}, "\ud800 half", "x" * 300_000]
    for row, value in zip(data, odd, strict=False):
        row["text"] = value
    data[20] |= {f"field {number}": "x" for number in range(100)}
    rewrite(folder, "data.jsonl", data)
    text = (folder / "data.jsonl").read_text(encoding="utf-8").replace('"text": 1.5', '"text": 1e999')
    (folder / "data.jsonl").write_text(text, encoding="utf-8")
    rewrite(folder, "lineage.jsonl", lineage)
    (run,) = data_of(folder)["runs"]
    shown = [row[run["fields"].index("text")] for row in run["values"][: len(odd)]]
    assert shown[:4] == [str(2**80), "inf", "null", "true"]
    assert shown[5:7] == ['{"a": "</script>"}', "\ud800 half"]
    assert shown[7].endswith("(100,000 more characters are not in this report)")
    assert len(run["fields"]) == 25
    assert "field 99" in run["values"][20][-1]


def test_more_than_fits_is_left_out_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_data, "MOST_EXAMPLES", 50)
    monkeypatch.setattr(run_data, "MOST_REJECTED", 2)
    (run,) = data_of(folder)["runs"]
    assert (len(run["values"]), run["total"]) == (50, 300)
    kept = [row[0] for row in run["rejected"]["rows"]]
    assert max(map(kept.count, kept)) == 2
    assert sum(run["rejected"]["counts"].values()) == len(lines(folder, "rejected.jsonl"))


def test_long_texts_are_bounded_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_data, "MOST_TEXT", 5_000)
    (run,) = data_of(folder)["runs"]
    assert 0 < len(json.dumps(run["values"])) < 6_000


def test_a_run_without_examples_has_a_report(folder: Path) -> None:
    for name in ("data.jsonl", "lineage.jsonl"):
        (folder / name).write_text("", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["counts"]["accepted"] = 0
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    page = html_report([folder])
    assert "What came of the items" in page
    assert "no example tells which requests were sent" in page


def test_the_verdicts_are_those_of_the_command(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["recipe"]["tests"] = {
        "drift_p": {"min": 0.05},
        "giveaway_words": {"max": 0.5},
        "label_errors": {"max": 0},
        "nearest_distance": {"max": 0.1},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    row = r"<tr><th[^>]*>(\w+)</th><td>reviews</td><td><span[^>]*>([\w ]+)</span></td><td>([^<]*)<"
    shown = re.findall(row, html_report([folder]))
    assert shown == [
        (each.measure, each.verdict, "–" if each.value is None else f"{each.value:.4g}") for each in results_of(folder)
    ]
    assert len(shown) == 4
