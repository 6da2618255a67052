"""One cut for a burst, growth only on evidence, never beyond what the user allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.llm.limits.adaptive_concurrency import AdaptiveLimit


def rounds(limit: AdaptiveLimit, count: int) -> None:
    for _ in range(count):
        for _ in range(limit.limit):
            limit.answered(limit.cuts, limit.limit)


def test_a_burst_is_one_cut() -> None:
    limit = AdaptiveLimit(32)
    began = limit.cuts
    assert [limit.rate_limited(began) for _ in range(32)] == [True] + [False] * 31
    assert limit.limit == 25
    assert limit.rate_limited(limit.cuts), "an attempt that began after the cut speaks of what holds now"
    assert limit.limit == 20


def test_it_recovers_to_where_it_started_and_no_further() -> None:
    limit = AdaptiveLimit(32)
    for _ in range(40):
        limit.rate_limited(limit.cuts)
    assert limit.limit == 1
    rounds(limit, 1)
    assert limit.limit == 7
    rounds(limit, 3)
    assert 22 <= limit.limit < 32
    rounds(limit, 3)
    assert limit.limit == 32
    rounds(limit, 50)
    assert limit.limit == 32


def test_it_grows_where_it_may_and_doubles_until_the_first_cut() -> None:
    limit = AdaptiveLimit(4, 100)
    rounds(limit, 3)
    assert limit.limit == 32
    limit.rate_limited(limit.cuts)
    assert limit.limit == 25
    rounds(limit, 1)
    assert limit.limit == 26
    rounds(limit, 100)
    assert limit.limit == 100


def test_a_provider_that_refuses_one_in_twenty_whatever_their_number_does_not_hold_it_down() -> None:
    limit, seen = AdaptiveLimit(32), []
    for number in range(2000):
        if number % 20 == 19:
            limit.rate_limited(limit.cuts)
        else:
            limit.answered(limit.cuts, limit.limit)
        seen.append(limit.limit)
    assert sum(seen[200:]) / len(seen[200:]) > 0.7 * 32


def test_answers_that_say_nothing_about_more_do_not_count() -> None:
    limit = AdaptiveLimit(10, 100)
    for _ in range(1000):
        limit.answered(limit.cuts, 7)
    assert limit.limit == 10, "three places were always free"
    old = limit.cuts
    limit.rate_limited(old)
    for _ in range(1000):
        limit.answered(old, 8)
    assert limit.limit == 8, "these began before the cut"


@given(
    st.integers(1, 200),
    st.none() | st.integers(1, 400),
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 300)), max_size=200),
)
def test_it_stays_between_one_and_the_most(start: int, most: int | None, steps: list[tuple[bool, int, int]]) -> None:
    limit = AdaptiveLimit(start, most)
    for answered, age, in_flight in steps:
        before, cuts = limit.limit, limit.cuts
        if answered:
            limit.answered(limit.cuts - age, in_flight)
            assert limit.limit >= before
        else:
            limit.rate_limited(limit.cuts - age)
            assert limit.limit <= before
            assert limit.cuts - cuts == (age == 0)
        assert 1 <= limit.limit <= max(start, most or start)
