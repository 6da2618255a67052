"""The `response_format` that goes out: the portable subset of JSON Schema around the schema of one example.

Providers take different subsets and refuse what they do not know, so only what all of them take goes on the wire. The full
schema is checked here, on what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from datarecipe.exchange import Json
from datarecipe.generate.prompt.embedded_grammar import as_mapping, object_schema
from datarecipe.generate.prompt.embedded_prompt import embedded_schema
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.recipe.recipe import Recipe


def response_format(recipe: Recipe, model: ModelSettings, rotation: int = 0, wanted: int = 0) -> dict[str, Json] | None:
    """The OpenAI `response_format` object for this recipe and model, or None to send none.

    `rotation` says which labels it is the embedded model's turn to write, `wanted` which values of `filters.balance`.
    """
    if model.response_format == "none":
        return None
    if model.response_format == "json_object":
        return {"type": "json_object"}
    if model.profile.layout == "embedded":
        schema = embedded_schema(recipe, rotation, wanted)
    else:
        schema = object_schema({"examples": {"type": "array", "items": portable(recipe.schema, recipe.fields)}})
    return {"type": "json_schema", "json_schema": {"name": "examples", "strict": True, "schema": schema}}


def portable(schema: Mapping[str, Json], order: tuple[str, ...] = ()) -> dict[str, Json]:
    """The part of `schema` that every provider of structured output takes; properties in `order`, then the rest."""
    kept: dict[str, Json] = {key: schema[key] for key in ("type", "enum", "description") if key in schema}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    items = schema.get("items")
    if isinstance(items, dict):
        kept["items"] = portable(items)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        names = list(dict.fromkeys([*(name for name in order if name in properties), *properties]))
        kept["properties"] = {name: portable(as_mapping(properties[name])) for name in names}
        # Strict modes want every property required; one that the recipe leaves open may then come back, and is checked.
        kept["required"] = cast("list[Json]", names)
        kept["additionalProperties"] = False
    return kept
