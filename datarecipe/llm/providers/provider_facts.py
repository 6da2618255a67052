"""What `provider_table.TABLE` says, asked by name; and what litellm's files say, without its import, which takes seconds."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.providers.provider_table import OPENAI, PLAIN, TABLE, Provider

__all__ = ["OPENAI", "PLAIN", "TABLE", "Provider"]

PRICE_MAP = "model_prices_and_context_window_backup.json"
LOCAL = LOCAL_PREFIX.removesuffix("/")
"""The embedded model, which runs in this process: `local/<name>` or `local/<path to a gguf>`."""


_NO_ROW = Provider()


def facts(provider: str) -> Provider:
    """Its row; an empty one for a provider without."""
    return TABLE.get(provider, _NO_ROW)


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
    return facts(provider).keys or (f"{stem(provider)}_API_KEY",)


def base_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may name this provider's URL, the strongest first."""
    stems = facts(provider).stems or (stem(provider),)
    return tuple(f"{stem}_{suffix}" for stem in stems for suffix in ("BASE_URL", "API_BASE"))


def name_allowed(provider: str, name: str) -> bool:
    """Whether the provider's models may be called `name`."""
    names = facts(provider).names
    return not names or re.fullmatch(names, name) is not None


def known(provider: str) -> bool:
    """Whether litellm knows a provider of this name."""
    return provider in TABLE or provider in _names_that_litellm_lists()


def all_names() -> frozenset[str]:
    """The providers that a message may suggest."""
    return frozenset(name for name, row in TABLE.items() if not row.asks_a_person) | {LOCAL}


def provider_of(model: str) -> str | None:
    """The provider that litellm takes a bare model name to mean (`gpt-4o` -> `openai`), or None."""
    entry = _read(PRICE_MAP).get(model)
    name = entry.get("litellm_provider") if isinstance(entry, dict) else None
    if isinstance(name, str):
        name = without_kind(name)
        return facts(name).listed_for or name
    return next((provider for provider, row in TABLE.items() if model.startswith(row.bare)), None)


def without_kind(name: str) -> str:
    """The provider that the price map means: it calls some of one's models `vertex_ai-anthropic_models`."""
    head = name.partition("-")[0]
    return head if name not in TABLE and head in TABLE else name


def charges_as(provider: str) -> str:
    """One name for all that charge the same."""
    provider = without_kind(provider)
    return facts(provider).charges_as or provider


@functools.cache
def _names_that_litellm_lists() -> frozenset[str]:
    listed = _read("provider_endpoints_support_backup.json").get("providers")
    return frozenset(_openai_like()) | frozenset(listed if isinstance(listed, dict) else ())


@functools.cache
def _openai_like() -> dict[str, Any]:
    return _read("llms/openai_like/providers.json")


def _read(name: str) -> dict[str, Any]:
    """A JSON file of the litellm package."""
    try:
        document = json.loads(litellm_file(name))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def litellm_file(name: str) -> str:
    """The text of a file of the litellm package; empty when it is not there: a newer litellm may have moved it."""
    package = importlib.util.find_spec("litellm")
    if package is None or package.origin is None:
        return ""
    try:
        return (Path(package.origin).parent / name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
