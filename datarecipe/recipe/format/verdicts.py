"""What jsonschema found wrong with a recipe, in the words of the field and at the place of the key or the value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from datarecipe.errors import Problem
from datarecipe.exchange import Json
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.schema import Schema, mapping_form, schema_of
from datarecipe.recipe.source.document import Document, Keys, ScalarNode
from datarecipe.recipe.words import code, describe, did_you_mean, dotted, nearest

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LOOKED_AT = 20
"""Unknown keys that are compared with the missing ones."""


def translated(error: ValidationError, document: Document) -> Iterator[tuple[Keys, Problem]]:
    """What one verdict says, as the keys that it is about and the problem; some verdicts say several things."""
    keys: Keys = tuple(error.absolute_path)
    schema: Schema = error.schema if isinstance(error.schema, dict) else {}
    # The stubs allow for errors that are not filled in yet; those that `iter_errors` gives are.
    instance: Any = error.instance
    match error.validator:
        case "required":
            required: Any = error.validator_value
            misspelt = _probably_meant(instance, keys)
            for missing in required:
                if missing not in instance and missing not in misspelt:
                    yield (*keys, missing), _missing(document, keys, missing)
        case "additionalProperties":
            for key in _unknown_keys(instance, schema):
                yield (*keys, key), _unknown(document, keys, key, schema)
        case "pattern" if "propertyNames" in error.absolute_schema_path:
            yield (*keys, instance), _bad_name(document, keys, instance)
        case "anyOf" if (branch := _only_branch(error)) is not None:
            for inner in branch:
                yield from translated(inner, document)
        case _:
            yield keys, _wrong(document, keys, instance, schema)


def _only_branch(error: ValidationError) -> list[ValidationError] | None:
    """What is wrong by the one branch of an `anyOf` that the value's type fits; None if no single one does."""
    branches: dict[str | int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        inners
        for inners in branches.values()
        if not any(inner.validator == "type" and not inner.relative_path for inner in inners)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _unknown_keys(instance: Mapping[str, Json], schema: Schema) -> list[str]:
    patterns = schema.get("patternProperties", {})
    known = schema["properties"]
    return [key for key in instance if key not in known and not any(re.search(own, key) for own in patterns)]


def _probably_meant(instance: Mapping[str, Json], keys: Keys) -> set[str | None]:
    """Known keys that an unknown one is near to: what is misspelt need not be called missing too."""
    schema = mapping_form(schema_of(keys) or {})
    if "properties" not in schema:
        return set()
    return {nearest(key, schema["properties"]) for key in _unknown_keys(instance, schema)[:_LOOKED_AT]}


def _missing(document: Document, keys: Keys, key: str) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    schema = schema_of((*keys, key))
    example = json.dumps(schema["examples"][0], ensure_ascii=False) if schema else "..."
    return document.place(keys).problem(f"{code(key)} is missing{inside}", f"write it, for example: {key}: {example}")


def _unknown(document: Document, keys: Keys, key: str, schema: Schema) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    hint = _elsewhere(key) if not keys else None
    hint = hint or did_you_mean(key, schema["properties"])
    if hint is None and keys:
        hint = "the keys here are " + ", ".join(code(name) for name in schema["properties"])
    return document.key_place((*keys, key)).problem(
        f"unknown key {code(key)}{inside}", hint or "a key of your own begins with `x-`"
    )


def _elsewhere(key: str) -> str | None:
    for parent in ("strategy", "sampling", "limits", "filters"):
        schema = schema_of((parent, key))
        if schema is not None:
            return f"it stands in {code(parent)}: {code(f'{parent}: {{{key}: ...}}')}"
    return None


def _bad_name(document: Document, keys: Keys, name: str) -> Problem:
    message = f"{code(name)} in {code(dotted(keys))} must be a name of letters, digits and `_`"
    return document.key_place((*keys, name)).problem(message, "a template can write it then: {{ vary.name }}")


def _wrong(document: Document, keys: Keys, value: Json, schema: Schema) -> Problem:
    name = code(dotted(keys))
    if value is None:
        return document.place(keys).problem(f"{name} is empty; it must be {expected(schema)}", "or remove the key")
    message = f"{name} must be {expected(schema)}, not {describe(value)}"
    return document.place(keys).problem(message, _wrong_hint(document, keys, value, schema))


def _wrong_hint(document: Document, keys: Keys, value: Json, schema: Schema) -> str | None:
    node = document.get(keys)
    wants_text = schema.get("type") == "string" and "enum" not in schema
    if wants_text and isinstance(value, bool | int | float):
        # The text as written: 1.10 is the number 1.1.
        written = node.text if isinstance(node, ScalarNode) and node.text else json.dumps(value)
        return f'write it with quotes: {keys[-1]}: "{written}"'
    if isinstance(value, str) and "enum" in schema:
        return did_you_mean(value, [choice for choice in schema["enum"] if isinstance(choice, str)])
    if isinstance(value, str) and isinstance(node, ScalarNode) and node.text is None and "integer" in _types(schema):
        return "write the number without quotes"
    return None


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)
