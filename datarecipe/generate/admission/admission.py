"""The filters of one run, in order: what is asked about an item, when it can be decided, and what passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from datarecipe.exchange import Json, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import Checked, Valid
from datarecipe.generate.questions import Question, Questions
from datarecipe.generate.reasons import Rejection

Verdict: TypeAlias = Rejection | Checks
"""Why an item is rejected, or what the lineage of an accepted one says of its filters."""

Asked: TypeAlias = Mapping[int, Sequence[Sequence[Question]]]
"""By an item's place in its batch: for each filter the questions that it asked about the item."""


class Admission:
    """Decides which valid items become examples."""

    def __init__(
        self, target_size: int, seen: DigestSet, filters: Sequence[CommitFilter], questions: Questions
    ) -> None:
        """`seen` has the digests of the seed examples, and gets those of what is accepted."""
        self.seen = seen
        first = [own for own in filters if own.before_duplicates]
        others = [own for own in filters if not own.before_duplicates]
        self._filters = (*first, _Duplicates(seen), _Surplus(target_size), *others)
        self._may_ask = any(type(own).questions is not CommitFilter.questions for own in others)
        self._questions = questions
        self._standing = [(own, [*map(questions.ask, own.standing_questions())]) for own in others]
        """What filters must know before they can judge anything, until all of it is there."""
        self.questions_each = sum(own.questions_each for own in others)
        """How many requests the filters ask about an item at the most."""

    def ask(self, batch: Sequence[Checked]) -> Asked:
        """Ask all filters' questions about the items that are no duplicates yet."""
        if not self._may_ask:
            return {}
        asked = {index: [*self._asked_about(item)] for index, item in enumerate(batch) if isinstance(item, Valid)}
        return {index: of_item for index, of_item in asked.items() if any(of_item)}

    def _asked_about(self, item: Valid) -> Iterator[Sequence[Question]]:
        """For each filter its questions, up to the first that is certain to reject the item."""
        lost = False
        for filter_ in self._filters:
            lost = lost or (filter_.lasting and filter_.admit(item, ()) is not None)
            yield () if lost else [*map(self._questions.ask, filter_.questions(item))]

    def open(self, batch: Sequence[Checked], asked: Asked, start: int) -> Iterator[Question]:
        """Questions without an answer about items from number `start` on, the first that is needed first."""
        if asked:
            yield from self._unanswered()
        for index, of_item in asked.items():
            item = batch[index]
            if index >= start and isinstance(item, Valid) and item.digest not in self.seen:
                yield from (question for questions in of_item for question in questions if question.answer is None)

    def _unanswered(self) -> Iterator[Question]:
        """Those standing questions that wait for their answers; once none does, the filters hear the answers."""
        waiting = [question for _, standing in self._standing for question in standing if question.answer is None]
        if not waiting:
            for own, standing in self._standing:
                own.begin([question.answer for question in standing if question.answer is not None])
            self._standing = []
        yield from waiting

    def admit(self, item: Valid, asked: Sequence[Sequence[Question]] | None) -> Verdict | Literal["undecided"]:
        """Accept the item and give its notes, or say why it is rejected.

        `asked` is what was asked about it, if anything was. It is undecided while an answer is missing, unless a filter
        before rejects it.
        """
        if asked and any(self._unanswered()):
            return "undecided"
        notes: dict[str, Mapping[str, Json]] = {}
        answers: Sequence[Response] = ()
        for number, filter_ in enumerate(self._filters):
            if asked:  # most recipes have no filter that asks
                answers = [question.answer for question in asked[number] if question.answer is not None]
                if len(answers) < len(asked[number]):
                    return "undecided"
            rejection = filter_.admit(item, answers)
            if rejection is not None:
                return rejection
            if answers:
                notes |= filter_.notes(item, answers)
        for filter_ in self._filters:
            filter_.accepted(item)
        return notes


_DUPLICATE: Final = Rejection("duplicate", "equal to a seed example or to an accepted example")
_SURPLUS: Final = Rejection("surplus", "the target was reached within this response")


class _Duplicates(CommitFilter):
    """Rejects what is equal to a seed example or to an accepted example."""

    lasting = True

    def __init__(self, seen: DigestSet) -> None:
        self._seen = seen

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        return _DUPLICATE if item.digest in self._seen else None

    def accepted(self, item: Valid) -> None:
        self._seen.add(item.digest)


class _Surplus(CommitFilter):
    """Rejects what comes after the target is reached."""

    lasting = True

    def __init__(self, target_size: int) -> None:
        self._left = target_size

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        return None if self._left > 0 else _SURPLUS

    def accepted(self, item: Valid) -> None:  # noqa: ARG002
        self._left -= 1
