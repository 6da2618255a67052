"""Rejects an item whose text is nearly that of a seed example or of an accepted example.

Two texts are compared without case, punctuation and white space, by the runs of five characters that they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from datarecipe.characters import loose
from datarecipe.exchange import Example, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.nearness.set_similarity_index import SetSimilarityIndex
from datarecipe.generate.judge.example_equality import embedding_text, example_id
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.keys.value_equality import typed_key
from datarecipe.recipe.recipe import NearDuplicates, Recipe

LONGEST = 20_000
"""Characters of an example that are compared. They bound the memory that a reply can take for good."""


def compared_fields(recipe: Recipe) -> tuple[str, ...]:
    """The fields whose texts are compared: with the options, where each example has its own."""
    task = recipe.task
    options = () if task.options_field is None or recipe.labels.kind != "per_example" else (task.options_field,)
    return (*recipe.text_fields, *(field for field in options if field not in recipe.text_fields))


class NearDuplicateFilter(CommitFilter):
    lasting = True

    def __init__(self, recipe: Recipe) -> None:
        task, settings = recipe.task, recipe.filters.near_duplicates or NearDuplicates()
        self._fields = compared_fields(recipe)
        self._label_field = task.label_field if settings.contrast == "keep" else None
        self._threshold = Fraction(repr(settings.threshold))
        self._indexes: dict[object, SetSimilarityIndex] = {}
        """By label where the label counts, else the only one by None."""
        self._ids: dict[object, list[bytes]] = {}
        for example in recipe.seed_examples:
            self._add(example)

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        label = self._label(item.example)
        index = self._indexes.get(label)
        match = index.nearest(self._text(item.example)) if index else None
        if match is None:
            return None
        # Rounded down: what is not equal is never shown as 1.00.
        similarity = match.similarity.numerator * 100 // match.similarity.denominator
        nearest = self._ids[label][match.number].hex()
        return Rejection("near_duplicate", f"similarity {similarity // 100}.{similarity % 100:02} to {nearest}")

    def accepted(self, item: Valid) -> None:
        self._add(item.example)

    def _add(self, example: Example) -> None:
        label = self._label(example)
        self._indexes.setdefault(label, SetSimilarityIndex(self._threshold)).add(self._text(example))
        self._ids.setdefault(label, []).append(bytes.fromhex(example_id(example)))

    def _text(self, example: Example) -> str:
        text = embedding_text(example, self._fields)[:LONGEST]
        return loose(text) or text.strip()

    def _label(self, example: Example) -> object:
        return None if self._label_field is None else typed_key(example.get(self._label_field))
