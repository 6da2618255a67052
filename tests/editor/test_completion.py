"""What an editor offers while a recipe is written."""

from __future__ import annotations

import re

import pytest

from datarecipe.recipe import format_schema
from datarecipe.recipe.format.format_check import NOT_YET
from datarecipe.recipe.format.schema_file import schema_of
from tests.editor.documents import DOCUMENT, MODELINE, written
from tests.editor.language_client import Completion, LanguageClient

LATER = {keys[0] for keys in NOT_YET if len(keys) == 1}


def offered(editor: LanguageClient, text: str) -> dict[str, Completion]:
    return {completion.label: completion for completion in editor.completions(MODELINE + text, DOCUMENT)}


def taken(completion: Completion, indent: str = "") -> str:
    """What stands in the text afterwards, the places to fill in left as they are proposed."""
    return re.sub(r"\$\{\d+:([^}]*)\}|\$\d+", r"\1", completion.inserted).replace("\n", f"\n{indent}")


def test_every_key_is_offered_with_what_it_means(editor: LanguageClient) -> None:
    found = offered(editor, "recipe: 1\n|")
    keys = set(format_schema()["properties"]) - LATER - {"recipe"}
    assert keys <= set(found)
    for key in keys:
        schema = schema_of((key,))
        assert schema is not None
        assert found[key].documentation.startswith(schema["description"]), key
    assert found["target_size"].documentation == (
        "How many accepted examples the dataset should have. If you raise the number later, the same dataset continues."
    )
    assert found["batch_size"].documentation.endswith("Default: `5`")


def test_what_this_release_refuses_is_not_offered(editor: LanguageClient) -> None:
    assert not LATER & set(offered(editor, "recipe: 1\n|"))
    assert not {keys[1] for keys in NOT_YET if keys[0] == "limits"} & set(offered(editor, "limits:\n  |"))


def test_what_is_written_is_not_offered_again(editor: LanguageClient) -> None:
    found = offered(editor, "recipe: 1\nname: a\nextends: base.yaml\n|")
    assert "task" in found
    assert not {"recipe", "name", "extends"} & set(found)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("strategy:\n  |", "kind chains roots patience embedder"),
        ("strategy:\n  kind: random\n  |", "chains roots patience embedder"),
        ("sampling:\n  |", "temperature top_p max_tokens reasoning_effort"),
        ("limits:\n  |", "concurrency timeout barren"),
        ("task:\n  |", "label options"),
        ("labels:\n  |", "per_example"),
    ],
)
def test_keys_below_a_key(editor: LanguageClient, text: str, keys: str) -> None:
    found = offered(editor, f"recipe: 1\n{text}")
    parent = text.partition(":")[0]
    for key in keys.split():
        schema = schema_of((parent, key))
        assert schema is not None
        assert found[key].documentation.startswith(schema["description"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("strategy: |", "fixed random contrastive similar tree"),
        ("strategy:\n  kind: |", "fixed random contrastive similar tree"),
        ("task: |", "yes_no multiple_choice open classification"),
        ("response_format: |", "auto json_schema json_object none"),
        ("sampling:\n  reasoning_effort: |", "none minimal low medium high"),
    ],
)
def test_values_to_choose_from_are_offered_with_what_they_mean(editor: LanguageClient, text: str, values: str) -> None:
    found = offered(editor, f"recipe: 1\n{text}")
    assert set(values.split()) <= set(found)
    explained = [found[value].documentation for value in values.split()]
    assert all(explained)
    if "reasoning" not in text:
        assert len(set(explained)) == len(explained)


@pytest.mark.parametrize("key", ["strategy", "task", "labels", "seed_example"])
def test_a_key_with_a_long_form_offers_that_too(editor: LanguageClient, key: str) -> None:
    found = offered(editor, f"recipe: 1\n{key}: |")
    assert [label for label in found if label.startswith("{")]
    assert not [label for label in found if "object" in label.lower()]


def test_whatever_is_taken_is_right(editor: LanguageClient) -> None:
    keys = [key for key in format_schema()["properties"] if key not in LATER]
    texts = [
        written(**{key: taken(completion)})
        for key in keys
        for completion in offered(editor, written(**{key: None}).removeprefix(MODELINE) + f"{key}: |").values()
    ]
    assert len(texts) > 40
    found = zip(texts, editor.all_diagnostics(texts, DOCUMENT), strict=True)
    assert [(text, wrong) for text, wrong in found if wrong] == []


@pytest.mark.parametrize("begun", ["", "recipe: 1\nname: mine\ntarget_size: 20\n"])
def test_one_item_writes_all_keys_that_are_needed(editor: LanguageClient, begun: str) -> None:
    whole = MODELINE + begun + taken(offered(editor, f"{begun}|")["all needed keys"]) + "\n"
    assert editor.diagnostics(whole, DOCUMENT) == []
