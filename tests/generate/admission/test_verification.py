"""`filters.verify`: what is asked, how answers are read, and that exactly the confirmed items are kept."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.exchange import Complete, Completion
from datarecipe.generate.admission.filter_table import filters_of
from datarecipe.generate.admission.verification import VerifyFilter
from datarecipe.generate.judge.item_checker import Checker, Valid
from datarecipe.generate.prompt.model_profile import ModelSettings, settle_filter_model
from datarecipe.recipe import Filters, LabelSpace, NearDuplicates, Recipe, Task
from datarecipe.recipe.models.named_models import Verify
from tests import reference
from tests.generate.driving import drive
from tests.generate.recipes import completion, make_recipe, scripted, settings, verdict

MODEL = "openai/gpt-4o-mini"
KINDS = ("fixed", "random", "similar", "contrastive", "tree")


def verifying(recipe: Recipe, **changes: Any) -> tuple[Recipe, ModelSettings]:
    recipe = replace(recipe, filters=replace(recipe.filters, verify=Verify(MODEL, **changes)))
    model = replace(settings(recipe), of_filters={"verify": settle_filter_model(recipe, "verify", None)})
    return recipe, model


def filter_of(recipe: Recipe, model: ModelSettings) -> VerifyFilter:
    return VerifyFilter(recipe, model.of_filters["verify"])


def item_of(recipe: Recipe, example: dict[str, Any]) -> Valid:
    checked = Checker(recipe).check(example)
    assert isinstance(checked, Valid), checked
    return checked


EXAMPLE = {"options": ["yes", "no"], "answer": "no", "question": "Is ice hot?"}


def asked(recipe: Recipe, model: ModelSettings, example: dict[str, Any]) -> list[Complete]:
    requests = [*filter_of(recipe, model).questions(item_of(recipe, example))]
    assert all(isinstance(request, Complete) for request in requests)
    return requests  # type: ignore[return-value]


def text_of(request: Complete, role: str) -> str:
    return dict(request.content.messages)[role]


def test_the_label_is_in_no_question_and_each_vote_is_a_draw_of_its_own() -> None:
    recipe, model = verifying(make_recipe(description="Questions of children."), votes=5)
    requests = asked(recipe, model, EXAMPLE)
    assert [request.draw.lane for request in requests] == [f"verify:{vote}" for vote in range(5)]
    assert len({request.key for request in requests}) == 5
    for request in requests:
        assert json.loads(text_of(request, "user")) == {"question": "Is ice hot?"}
        assert text_of(request, "system").startswith('Questions of children.\n\nFill in the field "answer"')
        assert request.content.model == MODEL
        assert request.content.sampling == {"max_tokens": 128, "temperature": 1}
    orders = Counter(text_of(request, "system").partition("one of: ")[2].partition(".")[0] for request in requests)
    assert sorted(orders.values()) == [2, 3]
    assert set(orders) == {'"yes", "no"', '"no", "yes"'}


def test_which_order_comes_first_differs_from_item_to_item() -> None:
    recipe, model = verifying(make_recipe(), votes=1)
    texts = (text_of(asked(recipe, model, EXAMPLE | {"question": f"Is {n} odd?"})[0], "system") for n in range(200))
    first = Counter('"yes", "no"' in text for text in texts)
    assert 70 < first[True] < 130


def test_one_vote_is_the_likeliest_answer_and_settings_win() -> None:
    assert verifying(make_recipe(), votes=1)[1].of_filters["verify"].sampling["temperature"] == 0
    sampling = (
        verifying(make_recipe(), sampling={"max_tokens": 7, "temperature": None})[1].of_filters["verify"].sampling
    )
    assert sampling == {"max_tokens": 7}
    recipe, model = verifying(make_recipe(description="People."), instruction="Yes means hot.")
    assert text_of(asked(recipe, model, EXAMPLE)[0], "system").startswith("Yes means hot.\n\nFill")


def choice() -> Recipe:
    return make_recipe(
        task=Task("multiple_choice", "answer", "options"),
        labels=LabelSpace("per_example", (), 3),
        seed_examples=({"question": "What barks?", "options": ["cat", "dog", "cow"], "answer": "dog"},),
        schema={"type": "object"},
    )


def test_options_are_turned_from_vote_to_vote() -> None:
    recipe, model = verifying(choice(), votes=3)
    requests = asked(recipe, model, {"question": "What flies?", "options": ["fly", "ant", "bee"], "answer": "bee"})
    shown = [json.loads(text_of(request, "user")) for request in requests]
    assert [each["question"] for each in shown] == ["What flies?"] * 3
    assert sorted(each["options"] for each in shown) == [
        ["ant", "bee", "fly"],
        ["bee", "fly", "ant"],
        ["fly", "ant", "bee"],
    ]
    schemas = {json.dumps(request.content.response_format) for request in requests}
    assert len(schemas) == 1, "providers take long for the first request with a schema"


def open_answers() -> Recipe:
    return make_recipe(
        task=Task("open", "answer", None),
        labels=LabelSpace("open"),
        seed_examples=({"question": "How much is 1 and 1?", "answer": "2"},),
        schema={"type": "object"},
    )


YES_NO = {
    '{"answer": "no"}': True,
    '{"answer": "No "}': True,
    '```json\n{"answer": "no"}\n```': True,
    '<think>yes or no</think>\n{"answer": "no"}': True,
    "no": True,
    " **No**.\n": True,
    '{"answer": "yes"}': False,
    '{"answer": "maybe"}': False,
    '{"label": "no"}': False,
    '{"answer": ["no"]}': False,
    '{"answer": null}': False,
    "I cannot say no": False,
    "": False,
    "{": False,
}


@pytest.mark.parametrize(("reply", "agrees"), YES_NO.items())
def test_how_a_reply_is_read(reply: str, agrees: bool) -> None:
    recipe, model = verifying(make_recipe(), votes=1)
    rejection = filter_of(recipe, model).admit(item_of(recipe, dict(EXAMPLE)), [completion(reply)])
    assert (rejection is None) == agrees
    assert rejection is None or rejection.reason == "unverified"


@pytest.mark.parametrize(
    ("votes", "agree", "answers", "detail"),
    [
        (3, None, "no no yes", None),
        (3, None, "no yes yes", '1 of 3 answers are the label; 2 "yes"'),
        (3, 3, "no no yes", '2 of 3 answers are the label; 1 "yes"'),
        (3, 3, "no no no", None),
        (4, None, "no no yes yes", '2 of 4 answers are the label; 2 "yes"'),
        (4, 2, "no no yes yes", '2 of 4 answers are the label; 2 "yes"'),
        (4, 2, "no no yes ?", None),
        (4, 1, "no ? ? ?", None),
        (3, None, "? ? ?", "0 of 3 answers are the label; 3 without a label"),
        (3, None, "no ? yes", '1 of 3 answers are the label; 1 "yes", 1 without a label'),
    ],
)
def test_enough_votes_and_more_than_for_any_other(
    votes: int, agree: int | None, answers: str, detail: str | None
) -> None:
    recipe, model = verifying(make_recipe(), votes=votes, agree=agree)
    own, item = filter_of(recipe, model), item_of(recipe, dict(EXAMPLE))
    replies = [completion(json.dumps({"answer": answer})) for answer in answers.split()]
    rejection = own.admit(item, replies)
    assert (rejection.detail if rejection else None) == detail
    if rejection is None:
        assert own.notes(item, replies) == {"verify": {"agree": answers.split().count("no"), "votes": votes}}


@given(st.permutations(["no"] * 3 + ["yes"] * 2 + ["?"] * 2))
def test_the_order_of_the_votes_does_not_matter(answers: list[str]) -> None:
    recipe, model = verifying(make_recipe(), votes=7, agree=3)
    replies = [completion(json.dumps({"answer": answer})) for answer in answers]
    assert filter_of(recipe, model).admit(item_of(recipe, dict(EXAMPLE)), replies) is None


def test_labels_of_another_type_are_other_labels() -> None:
    space = LabelSpace("fixed", (1, "1 "))
    schema = {"type": "object"}
    seeds = ({"answer": 1, "question": "One?"},)
    recipe = make_recipe(labels=space, schema=schema, seed_examples=seeds, task=Task("custom", "answer", None))
    recipe, model = verifying(recipe, votes=1)
    own, item = filter_of(recipe, model), item_of(recipe, {"answer": 1, "question": "Two?"})
    assert own.admit(item, [completion('{"answer": 1}')]) is None
    assert own.admit(item, [completion('{"answer": "1 "}')]) is not None


def test_open_answers_agree_whatever_their_case_and_type() -> None:
    recipe, model = verifying(open_answers(), votes=1)
    own, item = filter_of(recipe, model), item_of(recipe, {"question": "How much is 2 and 2?", "answer": "4"})
    assert [
        own.admit(item, [completion(f'{{"answer": {answer}}}')]) is None for answer in ('"4"', "4", '" 4"', "5")
    ] == [
        True,
        True,
        True,
        False,
    ]
    assert 'another example: "2"' in text_of(asked(recipe, model, {"question": "How?", "answer": "4"})[0], "system")


@pytest.mark.parametrize(
    ("label", "answer", "agrees"),
    [
        (2.5, "2.5", True), (4, "4.0", True), (4, "5", False), (True, "true", True), (None, "null", True),
        (None, '"none"', False), (["Ann", "É"], '["ann", "é"]', True), ({"b": 1, "a": 2}, '{"a": 2, "b": 1}', True),
        ("007", "7", False),
    ],
)  # fmt: skip
def test_open_answers_of_other_types(label: Any, answer: str, agrees: bool) -> None:
    recipe, model = verifying(open_answers(), votes=1)
    item = item_of(recipe, {"question": "How much?", "answer": label})
    reply = completion(f'{{"why": 1}} {{"answer": {answer}}}')
    assert (filter_of(recipe, model).admit(item, [reply]) is None) == agrees


def test_the_form_of_an_open_answer_is_the_schemas() -> None:
    schema: Any = {
        "type": "object",
        "properties": {"answer": {"type": "number", "minimum": 0}, "question": {"type": "string"}},
    }
    recipe, model = verifying(replace(open_answers(), schema=schema), votes=1)
    verifier = replace(model.of_filters["verify"], response_format="json_schema")
    request = VerifyFilter(recipe, verifier).questions(item_of(recipe, {"question": "How much?", "answer": 2.5}))[0]
    assert isinstance(request, Complete)
    form: Any = request.content.response_format
    assert form["json_schema"]["schema"]["properties"] == {"answer": {"type": "number"}}


def test_an_item_without_what_could_be_asked_passes() -> None:
    recipe, model = verifying(choice(), votes=3)
    own, item = filter_of(recipe, model), item_of(recipe, {"question": "What barks?", "answer": "dog"})
    assert (own.questions(item), own.admit(item, ())) == ((), None)
    recipe, model = verifying(open_answers(), votes=3)
    own, item = filter_of(recipe, model), item_of(recipe, {"question": "What barks?"})
    assert (own.questions(item), own.admit(item, ())) == ((), None)


def answering(truth: Callable[[str], str]) -> Callable[[Complete], Completion]:
    """Writes items, and answers each question as `truth` says."""

    def answer(request: Complete) -> Completion:
        if request.draw.asker != "verify":
            return scripted(request, untidy=False)
        return completion(json.dumps({"answer": truth(json.loads(text_of(request, "user"))["question"])}))

    return answer


def truth_of(question: str) -> str:
    left, right = (int(word) for word in question.rstrip("?").split() if word.rstrip("?").isdigit())
    return "yes" if left > right else "no"


@pytest.mark.parametrize("kind", KINDS)
def test_the_kept_set_is_exactly_the_right_labels(kind: Any) -> None:
    recipe, model = verifying(make_recipe(kind, target_size=60))
    run = drive(recipe, model, answering(truth_of), lambda _: 0, 8, filters=filters_of(recipe, model))
    assert run.outcome == "target"
    assert len(run.accepted) == 60
    for event in run.accepted:
        assert event.example["answer"] == truth_of(str(event.example["question"]))
        assert event.lineage.checks == {"verify": {"agree": 3, "votes": 3}}
    rejected = [json.loads(event.raw) for event in run.rejected if event.reason == "unverified"]
    assert rejected
    assert all(example["answer"] != truth_of(example["question"]) for example in rejected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("votes", [1, 4])
def test_no_order_of_arrival_changes_anything(kind: Any, votes: int) -> None:
    near = Filters(near_duplicates=NearDuplicates())
    recipe, model = verifying(make_recipe(kind, 4, target_size=40, filters=near), votes=votes)

    def answer(request: Complete) -> Completion:
        return verdict(request) if request.draw.asker == "verify" else scripted(request, variety=30)

    expected = reference.sequential(recipe, model, answer, filters_of(recipe, model))
    for seed in range(4):
        pick = random.Random(seed).randrange
        run = drive(recipe, model, answer, pick, (1, 3, 16, 64)[seed], filters=filters_of(recipe, model))
        assert run.accepted == expected.rows
        assert run.rejected == expected.rejected
    assert {"unverified", "duplicate"} <= {row.reason for row in expected.rejected}


def test_nothing_is_asked_about_what_is_certain_to_be_rejected() -> None:
    recipe, model = verifying(make_recipe("fixed", target_size=30, filters=Filters(near_duplicates=NearDuplicates())))
    asked_about: Counter[str] = Counter()

    def answer(request: Complete) -> Completion:
        if request.draw.asker == "verify":
            asked_about[json.loads(text_of(request, "user"))["question"]] += 1
            return completion('{"answer": "yes"}')
        texts = ("Is the moon made of green cheese?", "Is the moon made of green cheese??", f"{request.draw.lane * 9}?")
        items = [{"options": ["yes", "no"], "answer": "yes", "question": text} for text in texts]
        return completion(json.dumps({"examples": items}))

    run = drive(recipe, model, answer, lambda _: 0, 1, filters=filters_of(recipe, model))
    assert len(run.accepted) == 30
    assert set(asked_about.values()) == {3}
    near = [row for row in run.rejected if row.reason in ("near_duplicate", "duplicate")]
    assert len(near) > 30
    assert sum(text.startswith("Is the moon") for text in asked_about) <= 2, "those of the first batch"
