"""The fuzzer of replies finds nothing, and would notice if a promise were broken."""

from __future__ import annotations

import time
from typing import Any

import pytest

from datarecipe.generate.events import Event, RejectedItem
from datarecipe.generate.generation import Generation
from tests.fuzz import replies
from tests.fuzz.campaign import Settings, run
from tests.fuzz.report import tally_of
from tests.fuzz.test_fuzz import MADE

SETTINGS = Settings(seed=20_26, jobs=2, projects=MADE[:1], make=replies.make, subject=replies.hold, seconds=60)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_whatever_is_replied_all_of_it_is_accounted_for() -> None:
    tally = tally_of(run(range(20_000), SETTINGS))
    assert not tally.defects, tally.defects


def test_a_thousand_replies_are_accounted_for() -> None:
    tally = tally_of(run(range(1000), SETTINGS))
    assert not tally.defects, tally.defects


def test_many_replies_bring_examples_and_many_do_not() -> None:
    """A fuzzer whose replies are all refused at once, or all taken, finds nothing."""
    came = [replies._driven(replies.make(3, number)) for number in range(400)]
    accepted = sum(any(type(event).__name__ == "Accepted" for events in each for event in events) for each in came)
    reasons = {event.reason for each in came for events in each for event in events if isinstance(event, RejectedItem)}
    assert 80 < accepted < 380
    assert {"schema", "label", "options", "malformed", "no_items", "truncated", "refusal", "duplicate"} <= reasons


def test_a_number_means_the_same_reply() -> None:
    assert [replies.make(3, number) for number in range(200)] == [replies.make(3, number) for number in range(200)]
    assert replies.make(3, 5).texts != replies.make(4, 5).texts


receive = Generation.receive


def _lost(self: Generation, *given: Any) -> list[Event]:
    return [event for event in receive(self, *given) if not isinstance(event, RejectedItem)]


def _raising(*_: Any) -> list[Event]:
    raise ValueError("broken")


def _changing(self: Generation, *given: Any) -> list[Event]:
    made = receive(self, *given)
    return [*made, *(made[:1] if time.perf_counter_ns() % 2 else [])]


def _slow(self: Generation, *given: Any) -> list[Event]:
    end = time.process_time() + replies.SECONDS + 0.2
    while time.process_time() < end:
        pass
    return receive(self, *given)


@pytest.mark.parametrize("broken", [_lost, _raising, _changing, _slow], ids=lambda broken: str(broken.__name__))
def test_a_broken_promise_is_noticed(monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    if broken is _slow:
        monkeypatch.setattr(replies, "SECONDS", 0.2)
        monkeypatch.setattr(replies, "SECONDS_PER_CHARACTER", 0.0)
    monkeypatch.setattr(Generation, "receive", broken)
    kinds = {outcome.kind for outcome in run(range(1, 7), Settings(make=replies.make, subject=replies.hold))}
    assert "!escaped" in kinds
