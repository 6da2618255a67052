"""Which examples came about independently of each other: the unit in which the drift test counts.

The items of one response are alike, and a chain or a branch stays near where it was. So neither examples nor requests are
independent, and a test that takes them to be finds drift in every dataset. Lanes are independent: no request of one shows
an example of another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

Key = TypeVar("Key", bound=Hashable)

FEWEST: Final = 6
"""Lanes below which their requests are dealt out to make more."""
MOST: Final = 12
"""Groups of lanes whose signs are flipped: 2,048 patterns, all of which are tried."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lane of each example, from 0, and the group of each lane."""

    of: Sequence[int]
    groups: Sequence[int]
    """By lane. More than twelve lanes are dealt to twelve groups."""
    spanning: int
    """Groups with a lane that has examples in two generations at least: the others say nothing about change."""
    dealt: bool
    """Whether there were too few, so that requests were dealt to made-up lanes. What follows from that holds only if
    batches are independent."""

    def group(self, example: int) -> int:
        """The group of an example."""
        return self.groups[self.of[example]]


def independent_lanes(names: Sequence[str], requests: Sequence[int], generations: Sequence[int]) -> Lanes:
    """The lanes of the examples, from their names in the lineage (`chain:3`).

    If fewer than `FEWEST` have two generations, requests are dealt out like cards, generation after generation, so that each
    made-up lane has some from the whole course of the run. At first those of each lane by themselves, so that what lanes
    have of their own is no change; if that gives too few, all together.
    """
    own = _grouped([_in_order(name) for name in names], generations, dealt=False)
    if own.spanning >= FEWEST:
        return own
    spanning = {name for name, found in _spans(names, generations).items() if len(found) > 1}
    apart = _dealt([name if name in spanning else "" for name in names], requests, generations)
    return apart if apart.spanning >= FEWEST else _dealt([""] * len(names), requests, generations)


def _dealt(owners: Sequence[str], requests: Sequence[int], generations: Sequence[int]) -> Lanes:
    hands: dict[str, set[tuple[int, int]]] = {}
    for owner, request, generation in zip(owners, requests, generations, strict=True):
        hands.setdefault(owner, set()).add((generation, request))
    part = {
        (owner, request): at % _parts(len(hand), len(hands))
        for owner, hand in hands.items()
        for at, (_, request) in enumerate(sorted(hand))
    }
    keys = [(owner, part[owner, request]) for owner, request in zip(owners, requests, strict=True)]
    return _grouped(keys, generations, dealt=True)


def _parts(requests: int, hands: int) -> int:
    """Parts of one lane: at least two requests in each, and at most `MOST` parts of all lanes."""
    return max(1, min(MOST // hands, requests // 2))


def _grouped(keys: Sequence[tuple[str | int, ...]], generations: Sequence[int], *, dealt: bool) -> Lanes:
    """A lane for each key; those that have two generations first, and as many groups as there are of these."""
    known = _spans(keys, generations)
    order = sorted(known, key=lambda key: (len(known[key]) < 2, key))
    spanning = sum(len(found) > 1 for found in known.values())
    groups = max(1, min(MOST, spanning))
    number = {key: at for at, key in enumerate(order)}
    of_lane = [at % groups for at in range(len(order))]
    return Lanes([number[key] for key in keys], of_lane, min(MOST, spanning), dealt=dealt)


def _spans(keys: Sequence[Key], generations: Sequence[int]) -> dict[Key, set[int]]:
    """The generations of each lane."""
    found: dict[Key, set[int]] = {}
    for key, generation in zip(keys, generations, strict=True):
        found.setdefault(key, set()).add(generation)
    return found


def _in_order(name: str) -> tuple[str | int, ...]:
    kind, _, number = name.partition(":")
    return kind, len(number), number
