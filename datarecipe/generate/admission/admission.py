"""The filters of one run, in order: what is asked about an item, when it can be decided, and what passes."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Final, Literal

from datarecipe.exchange import Complete, Completion, Draw, Json, Response
from datarecipe.generate.admission.candidate import Candidate, Candidates, Repaired, Stage, Verdict
from datarecipe.generate.admission.commit_filter import CommitFilter, Outlook
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.events import Checks
from datarecipe.generate.judge.item_checker import Checked, Invalid, Valid
from datarecipe.generate.prompt.repair_prompt import LONGEST, repair_content
from datarecipe.generate.questions import Question, Questions
from datarecipe.generate.reasons import REASONS, Rejection

REPAIR = "repair"
"""How the lane of a request for a better item begins."""


class Admission:
    """Decides which valid items become examples."""

    def __init__(
        self,
        target_size: int,
        seen: DigestSet,
        filters: Sequence[CommitFilter],
        questions: Questions,
        judge: Callable[[Completion], Sequence[Checked]],
        repairs: int = 0,
    ) -> None:
        """`seen` has the digests of the seed examples, and gets those of what is accepted.

        An item that is rejected is sent back up to `repairs` times; `judge` takes the items of the replies.
        """
        self.seen = seen
        first = [own for own in filters if own.before_duplicates]
        others = [own for own in filters if not own.before_duplicates]
        self._surplus = _Surplus(target_size)
        self._filters = (*first, _Duplicates(seen), self._surplus, *others)
        self._asking = tuple(
            number for number, own in enumerate(self._filters) if type(own).questions is not CommitFilter.questions
        )
        self._questions = questions
        self._judge = judge
        self._repairs = repairs
        self._rejecting: dict[CommitFilter, None] = {}
        """The filters that have rejected an item since one was last accepted."""
        self._standing = [(own, [*map(questions.ask, own.standing_questions())]) for own in others]
        """What filters must know before they can judge anything, until all of it is there."""
        self.questions_each = (1 + repairs) * sum(own.questions_each for own in others) + repairs
        """How many requests are made about an item at the most."""

    def ask(self, batch: Sequence[Checked], request: Complete) -> Candidates:
        """What may be asked about the items of a reply to `request`."""
        if not self._asking and not self._repairs:
            return {}
        candidates = ((index, self._candidate(item, request, self._repairs)) for index, item in enumerate(batch))
        return {index: candidate for index, candidate in candidates if candidate.failed or any(candidate.asked)}

    def _candidate(self, item: Checked, request: Complete, repairs: int) -> Candidate:
        if isinstance(item, Invalid):
            mendable = repairs and REASONS[item.reason].repairable
            return Candidate(item, request, repairs_left=repairs, failed=item if mendable else None)
        return Candidate(item, request, [*self._asked_about(item)] if self._asking else (), repairs)

    def _asked_about(self, item: Valid) -> Iterator[Sequence[Question]]:
        """For each filter its questions, up to the first that is certain to reject the item."""
        lost = False
        for filter_ in self._filters:
            lost = lost or (filter_.lasting and filter_.admit(item, ()) is not None)
            yield () if lost else [*map(self._questions.ask, filter_.questions(item))]

    def outlook(self) -> Outlook | None:
        """A guess at what the filters will decide about items that wait; None where every item has the same chance."""
        looks = [look for own in self._filters if (look := own.outlook()) is not None]
        if len(looks) < 2:
            return looks[0] if looks else None
        return lambda item: all(list(map(operator.call, looks, itertools.repeat(item))))  # each has to see all items

    def open(self, candidates: Candidates, start: int, likely: Container[int]) -> Iterator[Question]:
        """Questions without an answer about items from number `start` on, the first that is needed first.

        Nothing is asked about valid items that are not `likely` to be accepted.

        A filter asks about an item when those before it have nothing against it.
        """
        if candidates:
            yield from self._open_standing()
        for index, candidate in candidates.items():
            if index >= start and (index in likely or isinstance(candidate.item, Invalid)):
                yield from self._open(candidate)

    def _open_standing(self) -> Iterator[Question]:
        """Those standing questions that wait for their answers; once none does, the filters hear the answers."""
        waiting = [question for _, standing in self._standing for question in standing if question.answer is None]
        if not waiting:
            for own, standing in self._standing:
                own.begin([question.answer for question in standing if question.answer is not None])
            self._standing = []
        yield from waiting

    def _open(self, candidate: Candidate) -> Iterator[Question]:
        while True:
            item = candidate.item
            if isinstance(item, Valid):
                if item.digest in self.seen:
                    return
                yield from (unanswered := self._unanswered(candidate, item))
                if unanswered:
                    return
            repair = None if candidate.failed is None else self._repair_of(candidate, candidate.failed)
            if repair is None:
                return
            if repair.answer is None:
                yield repair
                return
            candidate = self._repaired(candidate, repair.answer)

    def _unanswered(self, candidate: Candidate, item: Valid) -> Sequence[Question]:
        """Those of the first filter that lacks answers; none where the item has failed."""
        while candidate.failed is None and candidate.passed < len(candidate.asked):
            questions, filter_ = candidate.asked[candidate.passed], self._filters[candidate.passed]
            answers = _answers(questions)
            if len(answers) < len(questions):
                return [question for question in questions if question.answer is None]
            if answers and filter_.lasting:
                candidate.failed = filter_.admit(item, answers)
            candidate.passed += 1
        return ()

    def admit(self, item: Checked, candidate: Candidate | None) -> Verdict | Literal["undecided"]:
        """Accept the item and give its notes, or say why it is rejected.

        `candidate` is the item with what was asked about it, if anything was. It is undecided while an answer is missing,
        unless a filter before rejects it.
        """
        stages: list[Stage] = []
        while True:
            verdict = item if isinstance(item, Invalid) else self._through_filters(item, candidate)
            if isinstance(verdict, str):
                return "undecided"
            rejected = verdict if isinstance(verdict, Rejection) else None
            repair = self._repair_of(candidate, rejected) if candidate is not None and rejected is not None else None
            if candidate is None or rejected is None or repair is None:
                return Repaired([*stages, Stage(item, verdict)]) if stages else verdict
            if repair.answer is None:
                candidate.failed = rejected  # so that `open` gives the question
                return "undecided"
            candidate = self._repaired(candidate, repair.answer)
            if isinstance(candidate.item, Invalid) and REASONS[candidate.item.reason].whole:
                # The author gave none: the item is what it was, and not a response that was lost.
                lost = Rejection(rejected.reason, f"{rejected.detail} (asked to correct it: {candidate.item.detail})")
                return Repaired([*stages, Stage(item, lost)])
            stages.append(Stage(item, rejected, sent_back=True))
            item = candidate.item

    def _through_filters(self, item: Valid, candidate: Candidate | None) -> Rejection | Checks | Literal["undecided"]:
        notes: dict[str, Mapping[str, Json]] = {}
        answers: Sequence[Response] = ()
        asked = candidate.asked if candidate is not None else ()
        if asked and any(self._open_standing()):
            return "undecided"
        for number, filter_ in enumerate(self._filters):
            if asked:  # most recipes have no filter that asks
                answers = _answers(asked[number])
                if len(answers) < len(asked[number]):
                    return "undecided"
            rejection = filter_.admit(item, answers)
            if rejection is not None:
                self._rejecting[filter_] = None
                return rejection
            if answers:
                notes |= filter_.notes(item, answers)
        for filter_ in self._filters:
            filter_.accepted(item)
        self._rejecting.clear()
        return notes

    def lacks(self) -> str:
        """What the filters wait for that have rejected items since one was last accepted; empty where there is nothing."""
        return "; ".join(filter(None, (own.lacks() for own in self._rejecting)))

    def _repair_of(self, candidate: Candidate, rejection: Rejection) -> Question | None:
        """The question for a better one; None where there is none for such an item."""
        if not candidate.repairs_left or not REASONS[rejection.reason].repairable or self._surplus.left <= 0:
            return None
        if candidate.repair is None:
            item = candidate.item
            text = item.raw if isinstance(item, Invalid) else item.text
            if len(text) <= LONGEST:
                content = repair_content(candidate.request.content, text, rejection.reason, rejection.detail)
                # An author that gives the same item again is asked for another answer.
                lane = f"{REPAIR}:{self._repairs - candidate.repairs_left}"
                draw = Draw(candidate.request.draw.random_seed, lane, 0)
                candidate.repair = self._questions.ask(Complete(content, draw))
        return candidate.repair

    def _repaired(self, candidate: Candidate, answer: Response) -> Candidate:
        """The first valid item of the reply, else its first. What else it holds was not asked for."""
        if candidate.repaired is None:
            assert isinstance(answer, Completion)
            items = self._judge(answer)
            chosen = next((item for item in items if isinstance(item, Valid)), items[0])
            candidate.repaired = self._candidate(chosen, candidate.request, candidate.repairs_left - 1)
        return candidate.repaired


def _answers(questions: Sequence[Question]) -> Sequence[Response]:
    return [question.answer for question in questions if question.answer is not None]


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
        self.left = target_size

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        return None if self.left > 0 else _SURPLUS

    def accepted(self, item: Valid) -> None:  # noqa: ARG002
        self.left -= 1
