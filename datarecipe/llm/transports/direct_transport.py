"""OpenAI's chat-completions protocol over one pooled HTTP session, without litellm: no seconds of import, and a tenth of
the CPU for each request.

For the models that `openai_protocol.speaks` says yes to it sends what litellm would send, to the same place with the same
key, and says the same of what comes back. aiohttp is imported with the first request.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from datarecipe._version import __version__
from datarecipe.errors import MachineError, ProviderError, UsageError
from datarecipe.exchange import Completion
from datarecipe.llm.failures.failure_errors import no_answer
from datarecipe.llm.failures.failure_table import Failure, garbage
from datarecipe.llm.failures.network_failures import network_failure
from datarecipe.llm.transport import AskAgainError
from datarecipe.llm.transports import openai_protocol, sending
from datarecipe.llm.transports.openai_reply import Replies
from datarecipe.llm.transports.request_form import FormInUse

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

    import aiohttp

    from datarecipe.exchange import Complete
    from datarecipe.llm.providers.endpoint import Endpoint

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
_NOT_IN_A_HEADER = re.compile(r"[\x00-\x1f\x7f]")


class DirectTransport:
    """Answers requests to one endpoint. Use it as an async context manager, in one event loop."""

    slots: int | None = None
    """How many requests at once are too many, the provider says."""

    def __init__(self, endpoint: Endpoint, *, environ: Mapping[str, str]) -> None:
        """`environ` is where keys are looked for. Raises `UsageError` for a model that the protocol does not reach."""
        if not openai_protocol.speaks(endpoint):
            raise not_spoken(endpoint)
        self._endpoint = endpoint
        self._address = openai_protocol.address_of(endpoint, environ)
        self._has_key = endpoint.api_key(environ) is not None
        headers = {} if self._address is None else self._address.headers
        self._key_can_be_sent = not any(_NOT_IN_A_HEADER.search(value) for value in headers.values())
        self._replies = Replies(endpoint, sending.secrets_of(endpoint, environ))
        self._session: aiohttp.ClientSession | None = None
        self._form = FormInUse()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def loading(self, _: Complete) -> None:
        """A request can leave at any time."""

    def check(self) -> None:
        """What would be found out only by asking, or not at all."""
        endpoint = self._endpoint
        sending.check_reachable(endpoint, has_key=self._has_key)
        if not self._key_can_be_sent:
            raise ProviderError(
                f"the key of {endpoint.model} holds a line break or another character that no key holds",
                hint=f"Set {endpoint.key_variables[0] if endpoint.key_variables else 'it'} anew, without it.",
            )

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        """Answer `request`; see `Transport`. A missing key or URL is a `ProviderError` before anything is sent."""
        content = request.content
        sending.check_belongs(content, self._endpoint)
        self.check()
        if not openai_protocol.speaks_content(self._endpoint, content):
            raise not_spoken(self._endpoint, "with these `sampling` parameters, or this `response_format`, ")
        form = self._form.form
        body = openai_protocol.body_of(request, self._endpoint, form)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._send(body)
        except TimeoutError:
            answer = no_answer(timeout)
        if isinstance(answer, Failure) and (again := self._form.another(answer, form, body)) is not None:
            raise again
        outcome = self._replies.outcome(answer)
        if isinstance(outcome, Completion):
            return outcome
        raise outcome

    async def _send(self, body: Mapping[str, Any]) -> Completion | Failure:
        import aiohttp  # noqa: PLC0415  # takes a tenth of a second, for runs that send something only

        data = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        session = self._opened()
        assert self._address is not None
        connection = _Connection()
        started = time.monotonic()
        try:
            async with session.post(
                self._url,
                data=data,
                headers=self._address.headers,
                allow_redirects=False,
                proxy=self._proxy,
                trace_request_ctx=connection,
            ) as response:
                return await self._read(response)
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

    async def _read(self, response: aiohttp.ClientResponse) -> Completion | Failure:
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
        return self._replies.read(raw)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp  # noqa: PLC0415
            from yarl import URL  # noqa: PLC0415

            assert self._address is not None
            tls = self._address.url.startswith("https:")
            self._url = URL(self._address.url, encoded=True)
            self._proxy = proxy_of(self._address.url)
            trace = aiohttp.TraceConfig()
            trace.on_connection_reuseconn.append(_on_reuse)
            trace.on_request_end.append(_on_answer)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    ttl_dns_cache=DNS_SECONDS,
                    keepalive_timeout=KEEP_ALIVE,
                    ssl=_certificates() if tls or (self._proxy or "").startswith("https:") else True,
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                headers={"User-Agent": f"datarecipe/{__version__}"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
                trust_env=False,  # it would read .netrc; the proxy is found above
            )
        return self._session


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


def not_spoken(endpoint: Endpoint, when: str = "") -> UsageError:
    """The error for a model that only litellm reaches."""
    known = endpoint.provider in openai_protocol.names()
    what = f"{when}{endpoint.model} is not reached with it" if known else f"{endpoint.provider} does not speak it"
    return UsageError(
        f"`--transport direct` is for OpenAI's protocol, and {what}",
        hint=f"Leave it out, or take `--transport litellm`. Direct are: {', '.join(openai_protocol.names())}.",
    )


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for `url`, as other programs read it: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`."""
    import urllib.request  # noqa: PLC0415  # imports much, and only a request needs it

    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _certificates() -> ssl.SSLContext:
    """What is trusted: `SSL_CERT_FILE`, else `SSL_CERT_DIR`, else the certificates that browsers trust."""
    import ssl  # noqa: PLC0415

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        if folder:
            return ssl.create_default_context(capath=folder)
        import certifi  # noqa: PLC0415

        return ssl.create_default_context(cafile=certifi.where())
    except OSError as error:
        raise MachineError(
            f"the certificates in {file or folder} cannot be read: {error}",
            hint="SSL_CERT_FILE names a PEM file, SSL_CERT_DIR a folder of them as OpenSSL wants it.",
        ) from None
