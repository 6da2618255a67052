"""Shipped recipes by name, other recipes by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.errors import RecipeNotFoundError
from datarecipe.recipe import (
    choose_recipe,
    collection_root,
    find_recipe,
    is_name,
    is_shipped,
    load_recipe,
    shipped_recipes,
)
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
            "bolq: there is no recipe of this name",
            "did you mean `boolq`? `datarecipe list` names the shipped ones",
        ),
        (
            "zzzzzz",
            "zzzzzz: there is no recipe of this name",
            "it would be `recipes/zzzzzz.yaml`; the shipped ones are `",
        ),
        ("recip", "recip: there is no recipe of this name", "did you mean `recipe`?"),
        ("recipe.txt", "recipe.txt: there is no recipe of this name", "did you mean `recipe`?"),
        ("recipe.yaml", "recipe.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recipe.yml", "recipe.yml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recipe.json", "recipe.json: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recipes/recipe.yml", "recipes/recipe.yml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recipes/recipe", "recipes/recipe: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("./recipe", "./recipe: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("old/recipe.yaml", "old/recipe.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recip.yaml", "recip.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("recipes/recip.yaml", "recipes/recip.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("boolq.yaml", "boolq.yaml: there is no such file", "there is a shipped recipe of that name: `boolq`"),
        ("nowhere/x.yaml", "nowhere/x.yaml: there is no such file", None),
        ("recipe/recip.yaml", "recipe/recip.yaml: there is no such file", "did you mean `recipes/recipe.yaml`?"),
        ("a\0/b", "a\\u0000/b: there is no such file", None),
        ("", "RECIPE: the name of the recipe is empty", "is a variable of the shell not set?"),
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


NAMED = [
    # The files that are there, the name, the one that is taken, what is said beside it.
    (["recipes/spam.yaml"], "spam", "recipes/spam.yaml", ""),
    (["recipes/spam.yml"], "spam", "recipes/spam.yml", ""),
    (["recipes/spam.json"], "spam", "recipes/spam.json", ""),
    (["spam.yaml"], "spam", "spam.yaml", ""),
    (["spam.json", "recipes/spam.json"], "spam", "recipes/spam.json", " (and not `spam.json`)"),
    (["recipes/spam.json", "recipes/spam.yml", "recipes/spam.yaml"], "spam", "recipes/spam.yaml",
     " (and not `recipes/spam.yml` or `recipes/spam.json`)"),
    (["recipes/spam.v2.yaml"], "spam.v2", "recipes/spam.v2.yaml", ""),
    (["recipes/boolq.yaml"], "boolq", "recipes/boolq.yaml", " (and not the shipped recipe of the same name)"),
    (["recipes/my spam.yaml"], "my spam", "recipes/my spam.yaml", ""),
    (["recipes/jährlich.yaml"], "jährlich", "recipes/jährlich.yaml", ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "name", "taken", "beside"), NAMED)
def test_a_name_means_a_recipe_of_this_project_first_and_says_so(
    project: Project, files: list[str], name: str, taken: str, beside: str
) -> None:
    for file in files:
        project.write(file, "recipe: 1")
    choice = choose_recipe(name)
    assert choice.path == Path(taken)
    assert choice.note == f"recipe: {taken}{beside}"
    assert is_name(name)


def test_a_shipped_recipe_is_told_as_one_and_a_path_needs_no_word(project: Project) -> None:
    project.write_recipe()
    assert choose_recipe("boolq").note == "recipe: boolq, which comes with datarecipe"
    assert choose_recipe("recipes/recipe.yaml").note is None
    (project.root / "recipes" / "boolq.yaml").symlink_to(shipped_recipes()["boolq"])
    assert choose_recipe("boolq").note == "recipe: boolq, which comes with datarecipe", "the same file"


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "x" * 5000, "recipes", "~", "*", "recipe/"])
def test_what_is_no_name(project: Project, name: str) -> None:
    project.write_recipe()
    assert not is_name(name)
    if "/" not in name:
        with pytest.raises(RecipeNotFoundError):
            choose_recipe(name)
