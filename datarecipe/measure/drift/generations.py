"""Which generation an example belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Axis = Literal["depth", "order"]

MOST: Final = 24
"""Generations that are told apart. Neighbours of a deeper run are joined."""
STRETCHES: Final = 12
"""Stretches of a run by order."""


@dataclass(frozen=True, slots=True)
class Generations:
    """The generation of each example, from 0, and what each generation is called."""

    of: Sequence[int]
    names: Sequence[str]

    def joined(self, stretches: int) -> Generations:
        """Neighbouring generations joined, so that at most `stretches` are left."""
        total = len(self.names)
        if total <= stretches:
            return self
        number = [generation * stretches // total for generation in range(total)]
        edges = [[at for at in range(total) if number[at] == stretch] for stretch in range(stretches)]
        names = [_range(self.names[at[0]].split("-")[0], self.names[at[-1]].split("-")[-1]) for at in edges]
        return Generations([number[generation] for generation in self.of], names)


def by_depth(depths: Sequence[int]) -> Generations:
    """A generation for each depth, from the depths of the examples."""
    known = sorted(set(depths))
    number = {depth: at for at, depth in enumerate(known)}
    return Generations([number[depth] for depth in depths], [str(depth) for depth in known]).joined(MOST)


def by_order(requests: Sequence[int], lines: Sequence[int]) -> Generations:
    """Twelve stretches of about as many examples each, from each example's request and its line in the dataset, in order.

    The examples of one request belong to one stretch: that of the first of them.
    """
    first: dict[int, int] = {}
    for at, request in enumerate(requests):
        first.setdefault(request, at)
    stretches = [first[request] * STRETCHES // len(requests) for request in requests]
    number = {stretch: at for at, stretch in enumerate(sorted(set(stretches)))}
    found = [number[stretch] for stretch in stretches]
    own: list[list[int]] = [[] for _ in number]
    for line, stretch in zip(lines, found, strict=True):
        own[stretch].append(line)
    return Generations(found, [_range(str(min(each)), str(max(each))) for each in own])


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def chosen(axis: Axis | None, depths: Sequence[int]) -> Axis:
    """The axis that is asked for. Else depth, unless all examples have the same."""
    if axis is not None:
        return axis
    return "depth" if len(set(depths)) > 1 else "order"
