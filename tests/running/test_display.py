"""The live picture, as a person sees it: the real command on a terminal."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.amount import Amount, Caps
from datarecipe.run_folder.counts.commit_counts import CommitCounts, Tally
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.running.show.display import status
from datarecipe.running.show.progress import Progress
from tests.cli.terminal import on_terminal
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, every, first
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, write_recipe

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[bold red]"
HIDDEN = "]0;owned[2J31m\u202e[bold red]"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("NO_COLOR", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def shown(folder: Path, server: OpenAIServer, *arguments: str, text: str = RECIPE) -> str:
    """What went to the terminal."""
    recipe = write_recipe(folder, text)
    flags = ("--model", "openai/author", "--api-base", server.base_url)
    ran = on_terminal("run", str(recipe), *flags, *arguments, answers=(), cwd=folder)
    assert ran.code == 0, ran.out
    return ran.out


def test_the_picture_says_where_the_run_stands(tmp_path: Path) -> None:
    text = RECIPE + "prices: {input_per_million: 500, output_per_million: 1500}\nlimits: {usd: 40, concurrency: 3}\n"
    with OpenAIServer(Author(variety=3000), latency=0.6) as server:
        out = ESCAPES.sub("", shown(tmp_path, server, text=text))
    assert re.search(r"\b\d+/60\b", out), "accepted of the target"
    assert re.search(r"yield \d+ %", out)
    assert re.search(r"rejected: \d+ \w+", out)
    assert re.search(r"\b[1-3] in flight of 3\b", out)
    assert re.search(r"\d calls and [\d,]+ tokens a second", out)
    assert re.search(r"\$\d+\.\d\d of \$40\.00", out)
    assert re.search(r"about \d+ s left", out)
    assert out.count("done: 60 of 60") == 1


def test_many_recipes_have_a_bar_each(tmp_path: Path) -> None:
    second = write_recipe(
        tmp_path, RECIPE.replace("name: facts", "name: second").replace("Write", "Do write"), "second"
    )
    with OpenAIServer(Author(variety=3000), latency=0.15) as server:
        out = ESCAPES.sub("", shown(tmp_path, server, str(second)))
    assert re.search(r"facts\s+\S+\s+\d+/60", out)
    assert re.search(r"second\s+\S+\s+\d+/60", out)


def test_a_pause_is_seen(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000), latency=0.02, faults=first(8, Fault("unavailable"))) as server:
        out = ESCAPES.sub("", shown(tmp_path, server, "--concurrency", "8"))
    assert "pausing" in out
    assert "the provider answers again" in out


def test_what_a_model_or_a_provider_says_never_drives_the_terminal(tmp_path: Path) -> None:
    number = iter(range(10_000))

    def answer(body: Body) -> str:
        items = [
            # A text with control characters is no example; one with marks of direction and markup is.
            {"options": ["yes", "no"], "answer": "yes", "question": f"{next(number)} {HIDDEN}"},
            {"options": ["yes", "no"], "answer": EVIL, "question": f"{next(number)} {EVIL}"},
        ]
        return json.dumps({"examples": items})

    faults = every(5, Fault("server_error", message=f"sorry {EVIL}"))
    with OpenAIServer(answer, latency=0.02, faults=faults) as server:
        out = shown(tmp_path, server)
    assert "owned" in out, "it is shown"
    for part in ("\x1b]", "\x07", "\x1b[2J", "\x9b", "\u202e"):
        assert part not in out
    assert "[bold red]" in out, "markup is text"


def picture(**changes: object) -> Progress:
    counts: dict[str, Any] = {"accepted": 40, "rejected": {"duplicate": 7, "label": 3}, "responses": 10, "sent": 12}
    counts = {name: changes.pop(name, value) for name, value in counts.items()}
    used = Amount(10, 1000, 2000, Decimal("1.25"))
    fields: dict[str, object] = {
        "name": "facts",
        "output": Path("runs/facts"),
        "counts": Counts(
            target_size=100,
            batch_size=5,
            committed=CommitCounts(
                Tally(counts["accepted"], Counter(counts["rejected"]), responses=counts["responses"])
            ),
            traffic=Traffic(sent=counts["sent"]),
            spent=changes.pop("spent", Spent(used, used)),  # type: ignore[arg-type]
        ),
        "in_flight": 2,
        "limit": 16,
        "down": False,
        "waits": None,
        "caps": Caps(usd=Decimal(5)),
        "together": used,
        "budget": Caps(),
        "priced": True,
        "seconds": 10.0,
        "sending": 10.0,
        "accepted_before_sending": 0,
    }
    return Progress(**{**fields, **changes})  # type: ignore[arg-type]


def test_tokens_that_no_reply_told_of_are_no_pace() -> None:
    used, assumed = Amount(10, 1000, 2000, Decimal("1.25")), Amount(4, 300, 600, Decimal("0.5"))
    assert picture().tokens_per_second == used.tokens / 10
    spent = Spent(used, used, assumed=assumed, assumed_now=assumed)
    assert picture(spent=spent).tokens_per_second == (used.tokens - assumed.tokens) / 10
    assert picture(spent=Spent(used, used, assumed=used, assumed_now=used)).tokens_per_second == 0


def test_the_lines_of_one_run() -> None:
    assert status([picture()]) == [
        "yield 80 %, rejected: 7 duplicate, 3 label",
        "12 requests sent, 2 in flight of 16, 1.0 calls and 300 tokens a second",
        "$1.25 of $5.00, about 15 s left",
    ]


def test_the_cap_that_leaves_less_is_shown() -> None:
    used = Amount(30, 3000, 6000, Decimal("3.75"))
    assert "$3.75 of $4.00" in status([picture(together=used, budget=Caps(usd=Decimal(4)))])[2]
    assert "$1.25 of $5.00" in status([picture(together=used, budget=Caps(usd=Decimal(40)))])[2]
    uncapped = picture(caps=Caps(), together=used)
    assert status([uncapped])[2].startswith("$1.25, ")


def test_caps_in_tokens_and_calls_are_shown_where_they_are() -> None:
    assert (
        status([picture(caps=Caps(usd=Decimal(5), calls=60))])[2] == "$1.25 of $5.00, 10 of 60 calls, about 15 s left"
    )
    both = picture(priced=False, caps=Caps(tokens=9000), budget=Caps(tokens=4000))
    assert status([both])[2].startswith("3,000 of 4,000 tokens, ")


def test_while_nothing_is_answered_nobody_knows_how_long_it_takes() -> None:
    assert status([picture(down=True)])[2] == "$1.25 of $5.00"


def test_several_runs_show_what_the_command_used_and_may_use() -> None:
    older = Amount(29, 3000, 5900, Decimal("3.70"))
    used = Amount(30, 3000, 6000, Decimal("3.75"))  # a third dataset, which is done, used some of it
    two = [picture(together=used, budget=Caps(usd=Decimal(20))), picture(together=older, budget=Caps(usd=Decimal(20)))]
    assert status(two)[2].startswith("$3.75 of $20.00, ")
    assert status([picture(together=used), picture(together=older)])[2].startswith("$3.75, ")


def test_the_lines_of_a_run_that_has_not_begun() -> None:
    nothing = picture(
        accepted=0, rejected={}, responses=0, sent=0, in_flight=0, spent=Spent(Amount(), Amount()), sending=0.0
    )
    assert status([nothing]) == ["0 requests sent, 0 in flight of 16"]


def test_why_nothing_is_under_way() -> None:
    pause = (27.4, "the provider's pause")
    assert "0 in flight of 16 (27 s to wait: the provider's pause)" in status([picture(in_flight=0, waits=pause)])[1]
    assert "to wait" not in status([picture(in_flight=1, waits=pause)])[1]
    assert "to wait" not in status([picture(in_flight=0, waits=(0.2, "limits.rpm"))])[1]
    assert "answers nothing" in status([picture(in_flight=0, waits=pause, down=True)])[1]


def test_the_lines_of_several() -> None:
    both = [picture(), picture(name="other", accepted=10, rejected={"label": 5}, down=True, priced=False)]
    first_line, second_line, *_ = status(both)
    assert first_line == "yield 77 %, rejected: 8 label, 7 duplicate"
    assert "24 requests sent, 4 in flight" in second_line
    assert "answers nothing" in second_line
