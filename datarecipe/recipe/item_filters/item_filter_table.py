"""The filters that judge an item by itself: one row for each.

To add a filter, write a class that is made of a recipe and called with an example, its row, its reason in
`generate/reasons.py`, and its key as any key of the recipe. The order of the rows is the order in which filters judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Literal, TypeAlias

from datarecipe.exchange import Example
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.recipe import Recipe

ItemReason: TypeAlias = Literal[
    "length", "pattern", "copy", "leakage", "boilerplate", "wrong_language", "pii", "secret", "contamination"
]
ItemFilter: TypeAlias = Callable[[Example, Work], str | None]
"""What is wrong with an example, or None. It gets the work that is left for all items of a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilterRow:
    make: Callable[[Recipe], ItemFilter]
    reason: ItemReason
    version: int = 1
    """Part of the run's identity; changes when the filter comes to decide otherwise."""


def _made(module: str, name: str) -> Callable[[Recipe], ItemFilter]:
    """Imports the filter's module when a recipe asks for it: their patterns take 10 ms."""

    def make(recipe: Recipe) -> ItemFilter:
        made: ItemFilter = getattr(import_module(f"{__package__}.{module}"), name)(recipe)
        return made

    return make


ITEM_FILTERS: Final[Mapping[str, ItemFilterRow]] = {
    "length": ItemFilterRow(make=_made("text_length", "LengthFilter"), reason="length"),
    "patterns": ItemFilterRow(make=_made("text_patterns", "PatternsFilter"), reason="pattern"),
    "copies": ItemFilterRow(make=_made("copied_spans", "CopiesFilter"), reason="copy"),
    "leakage": ItemFilterRow(make=_made("label_leakage", "LeakageFilter"), reason="leakage"),
    "refusals": ItemFilterRow(make=_made("boilerplate", "RefusalsFilter"), reason="boilerplate"),
    "language": ItemFilterRow(make=_made("text_language", "LanguageFilter"), reason="wrong_language"),
    "pii": ItemFilterRow(make=_made("personal_data", "PiiFilter"), reason="pii"),
    "secrets": ItemFilterRow(make=_made("leaked_secrets", "SecretsFilter"), reason="secret"),
    "decontaminate": ItemFilterRow(make=_made("decontamination", "DecontaminationFilter"), reason="contamination"),
}
"""By the name of their key in `filters`; a recipe asks for a filter when the key has a value there."""


def item_filters_of(recipe: Recipe) -> tuple[tuple[ItemReason, ItemFilter], ...]:
    """The filters that a recipe asks for, with their reasons."""
    return tuple((row.reason, row.make(recipe)) for name, row in ITEM_FILTERS.items() if getattr(recipe.filters, name))


def item_filter_versions(recipe: Recipe) -> dict[str, int]:
    """The filters that a recipe asks for, for a run's identity."""
    return {name: row.version for name, row in ITEM_FILTERS.items() if getattr(recipe.filters, name)}
