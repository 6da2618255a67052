"""What pages show with the marks of docs/write_examples.py is true: files load, and commands print what stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from datarecipe.errors import RecipeError
from datarecipe.recipe import load_recipe
from datarecipe.running.resolve.check_without_model import check
from tests.docs.pages import ROOT, Page, pages
from tests.docs.scripts import script

EXAMPLES: ModuleType = script("write_examples")
WHOLE = re.compile(r"^recipe: \d$.*^name: ", re.MULTILINE | re.DOTALL)
"""A recipe of which nothing is left out; a base has no name."""


@dataclass
class Projects:
    """The project of each page, with all its marks followed once."""

    folder: Path
    followed: dict[Path, str] = field(default_factory=dict)

    def of(self, path: Path) -> tuple[str, Path]:
        """The page as it should be, and its project's folder."""
        folder = self.folder / path.stem
        if path not in self.followed:
            folder.mkdir()
            self.followed[path] = EXAMPLES.followed(path.read_text(encoding="utf-8"), folder)
        return self.followed[path], folder / "project"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """Shared by all tests here: each command takes its time."""
    return Projects(tmp_path_factory.mktemp("projects"))


@pytest.mark.parametrize("path", EXAMPLES.pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_print_what_the_page_shows(path: Path, projects: Projects) -> None:
    page, _ = projects.of(path)
    assert page == path.read_text(encoding="utf-8"), "run docs/write_examples.py"


def test_what_a_command_does_not_print_is_noticed(tmp_path: Path) -> None:
    page = "<!-- file: recipes/a.yaml -->\n```yaml\nrecipe: 2\n```\n<!-- shows: datarecipe validate -->\n```text\nok\n```\n"
    assert "recipes/a.yaml:1:9: this recipe needs" in EXAMPLES.followed(page, tmp_path)


@pytest.mark.parametrize("command", ["datarecipe run boolq", "datarecipe preview boolq", "rm -r x"])
def test_a_page_asks_no_model_and_runs_nothing_else(command: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no command"):
        EXAMPLES.followed(f"<!-- shows: {command} -->\n```text\n```\n", tmp_path)


def shown_recipes(*, wrong: bool = False) -> list[tuple[Page, str]]:
    """Recipes that stand whole on a page: those that are right, or those that are marked as wrong."""
    return [
        (page, block)
        for page in pages()
        for block in page.blocks("yaml")
        if WHOLE.search(block)
        # A page without marks shows no other files.
        if "../" not in block or page.path in EXAMPLES.pages()
        if (block in page.marked("wrong")) == wrong
    ]


def written(page: Page, block: str, projects: Projects) -> Path:
    """The recipe as a file; beside it lie the files that the page shows, and those that its commands write."""
    _, project = projects.of(page.path)
    path = project / "recipes" / "shown.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block, encoding="utf-8")
    return path


def names(value: object) -> str:
    """A short id of a case: the page, or the recipe's name."""
    found = re.search(r"^name: (.+)$", str(value), re.MULTILINE)
    return found[1] if found else str(value)


def test_whole_recipes_are_found() -> None:
    found = {str(page) for page, _ in shown_recipes()}
    assert {"README.md", "docs/tutorial.md", "docs/extends.md", "docs/validate.md"} <= found
    assert {str(page) for page in pages() if "how-to" in page.path.parts and "recipe: 1" in page.text} <= found


@pytest.mark.parametrize(("page", "block"), shown_recipes(), ids=names)
def test_whole_recipes_load(page: Page, block: str, projects: Projects) -> None:
    recipe = load_recipe(written(page, block, projects))
    check(recipe)
    # A page may be about a warning; else nobody should learn from a recipe that has one.
    assert [problem.message for problem in recipe.warnings if problem.message not in page.text] == []


@pytest.mark.parametrize(("page", "block"), shown_recipes(wrong=True), ids=names)
def test_recipes_that_are_wrong_on_purpose_are_wrong(page: Page, block: str, projects: Projects) -> None:
    with pytest.raises(RecipeError):
        check(load_recipe(written(page, block, projects)))
