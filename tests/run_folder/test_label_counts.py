"""Examples by label: each label of a fixed space is counted, also the one that no example has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datarecipe.exchange import Example
from datarecipe.recipe import LabelSpace, Task
from datarecipe.run_folder.counts.label_counts import MOST_SHOWN, LabelCounts
from datarecipe.run_folder.json_records import to_json
from tests.generate.recipes import make_recipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import recipe_with as loaded
from tests.runs import run, setup_for, write_recipe

EVIL = "\x1b]0;owned\x07\u202e"


def counted(space: LabelSpace, answers: list[Any], options: list[Any] | None = None) -> LabelCounts:
    counts = LabelCounts.of(make_recipe(labels=space, task=Task("custom", "answer", "options")))
    for answer in answers:
        example: Example = {"question": "Why?", "answer": answer}
        counts.add(example if options is None else {**example, "options": options})
    return counts


FIXED = [
    pytest.param(("ham", "spam"), ["spam", "spam", "ham"], [1, 2], "labels: 1 ham, 2 spam", id="texts"),
    pytest.param(("a", "b", "c"), ["b"], [0, 1, 0], "labels: 0 a, 1 b, 0 c", id="zero is told"),
    pytest.param(("a", "b"), [], [0, 0], "labels: 0 a, 0 b", id="no example at all"),
    pytest.param((0, 1), [1, 1, 0], [1, 2], "labels: 1 `0`, 2 `1`", id="a number beside a number is marked"),
    pytest.param((1, "1", True, 1.5), [1, "1", "1", True, 1.5], [1, 2, 1, 1], "labels: 1 `1`, 2 `1`, 1 true, 1 `1.5`",
                 id="equal to Python, four labels to a recipe"),
    pytest.param(("a b", "c, d", ""), ["a b"], [1, 0, 0], "labels: 1 `a b`, 0 `c, d`, 0 ``", id="not one word"),
    pytest.param(("jährlich", "年度"), ["年度"], [0, 1], "labels: 0 jährlich, 1 年度", id="other scripts"),
    pytest.param(("a_b-c",), ["a_b-c"], [1], "labels: 1 a_b-c", id="a word with joints"),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "answers", "expected", "line"), FIXED)
def test_fixed_labels(labels: tuple[Any, ...], answers: list[Any], expected: list[int], line: str) -> None:
    counts = counted(LabelSpace("fixed", labels), answers)
    document = to_json(counts.by_label)
    assert [(type(row["label"]), row["label"], row["examples"]) for row in document["labels"]] == [
        (type(label), label, count) for label, count in zip(labels, expected, strict=True)
    ]
    assert document["positions"] is None
    assert counts.line() == line
    assert json.loads(json.dumps(document)) == document


POSITIONS = [
    (4, ["x", "y", "z", "w"], ["y", "y", "w"], [0, 2, 0, 1], "0 A, 2 B, 0 C, 1 D"),
    (2, [1, "1"], [1, "1", "1"], [1, 2], "1 A, 2 B"),
    (2, [True, 1], [1, 1, True], [1, 2], "1 A, 2 B"),
    (3, ["a", "b", "c"], ["elsewhere"], [0, 0, 0], "0 A, 0 B, 0 C"),
]


@pytest.mark.parametrize(("places", "options", "answers", "expected", "line"), POSITIONS)
def test_options_of_each_example_are_counted_by_place(
    places: int, options: list[Any], answers: list[Any], expected: list[int], line: str
) -> None:
    counts = counted(LabelSpace("per_example", options=places), answers, options)
    assert to_json(counts.by_label) == {"labels": None, "positions": expected}
    assert counts.line() == f"answers by their place among the options: {line}"


def test_open_answers_are_not_counted_so_memory_does_not_grow() -> None:
    counts = counted(LabelSpace("open"), [f"answer {number}" for number in range(100)])
    assert to_json(counts.by_label) == {"labels": None, "positions": None}
    assert counts.line() is None


def test_many_labels_are_summed_and_those_without_an_example_named() -> None:
    labels = tuple(f"intent{number}" for number in range(40))
    answers = [label for number, label in enumerate(labels) for _ in range(number) if number < 35]
    counts = counted(LabelSpace("fixed", labels), [*answers, "intent36"])
    line = counts.line()
    assert line is not None
    assert line.startswith("labels: 34 `intent34`, 33 `intent33`, ")
    assert line.count("`") == 2 * (MOST_SHOWN - 1 + 3)
    assert f"{sum(range(24)) + 1} of {40 - MOST_SHOWN + 1} other labels" in line
    assert line.endswith("; no example has `intent0`, `intent35`, `intent37` and 2 more")
    assert sum(row["examples"] for row in to_json(counts.by_label)["labels"]) == len(answers) + 1


def test_a_label_never_drives_the_terminal() -> None:
    line = counted(LabelSpace("fixed", (EVIL, "x" * 500)), [EVIL]).line()
    assert line is not None
    assert "owned" in line
    assert line.isprintable()
    assert len(line) < 300


def test_a_copy_stays_as_it_was() -> None:
    counts = counted(LabelSpace("fixed", ("a", "b")), ["a"])
    before = counts.__copy__()
    counts.add({"answer": "a"})
    assert [row["examples"] for row in to_json(before.by_label)["labels"]] == [1, 0]


def test_a_run_counts_every_example_once_in_manifest_card_and_terminal(tmp_path: Path) -> None:
    recipe = loaded(write_recipe(tmp_path), target_size=30)
    with OpenAIServer(Author(variety=3000)) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    written = [json.loads(line)["answer"] for line in (tmp_path / "out" / "data.jsonl").read_text().splitlines()]
    yes, no = written.count("yes"), written.count("no")
    counts = json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]
    assert counts["labels"] == [{"label": "yes", "examples": yes}, {"label": "no", "examples": no}]
    assert yes + no == counts["accepted"] == 30
    assert result.counts.committed.labels is not None
    assert result.counts.committed.labels.line() == f"labels: {yes} yes, {no} no"
    assert f"| yes | {yes} |\n| no | {no} |" in (tmp_path / "out" / "README.md").read_text()
    assert f"labels: {yes} yes, {no} no" in (tmp_path / "out" / "run.log").read_text()
