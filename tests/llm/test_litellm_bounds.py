"""litellm follows nothing that leads elsewhere, and reads replies within bounds: for every family of its providers."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import json
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Content, Draw
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import resolve_endpoint
from datarecipe.llm.through_litellm.http_guard import LONGEST_ERROR, LONGEST_REPLY, MOST_VALUES
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport

FAMILIES = [
    "openai/m", "hosted_vllm/m", "mistral/m", "custom_openai/m", "anthropic/claude-m", "gemini/gemini-m",
    "cohere_chat/command-m", "azure/m", "azure_ai/m", "bedrock/converse/m", "bedrock/invoke/anthropic.claude-m",
    "bedrock_mantle/m", "databricks/m", "perplexity/m", "cloudflare/m", "github/m", "text-completion-openai/m",
]  # fmt: skip
"""One of each piece of code that litellm has for making requests; all providers stand in `test_hosts_asked.py`."""
STREAMED = 2048
"""Pieces of 64 KB that an endless body has at the most: 128 MB."""
ON_THE_WAY = 40 * 2**20
"""What a server may have sent before it hears that nobody reads on."""

Answer: TypeAlias = tuple[int, dict[str, str], Iterator[bytes]]


@contextlib.contextmanager
def answering(answer: Any) -> Iterator[tuple[str, list[str], list[int]]]:
    """A server whose every answer is `answer()`: its address, the requests, and how much of each body was taken."""
    seen: list[str] = []
    taken: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(f"{self.command} {self.path}")
            taken.append(0)
            number = len(taken) - 1
            status, headers, body = answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            with contextlib.suppress(OSError):
                for piece in body:
                    self.wfile.write(piece)
                    taken[number] += len(piece)

        do_GET = do_POST  # noqa: N815  # as the base class calls it

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen, taken
    finally:
        server.shutdown()
        server.server_close()


async def ask(model: str, base: str, monkeypatch: pytest.MonkeyPatch) -> Completion | DatarecipeError:
    """What comes of one request."""
    environ = dict.fromkeys(provider_facts.key_variables(model.partition("/")[0]), "key")
    environ |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    environ |= {"CLOUDFLARE_ACCOUNT_ID": "account", "AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    endpoint = resolve_endpoint(
        model, flag_api_base=base, recipe_api_base=None, config_api_base=None, trust=False, environ={}
    )
    content = Content(model, (("user", "hi"),), {"max_tokens": 5}, None, base)
    async with LitellmTransport(endpoint, environ=environ) as transport:
        try:
            return await transport.complete(Complete(content, Draw(0, "root:0", 0)), timeout=60)
        except DatarecipeError as error:
            return error


def endless() -> Iterator[bytes]:
    yield b'{"choices": [{"message": {"content": "'
    for _ in range(STREAMED):
        yield b"x" * 65536


@functools.cache
def bomb() -> bytes:
    """Some 200 KB that are 200 MB."""
    packed = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packed.compress(b'{"choices": [{"message": {"content": "')
    return head + b"".join(packed.compress(b"x" * 2**20) for _ in range(200)) + packed.flush()


@pytest.mark.parametrize(
    ("model", "status"),
    [(model, status) for model in FAMILIES[:5] for status in (301, 302, 303, 307)]
    + [(model, 308) for model in FAMILIES],
)
async def test_nothing_is_followed(model: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda: (200, {}, iter([b"{}"]))) as (elsewhere, led, _):
        headers = {
            "Location": elsewhere.replace("127.0.0.1", "localhost") + "/v1/chat/completions",
            "Content-Length": "0",
        }
        with answering(lambda: (status, headers, iter([]))) as (base, seen, _):
            error = await ask(model, base, monkeypatch)
    assert isinstance(error, ProviderError)
    assert error.kind == "redirect"
    assert len(seen) == 1
    assert led == []


async def test_nothing_is_followed_to_the_same_host_either(monkeypatch: pytest.MonkeyPatch) -> None:
    for model in FAMILIES[:6]:
        with answering(lambda: (307, {"Location": "/v2", "Content-Length": "0"}, iter([]))) as (base, seen, _):
            error = await ask(model, base, monkeypatch)
        assert isinstance(error, ProviderError)
        assert len(seen) == 1


@pytest.mark.parametrize("model", FAMILIES)
async def test_an_endless_reply_is_read_to_its_bound(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda: (200, {}, endless())) as (base, seen, taken):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, TransientError)
    assert f"more than {LONGEST_REPLY} bytes" in str(error)
    assert len(seen) == 1
    assert taken[0] < LONGEST_REPLY + ON_THE_WAY


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("model", FAMILIES[:8])
async def test_an_endless_error_is_cut(model: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda: (status, {}, endless())) as (base, _, taken):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, DatarecipeError)
    assert not isinstance(error, TransientError) or status in (429, 500, 503)
    assert taken[0] < LONGEST_ERROR + ON_THE_WAY


@pytest.mark.parametrize("model", FAMILIES[:8])
@pytest.mark.parametrize("status", [200, 400])
async def test_a_bomb_is_not_unpacked(model: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = bomb()
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
    with answering(lambda: (status, headers, iter([packed]))) as (base, _, _):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, DatarecipeError)
    assert len(str(error)) < 2000
    if status == 200:
        assert f"more than {LONGEST_REPLY} bytes" in str(error)


_HELLO = {"role": "assistant", "content": "hello"}
DOCUMENT = json.dumps({"model": "m", "choices": [{"message": _HELLO, "finish_reason": "stop"}]}).encode()
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(DOCUMENT)),
        ("GZIP", gzip.compress(DOCUMENT)),
        ("deflate", zlib.compress(DOCUMENT)),
        ("deflate", RAW.compress(DOCUMENT) + RAW.flush()),
        ("identity", DOCUMENT),
        ("", DOCUMENT),
    ],
    ids=["gzip", "gzip in capitals", "deflate", "deflate without its head", "identity", "nothing said"],
)
@pytest.mark.parametrize("model", ["openai/m", "mistral/m"])
async def test_a_packed_reply_is_read(model: str, encoding: str, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [body[:7], body[7:]]
    with answering(lambda: (200, {"Content-Encoding": encoding, "Content-Length": str(len(body))}, iter(pieces))) as (
        base,
        *_,
    ):
        completion = await ask(model, base, monkeypatch)
    assert isinstance(completion, Completion), completion
    assert completion.text == "hello"


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", DOCUMENT), ("deflate", b"\xff" * 90), ("br", DOCUMENT), ("zstd, gzip", DOCUMENT)]
)
@pytest.mark.parametrize("model", ["openai/m", "mistral/m", "anthropic/claude-m"])
async def test_what_cannot_be_unpacked_is_no_answer(
    model: str, encoding: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda: (200, {"Content-Encoding": encoding, "Content-Length": str(len(body))}, iter([body]))) as (
        base,
        *_,
    ):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, TransientError)
    assert error.kind == "unreadable"


@pytest.mark.parametrize("model", FAMILIES[:8])
async def test_what_litellm_cannot_make_sense_of_is_an_error_in_time(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """litellm searches each text of an error for secrets, with all of the reply in it: seconds for a megabyte."""
    body = json.dumps({"error": {"message": "sk-" + "a b" * 600_000}}).encode()
    with answering(lambda: (200, {"Content-Length": str(len(body))}, iter([body]))) as (base, *_):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, DatarecipeError)
    assert "nothing within" not in str(error)


def _answer_with(**more: str) -> bytes:
    message, rest = more.pop("message", ""), "".join(f', "{name}": {value}' for name, value in more.items())
    whole = f'{{"role": "assistant", "content": "a"{message}}}'
    return f'{{"choices": [{{"message": {whole}, "finish_reason": "stop"}}]{rest}}}'.encode()


MANY = {
    "images": _answer_with(message=f', "images": [{"[]," * 600_000}[]]'),
    "annotations": _answer_with(message=f', "annotations": [{"{}," * 600_000}0]'),
    "tool calls": _answer_with(message=f', "tool_calls": [{"0," * 900_000}0]'),
    "parts": f'{{"choices": [{{"message": {{"content": [{"0," * 900_000}0]}}}}]}}'.encode(),
    "usage": _answer_with(usage=f"{{{','.join(f'''{json.dumps(str(n))}: 0''' for n in range(150_000))}}}"),
    "choices": f'{{"choices": [{"{}," * 600_000}0]}}'.encode(),
    "an error": f'{{"error": {{"message": "a", "x": [{"[]," * 600_000}0]}}}}'.encode(),
    "a list": b"[" + b"[]," * 600_000 + b"0]",
}


@pytest.mark.parametrize("body", MANY.values(), ids=MANY)
@pytest.mark.parametrize("model", ["openai/m", "mistral/m", "anthropic/claude-m", "gemini/gemini-m"])
async def test_a_reply_with_too_many_values_is_no_answer(
    model: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(body) < LONGEST_REPLY
    with answering(lambda: (200, {"Content-Length": str(len(body))}, iter([body]))) as (base, *_):
        error = await ask(model, base, monkeypatch)
    assert isinstance(error, TransientError)
    assert f"more than {MOST_VALUES} values" in str(error)


@pytest.mark.parametrize("model", ["openai/m", "mistral/m"])
async def test_an_answer_with_a_thousand_values_beside_it_is_one(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = _answer_with(citations=json.dumps([{"url": f"https://example.org/{n}", "n": n} for n in range(2_000)]))
    with answering(lambda: (200, {"Content-Length": str(len(body))}, iter([body]))) as (base, *_):
        completion = await ask(model, base, monkeypatch)
    assert isinstance(completion, Completion), completion


SLOW_TO_SEARCH = {
    "keys without an end": b"-----BEGIN-PRIVATE KEY" * 744,
    "keys with one": b"-----BEGIN PRIVATE KEY-----" * 600,
    "words of passwords": b"password" * 2_000,
    "accounts": b'{"type":"service_account"' * 650,
    "names and numbers": b"exceeded " * 1_800,
    "addresses": b"://" + b"a" * 16_000,
}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("text", SLOW_TO_SEARCH.values(), ids=SLOW_TO_SEARCH)
@pytest.mark.parametrize("model", ["openai/m", "mistral/m", "anthropic/claude-m", "gemini/gemini-m"])
async def test_what_takes_litellm_long_to_search_is_not_searched(
    model: str, text: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its patterns take up to the cube of a text's length, and no other thread runs meanwhile."""
    with answering(lambda: (status, {"Content-Length": str(len(text))}, iter([text]))) as (base, *_):
        began = time.process_time()
        error = await ask(model, base, monkeypatch)
        took = time.process_time() - began
    assert isinstance(error, DatarecipeError)
    assert took < 5, "the slowest took 24 s of the processor"
