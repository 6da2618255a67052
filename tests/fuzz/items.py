"""Schemas of examples with every keyword, at random places, for the fuzz of replies."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datarecipe.recipe import Recipe
from datarecipe.recipe.example_schema.references import check_references

Schema = dict[str, Any]

_PATTERNS = (r"\S", "^a", "(a+)+$", r"^\p{L}*$", "[0-9]{2,4}", "(?i)ham", ".{0,40}")
_VALUES: Sequence[Any] = ("ham", "spam", "yes", 1, 1.0, True, None, [], {}, ["a"], 2**61 - 1, "e\u0301")

_PLAIN: Mapping[str, Callable[[random.Random], Any]] = {
    "type": lambda chance: chance.choice(["string", "number", "integer", "array", "object", ["string", "null"]]),
    "enum": lambda chance: chance.sample(_VALUES, 4),
    "const": lambda chance: chance.choice(_VALUES),
    "minLength": lambda chance: chance.randrange(4),
    "maxLength": lambda chance: chance.randrange(3, 40),
    "pattern": lambda chance: chance.choice(_PATTERNS),
    "format": lambda chance: chance.choice(["date", "email", "regex", "no such"]),
    "minimum": lambda chance: chance.choice([0, -1, 1e308]),
    "exclusiveMaximum": lambda chance: chance.choice([0, 10, 10**400]),
    "multipleOf": lambda chance: chance.choice([1, 0.1, 1e-300, 3]),
    "minItems": lambda chance: chance.randrange(3),
    "maxItems": lambda chance: chance.randrange(1, 6),
    "uniqueItems": lambda chance: chance.random() < 0.8,
    "minProperties": lambda chance: chance.randrange(3),
    "required": lambda chance: chance.sample(["text", "label", "a"], 1),
    "dependentRequired": lambda chance: {"text": chance.sample(["label", "a"], 1)},
    "additionalProperties": lambda chance: chance.random() < 0.5,
}
_WITH_ONE = ("items", "contains", "not", "if", "then", "else", "propertyNames", "additionalProperties")
_WITH_SOME = ("allOf", "anyOf", "oneOf", "prefixItems")
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")


def schema_of(chance: random.Random, recipe: Recipe) -> Schema:
    """A schema for the recipe's examples: most let some through."""
    fields: Schema = {name: _part(chance, 0) if chance.random() < 0.4 else {} for name in recipe.fields}
    schema: Schema = {"type": "object", "properties": fields, "$defs": {"part": _part(chance, 1)}}
    if chance.random() < 0.3:
        fields[chance.choice(recipe.fields)] = {"$ref": "#/$defs/part"}
    if chance.random() < 0.5:
        schema["required"] = list(recipe.fields)
    if chance.random() < 0.15:
        fields[chance.choice(recipe.fields)] = {chance.choice(["anyOf", "oneOf", "allOf"]): [_part(chance, 2)] * 400}
    if chance.random() < 0.3:
        schema = {**schema, "allOf": [_part(chance, 1)]}
    return {"type": "object"} if any(True for _ in check_references(schema)) else schema


def _part(chance: random.Random, depth: int) -> Any:
    if chance.random() < 0.06:
        return chance.random() < 0.7
    schema: Schema = {}
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        kind = chance.random()
        if depth > 2 or kind < 0.6:
            name = chance.choice(sorted(_PLAIN))
            schema[name] = _PLAIN[name](chance)
        elif kind < 0.8:
            schema[chance.choice(_WITH_ONE)] = _part(chance, depth + 1)
        elif kind < 0.92:
            schema[chance.choice(_WITH_SOME)] = [_part(chance, depth + 1) for _ in range(chance.choice((1, 2, 4)))]
        else:
            schema[chance.choice(_BY_NAME)] = {chance.choice(["text", "label", "a"]): _part(chance, depth + 1)}
    return schema
