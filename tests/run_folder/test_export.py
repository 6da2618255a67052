"""A dataset for pandas and for Hugging Face's datasets: the same values, and labels that are labels."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import datarecipe
from datarecipe import errors
from datarecipe.errors import UsageError
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import write_recipe


def folder_with(
    folder: Path, rows: list[dict[str, Any]], *, labels: Any = ("yes", "no"), task: Any = "yes_no", **manifest: Any
) -> datarecipe.Dataset:
    """A run's folder as its files say it."""
    seed = rows[0] if rows else {"question": "Why?", "answer": "yes"}
    recipe = {"task": task, "labels": list(labels) if isinstance(labels, tuple) else labels, "seed_example": seed}
    origins = [
        {"id": f"{number}", "parent": "s", "depth": 1, "lane": "root:0", "request": number, "index": 0}
        for number in range(len(rows))
    ]
    for name, lines in (("data.jsonl", rows), ("lineage.jsonl", origins)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"recipe": recipe, **manifest}), encoding="utf-8")
    return datarecipe.Dataset(folder)


QUESTIONS = [{"question": "Is snow cold?", "answer": "yes"}, {"question": "Is fire cold?\u2028", "answer": "no"}]


def test_a_real_run_becomes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with OpenAIServer(Author(variety=2000)) as server:
        flags: dict[str, Any] = {"model": "openai/author", "api_base": server.base_url}
        dataset = datarecipe.run(write_recipe(tmp_path), target_size=10, **flags)
    table, made = dataset.to_pandas(lineage=True), dataset.to_hf(lineage=True)
    assert list(table.columns) == made.column_names
    assert list(table.columns)[:3] == list(dataset[0])
    assert table["question"].tolist() == list(made["question"]) == [example["question"] for example in dataset]
    assert made.features["answer"].names == ["yes", "no"]
    assert [made.features["answer"].int2str(label) for label in made["answer"]] == table["answer"].tolist()
    assert table["lineage_id"].tolist() == list(made["lineage_id"]) == [origin.id for origin in dataset.lineage]
    assert list(made["lineage_vary_topic"]) == [origin.vary["topic"] for origin in dataset.lineage]
    assert table["lineage_request"].tolist() == [origin.request for origin in dataset.lineage]


VALUES = [
    pytest.param([1, 2, 3], "int64", id="whole numbers"),
    pytest.param([1, None, 3], "object", id="whole numbers with a gap stay whole"),
    pytest.param([1.5, 2.0], "float64", id="numbers"),
    pytest.param([True, False], "bool", id="booleans"),
    pytest.param([True, None], "object", id="booleans with a gap"),
    pytest.param([2**80, 1], "object", id="numbers of any size"),
    pytest.param([[1, 2], []], "object", id="lists"),
    pytest.param([{"a": 1}, {"b": None}], "object", id="mappings"),
    pytest.param([1, 2.5], "object", id="a whole number beside another"),
    pytest.param([1, "1", True], "object", id="several types"),
]


@pytest.mark.parametrize(("values", "kind"), VALUES)
def test_pandas_has_the_values_as_they_are(tmp_path: Path, values: list[Any], kind: str) -> None:
    rows = [{"question": f"{number}", "x": value, "answer": "yes"} for number, value in enumerate(values)]
    column = folder_with(tmp_path, rows).to_pandas()["x"]
    assert str(column.dtype) == kind
    assert [type(value) for value in column.tolist()] == [type(value) for value in values]
    assert column.tolist() == values


def test_fields_that_some_examples_lack_are_none(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"question": "a", "answer": "yes"},
        {"question": "b", "answer": "no", "extra": 3},
    ]
    dataset = folder_with(tmp_path, rows)
    assert dataset.to_pandas()["extra"].tolist() == [None, 3]
    assert list(dataset.to_hf()["extra"]) == [None, 3]


def test_without_an_example_there_are_the_fields(tmp_path: Path) -> None:
    dataset = folder_with(tmp_path, [])
    assert list(dataset.to_pandas(lineage=True).columns)[:3] == ["question", "answer", "lineage_id"]
    assert len(dataset.to_pandas()) == 0
    assert (len(dataset.to_hf()), dataset.to_hf().column_names) == (0, ["question", "answer"])


LABELS = [
    pytest.param(("yes", "no"), "yes_no", "answer", QUESTIONS, True, id="texts"),
    pytest.param(("0", "1"), "classification", "label", [{"text": "a", "label": "1"}], True, id="digits as texts"),
    pytest.param(
        ("a", "b"), {"label": "y", "options": None}, "y", [{"text": "a", "y": "b"}], True, id="a task of its own"
    ),
    pytest.param((0, 1), "classification", "label", [{"text": "a", "label": 1}], False, id="numbers"),
    pytest.param("open", "open", "answer", QUESTIONS, False, id="open"),
    pytest.param({"per_example": 2}, "multiple_choice", "answer", QUESTIONS, False, id="options of each example"),
]


@pytest.mark.parametrize(("labels", "task", "field", "rows", "classes"), LABELS)
def test_fixed_labels_that_are_texts_become_class_labels(
    tmp_path: Path, labels: Any, task: Any, field: str, rows: list[dict[str, Any]], classes: bool
) -> None:
    made = folder_with(tmp_path, rows, labels=labels, task=task).to_hf()
    feature = made.features[field]
    assert hasattr(feature, "names") == classes
    if classes:
        assert feature.names == list(labels)
        assert [feature.int2str(value) for value in made[field]] == [row[field] for row in rows]
    else:
        assert list(made[field]) == [row[field] for row in rows]


@pytest.mark.parametrize("values", [[1, "1"], [True, 1], [["a"], "a"], [[1], ["a"]]])
def test_several_types_in_a_column_are_told_where_they_cannot_be(tmp_path: Path, values: list[Any]) -> None:
    rows = [{"question": f"{number}", "x": value, "answer": "yes"} for number, value in enumerate(values)]
    with pytest.raises(errors.UsageError, match=r"to_hf\(\)") as caught:
        folder_with(tmp_path, rows).to_hf()
    assert "to_pandas()" in (caught.value.hint or "")


def test_a_folder_without_a_manifest_is_taken_too(tmp_path: Path) -> None:
    dataset = folder_with(tmp_path, QUESTIONS)
    (tmp_path / "manifest.json").unlink()
    assert dataset.to_pandas()["answer"].tolist() == list(dataset.to_hf()["answer"]) == ["yes", "no"]


@pytest.mark.parametrize(("name", "call"), [("pandas", "to_pandas"), ("datasets", "to_hf")])
def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, call: str
) -> None:
    dataset = folder_with(tmp_path, QUESTIONS)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(errors.MissingExtraError, match=f"{call}\\(\\) needs {name}") as caught:
        getattr(dataset, call)()
    assert "pip install 'datarecipe-llm[export]'" in (caught.value.hint or "")


@pytest.mark.parametrize("file", ["data.jsonl", "lineage.jsonl"])
@pytest.mark.parametrize("call", ["to_pandas", "to_hf"])
def test_files_that_differ_in_length_are_told(tmp_path: Path, call: str, file: str) -> None:
    dataset = folder_with(tmp_path, QUESTIONS)
    (tmp_path / file).write_text((tmp_path / file).read_text(encoding="utf-8").splitlines(keepends=True)[0])
    with pytest.raises(UsageError, match=r"data\.jsonl has . lines?, and lineage\.jsonl has ."):
        getattr(dataset, call)(lineage=True)


# An earlier pandas has such a text as any other.
PANDAS_3 = ["to_pandas", "to_hf"] if version("pandas") >= "3" else ["to_hf"]
SURROGATES = [
    pytest.param("x", "\ud800", "data.jsonl:2", PANDAS_3, id="value"),
    pytest.param("\ud800", 1, "data.jsonl:2", PANDAS_3, id="field"),
    pytest.param("y", [{"a": "\ud800"}], "data.jsonl:2", ["to_hf"], id="nested"),
    pytest.param("id", "\ud800", "lineage.jsonl:2", PANDAS_3, id="lineage"),
    pytest.param("\ud800", 1, "manifest.json", PANDAS_3, id="field of the seed example"),
]


@pytest.mark.parametrize(("key", "value", "place", "calls"), SURROGATES)
def test_half_of_a_surrogate_pair_is_told_with_its_line(
    tmp_path: Path, key: str, value: Any, place: str, calls: list[str]
) -> None:
    dataset = folder_with(tmp_path, [each | {"x": "x", "y": [{"a": "b"}]} for each in QUESTIONS])
    path = tmp_path / place.partition(":")[0]
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    if rest:
        path.write_text(f"{first}\n{json.dumps(json.loads(rest[0]) | {key: value})}\n")
    else:
        path.write_text(json.dumps({"recipe": {"seed_example": {key: value}}}))
    for call in calls:
        with pytest.raises(UsageError, match=f"{re.escape(place)}: half of a surrogate pair"):
            getattr(dataset, call)(lineage=True)


@pytest.mark.parametrize("task", [{"label": ["a"]}, {"label": 3}])
def test_a_label_field_that_is_none_is_told(tmp_path: Path, task: Any) -> None:
    with pytest.raises(UsageError, match=r"manifest\.json: `recipe\.task\.label` is .*, not a text"):
        folder_with(tmp_path, QUESTIONS, task=task).to_hf()


@pytest.mark.parametrize(("labels", "answer"), [(["x", "x"], "x"), (["x"], "y"), (["x"], ["x"]), (["x"], 0.5)])
def test_labels_that_do_not_fit_their_field_are_told(tmp_path: Path, labels: Any, answer: Any) -> None:
    with pytest.raises(UsageError, match=r"manifest\.json: .* do not fit the field answer"):
        folder_with(tmp_path, [{"question": "a", "answer": answer}], labels=labels).to_hf()


def test_values_nested_too_deeply_for_a_column_are_told(tmp_path: Path) -> None:
    dataset = folder_with(tmp_path, [{"question": "a", "answer": "yes", "x": json.loads("[" * 600 + "]" * 600)}])
    with pytest.raises(UsageError, match=r"data\.jsonl: a value is nested too deeply"):
        dataset.to_hf()


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl", "rejected.jsonl"])
@pytest.mark.parametrize(
    "line", ["pipe", "none", "", '{"x": 1}', "[]", "{", "[" * 100_000, '{"id": "\\ud800"}'], ids=repr
)
def test_a_folder_that_no_run_wrote_is_an_error_of_ours_or_read(tmp_path: Path, name: str, line: str) -> None:
    dataset = folder_with(tmp_path, QUESTIONS)
    file = tmp_path / name
    if line in ("pipe", "none"):
        file.unlink(missing_ok=True)
        if line == "pipe":
            os.mkfifo(file)
    else:
        file.write_text(line + "\n")
    read: dict[str, Callable[[], Sequence[Any]]] = {
        "data.jsonl": lambda: list(dataset),
        "lineage.jsonl": lambda: dataset.lineage,
        "rejected.jsonl": lambda: dataset.rejected,
    }
    if name == "data.jsonl" and line in ('{"x": 1}', '{"id": "\\ud800"}'):
        assert read[name]()
        return
    with pytest.raises(UsageError, match=name):
        read[name]()
