"""`filters.language`: the language that texts must be in."""

from __future__ import annotations

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.language.language_of_text import language_of
from datarecipe.recipe.message_text import code, join, show
from datarecipe.recipe.recipe import Recipe


class LanguageFilter:
    def __init__(self, recipe: Recipe) -> None:
        settings = recipe.filters.language
        assert settings is not None
        self._wanted, self._rejects_unsure = settings.languages, settings.unsure == "reject"
        self._fields = settings.fields or recipe.text_fields
        self._named = join(map(show, self._wanted), "or")

    def __call__(self, example: Example, work: Work) -> str | None:  # noqa: ARG002 - of each text a beginning is read
        """All texts within a field count as one. What has no letters is in no language, and passes."""
        for field in self._fields:
            found = language_of(" ".join(texts_within(example.get(field))), self._wanted)
            if found is None:
                continue
            if found.is_other:
                return f"{code(field)} is {show(found.likeliest)} rather than {self._named}"
            if self._rejects_unsure and not found.is_wanted:
                return f"{code(field)} is not certainly {self._named}"
        return None
