"""`filters.refusals`: an assistant's own words, or those of the prompt, in the place of an example's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datarecipe.characters import loose
from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe

PHRASES = (
    "as an ai i",
    "as an ai language model",
    "as an ai model",
    "as an ai assistant",
    "as a language model",
    "as a large language model",
    "i am an ai language model",
    "im an ai language model",
    "sorry but i cant assist",
    "sorry but i cannot assist",
    "sorry but i cant help with that",
    "sorry but i cannot help with that",
    "sorry but i cant fulfill",
    "sorry but i cannot fulfill",
    "i cant assist with that",
    "i cannot assist with that",
    "i cant fulfill this request",
    "i cannot fulfill this request",
    "i cant fulfill your request",
    "i cannot fulfill your request",
    "i cant create content",
    "i cannot create content",
    "i cant generate content",
    "i cannot generate content",
    "my knowledge cutoff",
    "against my guidelines",
    "goes against my programming",
    "here is another example",
    "heres another example",
    "here are more examples",
    "here are some more examples",
    "your text here",
    "insert text here",
    "example text here",
)
"""As `loose` writes them. None is in 47,000 texts of the benchmarks that the paper uses."""

OPENINGS = tuple(
    f"{word} here {rest} "
    for word in ("sure", "certainly", "of course", "absolutely")
    for rest in ("is a", "is an", "is another", "are some", "are more", "are a few", "are five", "are 5", "are 10")
)
"""With which a text begins that answers the prompt and is no example."""

LEAKED = 8
"""Words in a row that a text and the prompt have in common, from which on the text repeats the prompt."""

_JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)


class RefusalsFilter:
    def __init__(self, recipe: Recipe) -> None:
        self._fields = recipe.text_fields
        parts = (*_JINJA.split(recipe.instruction), recipe.description)
        self._prompt = frozenset(run for part in parts for run in _runs(loose(part)))

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - it is as much as to read the text
        for field in self._fields:
            for text in map(loose, texts_within(example.get(field))):
                padded = f" {text} "
                phrase = next((phrase for phrase in PHRASES if f" {phrase} " in padded), None)
                phrase = phrase or next((opening for opening in OPENINGS if text.startswith(opening)), None)
                if phrase is not None:
                    return f"{code(field)} has {show(phrase.strip())}, as assistants often write"
                run = next((run for run in _runs(text) if run in self._prompt), None)
                if run is not None:
                    return f"{code(field)} repeats the prompt: {show(run)}"
        return None


def _runs(text: str) -> Iterator[str]:
    words = text.split()
    for start in range(len(words) - LEAKED + 1):
        yield " ".join(words[start : start + LEAKED])
