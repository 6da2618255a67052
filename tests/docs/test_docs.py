"""What the documentation shows can be done: links lead somewhere, commands and code are understood."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest

import datarecipe
from datarecipe.cli.command_options import load
from datarecipe.cli.main import group
from datarecipe.errors import UsageError
from datarecipe.exchange import Json
from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.recipe import find_recipe, format_schema, load_recipe, shipped_recipes
from datarecipe.recipe.source.yaml_source import parse_yaml
from datarecipe.running.resolve.config_form import USER_KEYS
from tests.docs.pages import ROOT, Page, commands, document, documents, pages
from tests.docs.scripts import script
from tests.recipe.writing import read_yaml_file

PAGES = pytest.mark.parametrize("page", pages(), ids=str)
SVG = "{http://www.w3.org/2000/svg}"


@PAGES
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), link
        assert path.is_relative_to(ROOT), link
        if anchor:
            assert anchor in Page(path).anchors, link


def test_the_readme_leads_to_the_index_and_the_index_to_every_page() -> None:
    index = document("index")
    assert "docs/index.md" in Page(ROOT / "README.md").links
    linked = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links}
    assert {page.path for page in documents()} == linked | {index.path}


@PAGES
def test_no_page_installs_somebody_elses_package(page: Page) -> None:
    assert not re.search(r"pip install\s+\S*datarecipe(?!-llm)", page.text)


@PAGES
def test_no_page_names_a_machine_or_a_host(page: Page) -> None:
    assert not re.search(r"(?<![\w.~])/(?:work|root|tmp|home)/", page.text)
    assert set(re.findall(r"https?://([\w.-]+)", page.text)) <= {"localhost"}


def in_blocks() -> set[str]:
    """The commands that readers are shown to copy."""
    return {shlex.join(words) for page in pages() for block in page.blocks("sh") for words in commands(block)}


def in_sentences() -> set[str]:
    """The commands that sentences mention; these may leave arguments out."""
    mentioned = [
        code for page in pages() for code in page.inline if re.match(r"(\S*/)?(datarecipe|make|python) ", code)
    ]
    return {shlex.join(words) for code in mentioned for words in commands(code)}


def test_commands_are_found() -> None:
    assert "datarecipe run boolq --target-size 50" in {text.rpartition("/")[2] for text in in_blocks()}
    assert "datarecipe cache clear" in in_sentences()


@pytest.mark.parametrize("text", sorted(in_blocks() | in_sentences()))
def test_commands_are_understood(text: str) -> None:
    mention = text not in in_blocks()
    words = shlex.split(text)
    program, *arguments = words
    match program.rpartition("/")[2]:
        case "datarecipe":
            try:
                context = parsed(arguments)
            except click.exceptions.Exit:
                return  # --help
            except click.MissingParameter:
                assert mention
                return
            except UsageError as error:
                if "--data-root" not in str(error):
                    raise
                return  # a folder of the reader's
            check_recipe(context)
        case "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert arguments[0] in targets
        case other:
            assert other in {"python", "pip", "pytest", "export", "source"}


def parsed(arguments: list[str]) -> click.Context:
    """The context of the innermost command: options and types are checked, nothing is run."""
    command: click.Command = group
    context = group.make_context("datarecipe", list(arguments))
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)
    return context


def check_recipe(context: click.Context) -> None:
    """A shipped recipe that a command names is there, and takes what the options override; others are the reader's own."""
    named = context.params.get("recipes") or [context.params.get("recipe")]
    for recipe in named:
        if recipe is not None and re.fullmatch(r"[a-z_]+", recipe):
            if any(f"recipes/{recipe}.yaml" in page.text for page in pages()):
                continue
            assert recipe in shipped_recipes()
            load(recipe, context.params)


def test_what_no_command_knows_is_noticed() -> None:
    for wrong in (["run", "boolq", "--sise", "3"], ["runn", "boolq"], ["run", "boolq", "--strategy", "trees"], ["run"]):
        with pytest.raises(click.UsageError):
            parsed(wrong)


@PAGES
def test_python_is_python_and_uses_what_is_public(page: Page) -> None:
    for block in page.blocks("python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "datarecipe":
                assert node.attr in datarecipe.__all__
    for name in re.findall(r"`(?:await )?datarecipe\.(\w+)", page.prose):
        # Besides what is public, pages name modules of the package.
        assert name in datarecipe.__all__ or importlib.util.find_spec(f"datarecipe.{name}") is not None


@PAGES
def test_yaml_is_a_part_of_a_recipe(page: Page) -> None:
    known = {*format_schema()["properties"], *USER_KEYS}  # a configuration is shown as YAML too
    for block in page.blocks("yaml"):
        if block in page.marked("wrong"):
            continue
        for alternative in block.split("# or\n"):
            if re.sub(r"#.*", "", alternative).strip():
                written = parse_yaml(alternative, str(page)).value
                assert isinstance(written, dict)
                assert {key for key in written if not key.startswith("x-")} <= known


def test_the_recipe_that_is_explained_first_is_a_shipped_one() -> None:
    block, _ = document("getting-started").blocks("yaml")
    shown, shipped = mapping(parse_yaml(block, "recipe").value), mapping(read_yaml_file(find_recipe("boolq")))
    shown_topics, topics = (mapping(recipe.pop("vary"))["topic"] for recipe in (shown, shipped))
    assert list(shown.items()) == list(shipped.items())
    assert isinstance(topics, list)
    assert isinstance(shown_topics, list)
    assert shown_topics == topics[: len(shown_topics)]


@pytest.mark.parametrize("page", [Page(ROOT / "README.md"), document("getting-started")], ids=str)
def test_a_newcomers_recipe_runs_as_it_stands(page: Page, tmp_path: Path) -> None:
    *_, block = page.blocks("yaml")
    path = tmp_path / "recipes" / "spam.yaml"
    path.parent.mkdir()
    path.write_text(block, encoding="utf-8")
    recipe = load_recipe(path)
    assert not recipe.warnings
    Renderer(recipe, settle_model(recipe, "openai/gpt-4o-mini", None)).check()


def test_the_readme_is_a_page_to_land_on() -> None:
    block, *_ = Page(ROOT / "README.md").blocks("yaml")
    assert len(block.splitlines()) == 9
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130


def mapping(value: Json) -> dict[str, Json]:
    """`value`, which is a mapping."""
    assert isinstance(value, dict)
    return dict(value)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "images").iterdir()), ids=lambda path: path.name)
def test_pictures_say_what_they_show(path: Path) -> None:
    picture = ET.parse(path).getroot()
    title, description = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text
    assert description.text
    assert picture.get("role") == "img"
    assert not [value for element in picture.iter() for key, value in element.attrib.items() if key.endswith("href")]
    assert any(path.name in link for page in pages() for link in page.links)
    assert "prefers-color-scheme: dark" in path.read_text(encoding="utf-8")


def test_the_recipe_reference_is_fresh() -> None:
    assert script("generate_recipe_reference").main(["--check"]) == 0


def test_a_stale_reference_is_noticed_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reference, page = script("generate_recipe_reference"), tmp_path / "recipe.md"
    monkeypatch.setattr(reference, "PAGE", page)
    assert reference.main(["--check"]) == 1
    page.write_text(reference.page() + "more", encoding="utf-8")
    assert reference.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    assert reference.main(["--chekc"]) == 2


def test_the_reference_marks_what_is_refused() -> None:
    reference = script("generate_recipe_reference")
    text = reference.page()
    for keys in reference.NOT_YET:
        mark = f"### `{keys[0]}` (not yet)" if len(keys) == 1 else f"| `{keys[1]}` | **Not yet.**"
        assert mark in text
    assert "### `strategy` (not yet)" not in text
