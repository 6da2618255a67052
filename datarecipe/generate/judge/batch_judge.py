"""Response -> checked items: parsing and checking in one step, on arrival."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from datarecipe.exchange import Apart, Completion, Example, FinishReason
from datarecipe.generate.judge.field_names import spellings
from datarecipe.generate.judge.item_checker import Checked, Checker, Invalid, Valid
from datarecipe.generate.parse import NOT_JSON, Found, Fragment, Mended, parse, value_of
from datarecipe.generate.prompt.embedded_prompt import cut_off_texts
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.reasons import REASONS, Reason
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.item_filters.item_filter_table import item_filters_of
from datarecipe.recipe.recipe import Recipe

ENDS: Final[Mapping[FinishReason, Reason]] = {
    "stop": "no_items",
    "length": "truncated",
    "refusal": "refusal",
    "content_filter": "content_filter",
    "context_overflow": "context_overflow",
}
"""The reason of a response without items, by how the response ended."""

_PARTIAL = ("no_items", "truncated")
"""Ends of a response whose broken items are rows of their own."""

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

LONGEST_RAW = 65_536
"""Characters of an item's or a response's text that a row of `rejected.jsonl` keeps."""


class Judge:
    def __init__(self, recipe: Recipe, cut_off: Callable[[Example], str | None] = lambda _: None) -> None:
        """`cut_off` names the field of an example whose text was ended by its bound, if there is one."""
        self._cut_off = cut_off
        self._fields = frozenset(spelling for field in recipe.fields for spelling in spellings(field))
        self._checker = Checker(recipe)
        self._filters = item_filters_of(recipe)
        self._masked: Callable[[str], str] | None = None
        if recipe.filters.pii is not None and recipe.filters.pii.mask:
            from datarecipe.recipe.item_filters.personal_data import masker_of  # noqa: PLC0415 - few recipes ask

            self._masked = masker_of(recipe)
        # A model that ignores the number asked for is still read; one gone wrong must not fill the disk with rows.
        self._most = max(100, 10 * recipe.batch_size)

    def batch(self, response: Completion) -> tuple[Checked, ...]:
        """All items of a response in order, valid or not; a response without any is one invalid row."""
        apart = response.apart if not response.text.strip() else None
        called = self._called(apart)
        items = called or parse(response.text, self._fields, self._most)
        reason = ENDS[response.finish_reason]
        if not items or (reason not in _PARTIAL and all(isinstance(item, Fragment) for item in items)):
            return (self._told(_nothing(response, apart)),)
        last = len(items) - 1
        work = Work()
        return tuple(
            self._told(self._checked(item, work, cut_off=reason == "truncated" and index == last, mended=bool(called)))
            for index, item in enumerate(items)
        )

    def _checked(self, item: Found, work: Work, *, cut_off: bool, mended: bool) -> Checked:
        if isinstance(item, Fragment):
            if cut_off and item.detail == NOT_JSON:
                return Invalid("truncated", "the response was cut off within this item", item.raw)
            return Invalid("malformed", item.detail, item.raw)
        checked = self._checker.check(value_of(item), work)
        if isinstance(checked, Invalid):
            return checked
        for reason, fault in self._filters:
            if (detail := fault(checked.example, work)) is not None:
                return Invalid(reason, detail, checked.text)
        if (field := self._cut_off(checked.example)) is not None:
            detail = (
                f"{field}: a text reached the greatest length that the embedded model may write; its end may be missing"
            )
            return Invalid("unfinished", detail, checked.text)
        return replace(checked, normalised=True) if mended or isinstance(item, Mended) else checked

    def _told(self, item: Checked) -> Checked:
        """An invalid item as its row of `rejected.jsonl` has it."""
        if isinstance(item, Valid):
            return item
        return _bounded(item if self._masked is None else replace(item, raw=self._masked(item.raw)))

    def _called(self, apart: Apart | None) -> tuple[Found, ...]:
        """The items in the arguments of a call, which a model makes that takes the format for a tool.

        Of several calls nobody knows which is meant, and arguments without a field of the recipe are for another tool.
        """
        if apart is None or len(apart.tools) != 1:
            return ()
        items = parse(apart.text, self._fields, self._most)
        values = [value_of(item) for item in items if not isinstance(item, Fragment)]
        return items if any(isinstance(value, dict) and not self._fields.isdisjoint(value) for value in values) else ()


def judge_of(recipe: Recipe, model: ModelSettings) -> Judge:
    """The judge of what `model` writes for `recipe`."""
    return Judge(recipe, cut_off_texts(recipe)) if model.profile.layout == "embedded" else Judge(recipe)


def _bounded(item: Invalid) -> Invalid:
    if len(item.raw) <= LONGEST_RAW:
        return item
    return replace(item, raw=f"{item.raw[:LONGEST_RAW]} ... ({len(item.raw):,} characters in all)")


def _nothing(response: Completion, apart: Apart | None) -> Invalid:
    """The row for a response without items."""
    reason = ENDS[response.finish_reason]
    if apart is None or reason not in _PARTIAL:
        return Invalid(reason, REASONS[reason].response, response.text)
    return Invalid(reason, f"{REASONS[reason].response}: {_instead(apart)}", apart.text)


def _instead(apart: Apart) -> str:
    """What a reply is that has no text. A tool's name is a stranger's: only one that needs no escape is shown."""
    if apart.kind == "reasoning":
        return "it has reasoning and no text"
    names = [f"`{name}`" for name in dict.fromkeys(apart.tools) if _NAME.fullmatch(name)][:3]
    many = len(apart.tools) > 1
    what = f"calls of {len(apart.tools)} tools" if many else "a call of a tool"
    if names:
        what = f"calls of tools ({', '.join(names)})" if many else f"a call of the tool {names[0]}"
    return f"it is {what}, and no text"
