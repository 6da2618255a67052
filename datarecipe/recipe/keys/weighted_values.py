"""`vary`: lists of which each request gets one value; a value may have a weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datarecipe.errors import FormatError
from datarecipe.exchange import Json
from datarecipe.recipe.findings import Findings
from datarecipe.recipe.source.document import Document

MOST_WEIGHT = 1_000
MOST_TURNS = 10_000
"""All weights of one key together, of values without a weight one each."""
_WEIGHTED = {"value", "weight"}


def read_vary(
    written: Mapping[str, Any],
) -> tuple[dict[str, tuple[Json, ...]], dict[str, tuple[int, ...]]]:
    """The values of each key, and their weights for the keys in which these differ."""
    values = {name: tuple(map(_value, choices)) for name, choices in written.items()}
    weights = {name: tuple(map(_weight, choices)) for name, choices in written.items()}
    return values, {name: of_values for name, of_values in weights.items() if len(set(of_values)) > 1}


def check_vary(document: Document, findings: Findings) -> None:
    """Add weights that are none to `findings`."""
    written = document.value.get("vary", {}) if isinstance(document.value, dict) else {}
    assert isinstance(written, dict)
    for name, choices in written.items():
        assert isinstance(choices, list)
        wrong = [*_wrong_weights(choices)]
        for index in wrong:
            place = document.place(("vary", name, index, "weight"))
            message = f"`weight` must be a whole number from 1 to {MOST_WEIGHT:,}"
            findings.add(FormatError(place.problem(message, "write how many times as often this value is to come")))
        turns = 0 if wrong else sum(map(_weight, choices))
        if turns > MOST_TURNS:
            message = f"the weights of `vary.{name}` are {turns:,} together, and may be {MOST_TURNS:,}"
            findings.add(FormatError(document.place(("vary", name)).problem(message, "write smaller weights")))


def _wrong_weights(choices: Sequence[Json]) -> Iterator[int]:
    for index, choice in enumerate(choices):
        if isinstance(choice, dict) and set(choice) == _WEIGHTED and not _is_weight(choice["weight"]):
            yield index


def _is_weight(weight: Json) -> bool:
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return False
    return 1 <= weight <= MOST_WEIGHT and float(weight).is_integer()


def _value(choice: Json) -> Json:
    return choice["value"] if isinstance(choice, dict) and set(choice) == _WEIGHTED else choice


def _weight(choice: Any) -> int:
    return int(choice["weight"]) if isinstance(choice, dict) and set(choice) == _WEIGHTED else 1
