"""The references of a stranger's schema: each must lead to a place in the schema itself, and all of them to an end.

A validator follows references one by one while it judges an item. Here they are followed once, before: what the schema
would be with every reference replaced by what it names must be of bounded size and depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.pattern_dialect import PatternError
from datarecipe.recipe.example_schema.patterns import compile_pattern
from datarecipe.recipe.message_text import show
from datarecipe.recipe.source.document import Keys

MAX_SIZE = 20_000
"""Values in a schema with its references followed."""
MAX_DEPTH = 48
"""Lists and mappings in each other, in a schema with its references followed. jsonschema takes several frames for each,
its metaschema more, and Python has 1,000."""

_INSTRUCTIONS_PER_VALUE = 4
_POSITION = re.compile("0|[1-9][0-9]{0,5}")
_TOO_LARGE = "with its references followed the schema is too large"

_WITH_SCHEMA = frozenset(
    ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then")
)
"""Keywords whose value is a schema."""
_WITH_SCHEMAS = frozenset((
    "$defs", "allOf", "anyOf", "definitions", "dependentSchemas", "oneOf", "patternProperties", "prefixItems", "properties",
))  # fmt: skip
"""Keywords whose value holds schemas, by name or in a list."""

Found: TypeAlias = tuple[Keys, str]
"""Where in the schema something is wrong, and what."""


def check_references(schema: dict[str, Json]) -> Iterator[Found]:
    """What is wrong with the references of a schema that has only local ones, and patterns that can run."""
    unfolding = _Unfolding(schema)
    whole = unfolding.measure((), schema, 0)
    if whole.size > MAX_SIZE and not unfolding.found:
        unfolding.found.append(((), _TOO_LARGE))
    # One place may be met on many ways, and one finding tells enough.
    yield from dict(reversed(unfolding.found)).items()


def pattern_at(keys: Keys, item: Json) -> str | None:
    """The pattern that stands at `keys`, as a value or as a key, wherever a reference might make a schema of it."""
    pattern = item if keys[-1] == "pattern" else keys[-1] if keys[-2:-1] == ("patternProperties",) else None
    return pattern if isinstance(pattern, str) else None


@dataclass(frozen=True, slots=True)
class _Extent:
    size: int
    depth: int


class _Unfolding:
    """Measures the schema with its references followed; each target only once."""

    def __init__(self, schema: dict[str, Json]) -> None:
        self.found: list[Found] = []
        self._schema = schema
        self._targets: dict[str, _Extent | None] = {}

    def measure(self, keys: Keys, value: Json, depth: int) -> _Extent:
        """Size and depth of a value that stands `depth` deep."""
        if depth > MAX_DEPTH:
            self.found.append((keys, "the schema is too deeply nested here"))
            return _Extent(1, 0)
        inner: Iterable[tuple[str | int, Json]] = ()
        if isinstance(value, list):
            inner = enumerate(value)
        elif isinstance(value, dict):
            inner = value.items()
        size, deepest = 1, 0
        for key, item in inner:
            size += self._pattern_size((*keys, key), item)
            if key == "$ref" and isinstance(item, str):
                extent = self._target((*keys, key), item, depth)
            else:
                extent = self.measure((*keys, key), item, depth + 1)
            size += extent.size
            deepest = max(deepest, extent.depth + 1)
        return _Extent(size, deepest)

    @staticmethod
    def _pattern_size(keys: Keys, item: Json) -> int:
        """What a pattern at this place weighs beside other values: as often as it is named, it runs."""
        pattern = pattern_at(keys, item)
        if pattern is None:
            return 0
        try:
            return compile_pattern(pattern).instructions // _INSTRUCTIONS_PER_VALUE
        except PatternError:  # told already where it runs; elsewhere (an enum, say) it is only text
            return 0

    def _target(self, keys: Keys, pointer: str, depth: int) -> _Extent:
        if pointer not in self._targets:
            self._targets[pointer] = None
            inner = _keys_of(pointer)
            target = None if inner is None else _at(self._schema, inner)
            if inner is None or not isinstance(target, dict | bool):
                self.found.append((keys, f"{show(pointer)} names no schema in here"))
                target = True
            elif not _is_schema_place(inner):
                self.found.append((keys, f"{show(pointer)} is no place of a schema; `$defs` is one"))
            self._targets[pointer] = self.measure(inner or (), target, depth + 1)
        extent = self._targets[pointer]
        if extent is None:
            self.found.append((keys, f"{show(pointer)} leads back to itself; an example's depth must be bounded"))
        elif extent.size > MAX_SIZE or depth + extent.depth > MAX_DEPTH:
            self.found.append((keys, _TOO_LARGE))
        else:
            return extent
        return _Extent(1, 0)


def _keys_of(pointer: str) -> Keys | None:
    """The keys of a JSON pointer in a fragment (RFC 6901, section 6), or None if it is none."""
    from urllib.parse import unquote  # noqa: PLC0415 - few schemas have references

    path = unquote(pointer.removeprefix("#"))
    if path and not path.startswith("/"):
        return None
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])


def _is_schema_place(keys: Keys) -> bool:
    """Whether a schema stands there, which the metaschema has judged, and not an example, say, or a key of no meaning."""
    rest = iter(keys)
    for keyword in rest:
        if keyword not in _WITH_SCHEMA and (keyword not in _WITH_SCHEMAS or next(rest, None) is None):
            return False
    return True


def _at(value: Json, keys: Keys) -> Json:
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[str(key)]
        elif isinstance(value, list) and _POSITION.fullmatch(str(key)) and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
