"""Accepted examples by the value that `filters.balance` balances."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from datarecipe.exchange import Example
from datarecipe.recipe import Recipe
from datarecipe.recipe.recipe import Balance

if TYPE_CHECKING:
    from datarecipe.generate.admission.balance import BalancedField


@dataclass(frozen=True, slots=True)
class BalancedValue:
    """The examples that have one value."""

    value: Any
    weight: int
    """Its wanted share is this of the sum of all weights."""
    examples: int


@dataclass(frozen=True, slots=True)
class Balanced:
    """How near a run came to the shares of its recipe."""

    field: str
    by_value: tuple[BalancedValue, ...]
    others: int
    """Examples with a value that has no share."""

    @property
    def weights(self) -> int:
        """All of them."""
        return sum(each.weight for each in self.by_value)

    @property
    def examples(self) -> int:
        """All that have a value with a share."""
        return sum(each.examples for each in self.by_value)

    def far(self) -> tuple[BalancedValue, ...]:
        """The values, the farthest from its share first."""
        weights, examples = self.weights, self.examples
        return tuple(sorted(self.by_value, key=lambda each: -abs(each.examples * weights - each.weight * examples)))


@dataclass(slots=True)
class BalancedValues:
    """Counts them."""

    settings: Balance
    _field: BalancedField
    _counts: list[int] = field(default_factory=list)
    _others: int = 0

    @classmethod
    def of(cls, recipe: Recipe) -> BalancedValues | None:
        """All at zero; None where the recipe balances nothing."""
        balance = recipe.filters.balance
        if balance is None:
            return None
        from datarecipe.generate.admission.balance import BalancedField  # noqa: PLC0415 - few recipes ask for it

        return cls(balance, BalancedField(balance.field, balance.values), [0] * len(balance.values))

    def __copy__(self) -> BalancedValues:
        return replace(self, _counts=list(self._counts))

    def add(self, example: Example) -> None:
        """Count an accepted example."""
        number = self._field.number(example)
        if number is None:
            self._others += 1
        else:
            self._counts[number] += 1

    @property
    def balanced(self) -> Balanced:
        """As they are now."""
        values = zip(self.settings.values, self.settings.weights, self._counts, strict=True)
        return Balanced(self.settings.field, tuple(BalancedValue(*each) for each in values), self._others)
