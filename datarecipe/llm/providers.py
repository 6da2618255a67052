"""What we know of litellm's providers without importing litellm, which takes seconds: names, keys, how they are named.

Names and variables are litellm 1.106.2's. A provider that only a newer litellm knows is found in the JSON files that
come with it.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "local"
"""The embedded model, which runs in this process: `local/<name>` or `local/<path to a gguf>`."""

_NAMES = frozenset(
    """
    abliteration ai21 ai21_chat aihubmix aiml aiohttp_openai amazon_nova anthropic anthropic_text anyscale apertis
    assemblyai azure azure_ai azure_text baseten bedrock bedrock_converse bedrock_mantle bytez cerebras charity_engine
    chutes clarifai cloudflare codestral cognition cohere cohere_chat cometapi compactifai cortecs crusoe
    custom_openai darkbloom dashscope databricks datarobot deepinfra deepseek docker_model_runner edenai empiriolabs
    empower featherless_ai fireworks_ai friendliai galadriel gdc gemini gigachat github gmi gradient_ai groq helicone
    heroku hosted_vllm huggingface hyperbolic inception infinity jina_ai lambda_ai langgraph lemonade libertai
    litellm_proxy llamafile llamagate lm_studio manus maritalk meta meta_llama minimax mistral modelscope moonshot
    morph nadir nano-gpt nebius neosantara nlp_cloud novita nscale nvidia_nim oci ollama ollama_chat oobabooga openai
    openai_like openrouter ovhcloud parasail perplexity petals pinstripes poe predibase prism publicai
    qwen_ai_platform qwencloud ragflow reka replicate sagemaker sagemaker_chat sail sambanova sap sarvam scaleway
    scx-ai snowflake synthetic tencent tensormesh text-completion-codestral text-completion-openai together_ai triton
    v0 veniceai vercel_ai_gateway vertex_ai vllm volcengine wandb watsonx watsonx_text xai xiaomi_mimo xinference zai
    """.split()  # noqa: SIM905  # a list of this many strings is no easier to read
)

ASK_A_PERSON = frozenset({"chatgpt", "github_copilot"})
"""They print a code and wait for somebody to log in, inside the call."""

CREDENTIALS_OF_A_CLOUD = frozenset(
    {
        "azure", "azure_ai", "azure_text", "bedrock", "bedrock_converse", "bedrock_mantle", "databricks", "oci",
        "sagemaker", "sagemaker_chat", "sap", "snowflake", "vertex_ai", "watsonx", "watsonx_text",
    }
)  # fmt: skip
"""They find their credentials in many places besides one variable, and sign with them wherever a request goes."""

OPENAI_COMPATIBLE = frozenset(
    {
        "deepinfra", "deepseek", "fireworks_ai", "groq", "hosted_vllm", "litellm_proxy", "llamafile",
        "lm_studio", "mistral", "ollama", "ollama_chat", "openai", "openai_like", "openrouter", "together_ai",
        "xai",
    }
)  # fmt: skip
"""Those that speak OpenAI's protocol, so that a request can also be sent without what litellm adds for the provider."""

OLLAMA = frozenset({"ollama", "ollama_chat"})
OLLAMA_BASE = "http://localhost:11434"
"""Where Ollama listens unless told otherwise."""

NEEDS_URL = frozenset(
    {"custom_openai", "hosted_vllm", "infinity", "litellm_proxy", "lm_studio", "openai_like", "xinference"}
)
"""Those without a host of their own. litellm would send some of these to OpenAI's."""

NEEDS_NO_KEY = frozenset(
    {
        "docker_model_runner", "hosted_vllm", "llamafile", "lm_studio", "ollama", "ollama_chat", "lemonade",
        "oobabooga", "vllm",
    }
)  # fmt: skip
"""Servers that people run themselves, mostly without a key."""

NEEDS_KEY = frozenset(
    {
        "anthropic", "cohere", "cohere_chat", "deepinfra", "deepseek", "fireworks_ai", "gemini", "groq", "mistral",
        "openai", "openrouter", "together_ai", "xai",
    }
)  # fmt: skip
"""Those that cannot be used at their own host without one of `key_variables`."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "ai21_chat": ("AI21_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "anthropic_text": ("ANTHROPIC_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "custom_openai": ("OPENAI_API_KEY",),
    "datarobot": ("DATAROBOT_API_TOKEN",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    "friendliai": ("FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    "lambda_ai": ("LAMBDA_API_KEY",),
    "meta_llama": ("LLAMA_API_KEY",),
    "nano-gpt": ("NANOGPT_API_KEY",),
    "ollama_chat": ("OLLAMA_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "replicate": ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"),
    "scaleway": ("SCW_SECRET_KEY",),
    "text-completion-codestral": ("CODESTRAL_API_KEY",),
    "text-completion-openai": ("OPENAI_API_KEY",),
    "together_ai": ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN"),
    "veniceai": ("VENICE_AI_API_KEY",),
}

_STEMS: Mapping[str, tuple[str, ...]] = {
    "custom_openai": ("OPENAI",),
    "fireworks_ai": ("FIREWORKS", "FIREWORKS_AI"),
    "friendliai": ("FRIENDLI",),
    "huggingface": ("HF", "HUGGINGFACE"),
    "lambda_ai": ("LAMBDA",),
    "meta_llama": ("LLAMA",),
    "ollama_chat": ("OLLAMA",),
    "text-completion-openai": ("OPENAI",),
    "vertex_ai": ("VERTEXAI", "VERTEX"),
}


def stem(provider: str) -> str:
    """`nano-gpt` -> `NANO_GPT`: how a provider's variables begin."""
    return provider.upper().replace("-", "_")


def key_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may hold this provider's key, the usual one first."""
    return _KEYS.get(provider, (f"{stem(provider)}_API_KEY",))


def base_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may name this provider's URL, the strongest first."""
    stems = _STEMS.get(provider, (stem(provider),))
    return tuple(f"{stem}_{suffix}" for stem in stems for suffix in ("BASE_URL", "API_BASE"))


def known(provider: str) -> bool:
    """Whether litellm knows a provider of this name."""
    return provider in _NAMES or provider in ASK_A_PERSON or provider in _names_that_litellm_lists()


def all_names() -> frozenset[str]:
    """The providers that a message may suggest."""
    return _NAMES | {LOCAL}


def provider_of(model: str) -> str | None:
    """The provider that litellm takes a bare model name to mean (`gpt-4o` -> `openai`), or None."""
    entry = _read("model_prices_and_context_window_backup.json").get(model)
    name = entry.get("litellm_provider") if isinstance(entry, dict) else None
    if isinstance(name, str):
        name = name.split("-", 1)[0] if name.startswith("vertex_ai-") else name
        return "bedrock" if name == "bedrock_converse" else name
    for beginning, provider in (("gpt-", "openai"), ("ft:gpt-", "openai"), ("claude-", "anthropic")):
        if model.startswith(beginning):
            return provider
    return None


@functools.cache
def _names_that_litellm_lists() -> frozenset[str]:
    listed = _read("provider_endpoints_support_backup.json").get("providers")
    return frozenset(_read("llms/openai_like/providers.json")) | frozenset(listed if isinstance(listed, dict) else ())


def _read(name: str) -> dict[str, Any]:
    """A JSON file of the litellm package. Empty when it is not there: a newer litellm may have moved it."""
    package = importlib.util.find_spec("litellm")
    if package is None or package.origin is None:
        return {}
    try:
        document = json.loads((Path(package.origin).parent / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
