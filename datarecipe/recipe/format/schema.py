"""The JSON Schema of the recipe format: editors complete and check by it, `check_format` applies it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from datarecipe.recipe.format import FORMAT

Schema: TypeAlias = Mapping[str, Any]


@cache
def format_schema() -> Schema:
    """The JSON Schema of the recipe format."""
    text = Path(__file__).with_name(f"recipe-{FORMAT}.schema.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


def schema_of(keys: tuple[str | int, ...]) -> Schema | None:
    """The schema of a key, through the mapping form where a key has a short one too."""
    schema = format_schema()
    for key in keys:
        form = mapping_form(schema)
        others = form.get("additionalProperties")
        inner = form.get("properties", {}).get(key, others if isinstance(others, dict) else None)
        if inner is None:
            return None
        schema = inner
    return schema


def required_keys() -> frozenset[str]:
    """The keys that every recipe has, its own or those of what it extends."""
    schema = format_schema()
    return frozenset((*schema["required"], *schema["else"]["required"]))


def mapping_form(schema: Schema) -> Schema:
    """The schema itself, or the one of its alternatives that lists keys."""
    return next((form for form in (schema, *schema.get("anyOf", ())) if "properties" in form), schema)
