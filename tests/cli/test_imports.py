"""What a command imports: one that sends nothing waits for no network, no database and no numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NETWORK = {
    "aiohttp",
    "httpx",
    "openai",
    "requests",
    "urllib3",
    "litellm",
    "asyncio",
    "http.client",
    "socket",
    "ssl",
    "urllib.request",
}
HEAVY = {"diskcache", "filelock", "numpy", "rich", "sqlite3", "xllamacpp"}
LANGUAGE = {"jinja2", "jsonschema", "referencing", "yaml"}
"""What reads recipes; the list of commands needs none of it."""

RUN = """
import sys
from datarecipe.cli.main import main
sys.argv = ["datarecipe", *sys.argv[1:]]
try:
    main()
finally:
    print("imported:", *sys.modules, file=sys.stderr)
"""


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """The modules that a fresh interpreter has at the end of `datarecipe ARGUMENTS`."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("imported:")[2].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["validate", "boolq"],
        ["validate", "winogrande"],
        ["schema"],
        ["show", "boolq"],
        ["list"],
        ["review", "--help"],
        ["verdicts", "--help"],
    ],
    ids=" ".join,
)
def test_a_command_that_sends_nothing_imports_no_network_and_nothing_heavy(
    tmp_path: Path, arguments: list[str]
) -> None:
    modules = imported_by(tmp_path, *arguments)
    assert "datarecipe.cli.main" in modules
    assert not modules & (NETWORK | HEAVY)


def test_help_reads_no_recipe_and_imports_nothing_that_could(tmp_path: Path) -> None:
    assert not imported_by(tmp_path, "--help") & LANGUAGE


def test_the_names_are_those_under_which_the_modules_would_be_seen(tmp_path: Path) -> None:
    code = f"import {', '.join(sorted(LANGUAGE | {'asyncio', 'http.client', 'socket', 'ssl', 'urllib.request', 'sqlite3'}))}"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}, sys; print(*sys.modules)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) >= LANGUAGE | {
        "asyncio",
        "http.client",
        "socket",
        "ssl",
        "urllib.request",
        "sqlite3",
    }
