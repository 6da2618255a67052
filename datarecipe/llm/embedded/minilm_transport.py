"""The embedder `minilm` as a transport: it computes in threads of its own, so the event loop is never blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, Final

from datarecipe.errors import DatarecipeError, ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Embed, Embedding, Usage
from datarecipe.llm.embedded.embedded_transport import usable_cpus
from datarecipe.llm.embedded.minilm import Minilm, check_installed, load_minilm
from datarecipe.llm.embedded.minilm_weights import MINILM_NAME
from datarecipe.llm.transport import Transport

if TYPE_CHECKING:
    from types import TracebackType

MOST_THREADS: Final = 4


class MinilmTransport(Transport):
    """Computes embeddings in this process. The weights are found or fetched, and loaded, at the first request."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        """`notice` is told how the weights come."""
        self._notice = notice
        self._threads = ThreadPoolExecutor(min(MOST_THREADS, usable_cpus()), thread_name_prefix="minilm")
        self._loading = Lock()
        self._model: Minilm | None = None
        self._broken: DatarecipeError | None = None
        self._stopping = Event()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._close))

    def _close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._model = None

    def check(self) -> None:
        """Raise `MissingExtraError` where what it needs is not installed. Loads nothing."""
        check_installed()

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109, ARG002
        """It writes no texts."""
        raise ProviderError(f"minilm is an embedder, and cannot be asked as {request.content.model}")

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109, ARG002 - it takes milliseconds
        """The embedding of the request's text."""
        if self._stopping.is_set():
            raise TransientError("the embedder minilm is being left")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, request.text)

    def _answer(self, text: str) -> Embedding:
        vector, tokens = self._loaded().vector(text)
        created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Embedding(vector, Usage(tokens, 0), "all-MiniLM-L6-v2", MINILM_NAME, created)

    def _loaded(self) -> Minilm:
        """The model, loaded by whichever thread comes first. What failed once is not tried again by the others."""
        with self._loading:
            if self._broken is not None:
                raise self._broken
            if self._model is None:
                try:
                    self._model = load_minilm(self._notice, self._stopping)
                except DatarecipeError as error:
                    self._broken = error
                    raise
            return self._model
