"""How many values of `vary` a run's requests are expected to reach, and how often they say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.render import Renderer
from datarecipe.generate.prompt.vary import Vary
from datarecipe.recipe.recipe import Recipe
from datarecipe.recipe.strategy_table import STRATEGIES
from datarecipe.recipe.template import compile_template

FEW = 0.9
"""Reaching a smaller share of a key's values is worth a warning."""

COUNTED = 10_000
"""Requests whose texts are counted; of more, as many of each in proportion."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one key of `vary`."""

    key: str
    values: int
    reached: float
    """The expected number of different values."""
    in_turn: bool
    """Whether values come in turn, so that only more requests reach more."""

    @property
    def few(self) -> bool:
        """Whether that is fewer than a user would expect."""
        return self.reached < FEW * self.values


def reach_of(recipe: Recipe, requests: int) -> tuple[Reach, ...]:
    """What so many requests reach. Requests with a place get values in turn, the others by a value's share."""
    vary = Vary(recipe.vary, recipe.vary_weights)
    setting = STRATEGIES[recipe.strategy.kind].in_turn
    by_place = requests if setting is None else min(requests, getattr(recipe.strategy, setting))
    return tuple(_reach(vary, key, by_place, requests) for key in recipe.vary)


def _reach(vary: Vary, key: str, by_place: int, requests: int) -> Reach:
    in_turn = vary.in_turn[key]
    values = max(in_turn) + 1
    first = {in_turn[place] for place in range(min(by_place, len(in_turn)))}
    by_share = requests - by_place
    shares = vary.rings[key].shares() if by_share else [0.0] * values
    likely = sum(1 - (1 - share) ** by_share for value, share in enumerate(shares) if value not in first)
    return Reach(key, values, len(first) + likely, in_turn=not by_share or len(first) == requests)


def asked_alike(recipe: Recipe, model: ModelSettings, requests: int) -> int:
    """How often one text is sent where seed examples and `vary` alone tell requests apart; else 1."""
    embedded = model.profile.layout == "embedded"
    numbered = not embedded and compile_template(recipe.instruction).reads("draw")
    if numbered or not STRATEGIES[recipe.strategy.kind].seeds_alone:
        return 1
    seeds = len(recipe.seed_examples)
    turns = Renderer(recipe, model).turns(beside=seeds)
    counted = min(requests, COUNTED)
    places = ((place % seeds, turns.at_place(place)) for place in range(counted))
    most = max(
        Counter((seed, turn.combination, turn.rotation, turn.wanted) for seed, turn in places).values(), default=1
    )
    return -(-most * requests // counted) if counted else 1
