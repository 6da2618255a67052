"""`datarecipe report`: one file, the same one each time, over nothing else; a user's mistake is told in a line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from datarecipe.report.report_file import GENERATOR
from tests.cli.command import datarecipe
from tests.report.made_runs import make
from tests.small_disk import small_disk


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, which no test changes."""
    return make(tmp_path_factory.mktemp("made"), target_size=30).folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_writes_one_file_and_names_it(finished: Path, tmp_path: Path) -> None:
    before = files_of(finished)
    ran = datarecipe("report", str(finished), cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "report.html\n"), ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert files_of(finished) == before, "a run's folder is only read"


def test_the_same_run_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(finished, tmp_path / "elsewhere" / finished.name)
    for name, folder in (("a.html", finished), ("b.html", copy)):
        assert datarecipe("report", str(folder), "--output", name, cwd=tmp_path, env={"TZ": name}).code == 0
    assert datarecipe("report", ".", "--output", str(tmp_path / "c.html"), cwd=copy).code == 0
    pages = {(tmp_path / name).read_bytes() for name in ("a.html", "b.html", "c.html")}
    assert len(pages) == 1
    assert str(tmp_path).encode() not in pages.pop()


def test_an_earlier_report_is_replaced_and_nothing_else_is(finished: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert datarecipe("report", str(finished), cwd=tmp_path).code == 0
    whole = report.read_bytes()
    report.write_bytes(whole[:5_000])
    assert GENERATOR in whole[:1_000]
    assert datarecipe("report", str(finished), cwd=tmp_path).code == 0
    assert report.read_bytes() == whole
    report.write_text("my own page")
    ran = datarecipe("report", str(finished), cwd=tmp_path)
    assert ran.code == 2
    assert "is there, and is not a report" in ran.err
    assert report.read_text() == "my own page"


def test_no_pipe_link_or_folder_is_written_to(finished: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("kept")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(kept)
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "link", "folder", "/dev/null", "kept.txt"):
        ran = datarecipe("report", str(finished), "--output", name, cwd=tmp_path)
        assert ran.code == 2, name
        assert "is not a report" in ran.err
    assert kept.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept.txt", "link", "pipe"]


def test_a_full_disk_leaves_the_earlier_report(finished: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 120) as disk:
        assert datarecipe("report", str(finished), cwd=disk).code == 0
        before = (disk / "report.html").read_bytes()
        ran = datarecipe("report", str(finished), cwd=disk)
        assert ran.code == 4
        assert "report.html cannot be written: No space left on device" in ran.err
        assert [path.name for path in disk.iterdir()] == ["report.html"]
        assert (disk / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], "none is not a folder"),
        (["x" * 300], "is not a folder"),
        (["file"], "file is not a folder"),
        (["empty"], "holds no data.jsonl"),
        (["half"], "holds no manifest.json"),
        (["broken"], "manifest.json cannot be read as JSON"),
        (["odd"], "`counts` is missing"),
        (["short"], "has 30 lines, and lineage.jsonl has 29"),
        (["bad"], "data.jsonl:3: not a JSON object"),
        (["good", "none"], "none is not a folder"),
        (["good"] * 13, "a report has at most 12 runs"),
        (["good", "--output", "nowhere/report.html"], "nowhere/report.html cannot be written: No such file"),
        (["good", "--output", "x" * 300], "cannot be written: File name too long"),
        ([], "Missing argument"),
    ],
)
def test_mistakes_are_told(finished: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    for name in ("good", "half", "broken", "odd", "short", "bad"):
        shutil.copytree(finished, tmp_path / name)
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "half" / "manifest.json").unlink()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    (tmp_path / "odd" / "manifest.json").write_text(json.dumps({"manifest": 1, "identity": "x", "identity_parts": {},
        "status": "complete", "outcome": "target", "error": None, "name": "x"}))  # fmt: skip
    lines = (tmp_path / "short" / "lineage.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "short" / "lineage.jsonl").write_text("".join(lines[:-1]))
    rows = (tmp_path / "bad" / "data.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "bad" / "data.jsonl").write_text("".join([*rows[:2], "[1]\n", *rows[3:]]))
    ran = datarecipe("report", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "report.html").exists()


def test_two_runs_of_one_name_are_told_by_their_paths(finished: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(finished, tmp_path / name / "reviews")
    assert datarecipe("report", "a/reviews", str(tmp_path / "b" / "reviews"), cwd=tmp_path).code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>a/reviews and b/reviews · datarecipe report</title>" in page
    assert str(tmp_path) not in page


def test_a_run_may_be_named_twice(finished: Path, tmp_path: Path) -> None:
    assert datarecipe("report", str(finished), str(finished), cwd=tmp_path).code == 0
    assert "<title>reviews (1) and reviews (2) ·" in (tmp_path / "report.html").read_text(encoding="utf-8")
