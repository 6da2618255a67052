"""Tasks and label spaces: labels as written, with their types, and seed answers that belong to them."""

from __future__ import annotations

import json

import pytest

from datarecipe.exchange import Json
from datarecipe.recipe import LabelSpace, Task, validator
from tests.recipe.writing import Project, as_flow


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("[yes, no]", ["yes", "no"]),
        ("[on, off]", ["on", "off"]),
        ("[1, 2]", [1, 2]),
        ("[0, 1]", [0, 1]),
        ("[true, false]", [True, False]),
        ('["да", "нет"]', ["да", "нет"]),
        ("[да, нет]", ["да", "нет"]),
        ('["1", "2"]', ["1", "2"]),
        ('["true", "false"]', ["true", "false"]),
        ("[1.5, 2.5]", [1.5, 2.5]),
        ("[A, B, C]", ["A", "B", "C"]),
        ("[0, true]", [0, True]),
        ("[012, 1_000]", [12, "1_000"]),
    ],
)
def test_labels_keep_their_types(project: Project, written: str, labels: list[Json]) -> None:
    answer = as_flow(labels[0])
    recipe = project.load(labels=written, seed_example=f"{{question: q, answer: {answer}}}")
    assert recipe.labels.kind == "fixed"
    assert json.dumps(recipe.labels.values) == json.dumps(labels)
    assert json.dumps(recipe.seed_examples[0]["answer"]) == json.dumps(labels[0])
    assert json.dumps(recipe.resolved["labels"]) == json.dumps(labels)
    judge = validator(recipe.schema)
    assert all(judge.is_valid({"question": "q", "answer": label}) for label in labels)
    assert not judge.is_valid({"question": "q", "answer": "something else"})


@pytest.mark.parametrize(
    ("labels", "answer", "message"),
    [
        ('["true", "false"]', "true", 'the answer in `answer` is the boolean true, and the label is the text "true"'),
        ("[true, false]", '"true"', 'the answer in `answer` is the text "true", and the label is the boolean true'),
        ("[1, 2]", '"1"', 'the answer in `answer` is the text "1", and the label is the number 1'),
        ("[1, 2]", "1.0", "the answer in `answer` is the number 1.0, and the label is the number 1"),
        ("[yes, no]", "Yes", 'the answer in `answer` is the text "Yes", and the label is the text "yes"'),
        ("[yes, no]", "maybe", 'the answer in `answer` must be one of the labels "yes", "no", not the text "maybe"'),
        ("[0, 1]", "false", "the answer in `answer` must be one of the labels 0, 1, not the boolean false"),
        ("[yes, no]", "[yes]", 'the answer in `answer` must be one of the labels "yes", "no", not a list of 1'),
        ("[yes, no]", "", 'the answer in `answer` is empty; it must be one of the labels "yes", "no"'),
    ],
)
def test_a_seed_answer_of_another_type_is_told_what_both_are(
    project: Project, labels: str, answer: str, message: str
) -> None:
    (problem,) = project.errors(labels=labels, seed_example=f"{{question: q, answer: {answer}}}").problems
    assert problem.message == message
    assert problem.line == 5


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("[yes, no, yes]", 'the text "yes" stands in `labels` again'),
        ("[yes, 1, 1.0]", "the number 1.0 stands in `labels` beside the number 1, which is the same number"),
        ("[yes, no, ' ']", "a label cannot be empty"),
    ],
)
def test_labels_that_are_the_same_are_refused(project: Project, labels: str, message: str) -> None:
    (problem,) = project.errors(labels=labels).problems
    assert problem.message == message


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("[yes, no, ' YES ']", 'the text " YES " stands in `labels` beside the text "yes"'),
        ("[yes, no, straße, STRASSE]", 'the text "STRASSE" stands in `labels` beside the text "straße"'),
        ("[yes, 1, '1']", 'the text "1" stands in `labels` beside the number 1'),
        ("[yes, true, 'True']", 'the text "True" stands in `labels` beside the boolean true'),
    ],
)
def test_labels_that_differ_in_case_or_type_alone_are_legal_and_warned_of(
    project: Project, labels: str, message: str
) -> None:
    recipe = project.load(labels=labels)
    (problem,) = recipe.warnings
    assert (problem.message, problem.kind) == (message, "warning")
    assert problem.place.startswith("recipes/recipe.yaml:6:")


def test_many_labels_are_checked_soon(project: Project) -> None:
    labels = as_flow(["yes", *range(40_000)])
    assert len(project.load(labels=labels).labels.values) == 40_001


def test_the_first_hundred_problems_are_enough_to_begin_with(project: Project) -> None:
    problems = project.errors(labels=as_flow(["yes", "no"] * 1000)).problems
    assert len(problems) == 101
    assert problems[-1].message == "there are 1,898 more problems"


def test_labels_may_be_missing_only_where_answers_are_open(project: Project) -> None:
    (problem,) = project.errors(labels=None).problems
    assert problem.message.startswith("`labels` is missing")
    assert problem.hint is not None
    assert "labels: [yes, no]" in problem.hint
    assert project.load(labels=None, task="open").labels == LabelSpace("open")
    assert project.load(labels="open", task="open").labels == LabelSpace("open")


MULTIPLE_CHOICE = "{question: q, options: [red, green, blue], answer: green}"


@pytest.mark.parametrize("number", ["3", "3.0"])
def test_labels_of_each_example(project: Project, number: str) -> None:
    labels = f"{{per_example: {number}}}"
    recipe = project.load(task="multiple_choice", labels=labels, seed_example=MULTIPLE_CHOICE)
    assert recipe.labels == LabelSpace("per_example", options=3)
    assert recipe.task == Task("multiple_choice", "answer", "options")
    assert recipe.text_fields == ("question",)
    judge = validator(recipe.schema)
    assert judge.is_valid({"question": "w", "options": ["a", "b", "c"], "answer": "a"})
    assert not judge.is_valid({"question": "w", "options": ["a", "b"], "answer": "a"})
    assert not judge.is_valid({"question": "w", "options": ["a", "b", "b"], "answer": "a"})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"labels": "{per_example: 4}"}, "`options` must be a list of 4 options, as `labels: {per_example: 4}` says"),
        ({"seed_example": "{question: q, options: a, answer: a}"}, "`options` must be a list of 3 options"),
        (
            {"seed_example": "{question: q, options: [a, b, A], answer: a}"},
            'the text "A" stands in `options` beside the text "a"',
        ),
        ({"seed_example": "{question: q, options: [a, b, [c]], answer: a}"}, "an option is text, a number"),
        (
            {"seed_example": "{question: q, options: [a, b, c], answer: d}"},
            "the answer in `answer` must be one of the options",
        ),
        (
            {"seed_example": "{question: q, options: [1, 2, 3], answer: '1'}"},
            'the answer in `answer` is the text "1", and the option is the number 1',
        ),
        (
            {"seed_example": "{question: q, answer: a}"},
            "`labels: {per_example: ...}` needs a field with each example's options",
        ),
        ({"task": "yes_no"}, "`task: yes_no` needs a list of labels"),
        ({"labels": "open"}, "`task: multiple_choice` needs labels to choose from, not `labels: open`"),
        (
            {"labels": "open", "task": "classification", "seed_example": "{t: x, label: a}"},
            "`task: classification` needs a list of labels",
        ),
    ],
)
def test_labels_of_each_example_are_checked_on_the_seed(project: Project, keys: dict[str, str], message: str) -> None:
    error = project.errors(
        **{"task": "multiple_choice", "labels": "{per_example: 3}", "seed_example": MULTIPLE_CHOICE, **keys}
    )
    assert error.problems[0].message.startswith(message)


def test_options_of_a_fixed_list_are_the_list(project: Project) -> None:
    recipe = project.load(seed_example="{options: [yes, no], question: q, answer: yes}")
    assert recipe.task.options_field == "options"
    judge = validator(recipe.schema)
    assert judge.is_valid({"options": ["yes", "no"], "question": "q", "answer": "no"})
    assert not judge.is_valid({"options": ["yes"], "question": "q", "answer": "no"})
    (problem,) = project.errors(seed_example="{options: [yes, 'No'], question: q, answer: yes}").problems
    assert problem.message.endswith('in their order, ["yes", "no"]; here is the text "No"')
    assert problem.column == 31
    assert project.errors(seed_example="{options: [no, yes], question: q, answer: yes}")
    assert project.errors(seed_example="{options: yes, question: q, answer: yes}")


@pytest.mark.parametrize(
    ("keys", "task"),
    [
        ({"task": "yes_no"}, Task("yes_no", "answer", None)),
        ({"task": "classification", "seed_example": "{text: t, label: yes}"}, Task("classification", "label", None)),
        ({"task": "{label: verdict}", "seed_example": "{q: t, verdict: yes}"}, Task("custom", "verdict", None)),
        (
            {"task": "{label: verdict}", "seed_example": "{q: t, options: [yes, no], verdict: yes}"},
            Task("custom", "verdict", "options"),
        ),
        (
            {"task": "{label: verdict, options: null}", "seed_example": "{q: t, options: [a], verdict: yes}"},
            Task("custom", "verdict", None),
        ),
        (
            {"task": "{label: verdict, options: choices}", "seed_example": "{q: t, choices: [yes, no], verdict: yes}"},
            Task("custom", "verdict", "choices"),
        ),
    ],
)
def test_a_task_names_the_fields(project: Project, keys: dict[str, str], task: Task) -> None:
    assert project.load(**keys).task == task


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"task": "classification"},
            "the label field `label` is not in the seed example, whose fields are `question` and `answer`",
        ),
        ({"task": "{label: anser}"}, "the label field `anser` is not in the seed example"),
        ({"task": "{label: answer, options: choices}"}, "the options field `choices` is not in the seed example"),
        ({"task": "{label: answer, options: answer}"}, "`answer` cannot be both the label field and the options field"),
        ({"seed_example": "{answer: yes}"}, "the seed example has no text field beside its answer"),
        ({"seed_example": "{answer: yes, options: [yes, no]}"}, "the seed example has no text field beside its answer"),
    ],
)
def test_fields_that_do_not_fit_the_task(project: Project, keys: dict[str, str], message: str) -> None:
    (problem,) = project.errors(**keys).problems
    assert problem.message.startswith(message)
