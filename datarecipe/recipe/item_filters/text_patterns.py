"""`filters.patterns`: regular expressions that must, or must not, be found in a field."""

from __future__ import annotations

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.patterns import Pattern, compile_pattern
from datarecipe.recipe.example_schema.validation_cost import TooMuchWorkError, Work
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe


class PatternsFilter:
    def __init__(self, recipe: Recipe) -> None:
        """The patterns have been checked: all of them run."""
        self._patterns = [
            (field, required, written, compile_pattern(written))
            for field, patterns in recipe.filters.patterns.items()
            for required, each in ((True, patterns.require), (False, patterns.forbid))
            for written in each
        ]

    def __call__(self, example: Example, work: Work) -> str | None:
        """A pattern is found if it is found in any text within the field."""
        try:
            for field, required, written, pattern in self._patterns:
                if _found(pattern, [*texts_within(example.get(field))], work) != required:
                    return f"{code(field)} {'lacks' if required else 'has'} the pattern {show(written)}"
        except TooMuchWorkError:
            return "too long to be searched for all patterns in time"
        return None


def _found(pattern: Pattern, among: list[str], work: Work) -> bool:
    for text in among:
        work.searched(pattern.instructions, len(text))
        if pattern.search(text):
            return True
    return False
