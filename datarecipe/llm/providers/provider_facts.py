"""What `provider_table.TABLE` says, asked by name; and what litellm's own files say of providers without a row.

Imports no litellm, which takes seconds.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from datarecipe.llm.providers.provider_table import OLLAMA_BASE, TABLE, Provider

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OLLAMA_BASE", "TABLE", "Provider"]

LOCAL = "local"
"""The embedded model, which runs in this process: `local/<name>` or `local/<path to a gguf>`."""

ASK_A_PERSON = frozenset({"chatgpt", "github_copilot"})
"""They print a code and wait for somebody to log in, inside the call."""


def _those(is_one: Callable[[Provider], bool]) -> frozenset[str]:
    return frozenset(name for name, row in TABLE.items() if is_one(row))


CREDENTIALS_OF_A_CLOUD = _those(lambda row: row.cloud)
OPENAI_COMPATIBLE = _those(lambda row: row.dialect is not None)
"""Those that speak OpenAI's protocol, so that a request can also be sent without what litellm adds for the provider."""
OLLAMA = frozenset({"ollama", "ollama_chat"})
NEEDS_URL = _those(lambda row: row.needs_url)
NEEDS_NO_KEY = _those(lambda row: row.keyless)
NEEDS_KEY = _those(lambda row: row.needs_key)


def row_of(provider: str) -> Provider | None:
    """Its row; one made of litellm's own list for a provider that only litellm knows, None if that names no host."""
    if provider in TABLE:
        return TABLE[provider]
    listed = _openai_like().get(provider)
    host = urlsplit(str(listed.get("base_url"))).hostname if isinstance(listed, dict) else None
    return None if host is None else Provider((host,), doubt="this release of datarecipe does not know it")


def stem(provider: str) -> str:
    """`nano-gpt` -> `NANO_GPT`: how a provider's variables begin."""
    return provider.upper().replace("-", "_")


def key_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may hold this provider's key, the usual one first."""
    row = TABLE.get(provider)
    return (row.keys if row else ()) or (f"{stem(provider)}_API_KEY",)


def base_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may name this provider's URL, the strongest first."""
    row = TABLE.get(provider)
    stems = (row.stems if row else ()) or (stem(provider),)
    return tuple(f"{stem}_{suffix}" for stem in stems for suffix in ("BASE_URL", "API_BASE"))


def name_allowed(provider: str, name: str) -> bool:
    """Whether the provider's models may be called `name`."""
    row = TABLE.get(provider)
    return row is None or not row.names or re.fullmatch(row.names, name) is not None


def known(provider: str) -> bool:
    """Whether litellm knows a provider of this name."""
    return provider in TABLE or provider in ASK_A_PERSON or provider in _names_that_litellm_lists()


def taken(name: str) -> bool:
    """Whether names of models begin with it already, before a `/` or before a `:`."""
    return name == "ft" or name in all_names() or name in ASK_A_PERSON


def all_names() -> frozenset[str]:
    """The providers that a message may suggest."""
    return frozenset(TABLE) | {LOCAL}


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
    return frozenset(_openai_like()) | frozenset(listed if isinstance(listed, dict) else ())


@functools.cache
def _openai_like() -> dict[str, Any]:
    return _read("llms/openai_like/providers.json")


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
