"""What is wrong with an example by a schema, in words of ours: the same under every release of jsonschema and of Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datarecipe.recipe.example_schema.patterns import compile_pattern
from datarecipe.recipe.message_text import code, describe, dotted, join, shorten, show

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def in_words(error: ValidationError) -> str:
    """What does not fit: the place, the value, and what is wanted."""
    where = code(dotted(tuple(error.absolute_path))) if error.absolute_path else ""
    if names_a_field(error):
        inside = f"in {where} " if where else ""
        return f"{inside}the name of the field {code(str(error.instance))} {verdict(error)}"
    return f"{where or 'the example'} {verdict(error)}"


def names_a_field(error: ValidationError) -> bool:
    """Whether a field's name is judged, and not what stands at the path: `propertyNames` gives no path of its own."""
    return has_keyword(list(error.absolute_schema_path), {"propertyNames"})


def has_keyword(path: Sequence[str | int], keywords: Collection[object]) -> bool:
    """Whether a path within a schema leads through one of these keywords, not through a name that is spelt like it."""
    return any(key in keywords and (index == 0 or path[index - 1] not in _NAMING) for index, key in enumerate(path))


_NAMING = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
"""Keywords below which a key is a name of the author's, not a keyword."""


def verdict(error: ValidationError) -> str:
    """What does not fit, without the place: words to follow its name."""
    # The stubs allow for errors that are not filled in yet; those that `iter_errors` gives are.
    instance: Any = error.instance
    wanted: Any = error.validator_value
    keyword: Any = error.validator
    match keyword:
        case "properties" | "prefixItems":
            said = f"may not be there: {code(keyword)} has `false` for it"
        case "patternProperties":
            name = error.absolute_path[-1]
            pattern = next(key for key in wanted if wanted[key] is False and compile_pattern(key).search(str(name)))
            said = f"may not be there: `patternProperties` has `false` for the pattern {show(pattern)}"
        case None:
            said = f"is {describe(instance)}, where the schema is `false` and allows nothing"
        case "required":
            said = f"lacks {join((code(name) for name in wanted if name not in instance), 'and')}"
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            said = f"must be of type {join(types, 'or')}, not {describe(instance)}"
        case "enum" | "const":
            listed = wanted if keyword == "enum" else [wanted]
            said = f"must be {shorten(join(map(show, listed), 'or'))}, not {describe(instance)}"
        case "pattern":
            said = f"is {describe(instance)}, in which the pattern {show(wanted)} is not found"
        case "format":
            said = f"is {describe(instance)}, which is no {wanted}"
        case _ if keyword in _MEASURED:
            measured, unit, bound = _MEASURED[keyword]
            said = f"has {measured(instance):,} {unit}, and {bound} are {int(wanted):,}"
        case _:
            said = f"is {describe(instance)}, against {code(f'{keyword}: {shorten(json.dumps(wanted))}')}"
    return said


_MEASURED: Mapping[str, tuple[Callable[[Any], int], str, str]] = {
    "minLength": (len, "characters", "the fewest"),
    "maxLength": (len, "characters", "the most"),
    "minItems": (len, "elements", "the fewest"),
    "maxItems": (len, "elements", "the most"),
    "minProperties": (len, "fields", "the fewest"),
    "maxProperties": (len, "fields", "the most"),
}
"""Keywords that bound a size: how it is measured, and the words for it."""
