"""`filters.near_duplicates` in the loop: what it rejects, in whatever order responses arrive."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from datarecipe.characters import grams, loose
from datarecipe.exchange import Complete, Completion, Example
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.admission.nearness.set_similarity_index import SetSimilarityIndex
from datarecipe.generate.judge.example_equality import example_id
from datarecipe.recipe import Filters, LabelSpace, NearDuplicates, Recipe, StrategyKind, Task
from tests.generate.driving import Driven, drive
from tests.generate.recipes import completion, make_recipe, scripted, settings

KINDS: list[StrategyKind] = ["fixed", "random", "similar", "contrastive", "tree"]


def near(**settings: Any) -> Filters:
    return Filters(near_duplicates=NearDuplicates(**settings))


def driven(recipe: Recipe, answer: Callable[[Complete], Completion] = scripted, seed: int | None = None) -> Driven:
    """One request after another, or, with a seed, 16 in flight in some order."""
    generator = random.Random(seed)
    pick = (lambda _: 0) if seed is None else generator.randrange
    return drive(recipe, settings(recipe), answer, pick, 1 if seed is None else 16, filters=filters_of(recipe))


def rejected(run: Driven) -> list[tuple[str, str]]:
    """Text and detail of each near duplicate."""
    return [(json.loads(row.raw)["question"], row.detail) for row in run.rejected if row.reason == "near_duplicate"]


def similarity(one: str, other: str) -> Fraction:
    first, second = grams(loose(one)), grams(loose(other))
    return Fraction(len(first & second), len(first | second))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threshold", [0.6, 0.7])
def test_it_decides_as_comparing_all_pairs_in_logical_order_does(kind: StrategyKind, threshold: float) -> None:
    recipe = make_recipe(kind, target_size=40, filters=near(threshold=threshold), barren=500)
    run = driven(recipe)
    assert run.outcome == "target"
    in_order = sorted(
        [
            *((row.lineage.request, row.lineage.index, row.example, "") for row in run.accepted),
            *(
                (row.request, row.index, json.loads(row.raw), row.detail)
                for row in run.rejected
                if row.reason == "near_duplicate"
            ),
        ],
        key=lambda row: row[:2],
    )
    kept: list[Example] = [*recipe.seed_examples]
    for _, _, example, detail in in_order:
        nearest = max(kept, key=lambda other: similarity(str(other["question"]), str(example["question"])))
        at = similarity(str(nearest["question"]), str(example["question"]))
        if at >= Fraction(str(threshold)):
            shown = f"{at.numerator * 100 // at.denominator / 100:.2f}"
            assert detail == f"similarity {shown} to {example_id(nearest)}"
        else:
            assert not detail
            kept.append(example)
    assert len(in_order) > len(run.accepted) == 40


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_changes_nothing(kind: StrategyKind, seed: int) -> None:
    recipe = make_recipe(kind, target_size=100, filters=near(), barren=500)
    one, other = driven(recipe), driven(recipe, seed=seed)
    assert (one.accepted, one.rejected) == (other.accepted, other.rejected)
    assert rejected(one)


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_target_keeps_what_is_there(kind: StrategyKind) -> None:
    recipe = make_recipe(kind, target_size=60, filters=near(), barren=500)
    small, large = driven(recipe), driven(replace(recipe, target_size=150), seed=1)
    assert large.accepted[:60] == small.accepted


def _always(*examples: Example) -> Callable[[Complete], Completion]:
    return lambda _: completion(json.dumps({"examples": examples}))


def _question(text: str, answer: str = "yes") -> Example:
    return {"options": ["yes", "no"], "answer": answer, "question": text}


@pytest.mark.parametrize(
    "text",
    [
        "Is snow cold",
        "IS SNOW COLD?",
        "is  snow, cold?!",
        "Is \uff33\uff2e\uff2f\uff37 cold?",
        "\u00bfIs snow cold?",
        "Is sn\u200bow co\u00adld\ufe0f?",
        "Is snow colder?",
    ],
)
def test_a_seed_example_written_otherwise(text: str) -> None:
    recipe = make_recipe("fixed", filters=near(threshold=0.6), target_size=1, barren=1)
    seed = example_id(recipe.seed_examples[0])
    ((_, detail),) = rejected(driven(recipe, _always(_question(text))))
    assert detail.endswith(f" to {seed}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don\u2019t STOP, it's 'fine'_now", "dont stop its fine now"),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940, \u0939\u093f\u0928\u094d\u0926",
            "\u0939\u093f\u0928\u094d\u0926\u0940 \u0939\u093f\u0928\u094d\u0926",
        ),
        ("Stra\u00dfe \u2460 \ufb01n", "strasse 1 fin"),
        ("Cafe\u0301 CAF\u00c9", "caf\u00e9 caf\u00e9"),
        ("I \u2764\ufe0f it", "i \u2764 it"),
        ("3 + 4 > 5, C++", "3 + 4 > 5 c++"),
        ("don\u200b\u2019t", "dont"),
        ("\u3053\u308c\u306f\u3001\u672c\u3067\u3059\u3002", "\u3053\u308c\u306f \u672c\u3067\u3059"),
        ("a\U0001fae8b", "a b"),
        ("?!", ""),
    ],
    ids=[
        "apostrophes",
        "marks are no punctuation",
        "compatible",
        "composed",
        "emoji",
        "signs",
        "invisible",
        "no spaces",
        "unassigned",
        "nothing",
    ],
)
def test_what_a_text_is_compared_by(text: str, expected: str) -> None:
    assert loose(text) == expected


def test_texts_of_punctuation_alone_are_compared_as_they_are() -> None:
    recipe = make_recipe("fixed", filters=near(), target_size=3, barren=1)
    texts = [_question("?!"), _question("..."), _question("\U0001f600"), _question("\U0001f621")]
    assert len(driven(recipe, _always(*texts)).accepted) == 3


def test_long_texts_are_ordered_too() -> None:
    generator = random.Random(1)
    index = SetSimilarityIndex(Fraction("0.7"))
    for _ in range(40):
        index.add(" ".join("".join(generator.choices("abcdefghij", k=6)) for _ in range(300)))
    assert index.is_ordered


def test_contrast_pairs() -> None:
    texts = [
        _question("Is a whale larger than a horse?"),
        _question("Is a whale larger than a house?", "no"),
        _question("Is a whale, larger than a house!", "no"),
        _question("Is a whale larger than a horse, now?"),
    ]
    recipe = make_recipe("fixed", filters=near(), target_size=10, barren=1)
    dropped = driven(recipe, _always(*texts))
    assert [row.example for row in dropped.accepted] == texts[:1]
    keeping = driven(replace(recipe, filters=near(contrast="keep")), _always(*texts))
    assert [row.example for row in keeping.accepted] == texts[:2]
    assert [text for text, _ in rejected(keeping)][:2] == [str(text["question"]) for text in texts[2:]]


def test_labels_of_other_types_are_other_labels() -> None:
    """True, 1 and "1" are three labels."""
    recipe = make_recipe(
        "fixed",
        task=Task("classification", "label", None),
        labels=LabelSpace("open"),
        schema={"type": "object"},
        seed_examples=({"text": "The first of all these lines.", "label": "x"},),
        filters=near(contrast="keep"),
        target_size=3,
        barren=1,
    )
    texts: list[Example] = [
        {"text": f"A line that is about {thing} thing, and otherwise the same for all of them.", "label": label}
        for thing, label in (("any", True), ("one", 1), ("my", "1"))
    ]
    assert len(driven(recipe, _always(*texts)).accepted) == 3
    assert len(driven(replace(recipe, filters=near()), _always(*texts)).accepted) == 1


def test_options_of_their_own_are_part_of_the_text() -> None:
    """As in multiple choice, where "Which of these is a fruit?" is another question with other options."""
    recipe = make_recipe(
        "fixed",
        task=Task("multiple_choice", "answer", "options"),
        labels=LabelSpace("per_example", options=3),
        schema={"type": "object"},
        seed_examples=({"question": "Which one is hot?", "options": ["ice", "fire", "wood"], "answer": "fire"},),
        filters=near(),
        target_size=2,
        barren=1,
    )
    question = "Which of these is a fruit"
    first: Example = {"question": question, "options": ["apple", "hammer", "window"], "answer": "apple"}
    other: Example = {"question": f"{question}?!", "options": ["pillar", "banana", "saddle"], "answer": "banana"}
    same: Example = {"question": f"{question}?", "options": ["apple", "hammer", "windows"], "answer": "apple"}
    run = driven(recipe, _always(first, same, other))
    assert [row.example for row in run.accepted] == [first, other]
    assert [text for text, _ in rejected(run)] == [f"{question}?"]


def test_what_comes_after_the_target_is_surplus_and_equal_ones_are_duplicates() -> None:
    one, near_one = _question("Is a whale larger than a horse?"), _question("Is a whale larger than a house?")
    run = driven(make_recipe("fixed", filters=near(), target_size=1), _always(one, one, near_one))
    assert [row.reason for row in run.rejected] == ["duplicate", "surplus"]


def test_many_near_duplicates_end_a_run_as_many_duplicates_do() -> None:
    recipe = make_recipe("fixed", filters=near(), target_size=10, barren=7)
    near_ones = [_question(f"Is a whale larger than a horse{mark}") for mark in ("?", "!", ".", "..", "...")]
    run = driven(recipe, _always(*near_ones))
    assert (run.outcome, len(run.accepted), len(run.committed)) == ("barren", 1, 8)
