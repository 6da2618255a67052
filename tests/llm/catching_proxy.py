"""A proxy in which every host's connections end: it writes down what came for whom, and gives all the same answer."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.llm.certificates import Certificate

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Caught:
    """One request."""

    scheme: str
    host: str
    port: int
    text: str = field(repr=False)
    """Head and body; empty for a connection that was opened and no request came."""


class CatchingProxy:
    """Use as an async context manager, which gives its URL. `behind` is for the names that it stands in for."""

    def __init__(self, behind: Certificate, status: int = 401, headers: str = "", body: str = '{"error": {}}') -> None:
        self.behind = behind
        self.answer = (
            f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n{headers}\r\n{body}"
        ).encode()
        self.caught: list[Caught] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, text = "", ""
        with contextlib.suppress(OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                host = text.split()[1]
                if text.startswith("CONNECT "):
                    text = ""
                    writer.write(b"HTTP/1.1 200 Here you are\r\n\r\n")
                    await writer.start_tls(self.behind.server)
                    text = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line[15:] for line in text.lower().split("\r\n") if line.startswith("content-length:")]
                text += (await reader.readexactly(int(lengths[0]) if lengths else 0)).decode("utf-8", "replace")
                writer.write(self.answer)
                await writer.drain()
        if host:
            url = urlsplit(host if "://" in host else f"https://{host}")
            self.caught.append(Caught(url.scheme, url.hostname or "", url.port or 80, text))
        writer.close()
