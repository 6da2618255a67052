"""Recipes as somebody writes them in an editor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import datarecipe.recipe.format as format_of_recipes
from tests.docs.pages import ROOT
from tests.recipe.writing import RECIPE

SCHEMA = Path(format_of_recipes.__file__).with_name(f"recipe-{format_of_recipes.FORMAT}.schema.json")
MODELINE = f"# yaml-language-server: $schema={SCHEMA.as_uri()}\n"
DOCUMENT = ROOT / "recipes" / "being_written.yaml"
"""Where it would be saved. No such file is there."""


def written(**keys: str | None) -> str:
    """A whole recipe with these keys instead, or besides; None leaves a key out."""
    lines = {**RECIPE, **keys}
    return MODELINE + "".join(f"{key}: {value}".rstrip() + "\n" for key, value in lines.items() if value is not None)


@dataclass(frozen=True)
class Marked:
    """A text, and the place that was marked in it with « and »."""

    text: str
    line: int
    column: int
    end_column: int


def marked(text: str) -> Marked:
    """Take the marks out of a text."""
    before, inner, after = re.split("[«»]", text)
    line = before.count("\n") + 1
    column = len(before.rpartition("\n")[2]) + 1
    return Marked(before + inner + after, line, column, column + len(inner))
