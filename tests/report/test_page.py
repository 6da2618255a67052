"""The page in a real browser: it draws, searches, filters, sorts and walks, asks nobody, and treats every text as text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.report.chromium import Tab, address, tab
from tests.report.conftest import written
from tests.report.made_runs import HELD_OUT, HOSTILE, Made, make

ROWS = "[...document.querySelectorAll('#examples-list .scroller [role=row]')]"
REJECTED = "[...document.querySelectorAll('#rejected-list .scroller [role=row]')]"
CELLS = f"{ROWS}.map(row => [...row.children].map(cell => cell.textContent))"
STATUS = "document.querySelector('#examples-status').textContent"
TITLE = "document.querySelector('#detail-title').textContent"
BODY = "document.querySelector('#detail-body').textContent"


def examples(made: Made) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made.folder / "data.jsonl").read_text(encoding="utf-8").splitlines()]


async def assert_quiet(opened: Tab, page: Path) -> None:
    assert opened.complaints == []
    assert {url for url in opened.fetched if not url.startswith("data:")} == {address(page)}


async def test_it_opens_without_a_complaint_and_asks_nobody(page: Path) -> None:
    async with tab() as opened:
        await opened.open(page)
        await opened.until(f"{ROWS}.length > 5")
        assert await opened.value(STATUS) == "300 of 300 examples"
        assert await opened.value(f"{ROWS}.length") < 40, "all rows are drawn"
        assert await opened.value("document.querySelectorAll('figure svg[role=img]').length") >= 6
        assert await opened.value("document.title") == "reviews · datarecipe report"
        await assert_quiet(opened, page)


async def test_search_filters_and_sorting_give_what_the_files_hold(page: Path, reviews: Made) -> None:
    rows = examples(reviews)
    lineage = [json.loads(line) for line in (reviews.folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()]
    async with tab() as opened:
        await opened.open(page)
        await opened.write("#search", "RIVER marble")
        hits = sum("river" in row["text"].lower() and "marble" in row["text"].lower() for row in rows)
        assert 0 < hits < 300
        await opened.until(f"{STATUS} === '{hits} of 300 examples'")
        await opened.write("#search", lineage[7]["id"])
        await opened.until(f"{STATUS} === '1 of 300 examples'")
        assert (await opened.value(CELLS))[0][0] == "8"
        await opened.value("document.querySelector('#examples form button').click()")
        await opened.until(f"{STATUS} === '300 of 300 examples'")
        labels = await opened.value("[...document.querySelector('#label').options].map(option => option.text)")
        place = next(at for at, text in enumerate(labels) if text.startswith("bad"))
        await opened.choose("#label", str(place - 1))
        bad = sum(row["label"] == "bad" for row in rows)
        assert await opened.value(STATUS) == f"{bad} of 300 examples"
        await opened.choose("#depth", "2")
        both = sum(row["label"] == "bad" and own["depth"] == 2 for row, own in zip(rows, lineage, strict=True))
        assert await opened.value(STATUS) == f"{both} of 300 examples"
        await opened.value("document.querySelector('#examples form button').click()")
        await opened.until(f"{STATUS} === '300 of 300 examples'")
        await opened.write("#lane", lineage[20]["lane"])
        of_lane = sum(own["lane"] == lineage[20]["lane"] for own in lineage)
        await opened.until(f"{STATUS} === '{of_lane} of 300 examples'")
        await opened.value("document.querySelector('#examples form button').click()")
        await opened.until(f"{STATUS} === '300 of 300 examples'")
        sort = "[...document.querySelectorAll('#examples-list [role=columnheader] button')][2]"
        await opened.value(f"{sort}.click()")
        cells = await opened.value(CELLS)
        assert [row[2] for row in cells] == sorted(row["text"] for row in rows)[: len(cells)]
        await opened.value(f"{sort}.click()")
        cells = await opened.value(CELLS)
        assert [row[2] for row in cells] == sorted((row["text"] for row in rows), reverse=True)[: len(cells)]
        await assert_quiet(opened, page)


async def test_the_keyboard_reaches_everything(page: Path, reviews: Made) -> None:
    rows = examples(reviews)
    async with tab() as opened:
        await opened.open(page)
        await opened.value("document.querySelector('#examples-list .scroller').focus()")
        await opened.press("ArrowDown", "ArrowDown", "Enter")
        assert await opened.value(TITLE) == "Example 3"
        assert rows[2]["text"] in await opened.value(BODY)
        await opened.press("j")
        assert await opened.value(TITLE) == "Example 4"
        await opened.press("k", "k", "k", "k", "k")
        assert await opened.value(TITLE) == "Example 1"
        await opened.press("Escape")
        assert await opened.value("document.querySelector('#detail').open") is False
        await opened.press("End", "Enter")
        assert await opened.value(TITLE) == "Example 300"
        await opened.press("Escape")
        await opened.value("document.querySelector('#tree [role=treeitem]').focus()")
        await opened.press("ArrowRight", "ArrowRight", "ArrowRight")
        focused = "document.activeElement.getAttribute('aria-level')"
        assert await opened.value(focused) == "2"
        await opened.press("ArrowLeft", "ArrowLeft")
        assert await opened.value(focused) == "1"
        await assert_quiet(opened, page)


async def test_the_lineage_can_be_walked_both_ways(page: Path, reviews: Made) -> None:
    lineage = [json.loads(line) for line in (reviews.folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()]
    deepest = max(range(300), key=lambda number: lineage[number]["depth"])
    async with tab() as opened:
        await opened.open(page)
        await opened.write("#search", lineage[deepest]["id"])
        await opened.until(f"{STATUS} === '1 of 300 examples'")
        await opened.value(f"{ROWS}[0].click()")
        way = await opened.value("[...document.querySelectorAll('#detail .path')][0].textContent")
        assert "seed example" in way
        links = "[...document.querySelectorAll('#detail .path')][0].querySelectorAll('button').length"
        assert await opened.value(links) == lineage[deepest]["depth"]
        await opened.value(
            "[...document.querySelectorAll('#detail .link')].find(b => b.textContent.includes('tree')).click()"
        )
        assert await opened.value("document.activeElement.getAttribute('aria-level')") == str(
            lineage[deepest]["depth"] + 1
        )
        assert f"#{deepest + 1}" in await opened.value("document.activeElement.textContent")


async def test_rejected_items_show_their_raw_text_and_their_pair(page: Path, reviews: Made) -> None:
    rejected = [
        json.loads(line) for line in (reviews.folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    near = next(row for row in rejected if row["reason"] == "near_duplicate")
    match = near["detail"].split()[-1]
    ids = [
        json.loads(line)["id"] for line in (reviews.folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    async with tab() as opened:
        await opened.open(page)
        await opened.choose("#reason", "near_duplicate")
        count = sum(row["reason"] == "near_duplicate" for row in rejected)
        status = await opened.value("document.querySelector('#rejected-status').textContent")
        assert status == f"{count} of {len(rejected)} rejected items"
        await opened.value(f"{REJECTED}[0].click()")
        shown = await opened.value(BODY)
        assert near["raw"] in shown
        assert near["detail"] in shown
        pair = await opened.value("document.querySelector('#detail .pair').children[1].textContent")
        assert examples(reviews)[ids.index(match)]["text"] in pair
        await opened.press("Escape")
        await opened.choose("#reason", "contamination")
        await opened.value(f"{REJECTED}[0].click()")
        shown = await opened.value(BODY)
        assert "held_out.jsonl" in shown
        assert "line 1" in shown
        assert HELD_OUT["text"] in shown


async def test_hostile_texts_are_inert(hostile: Made, tmp_path: Path) -> None:
    page = written(tmp_path / "report.html", hostile.folder)
    async with tab() as opened:
        await opened.open(page)
        await opened.until(f"{ROWS}.length > 5")
        for text in HOSTILE:
            word = re.findall(r"\w+", text)[1]
            await opened.write("#search", word)
            await opened.until(f"!{STATUS}.startsWith('200 of')")
            await opened.value(f"{ROWS}[0].click()")
            await opened.press("Escape")
        await opened.write("#search", "isolated")
        await opened.until(f"{ROWS}.length > 0 && {ROWS}[0].textContent.includes('isolated')")
        await opened.value(f"{ROWS}[0].click()")
        shown = await opened.value(BODY)
        assert "reads U+202Eright to leftU+202C and U+2067isolatedU+2069 and U+FEFFhidden" in shown
        assert not set(shown) & set("\u202e\u202c\u2067\u2069\ufeff")
        await opened.press("Escape")
        await opened.write("#search", "long long long")
        await opened.until(f"{ROWS}.length > 0 && {ROWS}[0].textContent.includes('long long long')")
        assert await opened.value(f"Math.max(...{ROWS}.map(row => row.textContent.length))") < 500, "a cell is cut"
        await opened.value(f"{ROWS}[0].click()")
        assert len(await opened.value(BODY)) > 100_000
        assert await opened.value("typeof window.pwned") == "undefined"
        assert await opened.value("document.title") == "reviews · datarecipe report"
        assert await opened.value("document.querySelectorAll('img, iframe, object, a[href^=http]').length") == 0
        await assert_quiet(opened, page)


async def test_the_policy_stops_what_gets_in_all_the_same(page: Path) -> None:
    async with tab() as opened:
        await opened.open(page)
        await opened.value("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
        await opened.value(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned = 2'}))"
        )
        await opened.value("fetch('https://collect.invalid/').catch(() => 0)")
        await opened.until("1")
        assert await opened.value("typeof window.pwned") == "undefined"
        assert sum("Content Security Policy" in said for said in opened.complaints) >= 3, opened.complaints


@pytest.fixture
def two_runs(reviews: Made, tmp_path: Path) -> Path:
    """The report on the reviews and on others."""
    return written(tmp_path / "report.html", reviews.folder, make(tmp_path, name="others", target_size=40).folder)


async def test_several_runs_stand_side_by_side(two_runs: Path) -> None:
    async with tab() as opened:
        await opened.open(two_runs)
        heads = await opened.value("[...document.querySelectorAll('.facts thead th')].map(th => th.textContent)")
        assert heads == ["", "reviews", "others"]
        assert await opened.value(STATUS) == "300 of 300 examples"
        await opened.choose("#run", "1")
        assert await opened.value(STATUS) == "40 of 40 examples"
        measured = await opened.value("document.querySelector('.measures').textContent")
        assert "measured on4040" in measured
        await assert_quiet(opened, two_runs)


async def test_paper_has_the_first_rows(page: Path) -> None:
    async with tab() as opened:
        await opened.open(page)
        await opened.value("window.dispatchEvent(new Event('beforeprint'))")
        assert await opened.value("document.querySelectorAll('#examples .print-list tbody tr').length") == 200
        await opened.look(media="print")
        shown = "[...document.querySelectorAll('{}')].filter(node => node.checkVisibility()).length"
        assert await opened.value(shown.format(".print-list")) == 2
        assert await opened.value(shown.format(".list, .filters, nav, .tree")) == 0
        await opened.value("window.dispatchEvent(new Event('afterprint'))")
        assert await opened.value("document.querySelectorAll('.print-list').length") == 0
        assert (await opened.paper()).startswith(b"%PDF")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_text_can_be_read_on_its_ground(page: Path, dark: bool) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3) for the colours of text."""
    pairs = [("ink", "paper"), ("soft", "paper"), ("soft", "panel"), ("link", "paper"), ("ink", "hover")]
    pairs += [("good", "good-paper"), ("bad", "bad-paper"), ("sign", "paper")]
    async with tab() as opened:
        await opened.look(dark=dark)
        await opened.open(page)
        for front, ground in pairs:
            colours = [
                await opened.value(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
                for name in (front, ground)
            ]
            light, dim = sorted(map(luminance, colours), reverse=True)
            assert (light + 0.05) / (dim + 0.05) >= 4.5, (front, ground, colours)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_runs_out_of_the_window(page: Path, width: int) -> None:
    async with tab() as opened:
        await opened.look(width, 800)
        await opened.open(page)
        assert await opened.value("document.documentElement.scrollWidth") <= width
        await opened.value(f"{ROWS}[0].click()")
        box = "document.querySelector('#detail').getBoundingClientRect()"
        assert await opened.value(f"{box}.right") <= width
