"""The response cache: what was paid for is on disk before it is used, and stays there.

One SQLite file through diskcache (`cache_file` says what is closed there), one JSON text for each response
(`cache_record`). A key is that of the request, in `exchange`. Promises: docs/architecture.md, "The cache".
"""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import diskcache

from datarecipe.errors import CacheError
from datarecipe.exchange import Complete, Usage
from datarecipe.llm.cache import cache_record
from datarecipe.llm.cache.cache_file import (
    LONGEST_ROW,
    CutOffError,
    ForeignFileError,
    connect,
    open_cache,
    size_on_disk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from datarecipe.exchange import Json, Request, Response

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that is writing."""


@dataclass(frozen=True, slots=True)
class ModelStats:
    """What the cache holds of one model, as requests name it."""

    responses: int
    usage: Usage
    """Summed over the responses whose tokens the provider counted."""


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What the cache holds."""

    count: int
    """Responses, damaged rows included."""
    damaged: int
    """Rows that cannot be read as responses."""
    bytes_on_disk: int
    by_model: Mapping[str, ModelStats]
    """By the model that was asked, for their price."""


class ResponseCache:
    """Responses by request, in one folder. Safe with several processes at once. A context manager.

    Opening makes the folder and writes to it, so that a place that cannot be written to is known before anything is
    paid for. Every method raises `CacheError` for a disk, file or row that it cannot use.
    """

    def __init__(self, directory: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        """Open the cache in `directory`; wait up to `lock_timeout` seconds for other processes' writes."""
        self.directory = directory.absolute()
        self._lock_timeout = lock_timeout
        with self._explained("cannot be opened"):
            self._cache = open_cache(self.directory, lock_timeout)
            self._keep_out_of_git()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection. Using the cache again opens another."""
        self._cache.close()

    def get(self, request: Request) -> Response | None:
        """The stored response to `request`, or None: that of its last retry, if it was asked again. Contacts nothing."""
        found = self._find(request)
        if found is None:
            return None
        response, retried = found
        if retried and isinstance(request, Complete) and (last := self._find(_retry(request, retried))) is not None:
            return last[0]
        return response

    def _find(self, request: Request) -> tuple[Response, int] | None:
        with self._explained("cannot be read", request.key):
            text = self._cache.get(request.key)
            return None if text is None else cache_record.decode(text, request)

    def next_retry(self, request: Complete) -> Complete:
        """What to ask where the stored response to `request` is to be replaced: the same, with a draw of its own."""
        found = self._find(request)
        if found is None:
            return request
        if found[1] >= cache_record.MOST_RETRIES:
            raise CacheError(
                f"a request was asked again {cache_record.MOST_RETRIES:,} times already, row {request.key} of the response "
                f"cache in {self.directory}",
                hint="Change the recipe or the model: the same requests will not do.",
            )
        return _retry(request, found[1] + 1)

    def put_retry(self, request: Complete, retry: Complete, response: Response) -> Response:
        """Store `response` to `retry`, and let it stand for the one to `request`, which stays. Gives what stands.

        A process that dies in between has stored the response: the next retry finds it.
        """
        stored = self.put(retry, response)
        # In one transaction: a command that goes on longer never takes back what another has asked since.
        with self._explained("cannot be written", request.key), self._cache.transact():
            if (text := self._cache.get(request.key)) is not None:
                self._cache.set(request.key, cache_record.retried(text, retry.draw.retry))
        return self.get(request) or stored

    def put(self, request: Request, response: Response) -> Response:
        """Store `response`, and return the one that is stored: the first writer's, where there were two.

        When this returns, the response survives the process (kill -9 too).
        """
        with self._explained("cannot be written", request.key):
            added = self._cache.add(request.key, cache_record.encode(request, response))
        if added:
            return response
        return self.get(request) or response

    def stats(self) -> CacheStats:
        """Count, size and tokens. Reads every row; a damaged one is counted, not raised."""
        count = damaged = 0
        responses, prompts, replies = Counter[str](), Counter[str](), Counter[str]()
        for document in self._documents():
            count += 1
            if document is None:
                damaged += 1
            else:
                model, usage = _asked_model(document), cache_record.usage_of(document) or Usage(0, 0)
                responses[model] += 1
                prompts[model] += usage.prompt_tokens
                replies[model] += usage.completion_tokens
        by_model = {
            name: ModelStats(responses[name], Usage(prompts[name], replies[name])) for name in sorted(responses)
        }
        return CacheStats(count, damaged, size_on_disk(self.directory), by_model)

    def requests(self) -> Iterator[Mapping[str, Json]]:
        """What was asked for each stored completion: `content` and `draw`. Damaged rows are left out."""
        for document in self._documents():
            if document is not None and document.get("kind") == "completion":
                request = document.get("request")
                if isinstance(request, dict):
                    yield request

    def _documents(self) -> Iterator[dict[str, Json] | None]:
        """The documents of all rows, None for a damaged one."""
        with self._explained("cannot be read"), connect(self.directory, self._lock_timeout) as connection:
            # As bytes: a damaged row may hold text that is not UTF-8.
            for mode, filename, value in connection.execute(
                "SELECT mode, filename, CASE typeof(value) WHEN 'text' THEN CAST(value AS BLOB) END FROM Cache"
            ):
                document = None
                if value is not None and mode == diskcache.core.MODE_RAW and filename is None:
                    with contextlib.suppress(ValueError):
                        parsed = cache_record.parse(value.decode())
                        cache_record.usage_of(parsed)  # raises for a damaged one
                        document = parsed
                yield document

    def forget(self, key: str) -> bool:
        """Remove one row, whole or damaged; whether there was one. Its response is asked, and paid, again."""
        with self._explained("cannot be written"):
            return bool(self._cache.delete(key))

    def clear(self) -> int:
        """Remove every response; return how many there were. Rows that others add meanwhile may go too."""
        with self._explained("cannot be cleared"):
            return int(self._cache.clear())

    def _keep_out_of_git(self) -> None:
        """Responses are the user's own. What lies beside them in `.datarecipe` (schema, configuration) is the team's."""
        for folder, ignored in ((self.directory, "*"), (self.directory.parent, f"/{self.directory.name}/")):
            if folder.name == ".datarecipe":
                with contextlib.suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="utf-8") as file:
                    file.write(f"{ignored}\n")

    @contextlib.contextmanager
    def _explained(self, what: str, key: str | None = None) -> Iterator[None]:
        """Every failure of disk, file and row as a `CacheError` with a way out."""
        try:
            yield
        except (
            cache_record.RecordError, ForeignFileError, diskcache.Timeout, sqlite3.Error, OSError, UnicodeDecodeError
        ) as error:  # fmt: skip
            if isinstance(error, diskcache.Timeout | sqlite3.Error | OSError | UnicodeDecodeError):
                with contextlib.suppress(AttributeError, sqlite3.Error):
                    self._cache.close()  # a commit that failed would leave its transaction open
            reason, hint = self._reason_and_hint(error, key)
            raise CacheError(f"the response cache in {self.directory} {what}: {reason}", hint=hint) from error

    def _reason_and_hint(self, error: Exception, key: str | None) -> tuple[str, str]:
        match error:
            case CutOffError():
                remove = f"rm {shlex.quote(str(error.file))}"
                return str(error), f"It holds nothing. Remove it, and run the same command again: {remove}"
            case cache_record.RecordError() | ForeignFileError() if key is None:
                return str(error), _hint("not a database")
            case cache_record.VersionError():
                return f"row {key}: {error}", (
                    "Another release of datarecipe wrote it: use that one, or name another folder with --cache-dir."
                )
            case cache_record.RecordError() | ForeignFileError():
                return f"row {key}: {error}", (
                    "The row is damaged or was not written by this release of datarecipe. "
                    f"`datarecipe cache --cache-dir {shlex.quote(str(self.directory))} forget {key}` removes it, "
                    "and it is asked anew; all others stay."
                )
            case sqlite3.DataError():
                return f"{'a row' if key is None else f'row {key}'} has more than {LONGEST_ROW:,} bytes", (
                    "No release of datarecipe wrote it. Name another folder with --cache-dir."
                )
        # diskcache hides SQLite's own words behind a bare Timeout; they stay in its context.
        reason = str(error.__context__ if isinstance(error, diskcache.Timeout) and error.__context__ else error)
        return reason, _hint(reason)


def _retry(request: Complete, number: int) -> Complete:
    return Complete(request.content, replace(request.draw, retry=number))


def content_and_draw(request: Complete) -> tuple[Mapping[str, Json], Json]:
    """A request's content and draw as they stand in the cache."""
    document = cache_record.request_document(request)
    content = document["content"]
    assert isinstance(content, dict)
    return content, document["draw"]


def _asked_model(document: Mapping[str, Json]) -> str:
    request = document.get("request")
    content = request.get("content") if isinstance(request, dict) else None
    if isinstance(request, dict) and document.get("kind") == "embedding":
        return str(request.get("embedder"))
    return str(content.get("model")) if isinstance(content, dict) else "unknown"


_HINTS = (
    (
        ("is full", "no space left", "disk i/o error", "too large", "quota"),
        "Free space on its disk, or name another folder with --cache-dir. What was stored before is kept.",
    ),
    (
        ("readonly", "read-only", "permission denied", "unable to open", "not permitted"),
        "Give yourself the right to write there, or name another folder with --cache-dir (or DATARECIPE_CACHE).",
    ),
    (("locked", "busy"), "Another process is writing to it. Wait until it has ended, and run the same command again."),
    (
        ("not a database", "malformed", "corrupt", "no such table", "decode"),
        "The file is damaged or foreign. Restore a copy, or move it away; what it held is asked for, and paid, again.",
    ),
    (("too many open files",), "Let this process open more files (ulimit -n 1024), then run the same command again."),
    (("file exists", "not a directory"), "A file is in the way. Name another folder with --cache-dir."),
)


def _hint(reason: str) -> str:
    lower = reason.lower()
    for words, hint in _HINTS:
        if any(word in lower for word in words):
            return hint
    return "Name another folder with --cache-dir (or DATARECIPE_CACHE)."
