"""A dataset's lives, one after another, and what must be true after each of them."""

from __future__ import annotations

import itertools
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from datarecipe.run_folder.json_records import as_row, json_line
from datarecipe.run_folder.manifest import manifest_in
from datarecipe.run_folder.run_files import RunFiles
from datarecipe.running.drive.interrupt import GRACE
from tests import reference
from tests.simulation.life import DIED, Ended, Place, live, setup_of
from tests.simulation.plan import Plan, draw
from tests.simulation.provider import answer, records

LIVES = 600
"""A trial that has not come to its end by then never will. A provider that asks for hours with each refusal ends many lives:
with a filter that asks it too, one trial took 230."""

SHORT = 3
INTERRUPTED = 130

MOMENT = 0.001
"""Virtual seconds."""

SILENCE = 1000.0
"""Virtual seconds between two attempts that are too many: a request is tried for ten minutes beside its timeout."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    seed: int
    violations: tuple[str, ...]
    """Empty when every promise was kept."""
    lives: int
    deaths: int
    requests: int
    ends: tuple[str, ...] = ()


@dataclass
class Trial:
    """One trial."""

    plan: Plan
    place: Place
    prepare: Callable[[], None] = lambda: None

    def run(self, tell: Callable[[str], None] = lambda _: None) -> Outcome:
        """All its lives."""
        violations: list[str] = []
        ends: list[str] = []
        deaths = life = 0
        plan = self.plan
        troubled = max(map(len, (plan.kills, plan.file_kills, plan.presses)))
        planned = max(troubled, len(plan.caps), len(plan.targets) + 1)
        for life in range(LIVES):
            ended = live(self.plan, self.place, life, self.prepare)
            deaths += ended.code == DIED
            ends.append(f"{ended.code} {ended.text.splitlines()[0] if ended.text else ''}".strip())
            tell(f"life {life}: {ends[-1]}; {ended.accepted} accepted, ${ended.usd} in {ended.calls} calls")
            violations += self._check(life, ended)
            if (
                violations
                or (ended.code not in (DIED, SHORT, INTERRUPTED) and life + 1 >= planned)
                or self._stuck(ended, life, planned)
            ):
                break
        else:
            violations.append(f"no end after {LIVES} lives")
        asked = sum(record.event == "asked" for record in records(self.place.log))
        return Outcome(self.plan.seed, tuple(violations), life + 1, deaths, asked, tuple(ends))

    def _stuck(self, ended: Ended, life: int, planned: int) -> bool:
        """Whether running it again would change nothing: it is barren, or at a cap."""
        last = life + 1 >= planned
        short = [text for code, text in ended.runs if code == SHORT]
        return last and ended.code == SHORT and all("is reached" in text or text == "barren" for text in short)

    def _check(self, life: int, ended: Ended) -> Iterator[str]:
        if ended.code not in (0, SHORT, DIED) and not (ended.code == INTERRUPTED and self._pressed(life)):
            yield f"life {life} ended with {ended.code}: {ended.text}"
        yield from (f"life {life}: {words}" for words in self._paid_once())
        yield from (f"life {life}: {words}" for words in self._no_surprise_bill(life, ended))
        for number, folder in enumerate(self.place.outputs(self.plan)):
            code, text = ended.runs[number] if ended.runs else (ended.code, ended.text)
            yield from (f"life {life}: {words}" for words in self._the_recipe_decides(life, folder, code, text))
        yield from (f"life {life}: {words}" for words in self._goes_on(life))
        yield from (f"life {life}: {words}" for words in self._in_order(life, ended))

    def _pressed(self, life: int) -> tuple[float, ...]:
        return self.plan.presses[life] if life < len(self.plan.presses) else ()

    def _in_order(self, life: int, ended: Ended) -> Iterator[str]:
        """How a life ends: what is paid for has its time to arrive, and nobody waits longer than that."""
        if ended.code == DIED:
            return
        first, second = (*self._pressed(life), math.inf, math.inf)[:2]
        if ended.at > min(first + GRACE, second) + MOMENT:
            yield f"it ended at {ended.at:.1f} s, and Ctrl-C was pressed at {self._pressed(life)}"
        of_life = [record for record in records(self.place.log) if record.life == life]
        asked = [record.at for record in of_life if record.event == "asked"]
        if max(asked, default=0) > first + MOMENT:
            yield "it asked on after Ctrl-C"
        for record in of_life:
            # Its run may have ended before another one's, which asks on.
            if (
                record.event == "broken_off"
                and not self.plan.twin
                and record.at < min(max(asked) + GRACE, second) - MOMENT
            ):
                yield "what was paid for was broken off"
                return

    def _goes_on(self, life: int) -> Iterator[str]:
        """Nobody waits for hours: either something is asked now and then, or the life ends."""
        asked = [record.at for record in records(self.place.log) if record.event == "asked" and record.life == life]
        longest = max((after - before for before, after in itertools.pairwise(asked)), default=0.0)
        if longest > SILENCE:
            yield f"nothing was asked for {longest:.0f} s"

    @cached_property
    def _reference(self) -> reference.Result:
        setup = setup_of(self.plan, self.place, LIVES)
        return reference.sequential(setup.recipe, setup.model, lambda request: answer(self.plan, request))

    def _the_recipe_decides(self, life: int, folder: Path, code: int, text: str) -> Iterator[str]:
        """Promises 1 and 3: the files are those of a sequential program, or a prefix of them."""
        expected = self._reference
        target = self._target(life)
        manifest = folder / "manifest.json"
        if not manifest.exists():
            if code == 0:
                yield "it ended well, and there is no manifest"
            return
        if code == DIED and manifest_in(RunFiles(folder), "manifest.json.partial") is not None:
            return  # it died between two renames; the next one that opens the folder finishes them
        missing = [name for name in ("data.jsonl", "lineage.jsonl", "rejected.jsonl") if not (folder / name).exists()]
        if missing:
            yield f"there is a manifest and no {missing[0]}"
            return
        rows = [json_line(row.example) for row in expected.rows]
        lineage = [json_line(as_row(row.lineage)) for row in expected.rows]
        data = (folder / "data.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        if data != rows[: len(data)]:
            yield "data.jsonl is not what a sequential program gives"
        if (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines(keepends=True) != lineage[: len(data)]:
            yield "lineage.jsonl is not what a sequential program gives"
        if code == 0 and len(data) != target:
            yield f"it ended well with {len(data)} examples for {target}"
        if text == "barren" and expected.outcome != "barren" and len(data) < len(rows):
            yield "it ended barren, and a sequential program does not"
        yield from self._rejected(folder, json.loads(manifest.read_text()), len(data))

    def _rejected(self, folder: Path, manifest: dict[str, object], accepted: int) -> Iterator[str]:
        setup = setup_of(self.plan, self.place, LIVES)
        counts = manifest["counts"]
        assert isinstance(counts, dict)
        # Where a run ended at its target, the rest of the batch is surplus: what a program with that target says.
        recipe = setup.recipe
        if manifest["outcome"] == "target":
            recipe = replace(recipe, target_size=accepted)
        expected = reference.sequential(recipe, setup.model, lambda request: answer(self.plan, request))
        wanted = [json_line(as_row(row)) for row in expected.rejected if row.request < counts["responses"]]
        written = (folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        if written != wanted:
            yield f"rejected.jsonl has {len(written)} rows, a sequential program {len(wanted)}, or others"

    def _target(self, life: int) -> int:
        return self.plan.targets[life] if life < len(self.plan.targets) else self.plan.recipe.target_size

    def _paid_once(self) -> Iterator[str]:
        """Promise 2: what was delivered to a process is not asked again by another one."""
        delivered: dict[str, int] = {}
        for record in records(self.place.log):
            if record.event == "violation":
                yield record.detail
            if record.event == "delivered":
                delivered.setdefault(record.key, record.life)
            elif record.event == "asked" and record.key in delivered:
                if self.plan.file_kills and record.life > delivered[record.key]:
                    continue  # a death between the reply and its place on disk, which no program can help
                yield "what had been answered was asked again"
                return

    def _no_surprise_bill(self, life: int, ended: Ended) -> Iterator[str]:
        """Promise 4: the caps hold by the provider's own count, and the product knows of every cent."""
        charged = [record for record in records(self.place.log) if record.event == "charged"]
        usd = sum((record.usd for record in charged), Decimal(0))
        tokens = sum(record.tokens for record in charged)
        asked = sum(record.event == "asked" for record in records(self.place.log))
        limits = self.plan.recipe.limits
        caps = [cap for cap in self.plan.caps[: life + 1] if cap is not None]
        free = len(caps) < len(self.plan.caps[: life + 1])
        if caps and not free and usd > max(caps):
            yield f"${usd} were charged, and the cap is {max(caps)}"
        if limits.tokens is not None and tokens > limits.tokens:
            yield f"{tokens} tokens were used, and the cap is {limits.tokens}"
        if limits.calls is not None and asked > limits.calls:
            yield f"{asked} calls were made, and the cap is {limits.calls}"
        if ended.calls is not None and (Decimal(ended.usd) < usd or ended.calls < asked or ended.tokens < tokens):
            yield f"${usd} in {asked} calls were charged, and it knows of ${ended.usd} in {ended.calls}"


def run(seed: int, prepare: Callable[[], None] = lambda: None, tell: Callable[[str], None] = lambda _: None) -> Outcome:
    """The trial of that number."""
    with tempfile.TemporaryDirectory(prefix="datarecipe-simulation-") as folder:
        return Trial(draw(seed), Place(Path(folder)), prepare).run(tell)


def summary(outcomes: list[Outcome]) -> str:
    """Counts, in a line."""
    ends = Counter(outcome.ends[-1].split(":")[0][:40] for outcome in outcomes)
    lives, deaths = sum(o.lives for o in outcomes), sum(o.deaths for o in outcomes)
    requests = sum(outcome.requests for outcome in outcomes)
    return f"{len(outcomes)} trials, {lives} lives, {deaths} deaths, {requests} requests; last ends: {dict(ends)}"
