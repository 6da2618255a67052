"""`filters.contradictions`: a duplicate with another label has a reason of its own, and nothing else changes."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.recipe import Filters, NearDuplicates, StrategyKind
from tests.generate.driving import Driven, drive
from tests.generate.recipes import make_recipe, scripted, settings


@pytest.mark.parametrize("kind", ["fixed", "random", "similar", "contrastive", "tree"])
def test_duplicates_are_told_apart_by_their_labels(kind: StrategyKind) -> None:
    def driven(filters: Filters, seed: int, concurrency: int) -> Driven:
        own = replace(recipe, filters=filters)
        pick = random.Random(seed).randrange
        return drive(
            own, settings(own), lambda asked: scripted(asked, variety=12), pick, concurrency, filters=filters_of(own)
        )

    recipe = make_recipe(kind, target_size=60, barren=500)
    plain = driven(Filters(), 0, 1)
    runs = [driven(Filters(contradictions=True), seed, concurrency) for seed, concurrency in ((0, 1), (1, 16))]
    assert (runs[0].accepted, runs[0].rejected) == (runs[1].accepted, runs[1].rejected)
    assert runs[0].accepted == plain.accepted
    assert [(row.raw, row.request, row.index) for row in runs[0].rejected] == [
        (row.raw, row.request, row.index) for row in plain.rejected
    ]
    labels = {str(example["question"]): example["answer"] for example in recipe.seed_examples}
    rows = {(row.lineage.request, row.lineage.index): row.example for row in plain.accepted}
    for row in runs[0].rejected:
        if row.reason in ("duplicate", "contradiction"):
            for place in [place for place in rows if place < (row.request, row.index)]:
                example = rows.pop(place)
                labels[str(example["question"])] = example["answer"]
            item = json.loads(row.raw)
            assert (row.reason == "duplicate") == (labels[item["question"]] == item["answer"])
    assert {"duplicate", "contradiction"} <= {row.reason for row in runs[0].rejected}


def test_it_goes_with_near_duplicates() -> None:
    recipe = make_recipe("fixed", filters=Filters(contradictions=True, near_duplicates=NearDuplicates()), barren=500)
    run = drive(recipe, settings(recipe), scripted, lambda _: 0, 1, filters=filters_of(recipe))
    assert {"contradiction", "near_duplicate"} <= {row.reason for row in run.rejected}
