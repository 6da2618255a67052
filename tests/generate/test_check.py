"""An item is an example of the recipe, or is told why not; labels come out as the recipe writes them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from datarecipe.characters import is_assigned
from datarecipe.generate.events import RejectedItem
from datarecipe.generate.generation import Generation
from datarecipe.generate.judge.example_equality import equality_digest
from datarecipe.generate.judge.item_checker import Checker, Invalid, LabelMatcher, Valid
from datarecipe.recipe import LabelSpace, Recipe, Task
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from tests.generate.recipes import completion, make_recipe
from tests.generate.recipes import settings as model_settings

YES_NO = ("yes", "no")
PLAIN = Task("classification", "label", None)
CHOICE = Task("multiple_choice", "answer", "options")


def recipe_of(seed: dict[str, Any], task: Task, labels: LabelSpace, **changes: Any) -> Recipe:
    """A recipe around one seed example, with the schema that loading would infer."""
    schema = infer_schema([seed], task, labels)
    values: dict[str, Any] = {"seed_examples": (seed,), "task": task, "labels": labels, "schema": schema, "vary": {}}
    return make_recipe("fixed", instruction="Write.", **{**values, **changes})


def labelled(*labels: bool | float | str) -> Recipe:
    """Texts with one of these labels."""
    return recipe_of({"text": "a", "label": labels[0]}, PLAIN, LabelSpace("fixed", labels))


def optioned(*labels: bool | float | str) -> Recipe:
    """Questions whose options are always these labels."""
    seed = {"options": list(labels), "answer": labels[0], "question": "q"}
    return recipe_of(seed, CHOICE, LabelSpace("fixed", labels))


PER_EXAMPLE = recipe_of(
    {"question": "q", "options": ["a", "b", "c"], "answer": "a"}, CHOICE, LabelSpace("per_example", options=3)
)
OPEN = recipe_of({"question": "q", "answer": "a"}, Task("open", "answer", None), LabelSpace("open"))
NESTED = recipe_of(
    {"text": "t", "spans": [{"from": 1, "kind": "x"}], "tags": [], "score": 0.5, "label": "yes"},
    PLAIN,
    LabelSpace("fixed", YES_NO),
)


def valid(recipe: Recipe, item: Any) -> Valid:
    checked = Checker(recipe).check(item)
    assert isinstance(checked, Valid), checked
    return checked


def invalid(recipe: Recipe, item: Any) -> Invalid:
    checked = Checker(recipe).check(item)
    assert isinstance(checked, Invalid), checked
    return checked


def exactly(value: Any) -> str:
    """JSON text, in which 1, 1.0, true and "1" differ, as they do not in Python's `==`."""
    return json.dumps(value, ensure_ascii=False)


# --- LabelMatcher


@pytest.mark.parametrize(
    ("labels", "answer", "expected"),
    [
        (YES_NO, "yes", ("yes", True)),
        (YES_NO, " Yes", ("yes", False)),
        (YES_NO, "NO\n", ("no", False)),
        (YES_NO, "ye", None),
        (YES_NO, "yes.", None),
        (YES_NO, "", None),
        (YES_NO, True, None),
        (YES_NO, None, None),
        (YES_NO, ["yes"], None),
        (YES_NO, {"yes": "yes"}, None),
        (("on", "off"), "on", ("on", True)),
        (("on", "off"), "OFF", ("off", False)),
        (("on", "off"), True, None),
        (("on", "off"), False, None),
        ((1, 2), 1, (1, True)),
        ((1, 2), "1", (1, False)),
        ((1, 2), " 2 ", (2, False)),
        ((1, 2), True, None),
        ((1, 2), "one", None),
        ((1, 2), "1.0", None),
        ((0, 1), False, None),
        ((True, False), True, (True, True)),
        ((True, False), "true", (True, False)),
        ((True, False), "False", (False, False)),
        ((True, False), 1, None),
        ((True, False), 0, None),
        ((True, False), 1.0, None),
        ((True, False), "yes", None),
        (("1", "2"), "1", ("1", True)),
        (("1", "2"), 1, ("1", False)),
        (("1", "2"), True, None),
        (("true", "false"), True, ("true", False)),
        (("да", "нет"), "да", ("да", True)),
        (("да", "нет"), "ДА", ("да", False)),
        (("да", "нет"), "da", None),
        (("да", "нет"), "yes", None),
        (("Straße", "Weg"), "STRASSE", ("Straße", False)),
        ((0.5, 1.5), 0.5, (0.5, True)),
        ((0.5, 1.5), "0.5", (0.5, False)),
        ((0.5, 1.5), "1.50", None),
        (("A", "B"), "b", ("B", False)),
    ],
)
def test_which_label_an_answer_means(labels: tuple[Any, ...], answer: Any, expected: tuple[Any, bool] | None) -> None:
    assert exactly(LabelMatcher(labels).find(answer)) == exactly(expected)


@pytest.mark.parametrize(
    ("labels", "answer"), [(("Yes", "yes"), "YES"), (("a", " a "), "A"), ((1, "1"), "1 "), ((True, "true"), "True")]
)
def test_a_fold_that_fits_two_labels_is_none(labels: tuple[Any, ...], answer: Any) -> None:
    matcher = LabelMatcher(labels)
    assert matcher.find(answer) is None
    for label in labels:
        assert exactly(matcher.find(label)) == exactly((label, True)), "typed equality comes first"


LABELS = st.lists(
    st.text(st.characters(categories=("L", "N", "P")).filter(is_assigned), min_size=1, max_size=8)
    | st.integers()
    | st.booleans(),
    min_size=1,
    max_size=6,
    unique_by=lambda label: (label if isinstance(label, str) else json.dumps(label)).casefold(),
)


@given(LABELS, st.data())
def test_every_label_is_found_in_any_case_and_padding(labels: list[Any], data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(labels))
    matcher = LabelMatcher(tuple(labels))
    assert exactly(matcher.find(label)) == exactly((label, True))
    written = label if isinstance(label, str) else json.dumps(label)
    padded = data.draw(st.sampled_from(["", " ", "\n\t", "\u3000"])) + written + data.draw(st.sampled_from([" ", "\n"]))
    assert exactly(matcher.find(padded)) == exactly((label, False))
    other = "".join(
        c.swapcase() if c.swapcase().casefold() == c.casefold() and all(map(is_assigned, c.swapcase())) else c
        for c in written
    )
    found = matcher.find(other)
    assert found is not None
    assert exactly(found[0]) == exactly(label)


@given(
    LABELS, st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4)
)
def test_what_is_found_is_one_of_the_labels_with_its_type(labels: list[Any], answer: Any) -> None:
    found = LabelMatcher(tuple(labels)).find(answer)
    assert found is None or exactly(found[0]) in map(exactly, labels)


# --- labels in items


def test_a_label_in_another_case_is_written_as_in_the_recipe_and_counted() -> None:
    checked = valid(labelled(*YES_NO), {"text": "t", "label": " YES "})
    assert checked.example == {"text": "t", "label": "yes"}
    assert checked.text == '{"text": "t", "label": "yes"}'
    assert checked.normalised
    assert not valid(labelled(*YES_NO), {"text": "t", "label": "yes"}).normalised


@pytest.mark.parametrize(
    ("labels", "answer", "expected"),
    [((1, 2), "2", 2), ((True, False), "False", False), (("1", "2"), 2, "2"), ((0.5, 1.5), "1.5", 1.5)],
)
def test_a_label_of_another_type_gets_the_recipes_type(labels: tuple[Any, ...], answer: Any, expected: Any) -> None:
    checked = valid(labelled(*labels), {"text": "t", "label": answer})
    assert exactly(checked.example["label"]) == exactly(expected)
    assert checked.normalised


@pytest.mark.parametrize("answer", ["maybe", "", None, True, 1, ["yes"], {"label": "yes"}])
def test_an_answer_that_is_no_label_says_what_it_is_and_what_there_is(answer: Any) -> None:
    checked = invalid(labelled(*YES_NO), {"text": "t", "label": answer})
    assert checked.reason == "label"
    assert f"label is {json.dumps(answer)}" in checked.detail
    assert '["yes", "no"]' in checked.detail
    assert json.loads(checked.raw) == {"text": "t", "label": answer}


def test_a_wrong_label_is_a_matter_of_the_label_whatever_its_field_is_called() -> None:
    task = Task("custom", "options_chosen", None)
    recipe = recipe_of({"text": "t", "options_chosen": "yes"}, task, LabelSpace("fixed", YES_NO))
    assert invalid(recipe, {"text": "t", "options_chosen": "maybe"}).reason == "label"


def test_an_open_label_is_whatever_the_schema_allows() -> None:
    assert valid(OPEN, {"question": "q", "answer": "Anything At All "}).example["answer"] == "Anything At All "
    assert invalid(OPEN, {"question": "q", "answer": 3}).reason == "schema"
    assert invalid(OPEN, {"question": "q", "answer": "  "}).reason == "schema"


# --- options


@pytest.mark.parametrize(
    ("options", "mended"),
    [(["yes", "no"], False), (["no", "yes"], True), (["Yes", "NO "], True), (["NO", "yes"], True)],
)
def test_options_of_a_fixed_label_space_come_out_as_the_recipe_writes_them(options: list[Any], mended: bool) -> None:
    checked = valid(optioned(*YES_NO), {"options": options, "answer": "no", "question": "q"})
    assert checked.example["options"] == ["yes", "no"]
    assert json.loads(checked.text) == checked.example
    assert checked.normalised is mended


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["yes"],
        ["yes", "yes"],
        ["yes", "no", "no"],
        ["yes", "no", "maybe"],
        ["yes", "perhaps"],
        [["yes", "no"]],
        "yes, no",
        None,
        {"yes": 1, "no": 2},
        [None, "no"],
        [True, False],
        3,
    ],
)
def test_options_that_are_not_the_labels_are_refused(options: Any) -> None:
    checked = invalid(optioned(*YES_NO), {"options": options, "answer": "yes", "question": "q"})
    assert checked.reason == "options"
    assert checked.detail.startswith("options must be")
    assert json.dumps(options) in checked.detail


@pytest.mark.parametrize("options", [None, [], "1, 2", 3, [1], [1, 2, 2], [1, None], {"1": 2}])
def test_options_that_are_not_the_numbers_of_the_recipe_are_refused(options: Any) -> None:
    assert invalid(optioned(1, 2), {"options": options, "answer": 1, "question": "q"}).reason == "options"


@pytest.mark.parametrize("options", [[1, 2], ["1", "2"], [2, 1]])
def test_options_that_mean_the_numbers_of_the_recipe_become_them(options: list[Any]) -> None:
    checked = valid(optioned(1, 2), {"options": options, "answer": 1, "question": "q"})
    assert exactly(checked.example["options"]) == "[1, 2]"
    assert checked.normalised is (exactly(options) != "[1, 2]")


def test_options_of_other_types_become_the_labels() -> None:
    checked = valid(optioned(1, 2), {"options": ["2", "1"], "answer": "2", "question": "q"})
    assert exactly(checked.example) == exactly({"options": [1, 2], "answer": 2, "question": "q"})


def test_missing_options_of_a_fixed_label_space_are_missing() -> None:
    checked = invalid(optioned(*YES_NO), {"answer": "yes", "question": "q"})
    assert checked.reason == "schema"
    assert checked.detail == "the example lacks `options`"


@pytest.mark.parametrize(
    ("labels", "item"),
    [
        ((True, 1), {"options": [1, True], "answer": 1, "question": "q"}),
        ((0.0, 1.0), {"options": [-0.0, 1.0], "answer": -0.0, "question": "q"}),
    ],
)
def test_the_text_is_the_examples_json_even_where_python_calls_values_equal(labels: Any, item: Any) -> None:
    checked = valid(optioned(*labels), item)
    assert exactly(checked.example["options"]) == exactly(list(labels))
    assert checked.text == exactly(checked.example)


@pytest.mark.parametrize(
    ("options", "answer", "label", "mended"),
    [
        (["x", "y", "z"], "y", "y", False),
        (["x", "y", "z"], " Z", "z", True),
        (["b", "a", "c"], "a", "a", False),
        (["Rome", "Oslo", "Bern"], "OSLO", "Oslo", True),
    ],
)
def test_options_of_an_example_stay_in_the_models_order(
    options: list[str], answer: str, label: str, mended: bool
) -> None:
    checked = valid(PER_EXAMPLE, {"question": "q", "options": options, "answer": answer})
    assert checked.example == {"question": "q", "options": options, "answer": label}
    assert checked.normalised is mended


@pytest.mark.parametrize(
    ("options", "answer", "reason"),
    [
        (["x", "y"], "x", "options"),
        (["x", "y", "z", "w"], "x", "options"),
        (["x", "y", "y"], "x", "options"),
        (["x", "y", " Y"], "x", "options"),
        (["x", "y", None], "x", "options"),
        ("x, y, z", "x", "options"),
        (["x", "y", "z"], "w", "label"),
        (["x", "y", "z"], None, "label"),
        ([1, 2, 3], 1, "schema"),
        (["x", "", "z"], "x", "schema"),
    ],
)
def test_options_and_answers_that_an_example_cannot_have(options: Any, answer: Any, reason: str) -> None:
    assert invalid(PER_EXAMPLE, {"question": "q", "options": options, "answer": answer}).reason == reason


def test_an_item_without_its_options_is_told_that_they_are_missing() -> None:
    checked = invalid(PER_EXAMPLE, {"question": "q", "answer": "a"})
    assert "options" in checked.detail, checked.detail


def test_numbers_as_options_of_an_example() -> None:
    seed = {"question": "q", "options": [1, 2], "answer": 1}
    recipe = recipe_of(seed, CHOICE, LabelSpace("per_example", options=2))
    assert valid(recipe, {"question": "q", "options": [7, 8], "answer": 8}).example["answer"] == 8
    mended = valid(recipe, {"question": "q", "options": [7, 8], "answer": "7"})
    assert (exactly(mended.example["answer"]), mended.normalised) == ("7", True)
    assert invalid(recipe, {"question": "q", "options": [7, 7], "answer": 7}).reason == "options"


# --- fields


def test_fields_that_do_not_belong_are_dropped_and_counted() -> None:
    checked = valid(labelled(*YES_NO), {"id": 1, "text": "t", "label": "yes", "why": "because"})
    assert checked.example == {"text": "t", "label": "yes"}
    assert checked.text == '{"text": "t", "label": "yes"}'
    assert checked.normalised


def test_fields_come_out_in_the_seeds_order() -> None:
    checked = valid(optioned(*YES_NO), {"question": "q", "answer": "yes", "options": ["yes", "no"]})
    assert list(checked.example) == ["options", "answer", "question"]
    assert checked.text == '{"options": ["yes", "no"], "answer": "yes", "question": "q"}'
    assert not checked.normalised


def test_a_field_that_only_the_schema_knows_is_kept_behind_the_seeds() -> None:
    recipe = labelled(*YES_NO)
    properties: dict[str, Any] = {"note": {"type": "string"}, "text": {"type": "string"}, "label": {"enum": ["yes"]}}
    recipe = recipe_of({"text": "t", "label": "yes"}, PLAIN, recipe.labels, schema={"properties": properties})
    checked = valid(recipe, {"note": "n", "label": "yes", "text": "t"})
    assert list(checked.example.items()) == [("text", "t"), ("label", "yes"), ("note", "n")]
    assert not checked.normalised


def test_equal_texts_are_equal_examples_whatever_the_label() -> None:
    first, second, third = (
        valid(labelled(*YES_NO), {"text": text, "label": label})
        for text, label in (("a  b", "yes"), ("a b\n", "no"), ("a c", "yes"))
    )
    assert first.digest == second.digest == equality_digest({"text": "a b"}, ("text",))
    assert first.digest != third.digest


# --- what is no example at all


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ("loose text", "a text"),
        (3, "a number"),
        (0.5, "a number"),
        (True, "true or false"),
        (None, "null"),
        (["a"], "a list"),
    ],
)
def test_an_item_that_is_no_object_says_what_it_is(item: Any, named: str) -> None:
    checked = invalid(labelled(*YES_NO), item)
    assert checked.reason == "schema"
    assert checked.detail.endswith(named)
    assert json.loads(checked.raw) == item


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"label": "yes"}, ["lacks `text`"]),
        ({}, ["lacks `text` and `label`"]),
        ({"text": 5, "label": "yes"}, ["`text`", "type string", "the number 5"]),
        ({"text": None, "label": "yes"}, ["`text`", "type string", "nothing (null)"]),
        ({"text": "  ", "label": "yes"}, ["`text`", "pattern", "is not found"]),
        ({"text": "t"}, ["lacks `label`"]),
    ],
)
def test_what_does_not_fit_the_schema_says_where_and_why(item: Any, said: list[str]) -> None:
    checked = invalid(labelled(*YES_NO), item)
    assert checked.reason == "schema"
    assert all(words in checked.detail for words in said), checked.detail
    assert json.loads(checked.raw) == item


def test_a_deep_fault_is_named_by_its_path() -> None:
    item = {"text": "t", "spans": [{"from": 1, "kind": "x"}, {"from": "one", "kind": "x"}], "tags": [], "score": 1}
    assert invalid(NESTED, {**item, "label": "yes"}).detail.startswith("`spans[1].from` must be of type integer")


def test_a_reason_stays_short_and_the_raw_item_whole() -> None:
    long = "x" * 50_000
    for item in ({"text": [long], "label": "yes"}, {"text": "t", "label": long}):
        checked = invalid(labelled(*YES_NO), item)
        assert len(checked.detail) < 1000
        assert json.loads(checked.raw) == item


@pytest.mark.parametrize(
    "item",
    [
        {"text": "half \ud83d", "label": "yes"},
        {"text": "t", "label": "\udc00"},
        {"text": "t", "label": "yes", "\ud800": 1},
        {"text": "t", "label": "yes", "unknown": ["\udfff"]},
    ],
)
def test_half_a_surrogate_pair_is_malformed(item: Any) -> None:
    checked = invalid(labelled(*YES_NO), item)
    assert checked.reason == "malformed"
    checked.raw.encode()
    assert json.loads(checked.raw) == item


# --- laws

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
LABEL_LIKE = st.sampled_from(
    ["yes", "no", " Yes", "NO", 1, 2, "1", 1.0, True, False, "true", 0.5, "0.5", "a", "B", "да"]
)
JSON = st.recursive(
    SCALARS | LABEL_LIKE | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
RECIPES = [
    labelled(*YES_NO),
    labelled(1, 2),
    labelled(True, False),
    labelled("да", "нет"),
    labelled(0.5, 1.5),
    optioned(*YES_NO),
    optioned(1, 2),
    optioned(True, False),
    PER_EXAMPLE,
    OPEN,
    NESTED,
]


@st.composite
def nearly_examples(draw: st.DrawFn, recipe: Recipe) -> Any:
    """Items of this recipe with anything in some of their fields, in any order, some missing, some too many."""
    item: dict[str, Any] = {}
    for name in draw(st.permutations(recipe.fields)):
        if name == recipe.task.label_field:
            likely: st.SearchStrategy[Any] = LABEL_LIKE | st.sampled_from([*recipe.labels.values, "a"])
        elif name == recipe.task.options_field:
            written = list(recipe.labels.values) or ["a", "b", "c"]
            likely = st.permutations(written).map(list) | st.lists(LABEL_LIKE, max_size=4)
        else:
            likely = st.just(recipe.seed_examples[0][name]) | st.text(max_size=9)
        item[name] = draw(st.one_of(likely, likely, likely, JSON))
    if draw(st.integers(0, 4)) == 0:
        item.pop(draw(st.sampled_from(recipe.fields)))
    if draw(st.integers(0, 4)) == 0:
        item[draw(st.text(max_size=5))] = draw(JSON)
    return item


@settings(max_examples=600)
@given(st.data())
def test_a_valid_example_fits_and_nothing_makes_the_check_raise(data: st.DataObject) -> None:
    recipe = data.draw(st.sampled_from(RECIPES))
    item: Any = data.draw(nearly_examples(recipe) | JSON)
    given_as = json.dumps(item)
    checked = Checker(recipe).check(item)
    assert json.dumps(item) == given_as, "the item itself is left as it is"
    if isinstance(checked, Invalid):
        assert checked.reason in {"schema", "label", "options", "malformed"}
        assert checked.detail
        assert json.dumps(json.loads(checked.raw)) == given_as
        return
    example = checked.example
    assert Draft202012Validator(recipe.schema).is_valid(example)
    assert checked.text == exactly(example)
    checked.text.encode()
    assert list(example) == list(recipe.fields)
    answer = exactly(example[str(recipe.task.label_field)])
    if recipe.labels.kind == "fixed":
        assert answer in map(exactly, recipe.labels.values)
        if recipe.task.options_field is not None:
            assert exactly(example[recipe.task.options_field]) == exactly(list(recipe.labels.values))
    elif recipe.labels.kind == "per_example":
        options: Any = example[str(recipe.task.options_field)]
        assert answer in map(exactly, options)
        assert len(options) == recipe.labels.options
    assert {name: example[name] for name in recipe.text_fields} == {name: item[name] for name in recipe.text_fields}
    as_it_was = json.dumps(item, sort_keys=True) == json.dumps(example, sort_keys=True)
    assert checked.normalised is not as_it_was
    again = Checker(recipe).check(json.loads(checked.text))
    assert again == Valid(example, checked.text, checked.digest, normalised=False)


# --- values at the edge of JSON, which a response can hold all the same


def in_a_loop(recipe: Recipe, text: str) -> list[RejectedItem]:
    """The items of a response that are rejected."""
    generation = Generation(recipe, model_settings(recipe))
    events = generation.receive(next(generation.wanted(1)).handle, completion(text))
    return [event for event in events if isinstance(event, RejectedItem)]


def test_a_number_that_is_too_large_for_a_float_is_no_example() -> None:
    """`1e999` is JSON to Python, and infinity; no dataset could hold it."""
    recipe = recipe_of({"text": "t", "score": 0.5, "label": "yes"}, PLAIN, LabelSpace("fixed", YES_NO))
    for number in (math.inf, -math.inf):
        invalid(recipe, {"text": "t", "score": number, "label": "yes"})
        invalid(recipe, number)
    numeric = recipe_of({"question": "q", "answer": 1.5}, Task("open", "answer", None), LabelSpace("open"))
    (row,) = in_a_loop(numeric, '{"examples": [{"question": "a", "answer": 1e999}]}')
    assert '"question": "a"' in row.raw


def test_a_number_that_cannot_be_divided_is_no_example_wherever_the_first_fault_is() -> None:
    properties: dict[str, Any] = {"text": {"type": "string"}, "n": {"multipleOf": 0.5}, "label": {}}
    seed = {"text": "t", "n": 1, "label": "yes"}
    recipe = recipe_of(seed, PLAIN, LabelSpace("fixed", YES_NO), schema={"properties": properties})
    for text in ("t", 3):
        assert invalid(recipe, {"text": text, "n": 10**400, "label": "yes"}).reason == "schema"


def nested(depth: int) -> str:
    tags = "[" * depth + "]" * depth
    return f'{{"text": "deep", "spans": [{{"from": 1, "kind": "x"}}], "tags": {tags}, "score": 1, "label": "yes"}}'


@pytest.mark.parametrize("depth", [100, 400, 600, 900])
def test_a_deep_item_is_taken_or_rejected_with_its_raw_text(depth: int) -> None:
    for row in in_a_loop(NESTED, f'{{"examples": [{nested(depth)}]}}'):
        assert "deep" in row.raw, row.detail


def test_the_verdict_does_not_depend_on_how_deep_the_caller_stands() -> None:
    """Else the same responses would give another dataset from a notebook than from the command line."""

    def verdict(frames: int, depth: int) -> bool:
        if frames:
            return verdict(frames - 1, depth)
        return isinstance(Checker(NESTED).check(json.loads(nested(depth))), Valid)

    for depth in range(20, 900, 20):
        assert verdict(0, depth) is verdict(60, depth), depth


@pytest.mark.parametrize("recipe", [labelled(*YES_NO), optioned(*YES_NO), PER_EXAMPLE], ids=["fixed", "options", "own"])
def test_an_example_has_its_label_whatever_the_recipes_own_schema_asks_for(recipe: Recipe) -> None:
    anything = replace(recipe, schema={"type": "object"}, schema_inferred=False)
    item = {name: value for name, value in recipe.seed_examples[0].items() if name != recipe.task.label_field}
    row = invalid(anything, item)
    assert (row.reason, row.detail) == ("label", f"{recipe.task.label_field} is missing")
