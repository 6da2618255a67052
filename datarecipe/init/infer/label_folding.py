"""When two labels are one."""

from __future__ import annotations

from datarecipe.exchange import Json


def fold(value: Json) -> str | None:
    """By what two labels are the same: letters without case and outer white space, numbers by their value; None for what
    cannot be a label.
    """
    match value:
        case bool():
            return str(value).casefold()
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case str():
            return value.strip().casefold() or None
        case _:
            return None
