"""The filters of one run, in order: what is asked about an item, when it can be decided, and what passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from datarecipe.exchange import Response
from datarecipe.generate.admission.commit_filter import CommitFilter, Rejection
from datarecipe.generate.admission.duplicates_and_surplus import Duplicates, Surplus
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
        self._may_ask = bool(filters)  # the first two ask nothing
        self._questions = questions

    def ask(self, batch: Sequence[Checked]) -> Asked:
        """Ask all filters' questions about the items that are no duplicates yet."""
        if not self._may_ask:
            return {}
        asked = {
            index: [[*map(self._questions.ask, filter_.questions(item))] for filter_ in self._filters]
            for index, item in enumerate(batch)
            if isinstance(item, Valid) and item.digest not in self.seen
        }
        return {index: of_item for index, of_item in asked.items() if any(of_item)}

    def open(self, batch: Sequence[Checked], asked: Asked, start: int) -> Iterator[Question]:
        """Questions without an answer about items from number `start` on, the first that is needed first."""
        for index, of_item in asked.items():
            item = batch[index]
            if index >= start and isinstance(item, Valid) and item.digest not in self.seen:
                yield from (question for questions in of_item for question in questions if question.answer is None)

    def undecided(self, item: Valid, asked: Sequence[Sequence[Question]]) -> bool:
        """Whether the item's turn has come and an answer is missing, which no earlier filter makes needless."""
        for filter_, questions in zip(self._filters, asked, strict=True):
            answers = _answers(questions)
            if len(answers) < len(questions):
                return True
            if filter_.admit(item, answers) is not None:
                return False
        return False

    def admit(self, item: Valid, asked: Sequence[Sequence[Question]] | None) -> Rejection | None:
        """Accept the item, or say why it is rejected; `asked` is what was asked about it, if anything was."""
        for number, filter_ in enumerate(self._filters):
            rejection = filter_.admit(item, _answers(asked[number]) if asked else ())
            if rejection is not None:
                return rejection
        for filter_ in self._filters:
            filter_.accepted(item)
        return None


def _answers(questions: Sequence[Question]) -> list[Response]:
    return [question.answer for question in questions if question.answer is not None]
