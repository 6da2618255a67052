"""Dialogues, preference pairs and extractions: rows without a label field, none lost as a duplicate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datarecipe.exchange import Json
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import DATA_FILES, recipe_with, run, setup_for, write_recipe

DIALOGUE = """\
  messages:
    - {role: system, content: You answer the customers of a web shop.}
    - {role: user, content: "Where is my parcel?"}
    - {role: assistant, content: It arrives tomorrow.}
"""
SHAREGPT = """\
  conversations:
    - {from: human, value: "Where is my parcel?"}
    - {from: gpt, value: It arrives tomorrow.}
"""
PAIR = """\
  prompt: "Where is my parcel?"
  chosen: It arrives tomorrow.
  rejected: No idea.
"""
PAIR_OF_DIALOGUES = """\
  prompt: [{role: user, content: "Where is my parcel?"}]
  chosen: [{role: assistant, content: It arrives tomorrow.}]
  rejected: [{role: assistant, content: No idea.}]
"""
EXTRACTION = """\
  record:
    text: Ann Smith moved to Rome.
    entities: [{span: Ann Smith, type: person}, {span: Rome, type: place}]
"""
SHAPES = {
    "dialogue": DIALOGUE,
    "sharegpt": SHAREGPT,
    "pair": PAIR,
    "pair-of-dialogues": PAIR_OF_DIALOGUES,
    "extraction": EXTRACTION,
}


def recipe_of(seed: str, strategy: str = "tree", target: int = 200) -> str:
    return (
        "recipe: 1\nname: shaped\ninstruction: Write {{ batch_size }} new examples.\n"
        f"seed_example:\n{seed}strategy: {strategy}\ntarget_size: {target}\n"
    )


def rows(folder: Path, name: str = "data.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("shape", "strategy"), [*((shape, "tree") for shape in SHAPES), ("dialogue", "contrastive")])
def test_no_row_is_lost(tmp_path: Path, shape: str, strategy: str) -> None:
    path = write_recipe(tmp_path, recipe_of(SHAPES[shape], strategy))
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        result = run(setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache"))
        assert result.exit_code == 0
    assert len(rows(tmp_path / "out")) == 200
    assert {row["reason"] for row in rows(tmp_path / "out", "rejected.jsonl")} <= {"surplus"}


@pytest.mark.parametrize("shape", SHAPES)
def test_datasets_reads_the_rows(tmp_path: Path, shape: str) -> None:
    datasets = pytest.importorskip("datasets")
    path = write_recipe(tmp_path, recipe_of(SHAPES[shape], target=20))
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        run(setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache"))
    cache = str(tmp_path / "hf")
    read = datasets.load_dataset("json", data_files=str(tmp_path / "out/data.jsonl"), split="train", cache_dir=cache)
    assert list(read) == rows(tmp_path / "out")


@pytest.mark.parametrize(
    ("roles", "detail"),
    [
        (["user", "assistant"], None),
        (["system", "user", "assistant", "user", "assistant"], None),
        (["user"], 'messages: the last turn is not by "assistant"'),
        (["user", "user", "assistant"], 'messages: "user" speaks twice in a row'),
        (["user", "system", "assistant"], 'messages: "system" speaks, but not first'),
    ],
)
def test_turns_alternate_as_in_the_seed(tmp_path: Path, roles: list[str], detail: str | None) -> None:
    path = write_recipe(tmp_path, recipe_of(DIALOGUE, "fixed", 5))
    item: Json = {"messages": [{"role": role, "content": f"{role} says {at}"} for at, role in enumerate(roles)]}
    with OpenAIServer(lambda _: json.dumps({"examples": [item]})) as server:
        recipe = recipe_with(path, **{"limits.barren": 1})
        run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    if detail is None:
        assert rows(tmp_path / "out") == [item]
    else:
        rejected = rows(tmp_path / "out", "rejected.jsonl")
        assert {(row["reason"], row["detail"]) for row in rejected} == {("schema", detail)}


def test_another_role_is_rejected_by_the_schema(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, recipe_of(SHAREGPT, "fixed", 5))
    item: Json = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "robot", "value": "Ho"}]}
    with OpenAIServer(lambda _: json.dumps({"examples": [item]})) as server:
        run(setup_for(recipe_with(path, **{"limits.barren": 1}), server.base_url, tmp_path / "out", tmp_path / "cache"))
    (row,) = rows(tmp_path / "out", "rejected.jsonl")
    assert row["reason"] == "schema"
    assert "robot" in row["detail"]


def test_the_resolved_recipe_makes_the_same_dataset(tmp_path: Path) -> None:
    """The rule for turns comes from the seed examples, so it also holds where the schema is written out."""
    path = write_recipe(tmp_path, recipe_of(DIALOGUE, target=40))
    with OpenAIServer(Author.tidy(variety=10**9)) as server:
        run(setup_for(recipe_with(path), server.base_url, tmp_path / "out", tmp_path / "cache"))
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
        again = write_recipe(tmp_path, json.dumps(manifest["recipe"]), "again")
        run(setup_for(recipe_with(again), server.base_url, tmp_path / "again", tmp_path / "cache"))
    for name in DATA_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert "task" not in manifest["recipe"]
    other = json.loads((tmp_path / "again" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["identity"] == other["identity"]


def test_equality_is_of_all_fields_where_label_and_options_are_all_there_is(tmp_path: Path) -> None:
    text = recipe_of("  answer: A first answer.\n", "fixed", 50).replace("strategy:", "task: open\nstrategy:")
    with OpenAIServer(Author.tidy(variety=10**9, label_fields=())) as server:
        recipe = recipe_with(write_recipe(tmp_path, text))
        assert recipe.text_fields == ("answer",)
        run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert len(rows(tmp_path / "out")) == 50
