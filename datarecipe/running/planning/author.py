"""Made-up replies: as many items as asked for, made from the seed examples, each of them new and valid.

Only their size and their number matter. A text gets a number into it, or another number takes the place of one; which place,
and in which writing, is tried out on the recipe's own checks.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

from datarecipe.exchange import Completion, Example, Json
from datarecipe.generate.check import Checker, Valid
from datarecipe.recipe import Recipe

_TRIED = (0, 1, 2, 37, 99_998, 99_999)
"""Numbers that a way of making an item new is tried with."""

_Path: TypeAlias = tuple["str | int", ...]
_Change: TypeAlias = Callable[[Json, int], Json]


class Author:
    """Writes replies for one recipe."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._numbers = itertools.count()
        self._checker = Checker(recipe)
        self._labels = self._label_choices()
        self._ways = [self._find_way(seed) for seed in recipe.seed_examples]

    @property
    def can_write(self) -> bool:
        """Whether it knows how to make items new and valid; for some schemas it does not."""
        return all(self._ways)

    def reply(self, new: int) -> Completion:
        """A reply with `batch_size` items, of which the first `new` are new and valid; the others are seed examples."""
        numbers = [next(self._numbers) for _ in range(new)]
        seeds = self._recipe.seed_examples
        items = [self._item(number) for number in numbers]
        items += [seeds[index % len(seeds)] for index in range(self._recipe.batch_size - new)]
        text = json.dumps({"examples": items}, ensure_ascii=False)
        return Completion(text, "stop", None, "made up", "made up", "2000-01-01T00:00:00+00:00")

    def _item(self, number: int) -> Example:
        index = number % len(self._ways)
        way = self._ways[index]
        assert way is not None
        return self._changed(self._recipe.seed_examples[index], number, *way)

    def _find_way(self, seed: Example) -> tuple[_Path, _Change] | None:
        for path in _leaves({name: seed[name] for name in self._recipe.text_fields}):
            for change in _CHANGES:
                if self._works(seed, path, change):
                    return path, change
        return None

    def _works(self, seed: Example, path: _Path, change: _Change) -> bool:
        digests = set()
        for number in _TRIED:
            try:
                checked = self._checker.check(self._changed(seed, number, path, change))
            except (TypeError, ValueError, OverflowError):
                return False
            if not isinstance(checked, Valid):
                return False
            digests.add(checked.digest)
        return len(digests) == len(_TRIED)

    def _changed(self, seed: Example, number: int, path: _Path, change: _Change) -> Example:
        example = copy.deepcopy(seed)
        choices = self._labels or self._own_options(example)
        if choices:
            example[self._recipe.task.label_field] = choices[number % len(choices)]
        return cast("Example", _replaced(example, path, lambda value: change(value, number)))

    def _label_choices(self) -> tuple[Json, ...]:
        """Labels that each seed example could have; none where they cannot be changed by themselves."""
        labels = self._recipe.labels
        if labels.kind != "fixed":
            return ()
        field = self._recipe.task.label_field
        for seed in self._recipe.seed_examples:
            for label in labels.values:
                if not isinstance(self._checker.check({**seed, field: label}), Valid):
                    return ()
        return labels.values

    def _own_options(self, example: Example) -> list[Json]:
        field = self._recipe.task.options_field
        options = example.get(field) if field is not None and self._recipe.labels.kind == "per_example" else None
        return options if isinstance(options, list) else []


def _leaves(value: Json, path: _Path = ()) -> Iterator[_Path]:
    """Where texts and numbers stand, texts first."""
    found = list(_scalars(value, path))
    yield from (place for place, leaf in found if isinstance(leaf, str))
    yield from (place for place, leaf in found if not isinstance(leaf, str))


def _scalars(value: Json, path: _Path) -> Iterator[tuple[_Path, Json]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _scalars(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _scalars(inner, (*path, index))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, value


def _replaced(value: Json, path: _Path, change: Callable[[Json], Json]) -> Json:
    """`value`, which is changed in place, with another leaf at `path`."""
    if not path:
        return change(value)
    container = cast("dict[str | int, Json]", value)  # or a list; both are asked alike
    container[path[0]] = _replaced(container[path[0]], path[1:], change)
    return value


def _letters(number: int) -> str:
    """`0` -> `aaaa`, `1` -> `aaab`: words that no other number has."""
    letters = ""
    for _ in range(4):
        number, digit = divmod(number, 26)
        letters = chr(97 + digit) + letters
    return f"{number}{letters}" if number else letters


_WRITINGS: tuple[Callable[[int], str], ...] = (
    lambda number: f"{number:05d}",
    _letters,
    lambda number: _letters(number).upper(),
    str,
    lambda number: f"{number:08d}",
)


def _in_text(write: Callable[[int], str], place: Callable[[str, str], str]) -> _Change:
    def change(value: Json, number: int) -> Json:
        if not isinstance(value, str):
            raise TypeError
        return place(value, write(number))

    return change


def _over_the_middle(text: str, mark: str) -> str:
    """As long as before: a bound on the length holds still."""
    if len(text) <= len(mark) + 2:
        raise ValueError
    start = (len(text) - len(mark)) // 2
    return text[:start] + mark + text[start + len(mark) :]


def _over_the_end(text: str, mark: str) -> str:
    if len(text) <= len(mark):
        raise ValueError
    return text[: -len(mark)] + mark


_PLACES: tuple[Callable[[str, str], str], ...] = (
    _over_the_middle,
    _over_the_end,
    lambda text, mark: f"{text[:-1]} {mark}{text[-1:]}",
    lambda text, mark: f"{mark} {text}",
    lambda text, mark: f"{text} {mark}",
    lambda text, mark: f"{text[:1]}{mark}{text[1:]}",
    lambda text, mark: text + mark,
    lambda _, mark: mark,
)


def _on_number(place: Callable[[int | float, int], Json]) -> _Change:
    def change(value: Json, number: int) -> Json:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        return place(value, number)

    return change


_CHANGES: tuple[_Change, ...] = (
    *(_in_text(write, place) for place in _PLACES for write in _WRITINGS),
    _on_number(lambda value, number: value + number + 1),
    _on_number(lambda value, number: value - number - 1),
    _on_number(lambda value, number: value + (number + 1) / 1_000_000),
    _on_number(lambda value, number: value * (number + 2)),
)
