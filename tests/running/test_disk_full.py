"""A disk of any size that fills up, then has space: the same command goes on to the same bytes and pays nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.errors import CacheError
from datarecipe.llm.cache.response_cache import ResponseCache
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.running.test_kill import _stored as stored_in
from tests.running.test_kill import assert_nothing_stored_was_asked
from tests.running.test_storage import datarecipe
from tests.runs import Files
from tests.small_disk import make_room, small_disk

SIZES = [*range(40, 420, 12), *range(420, 1_000, 40), *range(1_000, 4_001, 200)]
"""Kilobytes. A cache alone needs some 280 while it is made; the run of these tests 2 MB."""
FEW = [(40, "both"), (256, "cache"), (268, "both"), (288, "cache"), (60, "output"), (700, "both")]
WHERE = {"cache": ["--cache-dir"], "output": ["--output"], "both": ["--cache-dir", "--output"]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The dataset of a disk without bounds."""
    folder = tmp_path_factory.mktemp("whole")
    with OpenAIServer(Author(variety=3000)) as server:
        assert datarecipe(folder, server) == (0, "")
    return Files.of(folder / "runs" / "facts")


def full_then_free(folder: Path, whole: Files, kilobytes: int, what: str) -> int:
    """The exit code on the small disk; it is checked that the same command goes on when there is space."""
    with small_disk(folder / "disk", kilobytes) as disk, OpenAIServer(Author(variety=3000)) as server:
        places = {flag: disk / flag.removeprefix("--") for flag in WHERE[what]}
        flags = [str(word) for item in places.items() for word in item]
        code, err = datarecipe(folder, server, *flags)
        assert code in (0, 4), err
        assert code == 0 or "space" in err
        make_room(disk)
        before = server.requests
        stored = stored_in(places.get("--cache-dir", folder / ".datarecipe" / "cache"))
        assert datarecipe(folder, server, *flags) == (0, "")
        assert_nothing_stored_was_asked(server, before, stored)
        assert Files.of(places.get("--output", folder / "runs" / "facts")) == whole
    return code


@pytest.mark.parametrize(("kilobytes", "what"), FEW)
def test_a_disk_that_was_full_and_has_space_again(tmp_path: Path, whole: Files, kilobytes: int, what: str) -> None:
    assert full_then_free(tmp_path, whole, kilobytes, what) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kilobytes", "what"),
    # As on a draughtboard: each size, and each place next to its neighbours in size.
    [(size, what) for row, size in enumerate(SIZES) for column, what in enumerate(WHERE) if (row + column) % 2 == 0],
)
def test_a_disk_of_every_size(tmp_path: Path, whole: Files, kilobytes: int, what: str) -> None:
    full_then_free(tmp_path, whole, kilobytes, what)


def test_a_cache_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """At every size, since what is left of a new file depends on it to the page."""
    told = []
    for kilobytes in range(100, 300, 4):
        with small_disk(tmp_path / str(kilobytes), kilobytes) as disk:
            try:
                ResponseCache(disk / "cache").close()
                told.append("made")
            except CacheError as error:
                told.append("full" if "Free space" in str(error) else str(error))
            make_room(disk)
            ResponseCache(disk / "cache").close()
    assert set(told) == {"full", "made"}
    assert told == sorted(told)
