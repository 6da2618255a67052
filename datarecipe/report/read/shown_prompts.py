"""The prompts of a run, rendered again from its manifest: one for each combination of `vary`, as its first request had it.

The manifest holds the recipe. It may be a stranger's, so it is checked as every recipe is, and may read no file at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Json, Messages, canonical_json
from datarecipe.generate.events import Lineage
from datarecipe.generate.prompt.model_profile import ModelSettings, profile_named, settle_model
from datarecipe.generate.prompt.render import Renderer, example_text
from datarecipe.generate.prompt.vary import Turn
from datarecipe.recipe import Recipe
from datarecipe.recipe.load import recipe_in
from datarecipe.recipe.template import compile_template
from datarecipe.report.read.ancestry import Ancestry
from datarecipe.report.read.run_data import RunData, length

MOST_PROMPTS: Final = 12
_LONGEST_RECIPE: Final = 4_000_000
"""Characters, about."""


@dataclass(frozen=True, slots=True)
class ShownPrompt:
    """The messages of one request."""

    request: int
    vary: Mapping[str, Json]
    messages: Messages


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of a run."""

    shown: Sequence[ShownPrompt]
    left_out: int
    """Combinations of `vary` whose prompt is not shown."""
    why: str
    """Why none is shown, in words; empty where some are."""


def prompts_of(run: RunData, ancestry: Ancestry) -> Prompts:
    """Render the first request of each combination of `vary`, of at most `MOST_PROMPTS`."""
    if not run.shown:
        return Prompts((), 0, "no example tells which requests were sent")
    if length(run.recipe) > _LONGEST_RECIPE:
        return Prompts((), 0, "the recipe in the manifest is too long")
    try:
        recipe = recipe_in(_for_prompts(run.recipe), "manifest.json", run.path)
        settings = _settings(run, recipe)
        if settings is None:
            return Prompts((), 0, "another release of datarecipe asks this model in another way")
        shown = list(_rendered(run, ancestry, recipe, Renderer(recipe, settings)))
    except (DatarecipeError, RecursionError):
        return Prompts((), 0, "this release of datarecipe cannot render the recipe in the manifest")
    kinds = {canonical_json(dict(row.vary)) for row in run.lineage[: run.shown]}
    return Prompts(shown, len(kinds) - len(shown), "")


def _for_prompts(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without its filters: they may name files. Prompts have something of one of them, which names none."""
    filters = recipe.get("filters")
    balance = filters.get("balance") if isinstance(filters, Mapping) else None
    kept = {name: value for name, value in recipe.items() if name not in ("filters", "tests")}
    return kept if balance is None else {**kept, "filters": {"balance": balance}}


def _settings(run: RunData, recipe: Recipe) -> ModelSettings | None:
    """How the model was asked, as far as messages go; None where this release has no such profile."""
    model = run.manifest.model
    profile = profile_named(model.profile)
    return None if profile is None else replace(settle_model(recipe, model.name, None), profile=profile)


def _rendered(run: RunData, ancestry: Ancestry, recipe: Recipe, renderer: Renderer) -> Iterator[ShownPrompt]:
    reads_draw, seen = compile_template(recipe.instruction).reads("draw"), set[str]()
    turns = renderer.turns(beside=1)
    for row, parent in zip(run.lineage, ancestry.parents, strict=False):
        key = canonical_json(dict(row.vary))
        example = run.examples[parent] if parent >= 0 else ancestry.origins[-1 - parent].example
        draw = _draw(row) if reads_draw else 1
        if key in seen or example is None or draw is None or len(seen) == MOST_PROMPTS:
            continue
        seen.add(key)
        number = _combination(recipe, row.vary)
        if number is not None:
            text = example_text(example)
            place = _place(row)
            wanted = (turns.of_example(text) if place is None else turns.at_place(place)).wanted
            content = renderer.content(example, text, Turn(number, draw=draw, wanted=wanted))
            yield ShownPrompt(row.request, row.vary, content.messages)


def _place(row: Lineage) -> int | None:
    """The place of the request that a row came from; None below the roots of a tree, where the example decides."""
    kind, _, number = row.lane.partition(":")
    if kind != "root":
        return row.request
    return int(number) if row.depth == 1 and number.isdecimal() and len(number) < 10 else None


def _draw(row: Lineage) -> int | None:
    """What the template saw as `draw`; None where the lineage does not tell."""
    kind, _, number = row.lane.partition(":")
    if kind == "fixed" or row.depth == 1:
        return int(number) + 1 if number.isdecimal() and len(number) < 10 else None
    return 0 if kind == "root" else None


def _combination(recipe: Recipe, vary: Mapping[str, Json]) -> int | None:
    """The number of a combination of values; None where it has values that the recipe does not have."""
    number, step = 0, 1
    for name, values in recipe.vary.items():
        written = canonical_json(vary.get(name))
        place = next((place for place, value in enumerate(values) if canonical_json(value) == written), None)
        if place is None:
            return None
        number += step * place
        step *= len(values)
    return number
