"""What embedders would be asked by a strategy or a filter, and what that would take."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from datarecipe.amount import NOTHING, Amount
from datarecipe.generate.admission.nearness.near_duplicates import compared_fields
from datarecipe.generate.judge.example_equality import embedding_text
from datarecipe.recipe import chains_of
from datarecipe.running.planning.assumptions import STRAGGLING, End, Range, text_token_range
from datarecipe.running.planning.check_cost import CheckCost
from datarecipe.running.planning.dry_run import DryRun, Unembedded
from datarecipe.running.resolve.resolved_run import ResolvedRun

SECONDS_BEFORE_A_VECTOR: Final = Range(0.05, 0.5)
"""Of an embedder that is served."""

SECONDS_FOR_A_VECTOR: Final = Range(0.01, 0.04)
"""Of `minilm`, for a text of a sentence or two, on one core."""


EMBED: Final = "embed"
"""Under which name the costs of embedders stand."""


def embedding_cost(setup: ResolvedRun, run: DryRun, requests: int, end: End) -> CheckCost:
    """For `requests` replies of which nothing is stored, and for the texts of stored ones that have no vector yet.

    At the least each text that was tried out is embedded, and each new example where a filter compares all; at the most
    every item that comes.
    """
    used, seconds = NOTHING, 0.0
    recipe, limits = setup.recipe, setup.recipe.limits
    slots = min(limits.concurrency, chains_of(recipe.strategy) or limits.concurrency)
    for embedder, asked in setup.embedders.items():
        tried = run.embedded.get(embedder, Unembedded())
        texts = math.ceil(tried.texts * max(1.0, requests / max(1, len(run.asked))))
        if _compares_all(setup, embedder):
            texts = max(texts, min(run.wanted, requests * recipe.batch_size) + tried.texts_stored)
        if end == "high" and requests:
            texts = max(texts, requests * recipe.batch_size * (1 + setup.repairs) + tried.texts_stored)
        if asked not in setup.served_embedders:
            seconds += texts * SECONDS_FOR_A_VECTOR.at(end)
            continue
        text = embedding_text(recipe.seed_examples[0], compared_fields(recipe))
        size = tried.bytes / tried.texts if tried.texts else len(text.encode())
        tokens = text_token_range(size, is_ascii=tried.is_ascii and text.isascii()).at(end) * texts
        price = asked.cost.price
        used += Amount(texts, tokens, 0, price.cost(tokens, 0) if price else Decimal(0))
        each = SECONDS_BEFORE_A_VECTOR.at(end) * (STRAGGLING if end == "high" else 1)
        # A chain waits for the vectors of its batch, which are asked for together.
        seconds += max(each * requests / slots, 60 * texts / limits.rpm if limits.rpm else 0.0)
    return CheckCost(used, seconds)


def _compares_all(setup: ResolvedRun, embedder: str) -> bool:
    """Whether a filter has the embedder compare every example."""
    near = setup.recipe.filters.near_duplicates
    return near is not None and near.embedding is not None and near.embedder.model == embedder
