"""A commit-time filter as somebody would write it: questions too near to an accepted one are duplicates.

Near is: 7 of 8 characters in common, in whatever order; or, for the filter that asks an embedder, a cosine above 0.9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

import pytest

from datarecipe.exchange import Embed, Embedding, Request, Response
from datarecipe.generate.admission.commit_filter import CommitFilter
from datarecipe.generate.admission.filter_table import FILTERS, FilterRow
from datarecipe.generate.judge.item_checker import Valid
from datarecipe.generate.reasons import Rejection


class NearByLetters(CommitFilter):
    def __init__(self) -> None:
        self._accepted: list[Counter[str]] = []

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        assert not answers
        letters = Counter(item.text)
        for other in self._accepted:
            if (letters & other).total() * 8 > (letters | other).total() * 7:
                return Rejection("duplicate", "near to an accepted example")
        return None

    def accepted(self, item: Valid) -> None:
        self._accepted.append(Counter(item.text))


def install_near(patch: pytest.MonkeyPatch, version: int = 1) -> None:
    """Its row: a recipe asks for it by `vars`."""
    row = FilterRow(wanted=lambda recipe: "near" in recipe.vars, make=lambda *_: NearByLetters(), version=version)
    patch.setitem(cast("dict[str, FilterRow]", FILTERS), "near", row)


class NearByEmbedding(CommitFilter):
    """Asks for an embedding of each item."""

    def __init__(self) -> None:
        self._accepted: list[tuple[float, ...]] = []
        self._last: tuple[float, ...] = ()

    def questions(self, item: Valid) -> Sequence[Request]:
        return [Embed("somebody's", str(item.example["question"]))]

    def admit(self, item: Valid, answers: Sequence[Response]) -> Rejection | None:
        (answer,) = answers
        assert isinstance(answer, Embedding)
        self._last = answer.vector
        for other in self._accepted:
            product = sum(x * y for x, y in zip(answer.vector, other, strict=True))
            lengths = sum(x * x for x in answer.vector) * sum(x * x for x in other)
            if product > 0 and product * product * 100 > 81 * lengths:
                return Rejection("duplicate", f"near to an accepted example ({item.example['question']})")
        return None

    def accepted(self, item: Valid) -> None:
        self._accepted.append(self._last)
