"""What the fuzzer found once, at its smallest: each would hang, fill memory, or escape as another error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datarecipe.errors import CompositionError, RecipeError, RecipeSyntaxError, SeedExampleError
from datarecipe.exchange import Json
from datarecipe.recipe import load_recipe
from datarecipe.recipe.findings import MAX_PROBLEMS
from tests.fuzz.trial import alarm

KEYS = "recipe: 1\nname: found\ntask: open\ninstruction: Write.\nstrategy: fixed\ntarget_size: 3\n"
SEED = "seed_example: {question: q, answer: a}\n"


def refused(folder: Path, recipe: str, **files: Json) -> RecipeError:
    """The error of a recipe with the files beside it."""
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    path = folder / "found.yaml"
    path.write_text(recipe)
    with alarm(30), pytest.raises(RecipeError) as raised:
        load_recipe(path)
    return raised.value


def test_an_extends_without_a_path_does_not_hide_what_is_missing(tmp_path: Path) -> None:
    error = refused(tmp_path, "recipe: 1\nextends: ''\nname: found\n")
    assert isinstance(error, CompositionError)
    assert error.problems[0].line == 2


def test_a_base_that_is_named_often_is_not_read_often(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("recipe: 1\n")
    error = refused(tmp_path, KEYS + SEED + f"extends: [{', '.join(['base.yaml'] * 20_000)}]\n")
    assert "100 recipes at most" in str(error)
    assert len(error.problems) == 1


def test_large_bases_are_too_large_even_where_each_replaces_the_other(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(f"recipe: 1\nx-a: [{', '.join(['x'] * 20_000)}]\n")
    error = refused(tmp_path, KEYS + SEED + "extends: [a.yaml, b.yaml, c.yaml]\n")
    assert "50,000 values" in str(error)


def test_seed_files_that_are_named_often_are_not_read_into_memory_as_often(tmp_path: Path) -> None:
    named = [f"{'./' * (number % 50)}seed.json" for number in range(1000)]
    large: Json = {"question": "q", "answer": "a", "more": {str(number): number for number in range(300)}}
    error = refused(tmp_path, KEYS + f"seed_example: {json.dumps(named)}\n", seed=large)
    assert isinstance(error, SeedExampleError)
    assert "up to here, the seed examples hold more than 50,000 values" in str(error)
    error = refused(tmp_path, KEYS + f"seed_example: {json.dumps(named)}\n", seed=[None] * 40_000)
    assert "seed.json:1:2: a seed example is a JSON object with fields" in str(error)
    assert len(error.problems) == MAX_PROBLEMS + 1
    error = refused(tmp_path, KEYS + f"seed_example: {json.dumps([*named, 'seed.json'])}\n", seed=large)
    assert "`seed_example` is a list of 1,001; 1,000 is the limit" in str(error)


def test_many_mistakes_in_one_long_line_are_told_in_a_short_text(tmp_path: Path) -> None:
    error = refused(tmp_path, KEYS + SEED + f"x-a: {{{'a: 1, ' * 20_000}}}\n")
    assert isinstance(error, RecipeSyntaxError)
    assert len(error.problems) == MAX_PROBLEMS
    assert len(str(error)) < 1000 * MAX_PROBLEMS


def test_a_merge_of_many_mappings_grows_with_their_number_alone(tmp_path: Path) -> None:
    many = ", ".join(f"{{k{number}: {number}}}" for number in range(16_000))
    path = tmp_path / "found.yaml"
    path.write_text(KEYS + SEED + f"vars: {{<<: [{many}]}}\n")
    with alarm(30):
        assert load_recipe(path).vars["k15999"] == 15_999


def test_seed_examples_with_thousands_of_other_fields_are_told_in_a_short_text(tmp_path: Path) -> None:
    seeds: list[Json] = [{f"{letter}{number}": 1 for number in range(12_000)} for letter in "ab"]
    error = refused(tmp_path, KEYS + "seed_example: seeds.json\n", seeds=seeds)
    assert isinstance(error, SeedExampleError)
    assert len(str(error)) < 2000 * MAX_PROBLEMS


def test_warnings_have_an_end(tmp_path: Path) -> None:
    seeds: list[Json] = [{"question": "良い" * 15, "answer": "a"}] * 5_000
    (tmp_path / "seeds.json").write_text(json.dumps(seeds, ensure_ascii=False))
    path = tmp_path / "found.yaml"
    path.write_text(KEYS + "seed_example: seeds.json\n")
    with alarm(30):
        assert len(load_recipe(path).warnings) <= 2 * MAX_PROBLEMS


def test_a_misspelt_key_of_great_length_is_not_compared(tmp_path: Path) -> None:
    error = refused(tmp_path, KEYS + SEED + "".join(f"{'strategies' * 200}{number}: 1\n" for number in range(200)))
    assert len(str(error)) < 1000 * MAX_PROBLEMS
