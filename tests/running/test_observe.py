"""Observers watch a run; none of them can end it, nor cost it an answer."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datarecipe.running.show.observers import Several
from datarecipe.running.show.run_log import RunLog
from tests.openai_author import Author
from tests.openai_faults import Fault, first
from tests.openai_server import OpenAIServer
from tests.runs import Silent, recipe_with, run, setup_for, write_recipe


class Failing(Silent):
    """Its pipe is gone."""

    def notice(self, text: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")


class Told(Silent):
    """Remembers."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


def test_several_may_fail_at_once() -> None:
    told = Told()
    several = Several(Failing(), Failing(), told)
    several.notice("news")
    assert told.notices.count("Failing is no longer written: Broken pipe") == 2
    assert told.notices[-1] == "news"
    several.notice("more")
    assert told.notices[-1] == "more"


def test_two_threads_may_find_the_same_one_broken() -> None:
    both = threading.Barrier(2)

    class Slow(Silent):
        """Fails in two threads at once."""

        def notice(self, text: str) -> None:
            both.wait(5)
            raise BrokenPipeError(32, "Broken pipe")

    told = Told()
    several = Several(Slow(), told)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(several.notice, ["one", "two"]))
    assert sorted(told.notices) == ["Slow is no longer written: Broken pipe", "one", "two"]


@pytest.mark.parametrize("word", ["answers again", "slow down", "sending nothing", "attempt 1 failed"])
def test_an_observer_that_fails_costs_no_answer(tmp_path: Path, word: str) -> None:
    class Choosy(Silent):
        """Fails at one kind of news."""

        def notice(self, text: str) -> None:
            if word in text:
                raise RuntimeError("gone")

    path = write_recipe(tmp_path)
    faults = first(6, Fault("rate_limit" if word == "slow down" else "server_error"))
    with OpenAIServer(Author(variety=3000), faults=faults) as server:
        recipe = recipe_with(path, target_size=20, **{"limits.concurrency": 2})
        setup = setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache")
        result = run(setup, Choosy())
        assert result.exit_code == 0
        assert result.spent.now.calls == server.requests
        before = server.requests
        assert run(setup).exit_code == 0
        assert server.requests == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_that_cannot_be_written_says_so_once_and_not_as_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_recipe(tmp_path)
    with OpenAIServer(Author(variety=3000)) as server:
        setup = setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache")
        log, told = RunLog(), Told()
        (tmp_path / "out").mkdir()
        log.begin(setup)
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, log._file)
        os.close(full)
        several = Several(log, told)
        several.notice("news")
        several.notice("more")
    assert told.notices == ["run.log is no longer written: No space left on device", "news", "more"]
    assert capsys.readouterr().err == ""


def test_a_log_is_put_aside_when_it_is_full_and_three_older_ones_are_kept(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    setup = setup_for(recipe_with(path), "http://127.0.0.1:1/v1", tmp_path / "out", tmp_path / "cache")
    (tmp_path / "out").mkdir()
    log = RunLog()
    log.begin(setup)
    for number in range(60):
        log.notice(f"{number} " + "x" * 100_000)
    log.close()
    names = ["run.log", "run.log.1", "run.log.2", "run.log.3"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert all(900_000 < (tmp_path / "out" / name).stat().st_size <= 1_000_000 for name in names[1:])
    assert [(tmp_path / "out" / name).read_text().split()[1] for name in names] == ["54", "45", "36", "27"]
