"""The JSON Schema agrees with the dataclasses that a recipe becomes, and says all that editors need."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from types import ModuleType
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from datarecipe.exchange import Json
from datarecipe.measure.thresholds import FIGURES
from datarecipe.recipe import format_schema
from datarecipe.recipe.format.expectations import expected
from datarecipe.recipe.format.format_check import NOT_YET
from datarecipe.recipe.format.schema_file import mapping_form, schema_of
from datarecipe.recipe.held_out.held_out_texts import Decontaminate
from datarecipe.recipe.models.named_models import Embedder, Judge, Prices, Verify
from datarecipe.recipe.recipe import (
    About,
    Balance,
    Filters,
    LabelSpace,
    Language,
    Limits,
    NearDuplicates,
    Pii,
    Recipe,
    StopWhen,
    Strategy,
    Task,
    TestedMeasure,
    Threshold,
)
from tests.docs.pages import ROOT
from tests.recipe.writing import Project, as_flow

Keys = tuple[str, ...]

FIELDS: dict[Keys, tuple[type, str]] = {
    ("name",): (Recipe, "name"),
    ("description",): (Recipe, "description"),
    ("version",): (About, "version"),
    ("license",): (About, "license"),
    ("tags",): (About, "tags"),
    ("task", "label"): (Task, "label_field"),
    ("task", "options"): (Task, "options_field"),
    ("instruction",): (Recipe, "instruction"),
    ("seed_example",): (Recipe, "seed_examples"),
    ("labels", "per_example"): (LabelSpace, "options"),
    ("strategy", "kind"): (Strategy, "kind"),
    ("strategy", "chains"): (Strategy, "chains"),
    ("strategy", "roots"): (Strategy, "roots"),
    ("strategy", "patience"): (Strategy, "patience"),
    ("strategy", "embedder", "model"): (Embedder, "model"),
    ("strategy", "embedder", "prices", "input_per_million"): (Prices, "input_per_million"),
    ("strategy", "embedder", "prices", "output_per_million"): (Prices, "output_per_million"),
    ("target_size",): (Recipe, "target_size"),
    ("batch_size",): (Recipe, "batch_size"),
    ("random_seed",): (Recipe, "random_seed"),
    ("schema",): (Recipe, "schema"),
    ("vars",): (Recipe, "vars"),
    ("vary",): (Recipe, "vary"),
    ("model",): (Recipe, "model"),
    ("api_base",): (Recipe, "api_base"),
    ("sampling",): (Recipe, "sampling"),
    ("response_format",): (Recipe, "response_format"),
    ("fallbacks",): (Recipe, "fallbacks"),
    ("prices", "input_per_million"): (Prices, "input_per_million"),
    ("prices", "output_per_million"): (Prices, "output_per_million"),
    ("requires",): (About, "requires"),
    ("limits", "usd"): (Limits, "usd"),
    ("limits", "tokens"): (Limits, "tokens"),
    ("limits", "calls"): (Limits, "calls"),
    ("limits", "concurrency"): (Limits, "concurrency"),
    ("limits", "max_concurrency"): (Limits, "max_concurrency"),
    ("limits", "rpm"): (Limits, "rpm"),
    ("limits", "tpm"): (Limits, "tpm"),
    ("limits", "timeout"): (Limits, "timeout"),
    ("limits", "barren"): (Limits, "barren"),
    ("filters", "length"): (Filters, "length"),
    ("filters", "patterns"): (Filters, "patterns"),
    ("filters", "copies"): (Filters, "copies"),
    ("filters", "leakage"): (Filters, "leakage"),
    ("filters", "refusals"): (Filters, "refusals"),
    ("filters", "secrets"): (Filters, "secrets"),
    ("filters", "contradictions"): (Filters, "contradictions"),
    ("filters", "decontaminate", "against"): (Decontaminate, "against"),
    ("filters", "decontaminate", "threshold"): (Decontaminate, "threshold"),
    ("filters", "decontaminate", "fields"): (Decontaminate, "fields"),
    ("filters", "language", "is"): (Language, "languages"),
    ("filters", "language", "fields"): (Language, "fields"),
    ("filters", "language", "unsure"): (Language, "unsure"),
    ("filters", "pii", "kinds"): (Pii, "kinds"),
    ("filters", "pii", "mask"): (Pii, "mask"),
    ("filters", "verify", "model"): (Verify, "model"),
    ("filters", "verify", "votes"): (Verify, "votes"),
    ("filters", "verify", "agree"): (Verify, "agree"),
    ("filters", "verify", "fields"): (Verify, "fields"),
    ("filters", "verify", "instruction"): (Verify, "instruction"),
    ("filters", "verify", "sampling"): (Verify, "sampling"),
    ("filters", "verify", "prices", "input_per_million"): (Prices, "input_per_million"),
    ("filters", "verify", "prices", "output_per_million"): (Prices, "output_per_million"),
    ("filters", "judge", "model"): (Judge, "model"),
    ("filters", "judge", "rubric"): (Judge, "rubric"),
    ("filters", "judge", "scale"): (Judge, "scale"),
    ("filters", "judge", "keep"): (Judge, "keep"),
    ("filters", "judge", "fields"): (Judge, "fields"),
    ("filters", "judge", "instruction"): (Judge, "instruction"),
    ("filters", "judge", "sampling"): (Judge, "sampling"),
    ("filters", "judge", "prices", "input_per_million"): (Prices, "input_per_million"),
    ("filters", "judge", "prices", "output_per_million"): (Prices, "output_per_million"),
    ("filters", "repair"): (Filters, "repair"),
    ("filters", "balance", "field"): (Balance, "field"),
    ("filters", "balance", "shares"): (Balance, "weights"),
    ("filters", "balance", "window"): (Balance, "window"),
    ("filters", "balance", "tolerance"): (Balance, "tolerance"),
    ("filters", "balance", "others"): (Balance, "others"),
    ("filters", "near_duplicates", "threshold"): (NearDuplicates, "threshold"),
    ("filters", "near_duplicates", "contrast"): (NearDuplicates, "contrast"),
    ("filters", "near_duplicates", "embedding"): (NearDuplicates, "embedding"),
    ("filters", "near_duplicates", "embedder", "model"): (Embedder, "model"),
    ("filters", "near_duplicates", "embedder", "prices", "input_per_million"): (Prices, "input_per_million"),
    ("filters", "near_duplicates", "embedder", "prices", "output_per_million"): (Prices, "output_per_million"),
    ("limits", "stop_when", "yield_below"): (StopWhen, "yield_below"),
    ("limits", "stop_when", "duplicates_above"): (StopWhen, "duplicates_above"),
    ("limits", "stop_when", "window"): (StopWhen, "window"),
}
"""Which field of which dataclass a key becomes."""

WHOLE = {
    ("task",): "task",
    ("labels",): "labels",
    ("strategy",): "strategy",
    ("strategy", "embedder"): "embedder",
    ("strategy", "embedder", "prices"): "prices",
    ("prices",): "prices",
    ("filters",): "filters",
    ("tests",): "tests",
    ("filters", "near_duplicates"): "near_duplicates",
    ("filters", "balance"): "balance",
    ("filters", "language"): "language",
    ("filters", "near_duplicates", "embedder"): "embedder",
    ("filters", "near_duplicates", "embedder", "prices"): "prices",
    ("filters", "pii"): "pii",
    ("filters", "decontaminate"): "decontaminate",
    ("filters", "verify"): "verify",
    ("filters", "verify", "prices"): "prices",
    ("filters", "judge"): "judge",
    ("filters", "judge", "prices"): "prices",
    ("limits",): "limits",
    ("limits", "stop_when"): "stop_when",
}
"""Keys that become a dataclass of their own, by the field of `Recipe`, `Filters` or `Limits` that holds it."""

USED_UP = {("recipe",), ("extends",)}
"""Keys that are read while a recipe is loaded, and of which nothing remains."""

OF_FILTERS = {"near_duplicates", "balance", "language", "pii", "decontaminate", "verify", "judge"}
"""Filters with a dataclass of their own."""

OF_NO_KEY = {
    Task: {"kind"},
    LabelSpace: {"kind", "values"},
    Limits: {"stop_when"},
    Recipe: {"about", *WHOLE.values()} - {"embedder", "stop_when", *OF_FILTERS},
    Strategy: {"embedder"},
    NearDuplicates: {"embedder"},
    Filters: OF_FILTERS,
    Balance: {"values"},
}
"""Fields that no single key becomes: a short form, or the dataclass of a whole key."""

NOT_WRITTEN = {"schema_inferred", "own_keys", "vary_weights"}
"""Fields of `Recipe` that are no value of a known key."""

ELSEWHERE: dict[Keys, Any] = {
    **{("tests", measure, "severity"): Threshold().severity for measure in get_args(TestedMeasure)},
    ("task", "options"): "options",
    ("strategy", "embedder"): Embedder().model,
    ("strategy", "embedder", "model"): None,
    ("filters", "near_duplicates", "embedder", "model"): None,
    ("sampling", "temperature"): 1,
}
"""Defaults that no dataclass has: those of `read_task`, of a short form, and of the model's profile."""


def keys_of(schema: Any, above: Keys = ()) -> Iterator[Keys]:
    """Every key of the format, with those below it."""
    for key, inner in mapping_form(schema).get("properties", {}).items():
        yield (*above, key)
        yield from keys_of(inner, (*above, key))


ALL = list(keys_of(format_schema()))
EACH = pytest.mark.parametrize("keys", ALL, ids=".".join)


def schema_at(keys: Keys) -> Any:
    schema = schema_of(keys)
    assert schema is not None
    return schema


def refused(keys: Keys) -> bool:
    return any(keys[: len(later)] == later for later in NOT_YET)


def default_of(field: Field[Any]) -> Any:
    """The field's default as JSON; what is empty or None is no default that a recipe could write."""
    default = field.default if field.default_factory is MISSING else field.default_factory()
    if default is MISSING or default in (None, (), {}):
        return None
    return list(default) if isinstance(default, tuple) else default


@EACH
def test_every_key_becomes_a_field_or_is_known_not_to(keys: Keys) -> None:
    own = (keys[0], keys[-2:-1]) in (("sampling", ("sampling",)), ("filters", ("sampling",)))  # sent on as written
    bound = keys[0] == "tests" and len(keys) > 1  # of a measure that `TestedMeasure` has
    places = [keys in FIELDS, keys in WHOLE, keys in USED_UP, refused(keys), own, bound]
    assert places.count(True) == 1, "say in FIELDS, WHOLE or USED_UP what becomes of it, or refuse it in NOT_YET"


def test_every_field_comes_from_a_key_or_is_known_not_to() -> None:
    for kind in (Recipe, About, Task, LabelSpace, Strategy, Filters, NearDuplicates, Balance, Language, Pii, Limits):
        known = {name for owner, name in FIELDS.values() if owner is kind} | OF_NO_KEY.get(kind, set())
        written = {field.name for field in fields(kind)} - (NOT_WRITTEN if kind is Recipe else set())
        assert written == known, kind.__name__
    assert {field.name for field in fields(Recipe)} >= NOT_WRITTEN


@EACH
def test_the_default_is_the_dataclasses(keys: Keys) -> None:
    schema = schema_at(keys)
    if refused(keys):
        assert "default" not in schema, "what is refused has no default yet"
        return
    wanted = ELSEWHERE.get(keys)
    if keys in FIELDS and keys not in ELSEWHERE:
        kind, name = FIELDS[keys]
        (field,) = (field for field in fields(kind) if field.name == name)
        # The number of options of `LabelSpace` is 0 where there are none.
        wanted = default_of(field) if kind is not LabelSpace else None
    assert schema.get("default") == wanted
    if isinstance(wanted, float):
        assert math.isclose(schema["default"], wanted)


@pytest.mark.parametrize("keys", [keys for keys in ALL if "default" in schema_at(keys)], ids=".".join)
def test_to_write_a_default_changes_nothing(project: Project, keys: Keys) -> None:
    seed = {"seed_example": "{q: is rome in italy, options: [yes, no], answer: yes}", "labels": "[yes, no]"}
    needed: dict[str, dict[str, Json]] = {"strategy": {"kind": "similar"}, "task": {"label": "answer"}}
    project.write("held_out.txt", "a text that is held out\n")
    beside: dict[str, Json] = {"against": "../held_out.txt"} if keys[1:2] == ("decontaminate",) else {}
    beside = {"model": "openai/gpt-4o-mini"} if keys[1:2] == ("verify",) else beside
    beside = {"model": "openai/gpt-4o-mini", "rubric": {"natural": "Is it?"}} if keys[1:2] == ("judge",) else beside
    beside = {"is": "en"} if keys[1:2] == ("language",) else beside
    beside = {"min": 0} if keys[0] == "tests" else beside
    asked_for: dict[str, dict[str, Json]] = (
        {keys[0]: {keys[-2]: beside}} if keys[0] in ("filters", "tests") and len(keys) > 2 else {}
    )
    value = schema_at(keys)["default"]
    above = needed.get(keys[0], {}) if len(keys) == 2 else asked_for.get(keys[0], {})
    for key in reversed(keys[2:]):
        value = {**beside, key: value}
    without = {**seed, keys[0]: as_flow(above) if above else None}
    written = {**seed, keys[0]: as_flow({**above, keys[1]: value} if len(keys) > 1 else value)}
    before, after = project.load(**without), project.load(**written)
    if keys[0] == "sampling":
        assert dict(after.sampling) == {keys[1]: value}  # as written; the profile's own default is tested with it
        return
    assert after == before
    assert as_flow(dict(after.resolved)) == as_flow(dict(before.resolved))


def test_every_measure_that_can_be_tested_is_a_key_with_bounds() -> None:
    measures = format_schema()["properties"]["tests"]["properties"]
    assert set(measures) == set(get_args(TestedMeasure)) == {*FIGURES, "drift_p"}
    for schema in measures.values():
        assert set(schema["properties"]) == set(Threshold._fields)
        assert schema["properties"]["severity"]["default"] == Threshold().severity


def test_the_temperature_is_the_profiles(project: Project) -> None:
    from datarecipe.generate.prompt.model_profile import settle_model

    recipe = project.load()
    assert settle_model(recipe, "openai/gpt-4o", None).sampling["temperature"] == ELSEWHERE["sampling", "temperature"]


def every_schema(schema: Any) -> Iterator[Any]:
    """The schema itself and all schemas within it."""
    yield schema
    for name in ("properties", "patternProperties"):
        for inner in schema.get(name, {}).values():
            yield from every_schema(inner)
    for name in ("items", "additionalProperties", "propertyNames", "if", "else"):
        if isinstance(schema.get(name), dict):
            yield from every_schema(schema[name])
    for inner in schema.get("anyOf", ()):
        yield from every_schema(inner)


def test_descriptions_are_whole_sentences_of_their_own() -> None:
    described = [schema["description"] for schema in every_schema(format_schema()) if "description" in schema]
    assert len(described) > 60
    assert all(text[0].isupper() or text[0] == "`" for text in described)
    assert all(text.endswith(".") for text in described)


def test_choices_are_explained_one_by_one() -> None:
    explained = [schema for schema in every_schema(format_schema()) if "enumDescriptions" in schema]
    assert len(explained) >= 4
    for schema in explained:
        assert len(schema["enumDescriptions"]) == len(schema["enum"])


def test_snippets_are_right() -> None:
    found = [schema for schema in every_schema(format_schema()) if "defaultSnippets" in schema]
    assert len(found) >= 5
    for schema in found:
        for snippet in schema["defaultSnippets"]:
            assert snippet["label"]
            assert snippet["description"]
            Draft202012Validator(schema).validate(snippet["body"])


def test_every_mapping_with_keys_has_a_title() -> None:
    # The server says it for the type: without one, "object(datarecipe recipe, format 1)".
    assert all(schema.get("title") for schema in every_schema(format_schema()) if "properties" in schema)


def test_the_words_for_editors_are_those_of_our_own_messages() -> None:
    said = {schema["errorMessage"] for schema in every_schema(format_schema()) if "errorMessage" in schema}
    for keys in (("target_size",), ("name",), ("limits", "timeout"), ("extends",), ("task", "options")):
        assert f"Must be {expected(schema_at(keys))}." in said
    for schema in every_schema(format_schema()):
        # The server would say it of an unknown key too.
        assert not {"errorMessage", "properties"} <= set(schema)


@EACH
def test_only_what_is_refused_is_marked_so(keys: Keys) -> None:
    assert ("deprecationMessage" in schema_at(keys)) == (keys in NOT_YET)


def script() -> ModuleType:
    """docs/write_editor_words.py as a module."""
    spec = importlib.util.spec_from_file_location("editor_words", ROOT / "docs" / "write_editor_words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_words_for_editors_are_fresh() -> None:
    assert script().main(["--check"]) == 0, "run: python docs/write_editor_words.py"


def test_stale_words_are_noticed_and_written_anew(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, path = script(), tmp_path / "schema.json"
    schema = dict(format_schema())
    schema["properties"] = {**schema["properties"], "batch_size": {"description": "Other words.", "type": "integer"}}
    path.write_text(json.dumps(schema), encoding="utf-8")
    monkeypatch.setattr(module, "FILE", path)
    assert module.main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert module.main([]) == 0
    assert module.main(["--check"]) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["properties"]["batch_size"] == {
        "description": "Other words.",
        "markdownDescription": "Other words.",
        "type": "integer",
        "errorMessage": "Must be a whole number.",
    }
    assert module.main(["--chekc"]) == 2
