"""Rejects an item with the text of a seed example or of an accepted example and another label, as a contradiction.

It would be rejected as a duplicate anyway. As a reason of its own it shows how often the model contradicts itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from datarecipe.exchange import Example, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.digests import DigestSet
from datarecipe.generate.judge.example_equality import equality_digest
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.recipe import Recipe


class ContradictionFilter(CommitFilter):
    before_duplicates = lasting = True

    def __init__(self, recipe: Recipe) -> None:
        self._texts = recipe.text_fields
        self._all = (*self._texts, *((recipe.task.label_field,) if recipe.task.label_field else ()))
        self._seen, self._labelled = DigestSet(), DigestSet()
        """Digests of texts, and of texts with their labels."""
        for example in recipe.seed_examples:
            self._add(example)

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:  # noqa: ARG002
        if equality_digest(item.example, self._texts) not in self._seen:
            return None
        if equality_digest(item.example, self._all) in self._labelled:
            return None
        return Rejection("contradiction", "the text of a seed example or an accepted example, with another label")

    def accepted(self, item: Valid) -> None:
        self._add(item.example)

    def _add(self, example: Example) -> None:
        self._seen.add(equality_digest(example, self._texts))
        self._labelled.add(equality_digest(example, self._all))
