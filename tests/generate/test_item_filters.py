"""Filters that judge an item by itself, in the loop."""

from __future__ import annotations

import json
import random

import pytest

from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.recipe import Filters, Length, NearDuplicates, Patterns, StrategyKind
from tests.generate.driving import drive
from tests.generate.recipes import make_recipe, scripted, settings

FILTERS = Filters(
    length={"question": Length(max_characters=18)},
    patterns={"question": Patterns(forbid=("7",))},
    near_duplicates=NearDuplicates(threshold=0.9),
)


@pytest.mark.parametrize("kind", ["fixed", "random", "similar", "contrastive", "tree"])
def test_what_a_filter_rejects_is_no_example_and_leads_nowhere(kind: StrategyKind) -> None:
    recipe = make_recipe(kind, target_size=50, filters=FILTERS, barren=500)
    runs = [
        drive(
            recipe, settings(recipe), scripted, random.Random(seed).randrange, concurrency, filters=filters_of(recipe)
        )
        for seed, concurrency in ((0, 1), (1, 16))
    ]
    assert (runs[0].accepted, runs[0].rejected) == (runs[1].accepted, runs[1].rejected)
    run = runs[0]
    shown = [
        json.loads(text)["question"] for asked in run.asked for role, text in asked.content.messages if role == "user"
    ]
    for question in [*shown, *(str(row.example["question"]) for row in run.accepted)]:
        assert len(question) <= 18
        assert "7" not in question
    rejected = {row.reason for row in run.rejected}
    assert {"length", "pattern", "duplicate"} <= rejected
    for row in run.rejected:
        if row.reason == "length":
            question = json.loads(row.raw)["question"]
            assert row.detail == f"`question` has {len(question)} characters, more than 18"
