"""What the router does around one attempt, for tests of transports alone."""

from __future__ import annotations

from datarecipe.exchange import Complete, Completion
from datarecipe.llm.transport import AskAgainError, Transport


async def answered(transport: Transport, request: Complete, timeout: float = 30) -> Completion:  # noqa: ASYNC109
    """The answer to `request`, which is sent again where nothing came of it."""
    while True:
        try:
            return await transport.complete(request, timeout=timeout)
        except AskAgainError:
            continue
