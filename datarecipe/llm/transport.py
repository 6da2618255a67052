"""What every transport is: something that answers a request with its response, one attempt, no retry, no cache."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from datarecipe.errors import TransientError
from datarecipe.exchange import Complete, Completion, Embed, Embedding

SAMPLING = frozenset(
    {
        "temperature", "top_p", "top_k", "min_p", "max_tokens", "presence_penalty", "frequency_penalty",
        "repetition_penalty", "reasoning_effort", "stop",
    }
)  # fmt: skip
"""What of a request's sampling may be sent; other names would be switches of litellm's (`api_base`, `mock_response`)."""


class AskAgainError(TransientError):
    """Nothing came of it, and the same request may be sent again at once: that speaks neither against it nor the provider.

    A server took no seed, and gets none from now on; or it had closed the connection that was waiting for this request.
    """


class Transport(Protocol):
    """One attempt at a request: each call of `complete` sends it once.

    Raises `TransientError` for what may pass, `ProviderError` (or another `DatarecipeError`) for what no retry could help.
    A refusal, a content filter, a context overflow and a cut-off reply are completions, not errors.
    """

    @property
    def slots(self) -> int | None:
        """How many requests it can work on at once; None for as many as are sent."""
        return None

    def check(self) -> None:
        """Raise a `DatarecipeError` when it is certain that no request could be sent: no key, a package that is missing."""

    def loading(self, request: Complete) -> asyncio.Future[Any] | None:  # noqa: ARG002
        """What `request` has to wait for before it can leave, as an import; None where it can leave at once.

        Begins it; sends nothing. Where it fails, `complete` raises the error.
        """
        return None

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        """Answer `request`; give up after `timeout` seconds with a `TransientError`."""
        ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Embeds(Protocol):
    """What a transport is besides that an embedder is asked over."""

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        """Answer `request`, as `Transport.complete` does. A text that the model does not take gives no vector."""
        ...
