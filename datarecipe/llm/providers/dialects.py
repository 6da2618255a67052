"""How each provider that speaks OpenAI's chat protocol speaks it, where direct requests have to follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

EFFORT = frozenset({"reasoning_effort"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one provider speaks the protocol."""

    base: str | None = None
    """The provider's own address; None for servers that people run themselves at an address of theirs."""
    seed: str | None = "seed"
    """What it calls the seed; None where it takes none."""
    not_here: frozenset[str] = frozenset()
    """Sampling parameters, and types of response formats, that litellm rewrites or refuses by its list of models, so that
    it has to send them."""
    model: Callable[[str], str] = str
    """The model's name on the wire."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Sent with every request."""


def of_fireworks(name: str) -> str:
    return name if name.startswith("accounts/") else f"accounts/fireworks/models/{name}"


def of_openrouter(name: str) -> str:
    return name if "/" in name else f"openrouter/{name}"
