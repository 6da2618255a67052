"""How many values of `vary` a run's requests are expected to reach, and how often they say the same."""

from __future__ import annotations

from dataclasses import dataclass

from datarecipe.generate.prompt.vary import Vary
from datarecipe.recipe.recipe import Recipe
from datarecipe.recipe.strategies import STRATEGIES

FEW = 0.9
"""Reaching a smaller share of a key's values is worth a warning."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one key of `vary`."""

    key: str
    values: int
    reached: float
    """The expected number of different values."""

    @property
    def few(self) -> bool:
        """Whether that is fewer than a user would expect."""
        return self.reached < FEW * self.values


def reach_of(recipe: Recipe, requests: int) -> tuple[Reach, ...]:
    """What so many requests reach. Requests with a place get values in turn, those below a tree's roots by their shares."""
    vary = Vary(recipe.vary, recipe.vary_weights)
    by_place = (
        min(requests, recipe.strategy.roots) if "roots" in STRATEGIES[recipe.strategy.kind].settings else requests
    )
    found: list[Reach] = []
    for key, values in recipe.vary.items():
        reached = min(by_place, len(values))
        rest = vary.rings[key].shares()[reached:] if requests > by_place else []
        likely = sum(1 - (1 - share) ** (requests - by_place) for share in rest)
        found.append(Reach(key, len(values), reached + likely))
    return tuple(found)


def asked_alike(recipe: Recipe, requests: int) -> int:
    """How often one text is sent where seed examples and `vary` alone tell requests apart; else 1."""
    if not STRATEGIES[recipe.strategy.kind].seeds_alone:
        return 1
    return -(-requests // (len(recipe.seed_examples) * Vary(recipe.vary, recipe.vary_weights).count))
