"""A recipe by its name: every command that takes one finds `recipes/NAME.yaml`, and says which file it took."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datarecipe import api
from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, write_recipe

SPAM = RECIPE.replace("name: facts", "name: spam")
KEY = {"OPENAI_API_KEY": "sk-test"}
COMMANDS = (
    ["validate"], ["show"], ["show", "--origins"], ["prompt"], ["plan"], ["preview"], ["run", "--target-size", "5"],
    ["cache", "explain"],
)  # fmt: skip


def project(folder: Path) -> Path:
    write_recipe(folder, SPAM, "spam")
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """Each command in one project, one after another: `cache explain` needs what `run` stored."""
    folder = project(tmp_path_factory.mktemp("project"))
    done = {}
    with OpenAIServer(Author(variety=3000)) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url)
        for command in COMMANDS:
            asks = () if command == ["validate"] else flags
            done[" ".join(command)] = datarecipe(*command, "spam", *asks, cwd=folder, env=KEY)
    return done


@pytest.mark.parametrize("command", [" ".join(command) for command in COMMANDS])
def test_every_command_takes_a_name(ran: dict[str, Ran], command: str) -> None:
    assert ran[command].code == 0, ran[command].err
    assert ran[command].err.count("recipe: recipes/spam.yaml\n") == 1
    assert "recipe: recipes/spam.yaml\n" not in ran[command].out


def test_quiet_prints_errors_only_and_json_stays_json(tmp_path: Path) -> None:
    with OpenAIServer(Author(variety=3000)) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url, "--target-size", "5")
        quiet = datarecipe("run", "spam", *flags, "--quiet", cwd=project(tmp_path), env=KEY)
        told = datarecipe("run", "spam", *flags, "--json", cwd=tmp_path, env=KEY)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert json.loads(told.out)["name"] == "spam"


def test_a_folder_without_a_recipe_hides_no_name(tmp_path: Path) -> None:
    (project(tmp_path) / "spam").mkdir()
    for command in ("validate", "plan"):
        ran = datarecipe(command, "spam", cwd=tmp_path)
        assert ran.code == 0, ran.err
        assert "recipe: recipes/spam.yaml" in ran.err


def test_in_python_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path))
    assert api.load_recipe("spam", target_size=7).source == tmp_path / "recipes" / "spam.yaml"


@pytest.mark.parametrize("command", [["run"], ["preview"]])
def test_an_offline_miss_names_the_command_that_explains_it(tmp_path: Path, command: list[str]) -> None:
    ran = datarecipe(*command, "spam", "--offline", "--model", "openai/author", cwd=project(tmp_path), env=KEY)
    assert ran.code == 4
    assert "datarecipe cache explain RECIPE" in ran.err


def test_what_lies_in_a_folder_of_vendored_recipes_is_passed_over_aloud(tmp_path: Path) -> None:
    write_recipe(project(tmp_path) / "recipes" / "vendor" / "acme", SPAM)
    line = "recipes/vendor: 1 recipe skipped; name this folder to include it\n"
    for command in (
        ["validate"],
        ["validate", "recipes", "."],
        ["plan", "recipes"],
        ["run", "recipes", "--offline"],
    ):
        ran = datarecipe(*command, cwd=tmp_path)
        assert ran.err.count(line) == 1, command
        assert "skipped" not in ran.out
    assert "skipped" not in datarecipe("validate", "spam", cwd=tmp_path).err
    assert "skipped" not in datarecipe("run", "recipes", "--quiet", "--offline", cwd=tmp_path).err
