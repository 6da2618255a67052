"""Writes recipes into folders, as a user would."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from datarecipe.errors import Problem, RecipeError
from datarecipe.exchange import Json
from datarecipe.recipe import LoadedRecipe, Override, load_recipe, read_yaml_document

RECIPE: dict[str, str] = {
    "recipe": "1",
    "name": "boolq",
    "task": "yes_no",
    "instruction": "../templates/fixed_labels.j2",
    "seed_example": "{question: is rome in italy, answer: yes}",
    "labels": "[yes, no]",
    "strategy": "tree",
    "target_size": "500",
}
"""A useful recipe, key by key, as YAML."""


class Project:
    """A folder with `recipes/` and `templates/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recipe = root / "recipes" / "recipe.yaml"
        self.recipe.parent.mkdir(parents=True)
        self.write("templates/fixed_labels.j2", "Write {{ batch_size }} more of {{ labels }}, please.\n")

    def write(self, path: str, text: str | bytes) -> Path:
        """A file in the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def write_recipe(self, text: str | None = None, **keys: str | None) -> Path:
        """The recipe: `text`, or the usual keys with these instead; None leaves a key out."""
        if text is None:
            written = {**RECIPE, **keys}
            text = "".join(f"{key}: {value}\n" for key, value in written.items() if value is not None)
        return self.write("recipes/recipe.yaml", text)

    def load(self, *overrides: Override, **keys: str | None) -> LoadedRecipe:
        """The recipe with these keys, loaded."""
        return load_recipe(self.write_recipe(**keys), overrides)

    def errors(self, text: str | None = None, *overrides: Override, **keys: str | None) -> RecipeError:
        """The error that the recipe gives."""
        path = self.write_recipe(text, **keys)
        with pytest.raises(RecipeError) as caught:
            load_recipe(path, overrides)
        assert caught.value.exit_code == 2
        return caught.value


def told(problems: Iterable[Problem]) -> list[str]:
    """What each problem says, without the excerpt."""
    return [str(replace(problem, excerpt=None)) for problem in problems]


def read_yaml_file(path: Path) -> Json:
    """The value of a YAML file, by the rules of recipes; None when it is empty."""
    document = read_yaml_document(path)
    return None if document is None else document.value


def as_flow(value: Json) -> str:
    """A value as YAML flow, which is its JSON."""
    return json.dumps(value, ensure_ascii=False)
