"""What ended a run short, and how to go on: it fits how the run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.amount import Amount, Caps
from datarecipe.errors import CapReachedError, TransientError
from datarecipe.generate.reasons import Reason
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.next_steps import Typed, ended_short, flags, how_all_go_on, how_to_go_on
from datarecipe.running.show.summary import closing, summary


def result(**changes: Any) -> RunResult:
    """A run that ended as told, with 40 of 100 examples for a tenth of a dollar."""
    spent = Amount(20, 4000, 6000, Decimal("0.1"))
    counts: dict[str, Any] = {
        "target_size": 100,
        "batch_size": 5,
        "committed": CommitCounts(changes.pop("tally", Tally(accepted=40, responses=9))),
        "traffic": Traffic(sent=20, answered=16),
        "spent": Spent(spent, spent),
    }
    fields: dict[str, Any] = {
        "name": "facts",
        "output": Path("runs/facts"),
        "counts": Counts(**{name: changes.pop(name, value) for name, value in counts.items()}),
        "end": "capped",
        "error": None,
        "why": None,
        "first": (),
        "kept_lines": 0,
        "shortened_from": 0,
        "caps": Caps(),
        "priced": True,
        "free": False,
        "written": True,
        "seconds": 1.0,
    }
    return RunResult(**fields | changes)


def counted(ended: RunResult, **changes: Any) -> RunResult:
    """The same with other counts."""
    if "tally" in changes:
        changes["committed"] = CommitCounts(changes.pop("tally"))
    return replace(ended, counts=replace(ended.counts, **changes))


def reached(cap: str, at: Any, needed: Any) -> CapReachedError:
    return CapReachedError(f"`{cap}` is reached", cap=cap, at=at, needed=needed)


def typed(command: str) -> Typed:
    """As a user typed it, with no caps of its own."""

    def of(settings: Mapping[str, str], *, verb: str | None = None) -> str:
        return " ".join((command if verb is None else command.replace("run", verb, 1), *flags(settings)))

    return of


@pytest.mark.parametrize(
    ("error", "flag"),
    [
        # 100 of 40 examples, and a quarter more: 3.125 times what was used.
        (reached("limits.usd", Decimal("0.1"), Decimal("0.101")), "--set limits.usd=0.32"),
        (reached("limits.tokens", 10_000, 10_900), "--set limits.tokens=32000"),
        (reached("limits.calls", 20, 21), "--set limits.calls=62"),
        (reached("limits.usd", Decimal("0.2"), Decimal("0.5")), "--set limits.usd=0.5"),
    ],
)
def test_the_cap_that_is_offered_is_enough_at_the_rate_so_far(error: CapReachedError, flag: str) -> None:
    told = how_to_go_on(result(error=error), typed("datarecipe run facts"))
    assert (
        told
        == f"A higher cap continues the run; at this rate this one is enough for 100 examples: datarecipe run facts {flag}"
    )


def test_where_nothing_is_known_of_the_rate_the_cap_doubles() -> None:
    nothing = result(error=reached("limits.usd", Decimal("0.01"), Decimal("0.03")), tally=Tally())
    assert how_to_go_on(nothing, typed("x")) == "Raise the cap: x --set limits.usd=0.06"
    together = result(error=reached("--max-calls", 3, 4))
    assert "(shared by all recipes of the command)" in (ended_short(together, Caps(calls=3)) or "")
    assert "(" not in (ended_short(together) or ""), "of one recipe there is nothing to say"
    default = result(error=reached("--max-usd", Decimal("0.2"), Decimal("0.3")))
    assert "(default: the highest `limits.usd` of the recipes, shared by all)" in (ended_short(default, Caps()) or "")
    empty_handed = result(error=reached("--max-calls", 3, 4), spent=spent(0, "0"))
    assert how_to_go_on(empty_handed, typed("x"), Caps(calls=3)) == (
        "The folder holds a shorter dataset. To continue it, raise the cap: x --max-calls 8"
    )


def test_the_commands_own_cap_is_raised_with_the_recipes_where_it_would_end_the_run_first() -> None:
    error = reached("limits.usd", Decimal("0.1"), Decimal("0.101"))
    told = how_to_go_on(result(error=error), typed("x"), Caps(usd=Decimal("0.2"), calls=300))
    assert told == (
        "Higher caps continue the run; at this rate these are enough for 100 examples: "
        "x --set limits.usd=0.32 --max-usd 0.32"
    )
    wide = how_to_go_on(result(error=error), typed("x"), Caps(usd=Decimal("0.5")))
    assert wide is not None
    assert wide.endswith("x --set limits.usd=0.32")


def spent(calls: int, usd: str) -> Spent:
    amount = Amount(calls, 200 * calls, 300 * calls, Decimal(usd))
    return Spent(amount, amount)


def test_of_several_recipes_each_cap_that_was_reached_is_named_with_what_suffices() -> None:
    caps = Caps(usd=Decimal("0.1"))
    small = result(error=reached("limits.usd", Decimal("0.1"), Decimal("0.101")), target_size=80, caps=caps)
    large = result(error=reached("limits.usd", Decimal("0.1"), Decimal("0.101")), caps=caps)
    stopped = result(end="interrupted", caps=caps, spent=spent(1, "0.01"))
    done = result(end="target", caps=caps, spent=spent(1, "0.01"))
    assert how_all_go_on([("a", large), ("b", stopped), ("c", stopped), ("d", done)], typed("x")) == [
        "A higher cap continues a: --set limits.usd=0.32",
        "Run the same command again to go on: what was answered is stored.",
        # What each may use is also what all may use together, where nothing else is said; they take $0.3425.
        "A higher cap continues all of them: --max-usd 0.35",
    ]
    wide = Caps(usd=Decimal(1), calls=50)
    assert how_all_go_on([("a", large), ("b", done)], typed("x"), wide) == [
        "A higher cap continues a: --set limits.usd=0.32",
        "A higher cap continues all of them: --max-calls 63",
    ]
    assert how_all_go_on([("a", large), ("b", small)], typed("x"), Caps(usd=Decimal(1))) == [
        "A higher cap continues a: --set limits.usd=0.32",
        "A higher cap continues b: --set limits.usd=0.25",
    ]
    nothing = result(error=reached("--max-calls", 30, 31), tally=Tally(), caps=caps, spent=spent(5, "0.01"))
    assert how_all_go_on([("a", small), ("b", nothing)], typed("x"), Caps(usd=Decimal(1), calls=30)) == [
        "A higher cap continues a: --set limits.usd=0.25",
        "A higher cap continues all of them: --max-calls 62",
    ]


def test_recipes_with_other_caps_and_the_command_s_are_raised_side_by_side() -> None:
    small = result(error=reached("limits.usd", Decimal("0.1"), Decimal("0.101")), caps=Caps(usd=Decimal("0.1")))
    large = result(end="target", caps=Caps(usd=Decimal(50)), spent=spent(400, "2.1"))
    assert how_all_go_on([("a.yaml", small), ("b.yaml", large)], typed("x")) == [
        "A higher cap continues a.yaml: --set limits.usd=0.32"
    ]
    wide = result(error=reached("--max-usd", Decimal(1), Decimal("1.1")), caps=Caps(usd=Decimal(50)))
    spent_most = counted(wide, spent=spent(40, "0.9"))
    assert how_all_go_on([("a.yaml", small), ("b.yaml", spent_most)], typed("x"), Caps(usd=Decimal(1))) == [
        "A higher cap continues a.yaml: --set limits.usd=0.32",
        "A higher cap continues all of them: --max-usd 3.2",
    ]


def test_a_cap_that_hides_behind_another_is_raised_with_it() -> None:
    """That of the command is asked first, so its error is the one that is seen."""
    five = result(error=reached("--max-calls", 5, 6), caps=Caps(calls=5), spent=spent(5, "0.01"), tally=Tally())
    assert how_to_go_on(five, typed("x"), Caps(calls=5)) == "Raise the cap: x --set limits.calls=10 --max-calls 12"
    five = counted(five, tally=Tally(accepted=20, responses=5))
    assert how_to_go_on(five, typed("x"), Caps(calls=5)) == (
        "Higher caps continue the run; at this rate these are enough for 100 examples: "
        "x --set limits.calls=31 --max-calls 31"
    )
    two = [("a", five), ("b", five)]
    assert how_all_go_on(two, typed("x"), Caps(calls=10)) == [
        "A higher cap continues a: --set limits.calls=31",
        "A higher cap continues b: --set limits.calls=31",
        "A higher cap continues all of them: --max-calls 62",
    ]


def test_what_others_paid_for_is_no_measure() -> None:
    """Of 25 responses this dataset paid for ten; those that are to come were in nobody's cache."""
    error = reached("limits.calls", 10, 11)
    mostly_stored = result(
        error=error, spent=spent(10, "0.01"), tally=Tally(accepted=100, responses=25), target_size=500
    )
    assert (how_to_go_on(mostly_stored, typed("x")) or "").endswith("x --set limits.calls=160")


def test_what_is_stored_is_named_only_where_something_is() -> None:
    gone = TransientError("gone")
    assert "what was answered is stored" in (how_to_go_on(result(end="failed", error=gone), typed("x")) or "")
    nothing = result(end="failed", error=gone, tally=Tally(), traffic=Traffic(sent=4))
    assert (how_to_go_on(nothing, typed("x")) or "").startswith("Nothing was answered.")
    assert how_to_go_on(result(end="target"), typed("x")) is None


def test_too_little_is_a_matter_of_variety_or_of_the_format() -> None:
    stale = result(end="barren", why="why", tally=Tally(accepted=40))
    stale.tally.rejected["duplicate"] = 50
    assert "more variety" in (how_to_go_on(stale, typed("x")) or "")
    assert "runs/facts/rejected.jsonl says why" in (how_to_go_on(stale, typed("x")) or "")
    useless = result(end="barren", why="why", tally=Tally())
    useless.tally.rejected["schema"] = 50
    told = how_to_go_on(useless, typed("x")) or ""
    assert "does the model follow the format?" in told
    assert "variety" not in told
    degraded = result(end="degraded", why="why")
    assert (how_to_go_on(degraded, typed("x")) or "").endswith("x --set limits.stop_when=null")
    assert ended_short(degraded) == "error: `limits.stop_when` ended the run: why"


@pytest.mark.parametrize(
    ("reason", "cause", "helps"),
    [
        ("context_overflow", "the prompts do not fit the model's context", "a smaller `batch_size`"),
        ("truncated", "replies were cut off", "`sampling.max_tokens`"),
        ("content_filter", "a content filter", "another provider"),
        ("refusal", "the model refused", "another model"),
    ],
)
def test_a_cause_that_is_known_is_said_in_words(reason: Reason, cause: str, helps: str) -> None:
    nothing = result(end="barren", why="why", tally=Tally())
    nothing.tally.rejected[reason] = 3
    told = how_to_go_on(nothing, typed("x")) or ""
    assert f"used: {cause}" in told
    assert f"(`{reason}`)" in told
    assert helps in told
    assert "follow the format" not in told


def test_what_is_assumed_is_told_apart() -> None:
    used, guess = Amount(20, 4000, 6000, Decimal("0.1")), Amount(3, 1000, 500, Decimal("0.02"))
    told = closing(result(end="target", spent=Spent(used, used, assumed=guess)))
    assert "assumed part: 3 calls, 1,500 tokens, $0.0200, for attempts without reported usage" in told
    more = closing(result(end="target", spent=Spent(used + used, used, assumed=guess)))
    assert any(line.startswith("assumed part over all runs: 3 calls") for line in more)


def test_answers_behind_a_hole_are_told() -> None:
    capped = result(error=reached("limits.calls", 20, 21))
    assert "stored for the next run: 7 responses, waiting for a missing one" in closing(capped)
    stale = result(end="barren", why="why")
    assert "stored for the next run: 7 responses" in closing(stale), "none is missing there"
    assert summary(capped)["uncommitted_responses"] == 7
    done = closing(result(end="target"))
    assert "stored for a higher target: 7 responses" in done
