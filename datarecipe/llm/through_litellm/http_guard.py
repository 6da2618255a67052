"""What litellm's HTTP clients may do for a guarded request: ask the endpoint's hosts, follow nothing, read within bounds.

litellm makes its clients in many places, with redirects followed and replies read whole. All of them are clients of httpx
(or of httpx2, which the openai client uses), so `send` is held there, for every client, old or new. Requests without a guard
are sent as ever. What other libraries do, `connection_guard.py` holds to the hosts.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import zlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from datarecipe.json_size import holds_more, too_many_values
from datarecipe.llm.through_litellm.connection_guard import Guard, current

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LONGEST_REPLY = 2 * 2**20
"""Bytes of a reply, unpacked: some five times what the longest batch takes. litellm builds objects of all that a reply holds
and searches what it cannot read for secrets, and its time for 16 MB was 26 s."""
LONGEST_ERROR = 16 * 2**10
"""Bytes of an error's body, unpacked; the rest is cut off. litellm searches it for secrets, in time that grows with the
square of its length: 64 KB took 2 s."""
MOST_VALUES = 10_000
"""Of a reply's JSON. An answer has fifty, and some thousand with all that it was searched for. litellm makes several objects
of each, and a message of all that it finds wrong with them: 600,000 took a minute and two gigabytes."""
_UNDERSTOOD = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_MARK = "held by datarecipe"


class UnreadableReplyError(OSError):
    """A reply beyond the bound, or packed in a way that cannot be unpacked."""


def hold_clients() -> None:
    """Hold the clients of the HTTP libraries that are imported by now; once for each."""
    for name in ("httpx", "httpx2"):
        module = sys.modules.get(name)
        if module is not None and not hasattr(module.AsyncClient.send, _MARK):
            _hold(module)
    connector = sys.modules.get("aiohttp.connector")
    if connector is not None:
        # The other one asks for addresses in native code, past the guard of connections, which refuses what comes of it.
        connector.DefaultResolver = sys.modules["aiohttp"].ThreadedResolver  # type: ignore[attr-defined]


def _hold(module: ModuleType) -> None:
    send, async_send = module.Client.send, module.AsyncClient.send
    bounded = _bounded(module)

    @functools.wraps(send)
    def held(self: Any, request: Any, *, stream: bool = False, **options: Any) -> Any:
        if (guard := current()) is None:
            return send(self, request, stream=stream, **options)
        _check(guard, request)
        response = send(self, request, stream=True, **options | {"follow_redirects": False})
        response.stream = bounded(response.stream, _bounds(guard, response))
        if not stream:
            try:
                response.read()
            finally:
                response.close()
        return response

    @functools.wraps(async_send)
    async def async_held(self: Any, request: Any, *, stream: bool = False, **options: Any) -> Any:
        if (guard := current()) is None:
            return await async_send(self, request, stream=stream, **options)
        _check(guard, request)
        response = await async_send(self, request, stream=True, **options | {"follow_redirects": False})
        response.stream = bounded(response.stream, _bounds(guard, response))
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response

    for replacement in (held, async_held):
        setattr(replacement, _MARK, True)
    module.Client.send = held
    module.AsyncClient.send = async_held


def _check(guard: Guard, request: Any) -> None:
    url = request.url
    if not guard.hosts.allows(url.scheme, url.host, url.port):
        raise guard.refuse(url.host if url.port is None else f"{url.host}:{url.port}")
    if request.headers.get("accept-encoding", "identity") != "identity":
        request.headers["accept-encoding"] = "gzip, deflate"


class _Bounds:
    """Unpacks a body piece by piece, and ends it at its bound."""

    def __init__(self, guard: Guard, encoding: str, most: int, *, cut: bool) -> None:
        self._guard = guard
        self._encoding = encoding
        self._unpack = None if encoding in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._pieces: list[bytes] = []
        self._left = self._most = most
        self._cut = cut

    def take(self, piece: bytes) -> bool:
        """Add `piece` to the body. Whether the rest is to be left. Raises `UnreadableReplyError`."""
        if self._encoding not in _UNDERSTOOD:
            raise self._unreadable(f"an encoding that was not asked for, {self._encoding!a:.40}")
        # One byte more than fits shows that it is too long; nothing beyond is unpacked.
        body = piece if self._unpack is None else self._unpacked(piece, self._left + 1)
        if len(body) > self._left and not self._cut:
            raise self._unreadable(f"more than {self._most} bytes")
        self._pieces.append(body[: self._left])
        self._left -= len(self._pieces[-1])
        return self._cut and self._left == 0

    def whole(self) -> bytes:
        """The body. Raises `UnreadableReplyError` where it holds too many values."""
        body = b"".join(self._pieces)
        if not self._cut:
            with contextlib.suppress(ValueError, RecursionError):  # no JSON, which litellm finds out for itself
                if too_many_values(body) or holds_more(json.loads(body), MOST_VALUES):
                    raise self._unreadable(f"more than {MOST_VALUES} values")
        return body

    def _unpacked(self, piece: bytes, most: int) -> bytes:
        assert self._unpack is not None
        try:
            return self._unpack.decompress(piece, most)
        except zlib.error as error:
            if self._encoding != "deflate" or self._left != self._most:
                raise self._unreadable(str(error)) from None
        self._unpack = zlib.decompressobj(-zlib.MAX_WBITS)  # without a header, as some servers understand it
        try:
            return self._unpack.decompress(piece, most)
        except zlib.error as error:
            raise self._unreadable(str(error)) from None

    def _unreadable(self, why: str) -> UnreadableReplyError:
        self._guard.unreadable = why
        return UnreadableReplyError(why)


def _bounds(guard: Guard, response: Any) -> _Bounds:
    """What holds for the body of `response`, which is handed on as if it had come unpacked and led nowhere."""
    status = response.status_code
    guard.answered(status, dict(response.headers))
    response.next_request = None
    encoding = response.headers.pop("content-encoding", "").strip().lower()
    if encoding:
        response.headers.pop("content-length", None)
    fine = 200 <= status < 300
    return _Bounds(guard, encoding, LONGEST_REPLY if fine else LONGEST_ERROR, cut=not fine)


def _bounded(module: ModuleType) -> Any:
    """A body within bounds, for clients that wait and for those that don't."""

    class Bounded(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, body: Any, bounds: _Bounds) -> None:
            self._body, self._bounds = body, bounds

        def __iter__(self) -> Iterator[bytes]:
            for piece in self._body:
                if self._bounds.take(piece):
                    break
            yield self._bounds.whole()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._body:
                if self._bounds.take(piece):
                    break
            yield self._bounds.whole()

        def close(self) -> None:
            self._body.close()

        async def aclose(self) -> None:
            await self._body.aclose()

    return Bounded
