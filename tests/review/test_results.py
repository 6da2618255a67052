"""What verdicts say, counted by hand; and the dataset without what was struck out."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import UsageError
from datarecipe.review.results.judged_examples import judged_examples
from datarecipe.review.results.kept_examples import Keeping, Kept, write_kept
from datarecipe.review.results.review_results import ReviewResults, decided, results
from datarecipe.review.sample.source_dataset import read_source
from tests.review.verdict_texts import verdict, write_records, write_verdicts

Said = dict[int, tuple[bool | None, str | None, str]]

RECORDS: list[dict[str, Any]] = [{"text": f"text {n}", "label": "good" if n < 6 else "bad"} for n in range(10)]
"""Six are good, four are bad, as the dataset has it."""

ANA: Said = dict.fromkeys(range(5), (True, "good", "")) | {
    5: (False, None, "garbled"),
    6: (True, "bad", ""),
    7: (True, "good", "clearly praise"),
    8: (True, None, "both"),
    9: (True, "bad", ""),
}
BEN: Said = dict.fromkeys(range(4), (True, "good", "")) | {
    4: (True, "bad", ""),
    5: (False, None, ""),
    6: (False, None, ""),
    7: (True, "good", ""),
    9: (None, None, "later"),
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    data = write_records(tmp_path / "data.jsonl", RECORDS)
    return (
        data,
        write_verdicts(tmp_path / "ana.jsonl", "ana", RECORDS, ANA),
        write_verdicts(tmp_path / "ben.jsonl", "ben", RECORDS, BEN),
    )


def found_in(data: Path, *verdicts: Path) -> ReviewResults:
    return results(judged_examples(verdicts, [read_source(data)]))


def shares(found: ReviewResults) -> dict[str, tuple[int, tuple[int, int], tuple[int, int]]]:
    return {
        f"{group.kind} {group.name}": (
            group.judged,
            (group.valid.hits, group.valid.of),
            (group.right.hits, group.right.of),
        )
        for group in found.groups
    }


def test_one_reviewer(files: tuple[Path, Path, Path]) -> None:
    data, ana, _ = files
    found = found_in(data, ana)
    # Nine of ten are valid. Of these, one has no label; of the eight others 0 to 4, 6 and 9 are right, 7 is wrong.
    assert shares(found) == {
        "all all": (10, (9, 10), (7, 8)),
        "label bad": (4, (4, 4), (2, 3)),
        "label good": (6, (5, 6), (5, 5)),
    }
    assert (found.judged, found.examples, found.undecided, found.disputed) == (10, 10, 0, [])
    assert found.validity is None
    assert found.groups[0].valid.interval == pytest.approx((0.5958, 0.9821), abs=0.00005)  # Wilson, by hand


def test_two_reviewers_decide_by_majority_and_a_tie_is_no_majority(files: tuple[Path, Path, Path]) -> None:
    data, ana, ben = files
    found = found_in(data, ana, ben)
    # 6 is a tie. Valid: 0 to 4, 7, 8, 9 of nine. Labels: 4 is good and bad, 8 has none; 0 to 3 and 9 right, 7 wrong.
    assert shares(found) == {
        "all all": (10, (8, 9), (5, 6)),
        "label bad": (4, (3, 3), (1, 2)),
        "label good": (6, (5, 6), (4, 4)),
        "reviewer ana": (10, (9, 10), (7, 8)),
        "reviewer ben": (8, (6, 8), (4, 6)),
    }
    assert found.undecided == 1
    texts = {name: record["text"] for name, record in zip(found.given, sorted_records(data), strict=True)}
    assert sorted(texts[name] for name in found.disputed) == ["text 4", "text 6"]
    assert found.validity is not None
    assert found.labels is not None
    # Validity: 8 items, 7 agree (6 valid, 1 not). n = 16 values, 13 valid, 3 not.
    # alpha = 1 - 15 * 2 / (16^2 - 13^2 - 3^2) = 1 - 30 / 78
    assert (found.validity.pairs, found.validity.agreeing) == (8, 7)
    assert found.validity.alpha == pytest.approx(1 - 30 / 78)
    # Labels: items 0 to 4 and 7; 5 agree. n = 12, 11 good, 1 bad. alpha = 1 - 11 * 2 / (144 - 121 - 1) = 0
    assert (found.labels.pairs, found.labels.agreeing) == (6, 5)
    assert found.labels.alpha == pytest.approx(0)


def sorted_records(data: Path) -> list[dict[str, Any]]:
    from datarecipe.generate.judge.example_equality import example_id

    return sorted(map(json.loads, data.read_text().splitlines()), key=example_id)


def test_the_order_of_files_means_nothing(files: tuple[Path, Path, Path]) -> None:
    data, *verdicts = files
    assert len({repr(found_in(data, *order)) for order in itertools.permutations([*verdicts, verdicts[0]])}) == 1


def test_majorities() -> None:
    def label(*labels: str | None) -> str | None:
        return decided([verdict("a", str(n), True, each) for n, each in enumerate(labels)]).label

    assert label("x") == label("x", "x", "y") == label("x", None) == "x"
    assert label("x", "y") is label(None) is label("x", "y", "z") is label("x", "x", "y", "y") is None

    def valid(*said: bool) -> bool | None:
        return decided([verdict("a", str(n), each) for n, each in enumerate(said)]).valid

    assert valid(True) is valid(True, True, False) is True
    assert valid(False) is valid(False, False, True) is False
    assert valid(True, False) is None
    # An invalid example has no label, whatever a minority says.
    assert decided([verdict("a", "1", True, "x"), verdict("a", "2", False), verdict("a", "3", False)]).valid is False


def kept(files: tuple[Path, Path, Path], path: Path, **keeping: bool) -> tuple[Kept, list[dict[str, Any]]]:
    data, *verdicts = files
    source = read_source(data)
    counts = write_kept(path, source, found_in(data, *verdicts), Keeping(**keeping))
    return counts, [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("keeping", "counts", "gone", "changed"),
    [
        ({}, Kept(9, 1, 0, 0, 0), {5}, {}),
        ({"drop_ties": True}, Kept(8, 1, 1, 0, 0), {5, 6}, {}),
        ({"relabel": True}, Kept(9, 1, 0, 0, 1), {5}, {7: "good"}),
        ({"drop_wrong": True}, Kept(8, 1, 0, 1, 0), {5, 7}, {}),
        ({"relabel": True, "drop_wrong": True}, Kept(9, 1, 0, 0, 1), {5}, {7: "good"}),
    ],
)
def test_what_is_kept(
    files: tuple[Path, Path, Path],
    tmp_path: Path,
    keeping: dict[str, bool],
    counts: Kept,
    gone: set[int],
    changed: dict[int, str],
) -> None:
    found, rows = kept(files, tmp_path / "kept.jsonl", **keeping)
    assert found == counts
    assert rows == [
        {**record, "label": changed.get(number, record["label"])}
        for number, record in enumerate(RECORDS)
        if number not in gone
    ]


def test_nothing_is_written_over(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    before = files[0].read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("data.jsonl", "link", "."):
        with pytest.raises(UsageError):
            kept(files, tmp_path / name)
    assert files[0].read_bytes() == before
    assert not (tmp_path / "elsewhere").exists()


def test_labels_keep_their_type(tmp_path: Path) -> None:
    records = [{"text": f"t{n}", "label": n % 2} for n in range(6)]
    data = write_records(tmp_path / "data.jsonl", records)
    said: Said = {0: (True, "1", ""), 1: (True, "1", "")}
    verdicts = write_verdicts(tmp_path / "ana.jsonl", "ana", records, said)
    counts, rows = kept((data, verdicts, verdicts), tmp_path / "kept.jsonl", relabel=True)
    assert counts.relabelled == 1
    assert [row["label"] for row in rows] == [1, 1, 0, 1, 0, 1]


def test_a_wrong_answer_is_left_out_on_request_alone(tmp_path: Path) -> None:
    records = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(6)]
    data = write_records(tmp_path / "data.jsonl", records)
    said: Said = {0: (True, "wrong", ""), 1: (True, "right", "")}
    verdicts = write_verdicts(tmp_path / "ana.jsonl", "ana", records, said)
    assert shares(found_in(data, verdicts)) == {"all all": (2, (2, 2), (1, 2))}
    one, _ = kept((data, verdicts, verdicts), tmp_path / "one.jsonl", relabel=True)
    two, _ = kept((data, verdicts, verdicts), tmp_path / "two.jsonl", drop_wrong=True)
    assert (one.written, two.written, two.wrong) == (6, 5, 1)


def test_several_datasets_are_counted_one_by_one(tmp_path: Path) -> None:
    other = [{"text": f"other {n}", "label": "good"} for n in range(3)]
    one = write_records(tmp_path / "data.jsonl", RECORDS)
    two = write_records(tmp_path / "other.jsonl", other)
    verdicts = [
        write_verdicts(tmp_path / "a.jsonl", "ana", RECORDS, ANA),
        write_verdicts(tmp_path / "b.jsonl", "ana", other, {0: (True, "bad", "")}),
    ]
    found = results(judged_examples(verdicts, [read_source(one), read_source(two)]))
    assert shares(found)["dataset data.jsonl"] == (10, (9, 10), (7, 8))
    assert shares(found)["dataset other.jsonl"] == (1, (1, 1), (0, 1))
    assert shares(found)["all all"] == (11, (10, 11), (7, 9))
    with pytest.raises(UsageError, match=r"a.jsonl judges 10 examples of data.jsonl, and none of these datasets has"):
        judged_examples(verdicts, [read_source(two)])


def test_a_file_without_verdicts_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    data = write_records(tmp_path / "data.jsonl", RECORDS)
    with pytest.raises(UsageError, match="empty holds no verdicts"):
        found_in(data, tmp_path / "empty")
    none = write_verdicts(tmp_path / "none.jsonl", "ana", RECORDS, {})
    found = found_in(data, none)
    assert (found.judged, found.examples) == (0, 10)
    assert found.groups[0].valid.interval is None
