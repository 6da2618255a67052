"""A whole run: what is tested, what is taken out, and what is said of runs that say nothing."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datarecipe.generate.events import Lineage
from datarecipe.measure.drift import drift as whole
from datarecipe.measure.drift.drift import Drift, DriftTest, Subject, Traced, drift

FILMS = "the film was a dull story with fine actors and the plot of this movie never moved on slowly"
FOOD = "our waiter brought cold soup while the kitchen burned my steak so we left that restaurant hungry"


def traced(
    text: Callable[[random.Random, int, int], str],
    label: Callable[[random.Random, int], str] = lambda chance, _: chance.choice(["good", "bad"]),
    *,
    rounds: int = 12,
    lanes: int = 8,
    batch: int = 4,
    vary: Callable[[int, int], dict[str, Any]] = lambda *_: {},
    seed: int = 0,
) -> Traced:
    """A run of chains whose example in a round and chain is `text(chance, round, chain)`."""
    chance, texts, labels, lineage = random.Random(seed), [], [], []
    for number, (turn, lane) in enumerate(itertools.product(range(rounds), range(lanes))):
        for index in range(batch):
            texts.append(text(chance, turn, lane))
            labels.append(label(chance, turn))
            lineage.append(Lineage("", "", turn + 1, f"chain:{lane}", number, index, vary(turn, lane)))
    return Traced("run", texts, labels, lineage, ["the film was dull"])


def words(chance: random.Random, source: str, count: int = 9) -> str:
    return " ".join(chance.choices(source.split(), k=count))


def still(chance: random.Random, *_: int) -> str:
    return words(chance, FILMS)


def turning(chance: random.Random, turn: int, _: int) -> str:
    return words(chance, FOOD if turn >= 6 else FILMS)


def outcome(found: Drift, subject: Subject) -> DriftTest:
    return next(each for each in found.tests if each.subject == subject)


def test_a_run_that_turns() -> None:
    found = drift(traced(turning))
    texts = outcome(found, "texts")
    assert (texts.p, texts.corrected, texts.least) == (1 / 128, 2 / 128, 1 / 128), "lengths do not vary"
    assert texts.onset is not None
    assert (texts.onset.kind, texts.onset.generation, texts.onset.first, texts.onset.last) == ("step", "7", "7", "7")
    assert outcome(found, "labels").onset is None
    assert (found.axis, found.lanes, found.groups, found.dealt, found.enough) == ("depth", 8, 8, False, True)
    assert [each.name for each in found.stretches] == ["1-2", "3-4", "5-6", "7-8", "9-10", "11-12"]
    distances = [each.from_first.value for each in found.stretches[1:] if each.from_first is not None]
    assert max(distances[:2]) < 0.05
    assert min(distances[2:]) > 0.3
    from_seed = [each.from_seed.value for each in found.stretches if each.from_seed is not None]
    assert max(from_seed[:3]) < min(from_seed[3:])
    assert found.compared == ("1-4", "9-12")
    assert {each.word for each in found.words.came} <= set(FOOD.split())
    assert {each.word for each in found.words.went} <= set(FILMS.split())
    assert all(set(found.texts[at].split()) <= set(FOOD.split()) for at in found.words.with_came)


def test_a_run_that_stays() -> None:
    alarms = [each.onset is not None for seed in range(12) for each in drift(traced(still, seed=seed, rounds=6)).tests]
    assert sum(alarms) <= 3
    found = drift(traced(still))
    assert not found.words.came
    assert all(abs(each.from_first.value) < 0.1 for each in found.stretches[1:] if each.from_first is not None)


def test_labels_and_lengths_that_shift() -> None:
    found = drift(
        traced(
            lambda chance, turn, _: words(chance, FILMS, 6 + turn),
            lambda chance, turn: "good" if chance.random() < 0.2 + 0.06 * turn else "bad",
        )
    )
    assert outcome(found, "lengths").onset is not None
    assert outcome(found, "labels").onset is not None
    assert found.stretches[0].words is not None
    assert found.stretches[-1].words is not None
    assert found.stretches[0].words.value < found.stretches[-1].words.value
    assert found.stretches[0].labels["good"] < found.stretches[-1].labels["good"]


def topical(chance: random.Random, turn: int, lane: int) -> str:
    """Each round has a topic that comes in no later one but in all chains."""
    return f"{words(chance, FILMS, 5)} {words(chance, f'topic{(turn + lane) % 24}', 4)}"


def test_topics_of_vary_that_walk_are_no_drift() -> None:
    walk = traced(topical, rounds=24, batch=5, vary=lambda turn, lane: {"topic": f"topic{(turn + lane) % 24}"})
    assert drift(walk).adjusted_for == ["topic"]
    assert outcome(drift(walk), "texts").onset is None
    hidden = replace(walk, lineage=[replace(row, vary={}) for row in walk.lineage])
    assert outcome(drift(hidden), "texts").onset is not None
    assert not drift(walk).words.came, "words of the values themselves are not shown"


def test_values_that_come_once_are_told_and_left() -> None:
    run = traced(still, vary=lambda turn, lane: {"id": 100 * turn + lane})
    assert (drift(run).adjusted_for, drift(run).not_adjusted_for) == ([], ["id"])


def test_by_order() -> None:
    found = drift(traced(turning), "order")
    assert found.axis == "order"
    assert (found.generations[0], found.generations[-1]) == ("1-32", "353-384")
    onset = outcome(found, "texts").onset
    assert onset is not None
    assert onset.generation == "193-224"


def test_fixed_is_measured_by_order_and_dealt() -> None:
    run = traced(turning, rounds=12, lanes=8)
    run = replace(run, lineage=[replace(row, depth=1, lane=f"fixed:{row.request}") for row in run.lineage])
    found = drift(run)
    assert (found.axis, found.lanes, found.groups, found.dealt) == ("order", 96, 12, True)
    onset = outcome(found, "texts").onset
    assert onset is not None
    assert onset.generation == "193-224"


def test_too_few_lanes_and_generations() -> None:
    one = drift(traced(still, rounds=1, lanes=1))
    assert not one.enough
    assert all(each.p is None for each in one.tests)
    assert one.generations == ["1-4"]
    short = drift(traced(still, rounds=2, lanes=3))
    assert not short.enough
    assert short.stretches[0].examples == 12


def test_one_label_is_not_tested() -> None:
    found = drift(traced(still, lambda *_: "good"))
    assert [each.subject for each in found.tests] == ["texts", "lengths"]
    assert [each.subject for each in drift(replace(traced(still), labels=[])).tests] == ["texts", "lengths"]


def test_empty_texts_and_no_seed() -> None:
    found = drift(replace(traced(lambda *_: ""), seeds=[]))
    assert [each.p is None for each in found.tests] == [True, False, True]
    assert all(each.from_seed is None for each in found.stretches)


def test_a_large_run_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "MOST", 300)
    found = drift(traced(turning))
    assert (found.examples, found.measured) == (384, 300)
    assert sum(each.examples for each in found.stretches) == 300
    assert outcome(found, "texts").onset is not None


def test_ten_thousand_examples_take_seconds() -> None:
    run = traced(turning, rounds=100, lanes=20, batch=5)
    began = time.process_time()
    found = drift(run)
    assert time.process_time() - began < 60
    assert len(found.generations) == 24
    assert outcome(found, "texts").corrected == 2 / 2048
