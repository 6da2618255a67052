"""How often `filters.verify` confirmed each label. A model that leans to one label keeps it and throws away the others."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from datarecipe.generate.events import Accepted, RejectedItem
from datarecipe.recipe import Recipe


@dataclass(frozen=True, slots=True)
class ConfirmedLabel:
    """The examples of one label about which the model was asked."""

    label: Any
    confirmed: int
    rejected: int

    @property
    def share(self) -> float:
        """Confirmed ones to all."""
        return self.confirmed / (self.confirmed + self.rejected)


@dataclass(slots=True)
class ConfirmedLabels:
    """Of a fixed label space by label; of others all together."""

    label_field: str
    by_label: bool
    _confirmed: Counter[str] = field(default_factory=Counter)
    _rejected: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, recipe: Recipe) -> ConfirmedLabels | None:
        """All at zero; None where the recipe verifies nothing."""
        if recipe.filters.verify is None or recipe.task.label_field is None:
            return None
        return cls(recipe.task.label_field, recipe.labels.kind == "fixed")

    def __copy__(self) -> ConfirmedLabels:
        return replace(self, _confirmed=self._confirmed.copy(), _rejected=self._rejected.copy())

    def add(self, event: Accepted | RejectedItem) -> None:
        """Count an item, if the model was asked about it."""
        if isinstance(event, Accepted):
            if "verify" in event.lineage.checks:
                self._confirmed[self._key(event.example)] += 1
        elif event.reason == "unverified":
            self._rejected[self._key(json.loads(event.raw))] += 1

    def _key(self, example: Any) -> str:
        return json.dumps(example.get(self.label_field) if self.by_label else None)

    @property
    def labels(self) -> tuple[ConfirmedLabel, ...]:
        """In the order of the labels as JSON; one without a label where they are not listed."""
        keys = sorted({*self._confirmed, *self._rejected})
        return tuple(ConfirmedLabel(json.loads(key), self._confirmed[key], self._rejected[key]) for key in keys)
