"""A schema that the recipe gives itself: a stranger's, so it may neither lead out of itself nor run for ever.

Refused, besides what is no JSON Schema 2020-12: references that lead out of the schema, in a circle or to a huge one
(see `references`), keywords that make jsonschema's work explode, and patterns that could make Python's `re` run for
ever (see `patterns`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from datarecipe.errors import Problem, RecipeError
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.patterns import why_refused
from datarecipe.recipe.example_schema.references import Found, check_references
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.source.document import Document, Keys
from datarecipe.recipe.words import code, describe, dotted, show

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DYNAMIC = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor"})
_UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})


def check_given_schema(document: Document, keys: Keys) -> dict[str, Json]:
    """The schema that stands at `keys`, checked.

    Raises:
        RecipeError: with all that is wrong with it.
    """
    schema = _at(document.value, keys)
    if not isinstance(schema, dict):
        raise RecipeError(document.place(keys).problem(f"the schema must be a JSON object, not {describe(schema)}"))
    problems = [_problem(document, keys, *found) for found in _unsafe(schema)]
    if not problems:
        problems = [_problem(document, keys, *found) for found in _not_a_schema(schema)]
    if not problems and schema.get("type") != "object":
        hint = 'write "type": "object" into it'
        problems = [document.place(keys).problem("the schema must describe an object: one example", hint)]
    if problems:
        raise RecipeError(*problems)
    return schema


def _problem(document: Document, keys: Keys, inner: Keys, message: str) -> Problem:
    where = f"{code(dotted(inner))} of the schema" if inner else "the schema"
    return document.place((*keys, *inner)).problem(f"{where}: {message}")


def _unsafe(schema: dict[str, Json]) -> Iterator[Found]:
    """What must be known before any validator sees the schema."""
    found = [*islice(_walk(schema, ()), MAX_PROBLEMS)]
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


def _keyword(keys: Keys, key: str, item: Json) -> Iterator[Found]:
    if key == "$ref" and isinstance(item, str) and not item.startswith("#"):
        yield keys, f"{show(item)} leads out of the schema, and loading a recipe reads and fetches nothing there"
    elif key in _DYNAMIC and isinstance(item, str | bool):
        yield keys, "only `$ref` with a JSON pointer (`#/$defs/...`) is known here"
    elif key in _UNEVALUATED:
        # jsonschema judges the parts again for each of them: nested, the work doubles with every level.
        yield keys, "this keyword is not known here; `additionalProperties` and `items` say what is allowed"
    elif key == "$id" and isinstance(item, str) and len(keys) > 1:
        yield keys, "an `$id` inside the schema would change what its references mean"
    elif key == "$schema" and isinstance(item, str) and item.rstrip("#") != DIALECT:
        yield keys, f"the dialect must be {DIALECT}, not {show(item)}"
    elif key == "pattern" and isinstance(item, str):
        yield from _pattern(keys, item)
    elif key == "patternProperties" and isinstance(item, dict):
        for pattern in item:
            yield from _pattern((*keys, pattern), pattern)


def _pattern(keys: Keys, pattern: str) -> Iterator[Found]:
    reason = why_refused(pattern)
    if reason is not None:
        yield keys, f"the pattern {show(pattern)} may not run: {reason}"


def _not_a_schema(schema: dict[str, Json]) -> Iterator[Found]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 75 ms to import

    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    seen: set[Keys] = set()
    for error in metaschema.iter_errors(schema):
        keys: Keys = tuple(error.absolute_path)
        if keys not in seen:
            seen.add(keys)
            yield keys, f"{describe(_at(schema, keys))} cannot stand here in JSON Schema 2020-12"


def _at(value: Json, keys: Keys) -> Json:
    for key in keys:
        value = value[key]  # type: ignore[index]
    return value
