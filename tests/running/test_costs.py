"""Whose price is whose, and which cap holds where a price is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from datarecipe.amount import LARGEST, Caps
from datarecipe.errors import UnknownPriceError, UsageError
from datarecipe.recipe import Override, load_recipe
from datarecipe.run_folder.json_records import from_json, to_json
from datarecipe.running.resolve.costs import DEFAULT_USD
from datarecipe.running.resolve.options import Options
from datarecipe.running.resolve.resolved_run import ResolvedRun, resolve_run
from tests.runs import RECIPE, write_recipe

OWN = """
model: openai/gpt-4o-mini
prices: {input_per_million: 1, output_per_million: 2}
"""


@pytest.fixture
def user_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "datarecipe" / "config.yaml"
    path.parent.mkdir(parents=True)
    return path


def setup_of(
    folder: Path,
    text: str = "",
    model: str | None = None,
    api_base: str | None = None,
    flags: Mapping[str, Any] | None = None,
    *,
    trust: bool = False,
) -> ResolvedRun:
    path = write_recipe(folder, RECIPE + text)
    recipe = load_recipe(path, [Override(key, value, "--set") for key, value in (flags or {}).items()])
    return resolve_run(recipe, Options(model=model, api_base=api_base, environ={}, trust=trust))


def per_million(setup: ResolvedRun) -> tuple[float, float] | None:
    price = setup.cost.price
    return None if price is None else (float(price.input_per_token * 10**6), float(price.output_per_token * 10**6))


def test_a_recipe_s_prices_are_those_of_its_own_model(tmp_path: Path) -> None:
    assert per_million(setup_of(tmp_path, OWN)) == (1, 2)
    assert per_million(setup_of(tmp_path, OWN, "openai/gpt-4o")) not in (None, (1, 2))
    assert per_million(setup_of(tmp_path, OWN, "openai/unheard-of")) is None


@pytest.mark.parametrize(
    ("per_input", "per_output", "counted"),
    [(0, 0, (2.5, 10)), (1, 2, (2.5, 10)), (3, 2, (3, 10)), (1, 20, (2.5, 20)), (3, 20, (3, 20)), (1e-9, 0, (2.5, 10))],
)
def test_a_recipe_may_only_raise_a_price_that_is_known(
    tmp_path: Path, per_input: float, per_output: float, counted: tuple[float, float]
) -> None:
    """Or it would switch off the caps of whoever runs it: nothing costs anything, so nothing is ever spent."""
    text = f"prices: {{input_per_million: {per_input}, output_per_million: {per_output}}}\n"
    assert per_million(setup_of(tmp_path, text, "openai/gpt-4o")) == counted
    assert per_million(setup_of(tmp_path, f"model: openai/gpt-4o\n{text}")) == counted
    fallback = f"fallbacks: [{{model: openai/gpt-4o, {text.strip()}}}]\n"
    (other,) = setup_of(tmp_path, fallback, "openai/gpt-4o-mini").asked[1:]
    assert other.cost.price is not None
    assert float(other.cost.price.input_per_token * 10**6) == counted[0]


def test_long_prompts_are_raised_too(tmp_path: Path) -> None:
    known = setup_of(tmp_path, "", "gemini/gemini-2.5-pro").cost.price
    text = "prices: {input_per_million: 100, output_per_million: 0}\n"
    raised = setup_of(tmp_path, text, "gemini/gemini-2.5-pro").cost.price
    assert known is not None
    assert raised is not None
    assert known.long_prompts, "the test needs a model whose long prompts cost more"
    assert raised.cost(300_000, 0) == Decimal(30)
    assert raised.cost(300_000, 10_000) - raised.cost(300_000, 0) == known.cost(1_000_000, 10_000) - known.cost(
        1_000_000, 0
    )


def test_a_price_that_one_flag_gives_in_half_is_still_the_recipe_s(tmp_path: Path) -> None:
    text = "prices: {input_per_million: 0, output_per_million: 0}\n"
    flags = {"prices.input_per_million": 0}
    assert per_million(setup_of(tmp_path, text, "openai/gpt-4o", flags=flags)) == (2.5, 10)
    flags["prices.output_per_million"] = 0
    assert per_million(setup_of(tmp_path, text, "openai/gpt-4o", flags=flags)) == (0, 0)


def test_no_cap_of_the_user_rests_on_the_recipe_s_word_alone(tmp_path: Path) -> None:
    free = "prices: {input_per_million: 0, output_per_million: 0}\n"
    url = "http://localhost:9/v1"
    for model in ("openai/unheard-of", "openai/gpt-4o"):  # at another host a known model may cost anything
        setup = setup_of(tmp_path, free, model, url)
        assert setup.caps == Caps(usd=DEFAULT_USD)
        with pytest.raises(UnknownPriceError, match="`--max-usd` cannot be enforced: only the recipe says"):
            setup.check_budget(Caps(usd=Decimal(1)))
        with pytest.raises(UnknownPriceError, match=r"`limits\.usd` cannot be enforced: only the recipe says"):
            _ = setup_of(tmp_path, free, model, url, flags={"limits.usd": 1}).caps
        own = setup_of(tmp_path, free + "limits: {usd: 3}\n", model, url)
        assert own.caps == Caps(usd=Decimal(3)), "a cap of the recipe's own may rest on it"
        trusted = setup_of(tmp_path, free, model, url, trust=True)
        trusted.check_budget(Caps(usd=Decimal(1)))
        flags = {"prices": {"input_per_million": 3, "output_per_million": 4}}
        setup_of(tmp_path, free, model, url, flags=flags).check_budget(Caps(usd=Decimal(1)))


@pytest.mark.parametrize("caps", ["{usd: 3}", "{tokens: 1000000000}", "{usd: 3, tokens: 1000000000}", "{calls: 9}"])
def test_what_rests_on_the_recipe_s_word_alone_is_told_whatever_caps_the_recipe_has(tmp_path: Path, caps: str) -> None:
    free = f"prices: {{input_per_million: 0, output_per_million: 0}}\nlimits: {caps}\n"
    setup = setup_of(tmp_path, free, "groq/unheard-of")
    assert any("only the recipe says what groq/unheard-of costs" in words for words in setup.warnings())
    for budget in (Caps(usd=Decimal(1)), Caps(tokens=9000)):
        assert not list(setup.warnings(budget))
    assert not list(setup_of(tmp_path, free, "groq/unheard-of", flags={"limits.tokens": 9000}).warnings())
    assert not list(setup_of(tmp_path, free, "groq/unheard-of", trust=True).warnings())
    without = setup_of(tmp_path, free, "groq/unheard-of", flags={"limits.tokens": None, "limits.usd": None})
    assert list(without.warnings())


def test_no_trust_lowers_a_price_that_is_known(tmp_path: Path) -> None:
    text = "prices: {input_per_million: 0, output_per_million: 0}\n"
    assert per_million(setup_of(tmp_path, text, "openai/gpt-4o", trust=True)) == (2.5, 10)


def test_the_user_s_configuration_gives_prices(tmp_path: Path, user_config: Path) -> None:
    user_config.write_text(
        "prices:\n  openai/unheard-of: {input_per_million: 7, output_per_million: 8}\n"
        "  openai/gpt-4o: {input_per_million: 0.5, output_per_million: 1}\n"
    )
    assert per_million(setup_of(tmp_path, OWN, "openai/unheard-of")) == (7, 8)
    assert per_million(setup_of(tmp_path, OWN, "openai/gpt-4o")) == (0.5, 1), "the user may know of a discount"
    setup_of(tmp_path, "", "openai/unheard-of").check_budget(Caps(usd=Decimal(1)))
    flags = {"prices": {"input_per_million": 3, "output_per_million": 4}}
    assert per_million(setup_of(tmp_path, OWN, "openai/gpt-4o", flags=flags)) == (3, 4), "a flag goes before it"
    (other,) = setup_of(tmp_path, "fallbacks: [openai/unheard-of]\n", "openai/gpt-4o").asked[1:]
    assert other.cost.source == "the user's configuration"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("3", "`prices` must be a mapping of models to prices, not the number 3"),
        ("{openai/a: 3}", "`prices.openai/a` must be a mapping with `input_per_million` and `output_per_million`"),
        ("{openai/a: {input_per_million: 1}}", "`output_per_million` is missing in `prices.openai/a`"),
        (
            "{openai/a: {input_per_million: 1, output_per_million: -1}}",
            "must be a number of at least 0, not the number",
        ),
        ("{openai/a: {input_per_million: 1, output_per_million: yes}}", "of at least 0, not the text"),
        ("{openai/a: {input_per_million: 1, output_per_million: true}}", "of at least 0, not the boolean"),
        ("{openai/a: {input_per_million: 1, output_per_million: 1, more: 1}}", "unknown key `more`"),
    ],
)
def test_prices_of_the_configuration_that_are_none(tmp_path: Path, user_config: Path, written: str, words: str) -> None:
    user_config.write_text(f"prices: {written}\n")
    with pytest.raises(UsageError, match=words):
        setup_of(tmp_path, OWN)


def test_a_project_s_configuration_cannot_give_prices(tmp_path: Path) -> None:
    folder = tmp_path / ".datarecipe"
    folder.mkdir()
    (folder / "config.yaml").write_text("prices: {openai/gpt-4o: {input_per_million: 0, output_per_million: 0}}\n")
    with pytest.raises(UsageError, match="`prices` cannot be set here"):
        setup_of(tmp_path, OWN)


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
    with pytest.raises(UnknownPriceError, match="`--max-usd` cannot be enforced"):
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


def test_a_cap_beyond_all_counts_can_be_written_to_a_manifest_and_read_back(tmp_path: Path) -> None:
    flags = {f"limits.{name}": 10**18 for name in ("usd", "tokens", "calls")}
    caps = setup_of(tmp_path, OWN, flags=flags).caps
    assert caps == Caps(Decimal(LARGEST), LARGEST, LARGEST)
    assert from_json(Caps, to_json(caps)) == caps


@pytest.mark.parametrize(
    ("usd", "flags", "trust", "cap"),
    [
        ("1000000", {}, False, DEFAULT_USD),
        ("5.01", {}, False, DEFAULT_USD),
        ("5.00", {}, False, DEFAULT_USD),
        ("0.50", {}, False, Decimal("0.5")),
        ("1000000", {}, True, Decimal(1000000)),
        ("1000000", {"limits.usd": 20}, False, Decimal(20)),
    ],
)
def test_a_vendored_recipe_may_only_lower_the_cap(
    tmp_path: Path, usd: str, flags: Mapping[str, Any], trust: bool, cap: Decimal
) -> None:
    text = f"model: openai/gpt-4o\nlimits: {{usd: {usd}}}\n"
    theirs = setup_of(tmp_path / "recipes" / "vendor" / "acme", text, flags=flags, trust=trust)
    assert theirs.caps.usd == cap
    warned = [text for text in theirs.warnings() if "may not" in text]
    assert bool(warned) == (cap == DEFAULT_USD < Decimal(usd))
    assert setup_of(tmp_path / "own", text, flags=flags, trust=trust).caps.usd == Decimal(
        str(flags.get("limits.usd", usd))
    )


def test_a_recipe_of_the_user_s_own_that_extends_a_vendored_one_says_its_own_cap(tmp_path: Path) -> None:
    write_recipe(
        tmp_path / "recipes" / "vendor" / "acme", RECIPE + "model: openai/gpt-4o\nlimits: {usd: 100}\n", "base"
    )
    path = "vendor/acme/recipes/base.yaml"
    for own, cap in (("", DEFAULT_USD), ("limits: {usd: 50}\n", Decimal(50)), ("limits: {calls: 9}\n", DEFAULT_USD)):
        recipe = load_recipe(write_recipe(tmp_path, f"recipe: 1\nextends: {path}\nname: mine\n{own}", "mine"))
        assert resolve_run(recipe, Options(environ={})).caps.usd == cap


def test_a_vendored_base_that_is_named_later_replaces_a_cap_up_to_the_default(tmp_path: Path) -> None:
    text = RECIPE + "model: openai/gpt-4o\n"
    write_recipe(tmp_path, text + "limits: {usd: 1}\n", "own")
    for usd, own, cap in (("4.9", "", "4.9"), ("100", "", "5.00"), ("4.9", "limits: {usd: 1}\n", "1")):
        write_recipe(tmp_path / "recipes" / "vendor" / "acme", text + f"limits: {{usd: {usd}}}\n", "base")
        bases = "extends: [own.yaml, vendor/acme/recipes/base.yaml]\n"
        recipe = load_recipe(write_recipe(tmp_path, f"recipe: 1\nname: mine\n{bases}{own}", "mine"))
        assert resolve_run(recipe, Options(environ={})).caps.usd == Decimal(cap)
