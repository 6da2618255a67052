"""Defects, each put into the product's code of one process. The checks of a trial must find every one of them."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Mapping
from typing import Any

from datarecipe.amount import NOTHING, Amount
from datarecipe.exchange import Complete, Content, Request, Response
from datarecipe.generate.events import Accepted, Event
from datarecipe.generate.generation import Generation
from datarecipe.generate.prompt.vary import Turn
from datarecipe.generate.strategy.chains import ChainsOrder
from datarecipe.generate.strategy.order import Asker, Formatting, Place
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.llm.limits.admission_gate import Gate, Ticket
from datarecipe.llm.routing import model_router
from datarecipe.llm.routing.attempt_driver import ask
from datarecipe.run_folder import layout
from datarecipe.run_folder.write import writer
from datarecipe.run_folder.write.spending import Spending
from datarecipe.running.drive.dispatch import Dispatcher
from tests.generate.recipes import completion


def used_before_stored() -> None:
    """A response is given out at once, and stored when there is time."""

    async def fetch(self: CachedClient, request: Request, claim: Any) -> Response:
        stored = self.lookup(request)
        if stored is not None:
            return stored
        assert isinstance(request, Complete)
        completion = await ask(self.router, request, claim)
        asyncio.get_running_loop().call_later(0.3, self.cache.put, request, completion)
        return completion

    CachedClient._fetch = fetch  # type: ignore[method-assign]


def retry_not_counted() -> None:
    """A failed attempt costs nothing, the product thinks."""
    settle = model_router.Claim.settle

    def cheap(self: Any, spent: Amount, how: Any, retry_after: float | None) -> None:
        settle(self, spent if how == "answered" else NOTHING, how, retry_after)

    model_router.Claim.settle = cheap  # type: ignore[method-assign]


def nothing_counted() -> None:
    """No attempt costs anything, the product thinks."""
    settle = model_router.Claim.settle

    def free(self: Any, spent: Amount, how: Any, retry_after: float | None) -> None:
        settle(self, NOTHING, how, retry_after)

    model_router.Claim.settle = free  # type: ignore[method-assign]


def commit_out_of_order() -> None:
    """Of the responses that can be committed together the last one is written down first."""
    commit = Generation._commit

    def backwards(self: Generation) -> list[Event]:
        return sorted(
            commit(self), key=lambda event: -(event.lineage.request if isinstance(event, Accepted) else event.request)
        )

    Generation._commit = backwards  # type: ignore[method-assign]


def draw_reused() -> None:
    """A lane that asks the same again makes the same draw."""

    place = Asker.place

    def reuse(
        self: Asker, formatting: Formatting, turn: Turn, content: Content, lane: str, draw: tuple[str, int]
    ) -> Place:
        return place(self, formatting, turn, content, lane, (draw[0], 0))

    Asker.place = reuse  # type: ignore[method-assign]


def draw_by_order_of_sending() -> None:
    """The draw counts requests in the order in which they are made up."""
    numbers = itertools.count()
    place = Asker.place

    def count(
        self: Asker, formatting: Formatting, turn: Turn, content: Content, lane: str, draw: tuple[str, int]
    ) -> Place:
        return place(self, formatting, turn, content, lane, (draw[0], next(numbers)))

    Asker.place = count  # type: ignore[method-assign]


def choice_by_arrival() -> None:
    """A chain goes on from an item that depends on how many responses have arrived."""
    arrivals = itertools.count()

    def hashed(self: ChainsOrder, chain: Any, index: int) -> bytes:
        return (next(arrivals) * 2654435761 % 2**32).to_bytes(4, "big")

    ChainsOrder._hash = hashed  # type: ignore[method-assign]


def forgotten_at_a_kill() -> None:
    """What was under way when a process died is taken to have cost nothing."""
    read = Spending._read

    def forgetful(self: Spending) -> None:
        if self.path.exists():
            lines = self.path.read_text().splitlines(keepends=True)
            settled = {line.split(",")[0].split()[-1] for line in lines if "settled" in line}
            kept = [line for line in lines if "reserved" not in line or line.split(",")[0].split()[-1] in settled]
            self.path.write_text("".join(kept))
        read(self)

    Spending._read = forgetful  # type: ignore[method-assign]


def cap_without_what_is_under_way() -> None:
    """Only what is settled counts against a cap."""
    Account.reserved = property(lambda _: NOTHING, lambda _, __: None)  # type: ignore[assignment]
    # Which keeps room for all that goes before a request, and so for most of what is under way.
    model_router.Router._leaves_room = lambda *_: True  # type: ignore[method-assign]


def slot_lost() -> None:
    """An attempt that fails never gives its place at the gate back."""
    leave = Gate.leave

    def losing(self: Gate, ticket: Ticket, how: Any, **more: Any) -> None:
        leave(self, ticket, how, **more)
        if how == "failed":
            self.in_flight += 1

    Gate.leave = losing  # type: ignore[method-assign]


def manifest_first() -> None:
    """The manifest is put in place before the data."""
    files = (layout.MANIFEST, layout.DATA, layout.LINEAGE, layout.REJECTED, layout.CARD)

    def rename(self: writer.RunFolder) -> None:
        for name in files:
            partial = self.path / (name + layout.PARTIAL)
            if os.path.lexists(partial):
                partial.replace(self.path / name)

    def finish(self: writer.RunFolder) -> None:
        """Nothing is finished."""

    writer.RunFolder._rename = rename  # type: ignore[method-assign]
    writer.RunFolder._finish_replacing = finish  # type: ignore[method-assign]


def hole_committed() -> None:
    """A request that failed is left out, and the run goes on behind it."""
    take = Dispatcher._take

    def leaving_out(self: Dispatcher, handle: int, result: Any) -> None:
        if isinstance(result, Exception) and handle >= 0:
            assert isinstance(self.generation, Generation)
            place = self.generation._places.get(handle)
            self._tasks.pop(handle, None)
            if place is not None:
                self.on_events(self.generation.receive(handle, completion('{"examples": []}')))
            return
        take(self, handle, result)

    Dispatcher._take = leaving_out  # type: ignore[method-assign]


def room_kept_while_waiting() -> None:
    """Who waits for the answer to another's request keeps the room that it had for its own."""
    release = model_router.Claim.release

    def late(self: model_router.Claim) -> None:
        if not self.settled:
            asyncio.get_running_loop().call_later(50_000, release, self)

    model_router.Claim.release = late  # type: ignore[method-assign]


def cancelled_at_once() -> None:
    """The first Ctrl-C waits for nothing."""
    interrupt = Dispatcher.interrupt

    def impatient(self: Dispatcher) -> None:
        interrupt(self)
        self._cancel(self._tasks.values())

    Dispatcher.interrupt = impatient  # type: ignore[method-assign]


def retried_after_an_interrupt() -> None:
    """Ctrl-C ends no retries."""

    def close(self: model_router.Router) -> None:
        """Nothing is closed."""

    model_router.Router.close = close  # type: ignore[method-assign]


PLANTED: Mapping[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        used_before_stored,
        retry_not_counted,
        nothing_counted,
        commit_out_of_order,
        draw_reused,
        draw_by_order_of_sending,
        choice_by_arrival,
        forgotten_at_a_kill,
        cap_without_what_is_under_way,
        slot_lost,
        room_kept_while_waiting,
        manifest_first,
        hole_committed,
        cancelled_at_once,
        retried_after_an_interrupt,
    )
}
