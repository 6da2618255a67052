"""The loop as a state machine without I/O, in the manner of h11.

A `Generation` hands out the requests that are wanted now, takes the response for any of them in any order, and says what
was accepted and rejected in logical order. The rules it keeps:

- *Free dispatch, strict commit.* `wanted` may look at anything that has arrived. What is committed, chosen, drawn, and where
  the run stops looks only at the recipe, the responses and their places. So the order in which responses arrive, and how
  many requests are in flight, never change what is emitted.
- *Commit* takes one place after another in the strategy's logical order, and each item of its batch in the response's
  order: invalid items are rejected, the others go through the filters (`admission`), and what passes them all is accepted.
- *What is wanted*: the commit head always; then the smallest places that have not arrived, as long as the examples that
  earlier places have or can be expected to have are fewer than the target needs.

The driver's part is: look every wanted request up in the cache, feed what is there to `receive`, send what is not.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakValueDictionary

from datarecipe.exchange import Completion, Json, Request, Response
from datarecipe.generate.admission.admission import Admission
from datarecipe.generate.admission.candidate import Repaired, Stage
from datarecipe.generate.admission.commit_filter import CommitFilter, Outlook
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.events import Accepted, AcceptedLog, Committed, Event, Lineage, Outcome, RejectedItem
from datarecipe.generate.judge.batch_judge import judge_of
from datarecipe.generate.judge.example_equality import example_id
from datarecipe.generate.judge.item_checker import Checked, Invalid, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.reasons import REASONS, Rejection
from datarecipe.generate.strategy.order import Asker, Awaiting, Order, Place
from datarecipe.generate.strategy.order_table import ORDERS
from datarecipe.recipe.recipe import Recipe

WINDOW = 64
"""Committed responses that the expected yield is the mean of."""

YIELD_FLOOR = 0.25
"""Items that a response is expected to bring at the least; else a barren stretch would ask for everything at once."""


class Wanted(NamedTuple):
    """A request that the loop wants answered. A tuple, since every look at what is wanted makes many."""

    handle: int
    """Goes with the response to `receive`."""
    request: Request
    ahead: float = 0.0
    """So many requests are expected to come before it in logical order and cannot be known yet."""
    is_question: bool = False
    """Whether it asks about an item, for a filter or a strategy, and not for items."""


class Generation:
    """One run's loop: from nothing to `recipe.target_size` accepted examples."""

    def __init__(
        self,
        recipe: Recipe,
        model: ModelSettings,
        *,
        judge: Callable[[Completion], tuple[Checked, ...]] | None = None,
        filters: Sequence[CommitFilter] | None = None,
        log: AcceptedLog | None = None,
    ) -> None:
        """By default replies are judged as the recipe and the model need it, by the filters that the recipe asks for.

        With a log, memory does not grow with the dataset, digests aside; without, what a tree has ahead stays in memory.
        Raises `TemplateError` when the instruction does not compile. `Renderer.check` tells whether it renders.
        """
        self.outcome: Outcome | None = None
        """Why the loop has ended, or None while it goes on."""
        self.why: str | None = None
        """The figures behind an end short of the target."""
        self.accepted = 0
        """Accepted examples so far."""
        self.committed = 0
        """Committed responses so far; the next one's number in logical order."""
        self._recipe = recipe
        self._judge = judge or judge_of(recipe, model).batch
        asker = Asker(recipe, model, log)
        self._questions = asker.questions
        own = filters_of(recipe, model) if filters is None else filters
        # The embedded model answers in its own form, and to its own prompts.
        repairs = 0 if model.profile.layout == "embedded" else recipe.filters.repair
        self._admission = Admission(recipe.target_size, asker.accepted, own, self._questions, self._judge, repairs)
        asker.outlook = self._admission.outlook
        self._order: Order = ORDERS[recipe.strategy.kind](asker)
        # Weak: the order holds what still has a place; a guess that was dropped goes with it.
        self._places: WeakValueDictionary[int, Place] = WeakValueDictionary()
        self._yields: deque[int] = deque(maxlen=WINDOW)
        self._barren = 0
        self._recent: deque[tuple[int, int, int]] = deque(
            maxlen=recipe.limits.stop_when.window if recipe.limits.stop_when else 1
        )
        """Of the last committed responses: items accepted, items that came, duplicates among them."""

    def wanted(self, window: int) -> Iterator[Wanted]:
        """The requests that are wanted now, the most urgent first.

        `window` bounds how many places from the commit head on are looked at. The same request is given again, with the
        same handle, until its response was received. After a call of `receive` start a new iteration.
        """
        if self.outcome is not None:
            return
        mean, deviation = self._expected_yield()
        outlook = self._admission.outlook()
        arrived, unresolved, ahead = self.accepted, 0.0, 0.0
        for number, step in enumerate(self._order.upcoming(mean)):
            if number and (number >= window or self._enough(arrived, mean * unresolved, deviation, unresolved)):
                return
            if isinstance(step, float):
                unresolved += step
                ahead += step
            elif isinstance(step, Awaiting):
                yield from (Wanted(each.handle, each.request, ahead, is_question=True) for each in step.questions)
                unresolved += 1
                ahead += 1
            elif step.batch is not None:
                likely = range(len(step.verdicts), len(step.batch)) if outlook is None else self._likely(step, outlook)
                if isinstance(likely, set) and not number:
                    likely.add(len(step.verdicts))  # what commit waits for is asked, whatever it will bring
                for question in self._admission.open(step.candidates, len(step.verdicts), likely):
                    yield Wanted(question.handle, question.request, ahead, is_question=True)
                arrived += self._promising(step) if isinstance(likely, range) else len(likely)
            else:
                if not step.is_known:
                    step.is_known = True
                    self._places[step.handle] = step
                yield Wanted(step.handle, step.request, ahead)
                unresolved += 1
                ahead += self._admission.questions_each * self._recipe.batch_size

    def _enough(self, arrived: int, expected: float, deviation: float, unresolved: float) -> bool:
        """Whether the places looked at so far hold the target, with some certainty."""
        target = self._recipe.target_size
        # Most of the time the root need not be taken.
        return arrived + expected >= target and (
            arrived + max(0.0, expected - deviation * math.sqrt(unresolved)) >= target
        )

    def _promising(self, place: Place) -> int:
        if place.promising is None:
            batch = place.batch or ()
            place.promising = sum(isinstance(item, Valid) and item.digest not in self._admission.seen for item in batch)
        return place.promising

    def _likely(self, place: Place, outlook: Outlook) -> set[int]:
        """The undecided items of a place that look new and are likely to be accepted."""
        seen, decided = self._admission.seen, len(place.verdicts)
        undecided = enumerate((place.batch or ())[decided:], decided)
        return {
            index for index, item in undecided if isinstance(item, Valid) and item.digest not in seen and outlook(item)
        }

    def receive(self, handle: int, response: Response) -> list[Event]:
        """Take the response to a wanted request; give what has become certain by it, in logical order.

        A response that nobody waits for any more (its parent was not accepted, the run has ended) is ignored.
        """
        if self.outcome is not None:
            return []
        place = self._places.pop(handle, None)
        if place is not None:
            assert isinstance(response, Completion)
            place.response = response
            place.batch = self._judge(response)
            place.candidates = self._admission.ask(place.batch, place.request)
            self._order.arrived(place)
        elif self._questions.answered(handle, response):
            self._order.answered()
        else:
            return []
        return self._commit()

    def _commit(self) -> list[Event]:
        events: list[Event] = []
        while self.outcome is None:
            head = next(self._order.upcoming(1.0))
            if not isinstance(head, Place) or head.batch is None or not self._decide(head, head.batch):
                break
            self._commit_place(head, events)
        return events

    def _decide(self, place: Place, batch: Sequence[Checked]) -> bool:
        """Decide the items in their order, as far as answers are there; gives whether all are decided."""
        for index in range(len(place.verdicts), len(batch)):
            item, candidate = batch[index], place.candidates.get(index)
            if candidate is None and isinstance(item, Invalid):
                place.verdicts.append(item)
                continue
            verdict = self._admission.admit(item, candidate)
            if isinstance(verdict, str):
                return False
            place.verdicts.append(verdict)
        return True

    def _commit_place(self, place: Place, events: list[Event]) -> None:
        accepted: list[tuple[Valid, str]] = []
        normalised = rejected = duplicates = 0
        parent, depth, number = place.formatting.id, place.formatting.depth + 1, self.committed
        for index, (item, verdict) in enumerate(zip(place.batch or (), place.verdicts, strict=True)):
            stages = verdict.stages if isinstance(verdict, Repaired) else (Stage(item, verdict),)
            for came, decided, sent_back in stages:
                if isinstance(decided, Rejection):
                    rejected += not sent_back
                    duplicates += REASONS[decided.reason].about_variety
                    raw = came.raw if isinstance(came, Invalid) else came.text
                    at = (parent, depth, place.lane, number, index)
                    events.append(RejectedItem(decided.reason, decided.detail, raw, *at, sent_back))
                    continue
                assert isinstance(came, Valid)
                id_ = example_id(came.example)
                self.accepted += 1
                normalised += came.normalised
                accepted.append((came, id_))
                origin = _origin(stages[0])
                lineage = Lineage(id_, parent, depth, place.lane, number, index, place.vary, decided, origin)
                events.append(Accepted(came.example, lineage))
        assert place.response is not None
        events.append(Committed(number, place.request, place.response, len(accepted), rejected, normalised))
        self.committed += 1
        self._yields.append(len(accepted))
        self._barren = 0 if accepted else self._barren + 1
        self._recent.append((len(accepted), len(place.batch or ()), duplicates))
        self._order.committed(accepted)
        self._end()

    def _end(self) -> None:
        if self.accepted >= self._recipe.target_size:
            self.outcome = "target"
        elif self._barren >= self._recipe.limits.barren:
            self.outcome = "barren"
            last = "response" if self._barren == 1 else f"{self._barren:,} responses"
            lacks = self._admission.lacks()
            self.why = f"the last {last} brought nothing new{f': {lacks}' if lacks else ''}"
        elif self._degraded():
            self.outcome = "degraded"

    def _degraded(self) -> bool:
        """Whether the last responses brought as little as `limits.stop_when` names."""
        stop = self._recipe.limits.stop_when
        if stop is None or len(self._recent) < stop.window:
            return False
        accepted, came, duplicates = (sum(counts) for counts in zip(*self._recent, strict=True))
        asked = self._recipe.batch_size * stop.window
        if stop.yield_below is not None and accepted < stop.yield_below * asked:
            self.why = f"{accepted:,} of {asked:,} items asked for were accepted, less than `yield_below`"
        elif stop.duplicates_above is not None and duplicates > stop.duplicates_above * came:
            self.why = f"{duplicates:,} of {came:,} received items were duplicates, more than `duplicates_above`"
        return self.why is not None

    def _expected_yield(self) -> tuple[float, float]:
        """Mean and standard deviation of the accepted items of a response; before any, what was asked for."""
        count = len(self._yields)
        if not count:
            return float(self._recipe.batch_size), 0.0
        mean = sum(self._yields) / count
        variance = sum((y - mean) ** 2 for y in self._yields) / count
        return max(mean, YIELD_FLOOR), math.sqrt(variance)


def _origin(first: Stage) -> Mapping[str, Json]:
    """Why the item that an example was made from was rejected; empty for one that is as it came."""
    rejection = first.verdict
    return {"reason": rejection.reason, "detail": rejection.detail} if isinstance(rejection, Rejection) else {}
