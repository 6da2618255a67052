"""A disk that is full, a cache that cannot be used: a clear word, exit code 4, and nothing that was paid for is lost."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datarecipe.cli import main
from tests.openai_author import Author, Body
from tests.openai_server import OpenAIServer
from tests.running.test_kill import _stored as stored_in
from tests.running.test_kill import assert_nothing_stored_was_asked
from tests.runs import Files, write_recipe
from tests.small_disk import make_room, small_disk

ENVIRON = {"OPENAI_API_KEY": "sk-test", "PATH": ""}


def datarecipe(
    folder: Path, server: OpenAIServer, *flags: str, largest: int | None = None, quiet: bool = True
) -> tuple[int, str]:
    """Exit code and what was said on standard error; no file may grow beyond `largest` bytes."""
    recipe = folder / "recipes" / "facts.yaml"
    if not recipe.exists():
        write_recipe(folder)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    command = [sys.executable, "-B", "-m", "datarecipe", "run", "recipes/facts.yaml", *flags, *["--quiet"] * quiet]
    command += ["--model", "openai/author", "--api-base", server.base_url, "--target-size", "200"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**ENVIRON, "HOME": str(folder.parent / "home")},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The dataset of a disk without bounds."""
    folder = tmp_path_factory.mktemp("whole")
    with OpenAIServer(Author(variety=3000)) as server:
        assert datarecipe(folder, server) == (0, "")
    return Files.of(folder / "runs" / "facts")


@pytest.mark.parametrize("largest", [1_000, 40_000, 150_000, 300_000, 400_000, 800_000])
def test_a_full_disk(tmp_path: Path, whole: Files, largest: int) -> None:
    """Full for the cache, which grows first: when it is made, or in the midst of a run."""
    with OpenAIServer(Author(variety=3000), latency=0.002) as server:
        code, err = datarecipe(tmp_path, server, largest=largest)
        assert code == 4, err
        assert err.startswith("error:")
        assert "space" in err
        assert bool(server.requests) == (largest > 200_000)
        assert (tmp_path / "runs" / "facts" / "manifest.json").exists() == (largest > 200_000)
        if largest > 200_000:
            assert whole.data.startswith(Files.of(tmp_path / "runs" / "facts").data), "it is a shorter dataset then"
        before, stored = server.requests, stored_in(tmp_path / ".datarecipe" / "cache")
        assert datarecipe(tmp_path, server) == (0, "")
        assert_nothing_stored_was_asked(server, before, stored)
    assert Files.of(tmp_path / "runs" / "facts") == whole


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    with small_disk(tmp_path / "disk", 400) as place:
        yield place


@pytest.mark.parametrize("what", ["--cache-dir", "--output"])
def test_a_file_system_without_space(tmp_path: Path, disk: Path, whole: Files, what: str) -> None:
    (disk / "filler").write_bytes(b"x" * (200_000 if what == "--cache-dir" else 385_000))
    place = disk / "here"
    output = place if what == "--output" else tmp_path / "runs" / "facts"
    cache = place if what == "--cache-dir" else tmp_path / ".datarecipe" / "cache"
    with OpenAIServer(Author(variety=3000), latency=0.002) as server:
        code, err = datarecipe(tmp_path, server, what, str(place))
        assert code == 4, err
        assert "space" in err
        (disk / "filler").unlink()
        make_room(disk)
        before, stored = server.requests, stored_in(cache)
        assert datarecipe(tmp_path, server, what, str(place)) == (0, "")
        assert_nothing_stored_was_asked(server, before, stored)
    assert Files.of(output) == whole


def test_a_folder_that_goes_away_ends_the_run_which_says_what_was_used(tmp_path: Path) -> None:
    def take_it_away(number: int, _: Body) -> None:
        if number == 10:
            shutil.rmtree(tmp_path / "runs")

    with OpenAIServer(Author(variety=3000), latency=0.002, faults=take_it_away) as server:
        code, err = datarecipe(tmp_path, server, quiet=False)
        assert code == 4
        assert "was taken away while the run went on: it was deleted, moved or replaced" in err
        used = re.search(r"used until then: (\d+) calls, [\d,]+ tokens; what was answered is stored", err)
        assert used is not None, err
        assert int(used[1]) == server.requests
        assert datarecipe(tmp_path, server) == (0, "")
        assert server.requests == int(used[1])


def test_a_full_disk_leaves_the_dataset_that_is_there(tmp_path: Path, whole: Files) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        assert datarecipe(tmp_path, server) == (0, "")
        code, err = datarecipe(tmp_path, server, "--set", "limits.barren=60", largest=6_000)
        assert code == 4, err
    assert Files.of(tmp_path / "runs" / "facts") == whole


def tamper(cache: Path, text: str | None) -> str:
    """Give one row another version, or another text altogether; its key."""
    with sqlite3.connect(cache / "cache.db") as connection:
        key, value = connection.execute("SELECT key, value FROM Cache ORDER BY rowid LIMIT 1 OFFSET 3").fetchone()
        new = json.dumps({**json.loads(value), "v": 999}) if text is None else text
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (new, key))
    return str(key)


@pytest.mark.parametrize(
    "text", [None, "", "{}", '{"v": 1, "kind"', "[1, 2]"], ids=["version", "empty", "object", "cut", "list"]
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_kept(
    tmp_path: Path, whole: Files, text: str | None
) -> None:
    cache = tmp_path / ".datarecipe" / "cache"
    with OpenAIServer(Author(variety=3000)) as server:
        assert datarecipe(tmp_path, server) == (0, "")
        key = tamper(cache, text)
        requests = server.requests
        code, err = datarecipe(tmp_path, server)
        assert code == 4
        assert key in err
        command = f"datarecipe cache --cache-dir {cache} forget {key}"
        assert ("another release" in err.lower()) if text is None else (command in err)
        assert server.requests == requests
        assert Files.of(tmp_path / "runs" / "facts") == whole
        forget = [sys.executable, "-m", "datarecipe", "cache", "forget", key]
        done = subprocess.run(
            forget, cwd=tmp_path, env=ENVIRON, check=False, capture_output=True, text=True, input="y\n"
        )
        assert done.returncode == 0, done.stderr
        assert datarecipe(tmp_path, server) == (0, "")
        assert server.requests == requests + 1
    assert Files.of(tmp_path / "runs" / "facts") == whole


def test_a_file_that_is_no_cache(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "cache.db").write_bytes(b"not a database at all" * 100)
    with OpenAIServer() as server:
        code, err = datarecipe(tmp_path, server, "--cache-dir", str(cache))
        assert code == 4
        assert str(cache) in err
        assert server.requests == 0
    assert (cache / "cache.db").read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("place", ["/proc/nowhere", "recipes/facts.yaml/cache"])
def test_a_cache_where_nothing_can_be_written(tmp_path: Path, place: str) -> None:
    with OpenAIServer() as server:
        code, err = datarecipe(tmp_path, server, "--cache-dir", place)
        assert code == 4
        assert "--cache-dir" in err
        assert server.requests == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_cache_that_is_read_only(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with OpenAIServer(Author(variety=3000)) as server:
        assert datarecipe(tmp_path, server, "--cache-dir", str(cache))[0] == 0
        cache.chmod(0o500)
        (cache / "cache.db").chmod(0o400)
        try:
            requests = server.requests
            code, err = datarecipe(tmp_path, server, "--cache-dir", str(cache), "--set", "random_seed=9")
            assert code == 4
            assert "--cache-dir" in err
            assert server.requests == requests
        finally:
            cache.chmod(0o700)


@pytest.mark.parametrize("files", [8, 10, 14])
def test_too_few_open_files_are_told_as_such(tmp_path: Path, files: int) -> None:
    write_recipe(tmp_path)
    with OpenAIServer() as server:
        flags = ["--model", "openai/author", "--api-base", server.base_url]
        done = subprocess.run(
            [sys.executable, "-m", "datarecipe", "run", "recipes/facts.yaml", *flags],
            cwd=tmp_path,
            env={**ENVIRON, "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        )
    assert "Traceback" not in done.stderr
    assert done.returncode == 4, done.stderr
    assert "ulimit -n" in done.stderr


def test_a_library_that_too_few_open_files_keep_from_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (
        ImportError("libre2.so: cannot open shared object file: Too many open files"),
        OSError(24, "Too many open files", "/usr/lib/python3/re2"),
    ):

        def fail(error: Exception = error, **_: object) -> None:
            raise error

        told: list[str] = []
        monkeypatch.setattr(main.group, "main", fail)
        monkeypatch.setattr(main, "tell", told.append)
        with pytest.raises(SystemExit) as ended:
            main.command_line()
        assert ended.value.code == 4
        assert "ulimit -n" in told[0]
