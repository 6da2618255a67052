"""Shipped recipes by name, other recipes by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.errors import RecipeNotFoundError
from datarecipe.recipe import collection_root, find_recipe, is_shipped, load_recipe, shipped_recipes
from tests.recipe.writing import Project


def test_a_name_is_a_shipped_recipe(project: Project) -> None:
    path = find_recipe("boolq")
    assert path == shipped_recipes()["boolq"]
    assert is_shipped(path)
    assert load_recipe(path).project == collection_root()


def test_a_suffix_or_a_slash_is_a_path(project: Project) -> None:
    project.write_recipe()
    assert find_recipe("recipes/recipe.yaml") == Path("recipes/recipe.yaml")
    assert not is_shipped(Path("recipes/recipe.yaml"))
    (project.root / "link.yaml").symlink_to(shipped_recipes()["boolq"])
    assert is_shipped(Path("link.yaml"))


@pytest.mark.parametrize(
    ("argument", "message", "hint"),
    [
        (
            "bolq",
            "bolq: there is no shipped recipe of this name",
            "did you mean `boolq`? `datarecipe list` names them all",
        ),
        ("zzzzzz", "zzzzzz: there is no shipped recipe of this name", "the shipped ones are `"),
        ("recipe", "recipe: there is no shipped recipe of this name", "did you mean the file `recipes/recipe.yaml`?"),
        ("recipes/recip.yaml", "recipes/recip.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("boolq.yaml", "boolq.yaml: there is no such file", "there is a shipped recipe of that name: `boolq`"),
        ("nowhere/x.yaml", "nowhere/x.yaml: there is no such file", None),
        ("recipe/recip.yaml", "recipe/recip.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("a\0/b", "a\\u0000/b: there is no such file", None),
        ("", ": there is no shipped recipe of this name", "the shipped ones are"),
    ],
)
def test_what_is_not_there(project: Project, argument: str, message: str, hint: str | None) -> None:
    project.write_recipe()
    with pytest.raises(RecipeNotFoundError) as caught:
        find_recipe(argument)
    (problem,) = caught.value.problems
    assert str(problem).startswith(message)
    assert (problem.hint or "").startswith(hint or "")
    assert bool(problem.hint) == bool(hint)
    assert caught.value.exit_code == 2
