"""A low and a high, for what nobody knows exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Range(Generic[T]):
    """From `low` to `high`, both of them possible."""

    low: T
    high: T
