"""`--set key.path=value`: the same rules as in a recipe, and messages that name the flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from datarecipe.errors import NotYetError, OverrideError, UsageError
from datarecipe.exchange import Json
from datarecipe.recipe import Limits, Override, parse_set, parse_var
from tests.recipe.writing import Project


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("strategy.chains=32", "strategy.chains", 32),
        ("labels=[yes, no]", "labels", ["yes", "no"]),
        ("labels=[on, off]", "labels", ["on", "off"]),
        ("description=yes", "description", "yes"),
        ('description="a: b = c"', "description", "a: b = c"),
        ("instruction=a=b", "instruction", "a=b"),
        ("labels={per_example: 4}", "labels", {"per_example": 4}),
        ("sampling.temperature=null", "sampling.temperature", None),
        ("sampling.temperature=", "sampling.temperature", None),
        ("random_seed=012", "random_seed", 12),
        ("x-a=1_000", "x-a", "1_000"),
    ],
)
def test_a_value_is_yaml_as_in_a_recipe(text: str, path: str, value: Json) -> None:
    override = parse_set(text)
    assert (override.path, override.value, override.flag) == (path, value, f"--set {path}")


@pytest.mark.parametrize("text", ["strategy", "=5", "a..b=1", ".=1"])
def test_what_is_no_setting_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_set(text)
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("--set ")
    assert caught.value.hint


@pytest.mark.parametrize("text", ["labels=[", "labels=*x", "labels=!!python/name:x y", "labels=\udcff"])
def test_a_value_that_is_not_yaml_is_told_with_its_flag(project: Project, text: str) -> None:
    error = project.errors(None, parse_set(text))
    assert type(error) is OverrideError
    assert str(error).startswith("--set labels: ")
    assert error.problems[0].hint is not None
    assert "--set 'labels=" in error.problems[0].hint


@pytest.mark.parametrize("text", ["limits.timeout=1e999", "target_size=" + "9" * 120, "target_size=0x" + "f" * 120])
def test_quotes_are_not_proposed_for_a_number_that_no_recipe_can_hold(project: Project, text: str) -> None:
    error = project.errors(None, parse_set(text))
    assert type(error) is OverrideError
    assert "number is too l" in str(error)
    assert error.problems[0].hint is None


@pytest.mark.parametrize(
    "text",
    ["He said: hi", "C # lang", "[x, y]", "@home", "2026", "1.10", "true", "a: b: c", "*x", "'", "it's", "Größe 数据"],
)
def test_what_is_written_for_a_text_stays_text(project: Project, text: str) -> None:
    assert project.load(parse_set(f"description={text}")).description == text
    assert project.load(parse_var(f"tone={text}"), vars="{tone: dry}").vars == {"tone": text}
    assert project.load(parse_set(f"vars.tone={text}"), vars="{tone: dry}").vars == {"tone": text}


def test_quotes_around_a_text_are_yamls(project: Project) -> None:
    assert project.load(parse_set('description="a # b"')).description == "a # b"
    assert project.load(parse_var("tone='5'"), vars="{tone: 1}").vars == {"tone": "5"}


def test_another_value_than_text_keeps_its_type(project: Project) -> None:
    assert project.load(parse_var("size=5"), vars="{size: 1}").vars == {"size": 5}
    assert project.load(parse_set("x-a=5")).resolved["x-a"] == 5


@pytest.mark.parametrize("written", ["", "null", "~"])
def test_null_unsets_a_key_as_in_a_recipe(project: Project, written: str) -> None:
    keys = {"model": "openai/a", "license": "MIT", "tags": "[a]", "vary": "{t: [a], u: [b]}", "sampling": "{top_p: 1}"}
    flags = [parse_set(f"{key}={written}") for key in ("model", "license", "tags", "vary.t", "sampling.top_p")]
    recipe = project.load(*flags, **keys)
    assert (recipe.model, recipe.about.license, recipe.about.tags) == (None, None, ())
    assert recipe.vary == {"u": ("b",)}
    assert recipe.sampling == {"top_p": None}
    assert project.load(parse_set(f"limits={written}")).limits == Limits()


def test_what_every_recipe_has_cannot_be_unset(project: Project) -> None:
    error = project.errors(None, parse_set("target_size="))
    assert str(error).startswith("--set target_size: `target_size` is empty")


@pytest.mark.parametrize("override", [Override("extends", "x.yaml", "extends="), parse_set("extends=x.yaml")])
def test_what_a_recipe_extends_is_no_override(project: Project, override: Override) -> None:
    assert "stands in its file" in project.errors(None, override).problems[0].message


def test_a_position_of_very_many_digits_is_none(project: Project) -> None:
    assert "is no position in it" in project.errors(None, parse_set(f"labels.{'9' * 5000}=a")).problems[0].message


@pytest.mark.parametrize("override", [parse_var("tnoe=x"), Override(("vars", "tnoe"), "x", "vars=", is_variable=True)])
def test_a_variable_must_be_there(project: Project, override: Override) -> None:
    error = project.errors(None, override, vars="{tone: dry}")
    assert type(error) is OverrideError
    assert error.problems[0].message == "the recipe has no variable `tnoe`"
    assert error.problems[0].hint == "did you mean `tone`?"


def test_a_variable_that_the_template_reads_need_not_be_declared(project: Project) -> None:
    text = "{{ batch_size }} {{ labels }} {{ vars.tone | default('dry') }}"
    assert project.load(parse_var("tone=wet"), instruction=f'"{text}"').vars == {"tone": "wet"}
    with pytest.raises(OverrideError):
        project.load(parse_var("size=5"), instruction=f'"{text}"')


def test_the_short_form_of_strategy_grows(project: Project) -> None:
    strategy = project.load(parse_set("strategy.chains=32")).strategy
    assert (strategy.kind, strategy.chains) == ("tree", 32)
    strategy = project.load(parse_set("strategy.patience=5"), strategy="{kind: random, chains: 4}").strategy
    assert (strategy.kind, strategy.chains, strategy.patience) == ("random", 4, 5)


def test_the_last_override_wins_and_the_file_stays(project: Project) -> None:
    recipe = project.load(Override("target_size", 50, "--target-size"), parse_set("target_size=60"))
    assert recipe.target_size == 60
    assert "target_size: 500" in project.recipe.read_text()


def test_overrides_reach_missing_keys_lists_and_short_forms(project: Project) -> None:
    assert project.load(parse_set("limits.concurrency=4")).limits.concurrency == 4
    assert project.load(parse_set("vars.a.b=deep")).vars == {"a": {"b": "deep"}}
    assert project.load(parse_set("labels.1=nope")).labels.values == ("yes", "nope")
    assert project.load(parse_set("task.label=answer")).task.kind == "custom"
    assert project.load(parse_set("seed_example.answer=no")).seed_examples[0]["answer"] == "no"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (parse_set("target-size=5"), "--set target-size: unknown key `target-size`\n  did you mean `target_size`?"),
        (
            parse_set("strategy.chain=5"),
            "--set strategy.chain: unknown key `chain` in `strategy`\n  did you mean `chains`?",
        ),
        (parse_set("limits.concurrency=x"), "--set limits.concurrency: `limits.concurrency` must be a whole number"),
        (parse_set("target_size.x=5"), "--set target_size.x: `target_size` has no keys below it"),
        (parse_set("labels.7=5"), "--set labels.7: `labels` is a list of 2, and `7` is no position in it"),
        (parse_set("labels=[a]"), "--set labels: `labels` must be a list of at least 2 labels, not a list of 1"),
        (parse_set("recipe=2"), "--set recipe: this recipe needs datarecipe > 0.1.0: it is of format 2"),
        (Override("target_size", 0, "--target-size"), "--target-size: `target_size` must be a whole number from 1"),
        (Override("target_size", Path("x"), "target_size="), "target_size=: the value cannot stand in a recipe"),  # type: ignore[arg-type]
        (Override("x-a", float("nan"), "x-a="), "x-a=: the value cannot stand in a recipe: JSON holds no NaN"),
    ],
)
def test_problems_name_the_flag(project: Project, override: Override, message: str) -> None:
    assert str(project.errors(None, override)).startswith(message)


def test_a_key_for_later_is_refused_in_a_flag_too(project: Project) -> None:
    error = project.errors(None, parse_set("evaluate={test: a.jsonl}"))
    assert isinstance(error, NotYetError)
    assert str(error).startswith("--set evaluate: `evaluate` belongs to format 1")


def test_problems_of_flags_come_after_those_of_the_file(project: Project) -> None:
    error = project.errors(None, parse_set("batch_size=0"), labels=None)
    assert [problem.source for problem in error.problems] == ["recipes/recipe.yaml", "--set batch_size"]
