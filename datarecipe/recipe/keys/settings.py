"""The keys that need no more than a default: from values that fit the format to the dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datarecipe.errors import FormatError
from datarecipe.exchange import Json
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.recipe import About, Fallback, Limits, Prices, StopWhen, Strategy
from datarecipe.recipe.source.document import Document

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
    """The bounds of a run."""
    default = Limits()
    stop = written.get("stop_when")
    return Limits(
        usd=_number(written.get("usd")),
        **{name: _count(written.get(name)) for name in ("tokens", "calls", "max_concurrency", "rpm", "tpm")},
        concurrency=whole(written.get("concurrency", default.concurrency)),
        timeout=float(written.get("timeout", default.timeout)),
        barren=whole(written.get("barren", default.barren)),
        stop_when=None if stop is None else read_stop_when(stop),
    )


def read_stop_when(written: Values) -> StopWhen | None:
    """What ends a run early, None for a mapping that names nothing."""
    if {"yield_below", "duplicates_above"}.isdisjoint(written):
        return None  # a window alone ends nothing
    return StopWhen(
        yield_below=_number(written.get("yield_below")),
        duplicates_above=_number(written.get("duplicates_above")),
        window=whole(written.get("window", StopWhen().window)),
    )


def _count(value: Any) -> int | None:
    return None if value is None else whole(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def read_prices(written: Values | None) -> Prices | None:
    """What the model costs."""
    if written is None:
        return None
    return Prices(float(written["input_per_million"]), float(written["output_per_million"]))


def read_fallbacks(written: Sequence[Any]) -> tuple[Fallback, ...]:
    """The models that answer when the one before cannot."""
    return tuple(
        Fallback(item) if isinstance(item, str) else Fallback(item["model"], read_prices(item.get("prices")))
        for item in written
    )


def check_limits(document: Document, findings: Findings) -> None:
    """Add settings that exclude each other to `findings`."""
    limits = _mapping(document, "limits")
    most, start = limits.get("max_concurrency"), limits.get("concurrency", Limits().concurrency)
    if most is not None and most < start:
        message = f"`limits.max_concurrency` ({most}) is below `limits.concurrency` ({start})"
        place = document.place(("limits", "max_concurrency"))
        findings.add(FormatError(place.problem(message, f"write {start} or more, or a smaller `concurrency`")))
    sampling = _mapping(document, "sampling")
    if "max_tokens" in sampling and sampling["max_tokens"] is None:
        for cap in ("usd", "tokens"):
            if limits.get(cap) is not None:
                message = (
                    f"`sampling.max_tokens` is null, so replies are unbounded, and `limits.{cap}` cannot be enforced"
                )
                place = document.place(("sampling", "max_tokens"))
                findings.add(FormatError(place.problem(message, f"leave `max_tokens` out, or remove `limits.{cap}`")))


def _mapping(document: Document, key: str) -> Mapping[str, Any]:
    value = document.value.get(key) if isinstance(document.value, dict) else None
    return value if isinstance(value, dict) else {}


def read_sampling(written: Values) -> dict[str, Json]:
    """What the recipe says of sampling, as written."""
    return {name: int(value) if name in _WHOLE and value is not None else value for name, value in written.items()}


def read_about(values: Values) -> About:
    """What the recipe says of itself."""
    return About(
        requires=values.get("requires"),
        version=values.get("version"),
        license=values.get("license"),
        tags=tuple(values.get("tags", ())),
    )
