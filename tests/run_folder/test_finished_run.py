"""A finished run is read line by line; what is broken is named with file and line."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import tracemalloc
from dataclasses import fields
from itertools import islice
from pathlib import Path

import pytest

import datarecipe
from datarecipe.errors import UsageError
from datarecipe.generate.events import Lineage, RejectedItem
from datarecipe.run_folder import finished_run
from datarecipe.run_folder.finished_run import read_run, rows
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


def test_what_is_read_is_what_was_written(finished: Path) -> None:
    found = read_run(finished)
    found.check()
    pairs, rejected = list(found.examples()), list(found.rejected())
    assert "".join(json_line(example) for example, _ in pairs) == (finished / "data.jsonl").read_text(encoding="utf-8")
    written = [(finished / name).read_text(encoding="utf-8") for name in DATA_FILES[1:]]
    assert ["".join(json_line(as_row(lineage)) for _, lineage in pairs)] == written[:1]
    assert ["".join(map(json_line, map(as_row, rejected)))] == written[1:]
    assert len(rejected) > 0
    dataset = datarecipe.Dataset(finished)
    assert [*zip(dataset, dataset.lineage, strict=True)] == pairs
    assert dataset.rejected == rejected


def test_a_line_has_every_field_of_its_record() -> None:
    lineage = Lineage("a", "b", 1, "root:0", 0, 0, {"topic": "snow"})
    rejected = RejectedItem("schema", "", "", "b", 1, "root:0", 0, 0)
    assert list(as_row(lineage)) == [field.name for field in fields(lineage)]
    assert list(as_row(rejected)) == [field.name for field in fields(rejected)]


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl", "rejected.jsonl"])
def test_a_file_that_cannot_be_read_is_named(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(name)
    found = read_run(folder)
    reading = {"rejected.jsonl": found.rejected}.get(name, found.examples)
    with pytest.raises(UsageError, match=f"{name} cannot be read: ") as caught:
        list(reading())
    assert "--overwrite" in (caught.value.hint or "")

    class Torn(io.BytesIO):
        def readline(self, _: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(RunFiles, "reading", lambda *_: Torn())
    with pytest.raises(UsageError, match="cannot be read: Input/output error"):
        list(reading())


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
    found = read_run(folder)
    with pytest.raises(UsageError, match=says) as caught:
        list(found.rejected() if name == "rejected.jsonl" else found.examples())
    assert caught.value.message.startswith(f"{folder / name}:3: ")
    dataset = datarecipe.Dataset(folder)
    with pytest.raises(UsageError, match=says):
        (list(dataset), dataset.lineage, dataset.rejected)


@pytest.mark.parametrize(("name", "value"), [("depth", "1"), ("request", -1), ("vary", []), ("lane", None)])
def test_a_value_of_another_type_is_named(folder: Path, name: str, value: object) -> None:
    lines = (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    lines[4] = json.dumps(json.loads(lines[4]) | {name: value})
    (folder / "lineage.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f":5: `{name}` is "):
        list(read_run(folder).examples())


def test_fields_of_a_newer_release_are_passed_over(folder: Path, finished: Path) -> None:
    lines = (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    more = [json.dumps(json.loads(line) | {"material": {"row": 3}}) for line in lines]
    (folder / "lineage.jsonl").write_text("\n".join(more) + "\n", encoding="utf-8")
    assert list(read_run(folder).examples()) == list(read_run(finished).examples())


@pytest.mark.parametrize("name", ["data.jsonl", "lineage.jsonl"])
def test_files_of_different_length_are_refused(folder: Path, name: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / name).write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(UsageError, match="line 31 is in one of them alone"):
        list(read_run(folder).examples())


@pytest.mark.parametrize("name", DATA_FILES)
def test_a_check_finds_a_changed_a_shortened_and_a_missing_file(folder: Path, name: str) -> None:
    text = (folder / name).read_bytes()
    found = read_run(folder)
    for other, says in ((text.replace(b"a", b"b", 1), "its hash"), (text + b"{}\n", "and manifest.json counts")):
        (folder / name).write_bytes(other)
        with pytest.raises(UsageError, match=says) as caught:
            found.check()
        assert str(folder / name) in caught.value.message
    (folder / name).unlink()
    with pytest.raises(UsageError, match="has 0 lines"):
        found.check()


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finished_run, "LONGEST_LINE", 1 << 20)
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
