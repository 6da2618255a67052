"""What of a recipe makes a run the same run: all that shapes its requests or decides what is accepted."""

from __future__ import annotations

import json

from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.dialogue import DIALOGUE_RULE, dialogues
from datarecipe.recipe.recipe import Recipe
from datarecipe.recipe.strategy_table import STRATEGIES, embedder_of

IDENTITY_VERSION = 3
"""Part of every identity. It changes only when the same recipe comes to mean another dataset.

2: text is normalised as by Unicode 14 under every Python; labels, options and names of fields are compared by NFC; the work
of a schema is counted for a whole reply; an example has its label, whatever the recipe's own schema asks for; chains take
the values of `vary` in another order.
3: `format` in a schema is checked.
"""


def identity(recipe: Recipe) -> dict[str, Json]:
    """The recipe's part of a run's identity, as JSON; two recipes with equal ones give the same dataset.

    Not in it: name, target, limits, version, license, tags, requires, prices, fallbacks, evaluate, `x-*` and paths
    (files count by content). Not in it either, since flags and the model's profile decide over them: `model`,
    `api_base`, `sampling` and `response_format`. A run adds these as they were settled.

    Where the order of keys reaches a prompt (seed examples, schema, `vars`, `vary`), the value stands here as JSON
    text, so that a hash over sorted keys still tells two orders apart.
    """
    labels, strategy = recipe.labels, recipe.strategy
    settings = STRATEGIES[strategy.kind].settings
    how: dict[str, Json] = {"kind": strategy.kind, **{name: getattr(strategy, name) for name in settings}}
    if (embedder := embedder_of(strategy)) is not None:
        how["embedder"] = embedder.model  # a run adds it as it was settled
    return {
        "identity": IDENTITY_VERSION,
        "description": recipe.description,
        "label_field": recipe.task.label_field,
        "options_field": recipe.task.options_field,
        **({"dialogues": DIALOGUE_RULE} if dialogues(recipe.seed_examples) else {}),
        "instruction": recipe.instruction,
        "seed_examples": [_ordered(dict(example)) for example in recipe.seed_examples],
        "labels": {"kind": labels.kind, "values": list(labels.values), "options": labels.options},
        # Of its settings only what the strategy looks at: `chains` means nothing to a tree.
        "strategy": how,
        "batch_size": recipe.batch_size,
        "random_seed": recipe.random_seed,
        "schema": _ordered(dict(recipe.schema)),
        **({"filters": _ordered(_filters(recipe))} if recipe.filters_as_written else {}),
        "vars": _ordered(dict(recipe.vars)),
        "vary": _ordered(recipe.vary_as_written),
    }


def _filters(recipe: Recipe) -> dict[str, Json]:
    """The filters with their settings. Of a held-out file its name counts, which rejected items show, not its folder."""
    written, held_out = recipe.filters_as_written, recipe.filters.decontaminate
    near = recipe.filters.near_duplicates
    if near is not None and near.embedding is not None:
        written["near_duplicates"] = [near.threshold, near.contrast, near.embedding, near.embedder.model]
    if held_out is not None:
        files: list[Json] = [[file.name, file.sha256] for file in held_out.against]
        written["decontaminate"] = [files, held_out.threshold, list(held_out.fields)]
    # A run adds the model and how it is asked, as it was settled.
    return written | {name: settings.decides for name, settings in recipe.filters.models.items()}


def _ordered(value: Json) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
