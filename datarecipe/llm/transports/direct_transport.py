"""OpenAI's protocol over one pooled HTTP session, without litellm: no seconds of import, and a tenth of
the CPU for each request.

For the models that `openai_protocol.speaks` says yes to it sends what litellm would send, to the same place with the same
key, and says the same of what comes back. What sends is imported with the first request: aiohttp takes a tenth of
a second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from datarecipe.errors import ProviderError, UsageError
from datarecipe.llm.transports import openai_protocol, sending

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from datarecipe.exchange import Complete, Completion, Embed, Embedding
    from datarecipe.llm.providers.endpoint import Endpoint
    from datarecipe.llm.transports.direct_session import DirectSession

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
        self._secrets = sending.secrets_of(endpoint, environ)
        self._session: DirectSession | None = None

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
        return await self._opened().complete(request, timeout=timeout)

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        """Answer `request`; see `Transport`."""
        sending.check_belongs(request, self._endpoint)
        self.check()
        return await self._opened().embed(request, timeout=timeout)

    def _opened(self) -> DirectSession:
        if self._session is None:
            from datarecipe.llm.transports.direct_session import DirectSession  # noqa: PLC0415

            assert self._address is not None
            self._session = DirectSession(self._endpoint, self._address, self._secrets)
        return self._session


def not_spoken(endpoint: Endpoint, when: str = "") -> UsageError:
    """The error for a model that only litellm reaches."""
    known = endpoint.provider in openai_protocol.names()
    what = f"{when}{endpoint.model} is not reached with it" if known else f"{endpoint.provider} does not speak it"
    return UsageError(
        f"`--transport direct` is for OpenAI's protocol, and {what}",
        hint=f"Leave it out, or take `--transport litellm`. Direct are: {', '.join(openai_protocol.names())}.",
    )
