"""What every commit-time filter is to the loop: the interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeAlias

from datarecipe.exchange import Request, Response
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.reasons import Rejection

Outlook: TypeAlias = Callable[[Valid], bool]
"""Whether a filter is likely to accept an item. It is called with the items that wait, in logical order."""


class CommitFilter(ABC):
    """Judges valid items one by one in logical order, knowing all that was accepted before.

    What it decides may depend on the recipe, the items and the answers to its questions, and on nothing else: no clock, no
    order of arrival, no last bits of a float.
    """

    before_duplicates: bool = False
    """Whether it judges items that are equal to an accepted example too; such a filter asks nothing."""

    lasting: bool = False
    """Whether what it rejects now it would reject at any later time, so that no later filter need ask about it."""

    questions_each: int = 0
    """How many requests it asks about an item at the most."""

    def standing_questions(self) -> Sequence[Request]:
        """What has to be known before it can judge the first item, once for a run."""
        return ()

    def begin(self, answers: Sequence[Response]) -> None:  # noqa: B027 - most need none
        """Called once with the answers to `standing_questions`, in the same order, before `admit`."""

    def questions(self, item: Valid) -> Sequence[Request]:  # noqa: ARG002 - most ask nothing
        """What has to be known about an item; depends on the item alone.

        Asked as soon as the item has arrived, unless it is a duplicate by then. The item is decided when the answers are
        there, or earlier where a filter before this one rejects it.
        """
        return ()

    @abstractmethod
    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        """Why the item is rejected, or None. `answers` are those to `questions`, in the same order. Changes nothing."""
        ...

    def outlook(self) -> Outlook | None:
        """A guess at what it will decide, which never decides itself; None where every item has the same chance.

        Requests about an item, or with it as the formatting example, are not sent ahead where it is likely to be rejected.
        """
        return None

    def lacks(self) -> str:
        """What it waits for, where it has rejected all that came lately; empty where it waits for nothing."""
        return ""

    def notes(self, item: Valid, answers: Sequence[Response]) -> Checks:  # noqa: ARG002 - most have none
        """What the lineage of an accepted item says of this filter, under its own name."""
        return {}

    def accepted(self, item: Valid) -> None:  # noqa: B027 - most remember nothing
        """The item has passed all filters, and is an example of the dataset now."""
