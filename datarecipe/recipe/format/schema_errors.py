"""What jsonschema found wrong with a recipe, in the words of the field and at the place of the key or the value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Any

from datarecipe.errors import MissingKeyError, Problem
from datarecipe.exchange import Json
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.schema_file import Schema, mapping_form, schema_of
from datarecipe.recipe.message_text import code, describe, did_you_mean, dotted, nearest
from datarecipe.recipe.source.document import Document, Keys, Node, ScalarNode

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LOOKED_AT = 100
"""Unknown keys of one mapping for which it is looked what they may mean: each takes some 0.2 ms."""
_NEAR, _VERY_NEAR = 0.7, 0.85
"""How alike two keys must be, as a share: to name one for the other, and to do so although the key exists elsewhere."""
_PARENTS = ("strategy", "sampling", "limits", "filters", "task", "labels")
_PLAIN = re.compile(r"[^\W\d][\w/.-]*(?: [\w/.-]+)*|[./]+[\w/.-]+")
"""Texts among the format's examples that need no quotes."""
_NUMBERS = frozenset({"integer", "number"})
_LIKE_A_NUMBER = re.compile(r"[-+]?\d[\d_,' .]*")
_OWN_LIMITS = frozenset({"const", "minItems", "minProperties", "minLength"})
"""Keywords by which one form of a value is told from another, so that a value that breaks them may be meant as any form."""


def translated(error: ValidationError, document: Document) -> Iterator[tuple[Keys, Problem]]:
    """What one verdict says, as the keys that it is about and the problem; some verdicts say several things."""
    keys: Keys = tuple(error.absolute_path)
    schema: Schema = error.schema if isinstance(error.schema, dict) else {}
    # The stubs allow for errors that are not filled in yet; those that `iter_errors` gives are.
    instance: Any = error.instance
    match error.validator:
        case "required":
            required: Any = error.validator_value
            misspelt = probably_meant(instance, keys)
            for missing in required:
                if missing not in instance and missing not in misspelt:
                    yield (*keys, missing), _missing(document, keys, missing)
        case "additionalProperties":
            for number, key in enumerate(_unknown_keys(instance, schema)):
                yield (*keys, key), _unknown(document, keys, key, schema, looked_at=number < _LOOKED_AT)
        case "pattern" if "propertyNames" in error.absolute_schema_path:
            yield (*keys, instance), _bad_name(document, keys, instance)
        case "anyOf" if (branch := _only_branch(error)) is not None:
            for inner in branch:
                yield from translated(inner, document)
        case _:
            yield keys, _wrong(document, keys, instance, schema)


def _only_branch(error: ValidationError) -> list[ValidationError] | None:
    """What is wrong by the one branch of an `anyOf` that the value is meant for; None if no single one is."""
    branches: dict[str | int, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        inners
        for inners in branches.values()
        if not any(inner.validator == "type" and not inner.relative_path for inner in inners)
    ]
    return fitting[0] if len(fitting) == 1 and all(map(_is_meant, fitting[0])) else None


def _is_meant(error: ValidationError) -> bool:
    schema: Schema = error.schema if isinstance(error.schema, dict) else {}
    instance: Any = error.instance
    if error.validator in _OWN_LIMITS and not error.relative_path:
        return "x-expected" in schema
    if error.validator in ("required", "additionalProperties") and not error.relative_path:
        # A mapping with no key that belongs here is no misspelt one.
        return any(
            key in schema["properties"] or _near(key, schema["properties"]) for key in islice(instance, _LOOKED_AT)
        )
    return True


def _unknown_keys(instance: Mapping[str, Json], schema: Schema) -> list[str]:
    patterns = schema.get("patternProperties", {})
    known = schema["properties"]
    return [key for key in instance if key not in known and not any(re.search(own, key) for own in patterns)]


def probably_meant(instance: Mapping[str, Json], keys: Keys = ()) -> set[str | None]:
    """Known keys that an unknown one seems to mean: what is misspelt need not be called missing too."""
    schema = mapping_form(schema_of(keys) or {})
    if "properties" not in schema:
        return set()
    return {_near(key, schema["properties"]) for key in _unknown_keys(instance, schema)[:_LOOKED_AT]}


def _near(key: str, candidates: Iterable[str], share: float = _NEAR) -> str | None:
    found = nearest(key, candidates)
    if found is None or SequenceMatcher(None, key.casefold(), found).ratio() >= share:
        return found
    return None


def _missing(document: Document, keys: Keys, key: str) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    hint = f"write it, for example: {_example((*keys, key)) or key}"
    problem = document.place(keys).problem(f"{code(key)} is missing{inside}", hint)
    return replace(problem, kind=MissingKeyError.kind)


def _example(keys: Keys) -> str | None:
    """`name: boolq`: the key with a value that it may have."""
    schema = schema_of(keys) or {}
    return f"{keys[-1]}: {_flow(schema['examples'][0])}" if "examples" in schema else None


def _flow(value: Json) -> str:
    """An example of the format as a person writes it in one line of YAML."""
    match value:
        case str() if _PLAIN.fullmatch(value):
            return value
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _unknown(document: Document, keys: Keys, key: str, schema: Schema, *, looked_at: bool) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    hint = _instead(keys, key, schema) if looked_at else None
    if hint is None and keys:
        hint = "the keys here are " + ", ".join(code(name) for name in schema["properties"])
    return document.key_place((*keys, key)).problem(
        f"unknown key {code(key)}{inside}", hint or "a key of your own begins with `x-`"
    )


def _instead(keys: Keys, key: str, schema: Schema) -> str | None:
    """Which key to write, or where."""
    meant = _near(key, schema["properties"], _VERY_NEAR)
    if meant is None and (elsewhere := _elsewhere(keys, key)) is not None:
        return elsewhere
    meant = meant or _near(key, schema["properties"])
    return meant and f"did you mean {code(meant)}?"


def _elsewhere(keys: Keys, key: str) -> str | None:
    if keys and schema_of((key,)) is not None:
        return "it stands at the top level of the recipe"
    parents = (parent for parent in _PARENTS if (parent,) != keys and schema_of((parent, key)) is not None)
    if (parent := next(parents, None)) is None:
        return None
    needed = mapping_form(schema_of((parent,)) or {}).get("required", ())
    inner = ", ".join(f"{name}: ..." for name in dict.fromkeys((*needed, key)))
    return f"it stands in {code(parent)}: {code(f'{parent}: {{{inner}}}')}"


def _bad_name(document: Document, keys: Keys, name: str) -> Problem:
    message = f"{code(name)} in {code(dotted(keys))} must be a name of the letters a to z, digits and `_`"
    hint = "it begins with no digit, so that a template can write it: {{ vary.name }}"
    return document.key_place((*keys, name)).problem(message, hint)


def _wrong(document: Document, keys: Keys, value: Json, schema: Schema) -> Problem:
    name, place, node = code(dotted(keys)), document.place(keys), document.get(keys)
    if value is None or value == "":
        what = "null" if isinstance(node, ScalarNode) and node.text else "empty"
        hint = _for_example(keys) or "write a value, or remove the key"
        if isinstance(keys[-1], int):
            hint = "remove it, or put it into quotes if it is a text"
        return place.problem(f"{name} is {what}; it must be {expected(schema)}", hint)
    # It is not for its length that another type is refused.
    wanted = expected({**schema, "minLength": 0})
    if keys == ("api_base",) and "@" in str(value):
        hint = "keys and passwords belong into the environment, never into a recipe"
        # The line is not shown: what may be a password must not reach a log.
        return replace(place.problem(f"{name} must be {wanted}", hint), excerpt=None)
    found = "an empty mapping" if value == {} else describe(value)
    return place.problem(f"{name} must be {wanted}, not {found}", _wrong_hint(node, keys, value, schema))


def _wrong_hint(node: Node | None, keys: Keys, value: Json, schema: Schema) -> str | None:
    types = _types(schema)
    if isinstance(value, str):
        return _hint_for_text(keys, value, schema, types)
    if types == ["string"] and isinstance(value, bool | int | float) and "enum" not in schema:
        # The text as written: 1.10 is the number 1.1.
        written = node.text if isinstance(node, ScalarNode) and node.text else json.dumps(value)
        return f'write it with quotes: "{written}"'
    return _for_example(keys) if isinstance(value, list | dict) or not _NUMBERS & set(types) else None


def _hint_for_text(keys: Keys, value: str, schema: Schema, types: list[str]) -> str | None:
    choices = [choice for form in (schema, *schema.get("anyOf", ())) for choice in _choices(form)]
    if near := did_you_mean(value, choices):
        return near
    if keys == ("task",):
        return "for dialogues and preference pairs leave out `task` and `labels`: nothing in them is a label"
    if _NUMBERS & set(types):
        is_number = _LIKE_A_NUMBER.fullmatch(value)
        return "write the number without quotes, and nothing between its digits" if is_number else None
    return None if "string" in types else _for_example(keys)


def _for_example(keys: Keys) -> str | None:
    example = _example(keys)
    return example and f"for example: {example}"


def _choices(schema: Schema) -> list[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [value for value in values if isinstance(value, str)]


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)
