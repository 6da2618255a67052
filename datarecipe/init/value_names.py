"""How many values are named in what `init` says."""

from __future__ import annotations

from collections.abc import Sequence


def listed(words: Sequence[str], most: int = 12) -> str:
    """`a, b, c, ...`"""
    return ", ".join(words[:most]) + (f", ... ({len(words)} in all)" if len(words) > most else "")
