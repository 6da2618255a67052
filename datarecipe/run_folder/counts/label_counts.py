"""Examples by label, in memory that does not grow with the dataset: open answers are not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from string import ascii_uppercase
from typing import Any

from datarecipe.exchange import Example
from datarecipe.printable import printable
from datarecipe.recipe import LabelSpace, Recipe, Task
from datarecipe.recipe.keys.value_equality import typed_key
from datarecipe.recipe.message_text import code

MOST_SHOWN = 12
"""Labels that a line names; the rest is summed."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """The examples of one label."""

    label: Any
    examples: int


@dataclass(frozen=True, slots=True)
class ByLabel:
    """Examples by label, or by the answer's place; both None where nothing is counted."""

    labels: tuple[LabelCount, ...] | None = None
    """Of a fixed label space. A list, since 1 and "1" may be two labels."""
    positions: tuple[int, ...] | None = None
    """Where each example has options of its own: how often the answer was the first, the second ... of them."""


@dataclass(slots=True)
class LabelCounts:
    """Of a fixed label space, examples by label; where each example has options of its own, by the answer's place.

    A place that a model prefers is a bias that a classifier trained on the dataset would learn.
    """

    task: Task
    space: LabelSpace
    _counts: list[int] = field(default_factory=list)
    _at: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: Recipe) -> LabelCounts:
        """All at zero: a label that no example has is counted too."""
        space = recipe.labels
        # 1, 1.0 and true are equal to Python and three labels to a recipe.
        at = {typed_key(label): number for number, label in enumerate(space.values)}
        return cls(recipe.task, space, [0] * (space.options or len(space.values)), at)

    def __copy__(self) -> LabelCounts:
        return replace(self, _counts=list(self._counts))

    def add(self, example: Example) -> None:
        """Count an accepted example."""
        if self.task.label_field is None:
            return
        label = example.get(self.task.label_field)
        if self.space.kind == "fixed" and isinstance(label, str | int | float):
            at = self._at.get(typed_key(label))
        elif self.space.kind == "per_example" and self.task.options_field is not None:
            at = _place(label, example.get(self.task.options_field))
        else:
            return
        if at is not None and at < len(self._counts):
            self._counts[at] += 1

    @property
    def by_label(self) -> ByLabel:
        """As they are now."""
        if self.space.kind == "per_example":
            return ByLabel(positions=tuple(self._counts))
        if self.space.kind == "fixed":
            return ByLabel(tuple(map(LabelCount, self.space.values, self._counts)))
        return ByLabel()

    def named(self) -> list[tuple[str, int]]:
        """Each label as text, for people, with its examples; of options the letters A, B, C ..."""
        if self.space.kind == "per_example":
            letters = ascii_uppercase
            names = [letters[at] if at < len(letters) else str(at + 1) for at in range(len(self._counts))]
        else:
            names = [label if isinstance(label, str) else str(label).lower() for label in self.space.values]
        return list(zip(names, self._counts, strict=True))

    def line(self) -> str | None:
        """One line for a terminal; None where nothing is counted."""
        named = self.named()
        if not named:
            return None
        shown = named
        if len(named) > MOST_SHOWN:
            shown = sorted(named, key=lambda pair: -pair[1])[: MOST_SHOWN - 1]
        parts = [f"{count:,} {_word(name)}" for name, count in shown]
        if rest := len(named) - len(shown):
            others = sum(count for _, count in named) - sum(count for _, count in shown)
            parts.append(f"{others:,} of {rest:,} other labels")
        what = "answers by their place among the options" if self.space.kind == "per_example" else "labels"
        return f"{what}: {', '.join(parts)}{_without_any(named) if rest else ''}"


def _place(label: object, options: object) -> int | None:
    """Of the answer among its options, compared with their types."""
    if not isinstance(options, list):
        return None
    return next((at for at, option in enumerate(options) if type(option) is type(label) and option == label), None)


def _word(name: str) -> str:
    """A label as it is where it reads as a word beside a number, else as code."""
    return printable(name) if name.replace("_", "a").replace("-", "a").isalpha() and len(name) <= 40 else code(name)


def _without_any(named: Sequence[tuple[str, int]]) -> str:
    empty = [name for name, count in named if not count]
    if not empty:
        return ""
    more = f" and {len(empty) - 3:,} more" if len(empty) > 3 else ""
    return f"; no example has {', '.join(map(_word, empty[:3]))}{more}"
