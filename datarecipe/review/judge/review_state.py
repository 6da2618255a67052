"""A review under way: which examples are judged, and how; what comes next; what undo takes back."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from datarecipe.errors import UsageError
from datarecipe.review.sample.judged_items import Sample
from datarecipe.review.verdicts.verdict import LONGEST_NOTE, Verdict, merged
from datarecipe.review.verdicts.verdict_log import VerdictLog


class ReviewState:
    """The one place that changes verdicts; each change is on the disk before a method returns.

    Items are called by their numbers in the sample, from 0. Safe to use from several threads.
    """

    def __init__(self, sample: Sample, reviewer: str, log: VerdictLog) -> None:
        self.sample = sample
        self.reviewer = reviewer
        self._log = log
        self._lock = threading.Lock()
        self._numbers = {item.id: number for number, item in enumerate(sample.items)}
        self._verdicts: dict[int, Verdict] = {}
        self._done: list[tuple[int, Verdict | None]] = []
        """What undo can take back, the last one last: an item, and its verdict before."""
        self._resume(log.found.verdicts)

    def _resume(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in sorted(merged(verdicts).values(), key=lambda each: each.time):
            number = self._numbers.get(verdict.item)
            if number is not None and verdict.reviewer == self.reviewer:
                self._verdicts[number] = verdict
                if verdict.valid is not None:
                    self._done.append((number, None))

    @property
    def total(self) -> int:
        """How many examples the sample has."""
        return len(self.sample.items)

    @property
    def judged(self) -> int:
        """How many of them are judged."""
        return sum(verdict.valid is not None for verdict in list(self._verdicts.values()))

    def verdict(self, number: int) -> Verdict | None:
        """What was said of an item so far; `valid` is None where it is not judged, and None where nothing was said."""
        return self._verdicts.get(number)

    def is_judged(self, number: int) -> bool:
        """Whether it has a verdict."""
        verdict = self._verdicts.get(number)
        return verdict is not None and verdict.valid is not None

    def next_open(self, after: int = -1) -> int | None:
        """The next item without a verdict, from the beginning again behind the last; None when all are judged."""
        numbers = [*range(after + 1, self.total), *range(min(after + 1, self.total))]
        return next((number for number in numbers if not self.is_judged(number)), None)

    def judge(self, number: int, *, valid: bool | None, choice: int | None = None, note: str = "") -> None:
        """Judge an item; `choice` is the place of the right label among its choices, of a valid item alone.

        `valid` None keeps a note, and no verdict. Raises `UsageError` for what cannot be chosen, `StorageError`.
        """
        if not 0 <= number < self.total:
            raise UsageError(f"there is no example {number + 1} in this review")
        item = self.sample.items[number]
        if choice is not None and not (valid and 0 <= choice < len(item.choices)):
            raise UsageError("there is no such label to choose")
        if len(note) > LONGEST_NOTE:
            raise UsageError(f"a note has at most {LONGEST_NOTE:,} characters")
        label = None if choice is None else item.choices[choice]
        with self._lock:
            before = self._verdicts.get(number)
            self._write(number, Verdict(item.id, self.reviewer, valid, label, note, ""))
            if valid is not None and (before is None or (before.valid, before.label) != (valid, label)):
                self._done.append((number, before))

    def undo(self) -> int | None:
        """Take back the last verdict that still counts, and say of which item; None where there is none.

        An item that was judged anew has its earlier verdict again. Notes stay. Raises `StorageError`.
        """
        with self._lock:
            if not self._done:
                return None
            number, before = self._done[-1]
            now = self._verdicts[number]
            self._write(
                number,
                replace(now, valid=None, label=None)
                if before is None
                else replace(now, valid=before.valid, label=before.label),
            )
            self._done.pop()
            return number

    def close(self) -> None:
        """Wait for a verdict that is being written; none is taken after it."""
        self._lock.acquire()

    def _write(self, number: int, verdict: Verdict) -> None:
        self._verdicts[number] = self._log.add(verdict)
