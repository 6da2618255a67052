"""Lanes as they are, and made-up ones where there are too few."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from datarecipe.measure.drift.independent_lanes import FEWEST, MOST, Lanes, independent_lanes

Row = tuple[str, int, int]
"""Lane, request, generation of an example."""


def lanes_of(rows: Sequence[Row]) -> Lanes:
    return independent_lanes([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def spanning(lanes: Lanes, rows: Sequence[Row]) -> int:
    """Groups with a lane that has two generations."""
    of_lane: dict[int, set[int]] = {}
    for lane, row in zip(lanes.of, rows, strict=True):
        of_lane.setdefault(lane, set()).add(row[2])
    return len({lanes.groups[lane] for lane, found in of_lane.items() if len(found) > 1})


def chains(count: int, rounds: int) -> list[Row]:
    return [(f"chain:{c}", r * count + c, r) for r in range(rounds) for c in range(count) for _ in range(3)]


def test_eight_chains_are_eight_lanes() -> None:
    rows = chains(8, 5)
    found = lanes_of(rows)
    assert not found.dealt
    assert found.spanning == 8
    assert [found.group(at) for at in range(len(rows))] == [int(row[0].partition(":")[2]) for row in rows]


def test_twenty_chains_are_twelve_groups() -> None:
    found = lanes_of(chains(20, 3))
    assert (found.spanning, found.dealt, len(found.groups)) == (MOST, False, 20)
    assert found.groups == [lane % MOST for lane in range(20)]


def test_a_lane_of_one_generation_joins_the_groups_of_the_others() -> None:
    rows = [*chains(7, 3), ("chain:7", 21, 0)]
    found = lanes_of(rows)
    assert (found.spanning, found.dealt) == (7, False)
    assert found.of[-1] == 7
    assert found.group(len(rows) - 1) == 0


def test_requests_of_few_chains_are_dealt_within_each() -> None:
    rows = chains(2, 12)
    found = lanes_of(rows)
    assert (found.spanning, found.dealt) == (12, True)
    owners: dict[int, set[str]] = {}
    for lane, row in zip(found.of, rows, strict=True):
        owners.setdefault(lane, set()).add(row[0])
    assert all(len(names) == 1 for names in owners.values())


def test_requests_of_fixed_are_dealt_together() -> None:
    rows = [(f"fixed:{at}", at, at // 4) for at in range(48)]
    found = lanes_of(rows)
    assert (found.spanning, found.dealt) == (12, True)
    assert found.of == [at % 12 for at in range(48)]


def test_a_tree_whose_children_have_one_root() -> None:
    rows = [(f"root:{at}", at, 0) for at in range(8)] + [("root:0", 8 + at, 1) for at in range(12)]
    found = lanes_of(rows)
    assert (found.spanning, found.dealt) == (8, True)


def test_one_request_is_no_lane() -> None:
    assert lanes_of([("chain:0", 0, 0)] * 5).spanning == 0
    assert lanes_of([]).spanning == 0
    assert lanes_of(chains(1, 10)).spanning < FEWEST


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=60))
def test_what_always_holds(found: list[tuple[int, int]]) -> None:
    rows = [(f"chain:{number % 10}", number, number // 10) for _, number in found]
    lanes = lanes_of(rows)
    assert lanes.spanning == spanning(lanes, rows) <= MOST
    assert set(lanes.of) == set(range(len(lanes.groups)))
    together: dict[int, set[int]] = {}
    for lane, row in zip(lanes.of, rows, strict=True):
        together.setdefault(row[1], set()).add(lane)
    assert all(len(own) == 1 for own in together.values()), "a request is never split"
