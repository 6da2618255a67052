"""How a model is asked: defaults under the model's profile under the recipe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.generate.prompt.model_profile import (
    TABLE_VERSION,
    ModelSettings,
    default_max_tokens,
    profile_named,
    profile_of,
    settle_model,
)
from tests.generate.recipes import make_recipe

PLAIN = "openai/author"
REASONING = ["openai/o1", "openai/o1-mini", "openai/o3-mini", "openai/o4-mini", "o3", "gpt-5", "openai/gpt-5-mini"]


def settled(model: str = PLAIN, **changes: Any) -> ModelSettings:
    return settle_model(make_recipe(**changes), model, None)


def test_temperature_and_max_tokens_are_sent_when_nobody_says_anything() -> None:
    recipe = make_recipe()
    assert dict(settled().sampling) == {"temperature": 1, "max_tokens": default_max_tokens(recipe)}


def test_what_the_recipe_says_wins_and_is_added() -> None:
    sampling = settled(sampling={"temperature": 0.2, "max_tokens": 77, "top_p": 0.9, "stop": ["\n\n"]}).sampling
    assert dict(sampling) == {"temperature": 0.2, "max_tokens": 77, "top_p": 0.9, "stop": ["\n\n"]}


@pytest.mark.parametrize("model", [PLAIN, "openai/gpt-4o", "openai/o3-mini", "local/smollm2-135m"])
def test_null_sends_nothing(model: str) -> None:
    assert dict(settled(model, sampling={"temperature": None}).sampling) == {
        name: value for name, value in settled(model).sampling.items() if name != "temperature"
    }
    assert "max_tokens" not in settled(model, sampling={"max_tokens": None}).sampling
    assert "top_p" not in settled(model, sampling={"top_p": None}).sampling


@pytest.mark.parametrize("model", REASONING)
def test_reasoning_models_are_sent_no_temperature_and_get_room_to_think(model: str) -> None:
    assert "temperature" not in settled(model).sampling
    room, without = (settled(name).sampling["max_tokens"] for name in (model, PLAIN))
    assert isinstance(room, int)
    assert isinstance(without, int)
    assert room >= without + 4096
    assert settled(model, sampling={"temperature": 0.5, "max_tokens": 9}).sampling == {
        "temperature": 0.5,
        "max_tokens": 9,
    }


@pytest.mark.parametrize(
    "model", ["openai/gpt-4o", "gpt-4.1-mini", "openai/gpt-3.5-turbo", "gemini/gemini-2.0-flash", "x"]
)
def test_other_models_are_sent_one(model: str) -> None:
    assert settled(model).sampling["temperature"] == 1


def test_the_order_of_sampling_never_matters() -> None:
    first = settled(sampling={"top_p": 0.5, "temperature": 0.1})
    second = settled(sampling={"temperature": 0.1, "top_p": 0.5})
    assert list(first.sampling.items()) == list(second.sampling.items())


def test_name_and_host_stand_as_given() -> None:
    model = settle_model(make_recipe(), "hosted_vllm/org/Model-7B", "http://127.0.0.1:8000/v1")
    assert (model.name, model.api_base) == ("hosted_vllm/org/Model-7B", "http://127.0.0.1:8000/v1")


@given(st.text(max_size=300), st.integers(1, 30))
def test_max_tokens_leaves_room_for_four_seed_examples_for_each_example(text: str, batch_size: int) -> None:
    seed = {"question": text, "answer": "yes"}
    tokens = default_max_tokens(make_recipe(seed_examples=(seed,), batch_size=batch_size))
    # No tokenizer in use makes more tokens than there are bytes in a third of the text; 256 are there for the envelope.
    size = len(json.dumps(seed, ensure_ascii=False).encode())
    assert 4 * batch_size * size / 3 <= tokens <= max(256, 4 * batch_size * size / 3 + 64)
    assert tokens >= 256


@given(st.text(max_size=200), st.text(max_size=100), st.integers(1, 20))
def test_max_tokens_grows_with_the_seed_example_and_the_batch(text: str, more: str, batch_size: int) -> None:
    def tokens(question: str, size: int) -> int:
        return default_max_tokens(make_recipe(seed_examples=({"question": question},), batch_size=size))

    assert tokens(text, batch_size) <= tokens(text + more, batch_size)
    assert tokens(text, batch_size) <= tokens(text, batch_size + 1)
    assert tokens("x" * 500, batch_size) < tokens("x" * 1000, batch_size)
    assert tokens("x" * 500, batch_size) < tokens("x" * 500, batch_size + 1)


def test_the_longest_seed_example_counts() -> None:
    seeds = ({"question": "a"}, {"question": "a" * 2000}, {"question": "b"})
    assert default_max_tokens(make_recipe(seed_examples=seeds)) == default_max_tokens(
        make_recipe(seed_examples=seeds[1:2])
    )


def test_unknown_models_are_asked_in_the_plainest_way() -> None:
    for model in ("unknown", "someone/new-model", "", "openai/", "azure/gpt-4o", "GPT-4O"):
        profile = profile_of(model)
        assert (profile.layout, profile.response_format) == ("system_and_user", "none")


@given(st.text())
def test_every_name_has_a_profile(name: str) -> None:
    assert profile_of(name).layout in {"system_and_user", "user_only", "embedded"}


TABLES: dict[int, dict[str, tuple[str, str, Any]]] = {
    1: {
        "openai/gpt-4o-mini": ("system_and_user", "json_schema", 1),
        "gpt-4.1": ("system_and_user", "json_schema", 1),
        "openai/gpt-4-turbo": ("system_and_user", "json_object", 1),
        "openai/gpt-3.5-turbo": ("system_and_user", "json_object", 1),
        "openai/o3-mini": ("system_and_user", "json_schema", None),
        "openai/gpt-5": ("system_and_user", "json_schema", None),
        "gemini/gemini-2.0-flash": ("system_and_user", "json_schema", 1),
        "gemini/gemma-3-27b-it": ("user_only", "none", 1),
        "hosted_vllm/m": ("system_and_user", "json_schema", 1),
        "ollama/llama3": ("system_and_user", "json_schema", 1),
        "mistral/mistral-small-latest": ("system_and_user", "json_object", 1),
        "deepseek/deepseek-chat": ("system_and_user", "json_object", 1),
        "groq/llama-3.1-8b-instant": ("system_and_user", "none", 1),
    },
    2: {
        "openai/gpt-4o-mini": ("system_and_user", "json_schema", 1),
        "openai/o3-mini": ("system_and_user", "json_schema", None),
        "hosted_vllm/m": ("system_and_user", "json_schema", 1),
        "hosted_vllm/google/gemma-2-9b-it": ("user_only", "json_schema", 1),
        "ollama/gemma-2": ("system_and_user", "json_schema", 1),
        "ollama/deepseek-r1:8b": ("system_and_user", "json_schema", 1),
        "deepseek/deepseek-reasoner": ("system_and_user", "none", 1),
    },
    3: {
        "openai/gpt-4o-mini": ("system_and_user", "json_schema", 1),
        "openai/o3-mini": ("system_and_user", "json_schema", None),
        "hosted_vllm/m": ("system_and_user", "json_schema", 1),
        "hosted_vllm/google/gemma-2-9b-it": ("user_only", "json_schema", 1),
        "hosted_vllm/google/gemma-3-27b-it": ("system_and_user", "json_schema", 1),
        "openai/google/gemma-2-9b-it": ("user_only", "none", 1),
        "hosted_vllm/mistralai/Mistral-7B-Instruct-v0.2": ("user_only", "json_schema", 1),
        "hosted_vllm/mistralai/Mistral-7B-Instruct-v0.3": ("system_and_user", "json_schema", 1),
        "hosted_vllm/mistralai/Mixtral-8x7B-Instruct-v0.1": ("user_only", "json_schema", 1),
        "ollama/gemma-2": ("system_and_user", "json_schema", 1),
        "deepseek/deepseek-reasoner": ("system_and_user", "none", 1),
    },
}
"""What each version of the table says of some models: layout, response format, temperature."""


def test_the_table_does_not_change_without_its_version() -> None:
    """A model that is asked otherwise is paid anew, and the version is how a run's identity tells."""
    for model, expected in TABLES[TABLE_VERSION].items():
        chosen = settled(model)
        asked = (chosen.profile.layout, chosen.response_format, chosen.sampling.get("temperature"))
        assert asked == expected, f"{model}: a changed table needs a new TABLE_VERSION, and a row here"


@pytest.mark.parametrize(
    "model",
    [
        "local/smollm2-135m", "openai/gpt-4o", "openai/o3", "openai/gpt-3.5-turbo", "gemini/gemma-3", "unknown/model",
        "hosted_vllm/qwen3-8b", "hosted_vllm/gemma-2-9b-it", "openai/deepseek-r1-gemma-2",
    ],
)  # fmt: skip
def test_a_profile_is_found_again_by_its_name(model: str) -> None:
    found = profile_named(profile_of(model).name)
    assert found is not None
    assert (found.name, found.layout) == (profile_of(model).name, profile_of(model).layout)


def test_a_name_that_no_profile_has_finds_none() -> None:
    assert profile_named("embedded-0") is None
    assert profile_named("json-schemas-thinking") is None
