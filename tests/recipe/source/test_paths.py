"""A recipe reads regular, small files of its own project, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import RecipeError, RecipeSyntaxError, UnsafePathError
from datarecipe.recipe import Override, load_recipe
from datarecipe.recipe.discovery import recipes_below
from datarecipe.recipe.source.document import MAX_BYTES, Source
from datarecipe.recipe.source.paths import is_path, project_of, read_source
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
    assert "is not a regular file" in str(project.errors(instruction="../templates/pipe.j2"))
    assert "is a folder, not a regular file" in str(project.errors(instruction="../templates/folder.j2"))
    assert "is not a regular file" in str(project.errors(instruction="../s.j2"))
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


@pytest.mark.parametrize(
    ("recipe", "marked", "root"),
    [
        ("p/recipes/r.yaml", [], "p"),
        ("p/r.yaml", [], "p"),
        ("p/recipes/deep/r.yaml", [], "p/recipes/deep"),
        ("p/recipes/deep/r.yaml", ["p/.datarecipe"], "p"),
        ("p/recipes/deep/r.yaml", ["p/.git"], "p"),
        ("src/p/recipes/deep/r.yaml", ["src/.git"], "src/p"),
        ("p/recipes/a/recipes/deep/r.yaml", ["p/.git"], "p/recipes/a"),
        # A clone below a folder that happens to be called recipes.
        ("src/recipes/clone/r.yaml", ["src/recipes/clone/.git"], "src/recipes/clone"),
        ("src/recipes/clone/recipes/r.yaml", ["src/recipes/clone/.git"], "src/recipes/clone"),
        ("src/recipes/clone/deep/r.yaml", ["src/recipes/clone/.git"], "src/recipes/clone/deep"),
        ("src/recipes/clone/r.yaml", ["src/recipes/clone/.git", "src/.git"], "src/recipes/clone"),
        # An unpacked archive there, and a clone that is called recipes itself.
        ("src/recipes/archive/r.yaml", [], "src/recipes/archive"),
        ("src/recipes/r.yaml", ["src/recipes/.git"], "src/recipes"),
        ("src/recipes/deep/r.yaml", ["src/recipes/.git"], "src/recipes/deep"),
        ("p/my-recipes/deep/r.yaml", ["p/.git"], "p/my-recipes/deep"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_project_is_the_folder_with_the_nearest_recipes_within_the_repository(
    tmp_path: Path, recipe: str, marked: list[str], root: str, kind: str
) -> None:
    for mark in marked:
        (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
        if kind == "file" and mark.endswith(".git"):  # a work tree or a submodule
            (tmp_path / mark).write_text("gitdir: elsewhere")
        else:
            (tmp_path / mark).mkdir()
    assert project_of(tmp_path / recipe).root == tmp_path / root


def test_the_project_of_a_recipe_below_the_root_is_not_the_whole_machine() -> None:
    assert project_of(Path("/recipes/r.yaml")).root == Path("/recipes")


def test_a_repository_of_the_home_folder_makes_no_project_of_all_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    assert project_of(tmp_path / "src/recipes/archive/r.yaml").root == tmp_path / "src/recipes/archive"


@pytest.mark.parametrize(
    "name", [".env", ".git/config", "templates/.t.j2", "a/.b/c.j2", "\u200b.env", "link.j2", "a/link/config"]
)
@pytest.mark.parametrize("key", ["instruction", "seed_example", "schema", "extends"])
def test_a_hidden_file_of_the_project_is_not_read_nor_quoted(project: Project, key: str, name: str) -> None:
    for secret in (".env", ".git/config", "templates/.t.j2", "a/.b/c.j2", "\u200b.env"):
        project.write(secret, "KEY: [SECRET {{ x")
    (project.root / "link.j2").symlink_to(".env")
    (project.root / "a" / "link").symlink_to("../.git")
    error = project.errors(**{key: f'"../{name}"'})
    assert isinstance(error, UnsafePathError)
    assert "is hidden" in str(error)
    assert "a part that begins with a dot" in str(error)
    assert "SECRET" not in str(error)


def test_a_project_and_a_folder_of_data_may_lie_in_hidden_ones(tmp_path: Path) -> None:
    project = Project(tmp_path / ".config" / "project")
    assert project.load().instruction.startswith("Write")
    (tmp_path / ".shared" / ".deep").mkdir(parents=True)
    (tmp_path / ".shared" / "mine.j2").write_text("Mine.")
    (tmp_path / ".shared" / ".deep" / "mine.j2").write_text("Mine.")
    recipe = project.write_recipe(instruction="../../../.shared/mine.j2")
    assert load_recipe(recipe, data_roots=[tmp_path / ".shared"]).instruction == "Mine."
    project.write_recipe(instruction="../../../.shared/.deep/mine.j2")
    with pytest.raises(UnsafePathError, match="is hidden"):
        load_recipe(recipe, data_roots=[tmp_path / ".shared"])
    assert load_recipe(recipe, data_roots=[tmp_path / ".shared" / ".deep"]).instruction == "Mine."


def test_a_hint_names_no_hidden_file(project: Project) -> None:
    project.write("templates/.env", "secret")
    assert ".env" not in str(project.errors(instruction="../templates/env"))


@pytest.mark.parametrize(
    "target", ["../.env", "../.git/config", "../../outside.yaml", "/proc/self/environ", "/etc/passwd"]
)
def test_a_recipe_that_is_a_link_to_what_is_none_of_its_project_is_not_quoted(project: Project, target: str) -> None:
    """In CI, what is checked comes from strangers, and messages are public."""
    for secret in (".env", ".git/config", "../outside.yaml"):
        project.write(secret, "SECRET: [")
    link = project.root / "recipes" / "link.yaml"
    link.symlink_to(target)
    with pytest.raises(UnsafePathError, match="is a link that leads out of its project, or to a hidden file") as caught:
        load_recipe(link)
    assert "SECRET" not in str(caught.value)
    for folder in (project.root, link.parent):
        (found,) = [found for found in recipes_below(folder) if found.path.name == "link.yaml"]
        assert found.outside


def test_a_recipe_may_be_a_link_within_its_project(project: Project) -> None:
    recipe = project.write_recipe()
    (project.root / "recipes" / "link.yaml").symlink_to(recipe.name)
    assert load_recipe(project.root / "recipes" / "link.yaml").instruction.startswith("Write")


def loaded_or_told(recipe: Path) -> str:
    try:
        return load_recipe(recipe).instruction
    except RecipeError as error:
        return str(error)


SWAPPING = """
import os, sys, time
os.chdir(sys.argv[1])
print("begun", flush=True)
while True:
    os.rename("d", "aside"); os.rename("link", "d")
    time.sleep(0)
    os.rename("d", "link"); os.rename("aside", "d")
"""


@pytest.mark.parametrize("where", ["templates", "templates/below", "deep"])
def test_what_is_read_is_what_was_checked_while_a_folder_is_swapped_for_a_link(project: Project, where: str) -> None:
    """By a process that may write in the project; each load reads the file in it, or none."""
    outside = project.root.parent / "outside"
    below = Path(*{"templates": [], "templates/below": ["below"], "deep": ["a", "b"]}[where])
    for folder, text in ((outside, "SECRET"), (project.root / "d", "Write more.")):
        (folder / below).mkdir(parents=True)
        (folder / below / "t.j2").write_text(text)
    (project.root / "link").symlink_to(outside)
    recipe = project.write_recipe(instruction=f"../{Path('d') / below / 't.j2'}")
    resolved = (project.root / "d" / below / "t.j2").resolve()
    place = Source("recipe.yaml").place()
    read = refused = 0
    with subprocess.Popen([sys.executable, "-c", SWAPPING, project.root], stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            other.stdout.readline()
            for attempt in range(300_000):
                if attempt >= 3000 and read and refused:  # a busy machine may let the other process rest for long
                    break
                try:
                    assert read_source(resolved, place, "t.j2", project_of(recipe)).text == "Write more."
                    read += 1
                except RecipeError:
                    refused += 1
            told = [loaded_or_told(recipe) for _ in range(50)]
        finally:
            other.kill()
    assert "SECRET" not in "".join(told)
    assert read
    assert refused, "it was swapped meanwhile"


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
