"""What is said at the end of a run: what there is by label, what was lost and why, and that a loss is no success."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from datarecipe.amount import NOTHING, Amount
from datarecipe.generate.judge import batch_judge
from datarecipe.generate.reasons import OF_RESPONSES, REASONS, Reason
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.run_folder.manifest import End
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.rejections import loss_of, percent
from datarecipe.running.show.summary import closing, summary
from tests.cli.command import datarecipe
from tests.openai_author import Body
from tests.openai_server import OpenAIServer
from tests.running.test_going_on import counted, result
from tests.runs import write_recipe


def ended(
    accepted: int, *, surplus: int = 0, responses: int | None = None, end: End = "target", **rejected: int
) -> RunResult:
    """A run that asked for five items at a time, with as many responses as these items take where none is given."""
    came = accepted + surplus + sum(rejected.values())
    tally = Tally(
        accepted, Counter[Any](rejected), surplus, responses=-(-came // 5) if responses is None else responses
    )
    return counted(result(end=end, priced=False), tally=tally, target_size=accepted)


def headline(run: RunResult) -> str:
    return closing(run)[0].partition(": ")[0]


LOSSES = [
    # What came, the headline, words of the closing line.
    pytest.param(ended(100), "done", None, id="nothing lost"),
    pytest.param(ended(100, duplicate=90), "done", None, id="less than half"),
    pytest.param(ended(100, duplicate=100), "done, but only 50 % of received items were usable",
                 "100 of 200 received items were rejected, most of them as `duplicate` (100). runs/facts/rejected.jsonl "
                 "has each with its reason. What usually helps: more variety", id="half"),
    pytest.param(ended(100, label=250, schema=50), "done, but only 25 % of received items were usable",
                 "as `label` (250). runs/facts/rejected.jsonl has each", id="the largest reason"),
    pytest.param(ended(10, malformed=30), "done, but only 25 % of received items were usable",
                 "What usually helps: `response_format: json_schema`", id="the format"),
    pytest.param(ended(3, surplus=40), "done", None, id="surplus is no loss"),
    pytest.param(ended(3, surplus=2, malformed=3), "done, but only 50 % of received items were usable", "`malformed` (3)",
                 id="surplus hides no loss"),
    pytest.param(ended(50, refusal=12, responses=22), "done, but only 45 % of requested items were usable",
                 "60 of 110 requested items are not in the dataset, most of them because of 12 replies with "
                 "`refusal`. ",
                 id="whole responses refused"),
    pytest.param(ended(50, duplicate=1, responses=25), "done, but only 40 % of requested items were usable",
                 "75 of 125 requested items are not in the dataset: replies hold fewer. What usually helps: ",
                 id="replies with two items for five"),
    pytest.param(ended(2, responses=1), "done", None, id="one small reply says nothing"),
    pytest.param(ended(20, no_items=4, responses=8), "done, but only 50 % of requested items were usable",
                 "most of them because of 4 replies with `no_items`. ", id="every second reply of a few is empty"),
    pytest.param(ended(10, content_filter=4, responses=6), "done, but only 33 % of requested items were usable",
                 "because of 4 replies with `content_filter`", id="two thirds of a few"),
    pytest.param(ended(12, surplus=3, content_filter=3, responses=6), "done, but only 44 % of requested items were usable",
                 "because of 3 replies with `content_filter`", id="of a few, with surplus"),
    pytest.param(ended(2, truncated=1, responses=1), "done, but only 40 % of requested items were usable",
                 "because of 1 reply with `truncated`", id="one that was cut off"),
    pytest.param(ended(5, refusal=1, responses=2), "done, but only 50 % of requested items were usable",
                 "because of 1 reply with `refusal`", id="one of two refused"),
    pytest.param(ended(25, refusal=3, responses=8), "done", None, id="less than half of a few"),
    pytest.param(ended(1, no_items=1), "done, but only 50 % of received items were usable", "`no_items` (1)",
                 id="one of two"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "begins", "says"), LOSSES)
def test_done_never_reads_like_a_success_where_half_was_thrown_away(
    run: RunResult, begins: str, says: str | None
) -> None:
    lines = closing(run)
    assert headline(run) == begins
    if says is None:
        assert lines[-1] == "dataset: runs/facts"
    else:
        assert says in lines[-1]


@pytest.mark.parametrize("end", ["capped", "interrupted", "failed"])
def test_a_run_that_ended_short_says_what_was_lost_too(end: End) -> None:
    run = ended(10, duplicate=30, end=end)
    assert "but" not in headline(run)
    assert "30 of 40 received items were rejected" in closing(run)[-1]


def test_what_helps_is_told_once_where_how_to_go_on_says_it() -> None:
    assert not any("usually helps" in line for line in closing(ended(10, duplicate=30, end="barren")))


def test_yield_and_shares_are_of_what_came() -> None:
    lines = closing(ended(600, surplus=2, duplicate=61, label=30, no_items=3, responses=140))
    assert "yield: 86 % of 694 received items; rejected: 61 duplicate (9 %), 30 label (4 %), 3 no_items (<1 %)" in lines
    assert "yield: 100 % of 5 received items" in closing(ended(5))
    assert not any("surplus" in line for line in closing(ended(3, surplus=2)))


@pytest.mark.parametrize(
    ("traffic", "says"),
    [
        (Traffic(sent=16, answered=16, from_cache=1), "from 17 responses (16 new, 1 cached) in"),
        (Traffic(sent=19, answered=17, from_cache=1, abandoned=2), "from 17 of 18 responses (17 new, 1 cached) in"),
        # The dataset takes what was retried out of the cache.
        (
            Traffic(sent=4, answered=4, from_cache=17, asked_again=4),
            "(0 new, 17 cached; 4 responses retried before) in",
        ),
    ],
)
def test_the_counts_of_responses_add_up(traffic: Traffic, says: str) -> None:
    lines = closing(counted(ended(12, responses=17), traffic=traffic))
    assert says in lines[0]
    assert ("stored for a higher target: 1 response" in lines) == (" of 18 " in says)


def test_surplus_is_a_count_of_its_own() -> None:
    document = summary(ended(3, surplus=2, label=1))
    assert (document["accepted"], document["rejected"], document["surplus"], document["yield"]) == (
        3,
        {"label": 1},
        2,
        0.75,
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.01, "1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, "99 %"), (1.0, "100 %")],
)
def test_what_is_not_all_is_not_told_as_all(share: float, words: str) -> None:
    assert percent(share) == words


def test_nothing_is_said_of_what_did_not_come() -> None:
    nothing = Counts(
        target_size=5, batch_size=5, committed=CommitCounts(), traffic=Traffic(), spent=Spent(NOTHING, NOTHING)
    )
    assert loss_of(nothing) is None
    assert nothing.items()["yield"] is None


def test_every_reason_has_a_row_and_those_of_whole_responses_say_so() -> None:
    assert set(get_args(Reason)) == set(REASONS)
    assert all(row.helps for row in REASONS.values())
    assert set(batch_judge.ENDS.values()) == set(OF_RESPONSES)


def test_the_real_command_says_it(tmp_path: Path) -> None:
    """A model that gives each item twice: the dataset is whole, and half of what was paid for is gone."""
    number = iter(range(10_000))

    def answer(_: Body) -> str:
        item = {"options": ["yes", "no"], "answer": "yes", "question": f"Is it {next(number)}?"}
        return json.dumps({"examples": [item, item]})

    path = write_recipe(tmp_path)
    with OpenAIServer(answer) as server:
        flags = ("--model", "openai/m", "--api-base", server.base_url, "--target-size", "12", "--batch-size", "2")
        ran = datarecipe(
            "run", str(path), *flags, "--concurrency", "1", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"}
        )
        again = datarecipe("run", str(path), *flags, "--json", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-test"})
    assert ran.code == 0
    assert "done, but only 50 % of received items were usable: 12 of 12 examples" in ran.err
    assert "labels: 12 yes, 0 no\n" in ran.err
    assert "; rejected: 12 duplicate (50 %)" in ran.err
    assert "as `duplicate` (12). runs/facts/rejected.jsonl has each with its reason. What usually helps: " in ran.err
    document = json.loads(again.out)
    assert (document["yield"], document["rejected"]) == (0.5, {"duplicate": 12})
    assert document["labels"] == [{"label": "yes", "examples": 12}, {"label": "no", "examples": 0}]
    log = (tmp_path / "runs" / "facts" / "run.log").read_text(encoding="utf-8")
    assert "12 of 24 received items were rejected" in log


def test_what_a_model_in_this_process_did_not_finish_is_not_told_as_assumed() -> None:
    """It costs nothing: there is no bill that could be lower."""
    amount = Amount(8, 19_000, 0, Decimal(0))
    for free, told in ((True, False), (False, True)):
        run = counted(result(end="interrupted", free=free), spent=Spent(amount, amount, assumed=amount))
        assert any(line.startswith("assumed part") for line in closing(run)) == told
