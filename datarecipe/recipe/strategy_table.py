"""The strategies of the recipe language: one row for each, with all that other modules need to know about it.

To add a strategy, add its row, its name to `StrategyKind` and to the JSON Schema of the format, and its `Order` to
`generate/strategy/order_table.py`. The tests name what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from datarecipe.recipe.models.named_models import Embedder
from datarecipe.recipe.recipe import Recipe, Strategy, StrategyKind

Setting = Literal["chains", "roots", "patience", "embedder"]
"""A key of `strategy` other than `kind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRow:
    """What there is to know about one strategy."""

    settings: tuple[Setting, ...]
    """What it looks at. The other settings mean nothing to it, so they are no part of a run's identity."""
    chains: Setting | None = None
    """The setting that says how many lanes there are, each of which makes one request after another; None where requests of
    one lane do not wait for each other."""
    in_turn: Setting | None = None
    """The setting that says how many requests get the values of `vary` in turn, while the others get them by a hash; None
    where all get them in turn."""
    seeds_alone: bool = False
    """Whether it shows nothing but seed examples, so that `vary` alone tells requests apart."""


STRATEGIES: Final[Mapping[StrategyKind, StrategyRow]] = {
    "fixed": StrategyRow(settings=(), seeds_alone=True),
    "random": StrategyRow(settings=("chains", "patience"), chains="chains"),
    "contrastive": StrategyRow(settings=("chains", "patience", "embedder"), chains="chains"),
    "similar": StrategyRow(settings=("chains", "patience", "embedder"), chains="chains"),
    "tree": StrategyRow(settings=("roots",), in_turn="roots"),
}


def without_effect(kind: StrategyKind) -> tuple[str, ...]:
    """The settings that mean nothing to a strategy."""
    return tuple(name for name in get_args(Setting) if name not in STRATEGIES[kind].settings)


def embedder_of(strategy: Strategy) -> Embedder | None:
    """The embedder that it compares texts with; None where it compares none."""
    return strategy.embedder if "embedder" in STRATEGIES[strategy.kind].settings else None


def embedders_of(recipe: Recipe) -> Iterator[tuple[tuple[str, ...], Embedder]]:
    """The embedders that a run of the recipe compares texts with, each once, with the keys that name it."""
    used, near = embedder_of(recipe.strategy), recipe.filters.near_duplicates
    if used is not None:
        yield ("strategy", "embedder"), used
    if near is not None and near.embedding is not None and (used is None or near.embedder.model != used.model):
        yield ("filters", "near_duplicates", "embedder"), near.embedder


def chains_of(strategy: Strategy) -> int | None:
    """How many lanes there are that make one request after another; None where nothing waits so."""
    setting = STRATEGIES[strategy.kind].chains
    return None if setting is None else int(getattr(strategy, setting))
