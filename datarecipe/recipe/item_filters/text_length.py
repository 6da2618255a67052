"""`filters.length`: how many words or characters a field may have."""

from __future__ import annotations

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.message_text import code
from datarecipe.recipe.recipe import Length, Recipe


class LengthFilter:
    def __init__(self, recipe: Recipe) -> None:
        self._lengths = recipe.filters.length

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - it is as much as to read the text
        """Words are what white space separates. All texts within a field count together."""
        for field, length in self._lengths.items():
            found = [*texts_within(example.get(field))]
            words, characters = sum(len(text.split()) for text in found), sum(map(len, found))
            fault = _outside(words, length.min_words, length.max_words, "words") or _outside(
                characters, length.min_characters, length.max_characters, "characters"
            )
            if fault:
                return f"{code(field)} has {fault}"
        return None


def _outside(count: int, least: int | None, most: int | None, unit: str) -> str | None:
    if least is not None and count < least:
        return f"{count:,} {unit}, fewer than {least:,}"
    if most is not None and count > most:
        return f"{count:,} {unit}, more than {most:,}"
    return None


def contradictory(length: Length) -> bool:
    """Whether no text can have it."""
    pairs = ((length.min_words, length.max_words), (length.min_characters, length.max_characters))
    return any(least is not None and most is not None and least > most for least, most in pairs)
