"""The names of fields as the recipe writes them, however a model composes their characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datarecipe.characters import nfc, nfd
from datarecipe.exchange import Json
from datarecipe.recipe.recipe import Recipe


class TwiceNamedError(ValueError):
    """One mapping has a field in two spellings."""


class FieldNames:
    """The names that a recipe knows, in its seed examples and its schema."""

    def __init__(self, recipe: Recipe) -> None:
        names = {name for value in (*recipe.seed_examples, recipe.schema) for name in _names(value)}
        self._written: dict[str, str] = {}
        for name in sorted(names):
            # A name that the recipe itself writes in two ways keeps both.
            self._written[nfc(name)] = "" if nfc(name) in self._written else name
        self._known = names

    def as_written(self, value: Json) -> Json:
        """`value` with its mappings' keys as the recipe writes them. Raises `TwiceNamedError` with the field's name."""
        if isinstance(value, list):
            return [self.as_written(item) for item in value]
        if not isinstance(value, dict):
            return value
        renamed: dict[str, Json] = {}
        for name, item in value.items():
            written = self._as_written(name)
            if written in renamed:
                raise TwiceNamedError(written)
            renamed[written] = self.as_written(item)
        return renamed

    def _as_written(self, name: str) -> str:
        if name.isascii() or name in self._known:
            return name
        return self._written.get(nfc(name)) or name


def spellings(name: str) -> tuple[str, ...]:
    """A name as it is, composed and decomposed: what to look for in a text."""
    return tuple(dict.fromkeys((name, nfc(name), nfd(name))))


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from value
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _names(item)
