"""When two labels are one."""

from __future__ import annotations

from datarecipe.exchange import Json
from datarecipe.recipe.keys.folding import folded


def fold(value: Json) -> str | None:
    """By what two labels are the same: composed letters without case and outer white space, numbers by their value; None
    for what cannot be a label.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return folded(value) or None if isinstance(value, bool | int | float | str) else None
