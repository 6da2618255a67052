"""Judging in a real browser: by keys and clicks, broken off and resumed, with hostile texts that stay texts."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from datarecipe.generate.judge.example_equality import example_id
from tests.cli.command import datarecipe
from tests.report.chromium import Tab, tab
from tests.report.made_runs import HOSTILE
from tests.review.reviewing import Reviewing, reviewing, verdicts_in
from tests.review.verdict_texts import write_records

RECORDS: list[dict[str, Any]] = [
    {"text": f"Sentence {number} of a made review", "label": "good" if number < 6 else "bad"} for number in range(10)
]
TITLE = "document.querySelector('#title').textContent"
TEXT = "document.querySelector('#fields').textContent"
LABELS = "[...document.querySelectorAll('#choices button')].map(button => button.textContent)"
PRESSED = "[...document.querySelectorAll('[aria-pressed=true]')].map(button => button.textContent.trim())"
PROBLEM = "document.querySelector('#problem').hidden ? '' : document.querySelector('#problem').textContent"


@asynccontextmanager
async def judging(review: Reviewing) -> AsyncIterator[Tab]:
    """A browser in which the page of a review is open."""
    async with tab() as opened:
        await opened.visit(review.address)
        await opened.until(f"{TITLE} !== 'Loading'")
        yield opened


def assert_quiet(opened: Tab, review: Reviewing) -> None:
    """It asked its own server alone, and the console is empty."""
    assert opened.complaints == []
    own = urlsplit(review.address)
    for url in opened.fetched:
        assert url.startswith("data:") or urlsplit(url)[:2] == own[:2], url


async def number_of(opened: Tab) -> int:
    """The record that is shown, by the number in its text."""
    return int((await opened.value(TEXT)).split()[1])


async def judge(opened: Tab, keys: dict[int, str], count: int) -> None:
    """Judge so many examples, each with the key that its record has."""
    for _ in range(count):
        title = await opened.value(TITLE)
        await opened.press(keys[await number_of(opened)])
        await opened.until(f"{TITLE} !== {json.dumps(title)}")


@contextmanager
def review_of(folder: Path, reviewer: str) -> Iterator[Reviewing]:
    with reviewing("data.jsonl", "--reviewer", reviewer, "--output", f"{reviewer}.jsonl", cwd=folder) as review:
        yield review


# Choices are in the order of the alphabet: 1 is bad, 2 is good.
ANA = dict.fromkeys(range(5), "2") | {5: "x", 6: "1", 7: "2", 8: "v", 9: "1"}
BEN = dict.fromkeys(range(4), "2") | {4: "1", 5: "x", 6: "x", 7: "2", 8: "1", 9: "1"}


async def test_two_judges_broken_off_and_resumed_and_merged(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            assert await opened.value(TITLE) == "Example 1 of 10"
            assert await opened.value(LABELS) == ["1 bad", "2 good"]
            await judge(opened, ANA, 4)
            assert review.end(signal.SIGKILL)[0] == -signal.SIGKILL
            shown = await number_of(opened)
            await opened.press(ANA[shown])
            await opened.until(f"({PROBLEM}).startsWith('Not saved: the review no longer runs.')")
            assert await number_of(opened) == shown
    assert len(verdicts_in(tmp_path / "ana.jsonl")) == 4
    # The kill may have cut a line off.
    with (tmp_path / "ana.jsonl").open("a") as file:
        file.write('{"item": "abc", "revie')
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            assert await opened.value(TITLE) == "Example 5 of 10"
            assert await number_of(opened) == shown
            await judge(opened, ANA, 6)
            assert await opened.value(TITLE) == "Done"
            assert_quiet(opened, review)
        assert review.end()[0] == 0
    with review_of(tmp_path, "ben") as review:
        async with judging(review) as opened:
            await judge(opened, BEN, 10)
        assert review.end()[0] == 0
    said = {row["item"]: (row["valid"], row["label"]) for row in verdicts_in(tmp_path / "ana.jsonl")}
    keys = {"x": (False, None), "v": (True, None), "1": (True, "bad"), "2": (True, "good")}
    assert said == {example_id(RECORDS[number]): keys[key] for number, key in ANA.items()}
    ids = [[row["item"] for row in verdicts_in(tmp_path / f"{name}.jsonl")] for name in ("ana", "ben")]
    assert ids[0] == ids[1], "both judged the same examples in the same order"

    ran = datarecipe("verdicts", "ben.jsonl", "ana.jsonl", "--of", "data.jsonl", "--json", cwd=tmp_path)
    found = json.loads(ran.out)
    # By hand: 6 is a tie. Of nine, all but 5 are valid. 4 has two labels; of 0 to 3, 7, 8 and 9 all but 7 are right.
    everything = found["groups"][0]
    assert (everything["judged"], found["undecided"]) == (10, 1)
    assert (everything["valid"]["hits"], everything["valid"]["of"]) == (8, 9)
    assert everything["valid"]["interval"] == pytest.approx([0.5650, 0.9801], abs=0.00005)
    assert (everything["right"]["hits"], everything["right"]["of"]) == (6, 7)
    assert everything["right"]["interval"] == pytest.approx([0.4869, 0.9743], abs=0.00005)
    # Validity: 10 items, 9 agree; n = 20, 17 valid: alpha = 1 - 19 * 2 / (400 - 289 - 9).
    assert found["agreement"]["validity"]["alpha"] == pytest.approx(1 - 38 / 102)
    # Labels: 0 to 4, 7 and 9, of which 4 differs; n = 14, 11 good: alpha = 1 - 13 * 2 / (196 - 121 - 9).
    assert found["agreement"]["labels"]["alpha"] == pytest.approx(1 - 26 / 66)
    assert sorted(found["disagreements"]) == sorted(example_id(RECORDS[number]) for number in (4, 6))


async def test_everything_can_be_done_with_keys(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            await opened.press("n")
            await opened.ask("Input.insertText", text="x2 says <b>a lot</b>")
            await opened.press("Escape", "2")
            await opened.until(f"{TITLE} === 'Example 2 of 10'")
            assert await opened.value("document.querySelector('#note').value") == ""
            await opened.press("s")
            await opened.until(f"{TITLE} === 'Example 3 of 10'")
            await opened.press("x")
            await opened.until(f"{TITLE} === 'Example 4 of 10'")
            await opened.press("ArrowLeft")
            await opened.until(f"{TITLE} === 'Example 3 of 10'")
            assert await opened.value(PRESSED) == ["X not valid"]
            await opened.press("ArrowLeft")
            await opened.until(f"{TITLE} === 'Example 2 of 10'")
            await opened.press("ArrowLeft")
            await opened.until(f"{TITLE} === 'Example 1 of 10'")
            assert await opened.value(PRESSED) == ["2 good"]
            assert await opened.value("document.querySelector('#note').value") == "x2 says <b>a lot</b>"
            await opened.press("1")
            await opened.until(f"{TITLE} === 'Example 2 of 10'")
            await opened.press("u")
            await opened.until(f"{TITLE} === 'Example 1 of 10'")
            assert await opened.value(PRESSED) == ["2 good"]
            await opened.press("u")
            await opened.until(f"{TITLE} === 'Example 3 of 10'")
            assert await opened.value(PRESSED) == []
            # A note of its own is kept, too, when the judge moves on.
            await opened.press("n")
            await opened.ask("Input.insertText", text="think again")
            await opened.press("Escape", "ArrowRight")
            await opened.until(f"{TITLE} === 'Example 4 of 10'")
            await opened.press("ArrowLeft")
            await opened.until("document.querySelector('#note').value === 'think again'")
            # A key with Ctrl is the browser's, and a key in a note is a letter.
            await opened.ask("Input.dispatchKeyEvent", type="keyDown", key="x", code="KeyX", modifiers=2)
            await opened.press("n", "x", "v")
            assert await opened.value("document.querySelector('#count').textContent") == "1 of 10 judged"
            assert_quiet(opened, review)
    last = {row["item"]: row for row in verdicts_in(tmp_path / "ana.jsonl")}
    assert sorted((row["valid"] is None, row["note"]) for row in last.values()) == [
        (False, "x2 says <b>a lot</b>"),
        (True, "think again"),
    ]


async def test_a_click_right_after_a_note_counts(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            await opened.press("n")
            await opened.ask("Input.insertText", text="odd")
            box = await opened.value(
                "(({x, y}) => ({x: x + 5, y: y + 5}))(document.querySelector('#choices button').getBoundingClientRect())"
            )
            await opened.ask("Input.dispatchMouseEvent", type="mousePressed", button="left", clickCount=1, **box)
            await asyncio.sleep(0.3)  # as long as a finger takes: meanwhile the note is saved
            await opened.ask("Input.dispatchMouseEvent", type="mouseReleased", button="left", clickCount=1, **box)
            await opened.until(f"{TITLE} === 'Example 2 of 10'")
    assert [(row["valid"], row["note"]) for row in verdicts_in(tmp_path / "ana.jsonl")] == [
        (None, "odd"),
        (True, "odd"),
    ]


async def test_a_key_that_is_held_down_judges_one_example(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            for repeated in (False, True, True, True):
                await opened.ask("Input.dispatchKeyEvent", type="keyDown", key="x", code="KeyX", autoRepeat=repeated)
                await asyncio.sleep(0.05)
            await opened.until(f"{TITLE} === 'Example 2 of 10'")
            await asyncio.sleep(0.2)
    assert len(verdicts_in(tmp_path / "ana.jsonl")) == 1


async def test_many_labels_are_found_by_typing(tmp_path: Path) -> None:
    labels = [f"label {number:02}" for number in range(30)]
    write_records(tmp_path / "data.jsonl", [{"text": f"t {n}", "label": labels[n % 30]} for n in range(90)])
    with reviewing("data.jsonl", "--reviewer", "ana", "--output", "ana.jsonl", cwd=tmp_path) as review:
        async with judging(review) as opened:
            assert len(await opened.value(LABELS)) == 30
            await opened.press("l")
            await opened.ask("Input.insertText", text="BEL 2")
            await opened.until(f"{LABELS}.length === 10")
            await opened.press("Enter")
            await opened.until(f"{TITLE} === 'Example 2 of 90'")
            assert len(await opened.value(LABELS)) == 30
            await opened.press("3")
            await opened.until(f"{TITLE} === 'Example 3 of 90'")
    assert [row["label"] for row in verdicts_in(tmp_path / "ana.jsonl")] == ["label 20", "label 02"]


KINDS = set("BUTTON DIV EM H2 INPUT KBD LABEL NOSCRIPT P PRE SECTION SPAN TEXTAREA".split())  # noqa: SIM905 - a line


async def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"text": text, "</script><script>pwned=5</script>": text, "label": text} for text in HOSTILE
    ]
    records += records  # so that labels are labels, and no answers
    records += [{"text": "long " * 20_000, "label": HOSTILE[0]}]
    write_records(tmp_path / "data.jsonl", records)
    with reviewing(
        "data.jsonl", "--reviewer", "<b onclick=pwned=1>ana", "--output", "ana.jsonl", cwd=tmp_path
    ) as review:
        async with judging(review) as opened:
            seen = set()
            for place in range(len(HOSTILE) + 1):
                await opened.until(f"{TITLE} === 'Example {place + 1} of {len(HOSTILE) + 1}'")
                seen.add(await opened.value("document.querySelector('#fields pre').textContent"))
                assert await opened.value("typeof pwned") == "undefined"
                # Nothing but what the page itself makes.
                made = (
                    "[...new Set([...document.querySelectorAll('main *')].map(node => node.tagName))].sort().join(' ')"
                )
                assert set((await opened.value(made)).split()) <= KINDS
                await opened.press("2")
            await opened.until(f"{TITLE} === 'Done'")
            await opened.value("document.querySelector('#again').click()")
            await opened.until(f"{TITLE} !== 'Done'")
            await opened.press("n")
            await opened.ask("Input.insertText", text=HOSTILE[1])
            await opened.press("Escape", "x")
            await opened.until(f"{TITLE} === 'Done'")
            assert_quiet(opened, review)
            assert HOSTILE[0] in seen
            assert any("U+202E" in text for text in seen)
            assert "\u202e" not in "".join(seen)
            assert max(map(len, seen)) == 100_000
    ran = datarecipe("verdicts", "ana.jsonl", "--of", "data.jsonl", cwd=tmp_path)
    assert ran.code == 0
    assert "\u202e" not in ran.out
    assert "reviewer <b" not in ran.out


async def test_a_page_of_somebody_else_reaches_nothing(tmp_path: Path) -> None:
    write_records(tmp_path / "data.jsonl", RECORDS)
    other = tmp_path / "other.html"
    with review_of(tmp_path, "ana") as review:
        where, token = review.address.split("?token=")
        other.write_text(
            f"""<iframe src="{review.address}"></iframe><script>
            const body = JSON.stringify({{do: "judge", number: 0, valid: true, choice: 0, note: ""}});
            const headers = {{"Content-Type": "application/json", "X-Review-Token": "{token}"}};
            window.tried = Promise.allSettled([
              fetch("{where}review", {{method: "POST", body, headers}}).then(reply => reply.text()),
              fetch("{where}review", {{method: "POST", body, mode: "no-cors"}}),
              fetch("{review.address}").then(reply => reply.text()),
            ]).then(all => all.map(each => each.status === "fulfilled" ? String(each.value) : "failed"));
            </script>"""
        )
        async with tab() as opened:
            await opened.open(other)
            assert await opened.value("window.tried") == ["failed", "failed", "failed"]
            assert await opened.value("document.querySelector('iframe').contentDocument === null")
            assert await opened.value("frames.length") == 1
    assert verdicts_in(tmp_path / "ana.jsonl") == []


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (820, 1180), (390, 800), (320, 600)])
async def test_it_fits_the_window(tmp_path: Path, width: int, height: int) -> None:
    long = {"text": "A long text. " * 400, "note": "wide" * 200, "label": "good"}
    write_records(tmp_path / "data.jsonl", [long, {**long, "label": "bad"}])
    with review_of(tmp_path, "ana") as review:
        async with judging(review) as opened:
            await opened.look(width, height)
            assert await opened.value("document.documentElement.scrollWidth") <= width
            for name in ("#invalid", "#valid", "#choices button"):
                box = f"document.querySelector('{name}').getBoundingClientRect()"
                assert await opened.value(f"{box}.bottom") <= height, "a verdict is in sight whatever the text"
                assert await opened.value(f"{box}.right") <= width
