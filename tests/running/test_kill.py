"""kill -9 at random moments: the same command goes on, asks for nothing twice, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.openai_author import Author
from tests.openai_server import OpenAIServer, lognormal
from tests.runs import Files, recipe_with, run, setup_for, write_recipe

KILLS = 20

pytestmark = pytest.mark.slow


def _identity(messages: Any, seed: Any) -> str:
    return json.dumps([messages, seed], sort_keys=True)


def _stored(cache: Path) -> set[str]:
    """What the cache holds, as (messages, seed)."""
    from datarecipe.exchange import Draw

    if not (cache / "cache.db").exists():
        return set()
    stored = set()
    with sqlite3.connect(cache / "cache.db") as connection:
        for (value,) in connection.execute("SELECT value FROM Cache"):
            request = json.loads(value)["request"]
            messages = [{"role": role, "content": text} for role, text in request["content"]["messages"]]
            stored.add(_identity(messages, Draw(*request["draw"]).seed))
    return stored


@pytest.mark.timeout(900)
def test_kill_at_random_moments(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "project")
    chance = random.Random(20)
    with OpenAIServer(Author(variety=50_000), latency=lognormal(0.03)) as server:
        flags = {"strategy.kind": "tree", "target_size": 3000, "limits.concurrency": 16}
        uninterrupted = tmp_path / "uninterrupted"
        setup = setup_for(recipe_with(recipe, **flags), server.base_url, uninterrupted, tmp_path / "other-cache")
        assert run(setup).exit_code == 0

        command = [sys.executable, "-m", "datarecipe", "run", str(recipe), "--model", "openai/author"]
        command += [
            "--api-base",
            server.base_url,
            "--output",
            str(tmp_path / "out"),
            "--cache-dir",
            str(tmp_path / "cache"),
        ]
        command += ["--strategy", "tree", "--target-size", "3000", "--concurrency", "16", "--quiet"]
        environ = {**os.environ, "OPENAI_API_KEY": "sk-test", "HOME": str(tmp_path / "home")}
        killed = 0
        while killed < KILLS:
            before, stored = server.requests, _stored(tmp_path / "cache")
            process = subprocess.Popen(command, env=environ, cwd=tmp_path)
            wait_for = before + chance.randint(1, 24)
            deadline = time.monotonic() + 60
            while server.requests < wait_for and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.08))
            process.send_signal(signal.SIGKILL)
            ended = process.wait()
            assert_nothing_stored_was_asked(server, before, stored)
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            killed += 1
        assert killed >= KILLS // 2, "the run ended before it was killed often enough"
        for _ in range(KILLS - killed):
            kill_while_replaying(command, environ, tmp_path, chance)
            killed += 1

        before, stored = server.requests, _stored(tmp_path / "cache")
        subprocess.run(command, env=environ, cwd=tmp_path, check=True)
        assert_nothing_stored_was_asked(server, before, stored)
        assert Files.of(tmp_path / "out") == Files.of(uninterrupted)
        assert not list((tmp_path / "out").glob("*.partial"))

        before = server.requests
        subprocess.run(command, env=environ, cwd=tmp_path, check=True)
        assert server.requests == before


def kill_while_replaying(command: list[str], environ: dict[str, str], folder: Path, chance: random.Random) -> None:
    """Kill a run that needs nothing from the server: while it replays, writes or renames."""
    process = subprocess.Popen(command, env=environ, cwd=folder)
    time.sleep(chance.uniform(0.2, 0.9))
    process.kill()
    process.wait()


def assert_nothing_stored_was_asked(server: OpenAIServer, before: int, stored: set[str]) -> None:
    asked = {_identity(seen.body["messages"], seen.body["seed"]) for seen in server.seen[before:]}
    assert not asked & stored
