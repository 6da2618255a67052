"""Human data with labels, and the same with planted faults."""

from __future__ import annotations

import json
import random
from pathlib import Path

from datarecipe.characters import loose_words
from datarecipe.measure.sample import sample

SHARED = Path(__file__).parents[4] / "shared"


def read(name: str, size: int = 400) -> tuple[list[list[str]], list[str]]:
    """Words and labels of a file in shared/, in a sample."""
    rows = [json.loads(row) for row in (SHARED / name).read_text(encoding="utf-8").split("\n") if row]
    rows = sample(rows, size)
    return [loose_words(str(row["text"])) for row in rows], [str(row["label"]) for row in rows]


def flipped(labels: list[str], share: float) -> tuple[list[str], set[int]]:
    """The same with a share of labels exchanged for another, and the numbers of these."""
    chance = random.Random(0)
    wrong = set(chance.sample(range(len(labels)), round(share * len(labels))))
    known = sorted(set(labels))
    return [
        chance.choice([other for other in known if other != label]) if number in wrong else label
        for number, label in enumerate(labels)
    ], wrong
