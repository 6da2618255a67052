"""`filters.decontaminate`: an example must not contain a held-out text."""

from __future__ import annotations

from datarecipe.exchange import Example, texts_within
from datarecipe.recipe.example_schema.validation_cost import TooMuchWorkError, Work
from datarecipe.recipe.held_out.held_out_index import Contained
from datarecipe.recipe.held_out.held_out_texts import Decontaminate
from datarecipe.recipe.message_text import code, show
from datarecipe.recipe.recipe import Recipe


class DecontaminationFilter:
    def __init__(self, recipe: Recipe) -> None:
        assert recipe.filters.decontaminate is not None
        self._held_out = recipe.filters.decontaminate
        self._options = recipe.task.options_field if recipe.labels.kind == "per_example" else None
        options = () if self._options is None else (self._options,)
        self._fields = dict.fromkeys((*recipe.text_fields, *options))

    def __call__(self, example: Example, work: Work) -> str | None:
        """Case, punctuation and white space make no difference. The held-out text is named of which it contains most."""
        try:
            return self._found(example, work)
        except TooMuchWorkError:
            return "too long to be compared with so many held-out texts"

    def _found(self, example: Example, work: Work) -> str | None:
        best: tuple[Contained, str] | None = None
        for field in self._fields:
            # Honest examples share options of a word or two: "water", "the bank".
            is_field = field != self._options
            for text in texts_within(example.get(field)):
                found = self._held_out.index.find(text, work.spend, is_field=is_field)
                if found is not None and (best is None or found.share > best[0].share):
                    best = found, field
        return None if best is None else _detail(*best, self._held_out)


def _detail(found: Contained, field: str, held_out: Decontaminate) -> str:
    file, text = held_out.at(found.number)
    of_field = f", {code(text.field)}" if text.field else ""
    counted = "record " if file.name.lower().endswith(".json") else "line "
    where = f"{show(file.name)}, {counted}{text.line}{of_field}"
    if found.run:
        return f"{code(field)} has {show(found.run)} of {where}"
    percent = found.share.numerator * 100 // found.share.denominator
    return f"{code(field)} contains {percent} % of {where}"
