"""A vendored collection reads nothing of its host, whoever loads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datarecipe.errors import UnsafePathError
from datarecipe.recipe import load_recipe, recipes_below
from tests.recipe.writing import RECIPE, Project

SECRET = '{"question": "secret", "answer": "yes"}'


def text(**keys: str) -> str:
    return "".join(f"{key}: {value}\n" for key, value in {**RECIPE, "instruction": "Write more.", **keys}.items())


@pytest.mark.parametrize("folder", ["recipes/vendor/acme/recipes", "recipes/vendor/acme", "Recipes/VENDOR/acme"])
@pytest.mark.parametrize("key", ["seed_example", "instruction", "schema", "extends"])
@pytest.mark.parametrize("form", ["relative", "absolute", "link"])
@pytest.mark.parametrize("by_host", [False, True])
def test_a_vendored_file_names_no_file_of_its_host(
    project: Project, folder: str, key: str, form: str, *, by_host: bool
) -> None:
    secret = project.write("private/secret.json", SECRET)
    base = project.root / folder / "base.yaml"
    base.parent.mkdir(parents=True, exist_ok=True)
    written = os.path.relpath(secret, base.parent) if form == "relative" else str(secret)
    if form == "link":
        (base.parent / "own.json").symlink_to(secret)
        written = "own.json"
    base.write_text(text(**{key: written}))
    loaded = project.write("recipes/mine.yaml", f"recipe: 1\nextends: {base}\n") if by_host else base
    with pytest.raises(UnsafePathError) as caught:
        load_recipe(loaded, data_roots=[project.root / "private"])
    (problem,) = caught.value.problems
    assert problem.source.endswith("base.yaml")
    assert "vendored" in problem.message


def test_a_host_reads_what_is_vendored_and_the_collection_reads_its_own(project: Project) -> None:
    project.write("recipes/vendor/acme/seeds/own.json", SECRET)
    base = project.write("recipes/vendor/acme/recipes/base.yaml", text(seed_example="../seeds/own.json"))
    own = project.write("recipes/mine.yaml", "recipe: 1\nextends: vendor/acme/recipes/base.yaml\n")
    assert load_recipe(own).seed_examples == load_recipe(base).seed_examples
    assert load_recipe(own).project == project.root


def test_vendored_recipes_are_found_where_their_folder_is_named(project: Project) -> None:
    project.write_recipe()
    vendored = project.write("recipes/vendor/acme/recipes/base.yaml", text())
    for folder in (project.root, project.root / "recipes", Path("recipes")):
        assert [found.resolved for found in recipes_below(folder)] == [project.recipe]
    for folder in (vendored.parents[2], vendored.parents[1]):
        assert [found.resolved for found in recipes_below(folder)] == [vendored]
