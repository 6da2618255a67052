"""A run that degrades ends early, at a place that the responses alone decide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.exchange import Complete, Completion
from datarecipe.generate.events import Accepted, Committed, Event
from datarecipe.generate.generation import Generation
from datarecipe.recipe import Limits
from datarecipe.recipe.recipe import StopWhen
from tests.generate.recipes import make_recipe, scripted
from tests.generate.recipes import settings as model_settings


def drive(stop: StopWhen | None, variety: int, order: int = 0) -> tuple[Generation, list[Event]]:
    recipe = make_recipe("fixed", target_size=400, limits=Limits(stop_when=stop))
    generation, events = Generation(recipe, model_settings(recipe)), list[Event]()
    while generation.outcome is None:
        waiting = list(generation.wanted(16))
        wanted = waiting[order % len(waiting)]
        assert isinstance(wanted.request, Complete)
        response: Completion = scripted(wanted.request, variety=variety)
        events += generation.receive(wanted.handle, response)
    return generation, events


def judged(events: list[Event], window: int) -> tuple[float, float]:
    """Yield and share of duplicates of the last responses, counted from the events alone."""
    last = [event.request for event in events if isinstance(event, Committed)][-window:]
    recent = [event for event in events if not isinstance(event, Accepted) and event.request in last]
    accepted = sum(event.accepted for event in recent if isinstance(event, Committed))
    came = sum(event.accepted + event.rejected for event in recent if isinstance(event, Committed))
    duplicates = sum(getattr(event, "reason", "") == "duplicate" for event in recent)
    return accepted / (5 * window), duplicates / came


def test_without_it_nothing_ends_early() -> None:
    assert drive(None, 60)[0].outcome == "target"


@pytest.mark.parametrize(
    "stop",
    [StopWhen(yield_below=0.3, window=10), StopWhen(duplicates_above=0.4, window=10)],
    ids=["yield", "duplicates"],
)
def test_it_ends_at_the_first_window_that_is_too_poor(stop: StopWhen) -> None:
    generation, events = drive(stop, 15)
    assert generation.outcome == "degraded"
    ends = [index + 1 for index, event in enumerate(events) if isinstance(event, Committed)]
    poor = []
    for end in ends[stop.window - 1 :]:
        share, duplicates = judged(events[:end], stop.window)
        poor.append(share < (stop.yield_below or 0) or duplicates > (stop.duplicates_above or 1))
    assert poor == [False] * (len(poor) - 1) + [True]


def test_nothing_is_judged_before_a_window_is_full() -> None:
    generation, _ = drive(StopWhen(yield_below=1.0, window=7), 60)
    assert (generation.outcome, generation.committed) == ("degraded", 7)


@settings(max_examples=30)
@given(st.integers(0, 15), st.integers(1, 20))
def test_the_order_of_arrival_does_not_move_the_end(order: int, window: int) -> None:
    stop = StopWhen(yield_below=0.4, duplicates_above=0.6, window=window)
    expected, actual = drive(stop, 20)[1], drive(stop, 20, order)[1]
    assert actual == expected
