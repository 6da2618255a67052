"""How much work it may be to judge examples by a schema, which may be a stranger's.

Judging an example takes some hundred steps, and billions where schema and example are built for it. So each keyword counts
its steps before it begins, over all items of one reply together. No clock decides what is valid: the same reply is judged
alike on a slow machine.
"""

from __future__ import annotations

import json

from datarecipe.exchange import Json

MAX_STEPS = 200_000
"""Steps for one reply; about half a second. An honest item takes some hundred."""

MAX_STEPS_AT_LOAD = 1_000_000
"""Steps for all seed examples, and for all labels, when a recipe is loaded."""

_HEAVY = 500
"""Characters that weigh as much as a step: a keyword may write what it judges into a message."""
_SEARCH = 2_000
"""Instructions of a pattern times characters of a text that weigh as much as a step."""
_COMPARED = 50
"""Steps to compare a list or mapping with another, for each 500 characters of it."""
COLLECTIONS = (list, dict)


class TooMuchWorkError(Exception):
    """The steps are used up. Never leaves the package: what was to be judged is invalid."""


class Work:
    """The steps that are left.

    A validator takes its format checker along to every keyword, and nothing else that is ours, so the count travels as one.
    """

    def __init__(self, steps: float = MAX_STEPS) -> None:
        self.left = steps
        self.weights: dict[int, int] = {}
        """By identity, what the long values of what is judged weigh beyond one step."""

    def begin(self, example: Json, characters: int) -> None:
        """What is judged next, and the length of its JSON."""
        self.weights = {}
        if characters >= _HEAVY:
            _measure(example, self.weights)

    def spend(self, steps: int) -> None:
        """Raise `TooMuchWorkError` if there are not so many left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWorkError

    def compared(self, instance: object, times: int = 1) -> None:
        """Count a comparison of a whole value with `times` others."""
        if isinstance(instance, COLLECTIONS):
            self.spend(_COMPARED * times * (1 + self.weights.get(id(instance), 0)))

    def searched(self, instructions: int, characters: int) -> None:
        """Count the search for a pattern in a text."""
        self.spend(1 + instructions * characters // _SEARCH)


def _measure(value: Json, weights: dict[int, int]) -> int:
    """Characters of a value, about; no value within it is deep. What long ones weigh is added to `weights`, by identity."""
    characters = 4
    if isinstance(value, str):
        characters += len(value)
    elif isinstance(value, list):
        characters += sum(_measure(item, weights) for item in value)
    elif isinstance(value, dict):
        characters += sum(_measure(name, weights) + _measure(item, weights) for name, item in value.items())
    elif isinstance(value, int):
        characters += value.bit_length() // 3
    if characters >= _HEAVY:
        weights[id(value)] = characters // _HEAVY
    return characters


def characters(example: Json) -> int:
    """The length of an example's JSON."""
    return len(json.dumps(example, ensure_ascii=False))
