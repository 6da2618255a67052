"""What a Python program shows of a run: where somebody looks, and only there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import datarecipe
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.python_display import NOTICES, NotebookDisplay, bar
from tests.cli.terminal import python_on_terminal
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.running.test_display import EVIL, picture
from tests.running.test_going_on import result
from tests.runs import Silent, run, setup_for, write_recipe
from tests.runs import recipe_with as loaded

CODE = """\
import sys, datarecipe
dataset = datarecipe.run("facts", model="openai/author", api_base=sys.argv[1], target_size=20, **{options})
print(len(dataset))
"""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(("options", "shows"), [({}, False), ({"progress": True}, True), ({"progress": False}, False)])
def test_a_script_whose_errors_nobody_sees_shows_what_it_is_told_to(
    tmp_path: Path, options: dict[str, Any], shows: bool
) -> None:
    write_recipe(tmp_path)
    with OpenAIServer(Author(variety=2000)) as server:
        command = [sys.executable, "-c", CODE.replace("{options}", repr(options)), server.base_url]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout) == (0, "20\n"), ran.stderr
    assert ("done: 20 of 20" in ran.stderr) == shows
    assert bool(ran.stderr) == shows


@pytest.mark.parametrize(("options", "shows"), [({}, True), ({"progress": False}, False)])
def test_a_script_on_a_terminal_shows_a_bar(tmp_path: Path, options: dict[str, Any], shows: bool) -> None:
    write_recipe(tmp_path)
    with OpenAIServer(Author(variety=2000), latency=0.1) as server:
        ran = python_on_terminal("-c", CODE.replace("{options}", repr(options)), server.base_url, cwd=tmp_path)
    assert ran.code == 0, ran.out
    assert ("/20" in ran.out) == shows
    assert ("done: 20 of 20" in ran.out) == shows


def test_an_observer_is_the_display_unless_both_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_recipe(tmp_path)
    ends: list[str] = []

    class Own(Silent):
        def end(self, result: Any) -> None:
            ends.append(result.end)

    with OpenAIServer(Author(variety=2000)) as server:
        flags: dict[str, Any] = {"model": "openai/author", "api_base": server.base_url, "target_size": 10}
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        datarecipe.run(path, observer=Own(), **flags)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
        datarecipe.run(path, observer=Own(), progress=True, **flags)
    assert "done: 10 of 10" in capsys.readouterr().err
    assert ends == ["target", "target"]


class Cell:
    """A notebook's output: what stands in it, and how often that changed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def show(self, text: str) -> Any:
        self.texts.append(text)
        return self.texts.append


def test_a_notebook_has_one_text_that_changes(tmp_path: Path) -> None:
    cell = Cell()
    recipe = loaded(write_recipe(tmp_path), target_size=30, **{"limits.concurrency": 1})
    with OpenAIServer(Author(variety=2000), latency=0.15) as server:
        run(
            setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"),
            NotebookDisplay(cell.show, _clock()),
        )
    assert cell.texts[0].startswith("facts: 30 examples")
    assert any("[#" in text and "of 30 accepted\nyield " in text for text in cell.texts)
    last = cell.texts[-1]
    assert last.startswith("facts: 30 examples")
    assert "done: 30 of 30" in last
    assert "[" not in last.partition("labels")[2].partition("\n")[0]


def _clock() -> Any:
    """A second at each look."""
    seconds = iter(range(10**9))
    return lambda: float(next(seconds))


def test_a_notebook_keeps_the_last_notices_and_shows_them_as_text() -> None:
    cell = Cell()
    display = NotebookDisplay(cell.show)
    for number in range(NOTICES + 3):
        display.notice(f"{number} {EVIL} <b>")
    assert cell.texts[-1].count("\n") == NOTICES - 1
    assert cell.texts[-1].replace("\n", "").isprintable()
    display.end(result(end="target"))
    assert "done: 40 of 100" in cell.texts[-1]


@pytest.mark.parametrize(("accepted", "marks"), [(0, 0), (1, 0), (50, 16), (100, 32), (130, 32)])
def test_the_bar(accepted: int, marks: int) -> None:
    now: Progress = picture(accepted=accepted)
    assert bar(now) == f"[{'#' * marks}{'.' * (32 - marks)}] {accepted} of 100 accepted"


def test_in_a_kernel_the_notebook_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as a stand-in for IPython can say."""
    cell = Cell()

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        cell.texts.append(bundle["text/plain"])
        return SimpleNamespace(update=lambda bundle, *, raw: cell.texts.append(bundle["text/plain"]))

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    with OpenAIServer(Author(variety=2000)) as server:
        datarecipe.run(write_recipe(tmp_path), model="openai/author", api_base=server.base_url, target_size=10)
    assert "done: 10 of 10" in cell.texts[-1]
