"""How an editor finds the schema: the first line of a recipe, or a setting of the folder. docs/editor.md says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.cli.command import datarecipe
from tests.editor.documents import MODELINE, SCHEMA, written
from tests.editor.language_client import LanguageClient

NAMES = "# yaml-language-server: $schema="
WRONG = written(nonsense="5").removeprefix(MODELINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder with a space in its name, with the schema where docs/editor.md puts it."""
    root = tmp_path / "my project"
    root.mkdir()
    made = datarecipe("schema", "--output", ".datarecipe/recipe-1.schema.json", cwd=root)
    assert made.code == 0, made.err
    return root


def underlined(editor: LanguageClient, modeline: str, path: Path, text: str = WRONG) -> list[str]:
    return [diagnostic.message for diagnostic in editor.diagnostics(f"{modeline}\n{text}", path)]


@pytest.mark.parametrize(
    ("recipe", "schema"),
    [
        ("recipes/mine.yaml", "../.datarecipe/recipe-1.schema.json"),
        ("recipes/more/mine.yaml", "../../.datarecipe/recipe-1.schema.json"),
        ("mine.yaml", ".datarecipe/recipe-1.schema.json"),
    ],
)
def test_a_relative_path_counts_from_the_recipes_folder(
    editor: LanguageClient, project: Path, recipe: str, schema: str
) -> None:
    assert underlined(editor, NAMES + schema, project / recipe) == ["Property nonsense is not allowed."]


def test_an_absolute_path_is_a_uri_where_it_holds_spaces(editor: LanguageClient, project: Path) -> None:
    schema = project / ".datarecipe" / "recipe-1.schema.json"
    recipe = project / "recipes" / "mine.yaml"
    assert underlined(editor, NAMES + schema.as_uri(), recipe) == ["Property nonsense is not allowed."]
    assert quote(str(schema)) in schema.as_uri()
    (refused,) = underlined(editor, f"{NAMES}{schema}", recipe)
    assert refused.startswith("Unable to load schema")
    assert underlined(editor, f"{NAMES}{SCHEMA}", recipe) == ["Property nonsense is not allowed."]


def test_a_schema_that_is_not_there_is_said_and_hides_nothing_else(editor: LanguageClient, project: Path) -> None:
    (missing,) = underlined(editor, f"{NAMES}recipe-1.schema.json", project / "recipes" / "mine.yaml")
    assert missing.startswith("Unable to load schema from")
    assert "recipes/recipe-1.schema.json" in missing


def test_the_line_stands_before_the_first_key(editor: LanguageClient, project: Path) -> None:
    recipe = project / "recipes" / "mine.yaml"
    line = f"{NAMES}../.datarecipe/recipe-1.schema.json"
    assert underlined(editor, f"# A comment.\n{line}", recipe) == ["Property nonsense is not allowed."]
    first, _, rest = WRONG.partition("\n")
    assert underlined(editor, f"{first}\n{line}", recipe, rest) == []


def test_a_recipe_of_init_names_the_schema_that_init_writes(editor: LanguageClient, tmp_path: Path) -> None:
    assert datarecipe("init", "mine", "--no-input", cwd=tmp_path).code == 0
    path = tmp_path / "recipes" / "mine.yaml"
    text = path.read_text(encoding="utf-8")
    assert editor.diagnostics(text, path) == []
    assert [wrong.message for wrong in editor.diagnostics(f"{text}\nnonsense: 5\n", path)] == [
        "Property nonsense is not allowed."
    ]


def test_a_setting_of_the_folder_needs_no_line(program: Path, settings: dict[str, Any], project: Path) -> None:
    schemas = {".datarecipe/recipe-1.schema.json": "recipes/*.yaml"}
    client = LanguageClient(program, {**settings, "yaml": {**settings["yaml"], "schemas": schemas}}, project)
    try:
        assert underlined(client, "", project / "recipes" / "mine.yaml") == ["Property nonsense is not allowed."]
        assert underlined(client, "", project / "other" / "mine.yaml") == []
        (from_the_line,) = underlined(client, f"{NAMES}missing.json", project / "recipes" / "mine.yaml")
        assert from_the_line.startswith("Unable to load schema")
    finally:
        client.close()
