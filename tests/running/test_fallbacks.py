"""Another model answers where the first cannot: under the first one's key, and the manifest names it."""

from __future__ import annotations

import json
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import resolve_run
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.summary import closing
from tests.openai_author import Author, Body
from tests.openai_faults import Fault, FaultKind, always, every
from tests.openai_server import OpenAIServer, lognormal
from tests.runs import RECIPE, Files, recipe_with, run, write_recipe

FALLBACK = "fallbacks: [openai/second]\n"
ENDLESS = 60
"""Seconds. No run here takes so long unless it hangs."""


def attempt(folder: Path, primary: str, second: str, extra: str = FALLBACK, /, **flags: Any) -> RunResult:
    """A run whose model is on one server and its fallback, by the environment, on another."""
    path = write_recipe(folder / "project", RECIPE + extra)
    offline = flags.pop("offline", False)
    options = Options(
        model="openai/first",
        api_base=primary,
        output=folder / "out",
        cache_dir=folder / "cache",
        offline=offline,
        trust=True,
        environ={"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": second},
    )
    setup = resolve_run(recipe_with(path, **{"limits.concurrency": 8} | flags), options)
    ended: list[RunResult] = []
    runner = threading.Thread(target=lambda: ended.append(run(setup)), daemon=True)
    runner.start()
    runner.join(ENDLESS)
    assert ended, "the run hangs"
    return ended[0]


def answered_by(folder: Path) -> dict[str, int]:
    document = json.loads((folder / "out" / "manifest.json").read_text())
    found: dict[str, int] = document["model"]["answered_by"]
    return found


@pytest.mark.parametrize("kind", ["bad_key", "no_quota", "no_model", "no_permission"])
def test_a_model_that_says_no_is_asked_no_more(tmp_path: Path, kind: FaultKind) -> None:
    with OpenAIServer(faults=always(Fault(kind))) as first, OpenAIServer(Author(variety=3000), latency=0.005) as second:
        result = attempt(tmp_path, first.base_url, second.base_url)
        assert result.exit_code == 0
        assert answered_by(tmp_path) == {"openai/second": result.tally.responses}
        assert first.requests <= 8, "those that were under way"
        assert result.traffic.failed_attempts.total() == first.requests
        assert {seen.body["model"] for seen in second.seen} == {"second"}
        share = f"`openai/second` ({result.tally.responses} of {result.tally.responses} responses) for `openai/first`"
        assert f"written by {share}" in (tmp_path / "out" / "README.md").read_text()
        said = f"answered by a fallback: openai/second {result.tally.responses} of {result.tally.responses} responses"
        assert said in closing(result)

        requests = second.requests
        before = Files.of(tmp_path / "out")
        without = attempt(tmp_path, first.base_url, second.base_url, "", offline=True)
        assert without.exit_code == 0, "what a fallback answered is stored as the first model's"
        assert without.traffic.sent == 0
        assert second.requests == requests
        assert Files.of(tmp_path / "out") == before


def test_without_a_fallback_the_same_ends_the_run(tmp_path: Path) -> None:
    with OpenAIServer(faults=always(Fault("bad_key"))) as first, OpenAIServer() as second:
        assert attempt(tmp_path, first.base_url, second.base_url, "").exit_code == 4
        assert second.requests == 0


@pytest.mark.parametrize("concurrency", [1, 8, 32])
def test_a_model_that_is_down_holds_nobody_up_for_long(tmp_path: Path, concurrency: int) -> None:
    """All that had asked it go on to the fallback; none waits its turn to see whether it is back."""
    with (
        OpenAIServer(faults=always(Fault("unavailable", retry_after=0))) as first,
        OpenAIServer(Author(variety=3000), latency=0.005) as second,
    ):
        result = attempt(tmp_path, first.base_url, second.base_url, **{"limits.concurrency": concurrency})
        assert result.exit_code == 0
        assert answered_by(tmp_path) == {"openai/second": result.tally.responses}
        assert first.requests <= 2 * concurrency + 12


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with OpenAIServer() as gone:
        nobody = gone.base_url
    with OpenAIServer(Author(variety=3000), latency=0.005) as second:
        result = attempt(tmp_path, nobody, second.base_url)
        assert result.exit_code == 0
        assert answered_by(tmp_path) == {"openai/second": result.tally.responses}


def test_a_model_that_is_back_is_asked_again(tmp_path: Path) -> None:
    began = time.monotonic()

    def down_at_first(number: int, body: Body) -> Fault | None:
        return Fault("unavailable", retry_after=0) if time.monotonic() - began < 2 else None

    with (
        OpenAIServer(Author(variety=3000), latency=0.02, faults=down_at_first) as first,
        OpenAIServer(Author(variety=3000), latency=lognormal(0.2)) as second,
    ):
        result = attempt(tmp_path, first.base_url, second.base_url, target_size=900, **{"limits.concurrency": 4})
        assert result.exit_code == 0
        counts = answered_by(tmp_path)
        assert set(counts) == {"openai/first", "openai/second"}
        assert counts["openai/first"] > counts["openai/second"]


def test_fallbacks_of_fallbacks_and_none_that_helps(tmp_path: Path) -> None:
    def by_model(number: int, body: Body) -> Fault | None:
        return {"second": Fault("no_model"), "third": None}.get(body["model"])

    extra = "fallbacks: [openai/second, openai/third]\n"
    with (
        OpenAIServer(faults=always(Fault("bad_key"))) as first,
        OpenAIServer(Author(variety=3000), faults=by_model) as second,
    ):
        assert attempt(tmp_path / "a", first.base_url, second.base_url, extra).exit_code == 0
        assert set(answered_by(tmp_path / "a")) == {"openai/third"}
        second.faults = always(Fault("bad_key"))
        assert attempt(tmp_path / "b", first.base_url, second.base_url, extra).exit_code == 4


def test_each_model_counts_at_its_own_price(tmp_path: Path) -> None:
    extra = """\
prices: {input_per_million: 1, output_per_million: 1}
fallbacks: [{model: openai/second, prices: {input_per_million: 10, output_per_million: 30}}]
"""
    with OpenAIServer(faults=always(Fault("bad_key"))) as first, OpenAIServer(Author(variety=3000)) as second:
        result = attempt(tmp_path, first.base_url, second.base_url, extra, target_size=2000, **{"limits.usd": 0.2})
        assert result.exit_code == 3
        bill = sum((10 * asked + 30 * answered for asked, answered in second.billed), 0)
        assert result.spent.in_all.usd == Decimal(bill) / 1_000_000
        assert result.spent.in_all.usd <= Decimal("0.2")


def test_a_cap_needs_the_price_of_every_fallback(tmp_path: Path) -> None:
    from datarecipe.errors import UnknownPriceError

    extra = "prices: {input_per_million: 1, output_per_million: 1}\n" + FALLBACK
    path = write_recipe(tmp_path, RECIPE + extra)
    options = Options(
        model="openai/first", api_base="http://localhost:1/v1", output=tmp_path / "out", environ={}, trust=True
    )
    with pytest.raises(UnknownPriceError, match="openai/second"):
        run(resolve_run(recipe_with(path, **{"limits.usd": 1}), options))


def test_a_pause_that_the_first_asks_for_is_the_fallback_s_turn(tmp_path: Path) -> None:
    with (
        OpenAIServer(
            Author(variety=3000), latency=0.02, faults=every(10, Fault("rate_limit", retry_after=3600))
        ) as first,
        OpenAIServer(Author(variety=3000), latency=0.02) as second,
    ):
        result = attempt(tmp_path, first.base_url, second.base_url, target_size=300)
        assert result.exit_code == 0
        assert set(answered_by(tmp_path)) == {"openai/first", "openai/second"}


def test_a_fallback_of_no_use_ends_nothing_that_would_go_on_without_it(tmp_path: Path) -> None:
    out = threading.Event()
    back: list[float] = []

    def away_for_a_while(number: int, body: Body) -> Fault | None:
        if number >= 10 and not out.is_set():
            out.set()
            back.append(time.monotonic() + 3.0)
        return Fault("unavailable") if out.is_set() and time.monotonic() < back[0] else None

    with (
        OpenAIServer(Author(variety=3000), latency=0.02, faults=away_for_a_while) as first,
        OpenAIServer(faults=always(Fault("bad_key"))) as second,
    ):
        result = attempt(tmp_path, first.base_url, second.base_url, target_size=300)
        assert result.exit_code == 0, result.error
        assert set(answered_by(tmp_path)) == {"openai/first"}
        assert 1 <= second.requests <= 8
