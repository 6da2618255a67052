"""How far the texts of a dataset are from each other, as vectors of an embedder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul
from statistics import mean
from typing import Final, NamedTuple

from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.measure.sample import sample
from datarecipe.measure.variety.eigenvalues import eigenvalues
from datarecipe.recipe.models.named_models import HASHED_NGRAMS

SAMPLE: Final = 200
"""Texts on which distances are measured: all three depend on their number."""
CHARACTERS: Final = 2_000
"""Characters at the beginning of a text that count for the built-in embedder, so that long texts do not take minutes."""

Vector = Sequence[float]


class Embedder(NamedTuple):
    """What makes vectors of texts, one of each, all of one length."""

    name: str
    vectors: Callable[[Sequence[str]], Sequence[Vector]]


HASHED: Final = Embedder(HASHED_NGRAMS, lambda texts: [hashed_ngrams(text[:CHARACTERS]) for text in texts])
"""The embedder that is always there: it sees form, not meaning."""


class Spread(NamedTuple):
    embedder: str
    examples: int
    """In the sample on which it was measured."""
    mean_distance: float
    nearest_distance: float
    vendi: float


def spread(texts: Sequence[str], embedder: Embedder = HASHED, most: int = SAMPLE) -> Spread | None:
    """Distances and Vendi score of a sample of `most` texts; None for fewer than two. A distance is 1 - cosine."""
    chosen = sample(texts, most, "spread")
    if len(chosen) < 2:
        return None
    cosines = cosine_matrix(embedder.vectors(chosen))
    return Spread(embedder.name, len(chosen), mean_distance(cosines), nearest_distance(cosines), vendi(cosines))


def cosine_matrix(vectors: Sequence[Vector]) -> list[list[float]]:
    """The cosine of each vector with each, 1 with itself. Vectors of zeros equal each other, and are at 0 to all others."""
    units = []
    for vector in vectors:
        length = math.sqrt(math.fsum(map(mul, vector, vector)))
        units.append([*(value / length for value in vector), 0.0] if length else [*(0.0 for _ in vector), 1.0])
    cosines = [[1.0] * len(units) for _ in units]
    for at, unit in enumerate(units):
        for other in range(at):
            cosines[at][other] = cosines[other][at] = sum(map(mul, unit, units[other]))
    return cosines


def mean_distance(cosines: Sequence[Vector]) -> float:
    """The mean of 1 - cosine over all pairs of texts. It hardly sees near copies: most pairs are none.

    Called Average Pairwise Sample Distance by Cox et al. 2021, "Directed Diversity", arXiv 2101.06030, section 4.2.
    """
    return mean(1 - cosine for at, row in enumerate(cosines) for cosine in row[:at])


def nearest_distance(cosines: Sequence[Vector]) -> float:
    """The mean over all texts of 1 - cosine to the nearest other one. The lower, the more have a near copy.

    The mean nearest-neighbour distance of Clark and Evans 1954, "Distance to Nearest Neighbor as a Measure of Spatial
    Relationships in Populations", with cosines.
    """
    return mean(1 - max(cosine for other, cosine in enumerate(row) if other != at) for at, row in enumerate(cosines))


def vendi(cosines: Sequence[Vector]) -> float:
    """The Vendi score: exp(-sum of l log l) over the eigenvalues l of K / n, with K the n x n matrix of cosines.

    From 1, where all texts have one vector, to n, where all are at right angles: how many different texts the dataset
    amounts to. Friedman and Dieng 2023, "The Vendi Score", arXiv 2210.02410, definition 3.1.
    """
    found = [value / len(cosines) for value in eigenvalues(cosines)]
    return math.exp(-math.fsum(value * math.log(value) for value in found if value > 0))
