"""Writes the table of `datarecipe/recipe/language`: `python -m tests.write_language_profiles FOLDER`

FOLDER holds the language profiles of langdetect 1.0.9 (Apache-2.0), how often runs of letters occur in Wikipedia, one file
of JSON for each language. They are read as data: none of its code runs. The most frequent runs of each length are kept.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections import Counter
from pathlib import Path

from datarecipe.characters import caseless
from datarecipe.recipe.language.language_profiles import ABSENT, BITS, FILE
from datarecipe.recipe.language.letter_runs import EDGE, words_of

TARGET = Path(__file__).parent.parent / "datarecipe" / "recipe" / "language" / FILE
KEPT = (200, 600, 800)
"""Runs of one, two and three letters."""
BY_SCRIPT = {"ja", "ko", "zh-cn", "zh-tw"}
SHA256 = "c5c0c53251fa5114d448ce0607809b849340a9b24752d94f5a285ef05e0741e3"
"""Of the names and contents of all files."""

_HEAD = f"""\
# What runs of letters cost in each language, in 1/{BITS} bit: a cost, then the runs that have it. {EDGE} is a word's edge.
# Written by tests/write_language_profiles.py from the profiles of langdetect 1.0.9, which has them from language-detection:
# Copyright (c) 2010-2014 Cybozu Labs, Inc. All rights reserved. Licensed under the Apache License, Version 2.0.
"""


def table(folder: Path) -> str:
    """The text of the file."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".py")
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    if digest != SHA256:
        sys.exit(f"these are other profiles: their hash is {digest}")
    return _HEAD + "".join(f"{path.name} {_line(path)}\n" for path in files if path.name not in BY_SCRIPT)


def _line(path: Path) -> str:
    profile = json.loads(path.read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    for run, count in profile["freq"].items():
        small = caseless(run)
        # Of some languages it has marks by themselves, and letters of scripts that count as such.
        if len(small) == len(run) and words_of(small) == [small.strip()]:
            counts[small.replace(" ", EDGE)] += count
    by_cost: dict[int, list[str]] = {}
    for length, kept in enumerate(KEPT, start=1):
        of_length = sorted((-count, run) for run, count in counts.items() if len(run) == length)
        for count, run in of_length[:kept]:
            cost = round(BITS * math.log2(profile["n_words"][length - 1] / -count))
            by_cost.setdefault(min(cost, ABSENT), []).append(run)
    return " ".join(f"{cost} {' '.join(runs)}" for cost, runs in sorted(by_cost.items()))


if __name__ == "__main__":
    TARGET.write_text(table(Path(sys.argv[1])), encoding="utf-8")
