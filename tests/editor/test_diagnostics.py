"""What an editor underlines, where, and in which words. `datarecipe validate` points to the same places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datarecipe.errors import RecipeError
from datarecipe.recipe import load_recipe
from tests.docs.pages import ROOT
from tests.editor.documents import DOCUMENT, MODELINE, marked, written
from tests.editor.language_client import Diagnostic, LanguageClient
from tests.recipe.writing import Project

STRATEGIES = '"fixed", "random", "contrastive", "similar", "tree"'
A_STRATEGY = "Must be one of `fixed`, `random`, `contrastive`, `similar`, `tree`, or a mapping with `kind`."
A_TASK = (
    "Must be one of `yes_no`, `multiple_choice`, `open`, `classification`, "
    "a mapping {label: FIELD, options: FIELD or null}, or left out for dialogues and preference pairs."
)
AN_ADDRESS = "Must be an address that begins with http:// or https://, without user name, password or white space."
WRONG = [
    ({"«target-size»": "5"}, "Property target-size is not allowed."),
    ({"sampling": "{«seed»: 5}"}, "Property seed is not allowed."),
    ({"strategy": "{kind: tree, «rots»: 3}"}, "Property rots is not allowed."),
    ({"target_size": '«"500"»'}, "Must be a whole number from 1 to 1,000,000,000."),
    ({"target_size": "«0»"}, "Value is below the minimum of 1."),
    ({"version": "«1.10»"}, "Must be text that is not empty."),
    ({"description": "«true»"}, "Must be text."),
    (
        {"name": "«a b»"},
        "Must be a name of 1 to 100 letters, digits, `_`, `.` and `-` that begins with a letter or digit.",
    ),
    ({"tags": "«english»"}, "Must be a list of texts."),
    ({"sampling": "\n  temperature: «hot»"}, "Must be a number from 0 to 2 or null."),
    (
        {"response_format": "«json»"},
        'Value is not accepted. Valid values: "auto", "json_schema", "json_object", "none".',
    ),
    ({"strategy": "«tre»"}, A_STRATEGY),
    ({"strategy": "\n  kind: «diverse»"}, f"Value is not accepted. Valid values: {STRATEGIES}."),
    ({"task": "«yesno»"}, A_TASK),
    ({"labels": "«closed»"}, "Must be a list of labels, {per_example: N}, or `open`."),
    ({"labels": "[a, «[b]»]"}, "Must be text, a number, or true or false."),
    ({"labels": "{per_example: «1»}"}, "Value is below the minimum of 2."),
    ({"seed_example": "«5»"}, "Must be a mapping of fields, the path of a .json file, or a list of these."),
    ({"seed_example": "[«5»]"}, "Must be a mapping of fields, or the path of a .json file."),
    (
        {"vary": "{«a b»: [x]}"},
        "Must be a name of at most 100 letters, digits and `_` that does not begin with a digit.",
    ),
    ({"vary": "{a: «x»}"}, "Must be a list of 1 to 10,000 values."),
    ({"api_base": "«localhost:8000»"}, AN_ADDRESS),
    ({"limits": "\n  timeout: «long»"}, "Must be a number above 0 and of at most 86,400."),
    ({"extends": "«5»"}, "Must be the path of a recipe, or a list of them."),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture(scope="module")
def underlined(editor: LanguageClient) -> dict[str, list[Diagnostic]]:
    """What is underlined in each of the wrong recipes. All at once: the server waits a while before it checks one."""
    texts = [marked(written(**keys)).text for keys, _ in WRONG]
    return dict(zip(texts, editor.all_diagnostics(texts, DOCUMENT), strict=True))


def name(keys: dict[str, str]) -> str:
    """Such as `vary: {a: x}`."""
    return re.sub(r"[«»]|\n +", "", "".join(f"{key}: {value}" for key, value in keys.items()))


@pytest.mark.parametrize(("keys", "message"), WRONG, ids=[name(keys) for keys, _ in WRONG])
def test_what_is_wrong_is_underlined(
    underlined: dict[str, list[Diagnostic]], project: Project, keys: dict[str, str], message: str
) -> None:
    place = marked(written(**keys))
    assert underlined[place.text] == [Diagnostic(place.line, place.column, place.end_column, message)]
    with pytest.raises(RecipeError) as caught:
        load_recipe(project.write_recipe(place.text))
    assert (place.line, place.column) in {(problem.line, problem.column) for problem in caught.value.problems}


def test_a_value_of_no_form_is_told_all_forms(editor: LanguageClient) -> None:
    found = editor.diagnostics(written(strategy="[tree]"), DOCUMENT)
    assert {(diagnostic.line, diagnostic.column) for diagnostic in found} == {(8, 11)}
    assert [diagnostic.message for diagnostic in found] == [
        'Incorrect type. Expected "string | mapping with kind".',
        A_STRATEGY,
    ]


def test_missing_keys_are_named_at_the_first_key(editor: LanguageClient) -> None:
    found = editor.diagnostics(f"{MODELINE}recipe: 1\nname: mine\n", DOCUMENT)
    assert [str(diagnostic) for diagnostic in found] == [
        f'2:1-2: Missing property "{key}".' for key in ("instruction", "seed_example", "strategy", "target_size")
    ]
    (inner,) = editor.diagnostics(written(strategy="\n  chains: 4"), DOCUMENT)
    assert str(inner) == '8:1-9: Missing property "kind".'


def test_with_extends_the_other_recipe_may_have_the_keys(editor: LanguageClient) -> None:
    fewer = f"{MODELINE}recipe: 1\nextends: base.yaml\nrandom_seed: 7\n"
    assert editor.diagnostics(fewer, DOCUMENT) == []
    assert editor.diagnostics(fewer.replace("base.yaml", "[base.yaml, ../limits.yaml]"), DOCUMENT) == []
    place = marked(fewer + "strategy: «tre»\n")
    (wrong,) = editor.diagnostics(place.text, DOCUMENT)
    assert (wrong.line, wrong.column) == (place.line, place.column)
    (missing,) = editor.diagnostics(f"{MODELINE}extends: base.yaml\n", DOCUMENT)
    assert missing.message == 'Missing property "recipe".'


@pytest.mark.parametrize("key", ["labels", "description", "name"])
def test_yes_no_on_and_off_are_texts(editor: LanguageClient, key: str) -> None:
    words = ["yes", "no", "on", "off", "Yes", "NO", "y", "n"]
    texts = [written(**{key: f"[{word}, other]" if key == "labels" else word}) for word in words]
    assert editor.all_diagnostics(texts, DOCUMENT) == [[] for _ in words]


def test_what_this_release_refuses_is_underlined(editor: LanguageClient) -> None:
    place = marked(written(evaluate="{test: x}").replace("evaluate: {test: x}", "«evaluate: {test: x}»"))
    message = "`evaluate` belongs to format 1, but this release does not implement it yet"
    assert editor.diagnostics(place.text, DOCUMENT) == [
        Diagnostic(place.line, place.column, place.end_column, f"{message}.")
    ]


def test_a_key_that_stands_twice_is_underlined(editor: LanguageClient) -> None:
    (twice,) = editor.diagnostics(written() + "target_size: 5\n", DOCUMENT)
    assert (twice.line, twice.column, twice.message) == (10, 1, "Map keys must be unique")


def test_shipped_recipes_are_right(editor: LanguageClient) -> None:
    paths = sorted((ROOT / "recipes").glob("*.yaml"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert any("extends:" in text for text in texts)
    found = editor.all_diagnostics([MODELINE + text for text in texts], paths[0])
    assert [(path.stem, wrong) for path, wrong in zip(paths, found, strict=True) if wrong] == []


def test_a_recipe_to_be_extended_is_told_what_it_lacks_and_nothing_else(editor: LanguageClient) -> None:
    paths = sorted((ROOT / "recipes" / "bases").glob("*.yaml"))
    assert paths
    texts = [MODELINE + path.read_text(encoding="utf-8") for path in paths]
    for found in editor.all_diagnostics(texts, paths[0]):
        assert all(diagnostic.message.startswith("Missing property") for diagnostic in found)
