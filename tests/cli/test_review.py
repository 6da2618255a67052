"""`datarecipe review` and `datarecipe verdicts` as commands: on the terminal, resumed, merged; mistakes told in a line."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ran, datarecipe
from tests.report.made_runs import HOSTILE, make
from tests.review.keyboard import keyboard
from tests.review.reviewing import reviewing, verdicts_in
from tests.review.verdict_texts import write_records, write_verdicts

RECORDS: list[dict[str, Any]] = [
    {"text": f"Sentence {number} of a made review", "label": ["bad", "good"][number % 2]} for number in range(6)
]
ANA = ("data.jsonl", "--reviewer", "ana", "--output", "ana.jsonl")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"), target_size=30).folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def last(path: Path) -> list[tuple[bool | None, str | None, str]]:
    """The last verdict on each example, in the order in which examples were first judged."""
    rows = {row["item"]: (row["valid"], row["label"], row["note"]) for row in verdicts_in(path)}
    return list(rows.values())


def test_the_terminal_takes_one_key_a_verdict(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with keyboard(*ANA, cwd=tmp_path) as judge:
        shown = judge.wait("q end")
        assert "-- example 1 of 6 · 0 judged --" in shown
        assert "text:\n  Sentence" in shown
        assert "  1  bad\n  2  good\n" in shown
        judge.press("2", "example 2 of 6 · 1 judged")
        judge.press("x", "example 3 of 6 · 2 judged")
        judge.press("s", "example 4 of 6 · 2 judged")
        judge.press("\x1b[D", "example 3 of 6 · 2 judged")
        judge.press("\x1b[D", "so far: not valid")
        judge.press("\x1bOC", "example 3 of 6")
        judge.press("n", "note: ")
        judge.press("hard é\n", "noted")
        judge.press("v", "example 4 of 6 · 3 judged")
        judge.press("u", "so far: not judged  note: hard é")
        judge.press("9", "")  # no such label
        judge.press("\x1b", "")
        time.sleep(0.3)  # else it is the beginning of an arrow
        judge.press("1", "example 4 of 6 · 3 judged")
        judge.press("1", "example 5 of 6 · 4 judged")
        judge.press("1", "example 6 of 6 · 5 judged")
        assert judge.end("1") == 0
        assert "All examples are judged." in judge.shown
        assert "6 of 6 examples judged: ana.jsonl" in judge.shown
    assert last(tmp_path / "ana.jsonl") == [
        (True, "good", ""),
        (False, None, ""),
        (True, "bad", "hard é"),
        *[(True, "bad", "")] * 3,
    ]
    with keyboard(*ANA, cwd=tmp_path) as judge:
        assert judge.end("") == 0
        assert "All examples are judged." in judge.shown


@pytest.mark.parametrize("keys", ["q", "\x03", "\x04"])
def test_the_terminal_can_be_left_and_continued(tmp_path: Path, keys: str) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    for judged in range(3):
        with keyboard(*ANA, cwd=tmp_path) as judge:
            judge.wait(f"example {judged + 1} of 6 · {judged} judged")
            judge.wait("q end")
            judge.press("x", f"example {judged + 2} of 6")
            judge.wait("q end")
            assert judge.end(keys) == 0
            assert f"{judged + 1} of 6 examples judged: ana.jsonl" in judge.shown
    assert len(verdicts_in(tmp_path / "ana.jsonl")) == 3


def test_what_was_begun_on_the_page_goes_on_on_the_terminal(tmp_path: Path, run: Path) -> None:
    with reviewing(run, "--sample", "5", "--reviewer", "ana", "--output", "a.jsonl", cwd=tmp_path):
        ran = datarecipe("review", str(run), "--reviewer", "ana", "--output", "a.jsonl", "--terminal", cwd=tmp_path)
        assert ran.code == 4
        assert "another review is writing a.jsonl" in ran.err
    with keyboard(str(run), "--reviewer", "ana", "--output", "a.jsonl", cwd=tmp_path) as judge:
        judge.wait("example 1 of 5")
        judge.end("q")


def test_many_labels_and_long_texts_on_the_terminal(tmp_path: Path) -> None:
    labels = [f"label {number:02}" for number in range(30)]
    long = "word " * 1_000 + "end"
    write_records(tmp_path / "data.jsonl", [{"text": f"{n} {long}", "label": labels[n % 30]} for n in range(90)])
    with keyboard(*ANA, cwd=tmp_path) as judge:
        shown = judge.wait("q end")
        assert "(m shows all of it)" in shown
        assert "end\n" not in shown
        assert "  (10)  label 09" in shown
        assert "l another label" in shown
        assert "end\n" in judge.press("m", "q end")
        judge.press("l", "label, or its number: ")
        judge.press("label 1\n", "10 labels begin so")
        judge.press("l", "label, or its number: ")
        judge.press("LABEL 12\n", "example 2 of 90")
        judge.wait("q end")
        judge.press("l", "label, or its number: ")
        judge.press("30\n", "example 3 of 90")
        judge.end("q")
    assert [label for _, label, _ in last(tmp_path / "ana.jsonl")] == ["label 12", "label 29"]


def test_hostile_texts_reach_no_terminal(tmp_path: Path) -> None:
    texts = [*HOSTILE, "\x1b]0;title\x07 \x1b[2J \x9b31m", "::error::x\n##[group]y", "\r\x08over"]
    write_records(tmp_path / "data.jsonl", [{"\x1b[31mtext": text, "label": "\x1b[2Jbad"} for text in texts])
    with keyboard(*ANA, cwd=tmp_path, columns=30) as judge:
        for number in range(1, len(texts)):
            judge.wait(f"example {number} of")
            judge.wait("end")
            judge.press("1", "\n")
        judge.end("q")
        for sign in ("\x1b", "\x07", "\x9b", "\u202e", "\u2067", "\x08"):
            assert sign not in judge.shown
        assert "\n::error" not in judge.shown


def test_by_default_the_file_is_named_by_dataset_and_reviewer(tmp_path: Path, run: Path) -> None:
    with reviewing(run, "--reviewer", "Ana  M. / x", cwd=tmp_path) as review:
        code, err = review.end()
    assert code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["reviews-Ana-M.-x.verdicts.jsonl"]
    assert "0 of 30 examples judged" in err
    header = json.loads((tmp_path / "reviews-Ana-M.-x.verdicts.jsonl").read_text())
    manifest = json.loads((run / "manifest.json").read_text())
    assert header["reviewer"] == "Ana  M. / x"
    assert header["datasets"][0]["identity"] == manifest["identity"]
    assert header["datasets"][0]["sha256"] == manifest["files"]["data.jsonl"]["sha256"]


def test_another_reviewer_gets_the_same_examples_and_a_run_is_only_read(tmp_path: Path, run: Path) -> None:
    before = files_of(run)
    for name in ("ana", "ben"):
        with reviewing(run, "--sample", "10", "--reviewer", name, "--output", f"{name}.jsonl", cwd=tmp_path):
            pass
    headers = [json.loads((tmp_path / f"{name}.jsonl").read_text()) for name in ("ana", "ben")]
    assert headers[0]["datasets"] == headers[1]["datasets"]
    assert len(headers[0]["datasets"][0]["items"]) == 10
    assert files_of(run) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], 'there is no file "none"'),
        (["empty"], "holds no data.jsonl"),
        (["data.jsonl", "--sample", "0"], "0 is not in the range"),
        (["data.jsonl", "--reviewer", " "], "a reviewer's name has 1 to 100 printable characters"),
        (["data.jsonl", "--reviewer", "a\x1bb"], "a reviewer's name has 1 to 100 printable characters"),
        (["data.jsonl", "--label", "lable"], "has no field `lable`"),
        (["data.jsonl", "--text", "txt"], "has no field `txt`"),
        (["data.jsonl", "--output", "data.jsonl"], "data.jsonl:1: not a file of verdicts"),
        (["data.jsonl", "--output", "."], "cannot be written: Is a directory"),
        (["data.jsonl", "--output", "x" * 300], "cannot be written: File name too long"),
        (["data.jsonl", "--terminal"], "standard input is no terminal"),
        (["data.jsonl", "--output", "ben.jsonl"], "ben.jsonl holds the verdicts of ben"),
        (["data.jsonl", "--output", "ana.jsonl", "--sample", "3"], "ana.jsonl judges a sample of 6 with seed 0"),
        (["data.jsonl", "--output", "ana.jsonl", "--seed", "1"], "ana.jsonl judges a sample of 6 with seed 0"),
        (
            ["other.jsonl", "--output", "ana.jsonl"],
            "6 of the 6 examples of data.jsonl that ana.jsonl judges are not in",
        ),
        (["data.jsonl", "other.jsonl", "--output", "ana.jsonl"], "a sample of 1 dataset (data.jsonl), not of 2"),
        (["data.jsonl", "alien.jsonl"], "there is no field to judge by"),
        ([], "Missing argument"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    write_records(tmp_path / "other.jsonl", [{**row, "text": row["text"] + "!"} for row in RECORDS])
    write_records(tmp_path / "alien.jsonl", [{"sentence": "a", "label": "bad"}, {"sentence": "b", "label": "bad"}])
    for name in ("ana", "ben"):
        write_verdicts(tmp_path / f"{name}.jsonl", name, RECORDS, {})
    (tmp_path / "empty").mkdir()
    before = files_of(tmp_path)
    named = [] if "--reviewer" in arguments else ["--reviewer", "ana"]
    ran = datarecipe("review", *arguments, *named, cwd=tmp_path)
    assert ran.code == 2, ran
    assert said in ran.err
    after = files_of(tmp_path)
    assert {name: data for name, data in after.items() if name in before} == before


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with reviewing(*ANA, cwd=tmp_path) as review:
        port = review.address.split(":")[2].split("/")[0]
        ran = datarecipe("review", "data.jsonl", "--reviewer", "ben", "--port", port, cwd=tmp_path)
    assert ran.code == 2
    assert f"port {port} cannot be used: Address already in use" in ran.err


def verdicts(cwd: Path, *arguments: str) -> Ran:
    ran = datarecipe("verdicts", *arguments, cwd=cwd)
    assert ran.code == 0, ran.err
    return ran


SHOWN = """\
6 of 6 examples judged

              judged  valid                       label right
all                6  83 % (44 % to 97 %) of 6    75 % (30 % to 95 %) of 4
label bad          3  67 % (21 % to 94 %) of 3    100 % (34 % to 100 %) of 2
label good         3  100 % (44 % to 100 %) of 3  50 % (9 % to 91 %) of 2
reviewer ana       6  83 % (44 % to 97 %) of 6    60 % (23 % to 88 %) of 5
reviewer ben       5  80 % (38 % to 96 %) of 5    100 % (51 % to 100 %) of 4

agreement on validity  100 % of 5 pairs, alpha 1.00
agreement on labels    75 % of 4 pairs, alpha 0.53

1 disagreement:
- Sentence 3 of a made review
  given: good
  ana: bad
  ben: good

1 invalid example:
- Sentence 0 of a made review
  given: bad
  ana: not valid (not English)
  ben: not valid

1 wrong label:
- Sentence 5 of a made review
  given: good
  ana: bad
"""


def test_what_verdicts_prints(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    ana = {n: (True, "bad" if n in {3, 5} else RECORDS[n]["label"], "") for n in range(6)} | {
        0: (False, None, "not English")
    }
    ben = {n: (True, RECORDS[n]["label"], "") for n in range(5)} | {0: (False, None, "")}
    write_verdicts(tmp_path / "ana.jsonl", "ana", RECORDS, ana)
    write_verdicts(tmp_path / "ben.jsonl", "ben", RECORDS, ben)
    ran = verdicts(tmp_path, "ana.jsonl", "ben.jsonl", "--of", "data.jsonl", "--keep", "kept.jsonl")
    assert ran.out == SHOWN
    assert ran.err == "5 examples written to kept.jsonl. Left out: 1 invalid.\n"
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 5


def test_the_kept_lines_of_a_run_are_its_own(tmp_path: Path, run: Path) -> None:
    rows = [json.loads(line) for line in (run / "data.jsonl").read_text().splitlines()]
    write_verdicts(tmp_path / "ana.jsonl", "ana", rows, {3: (False, None, "")})
    verdicts(tmp_path, "ana.jsonl", "--of", str(run), "--keep", "kept.jsonl")
    lines = (run / "data.jsonl").read_bytes().splitlines(keepends=True)
    assert (tmp_path / "kept.jsonl").read_bytes() == b"".join([*lines[:3], *lines[4:]])


def test_a_run_that_has_grown_is_still_the_one_that_was_judged(tmp_path: Path, run: Path) -> None:
    short = shutil.copytree(run, tmp_path / "short")
    lines = (run / "data.jsonl").read_bytes().splitlines(keepends=True)
    (short / "data.jsonl").write_bytes(b"".join(lines[:12]))
    with reviewing("short", "--reviewer", "ana", "--output", "ana.jsonl", cwd=tmp_path):
        pass
    (short / "data.jsonl").write_bytes(b"".join(lines))
    with keyboard("short", "--reviewer", "ana", "--output", "ana.jsonl", cwd=tmp_path) as judge:
        judge.wait("of 12 ·")
        judge.wait("q end")
        judge.press("x", "of 12 · 1 judged")
        judge.end("q")
    assert verdicts(tmp_path, "ana.jsonl", "--of", "short").out.startswith("1 of 12 examples judged\n")


def test_json_has_everything(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    write_verdicts(tmp_path / "ana.jsonl", "ana", RECORDS, {0: (True, "good", "a \x1b[31m note")})
    ran = verdicts(tmp_path, "ana.jsonl", "--of", "data.jsonl", "--json", "--keep", "kept.jsonl", "--relabel")
    found = json.loads(ran.out)
    (item,) = found["items"]
    assert item["example"] == RECORDS[0]
    assert (item["given"], item["valid"], item["label"]) == ("bad", True, "good")
    assert item["verdicts"][0]["note"] == "a \x1b[31m note"
    assert found["kept"] == {"written": 6, "invalid": 0, "tied": 0, "wrong": 0, "relabelled": 1}
    assert "\x1b" not in ran.out
    assert ran.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ana.jsonl"], "Missing option '--of'"),
        (["--of", "data.jsonl"], "Missing argument"),
        (["none.jsonl", "--of", "data.jsonl"], "none.jsonl cannot be read: No such file"),
        (["data.jsonl", "--of", "data.jsonl"], "data.jsonl:1: not a file of verdicts"),
        (["ana.jsonl", "--of", "none"], 'there is no file "none"'),
        (["ana.jsonl", "--of", "other.jsonl"], "judges 6 examples of data.jsonl, and none of these datasets has all"),
        (["ana.jsonl", "--of", "data.jsonl", "--relabel"], "need a file to write"),
        (["ana.jsonl", "--of", "data.jsonl", "--of", "other.jsonl", "--keep", "k"], "--keep writes one dataset"),
        (["ana.jsonl", "--of", "data.jsonl", "--keep", "data.jsonl"], "data.jsonl is there already"),
        (["ana.jsonl", "--of", "data.jsonl", "--keep", "none/k"], "none/k cannot be written: No such file"),
    ],
)
def test_mistakes_with_verdicts_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    write_records(tmp_path / "other.jsonl", [{**row, "text": row["text"] + "!"} for row in RECORDS])
    write_verdicts(tmp_path / "ana.jsonl", "ana", RECORDS, {0: (True, "bad", "")})
    before = files_of(tmp_path)
    ran = datarecipe("verdicts", *arguments, cwd=tmp_path)
    assert ran.code == 2, ran
    assert said in ran.err
    assert files_of(tmp_path) == before


def test_hostile_verdicts_reach_no_terminal(tmp_path: Path) -> None:
    bad = "\x1b[2J\u202e<script>\n::error::x"
    records = [{"text": f"{n} {bad}", "label": f"{bad} {n % 2}"} for n in range(4)]
    write_records(tmp_path / "data.jsonl", records)
    for name in ("ana", f"ben {bad}"):
        said = {n: (True, f"{bad} {name} {n}", bad) for n in range(4)}
        write_verdicts(tmp_path / f"{len(name)}.jsonl", name, records, said)
    files = sorted(path.name for path in tmp_path.iterdir())
    ran = verdicts(tmp_path, *(name for name in files if name != "data.jsonl"), "--of", "data.jsonl")
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "\n::error" not in ran.out
