"""A real HTTP server that speaks the OpenAI protocol, completions and embeddings, for tests and benchmarks.

    with OpenAIServer(Author(), latency=lognormal(0.05), faults=first(3, Fault("rate_limit"))) as server:
        ... server.base_url ... server.requests ... server.seen[0].body

The answer is a pure function of the request's body; latency is random and is not. `python -m tests.openai_server
--port-file F` runs it as a process of its own, for tests that kill what talks to it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, get_args

from aiohttp import web

from tests.openai_author import (
    TIDY_FLAWS,
    TIDY_SHAPES,
    UNTIDY_FLAWS,
    UNTIDY_SHAPES,
    Author,
    Body,
    Reply,
    canonical_hash,
)
from tests.openai_faults import ERRORS, PAGES, REPLIES, UNDELIVERED, Fault, FaultKind, FaultPlan, every

if TYPE_CHECKING:
    from types import TracebackType

Answer: TypeAlias = Callable[[Body], str | Reply]
Latency: TypeAlias = "float | tuple[float, float] | Callable[[random.Random], float]"
"""Seconds, a uniform range of seconds, or a draw from the server's own random source."""


def lognormal(median: float, sigma: float = 0.5) -> Callable[[random.Random], float]:
    """A long-tailed latency around `median` seconds, as providers have."""
    return lambda source: median * source.lognormvariate(0.0, sigma)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    number: int
    path: str
    body: Body
    headers: dict[str, str]
    """Names in lower case."""
    digest: str
    """`canonical_hash` of the body."""
    at: float
    """Monotonic seconds."""

    @property
    def authorization(self) -> str | None:
        """The `Authorization` header."""
        return self.headers.get("authorization")


@dataclass
class OpenAIServer:
    """The server. Runs in a thread with an event loop of its own; a context manager."""

    answer: Answer = field(default_factory=Author)
    latency: Latency = 0.0
    faults: FaultPlan | None = None
    latency_seed: int = 0
    log: Path | None = None
    """A file that gets one JSON line for each request when it arrives, for readers in another process."""
    keep_alive: float = 75.0
    """Seconds after which an idle connection is closed."""
    tls: ssl.SSLContext | None = None
    """Serve https with it."""
    calls_itself: str = ""
    """The model's name in replies, where it is another than the one that was asked for."""
    embed: Callable[[str], list[float]] = field(default_factory=lambda: vector_of)
    """The embedding of a text."""
    embedding_faults: FaultPlan | None = None
    at_port: int = 0
    """Where to listen: a server that comes back has the port of the one that went. 0 for any that is free."""

    def __post_init__(self) -> None:
        self.seen: list[Seen] = []
        self.embedded: list[Seen] = []
        """Requests for embeddings."""
        self.strays: list[str] = []
        """`METHOD path` of everything else."""
        self.answered = 0
        """Replies that were sent whole."""
        self.billed: list[tuple[int, int]] = []
        """Tokens of prompt and reply for every reply that a model wrote, also where nobody was there to take it."""
        self.in_flight = 0
        self.in_flight_max = 0
        self.port = 0
        self._random = random.Random(self.latency_seed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._ids = itertools.count()

    @property
    def base_url(self) -> str:
        """What a client takes as `base_url`."""
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> int:
        """How many chat completions were asked for."""
        return len(self.seen)

    @property
    def headers_seen(self) -> list[dict[str, str]]:
        """The headers of each request, names in lower case."""
        return [request.headers for request in self.seen]

    @property
    def keys_seen(self) -> set[str | None]:
        """All `Authorization` headers that arrived."""
        return {request.authorization for request in self.seen}

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True, name="openai-server")
        self._thread.start()
        if not self._ready.wait(30):
            raise RuntimeError("the test server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._stop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    async def serve(self, port_file: Path | None = None) -> None:
        """Serve until stopped; write the port to `port_file`, whole or not at all."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, keepalive_timeout=self.keep_alive
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.at_port, backlog=1024, ssl_context=self.tls)
            await site.start()
            self.port = runner.addresses[0][1]
            if port_file is not None:
                part = port_file.with_suffix(".part")
                part.write_text(str(self.port))
                part.replace(port_file)
            self._ready.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    def stop(self) -> None:
        """End `serve`; from the loop's own thread."""
        assert self._stop is not None
        self._stop.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and request.path.endswith("/embeddings"):
            return await self._handle_embeddings(request)
        if not (request.method == "POST" and request.path.endswith("/chat/completions")):
            self.strays.append(f"{request.method} {request.path}")
            if request.path.endswith("/models"):
                return web.json_response({"object": "list", "data": [{"id": "test", "object": "model"}]})
            return web.json_response(
                {"error": {"message": "no such path", "type": "invalid_request_error"}}, status=404
            )
        body = await request.json()
        seen = self._noted(request, body, self.seen)
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(json.dumps({"number": seen.number, "digest": seen.digest}) + "\n")
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)
        try:
            if (pause := self._pause()) > 0:
                await self._write_meanwhile(body, pause)
            fault = self.faults(seen.number, body) if self.faults is not None else None
            response = await self._fail(fault, request, body) if fault is not None else self._reply(body)
            self.answered += 1
            return response
        finally:
            self.in_flight -= 1

    @staticmethod
    def _noted(request: web.Request, body: Body, seen: list[Seen]) -> Seen:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen.append(Seen(len(seen), request.path_qs, body, headers, canonical_hash(body), time.monotonic()))
        return seen[-1]

    async def _handle_embeddings(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen = self._noted(request, body, self.embedded)
        if (pause := self._pause()) > 0:
            await asyncio.sleep(pause)
        fault = self.embedding_faults(seen.number, body) if self.embedding_faults is not None else None
        if fault is not None:
            return await self._fail(fault, request, body)
        return web.json_response(self.embeddings(body))

    def embeddings(self, body: Body) -> dict[str, Any]:
        """The document with the embeddings of the body's texts."""
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        tokens = sum(len(text) // 4 + 2 for text in texts)
        self.billed.append((tokens, 0))
        return {
            "object": "list",
            "model": self.calls_itself or f"{body['model']}-test",
            "data": [
                {"object": "embedding", "index": index, "embedding": self.embed(text)}
                for index, text in enumerate(texts)
            ],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _pause(self) -> float:
        if callable(self.latency):
            return self.latency(self._random)
        if isinstance(self.latency, tuple):
            return self._random.uniform(*self.latency)
        return self.latency

    async def _write_meanwhile(self, body: Body, pause: float) -> None:
        """Who leaves while the model writes pays all the same."""
        try:
            await asyncio.sleep(pause)
        except asyncio.CancelledError:
            self._bill(body, self._answer(body))
            raise

    def _answer(self, body: Body) -> Reply:
        answer = self.answer(body)
        return Reply(answer) if isinstance(answer, str) else answer

    def _bill(self, body: Body, reply: Reply) -> None:
        asked, answered = _tokens(body, reply)
        most = body.get("max_tokens", body.get("max_completion_tokens"))
        self.billed.append((asked, min(answered, most) if isinstance(most, int) else answered))

    def _reply(self, body: Body) -> web.Response:
        return web.Response(text=json.dumps(self._document(body, self._answer(body))), content_type="application/json")

    def _document(self, body: Body, reply: Reply) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
        if reply.reasoning is not None:
            message["reasoning_content"] = reply.reasoning
        asked, answered = _tokens(body, reply)
        self._bill(body, reply)
        return {
            "id": f"chatcmpl-{next(self._ids)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.calls_itself or f"{body['model']}-test",
            "service_tier": "default",
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
            "usage": {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
        }

    async def _fail(self, fault: Fault, request: web.Request, body: Body) -> web.StreamResponse:
        if fault.kind in ERRORS:
            status, error = ERRORS[fault.kind]
            headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            error = error if fault.message is None else error | {"message": fault.message}
            return web.json_response({"error": error}, status=status, headers=headers)
        if fault.kind in UNDELIVERED:
            self._bill(body, self._answer(body))
        if fault.kind in PAGES:
            kind, text = PAGES[fault.kind]
            return web.Response(text=text, content_type=kind)
        if fault.kind == "raw":
            body_sent = fault.body.encode() if isinstance(fault.body, str) else fault.body
            return web.Response(status=fault.status, body=body_sent, headers=fault.headers)
        if fault.kind == "drop":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault.kind == "hang":
            await asyncio.sleep(3600)
        if fault.kind == "cut_connection":
            return await self._cut(request)
        document = self._document(body, REPLIES.get(fault.kind, Reply("")))
        return web.json_response(document | {"choices": []} if fault.kind == "no_choices" else document)

    @staticmethod
    async def _cut(request: web.Request) -> web.StreamResponse:
        """Promise a body, send part of it, and close the connection."""
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"id": "chatcmpl-1", "choices"')
        assert request.transport is not None
        request.transport.close()
        return response


def vector_of(text: str) -> list[float]:
    """Texts with words in common have near vectors. No whole numbers, and not of length 1, as some servers give them."""
    vector = [0.001] * 48
    for word in text.casefold().split():
        source = random.Random(word)
        vector = [value + source.gauss(0, 1) for value in vector]
    return vector


def _tokens(body: Body, reply: Reply) -> tuple[int, int]:
    """Of the prompt and of the reply, as this provider counts."""
    asked = sum(len(m["content"]) for m in body["messages"] if isinstance(m["content"], str)) // 4 + 8
    return asked, len(reply.text or "") // 4 + 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.openai_server", description="A test server of its own process."
    )
    parser.add_argument("--port-file", type=Path, required=True, help="gets the port once the server listens")
    parser.add_argument("--log", type=Path, help="gets one JSON line for each request")
    parser.add_argument("--latency", type=float, default=0.0, help="median seconds (lognormal)")
    parser.add_argument("--variety", type=int, default=5000, help="how many different texts the author knows")
    parser.add_argument("--batch-size", type=int, default=5)
    parser.add_argument("--tidy", action="store_true", help="valid items in the shape asked for")
    parser.add_argument("--fault", choices=get_args(FaultKind), help="what every --fault-every-th request gets")
    parser.add_argument("--fault-every", type=int, default=10)
    return parser.parse_args()


async def _main() -> None:
    arguments = _arguments()
    server = OpenAIServer(
        answer=Author(
            batch_size=arguments.batch_size,
            variety=arguments.variety,
            shapes=dict(TIDY_SHAPES if arguments.tidy else UNTIDY_SHAPES),
            flaws=dict(TIDY_FLAWS if arguments.tidy else UNTIDY_FLAWS),
            fewer=0.0 if arguments.tidy else 0.1,
        ),
        latency=lognormal(arguments.latency) if arguments.latency else 0.0,
        faults=every(arguments.fault_every, Fault(arguments.fault)) if arguments.fault else None,
        log=arguments.log,
    )
    serving = asyncio.create_task(server.serve(arguments.port_file))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    parent = os.getppid()
    while not serving.done():  # an orphan ends itself: the test that started it may have been killed
        await asyncio.wait([serving], timeout=0.5)
        if os.getppid() != parent:
            server.stop()
    await serving


if __name__ == "__main__":
    asyncio.run(_main())
