"""When two values are one label, and how many values are named in what `init` says."""

from __future__ import annotations

from collections.abc import Sequence

from datarecipe.exchange import Json
from datarecipe.recipe.keys.value_equality import folded


def fold(value: Json) -> str | None:
    """By what two labels are the same: composed letters without case and outer white space, numbers by their value; None
    for what cannot be a label.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return folded(value) or None if isinstance(value, bool | int | float | str) else None


def listed(words: Sequence[str], most: int = 12) -> str:
    """`a, b, c, ...`"""
    return ", ".join(words[:most]) + (f", ... ({len(words)} in all)" if len(words) > most else "")
