"""Whose price is whose, and which cap holds where a price is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.errors import UnknownPriceError
from datarecipe.llm.limits.account import Caps
from datarecipe.recipe import Override, load_recipe
from datarecipe.running.costs import DEFAULT_USD
from datarecipe.running.options import Options
from datarecipe.running.setup import Setup, settle
from tests.runs import RECIPE, write_recipe

OWN = """
model: openai/gpt-4o-mini
prices: {input_per_million: 1, output_per_million: 2}
"""


def setup_of(
    folder: Path,
    text: str = "",
    model: str | None = None,
    api_base: str | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Setup:
    path = write_recipe(folder, RECIPE + text)
    recipe = load_recipe(path, [Override(key, value, "--set") for key, value in (flags or {}).items()])
    return settle(recipe, Options(model=model, api_base=api_base, environ={}))


def per_million(setup: Setup) -> tuple[float, float] | None:
    price = setup.cost.price
    return None if price is None else (float(price.input_per_token * 10**6), float(price.output_per_token * 10**6))


def test_a_recipe_s_prices_are_those_of_its_own_model(tmp_path: Path) -> None:
    assert per_million(setup_of(tmp_path, OWN)) == (1, 2)
    assert per_million(setup_of(tmp_path, OWN, "openai/gpt-4o")) not in (None, (1, 2))
    assert per_million(setup_of(tmp_path, OWN, "openai/unheard-of")) is None


def test_prices_of_a_recipe_without_a_model_are_those_of_whatever_it_runs_on(tmp_path: Path) -> None:
    assert per_million(setup_of(tmp_path, OWN.replace("model:", "x-model:"), "openai/gpt-4o")) == (1, 2)


def test_prices_that_a_flag_gives_count_for_whatever_is_asked(tmp_path: Path) -> None:
    flags = {"prices": {"input_per_million": 3, "output_per_million": 4}}
    assert per_million(setup_of(tmp_path, OWN, "openai/gpt-4o", flags=flags)) == (3, 4)


def test_caps(tmp_path: Path) -> None:
    model, url = "openai/mine", "http://localhost:9/v1"
    assert setup_of(tmp_path, OWN).caps == Caps(usd=DEFAULT_USD)
    assert setup_of(tmp_path, OWN, flags={"limits.usd": 0.25, "limits.calls": 7}).caps == Caps(Decimal("0.25"), None, 7)
    assert setup_of(tmp_path, "", model, url).caps == Caps(), "no default cap where no price is known"
    with pytest.raises(UnknownPriceError, match="the price of openai/mine is not known"):
        _ = setup_of(tmp_path, "", model, url, flags={"limits.usd": 1}).caps
    with pytest.raises(UnknownPriceError, match="`--max-usd` cannot be kept"):
        setup_of(tmp_path, "", model, url).check_budget(Caps(usd=Decimal(1)))


def test_what_is_capped_in_tokens_needs_no_warning_of_dollars(tmp_path: Path) -> None:
    text = OWN + "fallbacks: [openai/unheard-of]\n"
    assert list(setup_of(tmp_path, text).warnings())
    assert not list(setup_of(tmp_path, text).warnings(Caps(tokens=9000)))
    assert not list(setup_of(tmp_path, text, flags={"limits.tokens": 9000}).warnings())
    assert list(setup_of(tmp_path, text, flags={"limits.calls": 90}).warnings()), "a call may cost anything"


def test_a_fallback_without_a_price_takes_no_cap_away_from_the_others(tmp_path: Path) -> None:
    text = OWN + "fallbacks: [openai/unheard-of]\n"
    assert setup_of(tmp_path, text).caps == Caps(usd=DEFAULT_USD)
    assert any("openai/unheard-of" in words for words in setup_of(tmp_path, text).warnings())
    with pytest.raises(UnknownPriceError, match="unheard-of") as raised:
        _ = setup_of(tmp_path, text, flags={"limits.usd": 1}).caps
    assert "--set 'fallbacks=[{model: openai/unheard-of, prices: {input_per_million" in str(raised.value)
    priced = OWN + "fallbacks: [{model: openai/unheard-of, prices: {input_per_million: 5, output_per_million: 6}}]\n"
    assert setup_of(tmp_path, priced).caps == Caps(usd=DEFAULT_USD)
