"""Seed examples: in the recipe, in files, and both."""

from __future__ import annotations

import pytest

from tests.recipe.writing import Project, told


def test_mappings_files_and_files_of_several_mix(project: Project) -> None:
    project.write("seeds/one.json", '{"answer": "no", "question": "one"}')
    project.write("seeds/two.json", '[{"question": "two", "answer": "yes"}, {"question": "three", "answer": "no"}]')
    recipe = project.load(
        seed_example="[{question: zero, answer: yes}, ../seeds/one.json, ../seeds/two.json]",
    )
    assert [example["question"] for example in recipe.seed_examples] == ["zero", "one", "two", "three"]
    assert all(list(example) == ["question", "answer"] for example in recipe.seed_examples)


def test_the_order_of_the_fields_is_the_order_of_the_file(project: Project) -> None:
    project.write("seeds/one.json", '{"options": ["yes", "no"], "answer": "no", "question": "one", "a": 1}')
    assert project.load(seed_example="../seeds/one.json").fields == ("options", "answer", "question", "a")


def test_values_that_look_like_paths_are_text_inside_an_example(project: Project) -> None:
    recipe = project.load(seed_example="{question: ../../etc/passwd, answer: yes}")
    assert recipe.seed_examples[0]["question"] == "../../etc/passwd"


def test_all_seed_examples_have_the_same_fields(project: Project) -> None:
    seeds = "[{question: a, answer: yes}, {questoin: b, answer: no}, {question: c, answer: no, more: 1}]"
    assert told(project.errors(seed_example=seeds).problems) == [
        "recipes/recipe.yaml:5:45: the seed example has a field `questoin`, which the first one has not\n"
        "  did you mean `question`?",
        "recipes/recipe.yaml:5:97: the seed example has a field `more`, which the first one has not\n"
        "  all seed examples have the same fields",
    ]


def test_problems_of_a_seed_file_stand_in_the_file(project: Project) -> None:
    project.write("seeds/one.json", '{\n  "question": "q",\n  "answer": "maybe"\n}')
    error = project.errors(seed_example="../seeds/one.json")
    assert str(error).startswith("seeds/one.json:3:13: the answer in `answer` must be one of the labels")


def test_files_that_hold_no_example_are_refused(project: Project) -> None:
    for content in ("3", "[]", "{}", '["a"]', '[{"question": "q", "answer": "yes"}, 3]'):
        project.write("seeds/one.json", content)
        assert "a seed example is a JSON object with fields" in str(project.errors(seed_example="../seeds/one.json"))


def test_text_that_is_no_path_is_no_seed_example(project: Project) -> None:
    message = "a seed example is a mapping of fields or the path of a .json file"
    assert message in str(project.errors(seed_example="is rome in italy"))


@pytest.mark.parametrize(
    ("seeds", "message", "empty"),
    [
        ("{question: null, answer: yes}", "the seed example holds nothing but its answer: `question` is null", False),
        ("{question: ~, answer: yes}", "the seed example holds nothing but its answer: `question` is null", False),
        ("{question: , answer: yes}", "the seed example holds nothing but its answer: `question` is null", True),
        ("{question, answer: yes}", "the seed example holds nothing but its answer: `question` is null", True),
        ("\n  question: #python\n  answer: yes", "nothing but its answer: `question` is null", True),
        ("{question: null, more: null, answer: yes}", "`question` and `more` are null", False),
        ("{question: null, more: , answer: yes}", "`question` and `more` are null", True),
        ("[{question: null, answer: yes}, {question: ~, answer: no}]",
         "no seed example holds anything but its answer: `question` is null", False),
        ("[{question: null, answer: yes}, {question: , answer: no}]",
         "no seed example holds anything but its answer: `question` is null", True),
    ],
)  # fmt: skip
def test_seeds_without_a_text_hear_of_the_sign_where_nothing_is_written(
    project: Project, seeds: str, message: str, empty: bool
) -> None:
    (problem,) = project.errors(seed_example=seeds).problems
    assert problem.message.endswith(message)
    assert ("`#`" in (problem.hint or "")) == empty


def test_null_in_a_json_file_is_written(project: Project) -> None:
    project.write("seeds/one.json", '{"question": null, "answer": "no"}')
    (problem,) = project.errors(seed_example="../seeds/one.json").problems
    assert problem.hint == "write a text into `question`"
