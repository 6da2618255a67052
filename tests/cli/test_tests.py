"""`tests` in a recipe, `datarecipe test`, and `run --test`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from datarecipe.errors import FormatError
from datarecipe.measure.thresholds import FIGURES
from datarecipe.recipe import load_recipe
from datarecipe.recipe.identity import identity
from datarecipe.recipe.recipe import TestedMeasure
from tests.cli.command import Ran, datarecipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, write_recipe

TESTS = """\
tests:
  examples: {min: 60}
  near_duplicate_rate: {max: 1}
  learnability: {min: 0.5}
  longest_words: {max: 3, severity: warn}
  median_words: {max: 2}
"""
VERDICTS = {
    "examples": "passed",
    "near_duplicate_rate": "passed",
    "learnability": "not measured",
    "longest_words": "warned",
    "median_words": "failed",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran, tuple[str, ...]]:
    """A project with a run, what the run said, and the flags that it was given."""
    folder = tmp_path_factory.mktemp("project")
    write_recipe(folder, RECIPE + TESTS)
    with OpenAIServer(Author(variety=3000)) as server:
        flags = ("--model", "openai/author", "--api-base", server.base_url, "--test")
        return folder, datarecipe("run", "facts", *flags, cwd=folder, env={"OPENAI_API_KEY": "k"}), flags


def test_run_tests_what_it_made(ran: tuple[Path, Ran, tuple[str, ...]]) -> None:
    _, run, _ = ran
    assert run.code == 5
    said = re.findall(r"^facts: (passed|failed|warned|not measured) +(\w+)", run.err, re.MULTILINE)
    assert {measure: verdict for verdict, measure in said} == VERDICTS


def test_the_command_says_the_same_in_every_format(ran: tuple[Path, Ran, tuple[str, ...]]) -> None:
    folder, _, _ = ran
    text = datarecipe("test", "runs/facts", cwd=folder)
    assert text.code == 5
    assert re.findall(r"^(not measured|\w+) +(\w+)", text.out, re.MULTILINE) == [(v, m) for m, v in VERDICTS.items()]
    assert text.err == "5 tests: 1 failed, 1 warning\n"
    document = json.loads(datarecipe("test", "runs/facts", "--format", "json", cwd=folder).out)
    assert document["ok"] is False
    assert {each["measure"]: each["verdict"] for each in document["tests"]} == VERDICTS
    suite = ElementTree.fromstring(datarecipe("test", "runs/facts", "--format", "junit", cwd=folder).out)
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "1")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == ["median_words"]
    github = datarecipe("test", "runs/facts", "--format", "github", cwd=folder).out.splitlines()
    assert [line.split(" ")[0] for line in github] == ["::notice", "::warning", "::error"]


def test_a_run_whose_tests_pass_and_one_without_tests(ran: tuple[Path, Ran, tuple[str, ...]]) -> None:
    folder, _, flags = ran
    path = folder / "recipes" / "facts.yaml"
    path.write_text(RECIPE + "tests: {examples: {min: 1, max: 1000}}\n", encoding="utf-8")
    flags = (*flags, "--offline")
    # The same run: its tests are no part of its identity.
    again = datarecipe("run", "facts", *flags, cwd=folder, env={"OPENAI_API_KEY": "k"})
    assert again.code == 0, again.err
    assert datarecipe("test", "runs/facts", cwd=folder).code == 0
    path.write_text(RECIPE, encoding="utf-8")
    without = datarecipe("run", "facts", *flags, cwd=folder, env={"OPENAI_API_KEY": "k"})
    assert without.code == 0
    assert "facts: no tests" in without.err
    none = datarecipe("test", "runs/facts", cwd=folder)
    assert none.code == 2
    assert "its recipe has no `tests`" in none.err


def test_measures_of_labels_of_variety_and_of_drift(ran: tuple[Path, Ran, tuple[str, ...]]) -> None:
    folder, _, flags = ran
    path = folder / "recipes" / "facts.yaml"
    tests = (
        "{vendi: {min: 2}, nearest_distance: {min: 0, max: 1}, mean_distance: {min: 0}, label_errors: {max: 0.05}, "
        "giveaway_words: {max: 0.9}, drift_p: {min: 0.05}}"
    )
    path.write_text(f"{RECIPE}tests: {tests}\n", encoding="utf-8")
    flags = (*flags, "--target-size", "120")
    with OpenAIServer(Author(variety=3000)) as server:
        flags = (*flags[:3], server.base_url, *flags[4:])
        made = datarecipe("run", "facts", *flags, "--output", "runs/more", cwd=folder, env={"OPENAI_API_KEY": "k"})
    assert made.code == 0, made.err
    found = json.loads(datarecipe("test", "runs/more", "--format", "json", cwd=folder).out)["tests"]
    values = {each["measure"]: each["value"] for each in found}
    (stats,) = json.loads(datarecipe("stats", "runs/more", "--json", cwd=folder).out)["datasets"]
    drift = json.loads(datarecipe("drift", "runs/more", "--json", cwd=folder).out)
    errors = stats["label_errors"]
    assert values == {
        "vendi": stats["spread"]["vendi"],
        "nearest_distance": stats["spread"]["nearest_distance"],
        "mean_distance": stats["spread"]["mean_distance"],
        "label_errors": errors and errors["share"],
        "giveaway_words": stats["giveaway_words"]["share"],
        "drift_p": drift["drift_p"],
    }
    assert drift["drift_p"] == min(test["corrected"] for test in drift["tests"] if test["corrected"] is not None)


def test_every_measure_of_the_format_has_a_figure() -> None:
    assert {*FIGURES, "drift_p"} == set(get_args(TestedMeasure))


def test_no_run(tmp_path: Path) -> None:
    ran = datarecipe("test", ".", cwd=tmp_path)
    assert ran.code == 2
    assert "holds no data.jsonl" in ran.err


def test_tests_belong_to_the_recipe_and_not_to_its_identity(tmp_path: Path) -> None:
    with_tests = load_recipe(write_recipe(tmp_path / "a", RECIPE + TESTS))
    without = load_recipe(write_recipe(tmp_path / "b", RECIPE))
    assert identity(with_tests) == identity(without)
    assert with_tests.resolved["tests"] == {
        "examples": {"min": 60.0, "severity": "error"},
        "near_duplicate_rate": {"max": 1.0, "severity": "error"},
        "learnability": {"min": 0.5, "severity": "error"},
        "longest_words": {"max": 3.0, "severity": "warn"},
        "median_words": {"max": 2.0, "severity": "error"},
    }
    assert "tests" not in without.resolved


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("{eveness: {max: 0.1}}", "unknown key `eveness` in `tests`"),
        ("{near_duplicates: {max: 0.1}}", "did you mean `near_duplicate_rate`?"),
        ("{judge: {max: 0.1}}", "the keys here are `examples`, "),
        ("{evenness: {}}", "`tests.evenness` must be a mapping, not an empty mapping"),
        ("{evenness: {min: 0.9, max: 0.8}}", "`tests.evenness.max` (0.8) is below `min` (0.9)"),
        ("{evenness: {min: high}}", "`tests.evenness.min` must be a number"),
        ("{evenness: {min: 0.5, severity: fatal}}", "`tests.evenness.severity` must be"),
    ],
)
def test_mistakes(tmp_path: Path, tests: str, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        load_recipe(write_recipe(tmp_path, f"{RECIPE}tests: {tests}\n"))
    assert said in str(caught.value)
