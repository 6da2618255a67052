"""Each strategy has its row, and its name wherever the language has to know it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, get_args

import pytest

from datarecipe.exchange import Complete
from datarecipe.generate.generation import Generation
from datarecipe.generate.replay import replay
from datarecipe.generate.strategy.order_table import ORDERS
from datarecipe.recipe import STRATEGIES, StrategyKind, format_schema
from datarecipe.recipe.identity import identity
from datarecipe.recipe.models.named_models import Embedder
from datarecipe.recipe.strategy_table import chains_of, without_effect
from tests.generate.recipes import make_recipe, scripted, settings

OTHERS: dict[str, Any] = {"chains": 3, "roots": 3, "patience": 1, "embedder": Embedder("somebody's")}


def test_every_strategy_is_known_everywhere() -> None:
    kinds = get_args(StrategyKind)
    assert set(STRATEGIES) == set(ORDERS) == set(kinds)
    found = _enums(format_schema())
    assert found
    assert all(enum == list(STRATEGIES) for enum in found), "the JSON Schema of the format"


def _enums(schema: Any) -> list[list[str]]:
    if isinstance(schema, dict):
        own = [schema["enum"]] if "fixed" in schema.get("enum", ()) and "tree" in schema["enum"] else []
        return own + [enum for value in schema.values() for enum in _enums(value)]
    return [enum for value in schema for enum in _enums(value)] if isinstance(schema, list) else []


@pytest.mark.parametrize("kind", STRATEGIES)
@pytest.mark.parametrize("setting", OTHERS)
def test_a_setting_counts_where_it_changes_requests(kind: StrategyKind, setting: str) -> None:
    plain = make_recipe(kind, 8, target_size=120)
    other = replace(plain, strategy=replace(plain.strategy, **{setting: OTHERS[setting]}))
    counts = setting in STRATEGIES[kind].settings
    assert (identity(plain) != identity(other)) == counts
    assert (setting not in without_effect(kind)) == counts
    assert (_asked(plain) != _asked(other)) == counts


def _asked(recipe: Any) -> list[str]:
    """Replies that bring little new, so that patience matters."""

    def answer(request: Any) -> Any:
        return scripted(request, variety=9) if isinstance(request, Complete) else None

    steps = replay(Generation(recipe, settings(recipe)), answer)
    return [step.request.key for step in itertools.islice(steps, 60)]


@pytest.mark.parametrize("kind", STRATEGIES)
def test_as_many_requests_are_under_way_as_there_are_chains(kind: StrategyKind) -> None:
    recipe = make_recipe(kind, 3, target_size=1000)
    chains = chains_of(recipe.strategy)
    known = len(list(Generation(recipe, settings(recipe)).wanted(100)))
    if kind == "tree":
        assert (chains, known) == (None, 3), "its children come later, any number of them"
    else:
        assert known == (chains or 100)
