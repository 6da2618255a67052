"""A JSON Schema in words: what a message says after "must be"."""

from __future__ import annotations

from datarecipe.recipe.format.schema_file import Schema
from datarecipe.recipe.message_text import code, join

_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_LOWER = (("minimum", "of at least {}"), ("exclusiveMinimum", "above {}"))
_UPPER = (("maximum", "of at most {}"), ("exclusiveMaximum", "below {}"))


def expected(schema: Schema) -> str:
    """What a value must be for `schema`. `x-expected` says it where a person can say it better."""
    if "x-expected" in schema:
        return str(schema["x-expected"])
    if "const" in schema:
        return code(str(schema["const"]))
    if "enum" in schema:
        return "one of " + join((code("null" if v is None else str(v)) for v in schema["enum"]), "or")
    if "anyOf" in schema:
        return join((expected(branch) for branch in schema["anyOf"]), "or")
    types = schema.get("type", [])
    return join((_of_type(name, schema) for name in ([types] if isinstance(types, str) else types)), "or")


def _of_type(name: str, schema: Schema) -> str:
    if name in ("integer", "number"):
        bounds = _range(schema)
        return ("a whole number" if name == "integer" else "a number") + (f" {bounds}" if bounds else "")
    if name == "array" and "items" in schema:
        return "a list of " + expected(schema["items"])
    if name == "string" and schema.get("minLength"):
        return "text that is not empty"
    return _TYPES[name]


def _range(schema: Schema) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f"from {schema['minimum']:,} to {schema['maximum']:,}"
    lower = [words.format(f"{schema[key]:,}") for key, words in _LOWER if key in schema]
    upper = [words.format(f"{schema[key]:,}") for key, words in _UPPER if key in schema]
    return " and ".join(lower + upper)
