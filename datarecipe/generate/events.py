"""What the loop says has happened, in logical order. Frozen data; the run layer writes it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from datarecipe.exchange import Complete, Completion, Example, Json
from datarecipe.generate.reasons import Reason

Checks: TypeAlias = Mapping[str, Mapping[str, Json]]
"""What filters that ask a model say of an item, by their names."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an example came from: a line of `lineage.jsonl`."""

    id: str
    """Hash of the normalised example."""
    parent: str
    """Id of the formatting example of its request."""
    depth: int
    """1 for a child of a seed example."""
    lane: str
    """Chain, root draw or *fixed* number, as `chain:3`."""
    request: int
    """The request's number in logical order."""
    index: int
    """Place of the item in its response."""
    vary: Mapping[str, Json] = field(default_factory=dict)
    """The values of `vary` that its request got; empty where the recipe has none."""
    checks: Checks = field(default_factory=dict)
    """Empty where the recipe has no filter that asks a model."""
    repaired_from: Mapping[str, Json] = field(default_factory=dict)
    """`reason` and `detail` of the rejected item that the author made it from; empty for an item as it came."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An item that is now an example of the dataset."""

    example: Example
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item, or a response without any, that is not in the dataset: a line of `rejected.jsonl`."""

    reason: Reason
    detail: str
    raw: str
    """The item's text, or the whole response's."""
    parent: str
    depth: int
    lane: str
    request: int
    index: int
    sent_back: bool = False
    """Whether the author was asked for a better one; what came of it has the same request and index."""


@dataclass(frozen=True, slots=True)
class Committed:
    """All items of a response have been judged; none of this can change any more."""

    request: int
    asked: Complete
    """The request itself. Its key is the one that the response is stored by."""
    response: Completion
    accepted: int
    rejected: int
    normalised: int
    """Accepted items whose label, options or fields were mended."""


AcceptedLog: TypeAlias = Callable[[int], Accepted]
"""Reads an accepted example again by its number in the order of acceptance, from 0 on, so that the loop need not keep it.

The driver has put what `Generation.receive` gave there before it calls the generation again. Each number is asked for at
most once, some never; they rise for long stretches, then step back. What is raised comes out of the generation's methods.
"""

Event: TypeAlias = Accepted | RejectedItem | Committed
Outcome: TypeAlias = Literal["target", "barren", "degraded"]
"""Why the loop itself ended. Other ends (a cap, a failure, an interrupt) are the dispatcher's."""
