"""What the documentation states in tables is what the code has: codes, fields, reasons, variables, profiles, packages."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import datarecipe
from datarecipe import errors
from datarecipe.cli.main import COMMANDS
from datarecipe.cli.options import STRATEGIES
from datarecipe.cli.validate_report import Report, as_json
from datarecipe.generate import judge
from datarecipe.generate.events import Accepted, Rejected
from datarecipe.generate.profile import _TABLE, profile_of
from datarecipe.llm.limits.amount import NOTHING
from datarecipe.recipe import Override, find_recipe, load_recipe
from datarecipe.running.check import check
from datarecipe.running.config import PROJECT_KEYS, USER_KEYS
from datarecipe.running.dispatch import Ending, Traffic
from datarecipe.running.folder import lineage_row, rejected_row
from datarecipe.running.manifest import Span, manifest
from datarecipe.running.options import Options
from datarecipe.running.result import INTERRUPTED_EXIT, Spent
from datarecipe.running.setup import settle
from datarecipe.running.tally import Tally
from tests.docs.pages import ROOT, code_in, document, pages


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose header begins with `first`."""
    rows, found = [], False
    for cells in document(page).rows():
        if cells[0] == first:
            found = True
        elif found and not set(cells[0]) <= set("- "):
            if not code_in(cells[0]) and not cells[0].isdigit():
                break
            rows.append(cells)
    assert rows
    return rows


def test_exit_codes_of_errors() -> None:
    documented = {code_in(cells[0])[0]: int(cells[1]) for cells in table("exit-codes", "class")}
    tree = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.DatarecipeError)
    }
    assert documented == tree


def test_all_exit_codes_are_explained() -> None:
    codes = {int(cells[0]) for cells in table("exit-codes", "code") if cells[0].isdigit()}
    tree = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert codes == tree | {0, INTERRUPTED_EXIT}


def test_fields_of_lineage_and_rejected_items() -> None:
    accepted = Accepted({}, "a", "b", 1, "root:0", 0, 0)
    documented = [code_in(cells[0])[0] for cells in table("files", "field")][: len(lineage_row(accepted))]
    assert documented == list(lineage_row(accepted))
    rejected = rejected_row(Rejected("schema", "", "", "b", 1, "root:0", 0, 0))
    (sentence,) = re.findall(r"Fields: (.*?)\.\n", document("files").text, re.DOTALL)
    assert code_in(sentence) == list(rejected)


def test_fields_of_the_manifest(tmp_path: Path) -> None:
    setup = settle(load_recipe(find_recipe("boolq")), Options(output=tmp_path, cache_dir=tmp_path, environ={}))
    now = datetime.now(UTC)
    written = manifest(setup, Ending("target"), Tally(), Traffic(), Spent(NOTHING, NOTHING), Span(now, now, 1.0))
    (section,) = re.findall(r"### manifest.json\n(.*?)\n##", document("files").text, re.DOTALL)
    documented = {name for row in re.findall(r"^\| (.+?) \|", section, re.MULTILINE) for name in code_in(row)}
    assert documented == set(dotted(written))


def dotted(document: Mapping[str, Any]) -> Iterator[str]:
    """Keys of a manifest, as `counts.accepted`; mappings of the user's own words are not looked into."""
    for key, value in document.items():
        if key in ("counts", "tokens", "cost", "this_run", "model"):
            yield from (f"{key}.{inner}" for inner in value)
        else:
            yield key


def test_reasons_of_rejected_items() -> None:
    documented = {code_in(cells[0])[0] for cells in table("files", "`reason`")}
    generate = ROOT / "datarecipe" / "generate"
    source = "".join((generate / f"{name}.py").read_text(encoding="utf-8") for name in ("check", "judge", "generation"))
    made = set(re.findall(r'Invalid\(\s*"(\w+)"', source)) | set(re.findall(r'return "(\w+)", ', source))
    made |= set(judge._WORDS.values()) | {"options", "label"}
    assert documented == made


def test_environment_variables() -> None:
    documented = {name for page in pages() for name in re.findall(r"DATARECIPE_[A-Z]+", page.text)}
    code = (path.read_text(encoding="utf-8") for path in (ROOT / "datarecipe").rglob("*.py"))
    assert documented == {name for text in code for name in re.findall(r"DATARECIPE_[A-Z]+", text)}


def test_configuration_keys() -> None:
    rows = {cells[0].partition("`")[2].partition("`")[0]: tuple(code_in(cells[1])) for cells in table("files", "file")}
    assert rows == {"config.yaml": USER_KEYS, ".datarecipe/config.yaml": PROJECT_KEYS}


def test_profiles() -> None:
    patterns: set[str] = set()
    for cells in table("architecture", "models"):
        for pattern in code_in(cells[0]):
            patterns.add(pattern)
            profile = profile_of(pattern.replace("*", "x"))
            assert profile.response_format == code_in(cells[1])[0], pattern
            assert ("user" if profile.layout == "user_only" else "system") in cells[2] or "own" in cells[2]
    tabled = {pattern.replace("[134]", digit) for pattern, _ in _TABLE for digit in "134" if "/" in pattern}
    assert patterns == tabled


def test_every_dependency_has_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    required += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    names = {re.split(r"[\[<>=!]", line)[0] for line in required} - {"datarecipe-llm"}
    text = document("dependencies").text
    listed = {cells[0] for cells in document("dependencies").rows() if len(cells) > 3}
    assert {name for name in names if name not in listed} == {"hatchling"}
    assert "hatchling" in text
    assert listed - names - {"distribution"} == {cell for cell in listed if set(cell) <= set("-")}


def test_every_public_name_is_on_the_page_of_the_api() -> None:
    headings = [heading.replace("\\", "") for heading in re.findall(r"^## (.+)$", document("api").text, re.MULTILINE)]
    assert sorted(headings) == sorted(datarecipe.__all__)


def test_fields_of_the_api() -> None:
    fields = {code_in(cells[0])[0] for cells in table("api", "field")}
    assert fields == set(datarecipe.Options.__dataclass_fields__)
    named = {name for cells in document("api").rows() for name in code_in(cells[0])}
    assert {name for name in vars(datarecipe.Dataset) if not name.startswith("_")} - {"index", "count"} <= named
    for kind, heading in ((datarecipe.Lineage, "Lineage"), (datarecipe.RejectedItem, "RejectedItem")):
        assert set(code_in(section("api", heading))) >= set(kind.__dataclass_fields__)
    recipe = load_recipe(find_recipe("boolq"))
    stable = [
        name for row in re.findall(r"^\| (.+?) \|", section("api", "Recipe"), re.MULTILINE) for name in code_in(row)
    ]
    assert len(stable) > 10
    assert all(hasattr(recipe, name) for name in stable)


def section(page: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", document(page).text, re.MULTILINE | re.DOTALL)
    return str(text)


def test_kinds_of_problems() -> None:
    documented = {code_in(cells[0])[0]: code_in(cells[1]) for cells in table("validate", "kind")}
    kinds = {
        kind.kind: [name]
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.RecipeError)
    }
    assert documented == {**kinds, "usage": ["UsageError"], "error": []}


def test_no_error_has_a_kind_in_the_report_that_is_not_in_the_table() -> None:
    documented = {code_in(cells[0])[0] for cells in table("validate", "kind")}
    problem = errors.Problem("wrong", "a.yaml")
    raised = [
        kind(problem) if issubclass(kind, errors.RecipeError) else kind("wrong")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DatarecipeError)
    ]
    printed = set()
    for error in raised:
        (report,) = json.loads("".join(as_json([Report("a.yaml", error=error)])))["recipes"]
        printed |= {told["kind"] for told in report["problems"]}
    assert printed == documented


def test_fields_of_the_validation_report() -> None:
    broken = Report("a.yaml", error=errors.RecipeError(errors.Problem("wrong", "a.yaml")))
    (text,) = as_json([broken])
    report = json.loads(text)
    (entry,) = report["recipes"]
    (problem,) = entry["problems"]
    documented = {name for cells in table("validate", "field") for name in code_in(cells[0])}
    assert documented == {*report, *entry, *problem}


def test_what_a_template_sees() -> None:
    for name in (code for cells in table("templates", "name") for code in code_in(cells[0])):
        override = Override("instruction", f"text {{{{ {name} }}}}", "test")
        check(load_recipe(find_recipe("boolq"), [override]))
    with pytest.raises(errors.TemplateError, match="batch_size, labels, fields, description, vars and vary"):
        check(load_recipe(find_recipe("boolq"), [Override("instruction", "text {{ lables }}", "test")]))


def test_every_strategy_has_a_section_and_a_picture() -> None:
    page = document("strategies")
    assert set(STRATEGIES) <= page.anchors
    assert {f"images/{name}.svg" for name in STRATEGIES} == {link for link in page.links if link.endswith(".svg")}


def test_every_command_and_every_shipped_recipe_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in (*COMMANDS, *(path.stem for path in (ROOT / "recipes").glob("*.yaml"))):
        assert f"`{name}`" in text, name


def test_the_example_of_a_template_works() -> None:
    (example, *_) = document("templates").blocks("jinja")
    for recipe in ("boolq", "commonsenseqa"):
        check(load_recipe(find_recipe(recipe), [Override("instruction", example, "test")]))
