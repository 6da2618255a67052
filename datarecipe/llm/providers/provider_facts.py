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

from datarecipe.exchange import LOCAL_PREFIX
from datarecipe.llm.providers.dialects import NOT_SPOKEN, Dialect
from datarecipe.llm.providers.provider_table import OPENAI, PLAIN, TABLE, Provider

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OPENAI", "PLAIN", "TABLE", "Provider"]

LOCAL = LOCAL_PREFIX.removesuffix("/")
"""The embedded model, which runs in this process: `local/<name>` or `local/<path to a gguf>`."""


def _those(is_one: Callable[[Provider], bool]) -> frozenset[str]:
    return frozenset(name for name, row in TABLE.items() if is_one(row))


CREDENTIALS_OF_A_CLOUD = _those(lambda row: row.cloud)
OPENAI_COMPATIBLE = _those(lambda row: row.dialect is not NOT_SPOKEN)
"""Those that speak OpenAI's protocol, so that a request can also be sent without what litellm adds for the provider."""
OLLAMA = _those(lambda row: row.dialect.as_plain)
NEEDS_URL = _those(lambda row: row.needs_url)
NEEDS_NO_KEY = _those(lambda row: row.keyless)
NEEDS_KEY = _those(lambda row: row.needs_key)
ASK_A_PERSON = _those(lambda row: row.asks_a_person)
OVER_THE_OPENAI_CLIENT = _those(lambda row: row.openai_client)
NAME_AN_ACCOUNT = _those(lambda row: row.names_account)
SEARCH = _those(lambda row: row.searches)

_NO_ROW = Provider()


def dialect_of(provider: str) -> Dialect:
    """How direct requests speak to it."""
    return TABLE.get(provider, _NO_ROW).dialect


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
    return TABLE.get(provider, _NO_ROW).keys or (f"{stem(provider)}_API_KEY",)


def base_variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may name this provider's URL, the strongest first."""
    stems = TABLE.get(provider, _NO_ROW).stems or (stem(provider),)
    return tuple(f"{stem}_{suffix}" for stem in stems for suffix in ("BASE_URL", "API_BASE"))


def name_allowed(provider: str, name: str) -> bool:
    """Whether the provider's models may be called `name`."""
    names = TABLE.get(provider, _NO_ROW).names
    return not names or re.fullmatch(names, name) is not None


def known(provider: str) -> bool:
    """Whether litellm knows a provider of this name."""
    return provider in TABLE or provider in _names_that_litellm_lists()


def all_names() -> frozenset[str]:
    """The providers that a message may suggest."""
    return frozenset(TABLE) - ASK_A_PERSON | {LOCAL}


def provider_of(model: str) -> str | None:
    """The provider that litellm takes a bare model name to mean (`gpt-4o` -> `openai`), or None."""
    entry = _read("model_prices_and_context_window_backup.json").get(model)
    name = entry.get("litellm_provider") if isinstance(entry, dict) else None
    if isinstance(name, str):
        name = without_kind(name)
        return TABLE.get(name, _NO_ROW).listed_for or name
    return next((provider for provider, row in TABLE.items() if model.startswith(row.bare)), None)


def without_kind(name: str) -> str:
    """The provider that the price map means: it calls some of one's models `vertex_ai-anthropic_models`."""
    head = name.partition("-")[0]
    return head if name not in TABLE and head in TABLE else name


def charges_as(provider: str) -> str:
    """One name for all that charge the same."""
    provider = without_kind(provider)
    return TABLE.get(provider, _NO_ROW).charges_as or provider


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
