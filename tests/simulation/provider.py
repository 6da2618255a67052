"""The provider of a trial. It outlives the processes that ask it: what it charged and answered stands in a file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from datarecipe.errors import ProviderError, TransientError
from datarecipe.exchange import Complete, Completion, Embed, Embedding, Request, Usage
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.transport import AskAgainError
from tests.generate.recipes import scores, scripted, verdict
from tests.simulation.plan import MODEL, OUTAGES_END, PRICES, RUBRIC, Faults, Plan

T = TypeVar("T", Completion, Embedding)


def embedding(request: Embed) -> Embedding:
    """The answer to a request for an embedding: that of the built-in embedder, which the reference asks."""
    chance = random.Random(hashlib.sha256(request.key.encode()).digest())
    usage = Usage(chance.randrange(1, len(request.canonical)), 0)
    return Embedding(hashed_ngrams(request.text), usage, "a model", "the provider", "2026-01-01T00:00:00Z")


def answer(plan: Plan, request: Complete) -> Completion:
    """The answer to a request: the same whenever and however often it is asked."""
    match request.draw.asker:
        case "verify":
            completion = verdict(request)
        case "judge":
            completion = scores(request, RUBRIC)
        case _:
            completion = scripted(request, variety=plan.variety, untidy=plan.untidy)
    chance = random.Random(hashlib.sha256(request.key.encode()).digest())
    maximum = request.content.sampling["max_tokens"]
    assert isinstance(maximum, int)
    usage = Usage(chance.randrange(1, len(request.content.canonical)), chance.randrange(1, maximum + 1))
    return replace(completion, usage=usage)


def price(usage: Usage) -> Decimal:
    """What the provider charges, worked out by itself."""
    rates = (Decimal(str(PRICES.input_per_million)), Decimal(str(PRICES.output_per_million)))
    return (usage.prompt_tokens * rates[0] + usage.completion_tokens * rates[1]) / 1_000_000


@dataclass(frozen=True)
class Record:
    """One line of what the provider remembers."""

    event: str
    """`asked`, `charged` (the model has run), `delivered` (the reply left), `broken_off` (by who asked), or `violation`."""
    key: str
    at: float
    life: int
    usd: Decimal = Decimal(0)
    tokens: int = 0
    detail: str = ""


class Provider:
    """A transport that asks nobody."""

    slots: int | None = None

    def __init__(self, plan: Plan, faults: Faults, life: int, log: Path, cache_dir: Path) -> None:
        self._plan = plan
        self._faults = faults
        self._takes_seed = not faults.refuses_seed
        self._life = life
        self._file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._cache_dir = cache_dir
        self._cache: ResponseCache | None = None
        self._chance = random.Random(plan.seed * 1000 + life)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def check(self) -> None:
        """It can be asked."""

    def loading(self, _: Complete) -> None:
        """A request can leave at any time."""

    async def complete(self, request: Complete, *, timeout: float) -> Completion:  # noqa: ASYNC109
        # A fallback is asked in its own name, and what it answers is stored as an answer to this.
        request = replace(request, content=replace(request.content, model=MODEL))
        return await self._asked(request, timeout, answer(self._plan, request))

    async def embed(self, request: Embed, *, timeout: float) -> Embedding:  # noqa: ASYNC109
        return await self._asked(request, timeout, embedding(request))

    async def _asked(self, request: Request, timeout: float, response: T) -> T:  # noqa: ASYNC109
        self.write("asked", request.key)
        self._is_it_stored(request)
        try:
            return await self._answered(request, timeout, response)
        except asyncio.CancelledError:
            self.write("broken_off", request.key)
            raise

    async def _answered(self, request: Request, timeout: float, response: T) -> T:  # noqa: ASYNC109
        plan, faults, chance = self._plan, self._faults, self._chance
        asked_with_seed = not self._takes_seed and isinstance(request, Complete)
        latency = plan.latency * chance.lognormvariate(0, plan.spread)
        if faults.dead:
            await asyncio.sleep(latency / 10)
            raise ProviderError("wrong key")
        if asked_with_seed:
            await asyncio.sleep(latency / 10)
            self._takes_seed = True
            raise AskAgainError("no seed", charged=False)
        fault = self._fault(asyncio.get_running_loop().time())
        if fault == "rate_limit":
            await asyncio.sleep(latency / 10)
            raise TransientError("slow down", rate_limited=True, charged=False, retry_after=faults.retry_after)
        assert response.usage is not None
        try:
            async with asyncio.timeout(timeout):
                await asyncio.sleep(latency / 2)
                if fault == "server_error":
                    raise TransientError("overloaded", retry_after=faults.busy)
                # From here on it costs money, whether the reply is heard or not.
                self.write("charged", request.key, price(response.usage), sum_of(response.usage))
                if fault == "closed":
                    raise AskAgainError("closed")
                if fault == "hang":
                    await asyncio.sleep(100_000)
                await asyncio.sleep(latency / 2)
        except TimeoutError:
            raise TransientError("no answer in time") from None
        if fault == "cut_connection":
            raise TransientError("the connection was lost")
        self.write("delivered", request.key)
        return replace(response, usage=None) if chance.random() < faults.no_usage else response

    def _fault(self, now: float) -> str | None:
        for start, end, kind in self._faults.outages:
            if self._life < OUTAGES_END and start <= now < end:
                return kind
        faults, roll = self._faults, self._chance.random()
        for kind in ("rate_limit", "server_error", "cut_connection", "hang", "closed"):
            roll -= getattr(faults, kind)
            if roll < 0:
                return kind
        return None

    def _is_it_stored(self, request: Request) -> None:
        if self._cache is None:
            self._cache = ResponseCache(self._cache_dir)
        if self._cache.get(request) is not None:
            self.write("violation", request.key, detail="it was asked for what is stored")

    def write(self, event: str, key: str, usd: Decimal = Decimal(0), tokens: int = 0, detail: str = "") -> None:
        """Remember something."""
        row: dict[str, Any] = {"event": event, "key": key, "at": asyncio.get_running_loop().time(), "life": self._life}
        os.write(self._file, json.dumps({**row, "usd": str(usd), "tokens": tokens, "detail": detail}).encode() + b"\n")


def sum_of(usage: Usage) -> int:
    """Tokens of both kinds."""
    return usage.prompt_tokens + usage.completion_tokens


def records(log: Path) -> Iterator[Record]:
    """What the provider remembers."""
    if log.exists():
        for line in log.read_text().splitlines():
            row = json.loads(line)
            yield Record(**{**row, "usd": Decimal(row["usd"])})
