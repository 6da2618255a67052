"""No reply costs more than its length in time, or more than a few times its length in rows."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.generate.judge.batch_judge import LONGEST_RAW, Judge
from datarecipe.generate.parse import Fragment, parse, scan
from datarecipe.generate.parse.scan import MAX_COUNTED
from tests.generate.hostile_replies import FIELDS, HOSTILE, ITEM
from tests.generate.recipes import completion, make_recipe

ROWS = 100

HUNG = ["think-tags-after-a-brace", "think-pairs", "brackets-then-numbers", "never-closed-list-of-numbers"]
"""Replies that hung a run, and every rerun of it."""


def work(text: str) -> int:
    """Lines of ours that run while a text is parsed. Unlike time it does not depend on the machine."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += 1
        return trace if "generate/parse" in frame.f_code.co_filename.replace("\\", "/") else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse(text, FIELDS, ROWS)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_the_length_and_no_faster(name: str) -> None:
    small, large = work(HOSTILE[name](4_000)), work(HOSTILE[name](16_000))
    assert large <= 6 * small + 20_000


@pytest.mark.parametrize("name", HOSTILE)
def test_rows_are_bounded(name: str) -> None:
    text = HOSTILE[name](50_000)
    found = parse(text, FIELDS, ROWS)
    raw = sum(len(item.raw) if isinstance(item, Fragment) else 0 for item in found)
    assert len(found) <= ROWS + 1
    assert raw <= 2 * len(text)


def seconds(text: str) -> float:
    began = time.process_time()
    parse(text, FIELDS, ROWS)
    return time.process_time() - began


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in HUNG else pytest.mark.slow) for name in HOSTILE]
)
def test_no_search_looks_at_the_rest_again_and_again(name: str) -> None:
    # Eight times the length took 64 times as long. The second is for what has nothing to do with the text.
    assert seconds(HOSTILE[name](2**20)) <= 20 * seconds(HOSTILE[name](2**17)) + 0.5


@pytest.mark.slow
@pytest.mark.parametrize("name", HUNG)
def test_time_grows_with_the_length_up_to_the_longest_reply_that_is_kept(name: str) -> None:
    assert seconds(HOSTILE[name](2**23)) <= 20 * seconds(HOSTILE[name](2**20)) + 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(HOSTILE)), st.integers(0, 120)), max_size=6),
    st.lists(st.integers(0, 600), max_size=4),
)
def test_nothing_made_of_hostile_pieces_makes_it_raise(pieces: list[tuple[str, int]], cuts: list[int]) -> None:
    text = "".join(HOSTILE[name](size) for name, size in pieces)
    for cut in cuts:
        text = text[:cut] + text[cut + 1 :]
    assert len(parse(text, FIELDS, ROWS)) <= ROWS + 1


@pytest.mark.parametrize(
    ("wrapping", "count"),
    [
        (lambda n: json.dumps({"examples": [{"text": str(i), "label": "ham"} for i in range(n)]}), 1000),
        (lambda n: "[" + "{}," * n + "{}]", 20_000),
        (lambda n: '{"question": "a' * n, 1000),
        (lambda n: (ITEM + "\n") * n, 1000),
        (lambda n: "[" + '{"question": "a", "question": "b"}, ' * n + "{}]", 1000),
    ],
)
def test_of_too_many_items_one_row_says_how_many_more_there_are(wrapping: Callable[[int], str], count: int) -> None:
    rows = Judge(make_recipe("fixed")).batch(completion(wrapping(count)))
    assert len(rows) == 101
    last = rows[-1]
    assert getattr(last, "reason", "") == "malformed"
    more = len(parse(wrapping(count), make_recipe("fixed").fields)) - 100
    assert f"{more:,} more" in getattr(last, "detail", "")


def test_a_batch_may_be_ten_times_as_large_as_it_was_asked_for() -> None:
    text = json.dumps([{"question": str(i)} for i in range(5000)])
    assert len(Judge(make_recipe("fixed", batch_size=200)).batch(completion(text))) == 2001


def test_counting_ends() -> None:
    assert len(parse("[" + "{}," * (2 * MAX_COUNTED) + "{}]", FIELDS)) <= MAX_COUNTED + 1


def test_a_long_text_is_cut_in_its_row() -> None:
    (row,) = Judge(make_recipe("fixed")).batch(completion("a" * 10 * LONGEST_RAW))
    assert len(getattr(row, "raw", "")) < LONGEST_RAW + 100
    assert getattr(row, "raw", "").endswith(f"({10 * LONGEST_RAW:,} characters in all)")


def test_what_was_not_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_STEPS", 100)
    found = parse("{ " * 50 + '{"text": "a", "label"', FIELDS)
    assert isinstance(found[-1], Fragment)
