"""How widely a run spreads: over the batches that it descends from, and over the values of `vary`."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from datarecipe.exchange import Complete, Completion
from datarecipe.generate.events import Lineage
from datarecipe.recipe import Recipe, StrategyKind
from tests.generate.driving import drive
from tests.generate.recipes import completion, make_recipe, settings

TOPICS = tuple(f"topic {number}" for number in range(44))


def always_new(request: Complete) -> Completion:
    """A whole batch, all of it new, that is a function of the request."""
    key = hashlib.blake2b(request.key.encode()).hexdigest()
    size = json.loads(request.content.messages[0][1].split()[1])
    items = [{"options": ["yes", "no"], "answer": "yes", "question": f"{key} {index}"} for index in range(size)]
    return completion(json.dumps({"examples": items}))


def rows_of(recipe: Recipe) -> list[Lineage]:
    return [row.lineage for row in drive(recipe, settings(recipe), always_new, lambda _: 0, 16).accepted]


def descendants(rows: list[Lineage]) -> Counter[int]:
    """By request: how many rows come from it, its own and those of requests that show one of its examples, and so on."""
    of_example = {row.id: row.request for row in rows}
    parent = {row.request: of_example.get(row.parent) for row in rows}
    counts: Counter[int] = Counter()
    for row in rows:
        request: int | None = row.request
        while request is not None:
            counts[request] += 1
            request = parent[request]
    return counts


@pytest.mark.parametrize(("batch_size", "target"), [(20, 400), (5, 400), (20, 2000), (10, 100)])
def test_no_batch_feeds_the_whole_tree(batch_size: int, target: int) -> None:
    rows = rows_of(make_recipe("tree", 8, batch_size=batch_size, target_size=target))
    assert max(descendants(rows).values()) <= target / 4


def test_every_batch_feeds_the_next_generation_before_one_feeds_it_twice() -> None:
    rows = rows_of(make_recipe("tree", 8, batch_size=5, target_size=2000))
    of_example = {row.id: row for row in rows}
    fed: dict[int, Counter[int]] = {}
    for request, group in itertools.groupby(rows, key=lambda row: row.request):
        first = next(group)
        if first.depth == 1:
            continue
        parent = of_example[first.parent]
        counts = fed.setdefault(first.depth, Counter())
        counts[parent.request] += 1
        earlier = {row.request for row in rows if row.depth == first.depth - 1}
        assert max(counts.values()) - min(counts[number] for number in earlier) <= 1, request


@pytest.mark.parametrize("kind", ["fixed", "random", "tree"])
def test_one_topic_more_asks_little_anew(kind: StrategyKind) -> None:
    """In a tree, that is: *fixed* and chains deal values out by place, evenly, and so all places move."""
    recipe = make_recipe(kind, 8, target_size=2000, vary={"topic": TOPICS})
    before, after = (
        drive(replace(recipe, vary={"topic": topics}), settings(recipe), always_new, lambda _: 0, 1).asked
        for topics in (TOPICS, (*TOPICS, "another"))
    )
    anew = {request.key for request in after} - {request.key for request in before}
    share = len(anew) / len(after)
    assert share <= 0.05 if kind == "tree" else share > 0.3


@pytest.mark.parametrize("change", ["replaced", "taken out", "first"])
def test_a_topic_in_another_way_moves_only_its_own(change: str) -> None:
    recipe = make_recipe("tree", 8, target_size=2000)
    changed: dict[str, Any] = {
        "replaced": (*TOPICS[:20], "another", *TOPICS[21:]),
        "taken out": (*TOPICS[:20], *TOPICS[21:]),
        "first": (*TOPICS[:8], "another", *TOPICS[8:]),
    }
    before, after = (
        drive(replace(recipe, vary={"topic": topics}), settings(recipe), always_new, lambda _: 0, 1).asked
        for topics in (TOPICS, changed[change])
    )
    anew = {request.key for request in after} - {request.key for request in before}
    assert len(anew) <= 0.15 * len(after)


@pytest.mark.parametrize("width", [1, 8, 44, 64])
def test_chains_use_every_topic(width: int) -> None:
    rows = rows_of(make_recipe("random", width, target_size=44 * 5, vary={"topic": TOPICS}))
    assert {row.vary["topic"] for row in rows} == set(TOPICS)


@pytest.mark.parametrize("kind", ["fixed", "random", "similar", "contrastive", "tree"])
def test_draw_numbers_requests_by_their_place(kind: StrategyKind) -> None:
    """So it is the same whatever the order of arrival, and each text of *fixed* is another one."""
    recipe = make_recipe(kind, 4, instruction="Write {{ batch_size }} draw {{ draw }}", vary={}, target_size=120)
    runs = []
    for in_flight in (1, 16):
        seen: list[int] = []

        def answer(request: Complete, seen: list[int] = seen) -> Completion:
            seen.append(int(request.content.messages[0][1].split()[3]))
            return always_new(request)

        ended = drive(recipe, settings(recipe), answer, lambda flying: flying - 1, in_flight)
        runs.append([row.example for row in ended.accepted])
        if kind == "tree":
            assert {number for number in seen if number} == {1, 2, 3, 4}
        else:
            assert sorted(seen)[:24] == list(range(1, 25))
    assert runs[0] == runs[1]
