"""Where each value of a recipe comes from."""

from __future__ import annotations

from datarecipe.exchange import Json
from datarecipe.recipe import LoadedRecipe, Override, load_recipe, origins, parse_set, parse_var
from tests.recipe.writing import Project


def by_key(recipe: LoadedRecipe) -> dict[str, tuple[Json, str]]:
    return {origin.key: (origin.value, origin.origin) for origin in origins(recipe)}


def test_files_flags_bases_and_defaults_are_told_apart(project: Project) -> None:
    project.load(vars="{tone: dry}", vary="{topic: [a]}")
    own = project.write("recipes/own.yaml", "recipe: 1\nextends: recipe.yaml\nname: own\nvars: {size: 3}\n")
    flags = [Override("strategy.kind", "random", "--strategy"), parse_set("limits.timeout=5"), parse_var("size=4")]
    found = by_key(load_recipe(own, flags))
    assert found["name"] == ("own", "recipes/own.yaml:3:7")
    assert found["target_size"] == (500, "recipes/recipe.yaml:8:14")
    assert found["strategy.kind"] == ("random", "--strategy")
    assert found["strategy.chains"] == (8, "default")
    assert found["limits.timeout"] == (5.0, "--set limits.timeout")
    assert found["limits.barren"] == (50, "default")
    assert found["vars.tone"] == ("dry", "recipes/recipe.yaml:9:14")
    assert found["vars.size"] == (4, "--var size")
    assert found["vary.topic"] == (["a"], "recipes/recipe.yaml:10:15")
    assert found["labels"] == (["yes", "no"], "recipes/recipe.yaml:6:9")
    assert found["schema"][1] == "inferred from seed_example and labels"
    assert found["instruction"][1] == "recipes/recipe.yaml:4:14 -> ../templates/fixed_labels.j2"


def test_a_flag_that_changes_a_part_of_a_value_is_named(project: Project) -> None:
    recipe = project.load(parse_set("labels.1=nope"), parse_set("seed_example.question=is it"))
    found = by_key(recipe)
    assert found["labels"] == (["yes", "nope"], "recipes/recipe.yaml:6:9, --set labels.1")
    assert found["seed_example"][1] == "recipes/recipe.yaml:5:15, --set seed_example.question"


def test_the_short_form_of_strategy_has_its_own_place(project: Project) -> None:
    assert by_key(project.load())["strategy.kind"] == ("tree", "recipes/recipe.yaml:7:11")


def test_every_resolved_value_has_an_origin(project: Project) -> None:
    base = "recipe: 1\ntask: yes_no\nlabels: [yes, no]\nstrategy: tree\nsampling: {temperature: 0.5, top_p: 0.9}\n"
    project.write("bases/base.yaml", base)
    own = (
        "recipe: 1\n"
        "extends: ../bases/base.yaml\n"
        "name: own\n"
        'instruction: "Write {{ batch_size }} more of {{ labels }}."\n'
        "seed_example: {question: is rome in italy, answer: yes}\n"
        "sampling: {top_p: 0.8}\n"
        "target_size: 40\n"
    )
    recipe = load_recipe(project.write_recipe(own), [parse_set("batch_size=4")])
    told = {key: origin for key, (_, origin) in by_key(recipe).items()}
    assert {key: origin for key, origin in told.items() if origin != "default"} == {
        "recipe": "recipes/recipe.yaml:1:9",
        "name": "recipes/recipe.yaml:3:7",
        "task": "bases/base.yaml:2:7",
        "instruction": "recipes/recipe.yaml:4:14",
        "seed_example": "recipes/recipe.yaml:5:15",
        "labels": "bases/base.yaml:3:9",
        "strategy.kind": "bases/base.yaml:4:11",
        "schema": "inferred from seed_example and labels",
        "sampling.temperature": "bases/base.yaml:5:25",
        "sampling.top_p": "recipes/recipe.yaml:6:19",
        "target_size": "recipes/recipe.yaml:7:14",
        "batch_size": "--set batch_size",
    }
    assert {key for key, origin in told.items() if origin == "default"} >= {
        "random_seed",
        "strategy.chains",
        "limits.barren",
    }
