"""The providers that a command talks to: one transport and one gate for each, whatever number of recipes asks it."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from datarecipe.exchange import Complete, without_system
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.response_format import response_format
from datarecipe.llm.client import Flying
from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit
from datarecipe.llm.limits.admission_gate import Gate
from datarecipe.llm.limits.rate_pacer import Pace
from datarecipe.llm.open_transport import open_transport
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.llm.routing.model_router import CandidateModel
from datarecipe.llm.transport import Transport
from datarecipe.recipe import Limits, Recipe
from datarecipe.running.resolve.resolved_run import ResolvedRun

OpenTransport = Callable[[ResolvedRun, Endpoint, Callable[[str], None]], Transport]


def _open(setup: ResolvedRun, endpoint: Endpoint, notice: Callable[[str], None]) -> Transport:
    options = setup.options
    return open_transport(
        endpoint.model if endpoint is not setup.endpoint else setup.model.name,
        endpoint,
        weights=setup.weights,
        environ=options.environ,
        notice=notice,
        transport=options.transport,
    )


class ProviderPool:
    """Makes candidates; an async context manager, in one event loop."""

    def __init__(
        self,
        setups: Iterable[ResolvedRun],
        notice: Callable[[str], None],
        *,
        open_transport: OpenTransport = _open,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`setups` are all that will ask: for recipes that ask one provider, what it bears is settled together.

        `open_transport` and `uniform` are the world.
        """
        self._listeners = [notice]
        self._open_transport = open_transport
        self.uniform = uniform
        """Where the pauses between attempts get their jitter from."""
        self._limits: dict[tuple[str, str | None], list[Limits]] = {}
        for setup in setups:
            for asked in setup.everyone:
                self._limits.setdefault(_key(asked.endpoint), []).append(setup.recipe.limits)
        self._transports: dict[tuple[str, str | None], Transport] = {}
        self._gates: dict[tuple[str, str | None], Gate] = {}
        self._flying: dict[Path, Flying] = {}
        self._exit = AsyncExitStack()

    @contextmanager
    def telling(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Tell `listener` too, for as long as it lasts, what there is to say about a provider."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            if listener in self._listeners:  # nobody was told to hush
                self._listeners.remove(listener)

    def hush(self) -> None:
        """Tell nothing more of the providers: nothing more is sent."""
        self._listeners.clear()

    def _notice(self, text: str) -> None:
        for listener in tuple(self._listeners):
            listener(text)

    def flying(self, cache_dir: Path) -> Flying:
        """What is being asked for now, by key, for all that store in `cache_dir`."""
        return self._flying.setdefault(cache_dir, {})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for gate in self._gates.values():
            gate.close()
        await self._exit.aclose()

    async def candidates(self, setup: ResolvedRun) -> tuple[CandidateModel, ...]:
        """The recipe's model, then its fallbacks."""
        candidates = []
        for number, asked in enumerate(setup.asked):
            transport, gate = await self._opened(setup, asked.endpoint)
            candidate = CandidateModel(asked.model.name, transport, gate, asked.cost.price, in_process=setup.embedded)
            if number:
                candidate = replace(candidate, adapt=_adapter(setup.recipe, asked.model))
            candidates.append(candidate)
        return tuple(candidates)

    async def of_filter(self, setup: ResolvedRun, name: str) -> CandidateModel:
        """The model that the filter `name` asks."""
        asked = setup.of_filters[name]
        transport, gate = await self._opened(setup, asked.endpoint)
        return CandidateModel(asked.name, transport, gate, asked.cost.price)

    async def embedder(self, setup: ResolvedRun, name: str) -> CandidateModel:
        """What the recipe calls the embedder `name`."""
        asked = setup.embedders[name]
        transport, gate = await self._opened(setup, asked.endpoint)
        in_process = asked not in setup.served_embedders
        return CandidateModel(asked.name, transport, gate, asked.cost.price, in_process=in_process)

    async def _opened(self, setup: ResolvedRun, endpoint: Endpoint) -> tuple[Transport, Gate]:
        key = _key(endpoint)
        if key not in self._transports:
            transport = self._open_transport(setup, endpoint, self._notice)
            self._transports[key] = await self._exit.enter_async_context(transport)
            self._gates[key] = self._gate(self._limits[key], transport.slots)
        return self._transports[key], self._gates[key]

    def _gate(self, limits: list[Limits], slots: int | None) -> Gate:
        """The most that any recipe wants at once; the least that any says of a minute."""
        start = max(limit.concurrency for limit in limits)
        most = max(limit.max_concurrency or limit.concurrency for limit in limits)
        rpm = min((limit.rpm for limit in limits if limit.rpm), default=math.inf)
        tpm = min((limit.tpm for limit in limits if limit.tpm), default=math.inf)
        return Gate(
            AdaptiveLimit(min(start, slots or start), min(most, slots or most)),
            requests=Pace(rpm),
            tokens=Pace(tpm),
            clock=asyncio.get_running_loop().time,
            uniform=self.uniform,
            notice=self._notice,
        )


def _key(endpoint: Endpoint) -> tuple[str, str | None]:
    return endpoint.model, endpoint.api_base


def _adapter(recipe: Recipe, model: ModelSettings) -> Callable[[Complete], Complete]:
    """Turns a request for the recipe's model into one for the fallback `model`. The draw stays."""
    form = response_format(recipe, model)

    def adapt(request: Complete) -> Complete:
        content = request.content
        messages = without_system(content.messages) if model.profile.layout == "user_only" else content.messages
        adapted = replace(
            content,
            model=model.name,
            api_base=model.api_base,
            messages=messages,
            sampling=model.sampling,
            response_format=form,
        )
        return Complete(adapted, request.draw)

    return adapt
