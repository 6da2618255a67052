"""The values of the balanced field (`filters.balance`) that a request asks for, one for each of its items.

All values stand in one cycle, each as often as its share says. A request takes the next ones from the place in the cycle
at which it begins (`Turn.wanted`), which depends on the request's place alone, as the values of `vary` do: never on what
was accepted, or concurrency would change prompts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from datarecipe.generate.prompt.vary import in_turn
from datarecipe.recipe.recipe import Balance, Recipe, Scalar


@dataclass(frozen=True, slots=True)
class WantedValues:
    """Of one recipe and one model."""

    field: str
    cycle: Sequence[Scalar] = ()
    """Empty where nothing is balanced."""
    each: int = 1
    """Items that a request asks for."""

    @classmethod
    def of(cls, recipe: Recipe, items: int) -> WantedValues:
        """Of requests for so many items."""
        balance = recipe.filters.balance
        return cls("", (), items) if balance is None else cls(balance.field, cycle_of(balance), items)

    def at(self, start: int) -> list[Scalar]:
        """The values for a request that begins at `start`, in the order of its items."""
        cycle = self.cycle
        return [cycle[(start + item) % len(cycle)] for item in range(self.each)] if cycle else []

    def sentence(self, start: int) -> str:
        """What is said to a model; empty where nothing is balanced."""
        values = self.at(start)
        if not values:
            return ""
        named = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
        if len(values) == 1:
            return f'The field "{self.field}" of the example must be {named}.'
        return f'The field "{self.field}" of the {len(values)} examples must be, in this order: {named}.'


def cycle_of(balance: Balance) -> list[Scalar]:
    """The values, each as often as its weight says, spread evenly."""
    return [balance.values[index] for index in in_turn(balance.weights)]
