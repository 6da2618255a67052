"""What a run lost by rejected items, and what usually helps. `generate/reasons.py` has the reasons themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datarecipe.generate.reasons import REASONS, Reason
from datarecipe.run_folder.counts.run_counts import Counts

HALF = 0.5
"""The share of lost items from which a run says so first of all."""

ENOUGH_RESPONSES = 10
"""Committed responses from which the number of items that were asked for says something by itself."""


_FEWER = "a smaller `batch_size`, an instruction that says {{ batch_size }}"


@dataclass(frozen=True, slots=True)
class Loss:
    """That half of the items or more are not in the dataset."""

    lost: int
    of: int
    came: bool
    """Whether the items came and were rejected; else most of those that were asked for never came."""
    reason: Reason | None
    """The one that cost most; None where replies hold fewer items than they were asked for."""
    rows: int
    """Of that reason."""

    @property
    def short(self) -> str:
        """For a headline."""
        return f"only {percent((self.of - self.lost) / self.of)} of {self._items} items were usable"

    def sentences(self, where: str | None) -> Iterator[str]:
        """What was lost, why, where to look (`where` is the file), and what usually helps."""
        what = "were rejected" if self.came else "are not in the dataset"
        yield f"{self.lost:,} of {self.of:,} {self._items} items {what}{self._why()}."
        if where is not None and self.reason:
            yield f"{where} has each with its reason."
        yield f"What usually helps: {REASONS[self.reason].helps if self.reason else _FEWER}."

    @property
    def _items(self) -> str:
        return "received" if self.came else "requested"

    def _why(self) -> str:
        if self.reason is None:
            return ": replies hold fewer"
        if not self.came and REASONS[self.reason].whole:
            replies = "1 reply" if self.rows == 1 else f"{self.rows:,} replies"
            return f", most of them because of {replies} with `{self.reason}`"
        return f", most of them as `{self.reason}` ({self.rows:,})"


def loss_of(counts: Counts) -> Loss | None:
    """What to say of a run that lost half of its items; None where it lost less."""
    tally, asked = counts.tally, counts.asked
    if (rejected := tally.rejected.total()) and rejected >= HALF * tally.came:
        ((reason, rows),) = tally.rejected.most_common(1)
        return Loss(rejected, tally.came, came=True, reason=reason, rows=rows)
    lost = asked - tally.accepted
    whole = sum(rows for name, rows in tally.rejected.items() if REASONS[name].whole)
    tells = tally.responses >= ENOUGH_RESPONSES or whole >= max(1, HALF * tally.responses)
    if not tells or lost < HALF * asked:
        return None
    cost = {name: rows * (counts.batch_size if REASONS[name].whole else 1) for name, rows in tally.rejected.items()}
    if sum(cost.values()) <= lost / 2:
        return Loss(lost, asked, came=False, reason=None, rows=0)
    largest = max(cost, key=cost.__getitem__)
    return Loss(lost, asked, came=False, reason=largest, rows=tally.rejected[largest])


def percent(share: float) -> str:
    """A share of 1; what is not all is not 100 %, and what is not nothing is not 0 %."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{min(99, round(100 * share)) if share < 1 else 100} %"
