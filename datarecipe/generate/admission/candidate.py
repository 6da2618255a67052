"""An item on its way to a verdict: what its filters ask about it, and its repairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from datarecipe.exchange import Complete
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import Checked
from datarecipe.generate.questions import Question
from datarecipe.generate.reasons import Rejection


@dataclass(slots=True, eq=False)
class Candidate:
    """An item about which something is asked."""

    item: Checked
    request: Complete
    """What its reply answers."""
    asked: Sequence[Sequence[Question]] = ()
    """For each filter the questions that it asks about the item; none of an invalid one."""
    repairs_left: int = 0
    passed: int = 0
    """So many of the filters have all answers and nothing against the item."""
    failed: Rejection | None = None
    """What rejects it whatever else is accepted."""
    repair: Question | None = None
    """Asks for a better one."""
    repaired: Candidate | None = None
    """What came of it."""


class Stage(NamedTuple):
    """An item that was decided, on the way from one that is sent back to its end. A tuple, since every item makes one."""

    item: Checked
    verdict: Rejection | Checks
    sent_back: bool = False
    """Whether it was rejected and a better one asked for."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The verdict on an item that was sent back: all that came, in order. At most one is accepted, the last."""

    stages: Sequence[Stage]


Verdict: TypeAlias = Rejection | Checks | Repaired
"""Why an item is rejected, or what the lineage of an accepted one says of its filters; or how its repairs went."""

Candidates: TypeAlias = Mapping[int, Candidate]
"""Those of a batch, by their place in it. Of the other items nothing is asked."""
