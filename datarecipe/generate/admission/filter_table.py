"""The commit-time filters that a recipe can ask for: one row for each.

To add a filter, write a `CommitFilter` and its row. The order of the rows is the order in which filters judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.contradictions import ContradictionFilter
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.recipe.item_filters.item_filter_table import item_filter_versions
from datarecipe.recipe.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRow:
    wanted: Callable[[Recipe], bool]
    """Whether a recipe asks for it."""
    make: Callable[[Recipe, ModelSettings | None], CommitFilter]
    """With the run's model, which knows those that filters ask."""
    version: int
    """Part of the run's identity; changes when the filter comes to decide otherwise."""


def _near_duplicates(recipe: Recipe, _: ModelSettings | None) -> CommitFilter:
    # Only recipes that ask for it pay for the import of fractions.
    from datarecipe.generate.admission.nearness.near_duplicates import NearDuplicateFilter  # noqa: PLC0415

    return NearDuplicateFilter(recipe)


def _balance(recipe: Recipe, _: ModelSettings | None) -> CommitFilter:
    from datarecipe.generate.admission.balance import BalanceFilter  # noqa: PLC0415 - few recipes ask for it

    return BalanceFilter(recipe)


def _near_meaning(recipe: Recipe, model: ModelSettings | None) -> CommitFilter:
    from datarecipe.generate.admission.nearness.near_meaning import NearMeaningFilter  # noqa: PLC0415 - few recipes ask for it

    assert model is not None
    return NearMeaningFilter(recipe, model)


def _verify(recipe: Recipe, model: ModelSettings | None) -> CommitFilter:
    from datarecipe.generate.admission.verification import VerifyFilter  # noqa: PLC0415 - few recipes ask for it

    assert model is not None
    return VerifyFilter(recipe, model.of_filters["verify"])


def _compares_meaning(recipe: Recipe) -> bool:
    settings = recipe.filters.near_duplicates
    return settings is not None and settings.embedding is not None


def _judge(recipe: Recipe, model: ModelSettings | None) -> CommitFilter:
    from datarecipe.generate.admission.judgement import JudgeFilter  # noqa: PLC0415 - few recipes ask for it

    assert model is not None
    return JudgeFilter(recipe, model.of_filters["judge"])


FILTERS: Final[Mapping[str, FilterRow]] = {
    "contradictions": FilterRow(
        wanted=lambda recipe: recipe.filters.contradictions,
        make=lambda recipe, _: ContradictionFilter(recipe),
        version=1,
    ),
    "near_duplicates": FilterRow(
        wanted=lambda recipe: recipe.filters.near_duplicates is not None, make=_near_duplicates, version=1
    ),
    "near_duplicates.embedding": FilterRow(wanted=_compares_meaning, make=_near_meaning, version=1),
    "balance": FilterRow(wanted=lambda recipe: recipe.filters.balance is not None, make=_balance, version=1),
    "verify": FilterRow(wanted=lambda recipe: recipe.filters.verify is not None, make=_verify, version=1),
    "judge": FilterRow(wanted=lambda recipe: recipe.filters.judge is not None, make=_judge, version=1),
}
"""By their key in `filters`."""


def filters_of(recipe: Recipe, model: ModelSettings | None = None) -> tuple[CommitFilter, ...]:
    """New filters for one run of the recipe with `model`, which may be left out where no filter asks anybody."""
    return tuple(row.make(recipe, model) for row in FILTERS.values() if row.wanted(recipe))


def filter_versions(recipe: Recipe) -> dict[str, int]:
    """The filters that a run of the recipe has, for its identity: those that judge an item by itself too."""
    return {
        **item_filter_versions(recipe),
        **{name: row.version for name, row in FILTERS.items() if row.wanted(recipe)},
    }
