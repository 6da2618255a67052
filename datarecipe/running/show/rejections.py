"""What a run lost by rejected items, and what usually helps. `generate/reasons.py` has the reasons themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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
    items: Literal["received", "requested"]
    """Received ones were rejected; of requested ones most never came."""
    reason: Reason | None
    """The one that cost most; None where replies hold fewer items than they were asked for."""
    why: str
    """Ends the first of the `sentences`; begins with a colon or a comma."""

    @property
    def short(self) -> str:
        """For a headline."""
        return f"only {percent((self.of - self.lost) / self.of)} of {self.items} items were usable"

    def sentences(self, where: str | None) -> Iterator[str]:
        """What was lost, why, where to look (`where` is the file), and what usually helps."""
        what = "were rejected" if self.items == "received" else "are not in the dataset"
        yield f"{self.lost:,} of {self.of:,} {self.items} items {what}{self.why}."
        if where is not None and self.reason:
            yield f"{where} has each with its reason."
        yield f"What usually helps: {REASONS[self.reason].helps if self.reason else _FEWER}."


def loss_of(counts: Counts) -> Loss | None:
    """What to say of a run that lost half of its items; None where it lost less."""
    tally, asked = counts.tally, counts.asked
    if (rejected := tally.rejected.total()) and rejected >= HALF * tally.came:
        ((reason, rows),) = tally.rejected.most_common(1)
        return Loss(rejected, tally.came, "received", reason, f", most of them as `{reason}` ({rows:,})")
    lost = asked - tally.accepted
    whole = sum(rows for name, rows in tally.rejected.items() if REASONS[name].whole)
    tells = tally.responses >= ENOUGH_RESPONSES or whole >= max(1, HALF * tally.responses)
    if not tells or lost < HALF * asked:
        return None
    cost = {name: rows * (counts.batch_size if REASONS[name].whole else 1) for name, rows in tally.rejected.items()}
    if sum(cost.values()) <= lost / 2:
        return Loss(lost, asked, "requested", None, ": replies hold fewer")
    largest = max(cost, key=cost.__getitem__)
    rows = tally.rejected[largest]
    why = f", most of them as `{largest}` ({rows:,})"
    if REASONS[largest].whole:
        why = f", most of them because of {'1 reply' if rows == 1 else f'{rows:,} replies'} with `{largest}`"
    return Loss(lost, asked, "requested", largest, why)


def percent(share: float) -> str:
    """A share of 1; what is not all is not 100 %, and what is not nothing is not 0 %."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{min(99, round(100 * share)) if share < 1 else 100} %"
