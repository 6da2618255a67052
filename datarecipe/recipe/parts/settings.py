"""The keys that need no more than a default: from values that fit the format to the dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datarecipe.exchange import Json
from datarecipe.recipe.model import About, Limits, Strategy

# The format's check has run over all of these values: what is read here has its type.
Values = Mapping[str, Any]

_WHOLE = frozenset({"max_tokens", "top_k"})


def whole(value: Any) -> int:
    """A whole number. JSON Schema takes 5.0 for one, and so does a recipe."""
    return int(value)


def read_strategy(written: Any) -> Strategy:
    """The strategy, from its short or its long form."""
    if isinstance(written, str):
        return Strategy(written)  # type: ignore[arg-type]
    default = Strategy(written["kind"])
    return Strategy(
        kind=default.kind,
        chains=whole(written.get("chains", default.chains)),
        roots=whole(written.get("roots", default.roots)),
        patience=whole(written.get("patience", default.patience)),
        embedder=written.get("embedder", default.embedder),
    )


def read_limits(written: Values) -> Limits:
    """The bounds of a run that this release knows."""
    default = Limits()
    return Limits(
        concurrency=whole(written.get("concurrency", default.concurrency)),
        timeout=float(written.get("timeout", default.timeout)),
        barren=whole(written.get("barren", default.barren)),
    )


def read_sampling(written: Values) -> dict[str, Json]:
    """What the recipe says of sampling, as written."""
    return {name: int(value) if name in _WHOLE and value is not None else value for name, value in written.items()}


def read_about(values: Values) -> About:
    """What the recipe says of itself."""
    return About(values.get("version"), values.get("license"), tuple(values.get("tags", ())))


def read_vary(written: Values) -> dict[str, tuple[Json, ...]]:
    """The lists of which each request gets one value."""
    return {name: tuple(choices) for name, choices in written.items()}
