"""The filters of one run, in order: what is asked about an item, when a batch can be judged, and what passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from datarecipe.generate.admission.always import Duplicates, Surplus
from datarecipe.generate.admission.commit_filter import CommitFilter, Rejection
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.judge.item_checker import Checked, Valid
from datarecipe.generate.questions import Question, Questions

Asked: TypeAlias = Mapping[int, Sequence[Sequence[Question]]]
"""By an item's place in its batch: for each filter the questions that it asked about the item."""


class Admission:
    """Decides which valid items become examples."""

    def __init__(
        self, target_size: int, seed_digests: Iterable[bytes], filters: Sequence[CommitFilter], questions: Questions
    ) -> None:
        self.seen = DigestSet(seed_digests)
        """Digests of the seed examples and of all accepted examples."""
        self._filters = (Duplicates(self.seen), Surplus(target_size), *filters)
        self._questions = questions

    def ask(self, batch: Sequence[Checked]) -> Asked:
        """Ask all filters' questions about the items that are no duplicates yet."""
        asked = {
            index: [[*map(self._questions.ask, filter_.questions(item))] for filter_ in self._filters]
            for index, item in enumerate(batch)
            if isinstance(item, Valid) and item.digest not in self.seen
        }
        return {index: of_item for index, of_item in asked.items() if any(of_item)}

    def ready(self, batch: Sequence[Checked], asked: Asked) -> bool:
        """Whether the batch can be judged now, if its turn has come.

        Depends on what was committed before it alone: an answer about an item that has become a duplicate is not needed.
        """
        return not asked or all(
            question.answer is not None
            for index, of_item in asked.items()
            if isinstance(item := batch[index], Valid) and item.digest not in self.seen
            for questions in of_item
            for question in questions
        )

    def admit(self, item: Valid, asked: Sequence[Sequence[Question]] | None) -> Rejection | None:
        """Accept the item, or say why it is rejected; `asked` is what was asked about it, if anything was."""
        for number, filter_ in enumerate(self._filters):
            answers = [answer for question in asked[number] if (answer := question.answer)] if asked else ()
            rejection = filter_.admit(item, answers)
            if rejection is not None:
                return rejection
        for filter_ in self._filters:
            filter_.accepted(item)
        return None
