"""A finished run is read line by line; what is broken is named with file and line."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import tracemalloc
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path

import pytest

import datarecipe
from datarecipe.errors import UsageError
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.run_folder import dataset as dataset_module
from datarecipe.run_folder.dataset import rows
from datarecipe.run_folder.json_records import as_row, json_line
from datarecipe.run_folder.run_files import RunFiles
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import DATA_FILES, recipe_with, run, setup_for, write_recipe


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, which no test changes."""
    place = tmp_path_factory.mktemp("run")
    recipe = recipe_with(write_recipe(place), target_size=31)
    with OpenAIServer(Author()) as server:
        assert run(setup_for(recipe, server.base_url, place / "out", place / "cache")).exit_code == 0
    return place / "out"


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "run")


def read_all(dataset: datarecipe.Dataset) -> None:
    assert all((list(dataset), dataset.lineage, dataset.rejected))


def test_what_is_read_is_what_was_written(finished: Path) -> None:
    dataset = datarecipe.Dataset(finished)
    rows = [list(dataset), *(list(map(as_row, records)) for records in (dataset.lineage, dataset.rejected))]
    assert all(rows)
    for name, lines in zip(DATA_FILES, rows, strict=True):
        assert "".join(map(json_line, lines)) == (finished / name).read_text(encoding="utf-8")


def test_a_line_has_every_field_of_its_record() -> None:
    lineage = Lineage("a", "b", 1, "root:0", 0, 0, {"topic": "snow"}, {"verify": {"agree": 3, "votes": 3}})
    lineage = replace(lineage, repaired_from={"reason": "schema", "detail": ""})
    rejected = RejectedItem("schema", "", "", "b", 1, "root:0", 0, 0, sent_back=True)
    assert list(as_row(lineage)) == [field.name for field in fields(lineage)]
    plain = replace(lineage, vary={}, checks={}, repaired_from={})
    assert list(as_row(plain)) == ["id", "parent", "depth", "lane", "request", "index"]
    assert list(as_row(rejected)) == [field.name for field in fields(rejected)]
    assert list(as_row(replace(rejected, sent_back=False))) == [field.name for field in fields(rejected)][:-1]


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl", "rejected.jsonl"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = datarecipe.Dataset(folder)
    (folder / name).unlink()
    (folder / name).symlink_to(name)

    with pytest.raises(UsageError, match=f"{name} cannot be read: ") as caught:
        read_all(dataset)
    assert "--overwrite" in (caught.value.hint or "")

    class Torn(io.BytesIO):
        def readline(self, _: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(RunFiles, "reading", lambda *_: Torn())
    with pytest.raises(UsageError, match="cannot be read: Input/output error"):
        read_all(dataset)


BROKEN = [
    ("data.jsonl", "[1]", "not a JSON object"),
    ("data.jsonl", "", "not a JSON object"),
    ("data.jsonl", "[" * 100_000, "not a JSON object"),
    ("data.jsonl", '{"a": NaN}', "not a JSON object"),
    ("data.jsonl", '{"a": [-Infinity]}', "not a JSON object"),
    ("lineage.jsonl", "{", "not a JSON object"),
    ("lineage.jsonl", '{"id": "a"}', "`parent` is missing"),
    ("rejected.jsonl", '{"reason": "no such"}', "`reason` is"),
]


@pytest.mark.parametrize(("name", "line", "says"), BROKEN)
def test_a_broken_line_is_named(folder: Path, name: str, line: str, says: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    (folder / name).write_text("\n".join([*lines[:2], line, *lines[3:]]) + "\n", encoding="utf-8")
    dataset = datarecipe.Dataset(folder)
    with pytest.raises(UsageError, match=says) as caught:
        read_all(dataset)
    assert caught.value.message.startswith(f"{folder / name}:3: ")


@pytest.mark.parametrize(("name", "value"), [("depth", "1"), ("request", -1), ("vary", []), ("lane", None)])
def test_a_value_of_another_type_is_named(folder: Path, name: str, value: object) -> None:
    lines = (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    lines[4] = json.dumps(json.loads(lines[4]) | {name: value})
    (folder / "lineage.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f":5: `{name}` is "):
        list(datarecipe.Dataset(folder).lineage)


def test_fields_of_a_newer_release_are_passed_over(folder: Path, finished: Path) -> None:
    lines = (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    more = [json.dumps(json.loads(line) | {"material": {"row": 3}}) for line in lines]
    (folder / "lineage.jsonl").write_text("\n".join(more) + "\n", encoding="utf-8")
    assert datarecipe.Dataset(folder).lineage == datarecipe.Dataset(finished).lineage


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_module, "LONGEST_LINE", 1 << 20)
    (tmp_path / "data.jsonl").write_bytes(b'{"a": 1}\n{"a": "' + b"x" * (32 << 20) + b'"}\n')
    tracemalloc.start()
    with pytest.raises(UsageError, match=":2: not a JSON object"):
        list(rows(RunFiles(tmp_path), "data.jsonl"))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 << 20


def test_memory_does_not_grow_with_the_lines(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"question": "Is it so?"}\n' * 50_000, encoding="utf-8")
    lines = rows(RunFiles(tmp_path), "data.jsonl")
    tracemalloc.start()
    assert sum(1 for _ in islice(lines, 1_000)) == 1_000
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    assert sum(1 for _ in lines) == 49_000
    grown = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert grown < 100_000
