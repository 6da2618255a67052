"""The keys that need no more than a default: from values that fit the format to the dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from datarecipe.errors import FormatError
from datarecipe.exchange import Json
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.message_text import show
from datarecipe.recipe.models.named_models import HASHED_NGRAMS, MINILM, Embedder, Fallback, Judge, Prices, Verify
from datarecipe.recipe.recipe import (
    About,
    Balance,
    Filters,
    Language,
    Length,
    Limits,
    NearDuplicates,
    Patterns,
    Pii,
    StopWhen,
    Strategy,
    TestedMeasure,
    Threshold,
)
from datarecipe.recipe.source.document import Document, Keys

if TYPE_CHECKING:
    from datarecipe.recipe.held_out.held_out_texts import Decontaminate

# The format's check has run over all of these values: what is read here has its type.
Values = Mapping[str, Any]

_hints: Callable[[Any], Mapping[str, Any]] = cache(get_type_hints)

_WHOLE = frozenset({"max_tokens", "top_k"})

DEFAULT_EMBEDDING = 0.95
"""The cosine from which on texts are near duplicates, where only the embedder is named."""

_MOST_WEIGHT = 1_000
_MOST_TURNS = 10_000
"""All weights of one key of `vary` together, of values without a weight one each."""
_WEIGHTED = {"value", "weight"}


def whole(value: Any) -> int:
    """A whole number. JSON Schema takes 5.0 for one, and so does a recipe."""
    return int(value)


def _typed(kind: type, written: Values) -> dict[str, Any]:
    """The values, numbers with the type that the fields of the dataclass `kind` have."""
    hints = _hints(kind)
    fractions = {name for name in written if float in (hints[name], *get_args(hints[name]))}
    is_number = {
        name for name, value in written.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return {
        name: (float(value) if name in fractions else whole(value)) if name in is_number else value
        for name, value in written.items()
    }


def read_strategy(written: Any) -> Strategy:
    """The strategy, from its short or its long form."""
    if isinstance(written, str):
        return Strategy(written)  # type: ignore[arg-type]
    return Strategy(**_typed(Strategy, written) | {"embedder": read_embedder(written.get("embedder"))})


def read_embedder(written: Any) -> Embedder:
    """Who makes vectors of texts, from the short or the long form."""
    if written is None or isinstance(written, str):
        return Embedder(written or HASHED_NGRAMS)
    return Embedder(written["model"], read_prices(written.get("prices")))


def check_embedder(document: Document, findings: Findings, keys: Keys) -> None:
    """Add a name that is meant for an embedder of ours to `findings`; of others only a run knows whether they are there."""
    written: Any = document.value
    for key in keys:
        written = written.get(key) if isinstance(written, Mapping) else None
    if written is None:
        return
    name = read_embedder(written).model
    if "/" in name or ":" in name or name in (HASHED_NGRAMS, MINILM):
        return
    meant = MINILM if MINILM in name.lower() else next(iter(get_close_matches(name, (HASHED_NGRAMS, MINILM), 1)), None)
    if meant is not None:
        keys = (*keys, "model") if isinstance(written, Mapping) else keys
        message = f"no embedder is called {show(name)}"
        hint = f"did you mean `{meant}`? A model of a provider is written PROVIDER/NAME"
        findings.add(FormatError(document.place(keys).problem(message, hint)))


def read_limits(written: Values) -> Limits:
    """The bounds of a run."""
    limits = _typed(Limits, written)
    if "stop_when" in limits:
        limits["stop_when"] = read_stop_when(limits["stop_when"])
    return Limits(**limits)


def read_stop_when(written: Values) -> StopWhen | None:
    """What ends a run early, None for a mapping that names nothing."""
    if {"yield_below", "duplicates_above"}.isdisjoint(written):
        return None  # a window alone ends nothing
    return StopWhen(**_typed(StopWhen, written))


def read_filters(written: Values, decontaminate: Decontaminate | None, balance: Balance | None) -> Filters:
    """The filters that a recipe asks for; those that take more than their own settings are read already."""
    leakage = written.get("leakage") or False
    return Filters(
        length={field: Length(**_typed(Length, bounds)) for field, bounds in (written.get("length") or {}).items()},
        patterns={field: _read_patterns(each) for field, each in (written.get("patterns") or {}).items()},
        copies=written.get("copies") or {},
        leakage=tuple(leakage) if isinstance(leakage, list) else leakage,
        refusals=written.get("refusals") or False,
        language=_read_language(written.get("language")),
        pii=_read_pii(written.get("pii")),
        secrets=written.get("secrets") or False,
        decontaminate=decontaminate,
        contradictions=written.get("contradictions") or False,
        near_duplicates=_read_near_duplicates(written.get("near_duplicates")),
        balance=balance,
        verify=_read_verify(written.get("verify")),
        judge=_read_judge(written.get("judge")),
        repair=whole(written.get("repair") or 0),
    )


def _read_language(written: Any) -> Language | None:
    if written is None:
        return None
    settings = written if isinstance(written, Mapping) else {"is": written}
    codes = settings["is"]
    return Language(
        languages=(codes,) if isinstance(codes, str) else tuple(codes),
        fields=tuple(settings.get("fields", ())),
        unsure=settings.get("unsure", Language.unsure),
    )


def _read_pii(written: Any) -> Pii | None:
    if written is None or written is False:
        return None
    settings = written if isinstance(written, Mapping) else {} if written is True else {"kinds": written}
    return Pii(kinds=tuple(settings.get("kinds", Pii().kinds)), mask=settings.get("mask", False))


def _read_patterns(written: Values) -> Patterns:
    def listed(value: str | list[str]) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) else tuple(value)

    return Patterns(**{name: listed(value) for name, value in written.items()})


def _read_near_duplicates(written: Any) -> NearDuplicates | None:
    """Its settings, from their short or their long form."""
    if written is None or written is False:
        return None
    if written is True:
        return NearDuplicates()
    settings = written if isinstance(written, Mapping) else {"threshold": written}
    own = {"embedder": read_embedder(settings.get("embedder"))}
    if "embedder" in settings:
        own["embedding"] = settings.get("embedding", DEFAULT_EMBEDDING)
    return NearDuplicates(**_typed(NearDuplicates, settings) | own)


def _read_verify(written: Any) -> Verify | None:
    if written is None:
        return None
    from datarecipe.recipe.keys.filter_models import read_verify  # noqa: PLC0415 - few recipes ask for it

    return read_verify(written)


def _read_judge(written: Any) -> Judge | None:
    if written is None:
        return None
    from datarecipe.recipe.keys.filter_models import read_judge  # noqa: PLC0415 - few recipes ask for it

    return read_judge(written)


def read_tests(written: Values) -> dict[TestedMeasure, Threshold]:
    """The bounds for the measures of the dataset."""
    tests: dict[Any, Threshold] = {}
    for name, bounds in written.items():
        numbers = {key: float(bounds[key]) for key in ("min", "max") if key in bounds}
        tests[name] = Threshold(**numbers, severity=bounds.get("severity", Threshold().severity))
    return tests


def check_tests(document: Document, findings: Findings) -> None:
    """Add bounds that no value can keep to `findings`."""
    values: Any = document.value
    for name, bounds in values.get("tests", {}).items():
        if bounds.get("min", 0) > bounds.get("max", bounds.get("min", 0)):
            place = document.place(("tests", name, "max"))
            message = f"`tests.{name}.max` ({bounds['max']}) is below `min` ({bounds['min']})"
            findings.add(FormatError(place.problem(message, "write a maximum that is not below the minimum")))


def read_prices(written: Values | None) -> Prices | None:
    """What the model costs."""
    return None if written is None else Prices(**_typed(Prices, written))


def read_fallbacks(written: Sequence[Any]) -> tuple[Fallback, ...]:
    """The models that answer when the one before cannot."""
    return tuple(
        Fallback(item) if isinstance(item, str) else Fallback(item["model"], read_prices(item.get("prices")))
        for item in written
    )


def check_limits(document: Document, findings: Findings) -> None:
    """Add settings that exclude each other to `findings`."""
    values: Any = document.value
    limits, sampling = values.get("limits", {}), values.get("sampling", {})
    most, start = limits.get("max_concurrency"), limits.get("concurrency", Limits().concurrency)
    if most is not None and most < start:
        message = f"`limits.max_concurrency` ({most}) is below `limits.concurrency` ({start})"
        place = document.place(("limits", "max_concurrency"))
        findings.add(FormatError(place.problem(message, f"write {start} or more, or a smaller `concurrency`")))
    if "max_tokens" in sampling and sampling["max_tokens"] is None:
        for cap in ("usd", "tokens"):
            if limits.get(cap) is not None:
                message = (
                    f"`sampling.max_tokens` is null, so replies are unbounded, and `limits.{cap}` cannot be enforced"
                )
                place = document.place(("sampling", "max_tokens"))
                findings.add(FormatError(place.problem(message, f"leave `max_tokens` out, or remove `limits.{cap}`")))


def read_vary(written: Values) -> tuple[dict[str, tuple[Json, ...]], dict[str, tuple[int, ...]]]:
    """The values of each key of `vary`, and their weights for the keys in which these differ."""
    values = {name: tuple(map(_value, choices)) for name, choices in written.items()}
    weights = {name: tuple(map(_weight, choices)) for name, choices in written.items()}
    return values, {name: of_values for name, of_values in weights.items() if len(set(of_values)) > 1}


def check_vary(document: Document, findings: Findings) -> None:
    """Add weights of `vary` that are none to `findings`."""
    values: Any = document.value
    for name, choices in values.get("vary", {}).items():
        wrong = [
            index for index, choice in enumerate(choices) if _is_weighted(choice) and not _is_weight(choice["weight"])
        ]
        for index in wrong:
            place = document.place(("vary", name, index, "weight"))
            message = f"`weight` must be a whole number from 1 to {_MOST_WEIGHT:,}"
            findings.add(FormatError(place.problem(message, "write how many times as often this value is to come")))
        turns = 0 if wrong else sum(map(_weight, choices))
        if turns > _MOST_TURNS:
            message = f"the weights of `vary.{name}` are {turns:,} together, and may be {_MOST_TURNS:,}"
            findings.add(FormatError(document.place(("vary", name)).problem(message, "write smaller weights")))


def _is_weighted(choice: Any) -> bool:
    return isinstance(choice, dict) and set(choice) == _WEIGHTED


def _is_weight(weight: Json) -> bool:
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return False
    return 1 <= weight <= _MOST_WEIGHT and float(weight).is_integer()


def _value(choice: Any) -> Json:
    value: Json = choice["value"] if _is_weighted(choice) else choice
    return value


def _weight(choice: Any) -> int:
    return int(choice["weight"]) if _is_weighted(choice) else 1


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
