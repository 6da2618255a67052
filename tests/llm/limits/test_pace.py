"""Whatever is asked whenever: no minute holds more than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.llm.limits.rate_pacer import Pace


@given(st.integers(1, 1000), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 50)), max_size=100))
def test_no_minute_holds_more_than_it_may_and_the_last_take(per_minute: int, asks: list[tuple[float, int]]) -> None:
    pace, now = Pace(per_minute), 0.0
    taken: list[tuple[float, int]] = []
    for gap, units in asks:
        now += gap + pace.wait(now)
        pace.take(units, now)
        taken.append((now, units))
    for first in range(len(taken)):
        # What is taken within a minute of `first`: all but the last of them has to have been paid off in that minute.
        inside = [units for time, units in taken[first:] if time < taken[first][0] + 60.0 - 1e-6]
        assert sum(inside[:-1]) <= per_minute + 1e-6


def test_it_spreads_evenly_and_saves_nothing_up() -> None:
    pace = Pace(60)
    assert pace.wait(1000.0) == 0
    pace.take(1, 1000.0)
    assert pace.wait(1000.0) == 1.0
    pace.take(5, 1001.0)
    assert pace.wait(1001.0) == 5.0


def test_what_was_not_used_comes_back() -> None:
    pace = Pace(600)
    pace.take(100, 0.0)
    assert pace.wait(0.0) == 10.0
    pace.give_back(90)
    assert abs(pace.wait(0.0) - 1.0) < 1e-9
