"""A server of the benchmarks' own: OpenAI's chat completions as fast as plain asyncio gives them, in its own process.

    python -m benchmarks.server --latency 0.5 --sigma 0.2     prints its port, and ends when its standard input does

In a benchmark: `with running(Settings(latency=0.5)) as server: ... server.base_url ... server.stats()`.

It must never be what a client waits for, so it parses just the HTTP that clients send (Content-Length, no pipelining) and
writes bytes. A reply is a pure function of the messages and the seed: whoever asks the same gets the same items, and
whoever asks otherwise gets others. Latencies and faults go by the number of the request instead, so that the n-th request
of every client waits equally long, and a retry meets other luck.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.process import environment

FIRST = ("bra", "cor", "dal", "fen", "gri", "hol", "jun", "kel", "lor", "mar", "nev", "pol", "ras", "sil", "tor", "vin")
SECOND = ("ba", "dent", "fi", "gan", "ho", "ket", "low", "mi", "ner", "pos", "ri", "sta", "tum", "ver", "wick", "zen")
WORDS = [first + second for first in FIRST for second in SECOND]
"""One for each value of a byte."""

GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How the server behaves. Shares are between 0 and 1, of the requests; times are in seconds."""

    latency: float = 0.0
    """The median; latencies are lognormal."""
    sigma: float = 0.0
    """Their spread: the standard deviation of the logarithm."""
    items: int = 5
    """Items in a reply."""
    seed: int = 0
    """Of latencies and faults."""
    rate_limited: float = 0.0
    """Share answered 429 without Retry-After."""
    rate_limited_told: float = 0.0
    """Share answered 429 with it."""
    retry_after: float = 1.0
    """What it says then."""
    failing: float = 0.0
    """Share answered 500."""
    malformed: float = 0.0
    """Share of replies that hold something else than the items asked for."""
    truncated: float = 0.0
    """Share of replies that are cut off, with finish_reason `length`."""
    hanging: float = 0.0
    """Share never answered."""
    cut: float = 0.0
    """Share whose connection is closed midway in the reply."""
    html: float = 0.0
    """Share answered 200 with a page."""
    outage: float = 0.0
    """From the first request on, everything is answered 429 so long."""
    outage_told: float = 0.0
    """What Retry-After says meanwhile; 0 for none."""
    dies_at: int = -1
    """The request, by its number from 0, at which the server goes away: its connections break and nobody listens."""
    dies_for: float = 0.0
    """How long."""
    hangs_at: int = -1
    """The request from which on nothing is answered ..."""
    hangs_for: float = 0.0
    """... so long; requests of this time never are."""


@dataclass(slots=True)
class Stats:
    """What the server saw."""

    requests: int = 0
    answered: int = 0
    """Replies sent whole."""
    faults: dict[str, int] = field(default_factory=dict)
    """How often each happened."""
    in_flight: int = 0
    in_flight_peak: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Of every reply that was written, also where nobody was there to read it."""
    outage_requests: int = 0
    """Requests within the outage."""
    last_arrival: float = 0.0
    """Seconds after the first."""
    items: int = 0
    """Whole items in replies."""


def question(digest: bytes) -> str:
    """Ten words that say nothing."""
    return " ".join(map(WORDS.__getitem__, digest)).capitalize() + "?"


def written_items(digest: bytes, count: int) -> list[str]:
    """`count` items as JSON, different from each other and from those of every other digest."""
    needed = 11 * count
    while len(digest) < needed:
        digest += hashlib.blake2b(digest).digest()
    return [
        f'{{"options": ["yes", "no"], "answer": "{"yes" if digest[at] & 1 else "no"}", '
        f'"question": "{question(digest[at + 1 : at + 11])}"}}'
        for at in range(0, needed, 11)
    ]


def reply_text(digest: bytes, count: int) -> str:
    """The reply to a request with this digest."""
    return f'{{"examples": [{", ".join(written_items(digest, count))}]}}'


def malformed_text(digest: bytes, count: int) -> tuple[str, int]:
    """A reply in which something is wrong, and how many of its items are whole."""
    items = written_items(digest, count)
    match digest[0] % 5:
        case 0:
            items[-1] = '{"options": ["yes", "no"], "answer": "yes"}'
        case 1:
            items[-1] = items[-1].replace('"answer": "', '"answer": "perhaps ')
        case 2:
            items[-1] = '"Is this an object?"'
        case 3:
            return f"Here are some thoughts, but nothing in the format. {question(digest[1:11])}", 0
        case _:
            items[-1] = items[-1].replace('"question": "', '"question": ')
    return f'{{"examples": [{", ".join(items)}]}}', count - 1


def digest_of(body: dict[str, Any]) -> bytes:
    """What decides the reply."""
    return hashlib.blake2b(json.dumps([body["messages"], body.get("seed")]).encode()).digest()


_PHRASES = {200: "OK", 404: "Not Found", 411: "Length Required", 429: "Too Many Requests", 500: "Internal Server Error"}
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_PAGE = b"<!doctype html><html><body><h1>The service is temporarily unavailable</h1></body></html>"


def http(status: int, body: bytes, kind: bytes = b"application/json", more: str = "") -> bytes:
    """A whole response."""
    head = f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Length: {len(body)}\r\n{more}Content-Type: "
    return head.encode() + kind + b"\r\n\r\n" + body


def http_error(status: int, message: str, retry_after: float = 0.0) -> bytes:
    """An error in OpenAI's words."""
    kind = "requests" if status == 429 else "server_error"
    code = "rate_limit_exceeded" if status == 429 else None
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()
    return http(status, body, more=f"Retry-After: {retry_after:g}\r\n" if retry_after else "")


class Server:
    """The state behind all connections."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stats = Stats()
        self.connections: set[Connection] = set()
        self.port = 0
        self._latencies = random.Random(settings.seed)
        self._shares = [
            (name, getattr(settings, name))
            for name in (
                "rate_limited", "rate_limited_told", "failing", "malformed", "truncated", "hanging", "cut", "html",
            )
        ]  # fmt: skip
        self._loop = asyncio.get_running_loop()
        self._listening: asyncio.Server | None = None
        self._first = 0.0
        self._hangs_until = 0.0

    async def listen(self) -> None:
        """Take connections, on the same port as before if there was one."""
        self._listening = await self._loop.create_server(
            partial(Connection, self), "127.0.0.1", self.port, backlog=1024, reuse_address=True
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    def _die(self) -> None:
        assert self._listening is not None
        self._listening.close()
        for connection in list(self.connections):
            connection.abort()
        self._loop.call_later(self.settings.dies_for, lambda: self._loop.create_task(self.listen()))

    def _fault(self, number: int, now: float) -> str:
        """What goes wrong with a request.

        Multiples of the golden ratio, modulo 1, are spread evenly: 5 % of 200 requests are ten, and no more.
        """
        settings = self.settings
        luck = (settings.seed / 7 + (number + 1) * GOLDEN) % 1
        if number == settings.dies_at:
            return "died"
        if number == settings.hangs_at:
            self._hangs_until = now + settings.hangs_for
        if now < self._hangs_until:
            return "hanging"
        if now < settings.outage:
            return "outage"
        for name, share in self._shares:
            luck -= share
            if luck < 0:
                return name
        return ""

    def arrive(self, connection: Connection, raw: bytes) -> None:
        """Take a request for a completion."""
        stats, settings = self.stats, self.settings
        clock = self._loop.time()
        if not stats.requests:
            self._first = clock
        now = clock - self._first
        number, stats.requests, stats.last_arrival = stats.requests, stats.requests + 1, now
        stats.in_flight += 1
        stats.in_flight_peak = max(stats.in_flight_peak, stats.in_flight)
        latency = settings.latency * self._latencies.lognormvariate(0.0, settings.sigma) if settings.latency else 0.0
        fault = self._fault(number, now)
        if fault:
            stats.faults[fault] = stats.faults.get(fault, 0) + 1
        match fault:
            case "died":
                self._die()
            case "hanging":
                pass
            case "outage":
                stats.outage_requests += 1
                connection.send(http_error(429, "Rate limit reached", settings.outage_told))
            case "rate_limited":
                connection.send(http_error(429, "Rate limit reached"))
            case "rate_limited_told":
                connection.send(http_error(429, "Rate limit reached", settings.retry_after))
            case "failing":
                self._later(latency, connection.send, http_error(500, "The server had an error"))
            case "html":
                self._later(latency, connection.send, http(200, _PAGE, b"text/html"))
            case _:
                self._later(latency, self._reply, connection, raw, fault)

    def _later(self, seconds: float, what: Callable[..., None], *arguments: object) -> None:
        if seconds:
            self._loop.call_later(seconds, what, *arguments)
        else:
            what(*arguments)

    def _reply(self, connection: Connection, raw: bytes, fault: str) -> None:
        stats, count, reason = self.stats, self.settings.items, "stop"
        body = json.loads(raw)
        digest = digest_of(body)
        if fault == "malformed":
            text, count = malformed_text(digest, count)
        else:
            text = reply_text(digest, count)
        if fault == "truncated":
            reason, count = "length", count // 2
            text = text[: text.find("}, {", len(text) // 3) + 20] if count else text[:20]
            count = text.count("}, {")
        asked = sum(len(message["content"].encode()) for message in body["messages"]) // 4 + 8
        answered = min(len(text) // 4 + 1, body.get("max_tokens") or body.get("max_completion_tokens") or 1 << 30)
        stats.prompt_tokens += asked
        stats.completion_tokens += answered
        document = {
            "id": f"chatcmpl-{digest[:8].hex()}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": body["model"],
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
            ],
            "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
        }  # fmt: skip
        response = http(200, json.dumps(document).encode())
        if fault == "cut":
            connection.cut(response[: len(response) // 2])
            return
        stats.answered += 1
        stats.items += count
        connection.send(response)

    def document(self) -> bytes:
        """The stats as JSON."""
        return json.dumps({f.name: getattr(self.stats, f.name) for f in fields(self.stats)}).encode()


class Connection(asyncio.Protocol):
    """One client's connection: a request, its response, the next request."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._waiting = False
        self._last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        self._server.connections.discard(self)
        self._done()

    def _done(self) -> None:
        if self._waiting:
            self._waiting = False
            self._server.stats.in_flight -= 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            length = int(found[1]) if found else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._handle(head, body)

    def _handle(self, head: bytes, body: bytes) -> None:
        first = head.split(b"\r\n", 1)[0]
        self._last = b"\r\nconnection: close" in head.lower()
        if first.startswith(b"POST ") and b"/chat/completions" in first:
            if not body:
                self._write(http_error(411, "no chunked bodies here"))
                return
            self._waiting = True
            self._server.arrive(self, body)
        elif first.startswith(b"GET /stats"):
            self._write(http(200, self._server.document()))
        else:
            self._write(http_error(404, "no such path"))

    def _write(self, response: bytes) -> None:
        if self._transport is not None:
            self._transport.write(response)
            if self._last:
                self._transport.close()

    def send(self, response: bytes) -> None:
        """Answer the request; nobody is told when the client has gone."""
        self._done()
        self._write(response)

    def cut(self, part: bytes) -> None:
        """Send a part of the answer and hang up."""
        self._done()
        if self._transport is not None:
            self._transport.write(part)
            self._transport.close()

    def abort(self) -> None:
        """Break the connection."""
        if self._transport is not None:
            self._transport.abort()


@dataclass(frozen=True, slots=True)
class Running:
    """A server in another process."""

    port: int

    @property
    def base_url(self) -> str:
        """What a client takes as base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> Stats:
        """What it saw so far."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"http://127.0.0.1:{self.port}/stats", timeout=10
        ) as response:
            return Stats(**json.load(response))


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """A server in a process of its own, for as long as the block runs."""
    options = [f"--{f.name.replace('_', '-')}={getattr(settings, f.name)}" for f in fields(settings)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.strip().isdigit():
            raise SystemExit("the benchmarks' server did not start")
        yield Running(int(line))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


async def _serve(settings: Settings) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    server = Server(settings)
    await server.listen()
    print(server.port, flush=True)
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await stop.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for setting in fields(Settings):
        default = setting.default
        parser.add_argument(f"--{setting.name.replace('_', '-')}", type=type(default), default=default)
    asyncio.run(_serve(Settings(**vars(parser.parse_args(arguments)))))


if __name__ == "__main__":
    main()
