"""The response format that goes out: what was asked for, and nothing that a provider would refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from datarecipe.generate.prompt.model_profile import settle_model
from datarecipe.generate.prompt.render import Renderer
from datarecipe.generate.prompt.response_format import response_format
from datarecipe.recipe import LabelSpace, Recipe, Task
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from tests.generate.recipes import make_recipe

ON_THE_WIRE = {"type", "enum", "description", "items", "properties", "required", "additionalProperties"}
"""The keywords of JSON Schema that every provider of structured output takes."""

SCHEMA_MODEL = "openai/gpt-4o-mini"


def wire(recipe: Recipe, model: str = SCHEMA_MODEL) -> Any:
    return response_format(recipe, settle_model(recipe, model, None))


def sent_item(schema: dict[str, Any], seed: dict[str, Any] | None = None) -> Any:
    """The schema of one item that goes out for a recipe with this schema."""
    changes: dict[str, Any] = {} if seed is None else {"seed_examples": (seed,)}
    sent = wire(make_recipe(schema=schema, **changes))
    return sent["json_schema"]["schema"]["properties"]["examples"]["items"]


def schemas_in(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all within it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from schemas_in(inner)
    if "items" in schema:
        yield from schemas_in(schema["items"])


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("openai/gpt-4o-mini", "json_schema"),
        ("gpt-4.1", "json_schema"),
        ("openai/o3-mini", "json_schema"),
        ("gemini/gemini-2.0-flash", "json_schema"),
        ("hosted_vllm/Qwen/Qwen2.5-7B-Instruct", "json_schema"),
        ("ollama_chat/llama3.2", "json_schema"),
        ("local/smollm2-135m", "json_schema"),
        ("openai/gpt-3.5-turbo", "json_object"),
        ("mistral/mistral-small-latest", "json_object"),
        ("deepseek/deepseek-chat", "json_object"),
        ("openai/author", None),
        ("groq/llama-3.1-8b-instant", None),
        ("gemini/gemma-3-27b-it", None),
        ("deepseek/deepseek-reasoner", None),
    ],
)
def test_auto_is_the_strongest_that_a_model_is_known_to_take(model: str, kind: str | None) -> None:
    sent = wire(make_recipe(), model)
    assert (sent and sent["type"]) == kind


@pytest.mark.parametrize(
    "model", ["openai/gpt-4o-mini", "openai/gpt-3.5-turbo", "openai/author", "gemini/gemma-3-27b-it"]
)
def test_what_the_recipe_says_wins(model: str) -> None:
    assert wire(make_recipe(response_format="none"), model) is None
    assert wire(make_recipe(response_format="json_object"), model) == {"type": "json_object"}
    sent = wire(make_recipe(response_format="json_schema"), model)
    assert (sent["type"], sent["json_schema"]["strict"]) == ("json_schema", True)
    assert wire(make_recipe(response_format="auto"), model) == wire(make_recipe(), model)


def test_the_response_format_is_in_the_content() -> None:
    recipe = make_recipe(vary={}, instruction="Write.")
    content = Renderer(recipe, settle_model(recipe, SCHEMA_MODEL, None)).content({}, "{}")
    assert content.response_format == wire(recipe)


def test_the_reply_is_an_object_with_the_list_of_examples() -> None:
    schema = wire(make_recipe())["json_schema"]["schema"]
    assert schema["required"] == list(schema["properties"]) == ["examples"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["examples"]["type"] == "array"
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    item = {"options": ["yes", "no"], "answer": "no", "question": "q"}
    assert judge.is_valid({"examples": [item, item]})
    assert not judge.is_valid({"examples": [{**item, "answer": "maybe"}]})
    assert not judge.is_valid([item])


def test_only_portable_keywords_go_out() -> None:
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"word": {"type": "string"}},
        "type": "object",
        "title": "An example",
        "properties": {
            "question": {"type": "string", "pattern": "\\S", "minLength": 3, "description": "What is asked."},
            "answer": {"const": "yes"},
            "word": {"$ref": "#/$defs/word"},
            "score": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.1, "default": 0},
            "tags": {
                "type": "array",
                "items": {"type": "string", "format": "email"},
                "minItems": 1,
                "maxItems": 3,
                "uniqueItems": True,
            },
            "pair": {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "inner": {"properties": {"minLength": {"type": "integer", "minimum": 1}}, "patternProperties": {}},
            "anything": True,
        },
        "required": ["question"],
        "allOf": [{"required": ["question"]}],
        "unevaluatedProperties": False,
    }  # fmt: skip
    Draft202012Validator.check_schema(schema)
    sent = sent_item(schema, {"question": "q", "answer": "yes"})
    assert all(set(inner) <= ON_THE_WIRE for inner in schemas_in(sent))
    properties = sent["properties"]
    assert properties["question"] == {"type": "string", "description": "What is asked."}
    assert properties["answer"] == {"enum": ["yes"]}
    assert properties["score"] == {"type": "number"}
    assert properties["tags"] == {"type": "array", "items": {"type": "string"}}
    assert properties["inner"]["properties"] == {"minLength": {"type": "integer"}}, "a field may be called anything"
    assert "$ref" not in json.dumps(sent)


def test_fields_go_out_in_the_seeds_order_whatever_the_schemas() -> None:
    properties = {name: {"type": "string"} for name in ("extra", "c", "b", "a")}
    sent = sent_item({"type": "object", "properties": properties}, {"a": "1", "b": "2", "c": "3", "answer": "yes"})
    assert list(sent["properties"]) == ["a", "b", "c", "extra"]
    assert sent["required"] == ["a", "b", "c", "extra"]


def test_the_order_of_fields_is_part_of_the_content() -> None:
    """Models write fields in the schema's order, so another order is another request."""
    first, second = (
        make_recipe(
            vary={},
            instruction="Write.",
            schema={"type": "object", "properties": {name: {"type": "string"} for name in names}},
        )
        for names in (("x", "y"), ("y", "x"))
    )
    contents = [Renderer(r, settle_model(r, SCHEMA_MODEL, None)).content({}, "{}").canonical for r in (first, second)]
    assert contents[0] != contents[1]


# --- laws

NAMES = st.sampled_from(["a", "b", "pattern", "$ref", "minLength", "type", "items", "properties"])
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer", "null", "boolean"])}),
    st.just({"type": "string", "minLength": 1, "pattern": "x", "format": "date", "description": "d"}),
    st.just({"type": ["string", "null"]}),
    st.just({"enum": [1, "a", None], "title": "t"}),
    st.just({"const": None}),
    st.just({"$ref": "#/$defs/x"}),
    st.just({"oneOf": [{"type": "string"}], "not": {"type": "null"}}),
    st.booleans(),
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=4)},
            optional={"additionalProperties": st.booleans(), "minProperties": st.just(1), "$defs": st.just({"x": {}})},
        )
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"minItems": st.just(2)})
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=4))
def test_no_schema_leaks_a_keyword_or_leaves_an_object_open(properties: dict[str, Any]) -> None:
    sent = sent_item({"type": "object", "properties": properties, "minProperties": 1})
    Draft202012Validator.check_schema(sent)
    for schema in schemas_in(sent):
        assert set(schema) <= ON_THE_WIRE
        if "properties" in schema:
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
# Lists of objects with different fields are left out: strict modes want every field of every object.
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.sampled_from(["yes", "no"]))
def test_an_inferred_schema_still_admits_the_seed_on_the_wire(fields: dict[str, Any], answer: str) -> None:
    seed = {**fields, "text": "t", "answer": answer}
    task, labels = Task("yes_no", "answer", None), LabelSpace("fixed", ("yes", "no"))
    sent = sent_item(infer_schema([seed], task, labels), seed)
    assert list(sent["properties"]) == list(seed)
    assert Draft202012Validator(sent).is_valid(seed)
