"""How a schema is applied: the one place where validators are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator that reads no file and opens no connection, whatever the schema refers to."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 75 ms to import
    from referencing import Registry  # noqa: PLC0415

    return Draft202012Validator(schema, registry=Registry())
