"""What models cost, from litellm's map: never less than litellm says, and nothing where it does not know."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.llm.providers import provider_facts
from datarecipe.llm.providers.endpoint import Endpoint, resolve_endpoint
from datarecipe.llm.providers.prices import LongPromptPrice, ModelFacts, Price, facts_of
from datarecipe.llm.through_litellm.litellm_import import import_litellm

MILLION = 1_000_000


def endpoint_of(model: str, api_base: str | None = None) -> Endpoint:
    return resolve_endpoint(
        model, flag_api_base=api_base, recipe_api_base=None, config_api_base=None, trust=True, environ={}
    )


def facts(model: str, api_base: str | None = None) -> ModelFacts:
    return facts_of(endpoint_of(model, api_base))


@pytest.fixture(scope="module")
def price_map() -> dict[str, dict[str, Any]]:
    return provider_facts._read("model_prices_and_context_window_backup.json")


@pytest.fixture
def maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the map, for a litellm that is another one than the one that is installed."""
    package = tmp_path / "litellm"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return package / "model_prices_and_context_window_backup.json"


def entry(**changes: Any) -> dict[str, Any]:
    plain = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 2e-6,
        "max_input_tokens": 1000,
    }
    return plain | changes


def written(maps: Path, name: str = "m", model: str = "openai/m", api_base: str | None = None, **changes: Any) -> Price:
    maps.write_text(json.dumps({"sample_spec": {}, name: entry(**changes)}))
    price = facts(model, api_base).price
    assert price is not None
    return price


def unpriced(maps: Path, name: str = "m", model: str = "openai/m", api_base: str | None = None, **changes: Any) -> bool:
    maps.write_text(json.dumps({name: entry(**changes)}))
    return facts(model, api_base).price is None


def test_a_model_of_the_map_has_its_price_and_sizes() -> None:
    known = facts("openai/gpt-4o-mini")
    assert known.price == Price(Decimal("1.5e-7"), Decimal("6e-7"))
    assert known.price.cost(MILLION, MILLION) == Decimal("0.75")
    assert (known.max_input_tokens, known.max_output_tokens) == (128_000, 16_384)
    assert known.source.startswith("litellm 1.")


def test_a_bare_name_is_the_same_model() -> None:
    assert facts("gpt-4o-mini") == facts("openai/gpt-4o-mini")


def test_nothing_is_below_what_litellm_would_charge(price_map: dict[str, dict[str, Any]]) -> None:
    litellm = import_litellm()
    found = 0
    for number, (name, about) in enumerate(price_map.items()):
        if about.get("mode") != "chat" or "*" in name or not (number % 40 == 0 or "tiered_pricing" in about):
            continue
        provider = provider_facts.provider_of(name)
        if provider is None or not provider_facts.known(provider) or provider_facts.facts(provider).asks_a_person:
            continue
        model = name if name.startswith(provider + "/") else f"{provider}/{name}"
        price = facts(model).price
        if price is None:
            continue
        found += 1
        for prompt in (500, 500_000):
            try:
                theirs = litellm.cost_per_token(model=model, prompt_tokens=prompt, completion_tokens=700)
            except (
                litellm.exceptions.BadRequestError,
                litellm.exceptions.ModelNotMappedError,
            ):  # it says nothing itself
                continue
            assert price.cost(prompt, 700) >= Decimal(str(sum(theirs))) * Decimal("0.999999"), name
    assert found > 60


@pytest.mark.parametrize(
    ("model", "api_base"),
    [
        ("openai/gpt-4o-mini", "http://localhost:8000/v1"),
        ("openai/gpt-4o-mini", "https://eu.api.openai.com/v1"),
        ("openai/gpt-4o-mini", "https://api.openai.com.example/v1"),
        ("hosted_vllm/gpt-4o-mini", "http://localhost:8000/v1"),
        ("ollama/llama2", None),
        ("azure/gpt-4o", "https://gateway.example/"),
        ("cerebras/gpt-oss-120b", "https://api.cerebras.ai/v1"),
        ("perplexity/sonar", "https://api.perplexity.ai"),
    ],
)
def test_a_server_of_ones_own_has_no_known_price(model: str, api_base: str | None) -> None:
    known = facts(model, api_base)
    assert known.price is None
    assert "your own" in known.source


@pytest.mark.parametrize(
    ("model", "api_base"),
    [
        ("openai/gpt-4o-mini", "https://api.openai.com/v1"),
        ("azure/gpt-4o", "https://mine.openai.azure.com"),
    ],
)
def test_the_providers_own_host_has_the_providers_price(model: str, api_base: str) -> None:
    assert facts(model, api_base).price is not None


def test_exactly_these_charge_what_the_map_says_at_a_host_that_is_named_by_url() -> None:
    """A dollar cap rests on it, so whoever adds one has compared what it charges there with the map."""
    named = {
        name
        for name, row in provider_facts.TABLE.items()
        for host in row.hosts
        if "your own"
        not in facts(f"{name}/m", f"https://{host.replace('*', 'x')}/v1" if "://" not in host else host).source
    }
    assert named == {
        *("anthropic", "anthropic_text", "azure", "azure_ai", "azure_text", "bedrock", "bedrock_converse"),
        *("cohere", "cohere_chat", "databricks", "deepinfra", "deepseek", "fireworks_ai", "gemini", "groq", "mistral"),
        *("openai", "text-completion-openai", "openrouter", "snowflake", "together_ai", "vertex_ai", "watsonx", "xai"),
    }


def test_the_embedded_model_costs_nothing() -> None:
    price = facts("local/smollm2-135m").price
    assert price is not None
    assert price.cost(MILLION, MILLION) == 0


@pytest.mark.parametrize("model", ["openai/nobody-knows-it", "openai/claude-sonnet-4-5", "anthropic/gpt-4o"])
def test_a_model_that_its_provider_does_not_have_is_unknown(model: str) -> None:
    known = facts(model)
    assert (known.price, known.max_input_tokens) == (None, None)
    assert known.source.startswith("not in the price map of litellm")


@pytest.mark.parametrize(
    "changes",
    [
        {"input_cost_per_token": 0, "output_cost_per_token": 0},
        {"output_cost_per_token": 0.0},
        {"input_cost_per_token": None},
        {"input_cost_per_token": "free"},
        {"mode": "embedding"},
        {"litellm_provider": "anthropic"},
    ],
)
def test_what_is_no_price_is_unknown(maps: Path, changes: dict[str, Any]) -> None:
    assert unpriced(maps, **changes)


def test_a_name_that_stands_elsewhere_in_the_map_is_no_model(maps: Path) -> None:
    maps.write_text(json.dumps({"other": entry(litellm_provider="azure", source="m", m={"mode": "chat"})}))
    assert facts("openai/m").price is None


@pytest.mark.parametrize("text", ["", "{", '{"m": {', '{"m": [1]}', '{"m": ' + "[" * 100_000, "\x00"])
def test_a_map_that_cannot_be_read_knows_nothing(maps: Path, text: str) -> None:
    maps.write_text(text)
    assert facts("openai/m").price is None


def test_a_map_that_is_not_there_knows_nothing(maps: Path) -> None:
    assert not maps.exists()
    assert facts("openai/m").price is None


def test_a_map_in_any_layout_is_read(maps: Path) -> None:
    for indent in (None, 0, 4):
        maps.write_text(json.dumps({"m": entry()}, indent=indent))
        assert facts("openai/m").price == Price(Decimal("1e-6"), Decimal("2e-6"))


def test_long_prompts_cost_what_long_prompts_cost(maps: Path) -> None:
    price = written(maps, input_cost_per_token_above_200k_tokens=3e-6, output_cost_per_token_above_200k_tokens=4e-6)
    assert price.cost(200_000, 10) == Decimal("0.20002")
    assert price.cost(200_001, 10) == 200_001 * Decimal("3e-6") + Decimal("4e-5")


def test_prices_for_batches_and_priority_are_not_those_of_long_prompts(maps: Path) -> None:
    assert written(maps, input_cost_per_token_above_200k_tokens_priority=9e-6).long_prompts == ()


def test_a_table_of_prices_by_length_is_read(maps: Path) -> None:
    tiers = [
        {"range": [0, 32_000], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        {
            "range": [32_000, 128_000],
            "input_cost_per_token": 3e-6,
            "output_cost_per_token": 4e-6,
            "output_cost_per_reasoning_token": 5e-6,
        },
    ]
    price = written(maps, tiered_pricing=tiers, input_cost_per_token=None, output_cost_per_token=None)
    assert price == Price(
        Decimal("1e-6"),
        Decimal("2e-6"),
        long_prompts=(LongPromptPrice(32_000, Decimal("3e-6"), Decimal("5e-6")),),
    )


def test_reasoning_that_costs_more_makes_the_reply_cost_more(maps: Path) -> None:
    assert written(maps, output_cost_per_reasoning_token=5e-6).output_per_token == Decimal("5e-6")
    assert written(maps, output_cost_per_reasoning_token=1e-6).output_per_token == Decimal("2e-6")


def test_caching_that_costs_more_counts_where_the_provider_does_it_unasked(maps: Path) -> None:
    assert written(maps, cache_creation_input_token_cost=2e-6).input_per_token == Decimal("2e-6")
    price = written(
        maps, "claude-1", "anthropic/claude-1", litellm_provider="anthropic", cache_creation_input_token_cost=2e-6
    )
    assert price.input_per_token == Decimal("1e-6")


def test_models_that_search_for_each_request_have_a_fee(maps: Path) -> None:
    searches: dict[str, Any] = {
        "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": 0.03}
    }
    assert written(maps, **searches).per_request == 0
    price = written(maps, "m-search-preview", "openai/m-search-preview", **searches)
    assert price.cost(0, 0) == Decimal("0.03")
    assert unpriced(maps, "m-deep-research", "openai/m-deep-research")


def test_a_fine_tuned_model_costs_what_all_of_its_kind_do(maps: Path) -> None:
    assert written(maps, "ft:m", "openai/ft:m:someone::abc").input_per_token == Decimal("1e-6")


def test_a_region_costs_more(maps: Path) -> None:
    assert written(maps, regional_endpoint_uplift_multiplier=1.1).output_per_token == Decimal("2.2e-6")


amounts = st.decimals(0, 1, allow_nan=False, allow_infinity=False, places=9)
rows = st.builds(LongPromptPrice, st.integers(1, 10**6), amounts, amounts)


@given(amounts, amounts, st.lists(rows, max_size=3), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10))
def test_more_tokens_never_cost_less(
    prompt: Decimal, reply: Decimal, rows: list[LongPromptPrice], tokens: int, replied: int, more: int
) -> None:
    """As `facts_of` makes prices: none for long prompts is below one for shorter ones."""
    longer = []
    input_, output = prompt, reply
    for row in sorted(rows, key=lambda row: row.above):
        input_, output = max(input_, row.input_per_token), max(output, row.output_per_token)
        longer.append(LongPromptPrice(row.above, input_, output))
    price = Price(prompt, reply, long_prompts=tuple(longer))
    assert price.cost(tokens, replied) <= price.cost(tokens + more, replied + more)


def test_prices_of_the_map_never_fall_with_length(maps: Path) -> None:
    price = written(maps, input_cost_per_token_above_200k_tokens=5e-7, output_cost_per_token_above_200k_tokens=9e-6)
    assert price.long_prompts == (LongPromptPrice(200_000, Decimal("1e-6"), Decimal("9e-6")),)


def test_neither_litellm_nor_the_network_is_imported() -> None:
    code = (
        "import sys\n"
        "from datarecipe.llm.providers.prices import facts_of\n"
        "from datarecipe.llm.providers.endpoint import Endpoint\n"
        "assert facts_of(Endpoint('m', 'openai', 'gpt-4o', None, None, 'default', ())).price\n"
        "print([name for name in ('litellm', 'aiohttp', 'httpx', 'ssl') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
