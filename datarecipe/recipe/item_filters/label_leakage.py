"""`filters.leakage`: a text must not name its own label."""

from __future__ import annotations

import json

from datarecipe.characters import loose_words
from datarecipe.exchange import Example, Json, texts_within
from datarecipe.recipe.example_schema.validation_cost import TooMuchWorkError, Work
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe

_SEARCHED = 2_500
"""Characters in which a label is searched that weigh as much as a step of `Work`."""


class LeakageFilter:
    def __init__(self, recipe: Recipe) -> None:
        leakage = recipe.filters.leakage
        self._fields = recipe.text_fields if isinstance(leakage, bool) else leakage
        self._label_field = recipe.task.label_field

    def __call__(self, example: Example, work: Work) -> str | None:
        """Case, punctuation and compatible characters make no difference; only whole words count."""
        written = texts_of_label(example.get(self._label_field)) if self._label_field else ()
        labels = [(label, words) for label in written if (words := _words(label))]
        for field in self._fields if labels else ():
            found = [*map(_words, texts_within(example.get(field)))]
            try:
                work.spend(len(labels) * (1 + sum(map(len, found)) // _SEARCHED))
            except TooMuchWorkError:
                return "too many labels to be searched in so long a text"
            for label, words in labels:
                if any(f" {words} " in f" {text} " for text in found):
                    return f"{code(field)} names the label {show(label)}"
        return None


def texts_of_label(label: Json) -> tuple[str, ...]:
    """What would give a label away: its text, that of a number or of true, each text of a list."""
    if label is None or isinstance(label, str | list | dict):
        return tuple(texts_within(label))
    return (json.dumps(label),)


def _words(text: str) -> str:
    """The words of a text with a space between two."""
    return " ".join(loose_words(text))
