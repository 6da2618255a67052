"""What is measured of a dataset, once it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

SIZE = 1_000
"""Examples on which a measure is taken that depends on their number."""


@dataclass(frozen=True)
class Examples:
    """What is measured of a dataset."""

    name: str
    parts: Sequence[Sequence[str]]
    """The texts of each example, one by one."""
    labels: Sequence[str] = ()
    """The label of each; empty where examples have none."""
    lines: Sequence[int] = ()
    """The line of each in its file; in a list of JSON its number. Both from 1; empty where that is not known."""
    ids: Sequence[str] = ()
    """The id of each, for a run whose lineage is read."""
    places: Sequence[int] = ()
    """The place of each in its batch, from 0; empty where that is not known."""
    known_labels: Sequence[str] = ()
    """The labels that there may be, for a run with fixed ones: those that never come count too."""
    received: int | None = None
    """Items that came, for a run."""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Rejected items by reason, for a run."""

    @cached_property
    def texts(self) -> Sequence[str]:
        """The text of each example: all its texts, a line each."""
        return ["\n".join(parts) for parts in self.parts]
