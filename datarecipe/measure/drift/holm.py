"""Correction for several tests."""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """p of each test, corrected so that all of them together find something by chance as rarely as one alone.

    The smallest times the number of tests, the next times one less, and so on; none below the one before, none above 1.
    Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    found, least = [0.0] * len(values), 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, (len(values) - rank) * values[at]))
        found[at] = least
    return found
