"""What is legal and surely not meant: told, and never in the way."""

from __future__ import annotations

import pytest

from datarecipe.recipe import LoadedRecipe, Override, load_recipe, parse_set
from tests.recipe.writing import Project, told


def warned(recipe: LoadedRecipe) -> list[str]:
    assert all(problem.kind == "warning" for problem in recipe.warnings)
    return told(recipe.warnings)


def test_a_useful_recipe_is_warned_of_nothing(project: Project) -> None:
    template = project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }}")
    assert template.exists()
    assert warned(project.load()) == []


def test_a_batch_larger_than_the_target(project: Project) -> None:
    project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }}")
    (text,) = warned(project.load(target_size="4", batch_size="5"))
    assert text.startswith("recipes/recipe.yaml:9:13: warning: `batch_size` (5) is larger than `target_size` (4)")
    assert warned(project.load(target_size="5", batch_size="5")) == []
    assert warned(project.load(target_size="4")) == []
    # A trial from the command line is meant as it is.
    assert warned(project.load(Override("target_size", 2, "--target-size"), batch_size="5")) == []


@pytest.mark.parametrize(
    ("strategy", "keys"),
    [
        ("{kind: fixed, chains: 4, patience: 2}", ["chains", "patience"]),
        ("{kind: tree, chains: 4, roots: 2}", ["chains"]),
        ("{kind: random, roots: 2, chains: 3}", ["roots"]),
        ("{kind: similar, chains: 3, embedder: hashed-ngrams}", []),
        ("tree", []),
    ],
)
def test_settings_that_a_strategy_does_not_look_at(project: Project, strategy: str, keys: list[str]) -> None:
    project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }}")
    texts = warned(project.load(strategy=strategy))
    assert [text.partition(" ignores `")[2].partition("`")[0] for text in texts] == keys


def test_another_strategy_from_the_command_line_or_over_a_base_is_meant(project: Project) -> None:
    project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }}")
    assert warned(project.load(parse_set("strategy.kind=random"), strategy="{kind: tree, roots: 2}")) == []
    project.load(strategy="{kind: tree, roots: 2}")
    own = project.write("recipes/own.yaml", "recipe: 1\nextends: recipe.yaml\nstrategy: {kind: random}\n")
    assert warned(load_recipe(own)) == []


def test_equal_seed_examples(project: Project) -> None:
    project.write("templates/fixed_labels.j2", "Write {{ batch_size }} more: {{ labels | join(', ') }}")
    project.write("seeds/two.json", '[{"question": "q", "answer": "yes"},\n {"answer": "yes", "question": "q"}]')
    (text,) = warned(project.load(seed_example="../seeds/two.json"))
    assert text.startswith("seeds/two.json:2:2: warning: the seed example is the same as the one at seeds/two.json:1:2")
