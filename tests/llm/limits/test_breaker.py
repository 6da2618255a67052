"""Nothing but a probe is let through while nothing is answered."""

from __future__ import annotations

from datarecipe.llm.limits.circuit_breaker import FAILURES, LONGEST_OUTAGE_PAUSE, CircuitBreaker


def broken() -> CircuitBreaker:
    breaker = CircuitBreaker(lambda low, high: 1.0)
    assert all(breaker.failed(0.0, probe=0) is None for _ in range(FAILURES - 1))
    assert not breaker.is_open
    assert breaker.failed(0.0, probe=0) == 1.0
    return breaker


def test_so_many_failures_in_a_row_open_it_and_an_answer_between_does_not() -> None:
    breaker = CircuitBreaker(lambda low, high: 1.0)
    for _ in range(10):
        for _ in range(FAILURES - 1):
            assert breaker.failed(0.0, probe=0) is None
        assert not breaker.answered()
    assert broken().is_open


def test_one_probe_at_a_time_after_the_pause() -> None:
    breaker = broken()
    assert not breaker.lets_pass(0.9)
    assert breaker.lets_pass(1.0)
    probe = breaker.began()
    assert probe
    assert not breaker.lets_pass(100.0), "the probe is under way"
    breaker.left(probe=probe)
    assert breaker.lets_pass(100.0), "it was broken off; another may be sent"


def test_pauses_double_up_to_the_longest_and_end_with_an_answer() -> None:
    breaker, now, pauses = broken(), 1.0, []
    for _ in range(8):
        assert breaker.lets_pass(now)
        pause = breaker.failed(now, probe=breaker.began())
        assert pause is not None
        pauses.append(pause)
        now += pause
    assert pauses == [2.0, 4.0, 8.0, *[LONGEST_OUTAGE_PAUSE] * 5]
    assert breaker.began()
    assert breaker.answered()
    assert not breaker.is_open
    assert not breaker.began()


def test_those_that_were_under_way_when_it_opened_change_nothing() -> None:
    breaker = broken()
    until = breaker.until
    assert all(breaker.failed(0.5, probe=0) is None for _ in range(100))
    assert breaker.until == until


def test_the_provider_s_own_word_on_when_to_come_again_counts() -> None:
    breaker = broken()
    assert breaker.failed(1.0, probe=breaker.began(), retry_after=300.0) == 300.0
    assert not breaker.lets_pass(300.0)
    assert breaker.lets_pass(301.0)


def test_an_old_probe_says_nothing_about_a_provider_that_answered_since() -> None:
    breaker = broken()
    old = breaker.began()
    assert breaker.answered(), "one that was under way before"
    assert breaker.failed(9.0, probe=old) is None
    assert not breaker.is_open


def test_an_old_probe_does_not_end_a_new_one() -> None:
    breaker = broken()
    old = breaker.began()
    breaker.answered()
    assert [breaker.failed(2.0, probe=0) for _ in range(FAILURES)][-1] == 1.0
    assert breaker.began() not in (0, old)
    breaker.left(probe=old)
    assert not breaker.lets_pass(100.0), "the new probe is under way"


def test_an_outage_of_days_is_probed_to_its_end() -> None:
    breaker, now = broken(), 1.0
    for _ in range(3000):
        pause = breaker.failed(now, probe=breaker.began())
        assert pause is not None
        now += pause
    assert breaker.answered()
