"""Why an item is rejected: one row for each reason, with all that other modules need to know about it.

To add a reason, add its name to `Reason` and its row to `REASONS`. The type checker refuses every other name where an item
is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Reason: TypeAlias = Literal[
    "duplicate",
    "contradiction",
    "near_duplicate",
    "unbalanced",
    "unverified",
    "low_score",
    "surplus",
    "schema",
    "label",
    "length",
    "pattern",
    "copy",
    "leakage",
    "boilerplate",
    "wrong_language",
    "pii",
    "secret",
    "contamination",
    "options",
    "malformed",
    "truncated",
    "unfinished",
    "no_items",
    "refusal",
    "content_filter",
    "context_overflow",
]
"""The `reason` of a row of `rejected.jsonl`."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an item is not accepted."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    helps: str
    """What usually helps, for the end of a sentence."""
    about_variety: bool = False
    """Whether the item is good and only too much like others. `stop_when.duplicates_above` counts these."""
    any_model: bool = False
    """Whether the best model would produce such items too, so that they say nothing against the model."""
    repairable: bool = False
    """Whether `filters.repair` sends such an item back to its author."""
    response: str = ""
    """The detail of a row for a whole response, for reasons that cost all items of a response."""
    cause: str = ""
    """What happened, as a clause, where that is known and has nothing to do with the format of the reply."""

    @property
    def whole(self) -> bool:
        """Whether it costs a whole response, so as many items as a batch has."""
        return bool(self.response)


_STRONGER = "a stronger model"

REASONS: Final[Mapping[Reason, ReasonRow]] = {
    "duplicate": ReasonRow(
        helps=f"more variety: `vary`, another strategy, {_STRONGER}", about_variety=True, any_model=True
    ),
    "contradiction": ReasonRow(
        helps=f"an instruction that says when each label applies, {_STRONGER}", about_variety=True
    ),
    "near_duplicate": ReasonRow(
        helps="more variety: `vary`, another strategy; or a higher `filters.near_duplicates.threshold`",
        about_variety=True,
        any_model=True,
    ),
    "unbalanced": ReasonRow(
        helps="an instruction that asks for the values in `{{ balance }}`, seed examples of each value, other "
        f"`filters.balance.shares`, {_STRONGER}",
    ),
    "unverified": ReasonRow(
        helps=f"an instruction that says when each label applies, {_STRONGER} as the author or as `verify.model`",
        cause="the model of `filters.verify` did not confirm the labels",
        repairable=True,
    ),
    "low_score": ReasonRow(
        helps=f"an instruction that asks for what the rubric asks, {_STRONGER}, or a lower `filters.judge.keep`",
        cause="the model of `filters.judge` gave low scores",
        repairable=True,
    ),
    "surplus": ReasonRow(helps="a higher `target_size`", any_model=True),
    "schema": ReasonRow(
        helps=f"an instruction that says what each field holds, a looser `schema`, {_STRONGER}", repairable=True
    ),
    "label": ReasonRow(
        helps=f"an instruction that names the labels as they are to be written, {_STRONGER}", repairable=True
    ),
    "length": ReasonRow(
        helps=f"an instruction that says how long each text is, seed examples of that length, {_STRONGER}",
        repairable=True,
    ),
    "pattern": ReasonRow(helps=f"an instruction that says what each text must look like, {_STRONGER}", repairable=True),
    "copy": ReasonRow(
        helps=f"an instruction that asks for spans that stand in the text word for word, {_STRONGER}", repairable=True
    ),
    "leakage": ReasonRow(
        helps=f"an instruction that forbids naming the label, other label names, {_STRONGER}", repairable=True
    ),
    "boilerplate": ReasonRow(helps=f"an instruction that asks for the examples alone, {_STRONGER}"),
    "wrong_language": ReasonRow(
        helps=f"an instruction and a description in the language of the texts, or that name it, {_STRONGER}"
    ),
    "pii": ReasonRow(helps=f"an instruction that asks for invented names and numbers at most, {_STRONGER}"),
    "secret": ReasonRow(helps=f"an instruction that forbids keys and passwords, {_STRONGER}"),
    "contamination": ReasonRow(
        helps="an instruction that asks for new texts, seed examples and `vary` values that are not from the test set"
    ),
    "options": ReasonRow(
        helps=f"an instruction that says how many options there are and that they differ, {_STRONGER}",
        repairable=True,
    ),
    "malformed": ReasonRow(helps=f"`response_format: json_schema` where the model takes it, {_STRONGER}"),
    "no_items": ReasonRow(
        helps=f"`datarecipe preview` to see a reply, {_STRONGER}",
        response="the response holds no item",
    ),
    "refusal": ReasonRow(
        helps="other words in the instruction or the description, another model",
        response="the model refused",
        cause="the model refused",
    ),
    "truncated": ReasonRow(
        helps="a higher `sampling.max_tokens`, a smaller `batch_size`",
        response="the response was cut off before its first item was whole",
        cause="replies were cut off before an item was whole",
    ),
    "unfinished": ReasonRow(helps=f"seed examples with one short sentence in each text, {_STRONGER}"),
    "content_filter": ReasonRow(
        helps="other words in the instruction or the description, another provider",
        response="the provider's content filter stopped the response",
        cause="a content filter stopped the replies",
    ),
    "context_overflow": ReasonRow(
        helps="a smaller `batch_size`, shorter seed examples, a longer context",
        response="the prompt does not fit the model's context",
        cause="the prompts do not fit the model's context",
    ),
}

OF_RESPONSES: Final = tuple(name for name, row in REASONS.items() if row.whole)
"""Reasons that cost a whole response. `datarecipe retry` asks again for these by default."""
