"""What the benchmarks' own parts promise: a server that can be counted on, and a page that keeps its text."""

from __future__ import annotations

import asyncio
import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import drift, parsing
from benchmarks.page import write_table
from benchmarks.plot import Panel, chart, steps
from benchmarks.server import Settings, malformed_text, reply_text, running

DIGESTS = st.integers().map(lambda number: hashlib.blake2b(str(number).encode()).digest())


@given(st.lists(DIGESTS, min_size=1, max_size=10, unique=True), st.integers(1, 12))
def test_replies_hold_items_that_all_differ(digests: list[bytes], count: int) -> None:
    items = [item for digest in digests for item in json.loads(reply_text(digest, count))["examples"]]
    assert len({item["question"] for item in items}) == len(items) == len(digests) * count
    assert all(item["answer"] in item["options"] == ["yes", "no"] for item in items)


@given(DIGESTS)
def test_malformed_replies_are_never_whole(digest: bytes) -> None:
    text, whole = malformed_text(digest, 5)
    assert whole in {0, 4}
    try:
        items = json.loads(text)["examples"]
    except ValueError:
        return
    fields = {"options", "answer", "question"}
    good = [i for i in items if isinstance(i, dict) and i.keys() == fields and i["answer"] in i["options"]]
    assert len(good) == 4


async def asked(base_url: str, seed: int) -> tuple[int, str]:
    """Status and text of one request's answer."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "seed": seed}
    async with aiohttp.ClientSession() as session, session.post(f"{base_url}/chat/completions", json=body) as response:
        return response.status, await response.text()


async def test_the_server_gives_equal_requests_equal_replies_and_counts_them() -> None:
    with running(Settings()) as server:
        first, again, other = [await asked(server.base_url, seed) for seed in (1, 1, 2)]
        stats = server.stats()
    assert first == again != other
    usage = [json.loads(text)["usage"] for _, text in (first, again, other)]
    assert stats.requests == stats.answered == 3
    assert stats.prompt_tokens == sum(u["prompt_tokens"] for u in usage)
    assert stats.completion_tokens == sum(u["completion_tokens"] for u in usage)
    assert (stats.items, stats.in_flight, stats.in_flight_peak) == (15, 0, 1)


@pytest.mark.parametrize(
    ("settings", "status", "billed"),
    [
        (Settings(rate_limited=1), 429, False),
        (Settings(outage=60), 429, False),
        (Settings(failing=1), 500, False),
        (Settings(html=1), 200, False),
        (Settings(malformed=1), 200, True),
        (Settings(truncated=1), 200, True),
    ],
)
async def test_faults_are_answered_and_billed_as_they_say(settings: Settings, status: int, *, billed: bool) -> None:
    with running(settings) as server:
        found, _ = await asked(server.base_url, 1)
        stats = server.stats()
    assert found == status
    assert bool(stats.completion_tokens) == billed
    assert sum(stats.faults.values()) == 1


async def test_faults_come_as_often_as_is_said() -> None:
    with running(Settings(failing=0.1, malformed=0.25)) as server:
        for seed in range(40):
            await asked(server.base_url, seed)
        faults = server.stats().faults
    assert abs(faults["failing"] - 4) <= 1
    assert abs(faults["malformed"] - 10) <= 1


async def test_a_reply_that_is_cut_midway_is_billed() -> None:
    with running(Settings(cut=1)) as server:
        with pytest.raises(aiohttp.ClientPayloadError):
            await asked(server.base_url, 1)
        assert server.stats().completion_tokens > 0


async def test_a_server_that_dies_comes_back_on_its_port() -> None:
    with running(Settings(dies_at=0, dies_for=0.2)) as server:
        with pytest.raises(aiohttp.ClientError):
            await asked(server.base_url, 1)
        async with asyncio.timeout(30):
            while (status := await _status(server.base_url)) is None:  # noqa: ASYNC110  # nobody tells when it is back
                await asyncio.sleep(0.02)
        assert (status, server.stats().requests) == (200, 2)


async def _status(base_url: str) -> int | None:
    """What a request is answered with; None where nobody listens."""
    try:
        return (await asked(base_url, 1))[0]
    except aiohttp.ClientError:
        return None


def test_a_table_is_written_between_its_markers_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nText.\n")
    write_table("one", ["| a |"], "## One\n\nAbout it.", page)
    write_table("two", ["| b |"], "## Two", page)
    edited = page.read_text().replace("About it.", "About it, by hand.")
    page.write_text(edited)
    write_table("one", ["| c |"], "## One\n\nAbout it.", page)
    assert page.read_text() == edited.replace("| a |", "| c |")


def test_a_page_without_a_place_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n")
    with pytest.raises(SystemExit, match="no place"):
        write_table("one", ["| a |"], page=page)
    assert page.read_text() == "# Title\n"


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_axes_reach_the_top_in_few_steps(top: float) -> None:
    found = steps(top)
    assert found[0] == 0
    assert found[-1] >= top * (1 - 1e-6)
    assert 2 <= len(found) <= 6


def test_a_chart_is_a_picture_that_says_what_it_shows() -> None:
    panel = Panel("A & B", "examples", {"tree": [(0, 1), (1, 2.5)], "fixed": [(0, 1), (1, 1)]})
    text = chart("Title", "Description", [panel, panel])
    picture = ET.fromstring(text)
    assert picture.get("role") == "img"
    assert len([element for element in picture.iter() if element.tag.endswith("polyline")]) == 4
    assert "prefers-color-scheme: dark" in text


def test_what_takes_the_square_of_a_reply_is_told() -> None:
    """The benchmark of parsing tells what grows with the square, and what never ends."""
    costs = {name: [(size, 1e-6 * size) for size in parsing.QUICK] for name in parsing.HONEST}
    costs["linear"] = [(size, 3e-6 * size) for size in parsing.QUICK]
    assert not list(parsing.missed(costs))
    costs["square"] = [(size, 1e-10 * size**2) for size in parsing.QUICK]
    costs["endless"] = [(1_000, 1e-3), (10_000, 1.0), (100_000, float("inf"))]
    assert [miss.partition(":")[0] for miss in parsing.missed(costs)] == ["square", "endless"]
    assert parsing.slowest(costs)[:2] == ["endless", "square"]
    assert len(list(parsing.table(costs, parsing.QUICK))) == 2 + len(parsing.HONEST) + 3


def test_a_reply_that_is_measured_is_judged() -> None:
    characters, seconds = parsing.seconds_of(parsing.HONEST["honest: many items"], 2_000)
    assert 1_900 < characters <= 2_000
    assert 0 < seconds < 1


def planted_words() -> drift.Sentences:
    """Sentences that are told apart at a glance."""
    films, restaurants = ([(value, at % 5) for at in range(20)] for value in (0, 40))
    return drift.Sentences(films, restaurants, [films] * drift.TOPICS, [restaurants] * drift.TOPICS)


def test_what_is_planted_is_found_and_what_is_not_is_rare() -> None:
    """The benchmark of drift counts what the test finds."""
    of = planted_words()
    turned = drift.row("turned", lambda c: drift.independent(c, of, drift.step(1, 7), 8, 5), 5, 7)
    assert (turned.alarms, turned.right) == (1, 1)
    one_lane = drift.row("one lane", lambda c: drift.one_chain(c, of, drift.step(1, 7)), 5, 7)
    assert (one_lane.alarms, one_lane.right) == (1, 1)
    calm = drift.row("calm", lambda c: drift.independent(c, of, drift.step(0, 1), 8, 5), 40)
    assert calm.alarms <= 0.2
    assert [drift.ramp(0.3, 6)(generation) for generation in (5, 6, 7, 12)] == [0, 0.3, 0.6, 1]
    assert len(list(drift.table([calm], [(turned, turned)], [one_lane]))) == 8


def test_a_drift_test_that_is_worse_than_promised_is_told() -> None:
    calm, late = drift.Row("calm", 0.05, None), drift.Row("step 0.6 at 7", 1.0, 0.5)
    assert list(drift.missed([calm], [(late, late._replace(right=1.0))], 300)) == []
    wrong = list(drift.missed([calm._replace(alarms=0.2)], [(late, late)], 300))
    assert [each.partition(":")[0] for each in wrong] == ["calm", "step 0.6 at 7"]
