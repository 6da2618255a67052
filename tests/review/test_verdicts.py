"""Files of verdicts: merged in any order, resumed after a kill, refused where they are none."""

from __future__ import annotations

import fcntl
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import RunLockedError, StorageError, UsageError
from datarecipe.review.verdicts.verdict import Header, SampledDataset, Verdict, is_moment, merged, moment_after
from datarecipe.review.verdicts.verdict_file import read_verdicts
from datarecipe.review.verdicts.verdict_log import VerdictLog
from tests.review.verdict_texts import verdict
from tests.small_disk import small_disk

HEADER = Header(1, "ana", 2, 0, (SampledDataset("reviews", None, "0" * 64, 2, ("a", "b")),))

verdicts = st.builds(
    verdict,
    item=st.sampled_from("abc"),
    reviewer=st.sampled_from(["ana", "ben"]),
    valid=st.sampled_from([True, False, None]),
    label=st.sampled_from([None, "x", "y"]),
    note=st.sampled_from(["", "n"]),
    second=st.integers(0, 3),
)


@given(st.lists(st.lists(verdicts, max_size=6), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_means_nothing_and_neither_does_a_file_that_comes_twice(
    files: list[list[Verdict]], chance: random.Random
) -> None:
    found = merged(each for file in files for each in file)
    again = [*files, *files[:1]]
    chance.shuffle(again)
    assert merged(each for file in again for each in file) == found
    # Merging what was merged is merging all.
    halves = [merged(each for file in files[:2] for each in file), merged(each for file in files[2:] for each in file)]
    assert merged(each for half in halves for each in half.values()) == found


@given(st.lists(verdicts, max_size=12))
def test_the_last_verdict_of_a_reviewer_counts(said: list[Verdict]) -> None:
    found = merged(said)
    assert set(found) == {(each.reviewer, each.item) for each in said}
    for key, one in found.items():
        assert one.time == max(each.time for each in said if (each.reviewer, each.item) == key)


def test_times_of_a_file_rise_even_if_the_clock_stands_still_or_goes_back(tmp_path: Path) -> None:
    with VerdictLog(tmp_path / "a.jsonl") as log:
        log.begin(HEADER)
        times = [log.add(verdict("a", "ana", True)).time for _ in range(20)]
    assert times == sorted(set(times))
    assert all(map(is_moment, times))
    past = datetime(2020, 1, 1, tzinfo=UTC)
    assert moment_after("2026-01-31T23:59:59.999Z", past) == "2026-02-01T00:00:00.000Z"


def test_what_was_written_is_read_again_and_continued(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "ana.jsonl"
    with VerdictLog(path) as log:
        log.begin(HEADER)
        first = log.add(verdict("a", "ana", True, "x", "a note\nof two lines \u2028 \u202e"))
    with VerdictLog(path) as log:
        assert (log.found.headers, log.found.verdicts) == ([HEADER], [first])
        second = log.add(verdict("a", "ana", False))
    found = read_verdicts(path)
    assert found.verdicts == [first, second]
    assert merged(found.verdicts) == {("ana", "a"): second}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_line_that_was_cut_off_by_a_kill_is_dropped_and_the_rest_continued(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "ana.jsonl"
    with VerdictLog(path) as log:
        log.begin(HEADER)
        first = log.add(verdict("a", "ana", True))
        log.add(verdict("b", "ana", False))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    survivors = [first] if cut > 1 else read_verdicts(path).verdicts  # without its line feed alone it is still whole
    assert read_verdicts(path).verdicts == survivors
    with VerdictLog(path) as log:
        third = log.add(verdict("b", "ana", True))
    assert read_verdicts(path).verdicts == [*survivors, third]


@pytest.mark.parametrize("text", ["my notes", "{", '{"text": "a"}', '{"verd1'])
def test_a_file_of_somebody_else_is_no_line_that_was_cut_off(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes"
    path.write_text(text)
    if text != "{":  # which is all that a kill may have left
        with pytest.raises(UsageError), VerdictLog(path):
            pass
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", "{", '{"verdicts": 1, "revie'])
def test_a_header_that_was_cut_off_begins_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ana.jsonl"
    path.write_text(text)
    with VerdictLog(path) as log:
        assert not log.found.headers
        log.begin(HEADER)
    assert read_verdicts(path).headers == [HEADER]


def test_two_files_one_behind_the_other_are_one(tmp_path: Path) -> None:
    for name in ("ana", "ben"):
        with VerdictLog(tmp_path / name) as log:
            log.begin(Header(1, name, 2, 0, HEADER.datasets))
            log.add(verdict("a", name, True))
    both = tmp_path / "both"
    both.write_bytes((tmp_path / "ana").read_bytes() + (tmp_path / "ben").read_bytes())
    found = read_verdicts(both)
    assert [each.reviewer for each in found.headers] == ["ana", "ben"]
    assert [each.reviewer for each in found.verdicts] == ["ana", "ben"]


GOOD = json.dumps({"verdicts": 1, "reviewer": "ana", "sample": 1, "seed": 0, "datasets": []})
LINE = {"item": "a", "reviewer": "ana", "valid": True, "label": None, "note": "", "time": "2026-01-31T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"text": "a"}'], "x.jsonl:1: not a file of verdicts"),
        (["[1]"], "x.jsonl:1: not a JSON object"),
        ([GOOD, "{"], "x.jsonl:2: not a JSON object"),
        ([GOOD, ""], "x.jsonl:2: not a JSON object"),
        ([GOOD, "[" * 100_000], "x.jsonl:2: not a JSON object"),
        ([GOOD, '{"item": NaN}'], "x.jsonl:2: not a JSON object"),
        ([GOOD, f'{{"a": [{"1," * 200_000}1]}}'], "x.jsonl:2: not a JSON object"),
        ([GOOD.replace("1", "2", 1)], "a newer release of datarecipe wrote this file"),
        ([GOOD.replace("1", '"1"', 1)], 'x.jsonl:1: `verdicts` is the text "1"'),
        ([GOOD.replace('"sample": 1', '"sample": -1')], "x.jsonl:1: `sample` is"),
        ([GOOD, json.dumps(LINE | {"valid": 1})], "x.jsonl:2: `valid` is the number 1, not true or false"),
        ([GOOD, json.dumps(LINE | {"label": [1]})], "x.jsonl:2: `label` is"),
        ([GOOD, json.dumps(LINE | {"time": "yesterday"})], "x.jsonl:2: `time` is not a time"),
        ([GOOD, json.dumps(LINE | {"time": "2026-02-31T12:00:00.000Z"})], "x.jsonl:2: `time` is not a time"),
        ([GOOD, json.dumps(LINE | {"time": "9999-12-31T23:59:59.999Z"})], "x.jsonl:2: `time` is not a time"),
        ([GOOD, json.dumps(LINE | {"note": "x" * 10_001})], "x.jsonl:2: a text has more than 10,000 characters"),
        ([GOOD, json.dumps(LINE | {"valid": False, "label": "x"})], "x.jsonl:2: an example that is not valid"),
        ([GOOD, json.dumps({"item": "a"})], "x.jsonl:2: `reviewer` is missing"),
    ],
)
def test_what_is_no_file_of_verdicts_is_told_by_line(tmp_path: Path, lines: list[str], said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"(?s).*") as caught:
        read_verdicts(path)
    assert said in str(caught.value)
    with pytest.raises(UsageError), VerdictLog(path):
        pass
    assert path.read_bytes() == before, "a file that is not ours is not touched"


def test_no_link_pipe_or_folder_is_a_file_of_verdicts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "link", "/dev/null", "."):
        with pytest.raises(UsageError), VerdictLog(tmp_path / name):
            pass
    assert not (tmp_path / "elsewhere").exists()
    for name in ("pipe", "none", ".", "/dev/zero"):
        with pytest.raises(UsageError):
            read_verdicts(tmp_path / name)


def test_one_review_writes_a_file_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    with VerdictLog(path) as log:
        log.begin(HEADER)
        with pytest.raises(RunLockedError, match="another review is writing"), VerdictLog(path):
            pass
    with VerdictLog(path):
        descriptor = os.open(path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)


def test_a_file_that_was_replaced_or_deleted_takes_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "ana.jsonl"
    with VerdictLog(path) as log:
        log.begin(HEADER)
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(StorageError, match="No such file"):
            log.add(verdict("a", "ana", True))
        path.write_bytes(whole)
        with pytest.raises(StorageError, match="another file is in its place"):
            log.add(verdict("a", "ana", True))
        assert path.read_bytes() == whole


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        path = disk / "ana.jsonl"
        with VerdictLog(path) as log:
            log.begin(HEADER)
            saved: list[Verdict] = []
            with pytest.raises(StorageError, match="No space left"):
                saved.extend(log.add(verdict("a", "ana", True, note="x" * 1_500)) for _ in range(100))
            assert saved
            assert read_verdicts(path).verdicts == saved
            assert path.read_bytes().endswith(b"\n")
