"""The recipe as one JSON document: defaults filled in, files by content, in the order of the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from datarecipe.exchange import Json
from datarecipe.recipe.format.schema import FORMAT
from datarecipe.recipe.model import LabelSpace, Recipe, Task


def resolved_document(recipe: Recipe, written: Mapping[str, Json]) -> dict[str, Json]:
    """What `show` prints and the manifest keeps. It is a recipe itself, that needs no other file.

    `written` is the recipe as written: what a `Recipe` does not hold comes from there (`requires`, the user's own
    `x-*` keys). Keys without a value and without a default are left out.
    """
    about = recipe.about
    document: dict[str, Json] = {
        "recipe": FORMAT,
        "name": recipe.name,
        "description": recipe.description,
        "version": about.version,
        "license": about.license,
        "tags": list(about.tags),
        "requires": written.get("requires"),
        "task": _task(recipe.task),
        "instruction": recipe.instruction,
        "seed_example": _seed_example(recipe),
        "labels": _labels(recipe.labels),
        "strategy": asdict(recipe.strategy),
        "target_size": recipe.target_size,
        "batch_size": recipe.batch_size,
        "random_seed": recipe.random_seed,
        "schema": dict(recipe.schema),
        "vars": dict(recipe.vars),
        "vary": {name: list(values) for name, values in recipe.vary.items()},
        "model": recipe.model,
        "api_base": recipe.api_base,
        "sampling": dict(recipe.sampling),
        "response_format": recipe.response_format,
        "limits": asdict(recipe.limits),
    }
    own = {key: value for key, value in written.items() if key.startswith("x-")}
    return {**{key: value for key, value in document.items() if value is not None}, **own}


def _task(task: Task) -> Json:
    return {"label": task.label_field, "options": task.options_field} if task.kind == "custom" else task.kind


def _seed_example(recipe: Recipe) -> Json:
    examples: list[Json] = [dict(example) for example in recipe.seed_examples]
    return examples[0] if len(examples) == 1 else examples


def _labels(labels: LabelSpace) -> Json:
    if labels.kind == "fixed":
        return list(labels.values)
    return {"per_example": labels.options} if labels.kind == "per_example" else "open"
