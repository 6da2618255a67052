"""Labels, options and names of fields are compared by NFC, and come out as the recipe writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from datarecipe.characters import caseless, nfc, nfd
from datarecipe.generate.judge.batch_judge import Judge
from datarecipe.generate.judge.item_checker import Invalid, Valid
from datarecipe.recipe import LabelSpace, Recipe, Task
from tests.generate.recipes import completion
from tests.generate.test_check import CHOICE, PLAIN, invalid, labelled, recipe_of, valid

WORDS = (
    "négatif",
    "Ḍ̇",
    "가각",
    "Ω\u030a",
    "दृढ़",
    "ﷺé",
    "ἄλφα",
    "יִ",
    "e\u0301\u0323",
    "é\U00010efd",
    "straße é",
    "ÉCOLE",
)
"""Precomposed, two marks, Hangul, letters that composition excludes, marks that Unicode 14 does not know, cases."""

FORMS: dict[str, Callable[[str], str]] = {"composed": nfc, "decomposed": nfd, "as typed": str}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("written", "sent"), list(product(FORMS, FORMS)))
def test_a_label_is_found_however_it_is_composed(word: str, written: str, sent: str) -> None:
    label, answer = FORMS[written](word), FORMS[sent](word)
    checked = valid(labelled(label, "other"), {"text": "t", "label": answer})
    assert checked.example["label"] == label
    assert checked.normalised is (answer != label)


@pytest.mark.parametrize("word", WORDS)
def test_a_label_is_found_in_another_case_and_composed_otherwise(word: str) -> None:
    checked = valid(labelled(nfc(word), "other"), {"text": "t", "label": f" {nfd(caseless(word))}\n"})
    assert checked.example["label"] == nfc(word)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("written", "sent"), list(product(FORMS, FORMS)))
def test_fixed_options_come_out_as_the_recipe_writes_them(word: str, written: str, sent: str) -> None:
    labels = (FORMS[written](word), "other")
    seed = {"options": list(labels), "answer": labels[0], "question": "q"}
    item = {"options": ["other", FORMS[sent](word)], "answer": FORMS[sent](word), "question": "p"}
    checked = valid(recipe_of(seed, CHOICE, LabelSpace("fixed", labels)), item)
    assert checked.example == {"options": list(labels), "answer": labels[0], "question": "p"}


def own_options(count: int) -> Recipe:
    seed = {"question": "q", "options": list("abcdef"[:count]), "answer": "a"}
    return recipe_of(seed, CHOICE, LabelSpace("per_example", options=count))


@pytest.mark.parametrize("word", WORDS)
def test_options_of_an_item_that_differ_in_composition_alone_are_the_same(word: str) -> None:
    answer = valid(own_options(2), {"question": "q", "options": [nfc(word), "b"], "answer": nfd(word)})
    assert answer.example["answer"] == nfc(word)
    if nfc(word) != nfd(word):
        row = invalid(own_options(2), {"question": "q", "options": [nfc(word), nfd(word)], "answer": nfc(word)})
        assert row.reason == "options"


def named(field: str, label: str) -> Recipe:
    seed: dict[str, Any] = {field: "t", "mehr": {field: [1]}, label: "yes"}
    return recipe_of(seed, Task("custom", label, None), LabelSpace("fixed", ("yes", "no")))


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("written", "sent"), list(product(FORMS, FORMS)))
def test_a_field_is_found_however_its_name_is_composed(word: str, written: str, sent: str) -> None:
    recipe = named(FORMS[written](word), FORMS[written](word + "2"))
    field, label = FORMS[sent](word), FORMS[sent](word + "2")
    reply = json.dumps({"examples": [{label: "yes", "mehr": {field: [2]}, field: "u"}]}, ensure_ascii=False)
    (row,) = Judge(recipe).batch(completion(reply))
    assert isinstance(row, Valid), row
    assert list(row.example) == list(recipe.fields)
    assert list(row.example["mehr"]) == [recipe.fields[0]]  # type: ignore[arg-type]
    assert row.text == json.dumps(row.example, ensure_ascii=False)


def test_a_field_in_two_spellings_is_no_example() -> None:
    row = invalid(named("é", "label"), {"é": "a", "mehr": {"é": [1]}, "e\u0301": "b", "label": "yes"})
    assert (row.reason, row.detail) == ("malformed", 'names the field "é" twice, composed of other characters')


@pytest.mark.parametrize("end", ["", "]"])
def test_the_remains_of_an_item_are_reported_however_its_fields_are_composed(end: str) -> None:
    rows = Judge(named("é", "label")).batch(completion('[{"e\u0301": "a", "mehr": {"e\u0301": [1' + end))
    assert all(isinstance(row, Invalid) for row in rows)
    assert "e\u0301" in "".join(row.raw for row in rows if isinstance(row, Invalid))


@pytest.mark.timeout(60)
def test_equal_hashes_of_numbers_cost_nothing() -> None:
    """Whole numbers that differ by 2**61 - 1 have one hash: as keys of a dictionary, 60,000 of them take minutes."""
    labels = tuple((2**61 - 1) * number for number in range(1, 60_001))
    recipe = recipe_of({"text": "a", "label": labels[0]}, PLAIN, LabelSpace("fixed", labels))
    assert valid(recipe, {"text": "b", "label": labels[-1]}).example["label"] == labels[-1]
    listed = recipe_of({"text": [1], "label": "x"}, PLAIN, LabelSpace("open"))
    schema: Any = {**listed.schema, "properties": {"text": {"uniqueItems": True}, "label": {}}}
    unique = recipe_of({"text": [1], "label": "x"}, PLAIN, LabelSpace("open"), schema=schema)
    assert "non-unique" not in str(Judge(unique).batch(completion(json.dumps([{"text": labels, "label": "x"}]))))
