"""A recipe reads regular, small files of its own project, and nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import RecipeError, RecipeSyntaxError, UnsafePathError
from datarecipe.recipe import Override, load_recipe
from datarecipe.recipe.source.document import MAX_BYTES
from datarecipe.recipe.source.paths import is_path, project_of
from tests.recipe.writing import Project


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("../templates/fixed_labels.j2", True),
        ("fixed_labels.j2", True),
        ("instruction.TXT", True),
        ("../../../etc/passwd", True),
        ("/dev/zero", True),
        ("~/x", True),
        ("passwd", False),
        ("Write more.", False),
        ("a/b c", False),
        ("{{x}}/y", False),
        ("a/b\n", False),
        ("a/b\u00a0c.j2", False),
        ("", False),
    ],
)
def test_a_path_is_one_line_without_white_space_or_brace_with_a_suffix_or_slash(value: str, expected: bool) -> None:
    assert is_path(value) is expected


@pytest.mark.parametrize(
    "path",
    ["../../../etc/passwd", "../../outside.j2", "/etc/passwd", "../templates/../../outside.j2", "~/../../../x/y"],
)
@pytest.mark.parametrize("key", ["instruction", "seed_example", "schema"])
def test_a_path_out_of_the_project_is_refused_at_its_place(project: Project, key: str, path: str) -> None:
    (project.root.parent / "outside.j2").write_text("secret")
    error = project.errors(**{key: path})
    assert isinstance(error, UnsafePathError)
    (problem,) = error.problems
    assert problem.source == "recipes/recipe.yaml"
    assert problem.line is not None
    assert "leads out of the recipe's project" in problem.message
    assert problem.hint
    assert "secret" not in str(error)


def test_every_seed_example_of_a_list_is_held_in_the_project(project: Project) -> None:
    error = project.errors(seed_example="[../../a.json, ../../b.json]")
    assert isinstance(error, UnsafePathError)
    assert [problem.column for problem in error.problems] == [16, 30]


def test_a_symlink_out_of_the_project_is_refused(project: Project) -> None:
    outside = project.root.parent / "outside.j2"
    outside.write_text("secret")
    (project.root / "templates" / "link.j2").symlink_to(outside)
    (project.root / "linked").symlink_to(project.root.parent)
    assert isinstance(project.errors(instruction="../templates/link.j2"), UnsafePathError)
    assert isinstance(project.errors(instruction="../linked/outside.j2"), UnsafePathError)


def test_a_symlink_inside_and_an_absolute_path_inside_are_read(project: Project) -> None:
    (project.root / "templates" / "link.j2").symlink_to(project.root / "templates" / "fixed_labels.j2")
    assert project.load(instruction="../templates/link.j2").instruction.startswith("Write")
    assert project.load(instruction=str(project.root / "templates/fixed_labels.j2")).instruction.startswith("Write")


def test_what_is_no_regular_file_is_refused_without_waiting(project: Project) -> None:
    os.mkfifo(project.root / "templates" / "pipe.j2")
    (project.root / "templates" / "folder.j2").mkdir()
    (project.root / "templates" / "loop.j2").symlink_to("loop.j2")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(project.root / "s.j2"))
    assert "is a named pipe, not a regular file" in str(project.errors(instruction="../templates/pipe.j2"))
    assert "is a folder, not a regular file" in str(project.errors(instruction="../templates/folder.j2"))
    assert "is a device or socket" in str(project.errors(instruction="../s.j2"))
    assert '"../templates/loop.j2"' in str(project.errors(instruction="../templates/loop.j2"))
    listening.close()


def test_large_files_addresses_and_impossible_names_are_refused(project: Project) -> None:
    project.write("templates/large.j2", "x" * (MAX_BYTES + 1))
    assert "is larger than 1,000,000 bytes" in str(project.errors(instruction="../templates/large.j2"))
    assert "opens no connection" in str(project.errors(instruction="https://example.com/x.j2"))
    assert "cannot be a path" in str(project.errors(instruction='"a/\\0.j2"'))
    assert "cannot be read" in str(project.errors(instruction="./" + "b" * 300))
    project.write("recipes/recipe.yaml", "#" * (MAX_BYTES + 1))
    with pytest.raises(RecipeError, match="larger"):
        load_recipe(project.recipe)


def test_a_missing_file_names_the_nearest_one(project: Project) -> None:
    (problem,) = project.errors(instruction="../templates/fixed_label.j2").problems
    assert problem.hint == "did you mean `../templates/fixed_labels.j2`?"
    (problem,) = project.errors(instruction="../template/fixed_labels.j2").problems
    assert problem.hint == "did you mean `../templates/fixed_labels.j2`?"


def test_problems_inside_a_named_file_stand_in_that_file(project: Project) -> None:
    project.write("seeds/seed.json", '{\n "question": x}')
    error = project.errors(seed_example="../seeds/seed.json")
    assert isinstance(error, RecipeSyntaxError)
    assert str(error).startswith("seeds/seed.json:2:14: a JSON value should stand here")
    project.write("templates/latin.j2", b"caf\xe9")
    assert str(project.errors(instruction="../templates/latin.j2")).startswith(
        "templates/latin.j2:1:4: the file is not"
    )
    project.write("templates/empty.j2", " \n")
    assert "templates/empty.j2 is empty" in str(project.errors(instruction="../templates/empty.j2"))


def test_the_project_is_the_folder_above_recipes_else_the_recipes_own(tmp_path: Path) -> None:
    assert project_of(tmp_path / "p" / "recipes" / "r.yaml").root == tmp_path / "p"
    assert project_of(tmp_path / "p" / "recipes" / "deep" / "r.yaml").root == tmp_path / "p"
    assert project_of(tmp_path / "p" / "r.yaml").root == tmp_path / "p"
    assert project_of(Path("/recipes/r.yaml")).root == Path("/recipes")


def test_home_and_root_are_no_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "me"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    assert project_of(home / "recipes" / "r.yaml").root == home / "recipes"
    assert project_of(home / "recipes" / "r.yaml").readable
    assert not project_of(home / "r.yaml").readable
    assert not project_of(home.parent / "r.yaml").readable
    assert not project_of(Path("/r.yaml")).readable


def test_a_recipe_in_the_home_folder_reads_no_file(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project.root))
    project.write("secret.j2", "secret")
    text = project.write_recipe(instruction="secret.j2").read_text()
    recipe = project.write("r.yaml", text)
    with pytest.raises(UnsafePathError, match="may read no file"):
        load_recipe(recipe)
    recipe.write_text(text.replace("secret.j2", "Write more."))
    assert load_recipe(recipe).project == project.root


def test_a_path_on_the_command_line_is_the_users_own(project: Project) -> None:
    outside = project.root.parent / "mine.j2"
    outside.write_text("Mine.")
    assert project.load(Override("instruction", "../mine.j2", "--set instruction")).instruction == "Mine."
    error = project.errors(None, Override("instruction", "../none.j2", "--set instruction"))
    assert str(error).startswith('--set instruction: there is no file "../none.j2"')


@given(st.text("./~ab{\\\0\n\u202e", max_size=30))
def test_no_value_makes_a_recipe_read_outside(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    project = Project(tmp_path_factory.mktemp("any") / "project")
    (project.root.parent / "a").write_text("secret")
    (project.root.parent / "b").mkdir()
    path = project.write_recipe(instruction=f'"{value.encode("unicode_escape").decode()}"')
    try:
        told = load_recipe(path).instruction
    except RecipeError as error:
        told = str(error)
    assert "secret" not in told
