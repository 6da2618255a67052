"""How likely runs of letters are in each language: whole numbers, read from a table that comes with datarecipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

FILE: Final = "language_profiles.txt"
"""Beside this module. Written by `tests/write_language_profiles.py`, which says where the numbers come from."""

BITS: Final = 4
"""Parts of a bit in which the table counts."""

ABSENT: Final = 16 * BITS
"""What a run costs that a language does not have."""

Profile: TypeAlias = Mapping[str, int]
"""By run: what it costs, minus the logarithm of its share of all runs of its length, in parts of a bit."""

_BY_SCRIPT: Final[Mapping[str, Profile]] = {
    "hy": {"Armenian": 0},
    "ja": {"Kana": 3, "Han": 5},
    "ka": {"Georgian": 0},
    "km": {"Khmer": 0},
    "ko": {"Hangul": 0},
    "lo": {"Lao": 0},
    "my": {"Burmese": 0},
    "si": {"Sinhala": 0},
    "zh": {"Han": 0},
}
"""Of Japanese letters about three of five are kana."""


@cache
def profiles() -> Mapping[str, Profile]:
    """By the language's code (ISO 639-1)."""
    table = Path(__file__).with_name(FILE).read_text(encoding="utf-8")
    lines = [line.split() for line in table.splitlines() if not line.startswith("#")]
    return {**{line[0]: _profile(line[1:]) for line in lines}, **_BY_SCRIPT}


@cache
def cheaper_in() -> Mapping[str, Sequence[tuple[str, int]]]:
    """By run: the languages that have it, with how much less than `ABSENT` it costs there. Most have few."""
    found: dict[str, list[tuple[str, int]]] = {}
    for language, profile in profiles().items():
        for run, cost in profile.items():
            found.setdefault(run, []).append((language, ABSENT - cost))
    return found


def _profile(words: list[str]) -> Profile:
    """Costs, each followed by the runs that have it."""
    profile, cost = {}, 0
    for word in words:
        if word.isdecimal():
            cost = int(word)
        else:
            profile[word] = cost
    return profile
