"""Rejects an item whose embedding is near to that of a seed example or of an accepted example: the same said otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from datarecipe.exchange import Embedding, Example, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.nearness.near_duplicates import LONGEST, compared_fields
from datarecipe.generate.admission.nearness.nearby_vectors import NearbyVectors
from datarecipe.generate.judge.example_equality import embedding_text, example_id
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.keys.value_equality import typed_key
from datarecipe.recipe.models.named_models import HASHED_NGRAMS
from datarecipe.recipe.recipe import Recipe


class NearMeaningFilter(CommitFilter):
    def __init__(self, recipe: Recipe, model: ModelSettings) -> None:
        settings = recipe.filters.near_duplicates
        assert settings is not None
        assert settings.embedding is not None
        self._model, self._embedder = model, settings.embedder.model
        self.questions_each = 0 if self._embedder == HASHED_NGRAMS else 1
        self._fields = compared_fields(recipe)
        self._label_field = recipe.task.label_field if settings.contrast == "keep" else None
        self._threshold = Fraction(repr(settings.embedding))
        self._seeds = recipe.seed_examples
        self._indexes: dict[object, NearbyVectors] = {}
        """By label where the label counts, else the only one by None."""
        self._ids: dict[object, list[bytes]] = {}
        self._judged: tuple[bytes, tuple[int, ...]] = (b"", ())
        """The digest and the vector of the item that was judged last: if it is accepted, then before another is judged."""

    def standing_questions(self) -> Sequence[Request]:
        return [self._question(seed) for seed in self._seeds]

    def begin(self, answers: Sequence[Response]) -> None:
        for seed, answer in zip(self._seeds, answers, strict=True):
            assert isinstance(answer, Embedding)
            self._add(seed, answer.vector)

    def questions(self, item: Valid) -> Sequence[Request]:
        return [self._question(item.example)]

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        (answer,) = answers
        assert isinstance(answer, Embedding)
        self._judged = item.digest, answer.vector
        label = self._label(item.example)
        index = self._indexes.get(label)
        near = index.nearest(answer.vector) if index and answer.vector else None
        if near is None:
            return None
        similarity = f"{near.hundredths // 100}.{near.hundredths % 100:02}"
        nearest = self._ids[label][near.number].hex()
        return Rejection("near_duplicate", f"similarity {similarity} to {nearest} by {self._embedder}")

    def accepted(self, item: Valid) -> None:
        digest, vector = self._judged
        assert digest == item.digest
        self._add(item.example, vector)

    def _add(self, example: Example, vector: Sequence[int]) -> None:
        if not vector:
            return  # the embedder took no such text
        label = self._label(example)
        self._indexes.setdefault(label, NearbyVectors(self._threshold)).add(vector)
        self._ids.setdefault(label, []).append(bytes.fromhex(example_id(example)))

    def _question(self, example: Example) -> Request:
        return self._model.embed(self._embedder, embedding_text(example, self._fields)[:LONGEST])

    def _label(self, example: Example) -> object:
        return None if self._label_field is None else typed_key(example.get(self._label_field))
