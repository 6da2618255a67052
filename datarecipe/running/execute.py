"""Runs a settled recipe: cache, transport, loop and folder put together, and taken apart again whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from datarecipe.exchange import Example
from datarecipe.generate.events import Accepted, Event
from datarecipe.generate.generation import Generation
from datarecipe.llm.cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.running.card import card
from datarecipe.running.dispatch import Dispatcher, Ending, Traffic
from datarecipe.running.folder import RunFolder, storage_errors
from datarecipe.running.manifest import Span, manifest
from datarecipe.running.observe import Observer, Silent
from datarecipe.running.result import RunResult, Spent
from datarecipe.running.setup import Setup
from datarecipe.running.spending import Spending
from datarecipe.running.switchboard import Switchboard
from datarecipe.running.tally import Tally

GRACE = 30.0
"""Seconds that paid requests still in flight at the end get to arrive. The embedded model's cost nothing: none."""

SHOWN = 5
"""Examples that the card and the summary show."""


class _Recorder:
    """Takes the events in logical order: writes them down, counts them, tells the observer."""

    def __init__(self, folder: RunFolder, observer: Observer) -> None:
        self.tally = Tally()
        self.first: list[Example] = []
        self._folder = folder
        self._observer = observer

    def on_events(self, events: list[Event]) -> None:
        with storage_errors(self._folder.path):
            for event in events:
                self._folder.write(event)
        self.first += [e.example for e in events if isinstance(e, Accepted)][: SHOWN - len(self.first)]
        self.tally.add(events)

    def on_traffic(self, traffic: Traffic) -> None:
        try:
            self._observer.progress(self.tally, traffic)
        except OSError:
            self._observer = Silent()  # the terminal or pipe went away; that is no reason to end a paid run


@asynccontextmanager
async def open_client(
    setup: Setup, board: Switchboard, account: Account, notice: Callable[[str], None]
) -> AsyncIterator[CachedClient]:
    """The cache and, behind it, the recipe's models."""
    with ResponseCache(setup.cache_dir) as cache:
        routes = await board.routes(setup)
        yield CachedClient(
            cache,
            routes,
            account,
            timeout=setup.recipe.limits.timeout,
            clock=asyncio.get_running_loop().time,
            uniform=board.uniform,
            notice=notice,
        )


async def execute(setup: Setup, observer: Observer, *, handle_interrupt: bool = False) -> RunResult:
    """Run it to its end and close its folder.

    Provider failures, caps and interrupts are ends, and stand in the result. What concerns the set-up or the disk is
    raised: `TemplateError`, `UnknownPriceError`, `CacheError`, `RunConflictError`, `RunLockedError`, `StorageError`.
    """
    async with Switchboard([setup], observer.notice) as board:
        return await execute_on(board, setup, observer, handle_interrupt=handle_interrupt)


async def execute_on(
    board: Switchboard,
    setup: Setup,
    observer: Observer,
    *,
    handle_interrupt: bool = False,
    above: Account | None = None,
) -> RunResult:
    """`execute`, with providers that other runs may share; what it uses counts in the account `above` too."""
    began, started = time.monotonic(), datetime.now(UTC)
    caps = setup.caps
    folder = RunFolder(setup.output, setup.identity, overwrite=setup.options.overwrite)
    generation = Generation(setup.recipe, setup.model, folder)
    with (
        folder,
        Spending(setup.output, setup.identity) as spending,
    ):
        account = Account(
            caps,
            spent=spending.before,
            above=() if above is None else (above,),
            on_reserved=spending.reserved,
            on_settled=spending.settled,
        )
        observer.begin(setup)
        recorder = _Recorder(folder, observer)
        limits = setup.recipe.limits
        try:
            async with open_client(setup, board, account, observer.notice) as client:
                dispatcher = Dispatcher(
                    generation=generation,
                    client=client,
                    concurrency=limits.max_concurrency or limits.concurrency,
                    on_events=recorder.on_events,
                    on_traffic=recorder.on_traffic,
                    offline=setup.options.offline,
                    grace=0.0 if setup.embedded else GRACE,
                )
                with _interrupts(dispatcher) if handle_interrupt else contextlib.nullcontext():
                    ending = await dispatcher.run()
        except BaseException:
            folder.discard()
            raise
        finished = datetime.now(UTC)
        spent = Spent(account.spent, account.spent - spending.before)
        span = Span(started, finished, time.monotonic() - began)
        result = _close(folder, setup, ending, recorder, dispatcher.traffic, spent, span)
    observer.end(result)
    return result


def _close(
    folder: RunFolder,
    setup: Setup,
    ending: Ending,
    recorder: _Recorder,
    traffic: Traffic,
    spent: Spent,
    span: Span,
) -> RunResult:
    """Put the new files in place, unless the folder's own are worth more."""
    tally = recorder.tally
    short = ending.reason != "target"
    nothing_learnt = short and tally.responses == 0
    kept = folder.lines_before if short and tally.accepted < folder.lines_before else 0
    if kept or nothing_learnt:
        folder.discard()
    else:
        document = manifest(setup, ending, tally, traffic, spent, span)
        folder.replace(document, card(setup, document, tally, recorder.first))
    return RunResult(
        name=setup.recipe.name,
        output=setup.output,
        target_size=setup.recipe.target_size,
        end=ending.reason,
        error=ending.error,
        tally=tally,
        traffic=traffic,
        spent=spent,
        first=tuple(recorder.first),
        kept_lines=kept,
        shortened_from=folder.lines_before if not short and tally.accepted < folder.lines_before else 0,
        written=not (kept or nothing_learnt),
        seconds=span.seconds,
    )


@contextlib.contextmanager
def _interrupts(dispatcher: Dispatcher) -> Iterator[None]:
    """Ctrl-C ends the run in order; a second one at once."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, dispatcher.interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
