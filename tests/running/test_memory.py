"""Memory does not grow with the dataset: an example leaves nothing behind but its digest."""

from __future__ import annotations

import gc
import hashlib
import json
import random
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datarecipe.exchange import Complete, Completion, Request
from datarecipe.generate.generation import Generation
from datarecipe.recipe import Recipe, StrategyKind
from datarecipe.run_folder.counts.commit_counts import CommitCounts
from datarecipe.run_folder.write.writer import RunFolder
from tests.generate.recipes import completion, make_recipe, settings

Answer = Callable[[Complete], Completion]


def mostly_new(request: Complete) -> Completion:
    """Five items: most new, some that others have too, some invalid."""
    key = hashlib.blake2b(request.key.encode()).hexdigest()
    chance = random.Random(key)
    names = [key[n * 20 : n * 20 + 20] if chance.random() < 0.9 else str(chance.randrange(99)) for n in range(5)]
    return _items(*((name, chance.choice(["yes", "no", "no", "Yes", "maybe"])) for name in names))


def mostly_twins(request: Complete) -> Completion:
    """Few new items, and those in several responses with other labels: much that is asked ahead is dropped."""
    number = int(re.sub(r"\D", "", json.loads(request.content.messages[-1][1])["question"]) or 0)
    return _items(*((str(number + step), "yes" if number % 2 else "no") for step in (1, 2, 3)))


def _items(*items: tuple[str, str]) -> Completion:
    examples = [{"options": ["yes", "no"], "answer": label, "question": f"Is it {name}?"} for name, label in items]
    return completion(json.dumps({"examples": examples}))


def grown(folder: RunFolder, recipe: Recipe, answer: Answer, *, first: int, last: int, in_flight: int) -> float:
    """Bytes that each example from number `first` to `last` leaves in memory; answers arrive in any order."""
    generation = Generation(recipe, settings(recipe), log=folder.read)
    order, counts = random.Random(0), CommitCounts()
    flying: dict[int, Request] = {}
    before = 0
    while generation.accepted < last:
        if not before and generation.accepted >= first:
            before = _in_use()
        for wanted in generation.wanted(8 * in_flight):
            if len(flying) >= in_flight:
                break
            flying.setdefault(wanted.handle, wanted.request)
        handle = order.choice(list(flying))
        request = flying.pop(handle)
        assert isinstance(request, Complete)
        events = generation.receive(handle, answer(request))
        for event in events:
            folder.write(event)
        counts.add(events)
    assert counts.tally.accepted == generation.accepted
    assert counts.tally.rejected["duplicate"] > last / 100
    return (_in_use() - before) / (last - first)


def _in_use() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture(autouse=True)
def _traced() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("kind", "bytes_each"),
    # Chains remember digests of their own.
    [("fixed", 50), ("tree", 50), ("random", 80), ("similar", 80), ("contrastive", 80)],
)
def test_an_example_leaves_little_more_than_its_digests(tmp_path: Path, kind: StrategyKind, bytes_each: float) -> None:
    recipe = make_recipe(kind, target_size=100_000)
    with RunFolder(tmp_path, "A", overwrite=False) as folder:
        assert grown(folder, recipe, mostly_new, first=1_000, last=5_000, in_flight=4) < bytes_each


def test_what_was_asked_ahead_and_dropped_is_forgotten(tmp_path: Path) -> None:
    recipe = make_recipe("tree", target_size=100_000)
    with RunFolder(tmp_path, "A", overwrite=False) as folder:
        assert grown(folder, recipe, mostly_twins, first=300, last=1_300, in_flight=16) < 100
