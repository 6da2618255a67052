"""One process of a trial, from its start to its end or its death. The process is real, made by fork; the time is not."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from datarecipe.amount import NOTHING
from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Complete
from datarecipe.generate.events import Event
from datarecipe.generate.generation import Generation
from datarecipe.llm.cache.response_cache import ResponseCache
from datarecipe.llm.providers.endpoint import Endpoint
from datarecipe.running.drive.budget import shared_account
from datarecipe.running.drive.execute import execute_on
from datarecipe.running.drive.interrupt import Interrupts
from datarecipe.running.drive.provider_pool import ProviderPool
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from datarecipe.running.run_result import RunResult
from tests import virtual_time
from tests.generate.recipes import loaded
from tests.runs import Silent
from tests.simulation.plan import EMBEDDER, MODEL, SECOND, Faults, Plan
from tests.simulation.provider import Provider

DIED = 137
DEFECT = 99
STUCK = 98
FOR_EVER = 100_000.0
"""Virtual seconds of a life: a day and more."""

_FILE_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect"})


@dataclass(frozen=True)
class Place:
    """Where a trial's files are."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "run"

    @property
    def twin(self) -> Path:
        return self.root / "twin"

    def outputs(self, plan: Plan) -> tuple[Path, ...]:
        """The folders of its datasets."""
        return (self.output, self.twin) if plan.twin else (self.output,)

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def log(self) -> Path:
        return self.root / "provider.jsonl"

    @property
    def ending(self) -> Path:
        return self.root / "ending.json"


@dataclass(frozen=True)
class Ended:
    """How a life ended."""

    code: int
    """`DIED`, `DEFECT`, or the exit code of a run; of two the higher one."""
    accepted: int = 0
    usd: str = "0"
    """What the product says that it has cost."""
    calls: int | None = None
    """None where nobody knows."""
    tokens: int = 0
    text: str = ""
    runs: tuple[tuple[int, str], ...] = ()
    """Exit code and end of each dataset's run."""
    at: float = 0.0
    """Virtual seconds after its beginning."""


def setup_of(plan: Plan, place: Place, life: int, output: Path | None = None) -> ResolvedRun:
    """The run's set-up in its `life`-th life, from 0."""
    recipe = plan.recipe
    cap = plan.caps[min(life, len(plan.caps) - 1)]
    target = plan.targets[life] if life < len(plan.targets) else recipe.target_size
    limits = replace(recipe.limits, usd=None if cap is None else float(cap))
    options = Options(
        model=MODEL, output=output or place.output, cache_dir=place.cache, environ={"OPENAI_API_KEY": "k"}
    )
    return resolve_run(loaded(replace(recipe, limits=limits, target_size=target)), options)


def live(plan: Plan, place: Place, life: int, prepare: Callable[[], None] = lambda: None) -> Ended:
    """Run that life in a child process. `prepare` is called there first."""
    place.ending.unlink(missing_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        code = DEFECT
        try:
            prepare()
            code = _main(plan, place, life)
        except BaseException:  # noqa: BLE001 - it is a child: whatever it is, the parent has to hear of it
            place.ending.write_text(json.dumps({"code": DEFECT, "text": traceback.format_exc()}))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if place.ending.exists():
        told = json.loads(place.ending.read_text())
        return Ended(**told | {"runs": tuple(map(tuple, told.get("runs", ())))})
    return Ended(code, text="" if code == DIED else f"the process ended with {code} and said nothing")


def _main(plan: Plan, place: Place, life: int) -> int:
    random.seed(plan.seed * 1000 + life)
    setups = [setup_of(plan, place, life, output) for output in place.outputs(plan)]
    _look_before_use(place)
    _die_at_a_file(plan, place, life)
    ended = virtual_time.run(_run(plan, place, life, setups))
    place.ending.write_text(json.dumps(asdict(ended)))
    return ended.code


def _told(done: list[RunResult | DatarecipeError], at: float) -> Ended:
    results = [one for one in done if isinstance(one, RunResult)]
    spent = sum((result.spent.in_all for result in results), NOTHING)
    runs = tuple((one.exit_code, str(one.error or one.end) if isinstance(one, RunResult) else str(one)) for one in done)
    code, text = max(runs, key=lambda run: run[0])
    accepted = sum(result.tally.accepted for result in results)
    # Of one that could not begin nobody knows what it has cost.
    calls = spent.calls if len(results) == len(done) else None
    return Ended(code, accepted, str(spent.usd), calls, spent.tokens, text, runs, at)


async def _run(plan: Plan, place: Place, life: int, setups: list[ResolvedRun]) -> Ended:
    if life < len(plan.kills):
        asyncio.get_running_loop().call_later(plan.kills[life], os._exit, DIED)
    interrupts = Interrupts()
    for press in plan.presses[life] if life < len(plan.presses) else ():
        asyncio.get_running_loop().call_later(press, interrupts.press)
    # A deadlock: nothing will happen any more but the clock.
    asyncio.get_running_loop().call_later(FOR_EVER, os._exit, STUCK)
    faults = {MODEL: plan.faults, SECOND: plan.second or Faults(), EMBEDDER: plan.faults}

    def open_transport(setup: ResolvedRun, endpoint: Endpoint, notice: object) -> Provider:
        return Provider(plan, faults[endpoint.model], life, place.log, place.cache)

    above = shared_account(setups, setups[0].caps) if len(setups) > 1 else None

    async def one(setup: ResolvedRun) -> RunResult | DatarecipeError:
        try:
            return await execute_on(pool, setup, Silent(), interrupts=interrupts, above=above)
        except DatarecipeError as error:
            return error

    async with (
        ProviderPool(setups, lambda _: None, open_transport=open_transport) as pool,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(one(setup)) for setup in setups]
    return _told([task.result() for task in tasks], asyncio.get_running_loop().time())


def _die_at_a_file(plan: Plan, place: Place, life: int) -> None:
    """The death of a process between two operations on files; there is no other way to meet it there."""
    if life >= len(plan.file_kills):
        return
    kind, left = plan.file_kills[life]
    counted = _FILE_EVENTS if kind == "any" else {kind}

    def count(event: str, details: tuple[object, ...]) -> None:
        nonlocal left
        if event in counted and _of_the_trial(details[0], place):
            left -= 1
            if left == 0:
                os._exit(DIED)

    sys.addaudithook(count)


def _of_the_trial(path: object, place: Place) -> bool:
    """Not those of modules that are imported late: which they are depends on what the process has done before."""
    return not isinstance(path, str) or not path.startswith(os.sep) or path.startswith(f"{place.root}{os.sep}")


def _look_before_use(place: Place) -> None:
    """Whatever the loop is given has to be on disk by then, where another process would find it."""
    receive = Generation.receive
    other: list[ResponseCache] = []

    def looking(self: Generation, handle: int, response: object) -> list[Event]:
        waiting = self._places.get(handle)
        if waiting is not None and isinstance(waiting.request, Complete):
            if not other:
                other.append(ResponseCache(place.cache))
            if other[0].get(waiting.request) is None:
                raise AssertionError("a response was used before it was stored")
        return receive(self, handle, response)  # type: ignore[arg-type]

    Generation.receive = looking  # type: ignore[method-assign]
