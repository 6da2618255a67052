"""Where each value of a resolved recipe comes from: a line of a file, a flag, or nowhere, which makes it a default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datarecipe.exchange import Json
from datarecipe.recipe.loaded import LoadedRecipe
from datarecipe.recipe.message_text import dotted
from datarecipe.recipe.source.document import Keys, nodes_within
from datarecipe.recipe.source.paths import is_path

DEFAULT = "default"
_ONE_VALUE = frozenset({"seed_example", "schema", "labels", "task"})
"""Keys that are shown as one value, whatever they hold."""
_FILES = frozenset({"instruction", "seed_example", "schema"})
"""Keys that may name a file with their value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One value of a recipe, and where it comes from."""

    keys: Keys
    value: Json
    origin: str
    """`file:line:column`, a flag, or `default`."""

    @property
    def key(self) -> str:
        """The keys with dots between them."""
        return dotted(self.keys)


def origins(recipe: LoadedRecipe) -> Iterator[Origin]:
    """All values of a resolved recipe in the order of the format, each with its origin."""
    for key, value in recipe.resolved.items():
        yield from _of(recipe, (key,), value)


def _of(recipe: LoadedRecipe, keys: Keys, value: Json) -> Iterator[Origin]:
    if isinstance(value, dict) and value and not (len(keys) == 1 and keys[0] in _ONE_VALUE):
        for key, inner in value.items():
            yield from _of(recipe, (*keys, key), inner)
        return
    yield Origin(keys, value, origin_of(recipe, keys))


def origin_of(recipe: LoadedRecipe, keys: Keys) -> str:
    """Where the value at `keys` comes from, in words."""
    document = recipe.written
    node = document.get(keys)
    if node is None and keys == ("strategy", "kind"):
        node = document.get(("strategy",))
    if node is None:
        inferred = keys == ("schema",) and recipe.schema_inferred
        return "inferred from seed_example and labels" if inferred else DEFAULT
    written = getattr(node, "value", None)
    file = f" -> {written}" if isinstance(written, str) and keys[0] in _FILES and is_path(written) else ""
    flags = dict.fromkeys(str(each.place) for each in nodes_within(node) if each.place.is_flag)
    return f"{node.place}{file}{''.join(f', {flag}' for flag in flags if flag != str(node.place))}"
