"""A schema that the recipe gives itself: a stranger's, so it may neither lead out of itself nor run for ever.

Refused, besides what is no JSON Schema 2020-12: references that lead out of the schema, in a circle or to a huge one
(see `references`), keywords that make jsonschema's work explode, and patterns that RE2 cannot run (see `patterns`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, cast

from datarecipe.errors import ExampleSchemaError, Problem
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.formats import FORMATS
from datarecipe.recipe.example_schema.pattern_dialect import PatternError
from datarecipe.recipe.example_schema.patterns import MAX_INSTRUCTIONS_IN_ALL, compile_pattern
from datarecipe.recipe.example_schema.references import Found, check_references, pattern_at
from datarecipe.recipe.example_schema.schema_wording import has_keyword, verdict
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.message_text import code, describe, dotted, join, show
from datarecipe.recipe.source.document import Document, Keys, to_json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DYNAMIC = frozenset({"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$anchor"})
_HOLD_VALUES = frozenset({"const", "enum", "default", "examples"})
"""Keywords with values that are no schemas."""
_NAMES = 100
_UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})


def check_given_schema(document: Document, keys: Keys) -> dict[str, Json]:
    """The schema that stands at `keys`, checked.

    Raises:
        ExampleSchemaError: with all that is wrong with it.
    """
    node = document.get(keys)
    assert node is not None
    schema = to_json(node)
    if not isinstance(schema, dict):
        raise ExampleSchemaError(node.place.problem(f"the schema must be a JSON object, not {describe(schema)}"))
    problems = [_problem(document, keys, *found) for found in _unsafe(schema)]
    if not problems:
        problems = [_problem(document, keys, *found) for found in _not_a_schema(schema)]
    if not problems and schema.get("type") != "object":
        hint = 'write "type": "object" into it'
        problems = [node.place.problem("the schema must describe an object: one example", hint)]
    if problems:
        raise ExampleSchemaError(*problems)
    return schema


def _problem(document: Document, keys: Keys, inner: Keys, message: str) -> Problem:
    where = f"{code(dotted(inner))} of the schema" if inner else "the schema"
    joint = " " if message.startswith(("must ", "is ", "has ")) else ": "
    return document.place((*keys, *inner)).problem(f"{where}{joint}{message}")


def _unsafe(schema: dict[str, Json]) -> Iterator[Found]:
    """What must be known before any validator sees the schema."""
    keywords = (found for keys, item in _entries(schema) for found in _keyword(keys, item))
    found = [*islice(chain(keywords, _check_patterns(schema)), MAX_PROBLEMS)]
    yield from found or check_references(schema)


def _entries(value: Json, keys: Keys = ()) -> Iterator[tuple[Keys, Json]]:
    """Every entry of every mapping within a value: the keys that lead to it, and what stands there."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _entries(item, (*keys, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*keys, key), item
            yield from _entries(item, (*keys, key))


def _is_name_list(keys: Keys) -> bool:
    return keys[-1] in ("required", "type") or (len(keys) > 1 and keys[-2] == "dependentRequired")


def _keyword(keys: Keys, item: Json) -> Iterator[Found]:
    key = keys[-1]
    if _is_name_list(keys) and isinstance(item, list) and len(item) > _NAMES and not all(type(i) is str for i in item):
        # The metaschema wants them all different, and comparing other values with each other takes its time.
        yield keys, "must be a list of texts"
    elif key == "$ref" and isinstance(item, str) and not item.startswith("#"):
        yield keys, f"{show(item)} leads out of the schema, and loading a recipe reads and fetches nothing there"
    elif key in _DYNAMIC and isinstance(item, str | bool):
        yield keys, "only `$ref` with a JSON pointer (`#/$defs/...`) is known here"
    elif key == "format" and isinstance(item, str) and item not in FORMATS and not has_keyword(keys[:-1], _HOLD_VALUES):
        yield keys, f"the format {show(item)} is not known here, and nothing would check it"
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
    for keys, item in _entries(schema):
        pattern = pattern_at(keys, item)
        if pattern is None:
            continue
        try:
            instructions += compile_pattern(pattern).instructions
        except PatternError as error:
            yield keys, f"the pattern {show(pattern)} cannot run: {error}"
        if instructions > MAX_INSTRUCTIONS_IN_ALL:
            yield keys, "up to here, the schema's patterns are too large together; large counts and classes cost most"
            return


def _not_a_schema(schema: dict[str, Json]) -> Iterator[Found]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 75 ms to import

    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    seen: set[Keys] = set()
    for error in metaschema.iter_errors(schema):
        # `type` is a name or a list of names: what is wrong by the form that the value seems to be.
        clearest = max(error.context or [error], key=_clearness)
        keys: Keys = tuple(clearest.absolute_path)
        if keys not in seen:
            seen.add(keys)
            yield keys, _in_words(clearest)


def _clearness(error: ValidationError) -> tuple[int, bool]:
    return len(error.absolute_path), error.validator not in ("type", "enum")


def _in_words(error: ValidationError) -> str:
    if error.validator != "enum":
        return verdict(error)
    value, types = cast("tuple[Json, list[str]]", (error.instance, error.validator_value))
    return f"must be {join(map(code, types), 'or')}, not {describe(value)}"  # in full, unlike a list of labels
