"""The cache's file on disk, and what makes it safe to open one that a stranger made.

diskcache keeps its rows in SQLite, and trusts that file with everything: it unpickles keys and values (CVE-2025-69872),
opens and deletes files that rows name (`../../` too), runs `PRAGMA <name> = <value>` and sets attributes as the table
`Settings` says, and lets triggers run. Here a file is looked at with plain SQLite first, and refused unless schema and
settings are exactly what diskcache makes with our settings; and `TextDisk` reads and writes inline text alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import sqlite3
import stat
import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

import diskcache

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATABASE = "cache.db"
_BEGINS = b"SQLite format 3\0" + (4096).to_bytes(2, "big")
_COMPANIONS = ("", "-wal", "-shm", "-journal")
SMALLEST = 7 * 4096
"""Bytes of a database without a row: a shorter one lacks its end, and never held a response."""

SETTINGS: Mapping[str, int | str] = MappingProxyType(
    {
        "statistics": 0,
        "tag_index": 0,
        # A response was paid for: none is ever dropped to make room.
        "eviction_policy": "none",
        "size_limit": 2**62,
        "cull_limit": 0,
        "disk_min_file_size": 0,
        "disk_pickle_protocol": 0,
        "sqlite_auto_vacuum": 1,
        "sqlite_cache_size": 2**13,
        # Write-ahead log, synced at checkpoints: kill -9 loses nothing, a power cut may lose the last moments.
        "sqlite_journal_mode": "wal",
        "sqlite_synchronous": 1,
        # SQLite's advice for files from strangers (sqlite.org/security.html).
        "sqlite_mmap_size": 0,
        "sqlite_cell_size_check": 1,
        "sqlite_trusted_schema": 0,
    }
)
"""All of diskcache's settings, none left to its defaults or to the file. Part of the cache's format."""

_COUNTERS = frozenset({"count", "size", "hits", "misses"})


LONGEST_ROW = 64 * 2**20
"""Bytes of a row that SQLite hands out; more than the longest reply and the longest prompt together."""


class ForeignFileError(ValueError):
    """A file, or a row in it, that we cannot have written. The message says what is wrong with it."""


class CutOffError(ForeignFileError):
    """A database too short to hold a response: what earlier releases left where the disk was full."""

    def __init__(self, file: Path, size: int) -> None:
        super().__init__(f"{file} is cut off: {size:,} bytes, and one without any response has {SMALLEST:,}")
        self.file = file


class TextDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Text keys and text values, inline in SQLite. Everything else is refused, before anything is done with it."""

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise ForeignFileError("a key is not text")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if type(key) is not str or raw != 1:
            raise ForeignFileError("a key is not text")
        return key

    def store(self, value: object, read: object, key: object = None) -> tuple[int, int, None, str]:  # noqa: ARG002
        """(size, mode, filename, value) of a row."""
        if type(value) is not str or read:
            raise ForeignFileError("a value is not text")
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: object) -> str:
        """The value of a row. Never unpickles, never opens a file."""
        if mode != diskcache.core.MODE_RAW or filename is not None or type(value) is not str or read:
            raise ForeignFileError("its value is not inline text")
        return value

    def filename(self, key: object = None, value: object = None) -> NoReturn:  # noqa: ARG002
        """There are no files."""
        raise ForeignFileError("a value is not text")

    def remove(self, file_path: object) -> None:
        """There are no files to remove; the name comes from a row, and must not reach the file system."""


class BoundedCache(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """Reads no row beyond the bound: a file of a hundred kilobytes unpacks to a row of a gigabyte."""

    @property
    def _con(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection = super()._con
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW)
        return connection


def open_cache(directory: Path, timeout: float) -> Any:
    """The `diskcache.Cache` of `directory`, made if it is not there.

    `timeout`: seconds to wait for another process's write. Raises `ForeignFileError`, `OSError`, `sqlite3.Error`.
    """
    path = str(directory)
    if os.path.expandvars(path) != path or path.startswith("~"):
        # diskcache would expand them, and write somewhere else than where we looked.
        raise ForeignFileError("its path holds a `$NAME` or `~` that would be taken for a variable")
    _check_files(directory)
    directory.mkdir(parents=True, exist_ok=True)
    looked_at = directory.stat()
    if not (directory / DATABASE).exists():
        _create(directory)
    _check_database(directory, timeout)
    cache = BoundedCache(path, timeout=timeout, disk=TextDisk, **SETTINGS)
    try:
        _check_same(directory, looked_at)
    except BaseException:
        cache.close()
        raise
    return cache


@contextlib.contextmanager
def connect(directory: Path, timeout: float) -> Iterator[sqlite3.Connection]:
    """A plain connection that only reads, for what diskcache has no words for."""
    # Not `mode=ro`: such a connection cannot take part in the write-ahead log's recovery after a kill.
    uri = f"file:{quote(str(directory / DATABASE))}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW)
    try:
        for pragma in ("trusted_schema = 0", "cell_size_check = 1", "mmap_size = 0", "query_only = 1"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection
    finally:
        connection.close()


def size_on_disk(directory: Path) -> int:
    """Bytes of the database and its write-ahead log."""
    total = 0
    for companion in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            total += (directory / (DATABASE + companion)).stat().st_size
    return total


def _check_files(directory: Path) -> None:
    """Refuse links and the like: a cloned project can bring them, and SQLite would write where they lead."""
    project_folders = [p for p in (directory, directory.parent) if ".datarecipe" in (p.name, p.parent.name)]
    for folder in project_folders:
        if folder.is_symlink():
            raise ForeignFileError(f"{folder} is a symbolic link; name the place it leads to with --cache-dir")
    for companion in _COMPANIONS:
        file = directory / (DATABASE + companion)
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(file.lstat().st_mode):
                raise ForeignFileError(f"{file} is not a plain file")
            if companion == "-journal":
                # Never there in WAL mode. One that was planted can make SQLite delete a file that it names.
                raise ForeignFileError(f"{file} is no part of a cache")


def _check_same(directory: Path, looked_at: os.stat_result) -> None:
    """Raise where links or another folder were put there meanwhile: SQLite opens its files by their path alone."""
    _check_files(directory)
    if not os.path.samestat(looked_at, directory.stat()):
        raise ForeignFileError("another folder took its place while it was opened")


def _create(directory: Path) -> None:
    """A new database, whole or not at all, though two processes create it, one is killed, or the disk is full."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=directory) as new:
        diskcache.Cache(new, disk=TextDisk, **SETTINGS).close()
        made = Path(new) / DATABASE
        # diskcache is silent where the pages could not be moved from the write-ahead log into the file.
        if not _is_whole(made, directory):
            raise OSError(errno.ENOSPC, "a new database could not be written in full, its disk is full")
        try:
            (directory / DATABASE).hardlink_to(made)
        except FileExistsError:
            return  # the other process's is as good
        except OSError:
            _move_in(made, directory)


def _move_in(made: Path, directory: Path) -> None:
    """Publish `made` on a file system without hard links: renamed, by one process at a time, where there is none yet."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # without locks either, the last one to come wins, and all are empty
            fcntl.flock(folder, fcntl.LOCK_EX)
        if not (directory / DATABASE).exists():
            made.rename(directory / DATABASE)
    finally:
        os.close(folder)


def _is_whole(made: Path, directory: Path) -> bool:
    """Whether the file alone, without its write-ahead log, is what a new database is."""
    connection = sqlite3.connect(f"file:{quote(str(made))}?immutable=1&mode=ro", uri=True)
    try:
        intact: list[tuple[str]] = connection.execute("PRAGMA integrity_check").fetchall()
        return intact == [("ok",)] and _describe(connection) == _expected(directory)
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _check_database(directory: Path, timeout: float) -> None:
    try:
        with connect(directory, timeout) as connection:
            schema, settings = _describe(connection)
    except sqlite3.DatabaseError:
        _check_length(directory)
        raise
    expected_schema, expected_settings = _expected(directory)
    if not schema:
        _check_length(directory)
    if schema != expected_schema:
        names = sorted({name for name, _ in schema ^ expected_schema})
        raise ForeignFileError(f"{directory / DATABASE} was not made by datarecipe (see {', '.join(names)[:80]})")
    if settings != expected_settings:
        names = sorted(
            key for key in settings.keys() | expected_settings if settings.get(key) != expected_settings.get(key)
        )
        raise ForeignFileError(f"{directory / DATABASE} holds settings that are not ours ({', '.join(names)[:80]})")


def _check_length(directory: Path) -> None:
    """Raise `CutOffError` for a file that cannot be read because it ends too early; its write-ahead log has no more."""
    file = directory / DATABASE
    with file.open("rb") as stream:
        begins_so = _BEGINS.startswith(stream.read(len(_BEGINS)))
        size = stream.seek(0, os.SEEK_END)
    if begins_so and size < SMALLEST and size_on_disk(directory) == size:
        raise CutOffError(file, size)


def _describe(connection: sqlite3.Connection) -> tuple[frozenset[tuple[str, str]], dict[str, object]]:
    """((name, definition) of all that the schema holds, settings without counters)."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    schema = frozenset((str(name), repr((kind, table, sql))) for kind, name, table, sql in rows)
    if any(name == "Settings" for name, _ in schema):
        settings = connection.execute("SELECT key, value FROM Settings LIMIT 100").fetchall()
    else:
        settings = []
    return schema, {str(key): value for key, value in settings if key not in _COUNTERS}


def _expected(directory: Path) -> tuple[frozenset[tuple[str, str]], dict[str, object]]:
    """What diskcache makes with our settings, asked of diskcache itself, so that a new release of it is no surprise.

    Where the machine has no folder for temporary files, or a full one, it is made in the cache's `directory`.
    """
    try:
        return _made_in(None)
    except (OSError, sqlite3.Error):
        return _made_in(directory)


@functools.cache
def _made_in(directory: Path | None) -> tuple[frozenset[tuple[str, str]], dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix=".new-" if directory else "datarecipe-", dir=directory) as folder:
        diskcache.Cache(folder, disk=TextDisk, **SETTINGS).close()
        with connect(Path(folder), 1.0) as connection:
            return _describe(connection)
