"""`extends`: bases under a recipe, with the place of every value, and no way out of the project or round in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.errors import (
    CompositionError,
    FormatError,
    MissingFileError,
    RecipeError,
    RecipeSyntaxError,
    ReleaseError,
    UnsafePathError,
)
from datarecipe.recipe import load_recipe, parse_set
from datarecipe.recipe.compose.extends import MAX_FILES
from datarecipe.recipe.identity import identity
from tests.recipe.writing import RECIPE, Project, told

BASE = "".join(f"{key}: {value}\n" for key, value in RECIPE.items())
OWN = "recipe: 1\nextends: ../bases/base.yaml\nname: own\n"


@pytest.fixture
def based(project: Project) -> Project:
    project.write("bases/base.yaml", BASE)
    return project


def test_what_a_recipe_does_not_say_comes_from_its_base(based: Project) -> None:
    recipe = load_recipe(based.write_recipe(OWN + "target_size: 7\n"))
    assert (recipe.name, recipe.target_size, recipe.labels.values) == ("own", 7, ("yes", "no"))
    assert "extends" not in recipe.resolved


def test_a_recipe_with_a_base_is_the_same_run_as_one_that_says_all_itself(based: Project) -> None:
    alone = load_recipe(based.write("recipes/alone.yaml", BASE))
    assert identity(load_recipe(based.write_recipe(OWN))) == identity(alone)


def test_mappings_merge_deeply_lists_are_replaced_and_the_own_value_wins(based: Project) -> None:
    based.write(
        "bases/base.yaml", BASE + "vars: {a: {b: 1, c: 2}, d: 3}\nvary: {topic: [x, y], tone: [z]}\ntags: [p, q]\n"
    )
    recipe = load_recipe(based.write_recipe(OWN + "vars: {a: {c: 9}, e: 5}\nvary: {topic: [w]}\ntags: [r]\n"))
    assert recipe.vars == {"a": {"b": 1, "c": 9}, "d": 3, "e": 5}
    assert recipe.vary == {"topic": ("w",), "tone": ("z",)}
    assert recipe.about.tags == ("r",)


def test_later_bases_win_over_earlier_ones(based: Project) -> None:
    based.write("bases/more.yaml", "recipe: 1\ntarget_size: 3\nbatch_size: 2\n")
    recipe = load_recipe(
        based.write_recipe("recipe: 1\nextends: [../bases/base.yaml, ../bases/more.yaml]\nbatch_size: 1\n")
    )
    assert (recipe.name, recipe.target_size, recipe.batch_size) == ("boolq", 3, 1)


def test_a_base_may_extend_others_and_one_may_be_met_twice(based: Project) -> None:
    based.write("bases/left.yaml", "recipe: 1\nextends: base.yaml\ntarget_size: 3\n")
    based.write("bases/right.yaml", "recipe: 1\nextends: base.yaml\nbatch_size: 2\n")
    recipe = load_recipe(based.write_recipe("recipe: 1\nextends: [../bases/left.yaml, ../bases/right.yaml]\n"))
    # `right` stands over `left`, with all that it extends.
    assert (recipe.target_size, recipe.batch_size) == (500, 2)


def test_a_seed_example_and_a_schema_are_replaced_as_a_whole(based: Project) -> None:
    recipe = load_recipe(based.write_recipe(OWN + "seed_example: {claim: rome is in italy, answer: no}\n"))
    assert recipe.seed_examples == ({"claim": "rome is in italy", "answer": "no"},)


@pytest.mark.parametrize(
    ("base", "own", "kind", "chains", "roots"),
    [
        ("tree", "{roots: 4}", "tree", 8, 4),
        ("{kind: random, chains: 4}", "{kind: similar}", "similar", 4, 8),
        ("{kind: random, chains: 4}", "tree", "tree", 8, 8),
    ],
)
def test_the_short_form_of_strategy_merges_as_what_it_stands_for(
    based: Project, base: str, own: str, kind: str, chains: int, roots: int
) -> None:
    based.write("bases/base.yaml", BASE.replace("strategy: tree", f"strategy: {base}"))
    strategy = load_recipe(based.write_recipe(OWN + f"strategy: {own}\n")).strategy
    assert (strategy.kind, strategy.chains, strategy.roots) == (kind, chains, roots)


def test_null_takes_away_what_was_inherited_where_it_is_no_value_itself(based: Project) -> None:
    based.write(
        "bases/base.yaml", BASE + "vary: {topic: [x]}\nsampling: {temperature: 0.5, top_p: 0.9}\nvars: {a: 1}\n"
    )
    recipe = load_recipe(based.write_recipe(OWN + "vary:\nsampling: {temperature: null}\nvars: {a: null}\n"))
    assert recipe.vary == {}
    assert recipe.sampling == {"temperature": None, "top_p": 0.9}  # a value: nothing is sent
    assert recipe.vars == {"a": None}


def test_a_null_that_takes_nothing_away_is_told(based: Project) -> None:
    error = based.errors(OWN + "model:\n")
    assert "`model` is empty" in error.problems[0].message


def test_paths_count_from_the_file_that_wrote_them(based: Project) -> None:
    based.write("bases/deep/own.j2", "from the base {{ batch_size }}")
    based.write("bases/deep/base.yaml", BASE.replace("../templates/fixed_labels.j2", "own.j2"))
    recipe = load_recipe(based.write_recipe("recipe: 1\nextends: ../bases/deep/base.yaml\n"))
    assert recipe.instruction == "from the base {{ batch_size }}"


def test_an_anchor_in_a_base_and_own_keys_are_the_users(based: Project) -> None:
    based.write("bases/base.yaml", BASE + "x-topics: &t [a, b]\nvary: {topic: *t}\nx-own: {a: 1}\n")
    recipe = load_recipe(based.write_recipe(OWN + "x-own: {b: 2}\n"))
    assert recipe.vary == {"topic": ("a", "b")}
    assert recipe.resolved["x-own"] == {"a": 1, "b": 2}


def test_overrides_go_over_recipe_and_bases(based: Project) -> None:
    recipe = load_recipe(based.write_recipe(OWN), [parse_set("target_size=4"), parse_set("strategy.roots=2")])
    assert (recipe.target_size, recipe.strategy.roots) == (4, 2)


def test_a_mistake_in_a_base_is_told_at_its_place_there(based: Project) -> None:
    based.write("bases/base.yaml", BASE.replace("500", "many") + "batchsize: 3\n")
    error = based.errors(OWN + "nam: x\n")
    assert type(error) is FormatError
    assert [problem.place for problem in error.problems] == [
        "recipes/recipe.yaml:4:1",
        "bases/base.yaml:8:14",
        "bases/base.yaml:9:1",
    ]
    assert error.problems[1].excerpt == "     8 | target_size: many\n       |              ^^^^"


def test_a_mistake_that_is_replaced_is_none(based: Project) -> None:
    based.write("bases/base.yaml", BASE.replace("500", "many"))
    assert load_recipe(based.write_recipe(OWN + "target_size: 5\n")).target_size == 5


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"recipe": "extends: recipe.yaml"},
            "recipes/recipe.yaml:2:10: recipes extend each other in a circle: recipes/recipe.yaml -> recipes/recipe.yaml",
        ),
        (
            {"recipe": "extends: b.yaml", "b": "extends: [c.yaml]", "c": "extends: ../recipes/b.yaml"},
            "recipes/c.yaml:2:10: recipes extend each other in a circle: "
            "recipes/b.yaml -> recipes/c.yaml -> recipes/b.yaml",
        ),
        (
            {"recipe": "extends: boolq"},
            'recipes/recipe.yaml:2:10: "boolq" is not the path of a recipe',
        ),
    ],
)
def test_what_leads_round_or_nowhere(project: Project, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        project.write(f"recipes/{name}.yaml", f"recipe: 1\n{text}\n")
    with pytest.raises(CompositionError) as caught:
        load_recipe(project.recipe)
    (problem,) = told(caught.value.problems)
    assert problem.startswith(message)


def test_a_link_to_a_file_is_that_file(project: Project) -> None:
    project.write("recipes/recipe.yaml", "recipe: 1\nextends: link.yaml\n")
    (project.root / "recipes/link.yaml").symlink_to("recipe.yaml")
    with pytest.raises(CompositionError, match="in a circle"):
        load_recipe(project.recipe)


@pytest.mark.parametrize(
    ("base", "kind", "message"),
    [
        (None, MissingFileError, 'there is no file "../bases/base.yaml"'),
        ("- a\n", ReleaseError, "a recipe is a mapping of keys, not a list of 1"),
        ("name: x\n", ReleaseError, "`recipe` is missing"),
        ("recipe: 2\n", ReleaseError, "this recipe needs datarecipe >"),
        ("recipe: 1\nrequires: '>=99'\n", ReleaseError, "this recipe needs datarecipe >=99"),
        ("recipe: [\n", RecipeSyntaxError, "is not closed"),
        ("recipe: 1\nrecipe: 1\n", RecipeSyntaxError, "duplicate key"),
    ],
)
def test_a_base_that_is_no_recipe(project: Project, base: str | None, kind: type[RecipeError], message: str) -> None:
    if base is not None:
        project.write("bases/base.yaml", base)
    error = project.errors(OWN)
    assert type(error) is kind
    assert message in error.problems[0].message


def test_all_bases_are_looked_at_before_the_first_mistake_is_told(project: Project) -> None:
    project.write("bases/a.yaml", "recipe: [\n")
    project.write("bases/b.yaml", "recipe: 1\nname: x\nname: y\n")
    error = project.errors("recipe: 1\nextends: [../bases/a.yaml, ../bases/b.yaml, ../bases/c.yaml]\n")
    assert [problem.source for problem in error.problems] == ["recipes/recipe.yaml", "bases/a.yaml", "bases/b.yaml"]


@pytest.mark.parametrize("written", ["5", "{a: b}", "[]", "[a.yaml, 5]", "true"])
def test_extends_is_a_path_or_a_list_of_paths(project: Project, written: str) -> None:
    error = project.errors(BASE + f"extends: {written}\n")
    assert "`extends" in error.problems[0].message
    assert error.problems[0].line == 9


@pytest.mark.parametrize("written", ["../../out.yaml", "{out}", "../link.yaml"])
def test_a_base_outside_the_project_is_refused(project: Project, tmp_path: Path, written: str) -> None:
    out = tmp_path / "out.yaml"
    out.write_text(BASE)
    (project.root / "link.yaml").symlink_to(out)
    error = project.errors(f"recipe: 1\nextends: {written.replace('{out}', str(out))}\n")
    assert type(error) is UnsafePathError


def test_a_base_decides_no_wider_project(project: Project, tmp_path: Path) -> None:
    """A base in a data root may name files there, and none that the recipe itself may not read."""
    shared = tmp_path / "shared"
    (shared / "recipes").mkdir(parents=True)
    (tmp_path / "secret.j2").write_text("secret {{ batch_size }}")
    (shared / "prompt.j2").write_text("shared {{ batch_size }}")
    base = shared / "recipes/base.yaml"
    path = project.write_recipe(f"recipe: 1\nextends: {base}\n")
    base.write_text(BASE.replace("../templates/fixed_labels.j2", "../prompt.j2"))
    assert load_recipe(path, data_roots=[shared]).instruction == "shared {{ batch_size }}"
    base.write_text(BASE.replace("../templates/fixed_labels.j2", "../../secret.j2"))
    with pytest.raises(UnsafePathError):
        load_recipe(path, data_roots=[shared])


def test_a_chain_that_is_too_long_is_refused(project: Project) -> None:
    for number in range(MAX_FILES + 1):
        project.write(f"recipes/r{number}.yaml", f"recipe: 1\nextends: r{number + 1}.yaml\n")
    error = project.errors("recipe: 1\nextends: r0.yaml\n")
    assert error.problems[0].message == f"a recipe may build on {MAX_FILES} recipes at most"


def test_a_base_counts_as_often_as_it_is_named(project: Project) -> None:
    project.write("recipes/base.yaml", BASE)
    named = ["base.yaml"] * MAX_FILES
    assert load_recipe(project.write_recipe(f"recipe: 1\nextends: [{', '.join(named)}]\n")).name == "boolq"
    error = project.errors(f"recipe: 1\nextends: [{', '.join([*named, 'base.yaml'])}]\n")
    assert error.problems[0].message == f"a recipe may build on {MAX_FILES} recipes at most"


def test_what_a_base_extends_counts_once_however_often_it_is_named(project: Project) -> None:
    project.write("recipes/base.yaml", BASE)
    project.write("recipes/many.yaml", f"recipe: 1\nextends: [{', '.join(['base.yaml'] * (MAX_FILES - 3))}]\n")
    own = "recipe: 1\nextends: [many.yaml, many.yaml, many.yaml%s]\n"
    assert load_recipe(project.write_recipe(own % "")).name == "boolq"
    assert "at most" in project.errors(own % ", many.yaml").problems[0].message


def test_bases_that_double_at_every_step_are_read_once(project: Project) -> None:
    for number in range(40):
        project.write(f"recipes/r{number}.yaml", f"recipe: 1\nextends: [r{number + 1}.yaml, r{number + 1}.yaml]\n")
    project.write("recipes/r40.yaml", BASE)
    assert load_recipe(project.write_recipe("recipe: 1\nextends: r0.yaml\n")).name == "boolq"


def test_what_bases_hold_together_is_bounded(project: Project) -> None:
    for number in range(3):
        values = ", ".join(["0"] * 20_000)
        project.write(f"bases/{number}.yaml", f"recipe: 1\nx-{number}: [{values}]\n")
    error = project.errors("recipe: 1\nextends: [../bases/0.yaml, ../bases/1.yaml, ../bases/2.yaml]\n")
    assert "with all that it extends the recipe has more than 50,000 values" in error.problems[0].message


def test_a_schema_is_replaced_as_a_whole(based: Project) -> None:
    schema = "{type: object, properties: {%s: {type: string}}}"
    based.write("bases/base.yaml", BASE + f"schema: {schema % 'question'}\n")
    recipe = load_recipe(based.write_recipe(OWN + f"schema: {schema % 'answer'}\n"))
    assert recipe.schema == {"type": "object", "properties": {"answer": {"type": "string"}}}


def test_one_of_the_varied_lists_can_be_taken_away(based: Project) -> None:
    based.write("bases/base.yaml", BASE + "vary: {topic: [x], tone: [y]}\n")
    recipe = load_recipe(based.write_recipe(OWN + "vary: {topic: null, season: [a, b]}\n"))
    assert recipe.vary == {"tone": ("y",), "season": ("a", "b")}


def test_a_broken_base_is_read_once_however_often_it_is_named(project: Project) -> None:
    project.write("bases/bad.yaml", "recipe: 1\nx: [" + "0, " * 200_000 + "]\n")
    error = project.errors(f"recipe: 1\nextends: [{', '.join(['../bases/bad.yaml'] * 100)}]\n")
    assert len(error.problems) == 1


def test_a_path_with_a_space_is_a_path(project: Project) -> None:
    project.write("my bases/base.yaml", BASE.replace("../templates", "../templates"))
    assert load_recipe(project.write_recipe("recipe: 1\nextends: ../my bases/base.yaml\n")).name == "boolq"
    error = project.errors("recipe: 1\nextends: my base.yaml\n")
    assert error.problems[0].message == 'there is no file "my base.yaml"'


def test_the_texts_of_aliases_are_bounded_together(project: Project) -> None:
    text = "b" * 900_000
    for key in ("labels", "x-own", "seed_example"):
        aliases = ", ".join(["*b"] * 10_000)
        error = project.errors(f"recipe: 1\nx-b: &b {text}\n{key}: [{aliases}]\n")
        assert "are too many for one file" in error.problems[0].message
