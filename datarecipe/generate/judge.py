"""Response -> checked items: parsing and checking in one step, on arrival."""

from __future__ import annotations

import re
from dataclasses import replace

from datarecipe.exchange import Apart, Completion, Json
from datarecipe.generate.check import Checked, Checker, Invalid, Valid
from datarecipe.generate.field_names import spellings
from datarecipe.generate.parse import Fragment, parse
from datarecipe.recipe.example_schema.work import Work
from datarecipe.recipe.model import Recipe

_WORDS = {
    "stop": "no_items",
    "length": "truncated",
    "refusal": "refusal",
    "content_filter": "content_filter",
    "context_overflow": "context_overflow",
}
_DETAILS = {
    "no_items": "the response holds no item",
    "truncated": "the response was cut off before its first item was whole",
    "refusal": "the model refused",
    "content_filter": "the provider's content filter stopped the response",
    "context_overflow": "the prompt does not fit the model's context",
}

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Judge:
    """Judges the responses to one recipe's requests."""

    def __init__(self, recipe: Recipe) -> None:
        self._fields = tuple(spelling for field in recipe.fields for spelling in spellings(field))
        self._known = frozenset(self._fields)
        self._checker = Checker(recipe)

    def batch(self, response: Completion) -> tuple[Checked, ...]:
        """All items of a response in order, valid or not; a response without any is one invalid row."""
        apart = response.apart if not response.text.strip() else None
        items = parse(response.text, self._fields).items
        called = self._called(apart)
        items = called or items
        if not any(not isinstance(item, Fragment) for item in items):
            return (_nothing(response, apart),)
        last = len(items) - 1
        cut_off = response.finish_reason == "length"
        work = Work()
        checked = tuple(
            _fragment(item, cut_off=cut_off and index == last)
            if isinstance(item, Fragment)
            else self._checker.check(item, work)
            for index, item in enumerate(items)
        )
        return tuple(map(_mended, checked)) if called else checked

    def _called(self, apart: Apart | None) -> tuple[Json | Fragment, ...]:
        """The items in the arguments of a call, which a model makes that takes the format for a tool.

        Of several calls nobody knows which is meant, and arguments without a field of the recipe are for another tool.
        """
        if apart is None or len(apart.tools) != 1:
            return ()
        items = parse(apart.text, self._fields).items
        return items if any(isinstance(item, dict) and not self._known.isdisjoint(item) for item in items) else ()


def _mended(item: Checked) -> Checked:
    return replace(item, normalised=True) if isinstance(item, Valid) else item


def _nothing(response: Completion, apart: Apart | None) -> Invalid:
    """The row for a response without items."""
    reason = _WORDS[response.finish_reason]
    if apart is None or reason not in ("no_items", "truncated"):
        return Invalid(reason, _DETAILS[reason], response.text)
    return Invalid(reason, f"{_DETAILS[reason]}: {_instead(apart)}", apart.text)


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


def _fragment(fragment: Fragment, *, cut_off: bool) -> Invalid:
    if cut_off:
        return Invalid("truncated", "the response was cut off within this item", fragment.raw)
    return Invalid("malformed", "not JSON", fragment.raw)
