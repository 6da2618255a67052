"""`filters.leakage`: a text must not name its own label."""

from __future__ import annotations

import json
import re

from datarecipe.characters import loose
from datarecipe.exchange import Example, Json
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.item_filters.texts import texts
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
"""Letters of scripts that put no space between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


class LeakageFilter:
    def __init__(self, recipe: Recipe) -> None:
        leakage = recipe.filters.leakage
        self._fields = recipe.text_fields if isinstance(leakage, bool) else leakage
        self._label_field = recipe.task.label_field

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - it is as much as to read the text
        """Case, punctuation and compatible characters make no difference; only whole words count."""
        if self._label_field is None:
            return None
        label = example.get(self._label_field)
        word = loose(_written(label))
        if not word:
            return None
        for field in self._fields:
            if any(_names(loose(text), word) for text in texts(example.get(field))):
                return f"{code(field)} names the label {show(label)}"
        return None


def _names(text: str, word: str) -> bool:
    return word in text if _UNSPACED.search(word) else f" {word} " in f" {text} "


def _written(label: Json) -> str:
    return label if isinstance(label, str) else json.dumps(label)
