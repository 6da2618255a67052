"""Recipes and model answers in memory, for tests of the loop."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from datarecipe.exchange import Complete, Completion, Content, Draw
from datarecipe.generate.prompt.model_profile import ModelSettings, settle_model
from datarecipe.recipe import LabelSpace, Limits, LoadedRecipe, Recipe, Strategy, StrategyKind, Task

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "options": {"type": "array", "items": {"enum": ["yes", "no"]}},
        "answer": {"enum": ["yes", "no"]},
        "question": {"type": "string", "pattern": "\\S"},
    },
    "required": ["options", "answer", "question"],
    "additionalProperties": False,
}


def make_recipe(kind: StrategyKind = "tree", width: int = 8, **changes: Any) -> Recipe:
    """A yes/no recipe; `width` is both `chains` and `roots`."""
    patience = changes.pop("patience", 3)
    barren = changes.pop("barren", 50)
    values: dict[str, Any] = {
        "name": "facts",
        "task": Task("yes_no", "answer", "options"),
        "instruction": "Write {{ batch_size }} examples about {{ vary.topic }}.",
        "seed_examples": (
            {"options": ["yes", "no"], "answer": "yes", "question": "Is snow cold?"},
            {"options": ["yes", "no"], "answer": "no", "question": "Is fire cold?"},
        ),
        "labels": LabelSpace("fixed", ("yes", "no")),
        "strategy": Strategy(kind, chains=width, roots=width, patience=patience),
        "target_size": 100,
        "schema": SCHEMA,
        "vary": {"topic": ("animals", "plants", "stones")},
        "limits": Limits(barren=barren),
    }
    return Recipe(**{**values, **changes})


def loaded(recipe: Recipe) -> LoadedRecipe:
    """The recipe as if it had been loaded from somewhere."""
    values = {field.name: getattr(recipe, field.name) for field in fields(Recipe)}
    return LoadedRecipe(**values, project=Path("/nowhere"), source=None)


def settings(recipe: Recipe) -> ModelSettings:
    """The recipe with a model that takes no response format."""
    return settle_model(recipe, "openai/author", None)


REQUEST = Complete(Content("openai/author", (("user", "Go on."),), {}, None, None), Draw(0, "fixed:0", 0))
"""Some request."""


def completion(text: str, finish_reason: Any = "stop") -> Completion:
    """A response."""
    return Completion(text, finish_reason, None, "author", "test", "2000-01-01T00:00:00Z")


def scripted(request: Complete, *, variety: int = 60, untidy: bool = True) -> Completion:
    """A response that is a pure function of the request: duplicates, bad labels, cut-off ends, empty batches."""
    key = hashlib.blake2b(f"{request.content.canonical}{request.draw.numbers}".encode()).digest()
    chance = random.Random(key)
    count = chance.choice([0, 1, 3, 5, 5, 5, 5]) if untidy else 5
    answers = ["yes", "no", " Yes", "maybe"] if untidy and chance.random() < 0.3 else ["yes", "no"]
    items = [
        {
            "options": ["yes", "no"],
            "answer": chance.choice(answers),
            "question": f"Is {chance.randrange(variety)} more than {chance.randrange(variety)}?",
        }
        for _ in range(count)
    ]
    text = json.dumps({"examples": items})
    if untidy and chance.random() < 0.1:
        return completion(text[: chance.randrange(len(text) + 1)], "length")
    return completion(text)


def verdict(request: Complete) -> Completion:
    """An answer to a question of `filters.verify`: a pure function of the request, often wrong, sometimes none."""
    chance = random.Random(request.key)
    answers = ('{"answer": "yes"}', '{"answer": "yes"}', '{"answer": "no"}', '{"answer": "no"}', "no", "I do not know.")
    return completion(chance.choice(answers))


def scores(request: Complete, rubric: Iterable[str]) -> Completion:
    """An answer to a question of `filters.judge`: a pure function of the request, often low, sometimes none."""
    chance = random.Random(request.key)
    text = json.dumps({name: chance.randrange(1, 6) for name in rubric})
    return completion(chance.choice([text, text, text, "I do not know."]))
