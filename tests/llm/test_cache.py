"""The cache keeps what was paid for, and runs nothing that stands in it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diskcache
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import CacheError
from datarecipe.exchange import Complete, Completion, Content, Draw, Embed, Embedding, Usage
from datarecipe.llm.cache import cache_file
from datarecipe.llm.cache.cache_record import MOST_RETRIES
from datarecipe.llm.cache.response_cache import ResponseCache

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def request(index: int = 0, model: str = "openai/gpt-test") -> Complete:
    content = Content(
        model=model,
        messages=(("system", "Write 5 more. 漢字"), ("user", '{"question": "is it?", "answer": "yes"}')),
        sampling={"temperature": 1, "max_tokens": 400, "stop": ["a", "b"]},
        response_format={"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
        api_base=None,
    )
    return Complete(content, Draw(0, "root:0", index))


def completion(text: str = '{"examples": []}') -> Completion:
    return Completion(text, "stop", Usage(120, 80), "gpt-test-1", "litellm:openai/gpt-test", "2026-01-02T03:04:05Z")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".datarecipe" / "cache"


@pytest.fixture
def cache(folder: Path) -> Iterator[ResponseCache]:
    with ResponseCache(folder) as cache:
        yield cache


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[sqlite3.Connection]:
    """The file as a stranger would write it: plain SQLite."""
    connection = sqlite3.connect(folder / "cache.db", isolation_level=None)
    yield connection
    connection.close()


def plant(folder: Path, **columns: Any) -> None:
    """Add a row with these columns."""
    row = {"key": request().key, "raw": 1, "size": 0, "mode": 1, "filename": None, "value": "{}"} | columns
    with sqlite(folder) as connection:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO Cache ({names}) VALUES ({marks})", list(row.values()))


class Bomb:
    """A pickle that makes a file when it is read."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


def test_a_response_comes_back_as_it_was_stored(cache: ResponseCache) -> None:
    texts = ["", "x", "a\x00b\r\n\u2028 \U0001f600 \ufffd", '{"examples": [{"text": "“é”"}]}', "漢字" * 50_000]
    for index, text in enumerate(texts):
        stored = replace(completion(text), usage=None if index == 0 else Usage(index, 0), finish_reason="length")
        assert cache.put(request(index), stored) == stored
        assert cache.get(request(index)) == stored
    vector = Embedding((4000, -32768, 0, 32767), Usage(7, 0), "a-model", "openai/a-model", "2026-01-01T00:00:00Z")
    assert cache.put(Embed("hashed-ngrams", "a text"), vector) == vector
    assert cache.get(Embed("hashed-ngrams", "a text")) == vector


def test_what_is_not_there_is_none(cache: ResponseCache) -> None:
    cache.put(request(0), completion())
    assert cache.get(request(1)) is None
    assert cache.get(request(0, model="openai/other")) is None
    assert cache.get(Embed("hashed-ngrams", "a text")) is None


def test_a_retry_stands_for_what_it_replaces(cache: ResponseCache) -> None:
    assert cache.next_retry(request()) == request(), "nothing is there to be replaced"
    cache.put(request(), completion("old"))
    first = cache.next_retry(request())
    assert first.key != request().key
    cache.put(first, completion("new"))
    assert cache.get(request()) == completion("old"), "a process that dies here has changed nothing"
    assert cache.next_retry(request()) == first, "and the next one finds what was paid for"
    assert cache.put_retry(request(), first, completion("another")) == completion("new")
    assert cache.get(request()) == completion("new")
    second = cache.next_retry(request())
    assert cache.put_retry(request(), second, completion("newest")) == completion("newest")
    assert cache.put_retry(request(), first, completion("late")) == completion("newest"), "the later one stays"
    assert cache.get(request()) == completion("newest")
    assert cache.stats().damaged == 0


def test_what_was_asked_again_as_often_as_may_be_stays_whole(cache: ResponseCache) -> None:
    cache.put(request(), completion("old"))
    last = Complete(request().content, replace(request().draw, retry=MOST_RETRIES))
    assert cache.put_retry(request(), last, completion("last")) == completion("last")
    with pytest.raises(CacheError, match="times already"):
        cache.next_retry(request())
    assert cache.get(request()) == completion("last")


@pytest.mark.parametrize("planted", ['{"note":"\\ud800"', '{"note":1e999'])
def test_a_retry_of_a_row_that_cannot_be_written_anew_is_a_cache_error(folder: Path, planted: str) -> None:
    with ResponseCache(folder) as cache:
        cache.put(request(), completion("old"))
        with sqlite(folder) as connection:
            (value,) = connection.execute("SELECT value FROM Cache").fetchone()
            connection.execute("UPDATE Cache SET value = ?", [f"{planted},{value[1:]}"])
        with pytest.raises(CacheError, match="cannot be written as text"):
            cache.put_retry(request(), cache.next_retry(request()), completion("new"))


def test_the_first_writer_stays(folder: Path) -> None:
    with ResponseCache(folder) as one, ResponseCache(folder) as other:
        assert one.put(request(), completion("first")) == completion("first")
        assert other.put(request(), completion("second")) == completion("first")
        assert other.get(request()) == completion("first")


def test_it_outlives_the_process_and_is_open_to_read(folder: Path) -> None:
    with ResponseCache(folder) as cache:
        cache.put(request(), completion("kept"))
    with ResponseCache(folder) as cache:
        assert cache.get(request()) == completion("kept")
    with sqlite(folder) as connection:
        ((text,),) = connection.execute("SELECT value FROM Cache").fetchall()
    document = json.loads(text)
    assert document["v"] == 1
    assert document["request"]["content"]["messages"][0] == ["system", "Write 5 more. 漢字"]
    assert document["request"]["draw"] == [0, "root:0", 0]


def test_stats_and_clear(cache: ResponseCache) -> None:
    for index in range(3):
        cache.put(request(index), completion())
    cache.put(request(0, model="openai/other"), replace(completion(), usage=None))
    cache.put(Embed("hashed-ngrams", "a text"), Embedding((1,)))
    stats = cache.stats()
    assert (stats.count, stats.damaged) == (5, 0)
    assert stats.by_model["openai/gpt-test"].usage == Usage(360, 240)
    assert stats.by_model["openai/other"].responses == 1
    assert stats.bytes_on_disk > 4096
    assert cache.clear() == 5
    assert cache.stats().count == 0
    assert cache.get(request(0)) is None


def test_git_is_told_to_look_away(cache: ResponseCache, folder: Path, tmp_path: Path) -> None:
    assert (folder.parent / ".gitignore").read_text() == "/cache/\n"
    with ResponseCache(tmp_path / "elsewhere" / "cache"):
        assert not list((tmp_path / "elsewhere").rglob(".gitignore"))


def test_a_gitignore_of_the_users_stays(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    (folder.parent / ".gitignore").write_text("cache/\n")
    with ResponseCache(folder):
        assert (folder.parent / ".gitignore").read_text() == "cache/\n"


# What a stranger may have planted


def test_a_planted_pickle_is_not_run(cache: ResponseCache, folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "pwned"
    bomb = pickle.dumps(Bomb(trace))
    plant(folder, mode=4, value=bomb)
    with pytest.raises(CacheError, match=request().key):
        cache.get(request())
    with pytest.raises(CacheError, match="not inline text"):
        cache.put(request(), completion())
    assert cache.stats().damaged == 1
    assert not trace.exists()
    pickle.loads(bomb)  # the bomb is a real one
    assert trace.exists()


def test_a_planted_pickled_key_is_not_run(cache: ResponseCache, folder: Path, tmp_path: Path) -> None:
    plant(folder, raw=0, key=pickle.dumps(Bomb(tmp_path / "pwned")))
    cache.put(request(), completion())
    assert cache.get(request()) == completion()
    assert cache.stats().count == 2
    assert cache.clear() == 2
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("mode", [2, 3, 4])
def test_a_row_that_names_a_file_reads_and_deletes_nothing(
    cache: ResponseCache, folder: Path, tmp_path: Path, mode: int
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(pickle.dumps(Bomb(tmp_path / "pwned")))
    plant(folder, mode=mode, filename="../../../secret", value=None, expire_time=None)
    plant(folder, key="expired", mode=mode, filename="../../../secret", value=None, expire_time=1.0)
    assert (folder / "../../../secret").resolve() == secret.resolve()
    with pytest.raises(CacheError, match="not inline text"):
        cache.get(request())
    cache.put(request(1), completion())
    assert cache.stats().damaged == 2
    assert cache.clear() == 3
    assert secret.exists()
    assert not (tmp_path / "pwned").exists()


GOOD = {
    "v": 1, "kind": "completion", "text": "t", "finish_reason": "stop", "usage": None, "model": "m", "answered_by": "a",
    "created": "c",
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        7,
        2.5,
        None,
        "",
        "not json",
        "[" * 100_000,
        "[]",
        "{}",
        '{"v": NaN}',
        '{"v": 2, "kind": "completion"}',
        '{"v": true}',
        json.dumps(GOOD | {"request": {"content": {"model": "another"}}}),
    ],
)
def test_a_foreign_value_is_an_error_that_names_the_row(cache: ResponseCache, folder: Path, value: object) -> None:
    plant(folder, value=value)
    with pytest.raises(CacheError, match=request().key) as caught:
        cache.get(request())
    is_of_another_release = isinstance(value, str) and '"v": 2' in value
    hint = "Another release" if is_of_another_release else f"forget {request().key}"
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"text": None},
        {"text": "\ud800"},
        {"finish_reason": "error"},
        {"finish_reason": ["stop"]},
        {"usage": {"prompt_tokens": -1, "completion_tokens": 2}},
        {"usage": {"prompt_tokens": True, "completion_tokens": 2}},
        {"usage": "much"},
        {"kind": "embedding", "vector": [1.0]},
        {"created": 7},
    ],
)
def test_a_damaged_row_is_an_error_that_names_it(cache: ResponseCache, folder: Path, change: dict[str, Any]) -> None:
    cache.put(request(), completion())
    with sqlite(folder) as connection:
        ((text,),) = connection.execute("SELECT value FROM Cache").fetchall()
        connection.execute("UPDATE Cache SET value = ?", (json.dumps(json.loads(text) | change),))
    with pytest.raises(CacheError, match=request().key):
        cache.get(request())


def test_a_row_with_too_many_values_is_an_error_that_names_it(cache: ResponseCache, folder: Path) -> None:
    """Some kilobytes in an archive, and seconds and gigabytes for who makes objects of it."""
    cache.put(request(), completion())
    with sqlite(folder) as connection:
        ((text,),) = connection.execute("SELECT value FROM Cache").fetchall()
        connection.execute("UPDATE Cache SET value = ?", (text[:-1] + ',"x":[' + "[]," * 2_000_000 + "0]}",))
    with pytest.raises(CacheError, match=request().key):
        cache.get(request())
    assert (cache.stats().damaged, list(cache.requests())) == (1, [])


def test_a_row_beyond_the_bound_is_not_read(
    cache: ResponseCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(request(0), completion())
    cache.put(request(1), completion("a" * 50_000))
    monkeypatch.setattr(cache_file, "LONGEST_ROW", 40_000)
    cache.close()
    assert cache.get(request(0)) == completion()
    with pytest.raises(CacheError, match=f"{request(1).key} has more than"):
        cache.get(request(1))
    for look in (cache.stats, lambda: list(cache.requests())):
        with pytest.raises(CacheError, match="a row has more than"):
            look()


@pytest.mark.parametrize("vector", ["null", "[5]", '"B"', '"BQAB"', '"B/*="', '"é==="', '"{}"', f'"{"AAAA" * 20_000}"'])
def test_a_vector_of_something_else_is_an_error(cache: ResponseCache, folder: Path, vector: str) -> None:
    wanted = Embed("hashed-ngrams", "a text")
    cache.put(wanted, Embedding((5,)))
    with sqlite(folder) as connection:
        ((text,),) = connection.execute("SELECT value FROM Cache").fetchall()
        changed = text.replace('"vector":"BQA="', f'"vector":{vector}')
        assert changed != text
        connection.execute("UPDATE Cache SET value = ?", (changed,))
    with pytest.raises(CacheError, match=wanted.key):
        cache.get(wanted)


@pytest.mark.parametrize("digits", [13, 4300, 4301, 100_000])
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_counts_that_no_provider_gives_are_an_error(cache: ResponseCache, folder: Path, digits: int, name: str) -> None:
    """Sums of them cannot even be written: Python makes no text of a number of more than 4,300 digits."""
    cache.put(request(), completion())
    with sqlite(folder) as connection:
        ((text,),) = connection.execute("SELECT value FROM Cache").fetchall()
        changed = re.sub(rf'"{name}":\d+', f'"{name}":{"9" * digits}', text)
        assert changed != text
        connection.execute("UPDATE Cache SET value = ?", (changed,))
    with pytest.raises(CacheError, match=request().key):
        cache.get(request())
    assert cache.stats().damaged == 1


def test_names_of_any_length_are_cut(cache: ResponseCache) -> None:
    cache.put(request(), replace(completion(), model="m" * 1_000_000, answered_by="a" * 1_000_000))
    stored = cache.get(request())
    assert isinstance(stored, Completion)
    assert (len(stored.model), len(stored.answered_by)) == (200, 200)


@given(flips=st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 7)), min_size=1, max_size=20))
def test_bits_that_a_disk_turned_over_are_an_error_of_ours_or_none(flips: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with ResponseCache(folder) as cache:
            cache.put(request(), completion())
        data = bytearray((folder / "cache.db").read_bytes())
        for at, bit in flips:
            data[at] ^= 1 << bit
        (folder / "cache.db").write_bytes(data)
        with contextlib.suppress(CacheError), ResponseCache(folder) as cache:
            cache.get(request())
            cache.stats()
            list(cache.requests())
            cache.put(request(1), completion())


def test_a_schema_that_is_not_utf8_is_an_error(cache: ResponseCache, folder: Path) -> None:
    cache.put(request(), completion())
    with sqlite(folder) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cache.close()
    file = folder / "cache.db"
    content = file.read_bytes()
    assert b"CREATE TABLE Settings" in content
    file.write_bytes(content.replace(b"CREATE TABLE Settings", b"CREATE TABLE Sett\xa0ngs", 1))
    with pytest.raises(CacheError):
        ResponseCache(folder)


def test_text_that_is_not_utf8_is_an_error(cache: ResponseCache, folder: Path) -> None:
    plant(folder)
    with sqlite(folder) as connection:
        connection.execute("UPDATE Cache SET value = CAST(x'7bff7d' AS TEXT)")
    with pytest.raises(CacheError):
        cache.get(request())
    assert cache.stats().damaged == 1


def test_a_response_under_another_requests_key_is_an_error(cache: ResponseCache, folder: Path) -> None:
    cache.put(request(0), completion())
    with sqlite(folder) as connection:
        connection.execute("UPDATE Cache SET key = ?", (request(1).key,))
    with pytest.raises(CacheError, match="another request"):
        cache.get(request(1))


def test_numbers_that_no_embedding_has_are_not_stored(cache: ResponseCache) -> None:
    with pytest.raises(CacheError):
        cache.put(Embed("hashed-ngrams", "a"), Embedding((2**15,)))


@pytest.mark.parametrize(
    "setting",
    [
        ("eviction_policy", "least-recently-stored"),
        ("cull_limit", 10),
        ("size_limit", 1),
        ("disk_pickle_protocol", 5),
        ("disk_fetch", "x"),
        ("sqlite_journal_mode", "off"),
        ("sqlite_synchronous", 0),
        ("sqlite_writable_schema", 1),
        ("sqlite_temp_store_directory", "'/tmp'"),
        ("_disk", "x"),
        ("get", 1),
    ],
)
def test_planted_settings_are_refused(folder: Path, setting: tuple[str, object]) -> None:
    with ResponseCache(folder) as cache:
        cache.put(request(), completion())
    with sqlite(folder) as connection:
        connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, ?)", setting)
    with pytest.raises(CacheError, match=setting[0]):
        ResponseCache(folder)


def test_nothing_is_evicted(cache: ResponseCache, folder: Path) -> None:
    big = completion("x" * 200_000)
    for index in range(40):
        cache.put(request(index), big)
    with sqlite(folder) as connection:  # even if another process counts wrongly
        connection.execute("UPDATE Settings SET value = 1e18 WHERE key IN ('size', 'count')")
    for index in range(40, 80):
        cache.put(request(index), big)
    assert cache.stats().count == 80
    assert all(cache.get(request(index)) == big for index in range(80))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",
        "CREATE VIEW evil AS SELECT 1",
        "CREATE TABLE evil (x)",
        "DROP TRIGGER Settings_count_insert",
        "DROP INDEX Cache_key_raw",
        "ALTER TABLE Cache ADD COLUMN evil",
    ],
)
def test_a_planted_schema_is_refused(folder: Path, statement: str) -> None:
    ResponseCache(folder).close()
    with sqlite(folder) as connection:
        connection.execute(statement)
    with pytest.raises(CacheError, match="not made by datarecipe"):
        ResponseCache(folder)


def test_links_that_a_cloned_project_brings_are_refused(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.parent.mkdir(parents=True)
    folder.symlink_to(elsewhere)
    with pytest.raises(CacheError, match="symbolic link"):
        ResponseCache(folder)
    folder.unlink()
    folder.mkdir()
    (folder / "cache.db").symlink_to(elsewhere / "new.db")
    with pytest.raises(CacheError, match="plain file"):
        ResponseCache(folder)
    folder.joinpath("cache.db").unlink()
    (folder / "cache.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
    with pytest.raises(CacheError, match="journal"):
        ResponseCache(folder)
    assert not list(elsewhere.iterdir())


def test_a_link_that_the_user_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "big-disk").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "big-disk")
    with ResponseCache(tmp_path / "cache") as cache:
        cache.put(request(), completion())
    assert (tmp_path / "big-disk" / "cache.db").exists()


def test_a_variable_in_the_path_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", str(tmp_path / "elsewhere"))
    with pytest.raises(CacheError, match="variable"):
        ResponseCache(tmp_path / "$ELSEWHERE" / "cache")
    assert not list(tmp_path.iterdir())


# What can be wrong with the disk


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    for folder in (tmp_path / "cache", tmp_path / "cache" / "below"):
        with pytest.raises(CacheError, match="--cache-dir"):
            ResponseCache(folder)


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_corrupt_file(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "cache.db").write_bytes(content)
    with pytest.raises(CacheError, match="Restore a copy"):
        ResponseCache(folder)


@pytest.mark.parametrize("length", [0, 1, 99, 4096, 16384])
def test_a_file_that_an_earlier_release_left_when_the_disk_was_full(folder: Path, length: int) -> None:
    ResponseCache(folder).close()
    file = folder / "cache.db"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(CacheError, match="is cut off") as caught:
        ResponseCache(folder)
    assert caught.value.hint is not None
    command = caught.value.hint.partition(": ")[2]
    subprocess.run(command, shell=True, check=True)
    with ResponseCache(folder) as cache:
        assert cache.put(request(), completion()) == completion()


def test_a_long_file_is_not_said_to_hold_nothing(folder: Path) -> None:
    with ResponseCache(folder) as cache:
        for index in range(50):
            cache.put(request(index), completion("x" * 2000))
    file = folder / "cache.db"
    file.write_bytes(file.read_bytes()[:40_000])
    with pytest.raises(CacheError, match=r"Restore a copy|damaged") as caught, ResponseCache(folder) as cache:  # noqa: PT012
        for index in range(50):
            cache.get(request(index))
    assert "It holds nothing" not in str(caught.value)


def test_a_file_system_without_hard_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with ResponseCache(folder) as cache:
        cache.put(request(), completion())
    with ResponseCache(folder) as cache:
        assert cache.get(request()) == completion()
    assert [path.name for path in folder.iterdir()] == ["cache.db"]


def test_a_machine_without_a_folder_for_temporary_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(tempfile, "_gettempdir", none)
    cache_file._made_in.cache_clear()
    with ResponseCache(folder) as cache:
        cache.put(request(), completion())
    assert [path.name for path in folder.iterdir()] == ["cache.db"]


def test_a_folder_that_is_swapped_while_it_is_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever may write in the project, between our look and SQLite's."""
    elsewhere = tmp_path / "elsewhere"
    ResponseCache(elsewhere).close()
    ResponseCache(folder).close()

    def swap(path: str, **settings: Any) -> diskcache.Cache:
        folder.rename(folder.with_name("old"))
        folder.symlink_to(elsewhere)
        return diskcache.Cache(path, **settings)

    monkeypatch.setattr(cache_file, "BoundedCache", swap)
    with pytest.raises(CacheError, match="symbolic link"):
        ResponseCache(folder)


def test_a_file_that_is_damaged_while_it_is_open(folder: Path) -> None:
    with ResponseCache(folder) as cache:
        for index in range(200):
            cache.put(request(index), completion("x" * 2000))
    data = bytearray((folder / "cache.db").read_bytes())
    data[4096 * 6 :] = b"\xff" * (len(data) - 4096 * 6)
    (folder / "cache.db").write_bytes(data)
    with pytest.raises(CacheError), ResponseCache(folder) as cache:  # noqa: PT012
        for index in range(200):
            cache.get(request(index))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CacheError, match="right to write"):
        ResponseCache(tmp_path / "cache")
    tmp_path.chmod(0o700)


def test_a_file_that_may_only_be_read(folder: Path) -> None:
    ResponseCache(folder).close()
    with (folder / "cache.db").open("r+b") as file:
        file.seek(18)  # the file format's write version: newer than any SQLite, so read only
        file.write(b"\x03")
    with pytest.raises(CacheError, match="right to write"):
        ResponseCache(folder)


def test_locked_for_too_long(folder: Path) -> None:
    with ResponseCache(folder, lock_timeout=0.1) as cache:
        with sqlite(folder) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with pytest.raises(CacheError, match="Another process"):
                cache.put(request(), completion())
            assert cache.get(request()) is None
        assert cache.put(request(), completion()) == completion()


def run(script: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Another process of the same code."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, text=True, stdout=subprocess.PIPE, **options
    )


FILLS_THE_DISK = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from datarecipe.errors import CacheError
from datarecipe.llm.cache import cache_file
from datarecipe.llm.cache.response_cache import ResponseCache
from tests.llm.test_cache import completion, request
cache = ResponseCache(Path(sys.argv[1]))
stored, hints = [], []
for index in range(100_000):
    try:
        cache.put(request(index), completion("x" * 1000))
    except CacheError as error:
        hints.append(error.hint)
        assert cache.get(request(index)) is None
        if len(hints) == 3:
            break
    else:
        stored.append(index)
assert all(cache.get(request(index)) for index in stored)
print(json.dumps([stored, hints]))
"""


def test_a_full_disk(folder: Path) -> None:
    """A limit on the size of files stands for the disk's end."""
    limit = 1_000_000
    process = run(FILLS_THE_DISK, folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    stored, hints = json.loads(process.communicate(timeout=60)[0])
    assert process.returncode == 0
    assert len(stored) > 10
    assert all("Free space" in hint for hint in hints)
    with ResponseCache(folder) as cache:
        assert all(cache.get(request(index)) for index in stored)
        assert cache.put(request(100_001), completion()) == completion()


WRITES = """
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from datarecipe.llm.cache import cache_file
from datarecipe.llm.cache.response_cache import ResponseCache
from tests.llm.test_cache import completion, request
cache = ResponseCache(Path(sys.argv[1]))
for index in range(int(sys.argv[2])):
    stored = cache.put(request(index), completion(sys.argv[3]))
    print(index, stored.text, flush=True)
"""


def test_kill_9_loses_nothing_that_put_returned_from(folder: Path) -> None:
    process = run(WRITES, folder, 1_000_000, "paid")
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    seen += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    count = sum(line.endswith("\n") for line in seen)
    assert count >= 300
    with ResponseCache(folder) as cache:
        assert all(cache.get(request(index)) == completion("paid") for index in range(count))
        assert cache.stats().damaged == 0


def test_processes_that_start_at_once_agree_on_every_response(folder: Path) -> None:
    processes = [run(WRITES, folder, 200, f"writer-{number}") for number in range(4)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert len(set(outputs)) == 1
    with ResponseCache(folder) as cache:
        assert cache.stats().count == 200
