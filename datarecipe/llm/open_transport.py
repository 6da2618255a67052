"""Which transport answers a model, by its name, its provider and where it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from datarecipe.exchange import LOCAL_PREFIX, Complete, Completion
from datarecipe.llm.embedded.embedded_transport import EmbeddedTransport
from datarecipe.llm.embedded.gguf import check_gguf
from datarecipe.llm.embedded.weights import Notify, Phase, default_data_dir, ensure_weights, known_weights
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.through_litellm.litellm_transport import LitellmTransport
from datarecipe.llm.transport import Transport
from datarecipe.llm.transports import openai_protocol
from datarecipe.llm.transports.direct_transport import DirectTransport, proxy_of

MEGABYTE = 1_000_000


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
    if model.startswith(LOCAL_PREFIX):
        return _embedded(model, weights, notice)
    if transport == "litellm" or (transport == "auto" and not _direct(endpoint)):
        return LitellmTransport(endpoint, environ=environ)
    if transport == "auto" and openai_protocol.depends_on_content(endpoint):
        return _PerRequest(endpoint, environ)
    return DirectTransport(endpoint, environ=environ)


def _direct(endpoint: Endpoint) -> bool:
    """Whether requests to `endpoint` need no litellm. SOCKS proxies do."""
    if not openai_protocol.speaks(endpoint):
        return False
    base = openai_protocol.base_of(endpoint)
    if base is None or not any("socks" in os.environ[name] for name in os.environ if name.lower().endswith("_proxy")):
        return True
    proxy = proxy_of(base)
    return proxy is None or not proxy.startswith("socks")


def _embedded(model: str, weights: Path | None, notice: Callable[[str], None]) -> Transport:
    def locate() -> Path:
        if weights is None:
            wanted = known_weights(model.removeprefix(LOCAL_PREFIX))
            path = ensure_weights(
                wanted, data_dir=default_data_dir(), notify=_in_steps(notice), stop=transport.stopping
            )
        else:
            check_gguf(weights)
            path = weights
        notice("loading the embedded model")
        return path

    transport = EmbeddedTransport(locate, model=model)
    return transport


_WORDS: Mapping[Phase, str] = {
    "waiting": "another process is fetching the embedded model's weights; waiting for it",
    "fetching": "fetching the embedded model's weights, once: {} of {} MB",
    "checking": "unpacking and checking the weights: {} of {} MB",
}


def _in_steps(notice: Callable[[str], None]) -> Notify:
    """Tells of the weights' fetch in a few lines: at the start of each phase, and at every quarter."""
    told: tuple[str, int] | None = None

    def notify(phase: Phase, done: int, total: int) -> None:
        nonlocal told
        step = (phase, 4 * done // total)
        if step != told:
            told = step
            notice(_WORDS[phase].format(done // MEGABYTE, total // MEGABYTE))

    return notify


class _PerRequest(Transport):
    """Direct for requests that it sends as litellm would; litellm for those with a parameter that litellm rewrites."""

    def __init__(self, endpoint: Endpoint, environ: Mapping[str, str]) -> None:
        self._endpoint = endpoint
        self._direct = DirectTransport(endpoint, environ=environ)
        self._litellm = LitellmTransport(endpoint, environ=environ)

    def check(self) -> None:
        self._direct.check()

    def _of(self, request: Complete) -> Transport:
        return self._direct if openai_protocol.speaks_content(self._endpoint, request.content) else self._litellm

    def loading(self, request: Complete) -> asyncio.Future[Any] | None:
        return self._of(request).loading(request)

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        return await self._of(request).complete(request, timeout=timeout)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._direct.__aexit__(kind, error, trace)
        await self._litellm.__aexit__(kind, error, trace)
