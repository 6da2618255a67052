"""How a schema is applied: the one place where validators are made.

They are jsonschema's for the dialect 2020-12, with the three keywords that search for patterns made anew, so that a
stranger's pattern runs on RE2 and not on Python's `re` (see `patterns`), `uniqueItems`, so that it takes no time that
grows with the square of a list, `format`, so that it is checked (see `formats`), and `properties`, so that the error of a
field that may not be there names the field.
One more of jsonschema's keywords searches with `re`, `unevaluatedProperties`; a recipe whose schema has it is refused
when it is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from datarecipe.recipe.example_schema.formats import FORMATS
from datarecipe.recipe.example_schema.patterns import compile_pattern
from datarecipe.recipe.example_schema.validation_cost import COLLECTIONS, TooMuchWorkError, Work
from datarecipe.recipe.keys.value_equality import equality_key

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator that reads no file and opens no connection, whatever the schema refers to.

    A pattern that cannot run raises `PatternError` when it is first needed; a recipe's schema has none, since loading it
    compiles them all.
    """
    from referencing import Registry  # noqa: PLC0415 - comes with jsonschema

    # For a schema that names its dialect jsonschema would take its own class for that dialect, and so its own keywords.
    unnamed = {key: value for key, value in schema.items() if key != "$schema"}
    made: Draft202012Validator = _searching_with_re2()(unnamed, registry=Registry())
    return within(made, Work(math.inf))


def within(judge: Draft202012Validator, work: Work) -> Draft202012Validator:
    """The same validator, whose keywords raise `TooMuchWorkError` when the steps of `work` are used up."""
    bound: Any = judge.evolve(format_checker=work)  # a stand-in for one, see `Work`
    return cast("Draft202012Validator", bound)


_WITHOUT_PARTS = frozenset((
    "type", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "format",
))  # fmt: skip
"""Keywords that look at a value by themselves, and at no other schema."""

_TEXTS_AT_ONCE = 100
_REFERENCE = 20
"""Steps to look a reference up."""


@cache
def _searching_with_re2() -> Any:
    """The class of all validators. Making it takes longer than judging an item."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 75 ms to import
    from jsonschema.validators import extend  # noqa: PLC0415

    theirs = Draft202012Validator.VALIDATORS
    keywords = {
        **theirs,
        "properties": _properties,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "prefixItems": _prefix_items,
        "items": partial(_items, theirs["items"]),
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
        "format": _format,
        "const": partial(_const, theirs["const"]),
        "$ref": partial(_reference, theirs["$ref"]),
    }
    counted = {name: partial(_counted, keyword) for name, keyword in keywords.items()}
    counted["enum"] = partial(_enum, theirs["enum"])
    return extend(Draft202012Validator, counted)  # type: ignore[no-untyped-call]  # the stub's gap


def _counted(keyword: Any, judge: Any, wanted: Any, instance: Any, schema: Any) -> Any:
    """Calls a keyword, which looks at each part of its value and of what it judges, and counts that."""
    work = judge.format_checker
    # Here and not in a method of `Work`: it is called for each keyword of each item.
    steps = 1 + work.weights.get(id(instance), 0) if work.weights else 1
    if isinstance(wanted, COLLECTIONS):
        steps += len(wanted)
    if isinstance(instance, COLLECTIONS):
        steps += len(instance)
    work.left -= steps
    if work.left < 0:
        raise TooMuchWorkError
    return keyword(judge, wanted, instance, schema)


def _enum(theirs: Any, judge: Any, wanted: Sequence[Any], instance: Any, schema: Any) -> Any:
    # A label that is one of a thousand is found at once.
    found = isinstance(instance, str) and instance in wanted
    judge.format_checker.spend(1 + len(wanted) // (_TEXTS_AT_ONCE if found else 1))
    if found:
        return ()
    judge.format_checker.compared(instance, len(wanted))
    return theirs(judge, wanted, instance, schema)


def _const(theirs: Any, judge: Any, wanted: Any, instance: Any, schema: Any) -> Any:
    judge.format_checker.compared(instance)
    return theirs(judge, wanted, instance, schema)


def _reference(theirs: Any, judge: Any, wanted: Any, instance: Any, schema: Any) -> Any:
    judge.format_checker.spend(_REFERENCE)
    return theirs(judge, wanted, instance, schema)


def _found(judge: Any, pattern: str, text: str) -> bool:
    compiled = compile_pattern(pattern)
    judge.format_checker.searched(compiled.instructions, len(text))
    return compiled.search(text)


# Each keyword is called with the validator, the keyword's value, what is judged, and the schema around the keyword.


def _properties(judge: Any, wanted: Mapping[str, Any], instance: Any, _: object) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for name, schema in wanted.items():
        if name in instance:
            yield from _descend(judge, instance[name], schema, name, name)


def _pattern(judge: Any, wanted: str, instance: Any, __: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _found(judge, wanted, instance):
        yield _error()


def _pattern_properties(judge: Any, wanted: Mapping[str, Any], instance: Any, _: object) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in wanted.items():
        for name, value in instance.items():
            if _found(judge, pattern, name):
                yield from _descend(judge, value, schema, name, pattern)


def _prefix_items(judge: Any, wanted: Sequence[Any], instance: Any, _: object) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        for index, (item, schema) in enumerate(zip(instance, wanted, strict=False)):
            yield from _descend(judge, item, schema, index, index)


def _items(theirs: Any, judge: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if wanted is False:
        yield from theirs(judge, wanted, instance, schema)
    elif isinstance(instance, list):
        for index in range(len(schema.get("prefixItems", ())), len(instance)):
            yield from _descend(judge, instance[index], wanted, index, None)


def _descend(
    judge: Any, value: Any, schema: Any, path: str | int, schema_path: str | int | None
) -> Iterator[ValidationError]:
    """jsonschema's own, which forgets where the value stands when its schema is `false`."""
    if schema is False:
        yield _error(path=(path,), instance=value)
    elif not _fits_at_once(judge, value, schema):
        yield from judge.descend(value, schema, path=path, schema_path=schema_path)


def _fits_at_once(judge: Any, value: Any, schema: Any) -> bool:
    """Whether a value fits a schema without parts. jsonschema copies its validator for each part, which costs more."""
    if not isinstance(schema, dict) or not _WITHOUT_PARTS.issuperset(schema):
        return False
    for keyword, wanted in schema.items():
        for _ in judge.VALIDATORS[keyword](judge, wanted, value, schema) or ():
            return False
    return True


def _additional_properties(
    judge: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    # In the item's order: jsonschema's own keyword takes them from a set, in another order in each process.
    extras = [name for name in instance if name not in schema.get("properties", ())]
    for pattern in schema.get("patternProperties", ()):
        extras = [name for name in extras if not _found(judge, pattern, name)]
    if isinstance(wanted, dict):
        for name in extras:
            yield from judge.descend(instance[name], wanted, path=name)
    elif extras and not wanted:
        yield _error()


def _format(_: Any, wanted: str, instance: Any, __: object) -> Iterator[ValidationError]:
    # Loading a recipe refuses other names; JSON Schema lets them say nothing.
    if isinstance(instance, str) and wanted in FORMATS and not FORMATS[wanted](instance):
        yield _error()


def _unique_items(judge: Any, wanted: Any, instance: Any, __: object) -> Iterator[ValidationError]:
    # jsonschema's own compares each with each where the items are mappings: a minute for some thousands.
    if not wanted or not isinstance(instance, list):
        return
    judge.format_checker.compared(instance)
    texts = all(isinstance(item, str) for item in instance)
    if len(set(instance if texts else map(equality_key, instance))) < len(instance):
        yield _error()


def _error(**where: Any) -> ValidationError:
    """An error without a message: `schema_wording` has the words."""
    from jsonschema import ValidationError  # noqa: PLC0415

    return ValidationError("", **where)
