"""One pooled HTTP session with a server that speaks OpenAI's protocol."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import certifi
from yarl import URL

from datarecipe._version import __version__
from datarecipe.errors import MachineError
from datarecipe.exchange import Completion, Embedding
from datarecipe.llm.failures.failure_errors import no_answer
from datarecipe.llm.failures.failure_table import Failure, garbage
from datarecipe.llm.failures.network_failures import network_failure
from datarecipe.llm.transport import AskAgainError
from datarecipe.llm.transports import openai_protocol
from datarecipe.llm.transports.embedding_reply import EmbeddingReplies
from datarecipe.llm.transports.openai_reply import Replies
from datarecipe.llm.transports.request_form import FormInUse

if TYPE_CHECKING:
    from datarecipe.exchange import Complete, Embed
    from datarecipe.llm.providers.endpoint import Endpoint

T = TypeVar("T", Completion, Embedding)

LONGEST_BODY = 64 * 2**20
"""Bytes of a reply that are read. More is a server gone wrong, and would fill the memory."""
LONGEST_ERROR = 2**20
"""Bytes of an error's body that are read."""
CONNECT_SECONDS = 30.0
"""How long a connection may take to come about, within the timeout of the request."""
KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept. Many servers close theirs after 5, and a request that meets that is lost."""
STALE_SECONDS = 1.0
"""A reused connection that ends within this time without a byte of answer was most likely closed for idleness."""
DNS_SECONDS = 300


class DirectSession:
    """Sends to one endpoint and reads what comes back. Close it in the event loop that it was made in."""

    def __init__(self, endpoint: Endpoint, address: openai_protocol.Address, secrets: Collection[str]) -> None:
        """`secrets` are what no message may show."""
        self._endpoint = endpoint
        self._address = address
        self._replies = Replies(endpoint, secrets)
        self._embeddings = EmbeddingReplies(self._replies)
        self._form = FormInUse()
        self._proxy = proxy_of(address.url)
        self._session = self._opened()

    async def close(self) -> None:
        await self._session.close()

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        """Send `request` once; see `Transport`."""
        form = self._form.form
        body = openai_protocol.body_of(request, self._endpoint, form)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._send(self._address.url, body, self._replies.read)
        except TimeoutError:
            answer = no_answer(timeout)
        if isinstance(answer, Failure) and (again := self._form.another(answer, form, body)) is not None:
            raise again
        outcome = self._replies.outcome(answer)
        if isinstance(outcome, Completion):
            return outcome
        raise outcome

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        """Send `request` once; see `Transport`."""
        body = openai_protocol.embedding_body_of(request, self._endpoint)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._send(self._address.embeddings_url, body, self._embeddings.read)
        except TimeoutError:
            answer = no_answer(timeout)
        outcome = self._embeddings.outcome(answer)
        if isinstance(outcome, Embedding):
            return outcome
        raise outcome

    async def _send(self, url: str, body: Mapping[str, Any], read: Callable[[bytes], T | Failure]) -> T | Failure:
        data = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        connection = _Connection()
        started = time.monotonic()
        try:
            async with self._session.post(
                URL(url, encoded=True),
                data=data,
                headers=self._address.headers,
                allow_redirects=False,
                proxy=self._proxy,
                trace_request_ctx=connection,
            ) as response:
                return await self._read(response, read)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) or connection.answered:
                return network_failure(error) or Failure("connection", message=str(error))
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise
            return network_failure(error) or Failure("connection", message=str(error))
        except ValueError as error:  # aiohttp's, for headers or a status line that are none
            return Failure("connection", message=str(error))
        # Not raised while aiohttp's error is handled, whose frames hold the key.
        words = "the server closed the connection without an answer"
        if connection.reused and time.monotonic() - started <= STALE_SECONDS:
            raise AskAgainError(words, kind="broken connection")
        return Failure("connection", message=words)

    async def _read(self, response: aiohttp.ClientResponse, read: Callable[[bytes], T | Failure]) -> T | Failure:
        fine = 200 <= response.status < 300
        longest = LONGEST_BODY if fine else LONGEST_ERROR
        parts: list[bytes] = []
        length = 0
        async for part in response.content.iter_any():
            parts.append(part)
            length += len(part)
            if length > longest:
                break
        raw = b"".join(parts)
        if not fine:
            return self._replies.refused(response.status, response.headers, raw.decode("utf-8", "replace"))
        if length > longest:
            return garbage("json", f"more than {longest} bytes")
        return read(raw)

    def _opened(self) -> aiohttp.ClientSession:
        tls = self._address.url.startswith("https:") or (self._proxy or "").startswith("https:")
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_on_reuse)
        trace.on_request_end.append(_on_answer)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                ttl_dns_cache=DNS_SECONDS,
                keepalive_timeout=KEEP_ALIVE,
                ssl=_certificates() if tls else True,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            headers={"User-Agent": f"datarecipe/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            trust_env=False,  # it would read .netrc; the proxy is found above
        )


@dataclass(slots=True)
class _Connection:
    """What is known of the connection of one request."""

    reused: bool = False
    answered: bool = False
    """Whether a byte of the answer came."""


async def _on_reuse(_session: object, context: SimpleNamespace, _parameters: object) -> None:
    context.trace_request_ctx.reused = True


async def _on_answer(_session: object, context: SimpleNamespace, _parameters: object) -> None:
    context.trace_request_ctx.answered = True


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for `url`, as other programs read it: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _certificates() -> ssl.SSLContext:
    """What is trusted: `SSL_CERT_FILE`, else `SSL_CERT_DIR`, else the certificates that browsers trust."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        if folder:
            return ssl.create_default_context(capath=folder)
        return ssl.create_default_context(cafile=certifi.where())
    except OSError as error:
        raise MachineError(
            f"the certificates in {file or folder} cannot be read: {error}",
            hint="SSL_CERT_FILE names a PEM file, SSL_CERT_DIR a folder of them as OpenSSL wants it.",
        ) from None
