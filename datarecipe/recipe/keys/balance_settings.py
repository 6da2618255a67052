"""Reads `filters.balance`: the field, its values, and their shares as whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from datarecipe.errors import FilterError
from datarecipe.exchange import Example, Json
from datarecipe.recipe.keys.settings import whole
from datarecipe.recipe.message_text import code, describe, did_you_mean, join, show
from datarecipe.recipe.recipe import Balance, LabelSpace, Scalar, Task, share_key
from datarecipe.recipe.source.document import Document, Keys, Place

MOST_TURNS = 10_000
"""All weights together: as many examples as it takes until each value has had its share exactly."""
MOST_VALUES = 10_000

_KEYS: Keys = ("filters", "balance")
_SOME_NAMED = 3


def read_balance(
    document: Document, task: Task, labels: LabelSpace, schema: Mapping[str, Json], seeds: Sequence[Example]
) -> Balance:
    """The settings, from the short or the long form of the key.

    Raises:
        FilterError: the field or its values are not known, or a share is none.
    """
    values: Any = document.value
    written = values["filters"]["balance"]
    settings = written if isinstance(written, Mapping) else {} if written is True else {"field": written}
    field = _field(document, settings.get("field", task.label_field), seeds)
    known = _known_values(field, task, labels, schema)
    shares, others = settings.get("shares"), settings.get("others")
    named = _equal(document, field, known) if shares is None else _named(document, shares, known, field, others)
    return Balance(
        field=field,
        values=tuple(value for value, _ in named),
        weights=_weights(document, [share for _, share in named]),
        window=whole(settings.get("window", Balance.window)),
        tolerance=float(settings.get("tolerance", Balance.tolerance)),
        others=others or Balance.others,
    )


def _at(document: Document, key: str) -> Place:
    """Where a setting was written, or the whole in its short form."""
    return document.place((*_KEYS, key))


def _field(document: Document, field: Any, seeds: Sequence[Example]) -> str:
    fields = tuple(seeds[0])
    if field is None:
        message = "`filters.balance` needs a field, and the recipe names no label field"
        raise FilterError(document.place(_KEYS).problem(message, "write: balance: FIELD, or name the label in `task`"))
    if field not in fields:
        hint = did_you_mean(field, fields) or f"its fields are {join(map(code, fields), 'and')}"
        raise FilterError(_at(document, "field").problem(f"the seed example has no field {code(field)}", hint))
    other = next((seed[field] for seed in seeds if not isinstance(seed.get(field, ""), str | int | float)), None)
    if other is not None:
        message = f"{code(field)} holds {describe(other)} in the seed example, which has no share"
        raise FilterError(_at(document, "field").problem(message, "name a field with single values"))
    return str(field)


def _known_values(field: str, task: Task, labels: LabelSpace, schema: Mapping[str, Json]) -> tuple[Scalar, ...]:
    """All values that the field may have, as far as the recipe lists them."""
    if field == task.label_field and labels.kind == "fixed":
        return labels.values
    properties = schema.get("properties")
    own = properties.get(field) if isinstance(properties, Mapping) else None
    if not isinstance(own, Mapping):
        return ()
    listed = own.get("enum")
    if isinstance(listed, list):
        return tuple(value for value in listed if isinstance(value, str | int | float))
    return (True, False) if own.get("type") == "boolean" else ()


def _equal(document: Document, field: str, known: Sequence[Scalar]) -> list[tuple[Scalar, Fraction]]:
    if len(known) < 2:
        message = f"the values of {code(field)} are not known, so their shares cannot be equal"
        hint = "list them, as in `shares: {a: 0.5, b: 0.5}`, or as `enum` in `schema`"
        raise FilterError(_at(document, "field").problem(message, hint))
    return [(value, Fraction(1)) for value in known]


def _named(
    document: Document, shares: Mapping[str, Any], known: Sequence[Scalar], field: str, others: str | None
) -> list[tuple[Scalar, Fraction]]:
    """The values that have a share, in the order in which the recipe lists all values, else in that of the shares."""
    by_name: dict[str, list[Scalar]] = {}
    for value in known or list(shares):
        by_name.setdefault(share_key(value), []).append(value)
    for name in shares:
        place, found = document.key_place((*_KEYS, "shares", name)), by_name.get(name, [])
        if not found:
            hint = did_you_mean(name, list(by_name)) or f"they are {_some(list(by_name))}"
            raise FilterError(place.problem(f"{show(name)} is no value of {code(field)}", hint))
        if len(found) > 1:
            message = f"{show(name)} names {len(found)} values of {code(field)}, of different types"
            raise FilterError(place.problem(message, "leave `shares` out, so that all are equal, or rename a value"))
    missing = [name for name in by_name if name not in shares]
    if missing and others is None:
        message = f"`shares` names no share for {_some(missing)}"
        hint = "give each value a share, or write `others: keep` or `others: reject`"
        raise FilterError(_at(document, "shares").problem(message, hint))
    # The shortest decimal of a float is what was written.
    return [(found[0], Fraction(repr(shares[name]))) for name, found in by_name.items() if name in shares]


def _weights(document: Document, shares: Sequence[Fraction]) -> tuple[int, ...]:
    times = lcm(*(share.denominator for share in shares))
    weights = [int(share * times) for share in shares]
    divisor = gcd(*weights)
    weights = [weight // divisor for weight in weights]
    if sum(weights) > MOST_TURNS:
        message = f"it takes {sum(weights):,} examples until each value has its share; {MOST_TURNS:,} may be"
        raise FilterError(_at(document, "shares").problem(message, "write fewer digits"))
    return tuple(weights)


def _some(names: Sequence[str]) -> str:
    shown = [show(name) for name in names[:_SOME_NAMED]]
    return (
        ", ".join([*shown, f"and {len(names) - len(shown):,} more"]) if len(names) > len(shown) else join(shown, "and")
    )
