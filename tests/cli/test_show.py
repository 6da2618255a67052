"""What `show` prints is the recipe: written to a file it reads back the same, and a terminal shows it as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.cli.commands.show_command import command
from datarecipe.printable import printable
from datarecipe.recipe import load_recipe, shipped_recipes
from datarecipe.recipe.source.paths import is_path

TRAPS = [
    *(
        "1e3",
        "1e+3",
        "0o17",
        "0x1f",
        ".5",
        "+1",
        "~",
        "null",
        "True",
        "yes",
        "<<",
        "1:30",
        "2024-01-01",
        "a: b",
        "a #b",
        "",
    ),
    *(
        "a/b",
        "b.md",
        "- a",
        "--- a",
        "...",
        "? a",
        "{{ a }}",
        "|",
        "\\u00ad",
        '"',
        "a\nb",
        "a\n",
        "\n",
        "\n a\n\n",
        " a\n  b ",
    ),
    *("a\u00adb", "a\u202eb", "a\U000e0041b", "a\x1b[2Jb", "a\tb\nc", "\x85", "\u2028", "\ufeff", "\x00", "\x7f"),
    *("10\u00a0km", "می\u200cخواهم", "👩\u200d🔬", "世\u3000界", "e\u0301"),
]
ANY = st.text(max_size=12)
SIGNS = st.text(
    st.sampled_from([*"aey1360x+-.:#?|>&*!%@,[]{}'\"\\/~ \n\t", "\xa0", "\xad", "\u202e", "é"]), max_size=12
)
TEXTS = st.sampled_from(TRAPS) | SIGNS | ANY
SCALARS = st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    st.none() | SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    ["y", "on", "null", "true", "e1"]
)
LABELS = (
    st.lists(TEXTS, min_size=2, max_size=4, unique_by=lambda text: " ".join(text.split()).casefold())
    .map(lambda labels: [label for label in labels if label.strip()])
    .filter(lambda labels: len(labels) > 1)
)
TEMPLATES = st.tuples(st.sampled_from(["", "Write {{ batch_size }}.", "a\n  {{ description }}\n\n"]), TEXTS).map(
    lambda parts: parts[0] + parts[1].replace("{", "(").replace("\ufeff", "")
)


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A recipe as JSON, in which each text is one that some reader may take for something else."""
    labels = draw(LABELS)
    return {
        "recipe": 1,
        "name": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)),
        "description": draw(TEXTS),
        "version": draw(TEXTS.filter(bool)),
        "tags": draw(st.lists(TEXTS.filter(bool), max_size=3)),
        "task": {"label": "answer", "options": None},
        "instruction": draw(TEMPLATES.filter(str.strip)),
        "seed_example": {"question": draw(TEXTS.filter(str.strip)), "answer": labels[0]},
        "labels": labels,
        "strategy": "fixed",
        "target_size": 5,
        "vars": draw(st.dictionaries(NAMES, JSON, max_size=3)),
        "x-own": draw(JSON),
    }


def shown(path: Path) -> tuple[str, str]:
    """What `show` prints for a recipe, to its output and beside it."""
    ran = CliRunner().invoke(command, [str(path)])
    assert ran.exit_code == 0, (ran.stderr, ran.exception)
    return ran.stdout, ran.stderr


def written(folder: Path, recipe: dict[str, Any]) -> Path:
    """The recipe as a project; a template that would be taken for a path is in a file of its own."""
    if is_path(recipe["instruction"]):
        (folder / "template.j2").write_text(recipe["instruction"], encoding="utf-8")
        recipe = {**recipe, "instruction": "template.j2"}
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    return path


def check_that_it_reads_back(path: Path, folder: Path) -> None:
    recipe = load_recipe(path)
    out, notes = shown(path)
    assert printable(out, multiline=True) == out
    again = folder / "again.yaml"
    again.write_text(out, encoding="utf-8")
    wanted = dict(recipe.resolved)
    if "looks like a path" in notes:
        wanted["instruction"] = recipe.instruction + "\n"
    # As text, since 1 is equal to true and 1.0, and the order of keys counts.
    assert json.dumps(load_recipe(again).resolved) == json.dumps(wanted)
    assert shown(again)[0] == out


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


@settings(max_examples=150)
@given(recipe=recipes())
def test_it_reads_back_as_the_same_recipe(folder: Path, recipe: dict[str, Any]) -> None:
    check_that_it_reads_back(written(folder, recipe), folder)


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_does(folder: Path, name: str) -> None:
    check_that_it_reads_back(shipped_recipes()[name], folder)


RECIPE: dict[str, Any] = {
    "recipe": 1,
    "name": "odd",
    "task": "yes_no",
    "instruction": "Write {{ batch_size }} more.\n",
    "seed_example": {"question": "Is it?", "answer": "1e3"},
    "labels": ["1e3", "0o17"],
    "strategy": "fixed",
    "target_size": 5,
}


@pytest.mark.parametrize("text", TRAPS)
def test_a_text_stays_that_text_wherever_it_stands(folder: Path, text: str) -> None:
    recipe = {
        **RECIPE,
        "description": text,
        "instruction": "Write.\n" + text.replace("{", "("),
        "vars": {"it": [text, {text: text}]},
    }
    check_that_it_reads_back(written(folder, recipe), folder)


def test_what_cannot_stand_in_a_block_is_quoted_and_the_rest_is_a_block(folder: Path) -> None:
    out, _ = shown(written(folder, {**RECIPE, "instruction": "One\nand\u00a0two.\n", "description": "one\nt\u202ewo"}))
    assert "instruction: |\n  One\n  and\u00a0two.\n" in out
    assert 'description: "one\\nt\\u202ewo"\n' in out
    assert 'labels:\n  - "1e3"\n  - "0o17"\n' in out


def test_a_template_that_looks_like_a_path_gets_a_line_break_and_a_note(folder: Path) -> None:
    path = written(folder, {**RECIPE, "instruction": "a/b"})
    out, notes = shown(path)
    assert "instruction: |\n  a/b\n" in out
    assert "the template `a/b` looks like a path" in notes
    check_that_it_reads_back(path, folder)
    for ordinary in ("a/b\n", "a / b", "a/{{ batch_size }}"):
        assert shown(written(folder, {**RECIPE, "instruction": ordinary}))[1] == ""


def test_a_key_longer_than_yaml_takes_before_a_colon(folder: Path) -> None:
    recipe = {**RECIPE, "x-own": {"k" * 2000: {"\u202e" * 400: ["a", {}, [], {"a": []}]}}}
    check_that_it_reads_back(written(folder, recipe), folder)


def test_a_number_that_is_too_long_in_decimal(folder: Path) -> None:
    path = folder / "hex.yaml"
    path.write_text(json.dumps(RECIPE)[:-1] + ', "x-own": 0x' + "f" * 98 + "}", encoding="utf-8")
    check_that_it_reads_back(path, folder)
