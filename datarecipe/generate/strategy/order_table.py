"""Which `Order` each strategy of the recipe language is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from datarecipe.generate.accepted_log import AcceptedLog
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.questions import Questions
from datarecipe.generate.strategy.chains import ChainsOrder
from datarecipe.generate.strategy.fixed import FixedOrder
from datarecipe.generate.strategy.order import Asker, Order
from datarecipe.generate.strategy.tree import TreeOrder
from datarecipe.recipe.recipe import StrategyKind


@dataclass(frozen=True, slots=True)
class Means:
    """What the loop gives to a strategy."""

    asker: Asker
    questions: Questions
    accepted: DigestSet
    """Digests of the seed examples and of all accepted examples; the loop's own, to be read alone."""
    log: AcceptedLog | None
    """Where accepted examples can be read again, if anywhere."""


ORDERS: Final[Mapping[StrategyKind, Callable[[Means], Order]]] = {
    "fixed": lambda means: FixedOrder(means.asker),
    "random": lambda means: ChainsOrder(means.asker),
    "contrastive": lambda means: ChainsOrder(means.asker, means.questions, nearest=False),
    "similar": lambda means: ChainsOrder(means.asker, means.questions, nearest=True),
    "tree": lambda means: TreeOrder(means.asker, means.accepted, means.log),
}
