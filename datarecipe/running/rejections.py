"""What the reasons of rejection mean for the user: one row for each, with what usually helps.

A reason without a row (a newer one of the loop's) gets general advice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datarecipe.running.counts import Counts

HALF = 0.5
"""The share of lost items from which a run says so first of all."""

ENOUGH_RESPONSES = 10
"""Committed responses from which the number of items that were asked for says something by itself."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of rejection."""

    helps: str
    """What usually helps, for the end of a sentence."""
    about_variety: bool = False
    """Whether a model has it that does as it is told."""
    whole: bool = False
    """Whether it costs a whole response, so as many items as a batch has."""
    cause: str = ""
    """What happened, as a clause, where that is known and has nothing to do with the format of the reply."""


_STRONGER = "a stronger model"
REASONS = {
    "duplicate": Reason(f"more variety: `vary`, another strategy, {_STRONGER}", about_variety=True),
    "schema": Reason(f"an instruction that says what each field holds, a looser `schema`, {_STRONGER}"),
    "label": Reason(f"an instruction that names the labels as they are to be written, {_STRONGER}"),
    "options": Reason(f"an instruction that says how many options there are and that they differ, {_STRONGER}"),
    "malformed": Reason(f"`response_format: json_schema` where the model takes it, {_STRONGER}"),
    "truncated": Reason(
        "a higher `sampling.max_tokens`, a smaller `batch_size`",
        whole=True,
        cause="replies were cut off before an item was whole",
    ),
    "no_items": Reason(f"`datarecipe preview` to see a reply, {_STRONGER}", whole=True),
    "refusal": Reason(
        "other words in the instruction or the description, another model",
        whole=True,
        cause="the model refused",
    ),
    "content_filter": Reason(
        "other words in the instruction or the description, another provider",
        whole=True,
        cause="a content filter stopped the replies",
    ),
    "context_overflow": Reason(
        "a smaller `batch_size`, shorter seed examples, a longer context",
        whole=True,
        cause="the prompts do not fit the model's context",
    ),
}
RETRIED = ("no_items", "refusal", "truncated", "content_filter", "context_overflow")
"""What `datarecipe retry` asks again where it is not told otherwise: responses with nothing in them."""

_OTHER = Reason("`datarecipe preview` to see a reply and what is made of it")
_FEWER = "a smaller `batch_size`, an instruction that says {{ batch_size }}"


def reason_of(name: str) -> Reason:
    """Its row."""
    return REASONS.get(name, _OTHER)


@dataclass(frozen=True, slots=True)
class Loss:
    """That half of the items or more are not in the dataset."""

    share: float
    lost: int
    of: int
    came: bool
    """Whether the items came and were rejected; else most of those that were asked for never came."""
    reason: str | None
    """The one that cost most; None where replies hold fewer items than they were asked for."""
    rows: int
    """Of that reason."""

    @property
    def short(self) -> str:
        """For a headline."""
        share = percent(self.share)
        return f"{share} of what came was rejected" if self.came else f"{share} of what was asked for is missing"

    def sentences(self, where: str | None) -> Iterator[str]:
        """What was lost, why, where to look (`where` is the file), and what usually helps."""
        what = "items that came were rejected" if self.came else "items that were asked for are not in the dataset"
        yield f"{self.lost:,} of {self.of:,} {what}{self._why()}."
        if where is not None and self.reason:
            yield f"{where} has each with its reason."
        yield f"What usually helps: {reason_of(self.reason).helps if self.reason else _FEWER}."

    def _why(self) -> str:
        if self.reason is None:
            return ": replies hold fewer"
        if not self.came and reason_of(self.reason).whole:
            replies = "1 reply" if self.rows == 1 else f"{self.rows:,} replies"
            return f", most of them because of {replies} with `{self.reason}`"
        return f", most of them as `{self.reason}` ({self.rows:,})"


def loss_of(counts: Counts) -> Loss | None:
    """What to say of a run that lost half of its items; None where it lost less."""
    tally, asked = counts.tally, counts.asked
    if (rejected := tally.rejected.total()) and rejected >= HALF * tally.came:
        (reason, rows), *_ = tally.rejected.most_common(1)
        return Loss(rejected / tally.came, rejected, tally.came, came=True, reason=reason, rows=rows)
    lost = asked - tally.accepted
    whole = sum(rows for name, rows in tally.rejected.items() if reason_of(name).whole)
    tells = tally.responses >= ENOUGH_RESPONSES or whole >= max(1, HALF * tally.responses)
    if not tells or lost < HALF * asked:
        return None
    cost = {name: rows * (counts.batch_size if reason_of(name).whole else 1) for name, rows in tally.rejected.items()}
    largest = max(cost, key=lambda name: cost[name], default=None) if sum(cost.values()) > lost / 2 else None
    rows = tally.rejected[largest] if largest else 0
    return Loss(lost / asked, lost, asked, came=False, reason=largest, rows=rows)


def percent(share: float) -> str:
    """A share of 1; what is not all is not 100 %, and what is not nothing is not 0 %."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{min(99, round(100 * share)) if share < 1 else 100} %"
