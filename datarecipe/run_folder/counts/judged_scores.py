"""The scores that `filters.judge` gave to the examples, and how many items it rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from datarecipe.generate.events import Accepted, RejectedItem
from datarecipe.recipe import Recipe


@dataclass(frozen=True, slots=True)
class CriterionScores:
    """Of one criterion, over the accepted examples."""

    name: str
    scores: Mapping[str, int]
    """How many examples have each score; examples without one are in none."""

    @property
    def mean(self) -> float | None:
        """None where no example has a score."""
        count = sum(self.scores.values())
        return sum(int(score) * examples for score, examples in self.scores.items()) / count if count else None


@dataclass(slots=True)
class JudgedScores:
    """Counted while a run commits."""

    rubric: tuple[str, ...]
    accepted: int = 0
    """Examples that the model was asked about, and that passed."""
    rejected: int = 0
    _scores: Counter[tuple[str, int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, recipe: Recipe) -> JudgedScores | None:
        """All at zero; None where the recipe has no judge."""
        return None if recipe.filters.judge is None else cls(tuple(recipe.filters.judge.rubric))

    def __copy__(self) -> JudgedScores:
        return replace(self, _scores=self._scores.copy())

    def add(self, event: Accepted | RejectedItem) -> None:
        """Count an item, if the model was asked about it."""
        if isinstance(event, RejectedItem):
            self.rejected += event.reason == "low_score"
        elif (notes := event.lineage.checks.get("judge")) is not None:
            self.accepted += 1
            self._scores.update((name, score) for name, score in notes.items() if isinstance(score, int))

    @property
    def criteria(self) -> tuple[CriterionScores, ...]:
        """In the order of the rubric."""
        return tuple(
            CriterionScores(
                name, {str(score): count for (of, score), count in sorted(self._scores.items()) if of == name}
            )
            for name in self.rubric
        )
