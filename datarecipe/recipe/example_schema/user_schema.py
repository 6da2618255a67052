"""A schema that the recipe gives itself: a stranger's, so it may neither lead out of itself nor run for ever.

Refused, besides what is no JSON Schema 2020-12: references that lead out of the schema, in a circle or to a huge one
(see `references`), keywords that make jsonschema's work explode, and patterns that RE2 cannot run (see `patterns`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from datarecipe.errors import ExampleSchemaError, Problem
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.formats import FORMATS
from datarecipe.recipe.example_schema.pattern_dialect import PatternError
from datarecipe.recipe.example_schema.patterns import MAX_INSTRUCTIONS_IN_ALL, compile_pattern
from datarecipe.recipe.example_schema.references import Found, check_references
from datarecipe.recipe.example_schema.schema_wording import has_keyword
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.message_text import code, describe, dotted, join, nearest, shorten, show
from datarecipe.recipe.source.document import Document, Keys

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DYNAMIC = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor"})
_HOLD_VALUES = frozenset({"const", "enum", "default", "examples"})
_NAMES = 100
_UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})


def check_given_schema(document: Document, keys: Keys) -> dict[str, Json]:
    """The schema that stands at `keys`, checked.

    Raises:
        ExampleSchemaError: with all that is wrong with it.
    """
    schema = _at(document.value, keys)
    if not isinstance(schema, dict):
        raise ExampleSchemaError(
            document.place(keys).problem(f"the schema must be a JSON object, not {describe(schema)}")
        )
    problems = [_problem(document, keys, *found) for found in _unsafe(schema)]
    if not problems:
        problems = [_problem(document, keys, *found) for found in _not_a_schema(schema)]
    if not problems and schema.get("type") != "object":
        hint = 'write "type": "object" into it'
        problems = [document.place(keys).problem("the schema must describe an object: one example", hint)]
    if problems:
        raise ExampleSchemaError(*problems)
    return schema


def _problem(document: Document, keys: Keys, inner: Keys, message: str) -> Problem:
    where = f"{code(dotted(inner))} of the schema" if inner else "the schema"
    joint = " " if message.startswith("must ") else ": "
    return document.place((*keys, *inner)).problem(f"{where}{joint}{message}")


def _unsafe(schema: dict[str, Json]) -> Iterator[Found]:
    """Yields the problems that must be found before the schema is passed to a validator."""
    found = [*islice(chain(_walk(schema, ()), _check_patterns(schema)), MAX_PROBLEMS)]
    yield from found or check_references(schema)


def _walk(value: Json, keys: Keys) -> Iterator[Found]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*keys, index))
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        yield from _keyword((*keys, key), key, item)
        yield from _walk(item, (*keys, key))


def _is_name_list(keys: Keys) -> bool:
    return keys[-1] in ("required", "type") or (len(keys) > 1 and keys[-2] == "dependentRequired")


def _keyword(keys: Keys, key: str, item: Json) -> Iterator[Found]:
    if _is_name_list(keys) and isinstance(item, list) and len(item) > _NAMES and not all(type(i) is str for i in item):
        # The metaschema wants them all different, and comparing other values with each other takes its time.
        yield keys, "must be a list of texts"
    elif key == "$ref" and isinstance(item, str) and not item.startswith("#"):
        yield keys, f"{show(item)} leads out of the schema, and loading a recipe reads and fetches nothing there"
    elif key in _DYNAMIC and isinstance(item, str | bool):
        yield keys, "only `$ref` with a JSON pointer (`#/$defs/...`) is known here"
    elif key == "format" and isinstance(item, str) and item not in FORMATS and not has_keyword(keys[:-1], _HOLD_VALUES):
        near = nearest(item, FORMATS)
        meant = f"; did you mean {code(near)}?" if near else ""
        yield keys, f"the format {show(item)} is not known here, and nothing would check it{meant}"
    elif key in _UNEVALUATED:
        # jsonschema judges the parts again for each of them: nested, the work doubles with every level.
        yield keys, "this keyword is not known here; `additionalProperties` and `items` say what is allowed"
    elif key == "$id" and isinstance(item, str) and len(keys) > 1:
        yield keys, "an `$id` inside the schema would change what its references mean"
    elif key == "$schema" and isinstance(item, str) and item.rstrip("#") != DIALECT:
        yield keys, f"the dialect must be {DIALECT}, not {show(item)}"
    elif key == "$schema" and isinstance(item, str) and len(keys) > 1:
        # jsonschema would judge this part with its own class for the dialect, which runs patterns on Python's `re`.
        yield keys, "the dialect is named once, at the top of the schema"


def _check_patterns(schema: dict[str, Json]) -> Iterator[Found]:
    """Every pattern must run on RE2, and all of them together must stay small."""
    instructions = 0
    for keys, pattern in _patterns(schema, ()):
        try:
            instructions += compile_pattern(pattern).instructions
        except PatternError as error:
            yield keys, f"the pattern {show(pattern)} cannot run: {error}"
        if instructions > MAX_INSTRUCTIONS_IN_ALL:
            yield keys, "up to here, the schema's patterns are too large together; large counts and classes cost most"
            return


def _patterns(value: Json, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """Every pattern and its place, wherever a reference might make a schema of what holds it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _patterns(item, (*keys, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "pattern" and isinstance(item, str):
                yield (*keys, key), item
            elif key == "patternProperties" and isinstance(item, dict):
                yield from (((*keys, key, pattern), pattern) for pattern in item)
            yield from _patterns(item, (*keys, key))


def _not_a_schema(schema: dict[str, Json]) -> Iterator[Found]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 75 ms to import

    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    seen: set[Keys] = set()
    for error in metaschema.iter_errors(schema):
        keys: Keys = tuple(error.absolute_path)
        if keys not in seen:
            seen.add(keys)
            yield keys, _in_words(error)


def _in_words(error: ValidationError) -> str:
    """What the metaschema (2020-12) wants instead; its own keywords are few."""
    value: Any = error.instance
    wanted: Any = error.schema
    keyword: Any = error.validator
    match keyword:
        case "uniqueItems":
            told = "must name each only once"
        case "anyOf" if not any("$dynamicRef" in branch for branch in wanted["anyOf"]):
            told = _no_type(value)
        case "anyOf":  # in the older keyword `dependencies`
            told = f"must be a schema (a mapping, or true or false) or a list of names of fields, not {describe(value)}"
        case "type" if wanted["type"] == ["object", "boolean"]:
            told = f"must be a schema: a mapping, or true or false; not {describe(value)}"
        case "type" | "minimum" | "exclusiveMinimum":
            # What the elements of a list must be is told with them, when they are not.
            bounds = {name: bound for name, bound in wanted.items() if name != "items"}
            told = f"must be {expected(bounds)}, not {describe(value)}"
        case "minItems":
            told = "must be a list of at least one schema, not an empty list"
        case "pattern" if error.absolute_path[-1] == "$id":
            told = f'must be an address with nothing behind "#", not {describe(value)}'
        case _:
            rule = code(f"{keyword}: {shorten(json.dumps(error.validator_value))}")
            told = f"{describe(value)} does not fit {rule}, which JSON Schema 2020-12 asks for here"
    return told


def _no_type(value: Json) -> str:
    told = f"must be {join(map(code, _TYPES), 'or')}, or a list of these"
    if isinstance(value, list) and value:
        strange = [item for item in value if item not in _TYPES]
        if not strange:
            return "must name each type only once"
        return f"{told}, and {describe(strange[0])} is none of them{_meant(strange[0])}"
    return f"{told}, not {describe(value)}{_meant(value)}"


def _meant(value: Json) -> str:
    near = _OTHER_TYPES.get(value) or nearest(value, _TYPES) if isinstance(value, str) else None
    return f"; did you mean {code(near)}?" if near else ""


_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_OTHER_TYPES = {
    "bool": "boolean",
    "dict": "object",
    "float": "number",
    "int": "integer",
    "list": "array",
    "map": "object",
    "mapping": "object",
    "none": "null",
    "str": "string",
    "text": "string",
}
"""What other languages call the types."""


def _at(value: Json, keys: Keys) -> Json:
    for key in keys:
        value = value[key]  # type: ignore[index]
    return value
