"""A vendored collection reads nothing of its host, whoever loads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datarecipe.errors import MissingFileError, RecipeNotFoundError, UnsafePathError
from datarecipe.recipe import find_recipe, load_recipe, passed_over_below, recipes_below
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
        (told,) = passed_over_below(folder)
        assert told.endswith("recipes/vendor: 1 recipe skipped; name this folder to include it")
    for folder in (vendored.parents[2], vendored.parents[1]):
        assert [found.resolved for found in recipes_below(folder)] == [vendored]
        assert not list(passed_over_below(folder))


def test_what_is_passed_over_is_counted_and_no_link_is_followed(project: Project, tmp_path: Path) -> None:
    project.write_recipe()
    (project.root / "recipes" / "vendor").symlink_to(tmp_path)
    assert not list(passed_over_below(project.root))
    (project.root / "recipes" / "vendor").unlink()
    project.write("recipes/vendor/acme/notes.yaml", "a: 1\n")
    assert not list(passed_over_below(project.root))
    for name in ("one", "two"):
        project.write(f"recipes/vendor/acme/{name}.yaml", text())
    (told,) = passed_over_below(Path("recipes"))
    assert told == "recipes/vendor: 2 recipes skipped; name this folder to include them"


@pytest.mark.parametrize("asked", ["returns", "acme/returns", "acme/returns.yaml", "recipes/vendor/acme/returns.yaml"])
def test_a_name_leads_to_the_vendored_recipe(project: Project, asked: str) -> None:
    project.write("recipes/vendor/acme/recipes/returns.yaml", text())
    project.write("recipes/vendor/other/returns2.yaml", text())
    with pytest.raises(RecipeNotFoundError, match=r"did you mean `recipes/vendor/acme/recipes/returns\.yaml`"):
        find_recipe(asked)
    with pytest.raises(RecipeNotFoundError) as caught:
        find_recipe("other/returns")
    assert "acme" not in str(caught.value)


def test_a_base_is_looked_for_among_the_recipes_of_a_collection(project: Project) -> None:
    project.write("recipes/vendor/acme/recipes/returns.yaml", text())
    own = project.write("recipes/mine.yaml", "recipe: 1\nextends: vendor/acme/returns.yaml\n")
    with pytest.raises(MissingFileError, match=r"did you mean `vendor/acme/recipes/returns\.yaml`"):
        load_recipe(own)
