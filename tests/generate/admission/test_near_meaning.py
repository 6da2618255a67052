"""`filters.near_duplicates.embedding`: embeddings that are near, in whatever order responses and vectors arrive."""

from __future__ import annotations

import hashlib
import json
import math
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from datarecipe.exchange import Embed, Embedding
from datarecipe.generate.admission.filter_table import filter_versions, filters_of
from datarecipe.generate.admission.nearness.nearby_vectors import NearbyVectors, signs_of
from datarecipe.generate.generation import Generation
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.judge.example_equality import example_id
from datarecipe.generate.prompt.model_profile import EmbedderSettings
from datarecipe.generate.replay import replay
from datarecipe.llm.rounded_vector import rounded
from datarecipe.recipe import Embedder, Filters, NearDuplicates, Recipe, StrategyKind
from tests import reference
from tests.generate.driving import Driven, drive
from tests.generate.recipes import make_recipe, scripted, settings

KINDS: list[StrategyKind] = ["fixed", "random", "similar", "contrastive", "tree"]


def near(threshold: float = 0.8, embedder: str = "hashed-ngrams", **others: Any) -> Filters:
    return Filters(near_duplicates=NearDuplicates(1.0, embedding=threshold, embedder=Embedder(embedder), **others))


def driven(recipe: Recipe, seed: int | None = None) -> Driven:
    """One request after another, or, with a seed, 16 in flight in some order, vectors too."""
    model = replace(settings(recipe), embedders={"another's": EmbedderSettings("another's", "http://localhost/v1")})
    generator = random.Random(seed)
    pick = (lambda _: 0) if seed is None else generator.randrange
    filters = filters_of(recipe, model)
    return drive(recipe, model, scripted, pick, 1 if seed is None else 16, filters=filters)


def cosine_squared(one: str, other: str) -> Fraction:
    a, b = hashed_ngrams(one.strip()), hashed_ngrams(other.strip())
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return Fraction(product * abs(product), sum(x * x for x in a) * sum(x * x for x in b))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("embedder", ["hashed-ngrams", "another's"])
def test_it_decides_as_comparing_all_pairs_in_logical_order_does(kind: StrategyKind, embedder: str) -> None:
    recipe = make_recipe(kind, target_size=40, filters=near(embedder=embedder), barren=500)
    run = driven(recipe)
    assert run.outcome == "target"
    rejected = [row for row in run.rejected if row.reason == "near_duplicate"]
    assert rejected
    rows = [
        *((row.lineage.request, row.lineage.index, row.example, "") for row in run.accepted),
        *((row.request, row.index, json.loads(row.raw), row.detail) for row in rejected),
    ]
    kept = [*recipe.seed_examples]
    for _, _, example, detail in sorted(rows, key=lambda row: row[:2]):
        nearest = max(kept, key=lambda other: cosine_squared(str(other["question"]), str(example["question"])))
        at = cosine_squared(str(nearest["question"]), str(example["question"]))
        if at >= Fraction(64, 100):
            shown = f"{math.isqrt(10_000 * at.numerator // at.denominator) / 100:.2f}"
            assert detail == f"similarity {shown} to {example_id(nearest)} by {embedder}"
        else:
            assert not detail
            kept.append(example)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("contrast", ["drop", "keep"])
def test_the_order_of_arrival_changes_nothing(kind: StrategyKind, seed: int, contrast: str) -> None:
    recipe = make_recipe(kind, target_size=60, filters=near(embedder="another's", contrast=contrast), barren=500)
    one, other = driven(recipe), driven(recipe, seed)
    assert (one.accepted, one.rejected) == (other.accepted, other.rejected)
    expected = reference.sequential(recipe, settings(recipe), scripted, filters_of(recipe, settings(recipe)))
    assert one.accepted == expected.rows
    assert one.rejected == expected.rejected
    assert driven(replace(recipe, target_size=90), seed).accepted[:60] == one.accepted


def test_the_seed_examples_vectors_are_asked_for_once() -> None:
    recipe = make_recipe("fixed", target_size=40, filters=near(embedder="another's"))
    model = settings(recipe)
    asked: list[str] = []

    def answer(request: Any) -> Any:
        if not isinstance(request, Embed):
            return scripted(request)
        asked.append(request.text)
        return Embedding(hashed_ngrams(request.text))

    generation = Generation(recipe, model)
    assert [step.response for step in replay(generation, answer)]
    assert generation.outcome == "target"
    seeds = [str(seed["question"]) for seed in recipe.seed_examples]
    assert [asked.count(seed) for seed in seeds] == [1] * len(seeds)


def test_a_text_without_a_vector_is_near_to_nothing() -> None:
    recipe = make_recipe("fixed", target_size=20, filters=near(embedder="another's"))
    generation = Generation(recipe, settings(recipe))
    answers = replay(generation, lambda request: Embedding(()) if isinstance(request, Embed) else scripted(request))
    assert list(answers)
    assert (generation.outcome, generation.accepted) == ("target", 20)


def test_a_run_has_the_version_of_the_filters_that_it_has() -> None:
    assert filter_versions(make_recipe(filters=near())) == {"near_duplicates": 1, "near_duplicates.embedding": 1}
    words = Filters(near_duplicates=NearDuplicates())
    assert filter_versions(make_recipe(filters=words)) == {"near_duplicates": 1}


def at_cosine(vector: list[float], cosine: float, source: random.Random) -> list[float]:
    """Another vector at that cosine, in a random direction."""
    own = [value / math.hypot(*vector) for value in vector]
    other = [source.gauss(0, 1) for _ in own]
    along = sum(x * y for x, y in zip(own, other, strict=True))
    across = [y - along * x for x, y in zip(own, other, strict=True)]
    scale = math.sqrt(1 - cosine**2) / math.hypot(*across)
    return [cosine * x + scale * y for x, y in zip(own, across, strict=True)]


@pytest.mark.parametrize("threshold", ["0.95", "0.9", "0.8"])
def test_few_that_are_near_are_missed_and_nothing_else_is_found(threshold: str) -> None:
    source = random.Random(7)
    base = [source.gauss(0, 1) for _ in range(384)]
    # What an embedder says of texts on one subject: they are no strangers to each other.
    vectors = [[value + source.gauss(0, 1) for value in base] for _ in range(500)]
    index = NearbyVectors(Fraction(threshold))
    for vector in vectors:
        index.add(rounded(vector))
    missed = 0
    for number, vector in enumerate(vectors):
        found = index.nearest(rounded(at_cosine(vector, float(threshold) + 0.002, source)))
        missed += found is None
        assert found is None or (found.number, found.hundredths) == (number, int(float(threshold) * 100))
        assert index.nearest(rounded(at_cosine(vector, float(threshold) - 0.002, source))) is None
    assert missed <= 5, "1 in a hundred at the threshold"
    assert len(index) == 500


def test_the_same_is_found_in_every_run() -> None:
    """They decide what is rejected, so other signs would make another dataset."""
    vector = [(7 * number * number + 3 * number) % 101 - 50 for number in range(384)]
    assert hashlib.sha256(signs_of(vector).to_bytes(64, "big")).hexdigest()[:16] == "e3f324b1fbc60c93"
