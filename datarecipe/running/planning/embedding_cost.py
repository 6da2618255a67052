"""What embedders would be asked by a strategy or a filter, and what that would take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from datarecipe.amount import NOTHING, Amount
from datarecipe.recipe import HASHED_NGRAMS, chains_of, embedders_of
from datarecipe.running.planning.assumptions import STRAGGLING, End, Range, text_token_range
from datarecipe.running.planning.dry_run import DryRun
from datarecipe.running.resolve.resolved_run import ResolvedRun

SECONDS_BEFORE_A_VECTOR: Final = Range(0.05, 0.5)
"""Of an embedder that is served."""

SECONDS_FOR_A_VECTOR: Final = Range(0.01, 0.04)
"""Of `minilm`, for a text of a sentence or two, on one core."""


@dataclass(frozen=True, slots=True)
class EmbeddingCost:
    """One end of what it would take."""

    used: Amount
    """Of embedders that are served."""
    seconds: float


def embedding_cost(setup: ResolvedRun, run: DryRun, requests: int, end: End) -> EmbeddingCost:
    """For `requests` replies of which nothing is stored, and for the texts of stored ones that have no vector yet.

    At the least each text that was tried out is embedded, at the most every item that comes.
    """
    used, seconds = NOTHING, 0.0
    recipe, limits = setup.recipe, setup.recipe.limits
    slots = min(limits.concurrency, chains_of(recipe.strategy) or limits.concurrency)
    for embedder in {embedder.model for _, embedder in embedders_of(recipe)} - {HASHED_NGRAMS}:
        asked, tried = setup.embedders[embedder], run.embedded.get(embedder)
        if tried is None:
            continue
        scale = requests / max(1, len(run.asked))
        texts = math.ceil(tried.texts * max(1.0, scale))
        if end == "high":
            texts = max(texts, requests * recipe.batch_size + tried.texts_stored)
        if asked not in setup.served_embedders:
            seconds += texts * SECONDS_FOR_A_VECTOR.at(end)
            continue
        tokens = text_token_range(tried.bytes / tried.texts, is_ascii=tried.is_ascii).at(end) * texts
        price = asked.cost.price
        used += Amount(texts, tokens, 0, price.cost(tokens, 0) if price else Decimal(0))
        each = SECONDS_BEFORE_A_VECTOR.at(end) * (STRAGGLING if end == "high" else 1)
        # A chain waits for the vectors of its batch, which are asked for together.
        seconds += max(each * requests / slots, 60 * texts / limits.rpm if limits.rpm else 0.0)
    return EmbeddingCost(used, seconds)
