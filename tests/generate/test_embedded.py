"""The embedded model's profile: short prompts, and a grammar that follows from any recipe's seed examples."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from datarecipe import load_recipe
from datarecipe.exchange import Complete, Completion
from datarecipe.generate.judge.batch_judge import judge_of
from datarecipe.generate.prompt.embedded_prompt import (
    EMBEDDED_SAMPLING,
    cut_off_texts,
    embedded_messages,
    embedded_schema,
    rotations,
    wire_fields,
)
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.recipe.recipe import Balance, Filters, LabelSpace, Recipe, Strategy, StrategyKind, Task
from tests.generate.driving import drive

if TYPE_CHECKING:
    from datarecipe.exchange import Example, Json

YES_NO = LabelSpace("fixed", ("yes", "no"))
OPEN = LabelSpace("open")
QUESTION: Example = {
    "options": ["yes", "no"],
    "answer": "yes",
    "question": "Does cooked rice keep well in the freezer?",
}
CHOICE: Example = {
    "question": "Where do cats sleep?",
    "options": ["on a sofa", "in a lake", "under rain"],
    "answer": "on a sofa",
}


BOUND = re.compile(r"\{(\d+),(\d+)\}\[[^]]*\]\[(.)")
"""Bounds of a sentence's middle, and a mark that it may end with."""


def recipe_of(
    *seeds: Example, labels: LabelSpace, label: str = "answer", options: str | None = None, **more: Any
) -> Recipe:
    settings: dict[str, Any] = {
        "description": "Questions.",
        "schema": {},
        "instruction": "",
        "strategy": Strategy("tree"),
        "target_size": 10,
        **more,
    }
    return Recipe(
        name="test",
        task=Task("custom", label, options),
        seed_examples=seeds,
        labels=labels,
        **settings,
    )


def items_of(recipe: Recipe, rotation: int = 0) -> list[dict[str, Any]]:
    """The properties of each item that the schema asks for."""
    schema = cast("dict[str, Any]", embedded_schema(recipe, rotation))
    array = schema["properties"]["examples"]
    assert array["minItems"] == array["maxItems"] == len(array["prefixItems"])
    return [item["properties"] for item in array["prefixItems"]]


def pattern_of(recipe: Recipe, field: str, place: int = 0) -> str:
    """The pattern of a text field, as Python reads it: the two dialects agree on what is used."""
    return str(items_of(recipe)[place][field]["pattern"])


def test_labels_stand_by_position_and_in_equal_number() -> None:
    items = items_of(recipe_of(QUESTION, labels=YES_NO, options="options"))
    assert [item["answer"]["enum"] for item in items] == [["yes"], ["no"], ["yes"], ["no"]]
    assert all(item["options"] == {"const": ["yes", "no"]} for item in items)


@pytest.mark.parametrize(("labels", "batch_size"), [(8, 5), (12, 5), (2, 1), (3, 2), (6, 4), (200, 5), (5, 1), (9, 6)])
def test_with_more_labels_than_items_the_next_request_goes_on_where_the_last_ended(
    labels: int, batch_size: int
) -> None:
    space = LabelSpace("fixed", tuple(f"L{number}" for number in range(labels)))
    recipe = recipe_of({"label": "L0", "text": "A thing."}, labels=space, label="label", batch_size=batch_size)
    written = [
        label
        for rotation in range(rotations(recipe))
        for item in items_of(recipe, rotation)
        for label in item["label"]["enum"]
    ]
    assert written == list(space.values) * (len(written) // labels)


@pytest.mark.parametrize("labels", [1, 2, 3, 5])
def test_where_all_labels_fit_into_a_request_each_holds_all(labels: int) -> None:
    space = LabelSpace("fixed", tuple(f"L{number}" for number in range(labels)))
    recipe = recipe_of({"label": "L0", "text": "A thing."}, labels=space, label="label")
    assert rotations(recipe) == 1
    assert len({label for item in items_of(recipe) for label in item["label"]["enum"]}) == labels


@pytest.mark.parametrize("labels", [("सकारात्मक", "नकारात्मक"), (1, 0), (True, False), ('a "b"', "c\\d")])
def test_labels_of_any_kind_stay_as_they_are(labels: tuple[Any, ...]) -> None:
    recipe = recipe_of({"answer": labels[0], "text": "Some words here."}, labels=LabelSpace("fixed", labels))
    assert [item["answer"]["enum"][0] for item in items_of(recipe)] == [*labels, *labels]
    assert json.loads(json.dumps(embedded_schema(recipe))) == embedded_schema(recipe)


def test_the_label_is_written_before_the_text_whatever_the_seeds_order() -> None:
    recipe = recipe_of({"text": "Fine.", "label": "yes"}, labels=YES_NO, label="label")
    assert wire_fields(recipe) == ("label", "text")
    assert list(items_of(recipe)[0]) == ["label", "text"]
    assert '{"label": "yes", "text": "Fine."}' in embedded_messages(recipe, "", recipe.seed_examples[0], {})[2][1]


def test_options_of_their_own_come_one_example_at_a_time_in_the_seeds_order() -> None:
    (item,) = items_of(recipe_of(CHOICE, labels=LabelSpace("per_example", options=3), options="options"))
    assert list(item) == ["question", "options", "answer"]
    assert (item["options"]["minItems"], item["options"]["maxItems"]) == (3, 3)
    assert item["options"]["items"] == item["answer"]
    for option in (*cast("list[str]", CHOICE["options"]), "cars"):
        assert re.fullmatch(item["answer"]["pattern"], option)
    assert not re.fullmatch(item["answer"]["pattern"], "In a lake")


@pytest.mark.parametrize(
    "text",
    [
        "Does cooked rice keep well in the freezer?",
        "The handle broke (again) on the first day: a shame!",
        "¿Puede volar un pingüino?",
        "क्या चाय में कैफ़ीन होती है?",
        "猫は一日に何時間眠りますか。",
        "هل القمر أكبر من الأرض؟",
        "Wie heißt die Hauptstadt von Österreich?",
        "Paris",
        "costs $5 [per unit] & 10%",
        "x",
    ],
)
def test_a_seed_fits_its_own_form(text: str) -> None:
    recipe = recipe_of({"text": text, "answer": "a"}, labels=OPEN)
    assert re.fullmatch(pattern_of(recipe, "text"), text)


def test_form_follows_the_seed() -> None:
    pattern = pattern_of(recipe_of(QUESTION, labels=YES_NO, options="options"), "question")
    assert pattern.endswith("[?]$")
    assert re.fullmatch(pattern, "Does a penguin have knees?")
    for wrong in (
        "does a penguin have knees?",
        "Does a penguin have knees",
        "Does a penguin? Have knees?",
        "Does a penguin have knees!?",
        "Does a penguin have knees ?",
        "Does?",
        "Does a penguin have [ANIMAL] knees?",
        'Does a "penguin" have knees?',
        "Does a penguin\nhave knees?",
        "Does " + 40 * "very " + "cold water freeze?",
        "What is a penguin with two knees?",
    ):
        assert not re.fullmatch(pattern, wrong), wrong


def test_no_opening_belongs_to_a_label() -> None:
    seeds: list[Example] = [
        {**QUESTION, "answer": label, "question": f"{opening} this one thing true?"}
        for label, opening in [("yes", "Is"), ("no", "Does"), ("yes", "Was"), ("no", "Can")]
    ]
    items = items_of(recipe_of(*seeds, labels=YES_NO, options="options"))
    by_label: dict[str, set[str]] = {"yes": set(), "no": set()}
    for item in items:
        opening = re.match(r"\^\((.+?)\) ", item["question"]["pattern"])
        assert opening is not None
        by_label[item["answer"]["enum"][0]] |= set(opening[1].split("|"))
    assert by_label["yes"] == by_label["no"] == {"Is", "Does", "Was", "Can"}


def test_a_label_may_mean_that_a_text_is_a_question() -> None:
    recipe = recipe_of(
        {"code": "K7", "text": "The train leaves at nine."},
        {"code": "M2", "text": "Could you close the door?"},
        labels=LabelSpace("fixed", ("K7", "M2")),
        label="code",
    )
    told, asked = pattern_of(recipe, "text", 0), pattern_of(recipe, "text", 1)
    assert re.fullmatch(told, "My sister came home late.")
    assert not re.fullmatch(told, "My sister came home late?")
    assert re.fullmatch(asked, "Could somebody help me?")
    assert not re.fullmatch(asked, "My sister came home late.")


def test_other_end_marks_never_tell_the_label() -> None:
    recipe = recipe_of(
        {"label": "good", "text": "I would buy this one again!"},
        {"label": "bad", "text": "It fell apart on the first day."},
        labels=LabelSpace("fixed", ("good", "bad")),
        label="label",
    )
    patterns = {pattern_of(recipe, "text", place) for place in range(4)}
    assert len(patterns) == 1


def test_values_of_every_kind() -> None:
    seed: Example = {
        "question": "How far is it?",
        "facts": {"km": 12, "walk": True, "tags": ["near", "flat"], "ratio": 0.5, "note": None},
        "answer": 12,
    }
    item = items_of(recipe_of(seed, labels=OPEN))[0]
    facts = item["facts"]["properties"]
    assert item["answer"] == {"type": "integer", "minimum": 0, "maximum": 999}
    assert [facts[name]["type"] for name in ("km", "walk", "tags", "ratio", "note")] == [
        "integer",
        "boolean",
        "array",
        "number",
        "null",
    ]
    assert facts["tags"]["items"]["type"] == "string"


def test_what_the_recipes_own_schema_says_wins() -> None:
    properties: dict[str, Json] = {
        "answer": {"type": "integer", "minimum": 1, "maximum": 5},
        "text": {"type": "string", "maxLength": 30},
        "mood": {"enum": ["calm", "wild"]},
    }
    seed: Example = {"text": "A walk in the park was good.", "mood": "calm", "answer": 3}
    recipe = recipe_of(seed, labels=OPEN, schema={"properties": properties}, schema_inferred=False)
    item = items_of(recipe)[0]
    assert (item["answer"]["minimum"], item["answer"]["maximum"]) == (1, 5)
    assert item["mood"] == {"enum": ["calm", "wild"]}
    assert not re.fullmatch(item["text"]["pattern"], "A" + 29 * "b" + ".")
    assert re.fullmatch(item["text"]["pattern"], "A" + 28 * "b" + ".")


def test_long_texts_and_texts_with_line_breaks_are_bounded_by_length_alone() -> None:
    for text, bound in (("one line\nand another", {"minLength", "maxLength"}), ("long " * 400, {"minLength"})):
        shape = items_of(recipe_of({"text": text, "answer": "a"}, labels=OPEN))[0]["text"]
        assert set(shape) == {"type", *bound}


def test_long_examples_are_asked_for_in_smaller_batches() -> None:
    assert len(items_of(recipe_of({"text": "word " * 120, "answer": "a"}, labels=OPEN))) in range(1, 5)
    assert len(items_of(recipe_of({"text": "word " * 2000, "answer": "a"}, labels=OPEN))) == 1


def test_the_prompt_is_short_and_names_what_varies() -> None:
    recipe = recipe_of(QUESTION, labels=YES_NO, options="options")
    example: Example = {**QUESTION, "question": "Is the moon larger than the earth?"}
    messages = embedded_messages(recipe, "A long instruction. " * 100, example, {"topic": "the sea"})
    assert [role for role, _ in messages] == ["system", "user", "assistant", "user"]
    assert messages[0][1] == "Questions."
    assert json.loads(messages[2][1]) == {"examples": [example]}
    assert messages[-1][1] == "Write 4 different examples about the sea."


def test_the_instruction_serves_where_there_is_no_description() -> None:
    recipe = recipe_of(QUESTION, labels=YES_NO, options="options", description="")
    text = embedded_messages(recipe, "Write questions.\n\n" + "And so on. " * 100, QUESTION, {})[0][1]
    assert text.startswith("Write questions. And so on.")
    assert len(text) <= 400


def test_without_vary_each_accepted_example_leads_to_a_subject() -> None:
    recipe = recipe_of(QUESTION, labels=YES_NO, options="options")
    asked = [
        embedded_messages(recipe, "", {**QUESTION, "question": f"Does number {n} count?"}, {})[-1][1] for n in range(30)
    ]
    assert len(set(asked)) > 10
    assert embedded_messages(recipe, "", QUESTION, {})[-1][1] == "Write 4 different examples."


def test_one_seed_of_another_label_is_shown_first() -> None:
    other: Example = {**QUESTION, "answer": "no", "question": "Is the moon larger than the earth?"}
    recipe = recipe_of(QUESTION, other, labels=YES_NO, options="options")
    shown = [
        json.loads(text)["examples"][0]["answer"]
        for role, text in embedded_messages(recipe, "", QUESTION, {})
        if role == "assistant"
    ]
    assert shown == ["no", "yes"]


def test_sampling_is_plain_data() -> None:
    assert json.loads(json.dumps(dict(EMBEDDED_SAMPLING)))["temperature"] == 0.9


@pytest.mark.parametrize(("labels", "batch_size"), [(2, 1), (8, 5), (8, 1), (3, 2)])
@pytest.mark.parametrize("kind", ["fixed", "random", "tree"])
def test_a_run_writes_all_labels_in_like_number(kind: StrategyKind, labels: int, batch_size: int) -> None:
    """Also where each request has room for one alone, and where `vary` has as many values as there are labels."""
    space = LabelSpace("fixed", tuple(f"L{number}" for number in range(labels)))
    recipe = recipe_of(
        {"label": "L0", "text": "A thing."},
        labels=space,
        label="label",
        batch_size=batch_size,
        instruction="Write.",
        schema={"type": "object"},
        vary={"topic": tuple(f"topic {number}" for number in range(labels))},
        strategy=Strategy(kind),
        target_size=200,
    )
    numbers = itertools.count()

    def answer(request: Complete) -> Completion:
        wanted = cast("Any", request.content.response_format)["json_schema"]["schema"]["properties"]["examples"]
        items = [
            {"label": item["properties"]["label"]["enum"][0], "text": f"A thing of number {next(numbers)}."}
            for item in wanted["prefixItems"]
        ]
        return Completion(json.dumps({"examples": items}), "stop", None, "", "", "")

    driven = drive(recipe, settle_model(recipe, "local/smollm2-135m", None), answer, lambda _: 0, 8)
    counts = Counter(str(row.example["label"]) for row in driven.accepted)
    even = 200 / labels
    assert set(counts) == set(space.values)
    # Below the roots of a tree it is left to a hash.
    assert min(counts.values()) >= (0.5 if kind == "tree" else 0.9) * even
    together = {(str(row.example["label"]), str(row.lineage.vary["topic"])) for row in driven.accepted}
    assert len(together) > labels * labels / 2


@pytest.mark.parametrize(
    "name", ["boolq", "boolq_passage", "sentiment", "german_reviews", "entities", "piqa", "intents"]
)
def test_a_text_that_its_bound_ended_is_cut_off_and_no_other_is(name: str) -> None:
    """The longest that the grammar lets through is; one that is a character shorter ended by itself, as seeds do."""
    recipe = load_recipe(name)
    cut = cut_off_texts(recipe)
    assert not any(cut(seed) for seed in recipe.seed_examples)
    met = 0
    for item in items_of(recipe):
        for field, shape in item.items():
            if field not in recipe.text_fields or not (found := BOUND.search(shape.get("pattern", ""))):
                continue
            pattern, most = re.compile(shape["pattern"]), int(found[2])
            opening = re.match(r"\^\((\w+)", shape["pattern"])
            begin, end = (f"{opening[1]} " if opening else "A"), (found[3] or "x")
            longest, shorter = (f"{begin}{'a' * count}x{end}" for count in (most, most - 1))
            assert pattern.fullmatch(longest)
            assert pattern.fullmatch(shorter)
            assert not pattern.fullmatch(f"{begin}{'a' * (most + 1)}x{end}")
            assert cut({**recipe.seed_examples[0], field: longest}) == field
            assert cut({**recipe.seed_examples[0], field: shorter}) is None
            met += 1
    assert met


ENDS = (
    ".",
    "!",
    "?",
    "…",
    "...",
    "。",
    "！",
    "？",
    "．",
    "؟",
    "।",
    '."',
    ".”",
    ".’",
    "!)",
    "。」",
    "？）",
    "?!",
    '.")',
)
CUT = ("", ",", "'", '"', ")", " (", ";", ":", "-", ". And", ".\n", ". ", ', "x"', "。は", ").a")


@pytest.mark.parametrize("end", [*ENDS, *CUT])
def test_a_text_bounded_by_length_alone_is_whole_where_its_own_mark_ends_it(end: str) -> None:
    recipe = recipe_of({"text": 'She said "yes".\nAll was well.', "label": "yes"}, labels=YES_NO, label="label")
    (most,) = {item["text"]["maxLength"] for item in items_of(recipe)}
    cut = cut_off_texts(recipe)
    assert cut({"text": "a" * (most - len(end)) + end, "label": "yes"}) == (None if end in ENDS else "text")
    assert cut({"text": "a" * (most - len(end) - 1) + end, "label": "yes"}) is None


@pytest.mark.parametrize("words", ["I was going", "with some new", "a bit late, but,", "to my favorite new product"])
def test_a_mark_that_the_grammar_sets_proves_no_whole_sentence(words: str) -> None:
    recipe = recipe_of({"text": "It came on time.", "label": "yes"}, labels=YES_NO, label="label")
    (pattern,) = {item["text"]["pattern"] for item in items_of(recipe)}
    bound = BOUND.search(pattern)
    assert bound is not None
    text = f"A{'a' * (int(bound[2]) - len(words))} {words}."
    assert re.fullmatch(pattern, text)
    assert cut_off_texts(recipe)({"text": text, "label": "yes"}) == "text"
    assert not re.fullmatch(pattern, text[:-1]), "no text at the bound goes without a mark"


def test_phrases_and_choices_are_never_cut_off() -> None:
    recipe = recipe_of({"text": "New York", "label": "yes"}, labels=YES_NO, label="label")
    assert cut_off_texts(recipe)({"text": "a" * 10_000, "label": "yes"}) is None


@pytest.mark.parametrize(
    ("seed", "short", "cut"),
    [
        (
            {"messages": [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "Yes, it is."}]},
            {"messages": [{"role": "user", "content": "Why is it?"}, {"role": "assistant", "content": "It is late."}]},
            {"messages": [{"role": "user", "content": "Why is it?"}, {"role": "assistant", "content": "LONG"}]},
        ),
        ({"notes": ["All is well."]}, {"notes": ["Not now.", "No more."]}, {"notes": ["Not now.", "LONG"]}),
        ({"a": {"b": [{"c": "All is well."}]}}, {"a": {"b": [{"c": "Why not."}]}}, {"a": {"b": [{"c": "LONG"}]}}),
    ],
)
def test_texts_within_lists_and_mappings_are_looked_at_too(seed: Any, short: Any, cut: Any) -> None:
    recipe = replace(recipe_of(seed, labels=OPEN), task=Task("none", None, None))
    found = cut_off_texts(recipe)
    (name,) = seed
    assert found(short) is None
    bounds = {int(bound[1]) for bound in BOUND.findall(json.dumps(embedded_schema(recipe)))}
    longest = ("A" + "a" * bound + "x." for bound in bounds)
    assert name in {found(json.loads(json.dumps(cut).replace("LONG", text))) for text in longest}


def test_what_is_cut_off_is_rejected_with_its_reason() -> None:
    recipe = recipe_of({"text": "It came on time.", "label": "yes"}, labels=YES_NO, label="label", schema={})
    (pattern,) = {item["text"]["pattern"] for item in items_of(recipe)}
    bound = BOUND.search(pattern)
    assert bound is not None
    items = [{"label": "yes", "text": text} for text in ("A" + "a" * int(bound[2]) + "x.", "All was well.")]
    answer = Completion(json.dumps({"examples": items}), "stop", None, "", "", "")
    rows = judge_of(recipe, settle_model(recipe, "local/smollm2-135m", None)).batch(answer)
    assert [getattr(row, "reason", None) for row in rows] == ["unfinished", None]
    others = judge_of(recipe, settle_model(recipe, "openai/gpt-4o", None)).batch(answer)
    assert [getattr(row, "reason", None) for row in others] == [None, None], "no grammar ended what others write"


def test_texts_of_several_sentences_end_with_a_sentence_not_at_a_bound() -> None:
    """The model writes on as long as it may: with a bound alone two of three texts ended in mid sentence."""
    seed: Example = {"text": "The wheel wobbles. Please repair it! Can you do it today?", "label": "yes"}
    recipe = recipe_of(seed, labels=YES_NO, label="label")
    pattern = re.compile(str(items_of(recipe)[0]["text"]["pattern"]))
    assert pattern.fullmatch(str(seed["text"]))
    assert pattern.fullmatch("The chain is gone. Where is it.")
    assert pattern.fullmatch("One here. Two here. Three here! Four here?")
    assert not pattern.fullmatch("One here. Two here. Three here! Four here? Five here.")
    assert not pattern.fullmatch("The chain is gone. Where is")
    assert not pattern.fullmatch("The chain is gone.Where is it.")
    cut = cut_off_texts(recipe)
    longest = "T" + "o" * (len("Can you do it today?") * 9 // 5 + 20) + "p."
    assert cut({"text": "The chain is gone. Where is it.", "label": "yes"}) is None
    for text in (longest, f"One here. {longest}", f"{longest} One here.", f"One here. {longest} Two here."):
        assert pattern.fullmatch(text)
        assert cut({"text": text, "label": "yes"}) == "text"


def test_balanced_labels_are_set_by_place_and_by_their_shares() -> None:
    recipe = recipe_of(QUESTION, labels=YES_NO, options="options", batch_size=5)
    recipe = replace(recipe, filters=Filters(balance=Balance("answer", ("yes", "no"), (7, 3))))
    assert rotations(recipe) == 1
    starts = [cast("dict[str, Any]", embedded_schema(recipe, 0, start)) for start in range(10)]
    batches = [
        [item["properties"]["answer"]["enum"] for item in schema["properties"]["examples"]["prefixItems"]]
        for schema in starts
    ]
    assert all(len(batch) == 5 for batch in batches)
    counted = Counter(label for batch in batches for (label,) in batch)
    assert counted == {"yes": 35, "no": 15}


def test_another_balanced_field_is_set_by_place_before_the_text() -> None:
    seed: Example = {"text": "The soup was cold.", "topic": "food", "label": "bad"}
    recipe = recipe_of(seed, labels=LabelSpace("fixed", ("good", "bad")), label="label", batch_size=4)
    recipe = replace(recipe, filters=Filters(balance=Balance("topic", ("food", "films", "cars"), (1, 1, 1))))
    assert wire_fields(recipe) == ("label", "topic", "text")
    asked = Counter[tuple[str, str]]()
    for number in range(60):
        turn = Renderer(recipe, settle_model(recipe, "local/smollm2-135m", None)).turns(beside=1).at_place(number)
        schema = cast("dict[str, Any]", embedded_schema(recipe, turn.rotation, turn.wanted))
        for item in schema["properties"]["examples"]["prefixItems"]:
            ((label,), (topic,)) = (item["properties"][name]["enum"] for name in ("label", "topic"))
            asked[label, topic] += 1
    # Each label comes with each topic: neither says which the other is.
    assert len(asked) == 6
    assert min(asked.values()) > 20
