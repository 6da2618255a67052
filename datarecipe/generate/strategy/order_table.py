"""Which `Order` each strategy of the recipe language is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from datarecipe.generate.strategy.chains import ChainsOrder
from datarecipe.generate.strategy.fixed import FixedOrder
from datarecipe.generate.strategy.order import Asker, Order
from datarecipe.generate.strategy.tree import TreeOrder
from datarecipe.recipe.recipe import StrategyKind

ORDERS: Final[Mapping[StrategyKind, Callable[[Asker], Order]]] = {
    "fixed": FixedOrder,
    "random": ChainsOrder,
    "contrastive": partial(ChainsOrder, nearest=False),
    "similar": partial(ChainsOrder, nearest=True),
    "tree": TreeOrder,
}
