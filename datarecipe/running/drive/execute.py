"""Runs a settled recipe: cache, transport, loop and folder put together, and taken apart again whatever happens."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from datarecipe.amount import NOTHING, Amount, Caps
from datarecipe.errors import DatarecipeError, TemplateError
from datarecipe.exchange import Example
from datarecipe.generate.events import Accepted, Event
from datarecipe.generate.generation import Generation
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.client import CachedClient
from datarecipe.llm.limits.account import Account
from datarecipe.llm.routing.model_router import CandidateModel, Router
from datarecipe.recipe import Recipe
from datarecipe.run_folder.card.card import card
from datarecipe.run_folder.counts.commit_counts import CommitCounts
from datarecipe.run_folder.counts.run_counts import Counts, Spent, Traffic
from datarecipe.run_folder.json_records import to_json
from datarecipe.run_folder.run_files import storage_errors
from datarecipe.run_folder.write.spending import Spending
from datarecipe.run_folder.write.writer import RunFolder
from datarecipe.running.drive.budget import shared_account
from datarecipe.running.drive.dispatch import Dispatcher, Ending, Loop
from datarecipe.running.drive.interrupt import GRACE, Interrupts
from datarecipe.running.drive.manifest_of_run import manifest_of
from datarecipe.running.drive.preflight import what_forbids
from datarecipe.running.drive.provider_pool import ProviderPool
from datarecipe.running.drive.retry import AskedAgain, held_nothing
from datarecipe.running.resolve.resolved_run import NO_CAPS, ResolvedRun
from datarecipe.running.run_result import RunResult
from datarecipe.running.show.observers import Observer, Several
from datarecipe.running.show.progress import Progress
from datarecipe.running.show.run_log import RunLog
from datarecipe.running.show.summary import used_words

TOLD_EVERY = 0.1
"""Seconds between two pictures of a run."""
TOLD_AT_LEAST_EVERY = 1.0

SHOWN = 5
"""Examples that the card and the summary show."""


@dataclass(slots=True)
class _Books:
    """Writes a run's events to its folder and counts them, together with all else that is counted of the run."""

    recipe: Recipe
    folder: RunFolder
    account: Account
    spending: Spending
    committed: CommitCounts
    assumed_before: Amount
    first: list[Example] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)

    def on_events(self, events: list[Event]) -> None:
        """Write them down, in logical order, and count them."""
        with storage_errors(self.folder.path):
            for event in events:
                self.folder.write(event)
        self.first += [e.example for e in events if isinstance(e, Accepted)][: SHOWN - len(self.first)]
        self.committed.add(events)

    def counts(self) -> Counts:
        spending, account = self.spending, self.account
        return Counts(
            target_size=self.recipe.target_size,
            batch_size=self.recipe.batch_size,
            committed=self.committed.copy(),
            traffic=copy.copy(self.traffic),
            spent=Spent(
                in_all=account.spent,
                now=account.spent - spending.before,
                by_model=dict(spending.by_model),
                assumed=spending.assumed,
                assumed_now=spending.assumed - self.assumed_before,
            ),
        )


@dataclass(slots=True)
class _Reporter:
    """Tells the observer now and then where the run stands."""

    setup: ResolvedRun
    observer: Observer
    books: _Books
    client: CachedClient
    above: Account
    began: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    sending: float | None = None
    """When the first request was sent."""
    accepted_before: int = 0

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Tell in any case once in a while: where nothing happens, that too is seen."""

        async def tick() -> None:
            while True:
                await asyncio.sleep(TOLD_AT_LEAST_EVERY)
                self.on_traffic(self.books.traffic)

        task = asyncio.create_task(tick())
        try:
            yield
        finally:
            task.cancel()

    def on_traffic(self, traffic: Traffic) -> None:
        now = time.monotonic()
        if self.sending is None and traffic.sent:
            self.sending, self.accepted_before = now, self.books.committed.tally.accepted
        if now - self.last >= TOLD_EVERY:
            self.last = now
            self.observer.progress(self._progress(now))

    def _progress(self, now: float) -> Progress:
        account, client = self.books.account, self.client
        return Progress(
            name=self.setup.recipe.name,
            output=self.setup.output,
            counts=self.books.counts(),
            in_flight=account.under_way,
            limit=client.router.gate.limit,
            down=client.down,
            waits=client.waits,
            caps=account.caps,
            together=self.above.spent,
            budget=self.above.caps,
            priced=bool(self.setup.prices) and not self.setup.is_free,
            seconds=now - self.began,
            sending=0.0 if self.sending is None else now - self.sending,
            accepted_before_sending=self.accepted_before,
        )


@asynccontextmanager
async def open_client(
    setup: ResolvedRun, pool: ProviderPool, account: Account, notice: Callable[[str], None]
) -> AsyncIterator[CachedClient]:
    """The cache and, behind it, the recipe's models."""
    with ResponseCache(setup.cache_dir) as cache:

        def router(candidates: Sequence[CandidateModel], account: Account = account) -> Router:
            return Router(
                candidates,
                account,
                timeout=setup.recipe.limits.timeout,
                clock=asyncio.get_running_loop().time,
                uniform=pool.uniform,
                notice=notice,
            )

        of_filters = {name: router([await pool.of_filter(setup, name)]) for name in setup.of_filters}
        embedders = {}
        for name, asked in setup.embedders.items():
            candidate = await pool.embedder(setup, name)
            # What runs here uses up nothing that is capped.
            embedders[asked.model.name] = router([candidate], Account(NO_CAPS) if candidate.in_process else account)
        flying = pool.flying(setup.cache_dir)
        yield CachedClient(cache, router(await pool.candidates(setup)), flying, of_filters, embedders)


async def execute(
    setup: ResolvedRun, observer: Observer, *, interrupts: Interrupts | None = None, budget: Caps | None = None
) -> RunResult:
    """Run it to its end and close its folder. `budget` caps it beside the recipe's own caps.

    Provider failures, caps and interrupts are ends, and stand in the result. What concerns the set-up or the disk is
    raised: `TemplateError`, `UnknownPriceError`, `CacheError`, `RunConflictError`, `RunLockedError`, `StorageError`.
    """
    observer = Several(observer)  # one that fails must not get as far as what sends
    try:
        if budget is not None:
            setup.check_budget(budget)
    except DatarecipeError as error:
        observer.broken_off(setup, error)
        raise
    above = None if budget is None else shared_account([setup], budget)
    with interrupts or Interrupts() as heard:
        async with ProviderPool([setup], observer.notice) as pool:
            return await execute_on(pool, setup, observer, interrupts=heard, above=above)


async def execute_on(
    pool: ProviderPool,
    setup: ResolvedRun,
    observer: Observer,
    *,
    interrupts: Interrupts | None = None,
    above: Account | None = None,
) -> RunResult:
    """`execute`, with providers that other runs may share.

    What it uses counts in the account `above` too, which knows already what earlier runs used (`shared_account`).
    """
    observer, shown = Several(observer, log := RunLog()), observer
    folder = RunFolder(setup.location, setup.identity, overwrite=setup.options.overwrite, parts=setup.identity_parts)
    try:
        with setup.recipe.placing_errors():
            generation = Generation(setup.recipe, setup.model, log=folder.read)
            if setup.is_new or setup.options.retry:
                setup.caps  # noqa: B018 - raises before anything is written
                first = next(generation.wanted(1)).request
                began, error = time.monotonic(), await what_forbids(pool, setup, first)
                if error is not None:
                    return _not_begun(setup, shown, error, time.monotonic() - began)
            with pool.telling(log.notice):
                return await _execute(pool, setup, folder, generation, observer, interrupts, above)
    except DatarecipeError as error:
        observer.broken_off(setup, error)
        raise
    finally:
        log.close()


def _not_begun(setup: ResolvedRun, observer: Observer, error: DatarecipeError, seconds: float) -> RunResult:
    """The end of a run that could not begin. Nothing is written for it, its log neither."""
    observer.begin(setup)
    counts = Counts(
        target_size=setup.recipe.target_size,
        batch_size=setup.recipe.batch_size,
        committed=CommitCounts.of(setup.recipe),
        traffic=Traffic(),
        spent=Spent(NOTHING, NOTHING),
    )
    result = _result(setup, Ending("failed", error), counts, (), seconds)
    observer.end(result)
    return result


async def _execute(
    pool: ProviderPool,
    setup: ResolvedRun,
    folder: RunFolder,
    generation: Generation,
    observer: Observer,
    interrupts: Interrupts | None,
    above: Account | None,
) -> RunResult:
    began, started = time.monotonic(), datetime.now(UTC)
    caps = setup.caps
    with folder, Spending(folder.files, setup.identity, setup.prices) as spending:
        account = Account(
            caps,
            spent=spending.before,
            above=() if above is None else (above,),
            on_reserved=spending.reserved,
            on_settled=spending.settled,
        )
        observer.begin(setup)
        committed = CommitCounts.of(setup.recipe)
        books = _Books(setup.recipe, folder, account, spending, committed, spending.assumed)
        limits = setup.recipe.limits
        with _telling_what_was_used(account, setup, observer):
            try:
                async with open_client(setup, pool, account, observer.notice) as client:
                    books.traffic.failed_attempts = client.failed
                    reporter = _Reporter(setup, observer, books, client, account if above is None else above)

                    async def drive(loop: Loop) -> Ending:
                        grace = 0.0 if setup.is_free else GRACE
                        dispatcher = Dispatcher(
                            generation=loop,
                            client=client,
                            concurrency=limits.max_concurrency or limits.concurrency,
                            on_events=books.on_events,
                            on_traffic=reporter.on_traffic,
                            offline=setup.options.offline,
                            grace=grace,
                            traffic=books.traffic,
                        )
                        if interrupts is not None:
                            interrupts.listen(dispatcher.interrupt, grace)
                            interrupts.listen(pool.hush)
                        async with reporter.ticking():
                            ending = await dispatcher.run()
                        if isinstance(ending.error, TemplateError):
                            return replace(ending, error=setup.recipe.placed(ending.error))
                        return ending

                    ending = await _ask_again(setup, client, books.traffic, drive, observer.notice)
                    if ending.reason == "target":
                        ending = await drive(generation)
            except BaseException:
                folder.discard()
                raise
            result = _close(folder, setup, ending, books.counts(), books.first, started, time.monotonic() - began)
    observer.end(result)
    return result


async def _ask_again(
    setup: ResolvedRun,
    client: CachedClient,
    traffic: Traffic,
    drive: Callable[[Loop], Awaitable[Ending]],
    notice: Callable[[str], None],
) -> Ending:
    """Ask once more for what the options name, before the run."""
    reasons = setup.options.retry
    if not reasons:
        return Ending("target")
    again = AskedAgain(await held_nothing(setup, client.cache, reasons))
    notice(again.opening)
    client.retry(again.requests)
    ending = await drive(again) if again.requests else Ending("target")
    client.reopen()
    traffic.asked_again = again.answered
    return ending


@contextmanager
def _telling_what_was_used(account: Account, setup: ResolvedRun, observer: Observer) -> Iterator[None]:
    """Also where a run is broken off, by a full disk say, its user wants to know."""
    before = account.spent
    try:
        yield
    except DatarecipeError:
        now = account.spent - before
        if now.calls and not setup.is_free:
            observer.notice(
                f"used until then: {used_words(now, priced=bool(setup.prices))}; what was answered is stored"
            )
        raise


def _close(
    folder: RunFolder,
    setup: ResolvedRun,
    ending: Ending,
    counts: Counts,
    first: Sequence[Example],
    started: datetime,
    seconds: float,
) -> RunResult:
    """Put the new files in place, unless the folder's own are worth more."""
    tally = counts.tally
    short = ending.reason != "target"
    nothing_learnt = short and tally.responses == 0
    kept = folder.lines_before if short and tally.accepted < folder.lines_before else 0
    manifest = manifest_of(setup, ending, counts, started, datetime.now(UTC))
    if kept or nothing_learnt:
        # What this run used is gone from no account, though its files are.
        cost = to_json(manifest.cost)
        folder.keep({name: of_all for name, of_all in cost.items() if not name.startswith("this_run")})
    else:
        by_fallbacks = bool(setup.stand_ins(counts.committed.answered_by))
        text = card(setup.recipe, manifest, counts.committed, first, by_fallbacks=by_fallbacks)
        folder.replace(to_json(manifest), text)
    return replace(
        _result(setup, ending, counts, first, seconds),
        kept_lines=kept,
        shortened_from=folder.lines_before if not short and tally.accepted < folder.lines_before else 0,
        written=not (kept or nothing_learnt),
    )


def _used_by_filters(setup: ResolvedRun, spent: Spent) -> dict[tuple[str, bool], Amount]:
    names = {one.name for one in setup.all_asked if one.role}
    return {each: amount for each, amount in spent.by_model.items() if each[0] in names and amount.calls}


def _result(setup: ResolvedRun, ending: Ending, counts: Counts, first: Sequence[Example], seconds: float) -> RunResult:
    """Of a run for which nothing was written."""
    return RunResult(
        name=setup.recipe.name,
        output=setup.output,
        counts=counts,
        end=ending.reason,
        error=ending.error,
        why=ending.why,
        caps=setup.caps,
        priced=bool(setup.prices),
        priced_by_recipe=any(one.cost.only_recipe for one in setup.all_asked),
        free=setup.is_free,
        stand_ins=setup.stand_ins(counts.committed.answered_by),
        of_filters=_used_by_filters(setup, counts.spent),
        first=tuple(first),
        seconds=seconds,
    )
