"""What is judged: the same sample for the same data and seed, blind, and found again when a run has grown."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import UsageError
from datarecipe.review.sample.drawn_sample import draw, find_again, header_of
from datarecipe.review.sample.judged_items import sample_of
from datarecipe.review.sample.source_dataset import read_source
from tests.report.made_runs import make
from tests.review.verdict_texts import write_records

WORDS = [f"word{number}" for number in range(300)]


def texts(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"text": f"{WORDS[n]} is a text", "label": ["bad", "good"][n % 2], **more} for n in range(count)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("run"), target_size=60).folder


def test_a_run_gives_ids_of_its_lineage_and_hides_its_label(run: Path) -> None:
    sources = [read_source(run)]
    sample = sample_of(draw(sources, 40, 0), 0)
    lineage = {json.loads(line)["id"] for line in (run / "lineage.jsonl").read_text().splitlines()}
    assert len(sample.items) == len({item.id for item in sample.items}) == 40
    assert {item.id for item in sample.items} <= lineage
    assert sample.question == "label"
    assert {name for item in sample.items for name, _ in item.fields} == {"text"}
    assert {tuple(item.choices) for item in sample.items} == {("good", "bad")}
    assert sample.description == "Short reviews of things people buy."


def test_the_seed_decides_and_a_smaller_sample_is_part_of_a_larger_one(run: Path) -> None:
    sources = [read_source(run)]

    def ids(size: int, seed: int) -> list[str]:
        return [item.id for item in sample_of(draw(sources, size, seed), seed).items]

    assert ids(20, 0) == ids(20, 0)
    assert set(ids(20, 0)) < set(ids(30, 0))
    assert set(ids(20, 1)) != set(ids(20, 0))
    assert len(ids(500, 0)) == 60
    assert ids(20, 0) != sorted(ids(20, 0))


def test_several_datasets_are_mixed_and_nothing_says_which(tmp_path: Path, run: Path) -> None:
    human = [
        {"id": n, "text": f"{WORDS[n]} by a person", "stars": 5, "label": ["bad", "good"][n % 2]} for n in range(200)
    ]
    drawn = draw([read_source(run), read_source(write_records(tmp_path / "human.jsonl", human))], 80, 3)
    sample = sample_of(drawn, 3)
    assert [len(each.examples) for each in drawn] == [40, 40]
    assert sample.hidden == ["id", "stars"]
    assert {tuple(name for name, _ in item.fields) for item in sample.items} == {("text",)}
    assert len({tuple(item.choices) for item in sample.items}) == 1
    assert sample.description == ""
    where = ["person" in item.fields[0][1] for item in sample.items]
    changes = sum(a != b for a, b in pairwise(where))
    assert 20 < changes < 60, "they are mixed, not one behind the other"


def test_an_example_that_two_datasets_have_is_judged_once(tmp_path: Path) -> None:
    sources = [read_source(write_records(tmp_path / name, texts(10))) for name in ("a.jsonl", "b.jsonl")]
    assert len(sample_of(draw(sources, 20, 0), 0).items) == 10


def test_options_of_each_example_are_its_choices_in_their_order(tmp_path: Path) -> None:
    rows = [{"question": WORDS[n], "options": [f"a{n}", f"b{n}", 3], "answer": f"b{n}"} for n in range(10)]
    sample = sample_of(draw([read_source(write_records(tmp_path / "a.jsonl", rows))], 10, 0), 0)
    assert sample.question == "label"
    for item in sample.items:
        number = item.fields[0][1].removeprefix("word")
        assert item.choices == [f"a{number}", f"b{number}", "3"]
        assert [name for name, _ in item.fields] == ["question"]


def test_open_answers_are_shown_and_judged_right_or_wrong(tmp_path: Path) -> None:
    rows = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(20)]
    source = read_source(write_records(tmp_path / "a.jsonl", rows))
    sample = sample_of(draw([source], 5, 0), 0)
    assert sample.question == "answer"
    assert {tuple(item.choices) for item in sample.items} == {("right", "wrong")}
    assert {tuple(name for name, _ in item.fields) for item in sample.items} == {("question", "answer")}


def test_without_a_label_only_validity_is_asked(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"turns": [{"role": "user", "text": WORDS[n]}]} for n in range(9)]
    sample = sample_of(draw([read_source(write_records(tmp_path / "a.jsonl", rows))], 9, 0), 0)
    assert sample.question == "valid"
    assert not any(item.choices for item in sample.items)
    assert '"role": "user"' in sample.items[0].fields[0][1]


def test_what_would_give_itself_away_is_refused(tmp_path: Path) -> None:
    fixed = read_source(write_records(tmp_path / "fixed.jsonl", texts(10)))
    own = read_source(
        write_records(tmp_path / "own.jsonl", [{"text": "a", "options": ["x", "y"], "label": "x"}, {"text": "b",
        "options": ["x", "z"], "label": "z"}])
    )  # fmt: skip
    other = read_source(write_records(tmp_path / "other.jsonl", [{"sentence": "a"}, {"sentence": "b"}]))
    with pytest.raises(UsageError, match=r"would give themselves away: .*fixed labels and .*options of each example"):
        sample_of(draw([fixed, own], 10, 0), 0)
    with pytest.raises(UsageError, match="no field to judge by that all datasets have"):
        sample_of(draw([fixed, other], 10, 0), 0)
    with pytest.raises(UsageError, match="has no field `sentence`"):
        sample_of(draw([fixed], 10, 0), 0, ["sentence"])
    with pytest.raises(UsageError, match="has no field `stars`"):
        read_source(tmp_path / "fixed.jsonl", "stars")


def test_fields_can_be_chosen(tmp_path: Path) -> None:
    source = read_source(write_records(tmp_path / "a.jsonl", texts(10, source="me")))
    sample = sample_of(draw([source], 10, 0), 0, ["text"])
    assert {name for item in sample.items for name, _ in item.fields} == {"text"}


def test_a_run_that_has_grown_keeps_its_sample_and_another_is_refused(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.jsonl", texts(50))
    sources = [read_source(path)]
    drawn = draw(sources, 20, 0)
    header = header_of(drawn, "ana", 20, 0)
    grown = [read_source(write_records(path, texts(200)))]
    assert set(draw(grown, 20, 0)[0].examples) != set(drawn[0].examples)
    again = find_again(grown, header, tmp_path / "v")
    assert again[0].examples == drawn[0].examples
    assert [i.id for i in sample_of(again, 0).items] == [i.id for i in sample_of(drawn, 0).items]
    rows = [{**row, "text": "changed"} if row["text"].startswith("word3 ") else row for row in texts(50)]
    changed = [read_source(write_records(path, rows))]
    if any(example["text"] == "word3 is a text" for example in drawn[0].examples.values()):
        with pytest.raises(UsageError, match=r"1 of the 20 examples of a.jsonl that .* judges is not in"):
            find_again(changed, header, tmp_path / "v")
    with pytest.raises(UsageError, match=r"20 of the 20 examples .* are not in"):
        find_again([read_source(write_records(path, texts(1, other=1)))], header, tmp_path / "v")
    with pytest.raises(UsageError, match=r"judges a sample of 1 dataset \(a.jsonl\), not of 2"):
        find_again([*sources, *sources], header, tmp_path / "v")


def test_a_sample_is_fair(tmp_path: Path) -> None:
    """Over many seeds each example is drawn about as often as any other."""
    source = read_source(write_records(tmp_path / "a.jsonl", texts(20)))
    drawn = Counter(name for seed in range(400) for name in draw([source], 5, seed)[0].examples)
    assert len(drawn) == 20
    assert all(60 < count < 140 for count in drawn.values()), drawn  # 100 expected, standard deviation 8.7


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '{"text": "\\ud800"}\n', "cannot be told by its content"),
        ("a.jsonl", '{"text": ' + "[" * 900 + "]" * 900 + "}\n", ""),
        ("a.jsonl", "\n", "there is no example in it"),
        ("a.bin", "x", "records cannot be read from this file"),
        ("none.jsonl", None, "there is no file"),
    ],
)
def test_files_that_cannot_be_judged(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        draw([read_source(tmp_path / name)], 5, 0)
    assert said in str(caught.value)


def test_a_damaged_run_is_told(tmp_path: Path, run: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "data.jsonl").write_text("")
    with pytest.raises(UsageError, match="there is no example in it"):
        read_source(copy)
    (copy / "data.jsonl").write_text("[1]\n")
    with pytest.raises(UsageError, match=r"data.jsonl:1: not a JSON object"):
        draw([read_source(copy)], 5, 0)
    (copy / "data.jsonl").write_text('{"text": "a", "label": "x"}\n{"text": "b", "label": "x"}\n')
    (copy / "manifest.json").write_text("{}")
    assert sample_of(draw([read_source(copy)], 5, 0), 0).items[0].fields in ([("text", "a")], [("text", "b")])
    (copy / "manifest.json").write_text('{"recipe": {"labels": 7, "task": [], "description": {}}, "identity": []}')
    (copy / "data.jsonl").write_text('{"text": "a"}\n')
    assert sample_of(draw([read_source(copy)], 5, 0), 0).question == "valid"
