"""Samples that depend on nothing but what they are drawn from: the same examples in every run, in any order of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def sample(items: Sequence[T], size: int, key: str = "") -> list[T]:
    """`size` of the items without replacement, in their order; all of them if there are no more.

    Those whose number, hashed with `key`, comes first. A smaller sample of the same items is part of a larger one.
    """
    if size >= len(items):
        return list(items)
    return [items[number] for number in sorted(shuffled(len(items), key)[:size])]


def shuffled(count: int, key: str = "") -> list[int]:
    """The numbers below `count` in an order that is decided by `key`."""
    return sorted(range(count), key=lambda number: hashlib.sha256(f"{key} {number}".encode()).digest())
