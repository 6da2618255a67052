"""Which transport answers a model, by its name, its provider and where it is. Each is imported where it is chosen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from datarecipe.exchange import LOCAL_PREFIX, Complete, Completion, Embed, Embedding
from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.transport import Transport
from datarecipe.llm.transports import openai_protocol

if TYPE_CHECKING:
    from datarecipe.llm.transports.direct_transport import DirectTransport


def open_transport(
    model: str,
    endpoint: Endpoint,
    *,
    weights: Path | None,
    environ: Mapping[str, str],
    notice: Callable[[str], None],
    transport: Literal["auto", "direct", "litellm"] = "auto",
) -> Transport:
    """The transport for `model`; nothing is loaded or fetched before its first request.

    `weights` is the file of a local model that the user names, `environ` where a provider's key is looked for. With
    `transport` "auto" it is direct wherever that sends what litellm would. Raises `UsageError` for "direct" where the
    provider does not speak its protocol.
    """
    if endpoint.provider == provider_facts.LOCAL and not model.startswith(LOCAL_PREFIX):
        from datarecipe.llm.embedded.minilm_transport import MinilmTransport  # noqa: PLC0415

        return MinilmTransport(notice)
    if model.startswith(LOCAL_PREFIX):
        from datarecipe.llm.embedded.open_embedded import open_embedded  # noqa: PLC0415

        return open_embedded(model, weights, notice)
    if transport == "litellm" or (transport == "auto" and not _speaks(endpoint)):
        return _litellm(endpoint, environ)
    if transport == "auto" and openai_protocol.depends_on_content(endpoint):
        return _PerRequest(endpoint, _direct(endpoint, environ), _litellm(endpoint, environ))
    return _direct(endpoint, environ)


def _direct(endpoint: Endpoint, environ: Mapping[str, str]) -> DirectTransport:
    from datarecipe.llm.transports.direct_transport import DirectTransport  # noqa: PLC0415

    return DirectTransport(endpoint, environ=environ)


def _litellm(endpoint: Endpoint, environ: Mapping[str, str]) -> Transport:
    from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport  # noqa: PLC0415

    return LitellmTransport(endpoint, environ=environ)


def _speaks(endpoint: Endpoint) -> bool:
    """Whether requests to `endpoint` need no litellm. SOCKS proxies do."""
    if not openai_protocol.speaks(endpoint):
        return False
    base = openai_protocol.base_of(endpoint)
    if base is None or not any("socks" in os.environ[name] for name in os.environ if name.lower().endswith("_proxy")):
        return True
    from datarecipe.llm.transports.direct_session import proxy_of  # noqa: PLC0415

    proxy = proxy_of(base)
    return proxy is None or not proxy.startswith("socks")


class _PerRequest(Transport):
    """Direct for requests that it sends as litellm would; litellm for those with a parameter that litellm rewrites."""

    def __init__(self, endpoint: Endpoint, direct: DirectTransport, litellm: Transport) -> None:
        self._endpoint = endpoint
        self._direct = direct
        self._litellm = litellm

    def check(self) -> None:
        self._direct.check()

    def _of(self, request: Complete) -> Transport:
        return self._direct if openai_protocol.speaks_content(self._endpoint, request.content) else self._litellm

    def loading(self, request: Complete) -> asyncio.Future[Any] | None:
        return self._of(request).loading(request)

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        return await self._of(request).complete(request, timeout=timeout)

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        return await self._direct.embed(request, timeout=timeout)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._direct.__aexit__(kind, error, trace)
        await self._litellm.__aexit__(kind, error, trace)
