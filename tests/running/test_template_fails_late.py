"""A template that fails for one combination of `vary`, in the midst of a run: the error names the user's file."""

from __future__ import annotations

from pathlib import Path

from datarecipe.errors import TemplateError
from datarecipe.recipe import load_recipe
from tests.openai_author import Author
from tests.openai_server import OpenAIServer
from tests.runs import RECIPE, run, setup_for, write_recipe

FORTY = list(range(40))
LATE = RECIPE.replace("vary.topic }}", "7 // (vary.a * vary.b - 1) }}").replace(
    "topic: [animals, plants, stones]", f"a: {FORTY}\n  b: {FORTY}"
)
"""Divides by zero at the 42nd of 1,600 combinations, which are too many to render all of them before a run."""


def test_the_error_names_the_line_in_the_recipe(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(tmp_path, LATE.replace("target_size: 60", "target_size: 400")))
    with OpenAIServer(Author.tidy()) as server:
        result = run(setup_for(recipe, server.base_url, tmp_path / "out", tmp_path / "cache"))
    assert result.end == "failed"
    assert isinstance(result.error, TemplateError)
    (problem,) = result.error.problems
    assert (problem.source.rpartition("/")[2], problem.line) == ("facts.yaml", 6)
    assert "divi" in problem.message
    assert problem.excerpt
