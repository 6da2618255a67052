"""A recipe's file becomes a `Recipe` with everything resolved."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from datarecipe.errors import (
    FormatError,
    MissingKeyError,
    NotYetError,
    RecipeError,
    RecipeNotFoundError,
    UnsafePathError,
)
from datarecipe.recipe import (
    Embedder,
    Filters,
    Length,
    Limits,
    NearDuplicates,
    Override,
    Recipe,
    Strategy,
    Task,
    load_recipe,
    override_recipe,
    shipped_recipes,
)
from tests.recipe.writing import Project


def test_a_useful_recipe_has_eight_keys(project: Project) -> None:
    recipe = project.load()
    assert recipe.name == "boolq"
    assert recipe.description == ""
    assert recipe.task == Task("yes_no", "answer", None)
    assert recipe.instruction == "Write {{ batch_size }} more of {{ labels }}, please.\n"
    assert str(recipe.instruction_place.at(1, 7)) == "templates/fixed_labels.j2:1:7"
    assert recipe.seed_examples == ({"question": "is rome in italy", "answer": "yes"},)
    assert recipe.labels.values == ("yes", "no")
    assert recipe.strategy == Strategy("tree", chains=8, roots=8, patience=3, embedder=Embedder("hashed-ngrams"))
    assert (recipe.target_size, recipe.batch_size, recipe.random_seed) == (500, 5, 0)
    assert recipe.schema_inferred
    assert recipe.limits == Limits(concurrency=16, timeout=600.0, barren=50)
    assert (recipe.model, recipe.api_base, recipe.sampling, recipe.response_format) == (None, None, {}, "auto")
    assert recipe.project == project.root.resolve()
    assert recipe.source == project.recipe.resolve()
    assert recipe.fields == ("question", "answer")
    assert recipe.text_fields == ("question",)


def test_every_key_of_this_release_arrives(project: Project) -> None:
    recipe = project.load(
        description="Questions.",
        version='"1.10"',
        license="CC0-1.0",
        tags="[a, b]",
        requires='">=0.1"',
        task="{label: answer, options: null}",
        strategy="{kind: random, chains: 4, roots: 2, patience: 1}",
        batch_size="7.0",
        random_seed="9",
        vars="{tone: dry, nested: {list: [1, no]}}",
        vary="{topic: [history, 1, true, {name: sports}]}",
        model="openai/gpt-4o-mini",
        api_base="http://localhost:8000/v1",
        sampling="{temperature: 0.5, top_p: null, max_tokens: 512}",
        response_format="json_object",
        filters="{length: {question: {max_words: 9}}, refusals: true, near_duplicates: 0.8}",
        limits="{concurrency: 2, timeout: 30, barren: 5}",
        **{"x-owner": "{team: search}"},
    )
    assert (recipe.about.version, recipe.about.license, recipe.about.tags) == ("1.10", "CC0-1.0", ("a", "b"))
    assert recipe.task == Task("custom", "answer", None)
    assert (recipe.batch_size, type(recipe.batch_size)) == (7, int)
    assert recipe.vars == {"tone": "dry", "nested": {"list": [1, "no"]}}
    assert recipe.vary == {"topic": ("history", 1, True, {"name": "sports"})}
    assert recipe.sampling == {"temperature": 0.5, "top_p": None, "max_tokens": 512}
    length, near = {"question": Length(max_words=9)}, NearDuplicates(0.8)
    assert recipe.filters == Filters(length=length, refusals=True, near_duplicates=near)
    assert recipe.limits == Limits(concurrency=2, timeout=30.0, barren=5)
    assert recipe.resolved["x-owner"] == {"team": "search"}


def test_a_missing_key_beside_a_wrong_value_is_a_format_error(project: Project) -> None:
    assert type(project.errors(batch_size="zz", strategy=None)) is FormatError
    assert type(project.errors(strategy=None)) is MissingKeyError


def test_recipes_from_two_folders_are_equal(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    here = project.load()
    monkeypatch.chdir(project.root / "recipes")
    assert load_recipe(Path("recipe.yaml")) == here


def test_an_instruction_can_stand_in_the_recipe(project: Project) -> None:
    recipe = project.load(instruction="|\n  Write {{ batch_size }}\n  more/less.\n")
    assert recipe.instruction == "Write {{ batch_size }}\nmore/less.\n"
    assert str(recipe.instruction_place.at(2, 6)) == "recipes/recipe.yaml:6:8"


def test_the_resolved_document_is_a_recipe_that_needs_no_other_file(project: Project, tmp_path: Path) -> None:
    project.write("seeds/a.json", '{"question": "q", "answer": "no"}')
    recipe = project.load(
        seed_example="[../seeds/a.json, {answer: yes, question: p}]",
        vary="{topic: [a, b]}",
        version='"2"',
        requires='">=0.1"',
    )
    alone = tmp_path / "alone" / "alone.json"
    alone.parent.mkdir()
    alone.write_text(json.dumps(recipe.resolved))
    again = load_recipe(alone)
    for name in Recipe.__dataclass_fields__:
        if name != "schema_inferred":
            assert getattr(again, name) == getattr(recipe, name), name
    assert again.resolved == recipe.resolved
    assert json.dumps(again.resolved) == json.dumps(recipe.resolved)


def test_a_loaded_recipe_says_which_files_were_read(project: Project) -> None:
    """Each once, with the hash of its bytes; what an override names is read again, what the recipe extends is not."""
    base = project.write("bases/base.yaml", "recipe: 1\r\nbatch_size: 3\r\n")
    seeds = project.write("seeds/a.json", '{"question": "q", "answer": "no"}')
    other = project.write("seeds/b.json", '{"question": "p", "answer": "yes"}')
    schema = project.write("seeds/schema.json", '{"type": "object"}')
    template = project.root / "templates" / "fixed_labels.j2"
    recipe = project.load(
        extends="../bases/base.yaml",
        seed_example="[../seeds/a.json, ../seeds/../seeds/a.json]",
        schema="../seeds/schema.json",
    )
    roles = {file.path: file.role for file in recipe.files}
    assert roles == {
        project.recipe: "recipe",
        base: "extends",
        template: "instruction",
        seeds: "seed_example",
        schema: "schema",
    }
    assert list(roles)[:2] == [project.recipe, base]
    assert len(recipe.files) == len(roles)
    for file in recipe.files:
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()
    changed = override_recipe(recipe, [Override("seed_example", str(other), "test")])
    assert {file.path for file in changed.files} == {project.recipe, base, template, schema, other}


def test_a_recipe_is_plain_data(project: Project) -> None:
    """What the loop gets can be written down: no path, no place, no document."""
    recipe = project.load(vary="{topic: [a, b]}", requires='">=0.1"', **{"x-own": "{a: 1}"})
    plain = Recipe(**{field.name: getattr(recipe, field.name) for field in fields(Recipe)})
    assert plain.resolved == recipe.resolved
    json.dumps(asdict(plain))


def test_the_resolved_document_follows_a_recipe_that_was_changed_in_python(project: Project) -> None:
    recipe = replace(project.load(batch_size="5"), batch_size=7)
    assert recipe.resolved["batch_size"] == 7


def test_all_problems_come_at_once_in_the_order_of_their_places(project: Project) -> None:
    error = project.errors(
        strategy="tre",
        instruction="../templates/nothing.j2",
        labels="[yes, yes]",
        target_size='"500"',
        seed_example="{question: q, answer: maybe}",
        filters="{balance: 3}",
        batchsize="3",
    )
    assert type(error) is RecipeError
    assert [(problem.line, problem.message.split(" ")[0]) for problem in error.problems] == [
        (4, "there"),
        (6, "the"),
        (7, "`strategy`"),
        (8, "`target_size`"),
        (9, "`filters.balance`"),
        (10, "unknown"),
    ]


def test_an_error_of_one_kind_keeps_its_kind(project: Project) -> None:
    assert isinstance(project.errors(evaluate="{test: a.jsonl}", limits="{usd: 1}"), NotYetError)
    assert isinstance(project.errors(instruction="../../a.j2", schema="../../b.json"), UnsafePathError)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (None, "1:1: `recipe` is missing: it says which format this is"),
        ("2", "1:9: this recipe needs datarecipe >=99: it is of format 2"),
        ("0", "1:9: `recipe` is the version of the format, the number 1, not the number 0"),
        ('"1"', '1:9: `recipe` is the version of the format, the number 1, not the text "1"'),
        ("1.0", "1:9: `recipe` is the version of the format, the number 1, not the number 1.0"),
        ("true", "1:9: `recipe` is the version of the format, the number 1, not the boolean true"),
        ("[1]", "1:9: `recipe` is the version of the format, the number 1, not a list or mapping"),
    ],
)
def test_another_format_is_the_only_message(project: Project, recipe: str | None, message: str) -> None:
    error = project.errors(recipe=recipe, unknown="1", target_size="many", requires='">=99"')
    assert len(error.problems) == 1
    assert str(error).startswith(f"recipes/recipe.yaml:{message}")


def test_another_release_is_the_only_message(project: Project) -> None:
    (problem,) = project.errors(requires='">=99"', unknown="1").problems
    assert problem.message.startswith("this recipe needs datarecipe >=99, and this is ")
    (problem,) = project.errors(requires="newest").problems
    assert problem.message == '`requires` must be a version specifier, not the text "newest"'
    assert project.load(requires='"~=0.1"')


@pytest.mark.parametrize("version", ["9" * 5_001, "1." * 2_500 + "1", "9" * 201])
@pytest.mark.parametrize("sign", [">=", "==", "<", "!="])
def test_a_version_too_long_to_compare_is_no_version(project: Project, sign: str, version: str) -> None:
    (problem,) = project.errors(requires=f'"{sign}{version}"').problems
    assert problem.message.startswith("`requires` must be a version specifier, not the text ")
    assert len(str(problem)) < 1_000


@pytest.mark.parametrize("text", ["hello", "- recipe: 1", "5", "null"])
def test_what_is_no_mapping_is_no_recipe(project: Project, text: str) -> None:
    (problem,) = project.errors(text).problems
    assert problem.message.startswith("a recipe is a mapping of keys")


def test_a_recipe_that_is_not_there(project: Project) -> None:
    with pytest.raises(RecipeNotFoundError, match=r"nothing\.yaml: there is no such recipe"):
        load_recipe(project.root / "nothing.yaml")
    with pytest.raises(RecipeError, match="is a folder"):
        load_recipe(project.root / "recipes")


def test_the_shipped_recipes_load() -> None:
    for path in shipped_recipes().values():
        assert load_recipe(path).seed_examples


def test_loading_imports_no_network_stack_and_no_provider() -> None:
    program = (
        "import sys; from datarecipe.recipe import load_recipe, shipped_recipes\n"
        "assert 'jsonschema' not in sys.modules\n"
        "[load_recipe(path) for path in shipped_recipes().values()]\n"
        "print([name for name in ('litellm', 'aiohttp', 'httpx', 'requests', 'asyncio') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
