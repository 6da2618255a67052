"""`datarecipe stats`: of a run and of files, side by side."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import write_recipe

WORDS = (
    "the", "a", "fine", "old", "red", "dog", "cat", "house", "river", "stone", "runs", "sleeps", "near", "under", "over",
    "again", "today", "slowly",
)  # fmt: skip


def records(count: int, seed: int = 0) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    made = []
    for number in range(count):
        label = "good" if number % 2 else "bad"
        text = " ".join(chance.choices(WORDS, k=8)) + (" happily" if label == "good" else " sadly")
        made.append({"id": number, "text": text, "label": label})
    return made


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_run(tmp_path: Path) -> None:
    write_recipe(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url, "--target-size", "120")
        runs = [datarecipe("run", "facts", *flags, cwd=tmp_path, env={"OPENAI_API_KEY": "k"}) for _ in range(2)]
    assert [run.code for run in runs] == [0, 0]
    # A rerun sends nothing, and has nothing new to say.
    assert ["learnability: " in run.err for run in runs] == [True, False]
    ran = datarecipe("stats", "runs/facts", "--json", cwd=tmp_path)
    (found,) = json.loads(ran.out)["datasets"]
    manifest = json.loads((tmp_path / "runs/facts/manifest.json").read_text(encoding="utf-8"))
    assert found["examples"] == found["size"] == 120
    assert found["rejected"] == manifest["counts"]["rejected"]
    assert found["received"] == 120 + sum(found["rejected"].values())
    assert sum(found["labels"].values()) == 120
    assert sum(sum(of_place.values()) for of_place in found["labels_by_place"].values()) == 120
    table = datarecipe("stats", "runs/facts", cwd=tmp_path)
    assert table.code == 0
    assert "yield" in table.out


def test_files_side_by_side(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one.jsonl", records(300)), write(tmp_path / "other.jsonl", records(150, seed=1))
    (tmp_path / "lines.txt").write_text("\n".join(f"line {n} of numbers" for n in range(120)), encoding="utf-8")
    ran = datarecipe("stats", str(one), "--against", str(other), "--against", "lines.txt", "--json", cwd=tmp_path)
    document = json.loads(ran.out)
    datasets = document["datasets"]
    assert [each["name"] for each in datasets] == ["one.jsonl", "other.jsonl", "lines.txt"]
    assert [(each["examples"], each["size"]) for each in datasets] == [(300, 120), (150, 120), (120, 120)]
    assert datasets[0]["learnability"]["accuracy"] > 0.95
    assert datasets[2]["learnability"] is None
    one_other, one_lines = document["comparisons"]
    assert (one_other["with"], one_lines["with"]) == ("other.jsonl", "lines.txt")
    assert one_other["told_apart"]["accuracy"] < 0.7
    assert one_lines["told_apart"]["accuracy"] > 0.95
    assert (one_other["contained"], one_other["examples"]) == (0, 300)


def test_a_leak_shows(tmp_path: Path) -> None:
    rows, held_out = records(200), records(40, seed=9)
    one = write(tmp_path / "train.jsonl", [*rows, *({**row, "text": f"Note: {row['text']}!"} for row in held_out)])
    other = write(tmp_path / "test.jsonl", held_out)
    ran = datarecipe("stats", str(one), "--against", str(other), cwd=tmp_path)
    # The 40, and one that is like a held-out text by chance: there are few words.
    assert re.search(r"^contain one of its texts +41 of 240$", ran.out, re.MULTILINE)


def test_a_leaked_question_shows_beside_another_passage(tmp_path: Path) -> None:
    def with_passage(seed: int) -> list[dict[str, Any]]:
        chance = random.Random(seed)
        rows = [{"question": "is the great wall of china visible from space"} for _ in range(12)]
        return [{**row, "passage": " ".join(chance.choices(WORDS, k=80))} for row in rows]

    write(tmp_path / "train.jsonl", with_passage(0))
    write(tmp_path / "test.jsonl", with_passage(1))
    ran = datarecipe("stats", "train.jsonl", "--against", "test.jsonl", cwd=tmp_path)
    assert "12 of 12" in ran.out


def test_one_dataset_named_twice_and_a_folder_without_a_name(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", records(20))
    twice = datarecipe("stats", "a.jsonl", "--against", "a.jsonl", "--against", "a.jsonl", cwd=tmp_path)
    assert twice.code == 0
    assert len(re.findall("20 of 20", twice.out)) == 2
    run = tmp_path / "run"
    write(run / "data.jsonl", records(20))
    write(run / "lineage.jsonl", [])
    assert datarecipe("stats", ".", cwd=run).out.split()[0] == "run"


def test_a_single_label_is_not_even(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{**row, "label": "good"} for row in records(20)])
    (found,) = json.loads(datarecipe("stats", "a.jsonl", "--json", cwd=tmp_path).out)["datasets"]
    assert found["evenness"] is None


def test_an_answer_that_differs_is_no_label(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"question": f"what is {n}", "answer": f"it is {n} and more"} for n in range(30)])
    (found,) = json.loads(datarecipe("stats", "a.jsonl", "--json", cwd=tmp_path).out)["datasets"]
    assert found["labels"] == {}
    assert found["lengths"]["longest"] == 8


def test_many_field_names_take_no_time(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{f"field{n}": "some text here"} for n in range(20_000)])
    started = time.perf_counter()
    assert datarecipe("stats", "a.jsonl", "--json", cwd=tmp_path).code == 0
    assert time.perf_counter() - started < 60


def test_files_of_one_name_are_told_by_their_paths(tmp_path: Path) -> None:
    write(tmp_path / "a/train.jsonl", records(20))
    write(tmp_path / "b/train.jsonl", records(20, seed=1))
    ran = datarecipe("stats", "a/train.jsonl", "--against", "b/train.jsonl", cwd=tmp_path)
    assert ran.out.split("\n")[0].split() == ["a/train.jsonl", "b/train.jsonl"]


def test_fields_are_chosen(tmp_path: Path) -> None:
    rows = [{"stars": n % 5, "title": f"title {n}", "review": f"words of review {n}"} for n in range(30)]
    write(tmp_path / "r.jsonl", rows)
    found = json.loads(
        datarecipe("stats", "r.jsonl", "--text", "review", "--label", "stars", "--json", cwd=tmp_path).out
    )
    (dataset,) = found["datasets"]
    assert set(dataset["labels"]) == {"0", "1", "2", "3", "4"}
    assert dataset["lengths"]["longest"] == 4
    both = json.loads(datarecipe("stats", "r.jsonl", "--json", cwd=tmp_path).out)["datasets"][0]
    assert both["lengths"]["longest"] == 6
    assert both["labels"] == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], 'there is no file "none.jsonl"'),
        (["."], "holds no data.jsonl"),
        (["a.jsonl", "--label", "lable"], "has no field `lable`"),
        (["a.jsonl", "--text", "txt"], "has no field `txt`"),
        (["a.parquet"], "records cannot be read from this file"),
        (["bad.jsonl"], "bad.jsonl:1:2: this is not JSON"),
        (["empty.jsonl"], "there is no example in it"),
        (["a.jsonl", "--size", "5"], "5 is not in the range"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path / "a.jsonl", records(20))
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "bad.jsonl").write_text("{bad\n", encoding="utf-8")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    ran = datarecipe("stats", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    rows = [{"text": f"\x1b[31mred{n} \u202etext", "label": "\x1b[2J"} for n in range(20)]
    write(tmp_path / "\x1bname.jsonl", rows)
    ran = datarecipe("stats", "\x1bname.jsonl", cwd=tmp_path)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_wrong_labels_and_giveaway_words_are_named(tmp_path: Path) -> None:
    rows = records(300)
    wrong = range(0, 300, 11)
    for number in wrong:
        rows[number]["label"] = "bad" if rows[number]["label"] == "good" else "good"
    write(tmp_path / "a.jsonl", rows)
    (found,) = json.loads(datarecipe("stats", "a.jsonl", "--json", cwd=tmp_path).out)["datasets"]
    errors = found["label_errors"]
    lines = [each["line"] for each in errors["suspects"]]
    assert (errors["count"], errors["share"]) == (len(lines), len(lines) / 300)
    assert len({number + 1 for number in wrong}.intersection(lines)) > 0.8 * max(len(lines), len(wrong) / 2)
    first = errors["suspects"][0]
    assert {first["given"], first["predicted"]} == {"good", "bad"}
    assert first["id"] is None
    assert first["confidence"] > 0.8
    assert first["text"] == rows[first["line"] - 1]["text"]
    given_away = {(each["ngram"], each["label"]) for each in found["giveaway_words"]["ngrams"]}
    assert {("happily", "good"), ("sadly", "bad")} <= given_away
    assert found["giveaway_words"]["share"] > 0.9
    table = datarecipe("stats", "a.jsonl", cwd=tmp_path).out
    assert re.search(r"^label errors +\d+ % suspected$", table, re.MULTILINE)
    assert re.search(r"^labels given away +9\d %: .*happily \(good\)", table, re.MULTILINE)
    assert len(re.findall(r"^line \d+ +(good, not bad|bad, not good)\? +\d+ %  ", table, re.MULTILINE)) == 5


def test_suspects_of_a_run_have_their_ids(tmp_path: Path) -> None:
    run = write(tmp_path / "run" / "data.jsonl", records(200)).parent
    rows = [json.loads(line) for line in (run / "data.jsonl").read_text(encoding="utf-8").splitlines()]
    for number in range(1, 200, 12):
        rows[number]["label"] = "bad"
    write(run / "data.jsonl", rows)
    lineage = [
        {"id": f"id{n}", "parent": "", "depth": 1, "lane": "root:0", "request": 0, "index": n} for n in range(200)
    ]
    write(run / "lineage.jsonl", lineage)
    ran = datarecipe("stats", "run", "--label", "label", "--json", cwd=tmp_path)
    (found,) = json.loads(ran.out)["datasets"]
    named = [(each["line"], each["id"]) for each in found["label_errors"]["suspects"]]
    assert named
    assert all(id_of == f"id{line - 1}" for line, id_of in named)


def test_an_auc_has_its_interval_and_distances_their_sample(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.jsonl", records(300)), write(tmp_path / "b.jsonl", records(300, seed=1))
    document = json.loads(datarecipe("stats", str(one), "--against", str(other), "--json", cwd=tmp_path).out)
    (comparison,) = document["comparisons"]
    auc = comparison["told_apart_auc"]
    assert auc["low"] <= 0.5 <= auc["high"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert document["datasets"][0]["spread"].keys() == {
        "embedder", "examples", "mean_distance", "nearest_distance", "vendi"
    }  # fmt: skip
    assert document["datasets"][0]["spread"]["examples"] == 200
