"""How values of the user's are named in what `init` says: short, and on one line."""

from __future__ import annotations

from collections.abc import Sequence


def show(value: object) -> str:
    """A value in a message, short: a text in quotes, all else bare."""
    return quoted(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def quoted(text: str, longest: int = 60) -> str:
    """A text in quotes, short and on one line."""
    flat = " ".join(text.split())
    return '"' + (flat if len(flat) <= longest else flat[: longest - 3] + "...") + '"'


def listed(words: Sequence[str], most: int = 12) -> str:
    """`a, b, c, ...`"""
    return ", ".join(words[:most]) + (f", ... ({len(words)} in all)" if len(words) > most else "")
