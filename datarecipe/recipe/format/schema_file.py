"""The JSON Schema of the recipe format: editors complete and check by it, `check_format` applies it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from datarecipe.recipe.format import FORMAT

Schema: TypeAlias = Mapping[str, Any]


FILE = f"recipe-{FORMAT}.schema.json"
"""The schema's file: beside this module, and in `.datarecipe/` of a project."""

_TITLE = "datarecipe recipe, format "


@cache
def format_schema() -> Schema:
    """The JSON Schema of the recipe format."""
    schema: Schema = json.loads(format_schema_text())
    return schema


def format_schema_text() -> str:
    """The JSON Schema of the recipe format as its file says it, byte for byte in UTF-8."""
    return Path(__file__).with_name(FILE).read_text(encoding="utf-8")


def is_format_schema(content: bytes) -> bool:
    """Whether a file is a JSON Schema of recipes, of whatever release."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(schema, dict) and str(schema.get("title", "")).startswith(_TITLE)


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
