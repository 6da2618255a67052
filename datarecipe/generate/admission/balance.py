"""Rejects an item whose value, of the label or another field, has had its share of the accepted examples.

Accepted examples are counted in windows. When a window begins, each value gets its share of the window as a quota;
what it did not use of earlier quotas stays. An item is rejected when its value's quota is used up. So at the end of each
window no value is ahead of its share by more than `tolerance`, whatever the number of windows, and within a window the
order is free.

The quotas are rounded up, so at any time they exceed the accepted examples: one value at least has room. What a filter
decides rests on accepted examples alone, so a higher target keeps the prefix. A fixed list of windows that each begin anew
would let a value be ahead by its tolerance in every window, and so in the whole dataset; a sliding window without tolerance
would prescribe each next value.

Nothing here waits for ever: where a model does not write the values that have room, all its items are rejected, and
`limits.barren` ends the run, which then tells what was missing (`lacks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from fractions import Fraction

from datarecipe.exchange import Example, Response
from datarecipe.generate.admission.commit_filter import CommitFilter, Outlook
from datarecipe.generate.judge.item_checker import LabelMatcher, Valid
from datarecipe.generate.reasons import Rejection
from datarecipe.printable import counted
from datarecipe.recipe.keys.value_equality import typed_key
from datarecipe.recipe.message_text import code, join, show
from datarecipe.recipe.recipe import Balance, Recipe

_SOME_NAMED = 3


class BalanceFilter(CommitFilter):
    def __init__(self, recipe: Recipe) -> None:
        assert recipe.filters.balance is not None
        self._settings = settings = recipe.filters.balance
        self._values = BalancedField(settings.field, settings.values)
        self._quotas = _Quotas(settings)

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        number = self._values.number(item.example)
        if number is None:
            return None if self._settings.others == "keep" else Rejection("unbalanced", self._other(item.example))
        quotas = self._quotas
        if quotas.has_room(number):
            return None
        detail = (
            f"{code(self._settings.field)} is {show(self._settings.values[number])} in {quotas.taken[number]:,} of "
            f"{quotas.examples:,} examples; up to example {quotas.until:,} it may be in {quotas.quotas[number]:,}"
        )
        return Rejection("unbalanced", detail)

    def accepted(self, item: Valid) -> None:
        number = self._values.number(item.example)
        if number is not None:
            self._quotas.take(number)

    def outlook(self) -> Outlook:
        """As if every item that has room were accepted."""
        quotas = copy(self._quotas)

        def likely(item: Valid) -> bool:
            number = self._values.number(item.example)
            if number is None:
                return self._settings.others == "keep"
            room = quotas.has_room(number)
            if room:
                quotas.take(number)
            return room

        return likely

    def lacks(self) -> str:
        """The values that have room, the one that lacks most first."""
        values, weights = self._settings.values, self._settings.weights
        open_ = [number for number in range(len(values)) if self._quotas.has_room(number)]
        open_.sort(key=lambda number: Fraction(self._quotas.taken[number], weights[number]))
        named = [show(values[number]) for number in open_]
        if len(named) > _SOME_NAMED:
            named = [*named[:_SOME_NAMED], counted(len(named) - _SOME_NAMED, "more value")]
        return f"`filters.balance` has room only for examples whose {code(self._settings.field)} is {join(named, 'or')}"

    def _other(self, example: Example) -> str:
        field = self._settings.field
        if field not in example:
            return f"{code(field)} is missing"
        return f"{code(field)} is {show(example[field])}, which has no share"


class _Quotas:
    """How many accepted examples have each value, and how many may have it in the present window."""

    def __init__(self, settings: Balance) -> None:
        self._weights, self._window = settings.weights, settings.window
        self._in_all = sum(settings.weights)
        self._ahead = settings.window * Fraction(repr(settings.tolerance))
        """What all values together may be ahead at the end of a window."""
        self.taken = [0] * len(settings.weights)
        """By the value's number."""
        self.examples = 0
        """Accepted ones that have one of the values."""
        self._begin()

    def __copy__(self) -> _Quotas:
        made = _Quotas.__new__(_Quotas)
        made.__dict__.update(self.__dict__, taken=list(self.taken))
        return made

    def has_room(self, number: int) -> bool:
        return self.taken[number] < self.quotas[number]

    def take(self, number: int) -> None:
        self.taken[number] += 1
        self.examples += 1
        if self.examples == self.until:
            self._begin()

    def _begin(self) -> None:
        """Begin a window."""
        self.until = self.examples + self._window
        up_to = self.until + self._ahead
        self.quotas = [-(-up_to * weight // self._in_all) for weight in self._weights]


class BalancedField:
    """Finds which of the balanced values an example has: by type and spelling, else by its case-folded text."""

    def __init__(self, field: str, values: Sequence[str | int | float]) -> None:
        self._field = field
        self._match = LabelMatcher(tuple(values))
        self._numbers = {typed_key(value): number for number, value in enumerate(values)}

    def number(self, example: Example) -> int | None:
        """The value's number; None for a value that is not among them."""
        found = self._match.find(example.get(self._field))
        return None if found is None else self._numbers[typed_key(found[0])]
