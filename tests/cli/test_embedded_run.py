"""A recipe on the real embedded model, as a newcomer runs it first."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.cli.command import datarecipe

pytestmark = pytest.mark.embedded


def words(text: str) -> set[str]:
    return set(text.lower().split())


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


@pytest.mark.timeout(600)
def test_boolq_runs_on_the_embedded_model_and_replays_without_it(tmp_path: Path) -> None:
    ran = datarecipe("run", "boolq", "--target-size", "20", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "local/smollm2-135m" in ran.err
    assert "poor author" in ran.err
    summary = json.loads(ran.out)
    assert summary["accepted"] == 20
    assert summary["sent"] > 0

    folder = tmp_path / "runs" / "boolq"
    data = (folder / "data.jsonl").read_bytes()
    rows = [json.loads(line) for line in data.decode().splitlines()]
    assert all(list(row) == ["options", "answer", "question"] for row in rows)
    assert all(row["options"] == ["yes", "no"] and row["answer"] in ("yes", "no") for row in rows)
    assert {row["answer"] for row in rows} == {"yes", "no"}
    questions = [words(row["question"]) for row in rows]
    near = sum(jaccard(one, other) >= 0.9 for one, other in itertools.combinations(questions, 2))
    assert near <= 1
    assert "poor author" in (folder / "README.md").read_text()
    assert json.loads((folder / "manifest.json").read_text())["model"]["warning"]

    again = datarecipe("run", "boolq", "--target-size", "20", "--offline", "--json", cwd=tmp_path)
    assert again.code == 0
    assert json.loads(again.out)["sent"] == 0
    assert (folder / "data.jsonl").read_bytes() == data
