"""What jsonschema found wrong with a recipe, in the words of the field and at the place of the key or the value."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Any

from datarecipe.errors import MissingKeyError, Problem
from datarecipe.exchange import Json
from datarecipe.printable import printable
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.schema_file import Schema, mapping_form, schema_of
from datarecipe.recipe.message_text import code, describe, did_you_mean, dotted, nearest
from datarecipe.recipe.source.document import Document, Keys, ScalarNode
from datarecipe.recipe.source.yaml_scalars import resolve

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LOOKED_AT = 100
"""Unknown keys of one mapping for which it is looked what they may mean: each takes some 0.2 ms."""
_NEAR, _VERY_NEAR = 0.7, 0.85
"""How alike two keys must be, as a share: to name one for the other, and to do so although the key exists elsewhere."""
_PARENTS = ("strategy", "sampling", "limits", "filters", "task", "labels")
_OTHER_WORDS = {
    "classes": "labels",
    "count": "target_size",
    "example": "seed_example",
    "examples": "seed_example",
    "num_examples": "target_size",
    "per_example": "labels",
    "prompt": "instruction",
    "seed": "random_seed",
    "seeds": "seed_example",
    "size": "target_size",
    "system_prompt": "instruction",
    "template": "instruction",
}
"""What other tools call the keys of a recipe."""
_PLAIN = re.compile(r"[^\W\d][\w/.-]*(?: [\w/.-]+)*|[./]+[\w/.-]+")
_BLOCKS = (("instruction",), ("description",))
"""Keys whose text may well have several lines."""
_NUMBERS = frozenset({"integer", "number"})
_LONGEST_ENTRY = 90
"""Characters of a value that a hint writes out."""
_NAMED = 3
"""Keys of a mapping that a message names."""
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
    return {_meant(key, keys, schema) for key in _unknown_keys(instance, schema)[:_LOOKED_AT]}


def _meant(key: str, keys: Keys, schema: Schema) -> str | None:
    other = None if keys else _OTHER_WORDS.get(key.casefold())
    return other or _near(key, schema["properties"])


def _near(key: str, candidates: Iterable[str], share: float = _NEAR) -> str | None:
    found = nearest(key, candidates)
    if found is None or SequenceMatcher(None, key.casefold(), found).ratio() >= share:
        return found
    return None


def _missing(document: Document, keys: Keys, key: str) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    problem = document.place(keys).problem(
        f"{code(key)} is missing{inside}", f"write it, for example: {_example((*keys, key)) or key}"
    )
    return replace(problem, kind=MissingKeyError.kind)


def _example(keys: Keys) -> str | None:
    """`name: boolq`: the key with a value that it may have."""
    schema = schema_of(keys)
    if schema is None or "examples" not in schema:
        return None
    return f"{keys[-1]}: {_flow(schema['examples'][0])}"


def _is_text(plain: str) -> bool:
    """Whether YAML reads what is written without quotes as text."""
    try:
        return isinstance(resolve(plain), str)
    except ValueError:  # a number that JSON cannot hold
        return False


def _flow(value: Json) -> str:
    """A value as a person writes it in one line of YAML: without quotes where it needs none."""
    match value:
        case str() if _PLAIN.fullmatch(value) and _is_text(value):
            return value
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _unknown(document: Document, keys: Keys, key: str, schema: Schema, *, looked_at: bool) -> Problem:
    inside = f" in {code(dotted(keys))}" if keys else ""
    hint = _instead(document, keys, key, schema) if looked_at else None
    if hint is None and keys:
        hint = "the keys here are " + ", ".join(code(name) for name in schema["properties"])
    return document.key_place((*keys, key)).problem(
        f"unknown key {code(key)}{inside}", hint or "a key of your own begins with `x-`"
    )


def _instead(document: Document, keys: Keys, key: str, schema: Schema) -> str | None:
    """Which key to write, or where."""
    meant = _near(key, schema["properties"], _VERY_NEAR)
    if meant is None and keys != ("tests",):  # the names of measures are like those of filters, and mean something else
        elsewhere = _elsewhere(document, keys, key)
        if elsewhere is not None:
            return elsewhere
    meant = meant or _meant(key, keys, schema)
    return None if meant is None else f"did you mean {code(meant)}?"


def _elsewhere(document: Document, keys: Keys, key: str) -> str | None:
    if keys and schema_of((key,)) is not None:
        return "it stands at the top level of the recipe"
    for parent in _PARENTS:
        if (parent,) != keys and schema_of((parent, key)) is not None:
            first = _first_of(document, parent)
            inner = f"{first}, {key}: ..." if first and not first.startswith(f"{key}:") else f"{key}: ..."
            return f"it stands in {code(parent)}: {code(f'{parent}: {{{inner}}}')}"
    return None


def _first_of(document: Document, parent: str) -> str | None:
    """What a mapping must hold, where the recipe has its short form: `kind: tree`."""
    required = mapping_form(schema_of((parent,)) or {}).get("required")
    if not required:
        return None
    node = document.get((parent,))
    written = node.value if isinstance(node, ScalarNode) and parent == "strategy" else None
    return f"{required[0]}: {written if isinstance(written, str) else '...'}"


def _bad_name(document: Document, keys: Keys, name: str) -> Problem:
    message = f"{code(name)} in {code(dotted(keys))} must be a name of the letters a to z, digits and `_`"
    hint = "begin it with a letter or `_`"
    if keys[0] == "vary":
        hint += ", so that a template can write it: {{ vary.name }}"
    return document.key_place((*keys, name)).problem(message, hint)


def _wrong(document: Document, keys: Keys, value: Json, schema: Schema) -> Problem:
    name = code(dotted(keys))
    wanted = expected(schema)
    node = document.get(keys)
    if value is None or value == "":
        what = "null" if isinstance(node, ScalarNode) and node.text else "empty"
        return document.place(keys).problem(f"{name} is {what}; it must be {wanted}", _empty_hint(document, keys))
    if wanted == expected({"type": "string", "minLength": 1}):
        # It is not for its length that another type is refused.
        wanted = expected({"type": "string"})
    if keys == ("api_base",) and "@" in str(value):
        message = f"{name} must be {wanted}"
        hint = "keys and passwords belong into the environment, never into a recipe"
        # The line is not shown: what may be a password must not reach a log.
        return replace(document.place(keys).problem(message, hint), excerpt=None)
    message = f"{name} must be {wanted}, not {_described(value)}"
    return document.place(keys).problem(message, _wrong_hint(document, keys, value, schema))


def _described(value: Json) -> str:
    if not isinstance(value, dict):
        return describe(value)
    if not value:
        return "an empty mapping"
    names = [code(name) for name in islice(value, _NAMED)]
    return f"a mapping with {', '.join(names)}{', ...' if len(value) > _NAMED else ''}"


def _empty_hint(document: Document, keys: Keys) -> str | None:
    if document.place(keys).is_flag:
        return "write a value after the `=`"
    if isinstance(keys[-1], int):
        return "remove it, or put it into quotes if it is a text"
    around = mapping_form(schema_of(keys[:-1]) or {})
    needed = (*around.get("required", ()), *around.get("else", {}).get("required", ()), "task", "labels")
    example = _example(keys) if keys[-1] in needed else None
    return f"for example: {example}" if example else "write a value, or remove the key"


def _wrong_hint(document: Document, keys: Keys, value: Json, schema: Schema) -> str | None:
    if isinstance(value, str):
        return _hint_for_text(document, keys, value, schema)
    types = _types(schema)
    if types == ["string"] and isinstance(value, bool | int | float) and "enum" not in schema:
        # The text as written: 1.10 is the number 1.1.
        node = document.get(keys)
        written = node.text if isinstance(node, ScalarNode) and node.text else json.dumps(value)
        quoted = f'"{written}"'
        return f"write it with quotes: {_entry(keys, quoted)}"
    if keys in _BLOCKS and isinstance(value, list):
        return f"a text of several lines is a block: `{keys[-1]}: |`, then the lines below it, indented"
    takes_numbers = bool(_NUMBERS & set(types))
    return _for_example(keys) if isinstance(value, list | dict) or not takes_numbers else None


def _hint_for_text(document: Document, keys: Keys, value: str, schema: Schema) -> str | None:
    types = _types(schema)
    choices = [choice for form in (schema, *schema.get("anyOf", ())) for choice in _choices(form)]
    if choices and (near := did_you_mean(value, choices)):
        return near
    if _NUMBERS & set(types):
        return _hint_for_number(document, keys, value)
    parts = [part.strip() for part in value.split(",")]
    if types == ["array"] or (keys == ("labels",) and len(parts) > 1):
        written = _entry(keys, _flow(list(parts)))
        return _for_example(keys) if len(written) > _LONGEST_ENTRY else f"a list is written so: {written}"
    if keys in _PROPOSALS:
        proposed = _PROPOSALS[keys](value)
        return f"write: {_entry(keys, proposed)}" if proposed and len(proposed) <= _LONGEST_ENTRY else None
    if keys in _ADVICE:
        return _ADVICE[keys](value)
    return _for_example(keys) if types == ["object"] or keys == ("labels",) else None


def _hint_for_number(document: Document, keys: Keys, value: str) -> str | None:
    """How a number is written that stands in quotes, or with separators between its digits."""
    number = re.sub(r"(?<=\d)[_,' ](?=\d{3}\b)", "", value.strip())
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", number):
        return None
    node = document.get(keys)
    in_quotes = isinstance(node, ScalarNode) and node.text is None and not node.place.is_flag
    return "write the number without quotes" if in_quotes else f"write: {_entry(keys, number)}"


def _hint_for_address(value: str) -> str | None:
    if "@" in value:
        return "keys and passwords belong into the environment, never into a recipe"
    return None if "://" in value else f"write: {_entry(('api_base',), f'http://{value}')}"


def _for_example(keys: Keys) -> str | None:
    example = _example(keys)
    return example and f"for example: {example}"


def _entry(keys: Keys, written: str) -> str:
    """A value with its key, to be copied; in a list, the value alone."""
    text = printable(written)
    return text if isinstance(keys[-1], int) else f"{printable(str(keys[-1]))}: {text}"


def _name_like(text: str) -> str | None:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_.-") or None


_PROPOSALS: Mapping[Keys, Callable[[str], str | None]] = {
    ("name",): _name_like,
    ("model",): lambda text: "".join(text.split()) or None,
}
"""What a text that does not fit may become."""


_ADVICE: Mapping[Keys, Callable[[str], str | None]] = {
    ("api_base",): _hint_for_address,
    ("task",): lambda _: "for dialogues and preference pairs leave out `task` and `labels`: nothing in them is a label",
}
"""What to say to a text that does not fit."""


def _choices(schema: Schema) -> list[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [value for value in values if isinstance(value, str)]


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)
