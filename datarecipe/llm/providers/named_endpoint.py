"""Endpoints with names: `lab:NAME` is the model NAME at the address that the user's configuration gives for `lab`.

The address stands in no cache key and in no identity, so a server that moves stays the same model. Only the user's own
configuration defines endpoints, so their addresses need no `--trust`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from datarecipe.errors import UsageError
from datarecipe.llm.providers import provider_facts

IN_KEYS = "endpoint:"
"""Cache keys and identities hold this and the endpoint's name where they hold the address of other servers."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class NamedEndpoint:
    """One row of `endpoints` in the user's configuration.

    Raises `UsageError` for a name that means something else in a model's name, a provider that is none, and a `key_env`
    that is no variable's name. Any of their texts may be a key, so no message shows one.
    """

    name: str
    provider: str
    """litellm's name for it: whose protocol the server speaks."""
    url: str = field(repr=False)
    key_env: str | None = None
    """The environment variable that holds the key; None: the variables of the provider."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError("the name of an endpoint has small letters, digits and hyphens, and begins with a letter")
        if self.name in (*provider_facts.TABLE, provider_facts.LOCAL, "ft"):  # as in `ft:gpt-4o:...`
            raise UsageError(f"{self.name} begins the names of other models already; give the endpoint another name")
        if not provider_facts.known(self.provider) or provider_facts.facts(self.provider).asks_a_person:
            raise UsageError(
                "`provider` names no provider that can be used",
                hint=f"{provider_facts.PLAIN} fits most servers.",
            )
        if self.key_env is not None and not _VARIABLE.fullmatch(self.key_env):
            raise UsageError("`key_env` is the name of an environment variable; the key itself does not belong here")
        if self.key_env is not None and provider_facts.facts(self.provider).cloud:
            raise UsageError(f"{self.provider} finds its credentials by itself; leave out `key_env`")


@dataclass(frozen=True, slots=True)
class NamedEndpoints:
    """All that the user has."""

    rows: Mapping[str, NamedEndpoint] = field(default_factory=dict)
    file: str = "config.yaml in your configuration folder"
    """Where they stand, or would."""

    def of(self, model: str) -> NamedEndpoint | None:
        """The endpoint that a model's name begins with. A name of an endpoint has no `/`, so `ollama/llama3:8b` has none."""
        name, colon, _ = model.partition(":")
        return self.rows.get(name) if colon else None

    def check_not_meant(self, model: str) -> None:
        """Raise `UsageError` where `model`, which no provider has, reads like a model at an endpoint."""
        name, colon, rest = model.partition(":")
        if not colon or not _NAME.fullmatch(name):
            return
        near = difflib.get_close_matches(name, self.rows, 1)
        raise UsageError(
            f"{model:.100}: there is no endpoint {name:.100} in your configuration",
            hint=f"Did you mean {near[0]}:{rest}?"
            if near
            else f"Add these lines to {self.file}, with the server's address:\nendpoints:\n"
            f'  {name}:\n    {{provider: {provider_facts.PLAIN}, urls: ["http://localhost:8000/v1"]}}',
        )
