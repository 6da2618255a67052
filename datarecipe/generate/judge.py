"""Response -> checked items: parsing and checking in one step, on arrival."""

from __future__ import annotations

from datarecipe.exchange import Completion
from datarecipe.generate.check import Checked, Checker, Invalid
from datarecipe.generate.parse import Fragment, parse
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


class Judge:
    """Judges the responses to one recipe's requests."""

    def __init__(self, recipe: Recipe) -> None:
        self._fields = recipe.fields
        self._checker = Checker(recipe)

    def batch(self, response: Completion) -> tuple[Checked, ...]:
        """All items of a response in order, valid or not; a response without any is one invalid row."""
        items = parse(response.text, self._fields).items
        if not any(not isinstance(item, Fragment) for item in items):
            reason = _WORDS[response.finish_reason]
            return (Invalid(reason, _DETAILS[reason], response.text),)
        last = len(items) - 1
        cut_off = response.finish_reason == "length"
        return tuple(
            _fragment(item, cut_off=cut_off and index == last)
            if isinstance(item, Fragment)
            else self._checker.check(item)
            for index, item in enumerate(items)
        )


def _fragment(fragment: Fragment, *, cut_off: bool) -> Invalid:
    if cut_off:
        return Invalid("truncated", "the response was cut off within this item", fragment.raw)
    return Invalid("malformed", "not JSON", fragment.raw)
