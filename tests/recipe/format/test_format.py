"""The recipe format: the JSON Schema in the package, and its verdicts in words."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from datarecipe.errors import NotYetError, Problem, RecipeError
from datarecipe.recipe import Embedder, Prices, format_schema, load_recipe
from datarecipe.recipe.format.format_check import NOT_YET
from datarecipe.recipe.format.schema_file import schema_of
from tests.recipe.writing import RECIPE, Project, as_flow

FORMAT_1 = (
    "recipe name description version license tags requires task seed_example labels strategy batch_size random_seed "
    "schema vars vary model api_base fallbacks prices sampling response_format filters limits tests evaluate extends "
    "instruction target_size"
)


def test_the_schema_is_one_and_holds_the_whole_format() -> None:
    schema = format_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(FORMAT_1.split())
    assert set(schema["properties"]["filters"]["properties"]) == {
        "near_duplicates",
        "decontaminate",
        "balance",
        "length",
        "patterns",
        "copies",
        "leakage",
        "refusals",
        "language",
        "pii",
        "secrets",
        "contradictions",
        "verify",
        "judge",
        "repair",
    }
    assert set(schema["properties"]["limits"]["properties"]) == {
        "usd",
        "tokens",
        "calls",
        "concurrency",
        "max_concurrency",
        "rpm",
        "tpm",
        "timeout",
        "barren",
        "stop_when",
    }
    assert all(schema_of(keys) is not None for keys in NOT_YET)


def described(schema: Any, name: str) -> list[tuple[str, Any]]:
    found = []
    for form in (schema, *schema.get("anyOf", ())):
        for key, inner in form.get("properties", {}).items():
            found += [(f"{name}.{key}", inner), *described(inner, f"{name}.{key}")]
    return found


@pytest.mark.parametrize(
    ("name", "schema"), described(format_schema(), ""), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_has_a_description_and_examples_that_fit_it(name: str, schema: Any) -> None:
    assert schema["description"]
    assert schema["examples"]
    for example in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
        Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("key", [".".join(keys) for keys in NOT_YET])
def test_what_a_later_release_does_is_refused_and_never_ignored(project: Project, key: str) -> None:
    schema = schema_of(tuple(key.split(".")))
    assert schema is not None
    top, _, inner = key.partition(".")
    value = as_flow({inner: schema["examples"][0]} if inner else schema["examples"][0])
    error = project.errors(**{top: value})
    assert isinstance(error, NotYetError)
    (problem,) = error.problems
    assert problem.message == f"`{key}` belongs to format 1, but this release does not implement it yet"
    assert problem.line == 9
    assert problem.hint == f"remove `{key}`, or use a release that implements it"


@pytest.mark.parametrize("name", ["hashed-ngrams", "minilm", "openai/text-embedding-3-small", "text-embedding-3-small"])
def test_an_embedder_is_named(project: Project, name: str) -> None:
    assert project.load(strategy=f"{{kind: similar, embedder: {name}}}").strategy.embedder == Embedder(name)
    prices = "prices: {input_per_million: 0.02, output_per_million: 0}"
    long = project.load(strategy=f"{{kind: similar, embedder: {{model: {name}, {prices}}}}}").strategy.embedder
    assert long == Embedder(name, Prices(0.02, 0.0))


@pytest.mark.parametrize(
    ("written", "meant"), [("all-minilm", "minilm"), ("{model: MiniLM}", "minilm"), ("hashed_ngrams", "hashed-ngrams")]
)
def test_a_name_that_is_nearly_an_embedders_is_refused(project: Project, written: str, meant: str) -> None:
    (problem,) = project.errors(strategy=f"{{kind: similar, embedder: {written}}}").problems
    assert problem.message.startswith("no embedder is called")
    assert f"`{meant}`" in (problem.hint or "")


@pytest.mark.parametrize(
    ("keys", "message", "hint"),
    [
        ({"target-size": "5"}, "9:1: unknown key `target-size`", "did you mean `target_size`?"),
        (
            {"temperature": "1"},
            "9:1: unknown key `temperature`",
            "it stands in `sampling`: `sampling: {temperature: ...}`",
        ),
        ({"zzz": "1"}, "9:1: unknown key `zzz`", "a key of your own begins with `x-`"),
        ({"sampling": "{seed: 5}"}, "9:12: unknown key `seed` in `sampling`", "the keys here are `temperature`"),
        ({"sampling": "{x-a: 5}"}, "9:12: unknown key `x-a` in `sampling`", "the keys here are"),
        ({"limits": "{concurency: 5}"}, "9:10: unknown key `concurency` in `limits`", "did you mean `concurrency`?"),
        ({"name": "../evil"}, "2:7: `name` must be a name of 1 to 100 letters, digits, `_`, `.` and `-`", None),
        ({"name": "a b"}, "2:7: `name` must be a name", None),
        ({"name": "a" * 101}, "2:7: `name` must be a name", None),
        ({"name": '"a\\n"'}, "2:7: `name` must be a name", None),
        ({"name": None}, "1:1: `name` is missing", "write it, for example: name: boolq"),
        (
            {"strategy": "tre"},
            "7:11: `strategy` must be one of `fixed`, `random`, `contrastive`, `similar` or `tree`",
            "did you mean `tree`?",
        ),
        ({"strategy": "{kind: diverse}"}, "7:18: `strategy.kind` must be one of", None),
        ({"strategy": "{chains: 4}"}, "7:11: `kind` is missing in `strategy`", "write it, for example: kind: tree"),
        ({"strategy": "[tree]"}, "7:11: `strategy` must be one of `fixed`, `random`", None),
        (
            {"strategy": "{kind: tree, roots: 0}"},
            "7:31: `strategy.roots` must be a whole number from 1 to 100,000, not the number 0",
            None,
        ),
        (
            {"target_size": '"500"'},
            '8:14: `target_size` must be a whole number from 1 to 1,000,000,000, not the text "500"',
            "write the number without quotes",
        ),
        ({"target_size": "2.5"}, "8:14: `target_size` must be a whole number", None),
        (
            {"target_size": "true"},
            "8:14: `target_size` must be a whole number from 1 to 1,000,000,000, not the boolean true",
            None,
        ),
        (
            {"target_size": ""},
            "8:1: `target_size` is empty; it must be a whole number",
            "for example: target_size: 500",
        ),
        (
            {"version": "1.10"},
            "9:10: `version` must be text, not the number 1.1",
            'write it with quotes: version: "1.10"',
        ),
        ({"description": "yes"}, "", None),
        (
            {"labels": "{per_example: 1}"},
            "6:23: `labels.per_example` must be a whole number from 2 to 100, not the number 1",
            None,
        ),
        (
            {"labels": "closed"},
            "6:9: `labels` must be a list of labels, {per_example: N}, or `open`",
            "for example: labels: [",
        ),
        ({"labels": "[a, [b]]"}, "6:13: `labels[1]` must be text, a number, or true or false, not a list of 1", None),
        ({"labels": "[a, null]"}, "6:13: `labels[1]` is null; it must be text", "remove it, or put it into quotes"),
        (
            {"labels": "5"},
            "6:9: `labels` must be a list of labels, {per_example: N}, or `open`, not the number 5",
            None,
        ),
        ({"vary": "{a b: [x]}"}, "9:8: `a b` in `vary` must be a name", None),
        ({"vary": "{a: []}"}, "9:11: `vary.a` must be a list of 1 to 10,000 values, not an empty list", None),
        ({"vary": "{a: [[x]]}"}, "9:12: `vary.a[0]` must be text, a number, true or false, or a mapping", None),
        (
            {"seed_example": "[]"},
            "5:15: `seed_example` must be a mapping of fields, the path of a .json file, or a list of these",
            None,
        ),
        ({"seed_example": "{}"}, "5:15: `seed_example` must be", None),
        ({"seed_example": "[3]"}, "5:16: `seed_example[0]` must be a mapping of fields, or the path", None),
        (
            {"api_base": "localhost:8000"},
            "9:11: `api_base` must be an address that begins with http:// or https://",
            None,
        ),
        ({"api_base": "http://user:key@host/v1"}, "9:11: `api_base` must be an address", None),
        (
            {"sampling": "{temperature: 3}"},
            "9:25: `sampling.temperature` must be a number from 0 to 2 or null, not the number 3",
            None,
        ),
        ({"response_format": "json"}, "9:18: `response_format` must be one of `auto`", "did you mean"),
        (
            {"instruction": '""'},
            "4:14: `instruction` is empty; it must be a template text, or the path of a template",
            "for example: instruction: ",
        ),
        ({"limits": "{timeout: 0}"}, "9:19: `limits.timeout` must be a number above 0 and of at most 86,400", None),
    ],
)
def test_wrong_keys_and_values_in_the_words_of_the_field(
    project: Project, keys: dict[str, str | None], message: str, hint: str | None
) -> None:
    if not message:
        assert project.load(**keys)
        return
    problem = project.errors(**keys).problems[0]
    assert str(problem).startswith(f"recipes/recipe.yaml:{message}")
    if hint is not None:
        assert problem.hint is not None
        assert problem.hint.startswith(hint)


def test_a_misspelt_key_is_not_called_missing_too(project: Project) -> None:
    error = project.errors(strategy=None, stratagy="tree", task="{labell: answer}")
    assert [problem.message for problem in error.problems] == [
        "unknown key `labell` in `task`",
        "unknown key `stratagy`",
    ]


def test_control_characters_never_reach_the_terminal(project: Project) -> None:
    error = project.errors(**{'"\\e[31mred"': "1", "labels": '["\\u202e", "\\e]0;x"]', "name": '"\\e[2J"'})
    assert all(char.isprintable() or char == "\n" for char in str(error))


def test_a_file_of_nothing_but_unknown_keys_is_refused_soon(project: Project) -> None:
    text = "recipe: 1\n" + "".join(f"target_siz{i}: 1\n" for i in range(40_000))
    started = time.monotonic()
    assert len(project.errors(text).problems) <= 110
    assert time.monotonic() - started < 30


SOME_VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2.5,
        10**30,
        "",
        "x",
        "a/b",
        "../../x",
        "open",
        "tree",
        [],
        [None],
        ["a", "b"],
        {},
        {"per_example": 2},
        {"kind": "tree"},
        {"label": "answer"},
        {"question": "q", "answer": "yes"},
        [{"a": [1, {}]}],
        {"type": "object"},
    ]
)


@given(st.dictionaries(st.sampled_from([*FORMAT_1.split(), "x-own", "nonsense"]), SOME_VALUES, max_size=6))
def test_any_recipe_is_one_or_gets_a_clear_message(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Any]
) -> None:
    project = Project(tmp_path_factory.mktemp("any") / "project")
    path = project.write_recipe(**{**RECIPE, **{key: json.dumps(value) for key, value in keys.items()}})
    problems: Sequence[Problem] = ()
    try:
        load_recipe(path)
    except RecipeError as error:
        problems = error.problems or (Problem("", "none is no error"),)
    assert all(problem.line and problem.message for problem in problems)
