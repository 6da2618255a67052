"""The direct transport against a real server: what it keeps, bounds, refuses, and where it goes."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import DatarecipeError, MachineError, ProviderError, TransientError, UsageError
from datarecipe.exchange import Complete, Completion
from datarecipe.llm.failures.failure_table import Failure
from datarecipe.llm.open_transport import open_transport
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transport import AskAgainError
from datarecipe.llm.transports import openai_protocol
from datarecipe.llm.transports.direct_session import proxy_of
from datarecipe.llm.transports.direct_transport import DirectTransport
from datarecipe.llm.transports.openai_reply import LONGEST_TEXT, Replies, without_thinking
from tests.llm.asking import answered
from tests.llm.certificates import Certificate, certificate
from tests.llm.test_both_transports import SECRET, document, endpoint_of, outcome, request
from tests.openai_author import Author
from tests.openai_faults import Fault, always, first, raw
from tests.openai_server import OpenAIServer

ROOT = Path(__file__).parents[2]
MODEL = "openai/gpt-test"


@asynccontextmanager
async def transport(
    base: str | None, model: str = MODEL, environ: Mapping[str, str] | None = None
) -> AsyncIterator[DirectTransport]:
    environ = {"OPENAI_API_KEY": SECRET} if environ is None else environ
    async with DirectTransport(endpoint_of(model, base, environ), environ=environ) as opened:
        yield opened


async def test_many_at_once_are_one_request_each() -> None:
    with OpenAIServer(Author.tidy(), latency=1.0) as server:
        async with transport(server.base_url) as direct:
            asked = [numbered(server.base_url, number) for number in range(200)]
            completions = await asyncio.gather(*(direct.complete(one, timeout=60) for one in asked))
    assert server.requests == 200
    assert server.in_flight_max > 60  # nothing here holds them back
    answers = {seen.body["messages"][1]["content"]: Author.tidy()(seen.body).text for seen in server.seen}
    assert [c.text for c in completions] == [answers[str(number)] for number in range(200)]


def numbered(base: str, number: int) -> Complete:
    return request(MODEL, base, messages=(("system", "Write."), ("user", str(number))))


async def test_connections_are_kept_and_used_again() -> None:
    with counted_connections() as (server, connections):
        async with transport(server.base_url) as direct:
            for number in range(10):
                await direct.complete(numbered(server.base_url, number), timeout=30)
    assert len(connections) == 1


async def test_a_server_that_closes_idle_connections_costs_no_answer() -> None:
    """It closes one just when the next request is on its way, now and then: that one is to be asked again at once."""
    with OpenAIServer(Author.tidy(), keep_alive=0.05) as server:
        async with transport(server.base_url) as direct:
            for number in range(8):
                request = numbered(server.base_url, number)
                try:
                    await direct.complete(request, timeout=30)
                except AskAgainError:
                    await direct.complete(request, timeout=30)
                await asyncio.sleep(0.04 + 0.005 * number)
    assert server.requests == 8


class Hangs(threading.Thread):
    """Answers the first request of each connection, and hangs up at the second one, as a server does whose time is up."""

    def __init__(self, then: bytes = b"") -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"
        self.requests = 0
        self.connections = 0
        self.then = then

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection:
            self.read(connection)
            body = json.dumps(document()).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            self.read(connection)
            connection.sendall(self.then)

    def read(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (part := connection.recv(65536)):
                return
            received += part
        head, _, rest = received.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(rest) < length:
            rest += connection.recv(65536)
        self.requests += 1

    def __enter__(self) -> Hangs:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()


async def test_a_kept_connection_that_is_dead_is_replaced() -> None:
    with Hangs() as server:
        async with transport(server.base_url) as direct:
            for number in range(3):
                assert (await answered(direct, numbered(server.base_url, number))).text == "hi"
    assert server.requests == 5  # the second and the third came twice
    assert server.connections == 3


async def test_a_kept_connection_that_ends_within_an_answer_is_an_attempt_lost() -> None:
    with Hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as server:
        async with transport(server.base_url) as direct:
            await direct.complete(numbered(server.base_url, 0), timeout=30)
            with pytest.raises(TransientError) as caught:
                await direct.complete(numbered(server.base_url, 1), timeout=30)
    assert caught.value.charged
    assert server.requests == 2


async def test_a_new_connection_that_ends_without_an_answer_is_an_attempt_lost() -> None:
    with OpenAIServer(faults=always(Fault("drop"))) as server:
        async with transport(server.base_url) as direct:
            with pytest.raises(TransientError) as caught:
                await direct.complete(request(MODEL, server.base_url), timeout=30)
    assert caught.value.charged
    assert server.requests == 1


@contextmanager
def counted_connections() -> Iterator[tuple[OpenAIServer, set[str]]]:
    """A server, and the connections that it sees, by the client's port."""
    seen: set[str] = set()

    class Counting(OpenAIServer):
        async def _handle(self, request: Any) -> Any:
            seen.add(str(request.transport.get_extra_info("peername")))
            return await super()._handle(request)

    with Counting(Author.tidy()) as server:
        yield server, seen


async def test_a_cancelled_request_is_cancelled() -> None:
    with OpenAIServer(faults=first(1, Fault("hang"))) as server:
        async with transport(server.base_url) as direct:
            task = asyncio.create_task(direct.complete(request(MODEL, server.base_url), timeout=60))
            while server.in_flight == 0:  # noqa: ASYNC110  # the server runs in another thread
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await direct.complete(request(MODEL, server.base_url), timeout=60)).text


async def test_a_reply_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datarecipe.llm.transports.direct_session.LONGEST_BODY", 100_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        with suppress(OSError):
            while True:
                writer.write(b" " * 10_000)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with transport(base) as direct:
        with pytest.raises(TransientError, match="100000 bytes") as caught:
            await direct.complete(request(MODEL, base), timeout=30)
    server.close()
    assert caught.value.charged


async def test_an_absurdly_long_text_is_cut() -> None:
    with OpenAIServer(faults=always(Fault("huge"))) as server:
        async with transport(server.base_url) as direct:
            completion = await direct.complete(request(MODEL, server.base_url), timeout=60)
    assert (completion.finish_reason, len(completion.text)) == ("length", LONGEST_TEXT)


async def test_a_redirect_takes_the_key_nowhere() -> None:
    with OpenAIServer(Author.tidy()) as other:
        away = raw(307, "", {"Location": f"{other.base_url}/chat/completions?key=s3cret"})
        with OpenAIServer(faults=always(away)) as server:
            async with transport(server.base_url) as direct:
                with pytest.raises(ProviderError, match="another address"):
                    await direct.complete(request(MODEL, server.base_url), timeout=30)
    assert (server.requests, other.requests, other.strays) == (1, 0, [])


async def test_a_server_that_takes_no_seed_is_asked_without() -> None:
    refusal = raw(400, {"error": {"message": "Unrecognized request argument supplied: seed", "param": None}})
    with OpenAIServer(Author.tidy(), faults=lambda number, body: refusal if "seed" in body else None) as server:
        async with transport(server.base_url) as direct:
            for number in range(3):
                assert (await answered(direct, numbered(server.base_url, number))).text
    assert ["seed" in seen.body for seen in server.seen] == [True, False, False, False]


async def test_a_server_that_always_speaks_of_seeds_is_asked_twice() -> None:
    with OpenAIServer(faults=always(raw(400, {"error": {"message": "no seed"}}))) as server:
        async with transport(server.base_url) as direct:
            with pytest.raises(ProviderError, match="no seed"):
                await answered(direct, request(MODEL, server.base_url))
    assert server.requests == 2


async def test_cookies_are_not_kept() -> None:
    with OpenAIServer(faults=always(raw(200, document(), {"Set-Cookie": "session=1"}))) as server:
        base = server.base_url.replace("127.0.0.1", "localhost")  # cookies of bare addresses are never kept
        async with transport(base) as direct:
            for _ in range(2):
                await direct.complete(request(MODEL, base), timeout=30)
    assert server.requests == 2
    assert all("cookie" not in headers for headers in server.headers_seen)


async def test_nothing_of_the_environment_goes_to_a_recipes_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environ = {
        f"{name}": f"stolen-{name}"
        for name in (
            "OPENAI_ORGANIZATION", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "HOSTED_VLLM_API_KEY",
        )
    } | {"OPENAI_API_KEY": SECRET, "OPENAI_CUSTOM_HEADERS": "X-Team: stolen"}  # fmt: skip
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login stolen password stolen\n")
    for name, value in (environ | {"NETRC": str(tmp_path / ".netrc"), "HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with OpenAIServer(Author.tidy()) as server:
        async with DirectTransport(endpoint_of(MODEL, server.base_url, environ, "recipe"), environ=environ) as direct:
            await direct.complete(request(MODEL, server.base_url), timeout=30)
    (seen,) = server.seen
    assert "stolen" not in repr(seen)
    assert seen.authorization == f"Bearer {SECRET}"


async def test_sampling_that_is_never_sent_and_other_endpoints_are_refused() -> None:
    with OpenAIServer(Author.tidy()) as server:
        async with transport(server.base_url) as direct:
            with pytest.raises(ValueError, match="api_base"):
                await direct.complete(request(MODEL, server.base_url, sampling={"api_base": "x"}), timeout=30)
            for asked in (request("openai/other", server.base_url), request(MODEL, "http://other.example")):
                with pytest.raises(ValueError, match="other"):
                    await direct.complete(asked, timeout=30)
    assert server.requests == 0


@pytest.mark.parametrize("provider", [name for name in openai_protocol.names() if provider_facts.TABLE[name].needs_key])
async def test_a_missing_key_is_an_error_before_anything_is_sent(provider: str) -> None:
    async with transport(None, f"{provider}/m", {}) as direct:
        with pytest.raises(ProviderError, match=f"{provider_facts.key_variables(provider)[0]} is not set"):
            await direct.complete(request(f"{provider}/m", None), timeout=30)


@pytest.mark.parametrize("provider", [name for name in openai_protocol.names() if provider_facts.TABLE[name].needs_url])
async def test_a_missing_url_is_an_error_before_anything_is_sent(provider: str) -> None:
    async with transport(None, f"{provider}/m", {}) as direct:
        with pytest.raises(ProviderError, match="--api-base"):
            await direct.complete(request(f"{provider}/m", None), timeout=30)


# Which transport


def opened(model: str, how: Any, base: str | None = None) -> Any:
    endpoint = endpoint_of(model, base, {})
    return open_transport(model, endpoint, weights=None, environ={}, notice=print, transport=how)


def test_direct_where_it_is_proven_litellm_elsewhere() -> None:
    assert isinstance(opened("openai/gpt-4o", "auto"), DirectTransport)
    assert isinstance(opened("ollama_chat/llama3.2", "auto"), DirectTransport)
    assert isinstance(opened("hosted_vllm/m", "auto", "http://localhost:1/v1"), DirectTransport)
    for model in (
        "anthropic/claude-sonnet-4",
        "gemini/gemini-2.0-flash",
        "openai/o1-pro",
        "openai/gpt-7",
        "perplexity/m",
    ):
        assert isinstance(opened(model, "auto"), LitellmTransport)
    for model in ("openai/gpt-4o", "hosted_vllm/m"):
        assert isinstance(opened(model, "litellm", "http://localhost:1/v1"), LitellmTransport)


@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4", "openai/o1-pro", "perplexity/m"])
def test_direct_is_refused_where_it_is_not_spoken(model: str) -> None:
    with pytest.raises(UsageError) as caught:
        opened(model, "direct")
    assert "hosted_vllm" in str(caught.value)
    assert "--transport litellm" in str(caught.value)


async def test_a_parameter_that_litellm_rewrites_is_left_to_it() -> None:
    with OpenAIServer(Author.tidy()) as server:
        async with opened("deepseek/m", "auto", server.base_url) as either:
            either.check()
            for sampling in ({"temperature": 1}, {"reasoning_effort": "low"}):
                await either.complete(request("deepseek/m", server.base_url, sampling=sampling), timeout=30)
    mine, litellms = server.seen
    assert mine.headers["user-agent"].startswith("datarecipe")
    assert litellms.body["thinking"] == {"type": "enabled"}


async def test_direct_refuses_a_parameter_that_litellm_rewrites() -> None:
    with OpenAIServer(Author.tidy()) as server:
        async with opened("deepseek/m", "direct", server.base_url) as direct:
            asked = request("deepseek/m", server.base_url, sampling={"reasoning_effort": "low"})
            with pytest.raises(UsageError, match="sampling"):
                await direct.complete(asked, timeout=30)
    assert server.requests == 0


@pytest.mark.parametrize("key", ["sk-key\n", "sk-\x00key", "sk-\tkey"])
async def test_a_key_that_cannot_be_sent_is_named(key: str) -> None:
    async with transport("http://127.0.0.1:9/v1", MODEL, {"OPENAI_API_KEY": key}) as direct:
        with pytest.raises(ProviderError, match="line break") as caught:
            await direct.complete(request(MODEL, "http://127.0.0.1:9/v1"), timeout=30)
    assert "OPENAI_API_KEY" in str(caught.value)
    assert key not in str(caught.value)


def test_socks_proxies_are_left_to_litellm(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("ALL_PROXY", "socks5://localhost:1080")
    no_proxies.setenv("NO_PROXY", "localhost")
    assert isinstance(opened("openai/gpt-4o", "auto"), LitellmTransport)
    assert isinstance(opened("hosted_vllm/m", "auto", "http://localhost:1/v1"), DirectTransport)


# Proxies and certificates


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "https://a.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.example/v1", "http://p:1"),
        ({"https_proxy": "p:1"}, "https://a.example/v1", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a.example/v1", None),
        ({"ALL_PROXY": "http://p:1"}, "http://a.example/v1", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example"}, "https://a.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".a.example, b"}, "https://x.a.example:8443/v1", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}, "https://ba.example/v1", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://a.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"}, "https://me:pw@a.example/v1", None),
    ],
)
def test_which_proxy(variables: dict[str, str], url: str, proxy: str | None, no_proxies: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        no_proxies.setenv(name, value)
    assert proxy_of(url) == proxy


class Tunnel:
    """A proxy that lets every host's connections end in itself, with a certificate that the client was told to trust."""

    def __init__(self, behind: Certificate | None, status: int = 200) -> None:
        self.behind = behind
        self.status = status
        self.asked: list[str] = []
        self.authorized: list[str] = []

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return f"http://user:pass@127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.authorized += [
            line.partition(" ")[2] for line in head.split("\r\n") if line.lower().startswith("proxy-auth")
        ]
        host = head.split()[1]
        writer.write(f"HTTP/1.1 {self.status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        if self.status == 200 and self.behind is not None:
            try:
                await writer.start_tls(self.behind.server)
            except OSError:
                return
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line[15:] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            await reader.readexactly(int(lengths[0]))
            self.asked.append(f"{host.partition(':')[0]} {head.split()[1]}")
            body = json.dumps(document()).encode()
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n".encode()
            )
            writer.write(b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        else:
            self.asked.append(host)
        writer.close()


AT_HOME = [
    name
    for name in openai_protocol.names()
    if not (provider_facts.TABLE[name].needs_url or provider_facts.TABLE[name].dialect.as_plain or name == "llamafile")
]


async def test_the_same_providers_own_hosts_through_a_proxy_with_its_own_certificates(
    no_proxies: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both transports, each provider's own address: no host but the proxy is reached."""
    models = [f"{provider}/gpt-test" for provider in AT_HOME]
    bases = {model: openai_protocol.base_of(endpoint_of(model, None, {})) or "" for model in models}
    trusted = certificate(tmp_path, *sorted({base.split("/")[2] for base in bases.values()}))
    no_proxies.setenv("SSL_CERT_FILE", str(trusted.file))
    tunnel = Tunnel(trusted)
    async with tunnel as proxy:
        no_proxies.setenv("HTTPS_PROXY", proxy)
        for model in models:
            environ = {provider_facts.key_variables(model.partition("/")[0])[0]: "key"}
            endpoint = endpoint_of(model, None, environ)
            async with (
                DirectTransport(endpoint, environ=environ) as direct,
                LitellmTransport(endpoint, environ=environ) as lite,
            ):
                mine, reference = [await outcome(each, request(model, None)) for each in (direct, lite)]
            assert mine == reference
            assert mine.get("text") == "hi", mine
            assert tunnel.asked[-2] == tunnel.asked[-1]
            assert tunnel.asked[-1].replace(" ", "") == bases[model].partition("://")[2] + "/chat/completions"
    assert set(tunnel.authorized) == {"Basic dXNlcjpwYXNz"}


async def test_the_certificates_of_a_folder_are_trusted_too(no_proxies: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trusted = certificate(tmp_path)
    no_proxies.setenv("SSL_CERT_DIR", str(trusted.folder))
    with OpenAIServer(Author.tidy(), tls=trusted.server) as server:
        async with transport(server.base_url) as direct:
            assert (await direct.complete(request(MODEL, server.base_url), timeout=30)).text


async def test_certificates_that_cannot_be_read_are_named(no_proxies: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_proxies.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    async with transport("https://127.0.0.1:9/v1") as direct:
        with pytest.raises(MachineError, match=r"none\.pem"):
            await direct.complete(request(MODEL, "https://127.0.0.1:9/v1"), timeout=30)


@pytest.mark.parametrize(("status", "error"), [(403, TransientError), (502, TransientError), (407, ProviderError)])
async def test_a_proxy_that_refuses(status: int, error: type[DatarecipeError], no_proxies: pytest.MonkeyPatch) -> None:
    async with Tunnel(None, status) as proxy:
        no_proxies.setenv("HTTPS_PROXY", proxy)
        endpoint = endpoint_of(MODEL, None, {"OPENAI_API_KEY": SECRET})
        for kind in (DirectTransport, LitellmTransport):
            async with kind(endpoint, environ={"OPENAI_API_KEY": SECRET}) as each:
                with pytest.raises(error, match="proxy") as caught:
                    await each.complete(request(MODEL, None), timeout=30)
            assert type(caught.value) is error
            if isinstance(caught.value, TransientError):
                assert not caught.value.charged


# The parser

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
NAMES = ["choices", "message", "content", "refusal", "finish_reason", "usage", "model", "error", "code", "text", "type"]
NAMES += ["prompt_tokens", "completion_tokens", "object", "metadata", "raw", "detail", "param", "status"]
LIKE_A_REPLY = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)


def replies() -> Replies:
    return Replies(endpoint_of(MODEL, None, {}), ())


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, LIKE_A_REPLY)) | LIKE_A_REPLY | JSON)
def test_any_json_is_a_completion_or_a_failure(value: Any) -> None:
    found = replies().completion(value)
    if isinstance(found, Failure):
        assert isinstance(replies().outcome(found), Completion | DatarecipeError)
        return
    found.text.encode()
    found.model.encode()
    assert found.finish_reason in ("stop", "length", "content_filter", "refusal")
    assert found.usage is None or (found.usage.prompt_tokens >= 0 and found.usage.completion_tokens >= 0)


@given(JSON, JSON, JSON, JSON, st.booleans())
def test_a_choice_of_any_content_is_a_completion_or_a_failure(
    content: Any, refusal: Any, reason: Any, usage: Any, listed: bool
) -> None:
    message = {"content": [content, {"type": "text", "text": content}] if listed else content, "refusal": refusal}
    found = replies().completion({"choices": [{"message": message, "finish_reason": reason}], "usage": usage})
    assert isinstance(found, Completion if listed or isinstance(content, str | list | None) else Failure)


@given(st.integers(100, 999), st.dictionaries(st.text(), st.text()), LIKE_A_REPLY.map(json.dumps) | st.text())
def test_any_refusal_has_a_verdict(status: int, headers: dict[str, str], text: str) -> None:
    assert isinstance(replies().outcome(replies().refused(status, headers, text)), Completion | DatarecipeError)


@given(st.text(alphabet="<>/thinka {}\n", max_size=60))
def test_thinking_is_taken_away_once_and_for_all(text: str) -> None:
    rest = without_thinking(text)
    assert without_thinking(rest) == rest
    assert text.endswith(rest)


class Babbles:
    """A server that answers each connection with the next of `answers`, whatever it is, and hangs up."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = iter(answers)

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/v1"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(next(self.answers))
            await writer.drain()
        writer.close()


def spoilt(source: random.Random) -> bytes:
    """A good answer with some of its bytes lost, doubled, or others."""
    body = json.dumps(document(), ensure_ascii=False).encode()
    packed = gzip.compress(body)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    answer = bytearray(
        source.choice(
            [
                head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
                head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
                head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed,
                b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
            ]
        )
    )
    for _ in range(source.randint(0, 6)):
        at = source.randrange(len(answer))
        match source.randrange(4):
            case 0:
                answer[at] = source.randrange(256)
            case 1:
                del answer[at : at + source.randint(1, 30)]
            case 2:
                answer[at:at] = bytes(source.randrange(256) for _ in range(source.randint(1, 10)))
            case _:
                answer[at:at] = answer[at : at + 20]
    return bytes(answer)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_a_server_sends_is_a_completion_or_an_error_of_ours(seed: int) -> None:
    source = random.Random(seed)
    answers = [spoilt(source) for _ in range(100)]
    kinds: set[type] = set()
    async with Babbles(answers) as base, transport(base) as direct:
        for _ in answers:
            try:
                kinds.add(type(await direct.complete(request(MODEL, base), timeout=2)))
            except DatarecipeError as error:
                kinds.add(type(error))
    assert kinds >= {Completion, TransientError, ProviderError}


# The whole process

WITHOUT = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from datarecipe.llm.open_transport import open_transport
from tests.llm.test_both_transports import endpoint_of, request

before = dict(os.environ)
async def main(base):
    for model in ("openai/gpt-test", "hosted_vllm/gpt-test", "ollama/gpt-test"):
        endpoint = endpoint_of(model, base, os.environ)
        async with open_transport(model, endpoint, weights=None, environ=os.environ, notice=print) as transport:
            await transport.complete(request(model, base), timeout=30)

asyncio.run(main(sys.argv[1]))
assert not {"litellm", "openai", "httpx"} & set(sys.modules)
assert dict(os.environ) == before
"""


def test_no_litellm_is_imported_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with OpenAIServer(Author.tidy()) as server:
        done = subprocess.run(
            [sys.executable, "-W", "always::ResourceWarning", "-c", WITHOUT, server.base_url, str(ROOT)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert server.requests == 3
    assert server.strays == []
