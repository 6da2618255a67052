"""The schema of one example: inferred ones accept what is like the seed examples; a stranger's can do no harm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from datarecipe.errors import RecipeError
from datarecipe.exchange import Json
from datarecipe.recipe import LabelSpace, Task, load_recipe, validator
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from tests.recipe.writing import Project, as_flow

TASK = Task("custom", "answer", None)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES, "answer": VALUES}), min_size=1, max_size=4))
def test_seed_examples_always_fit_the_schema_inferred_from_them(seeds: list[dict[str, Json]]) -> None:
    schema = infer_schema(seeds, TASK, LabelSpace("open"))
    Draft202012Validator.check_schema(schema)
    judge = validator(schema)
    for seed in seeds:
        judge.validate(seed)
        assert not judge.is_valid({**seed, "other": 1})
        assert not judge.is_valid({name: value for name, value in seed.items() if name != "a"})


def shape_of(*values: Json) -> Json:
    schema = infer_schema([{"x": value, "answer": "a"} for value in values], TASK, LabelSpace("open"))
    properties = schema["properties"]
    assert isinstance(properties, dict)
    return properties["x"]


def test_types_are_those_of_the_seed_examples() -> None:
    assert shape_of("t") == {"type": "string", "pattern": r"\S"}
    assert shape_of("t", "") == {"type": "string"}
    assert shape_of(1) == {"type": "integer"}
    assert shape_of(1, 2.5) == {"type": "number"}
    assert shape_of(True) == {"type": "boolean"}
    assert shape_of(True, 1) == {"type": ["integer", "boolean"]}
    assert shape_of("t", None) == {"type": ["string", "null"], "pattern": r"\S"}
    assert shape_of([]) == {"type": "array"}
    assert shape_of([1, 2.5]) == {"type": "array", "items": {"type": "number"}, "minItems": 1}
    assert shape_of([1], []) == {"type": "array", "items": {"type": "integer"}}
    assert shape_of({"k": 1, "l": "x"}, {"k": None}) == {
        "type": "object",
        "properties": {"k": {"type": ["integer", "null"]}, "l": {"type": "string", "pattern": r"\S"}},
        "required": ["k"],
        "additionalProperties": False,
    }


def test_labels_are_typed_in_the_schema() -> None:
    seeds: list[dict[str, Json]] = [{"x": "t", "answer": 1}]
    judge = validator(infer_schema(seeds, TASK, LabelSpace("fixed", (1, 2))))
    assert judge.is_valid({"x": "t", "answer": 2})
    assert not judge.is_valid({"x": "t", "answer": True})
    assert not judge.is_valid({"x": "t", "answer": "1"})
    judge = validator(infer_schema([{"x": "t", "answer": True}], TASK, LabelSpace("fixed", (True, False))))
    assert not judge.is_valid({"x": "t", "answer": 1})
    assert not judge.is_valid({"x": "t", "answer": 0})


def test_options_with_numbers_and_booleans_are_different() -> None:
    task = Task("custom", "answer", "options")
    seed: dict[str, Json] = {"x": "t", "options": [0, False, 1, True], "answer": 0}
    judge = validator(infer_schema([seed], task, LabelSpace("fixed", (0, False, 1, True))))
    assert judge.is_valid(seed)


def test_a_given_schema_is_taken_as_it_is(project: Project) -> None:
    schema: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"question": {"$ref": "#/$defs/text"}, "answer": {"enum": ["yes", "no"]}},
        "required": ["question", "answer"],
        "$defs": {"text": {"type": "string", "pattern": "^[a-z ]{3,80}$"}},
    }
    recipe = project.load(schema=as_flow(schema))
    assert recipe.schema == schema
    assert not recipe.schema_inferred
    project.write("schemas/s.json", json.dumps(schema))
    assert project.load(schema="../schemas/s.json").schema == schema
    assert not validator(recipe.schema).is_valid({"question": "WHAT", "answer": "yes"})


@pytest.mark.parametrize(
    "reference",
    ["file:///etc/passwd", "http://127.0.0.1:9/x", "https://example.com/s.json", "other.json", "../../x.json#/a", ""],
)
def test_a_reference_that_leads_out_is_refused_at_its_place(project: Project, reference: str) -> None:
    schema = as_flow({"type": "object", "properties": {"question": {"$ref": reference}}})
    (problem,) = project.errors(schema=schema).problems
    assert "leads out of the schema" in problem.message
    assert (problem.line, problem.column) == (9, 9 + schema.index(json.dumps(reference), 40))


def test_no_reference_reads_a_file_even_when_the_schema_got_through(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"const": "secret"}')
    with pytest.raises(Exception, match="Unresolvable"):
        validator({"$ref": secret.as_uri()}).is_valid("secret")


OBJECT: dict[str, Json] = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"type": "objekt"},
            "`type` of the schema must be `string`, `number`, `integer`, `boolean`, `array`, `object` or `null`, "
            'or a list of these, not the text "objekt"; did you mean `object`?',
        ),
        ({"properties": []}, "`properties` of the schema must be a mapping, not an empty list"),
        ({**OBJECT, "not": 7}, "`not` of the schema must be a schema: a mapping, or true or false; not the number 7"),
        ({**OBJECT, "enum": "a"}, '`enum` of the schema must be a list, not the text "a"'),
        (
            {**OBJECT, "minLength": -1},
            "`minLength` of the schema must be a whole number of at least 0, not the number -1",
        ),
        ({**OBJECT, "not": {"multipleOf": 0}}, "`not.multipleOf` of the schema must be a number above 0, not"),
        ({**OBJECT, "required": ["a", "a"]}, "`required` of the schema must name each only once"),
        ({**OBJECT, "allOf": []}, "`allOf` of the schema must be a list of at least one schema, not an empty list"),
        (
            {**OBJECT, "$id": "x#y"},
            '`$id` of the schema must be an address with nothing behind "#", not the text "x#y"',
        ),
        (
            {**OBJECT, "dependencies": {"type": 5}},
            "`dependencies.type` of the schema must be a schema (a mapping, or true or false) or a list of names of fields, "
            "not the number 5",
        ),
        (
            {**OBJECT, "not": {"type": ["string", "nul"]}},
            "`not.type` of the schema must be `string`, `number`, `integer`, `boolean`, `array`, `object` or `null`, "
            'or a list of these, and the text "nul" is none of them; did you mean `null`?',
        ),
        ({**OBJECT, "not": {"type": ["string", "string"]}}, "`not.type` of the schema must name each type only once"),
        (
            {**OBJECT, "not": {"type": []}},
            "`not.type` of the schema must be `string`, `number`, `integer`, `boolean`, `array`, `object` or `null`, "
            "or a list of these, not an empty list",
        ),
        ({"type": "array"}, "the schema must describe an object"),
        ({"properties": {}}, "the schema must describe an object"),
        (
            {**OBJECT, "$schema": "http://json-schema.org/draft-07/schema#"},
            "`$schema` of the schema: the dialect must be",
        ),
        (
            {**OBJECT, "not": {"$schema": "http://json-schema.org/draft-04/schema#"}},
            "`not.$schema` of the schema: the dialect",
        ),
        ({**OBJECT, "not": {"$id": "http://x/y"}}, "`not.$id` of the schema: an `$id` inside"),
        ({**OBJECT, "$dynamicRef": "#x"}, "`$dynamicRef` of the schema: only `$ref` with a JSON pointer"),
        ({**OBJECT, "$anchor": "x", "not": {"$ref": "#x"}}, "`$anchor` of the schema: only `$ref` with a JSON pointer"),
        ({**OBJECT, "$ref": "#x"}, '`$ref` of the schema: "#x" names no schema in here'),
        ({**OBJECT, "$ref": "#/$defs/none"}, '`$ref` of the schema: "#/$defs/none" names no schema in here'),
        ({**OBJECT, "$ref": "#/type"}, '`$ref` of the schema: "#/type" names no schema in here'),
        # None of these was judged by the metaschema: the first could not be applied, the second not to all items.
        ({**OBJECT, "x": {"minLength": "a"}, "not": {"$ref": "#/x"}}, '`not.$ref` of the schema: "#/x" is no place of'),
        ({**OBJECT, "x": {"multipleOf": 0}, "not": {"$ref": "#/x"}}, '`not.$ref` of the schema: "#/x" is no place of'),
        ({**OBJECT, "enum": [{"type": 7}], "not": {"$ref": "#/enum/0"}}, '`not.$ref` of the schema: "#/enum/0" is no'),
        (
            {**OBJECT, "not": {"$ref": "#/properties"}, "properties": {}},
            '`not.$ref` of the schema: "#/properties" is no',
        ),
        ({**OBJECT, "$ref": "#"}, '`$ref` of the schema: "#" leads back to itself'),
        ({**OBJECT, "properties": {"a": {"$ref": "#"}}}, '`properties.a.$ref` of the schema: "#" leads back to itself'),
        (
            {**OBJECT, "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/%24defs/a"}}},
            "`$defs.",
        ),
        (
            {**OBJECT, "unevaluatedProperties": False},
            "`unevaluatedProperties` of the schema: this keyword is not known here",
        ),
        (
            {**OBJECT, "not": {"$schema": "https://json-schema.org/draft/2020-12/schema"}},
            "`not.$schema` of the schema: the dialect is named once, at the top",
        ),
        (
            {**OBJECT, "properties": {"a": {"pattern": "^(?!b)"}}},
            '`properties.a.pattern` of the schema: the pattern "^(?!b)" cannot run: `(?!` looks around, which RE2 cannot; '
            "`not: {pattern: ...}` beside this pattern",
        ),
        (
            {**OBJECT, "patternProperties": {r"(a)\1": {}}},
            r"`patternProperties.(a)\1` of the schema: the pattern",
        ),
        (
            {**OBJECT, "propertyNames": {"pattern": "("}},
            '`propertyNames.pattern` of the schema: the pattern "(" cannot run: RE2 says: ',
        ),
        (
            {**OBJECT, "anyOf": [{"pattern": ".{0,1000}"}] * 5},
            "`anyOf[4].pattern` of the schema: up to here, the schema's patterns are too large together",
        ),
    ],
)
def test_schemas_that_are_none_or_might_do_harm_are_refused(project: Project, schema: Json, message: str) -> None:
    problem = project.errors(schema=as_flow(schema)).problems[0]
    assert problem.message.startswith(message)
    assert problem.line == 9


def test_a_pattern_that_cannot_run_is_told_at_its_place(project: Project) -> None:
    project.write("schemas/s.json", '{"type": "object",\n "properties": {"question": {\n  "pattern": "(a)\\\\1"}}}')
    told = str(project.errors(schema="../schemas/s.json"))
    assert told.startswith("schemas/s.json:3:14: `properties.question.pattern` of the schema: the pattern ")
    assert r'"(a)\1" cannot run: `\1` refers back' in told


@pytest.mark.parametrize("text", ["\xa0", "\u3000", "\u2028\u2029", "\x1c\x85", " \t\n\v\f\r"])
def test_a_text_of_white_space_alone_does_not_fit_an_inferred_schema(text: str) -> None:
    judge = validator(infer_schema([{"x": "t", "answer": "a"}], TASK, LabelSpace("open")))
    assert not judge.is_valid({"x": text, "answer": "a"})
    assert judge.is_valid({"x": f"{text}é", "answer": "a"})


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: inner,
        lambda inner: {"not": {"not": inner}},
        lambda inner: {"allOf": [inner]},
        lambda inner: {"if": True, "then": inner},
        lambda inner: {"if": {"not": inner}, "then": False},
        lambda inner: {"$ref": "#/$defs/inner", "$defs": {"inner": inner}},
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_patterns_mean_the_same_wherever_they_stand(wrap: Callable[[Json], dict[str, Json]], named: bool) -> None:
    judge = validator(
        {
            **({"$schema": "https://json-schema.org/draft/2020-12/schema"} if named else {}),
            **wrap({"properties": {"a": {"type": "array", "contains": {"pattern": r"^\d$"}}}}),
        }
    )
    assert judge.is_valid({"a": ["7"]})
    assert not judge.is_valid({"a": ["٧", "7\n"]})  # Python's `re` would find a digit, and pass over the line break
    assert judge.is_valid({"b": 1})
    assert judge.is_valid("no object")


def test_a_schema_that_names_its_dialect_keeps_the_engine_when_jsonschema_copies_the_validator() -> None:
    judge = validator({"$schema": "https://json-schema.org/draft/2020-12/schema", "pattern": r"^\d$"})
    assert judge.evolve().is_valid("7")
    assert not judge.evolve().is_valid("٧")


def test_properties_by_pattern() -> None:
    schema: dict[str, Json] = {
        "properties": {"name": {"type": "string"}},
        "patternProperties": {"^(?i)n_": {"type": "integer"}, r"^\d+$": {"type": "null"}},
        "additionalProperties": False,
    }
    judge = validator(schema)
    assert judge.is_valid({"name": "x", "n_a": 1, "N_b": 2, "12": None})
    assert not judge.is_valid({"n_a": "1"})
    assert [(error.validator, *error.path) for error in judge.iter_errors({"12": 1})] == [("type", "12")]
    for name in ("n", "12\n", "٧"):
        assert [error.validator for error in judge.iter_errors({name: None})] == ["additionalProperties"]
    assert not judge.is_valid({"D": 1})  # one pattern's flag says nothing about the other
    others = validator({**schema, "additionalProperties": {"type": "boolean"}})
    assert others.is_valid({"other": True, "n_a": 1})
    assert [list(error.path) for error in others.iter_errors({"b": 1, "a": 2, "c": 3})] == [["b"], ["a"], ["c"]]


@given(
    st.dictionaries(st.sampled_from(["a", "b", "ab", "c"]), st.booleans() | st.integers(0, 3), max_size=4),
    st.sampled_from([True, False, {"type": "boolean"}, {}]),
    st.sampled_from([{}, {"patternProperties": {"^a": {"type": "integer"}, "b|c$": {}}}]),
)
def test_other_properties_are_judged_as_jsonschema_does(
    item: dict[str, Json], others: Json, patterns: dict[str, Json]
) -> None:
    schema = {"properties": {"a": {"type": "boolean"}}, **patterns, "additionalProperties": others}

    def errors(judge: Draft202012Validator) -> list[tuple[str, ...]]:
        return sorted((str(error.validator), *map(str, error.path)) for error in judge.iter_errors(item))

    assert errors(validator(schema)) == errors(Draft202012Validator(schema))


PARTS = st.recursive(
    st.sampled_from(
        [True, False, {}, {"type": "string"}, {"enum": ["a", 1]}, {"type": ["integer", "null"], "minimum": 1}]
    )
    | st.sampled_from([{"uniqueItems": True, "minItems": 1}, {"pattern": "a", "title": "A"}, {"$ref": "#/$defs/a"}]),
    lambda inner: (
        st.fixed_dictionaries({}, optional={"items": inner, "prefixItems": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2)})
    ),
    max_leaves=6,
)


@given(PARTS, st.lists(VALUES, max_size=4) | st.dictionaries(st.sampled_from("ab"), VALUES))
def test_parts_are_judged_as_jsonschema_does(part: Json, item: Json) -> None:
    schema = {"$defs": {"a": {"type": "string"}}, "items": part, "properties": {"a": part}}

    def errors(judge: Draft202012Validator) -> list[tuple[object, ...]]:
        found = judge.iter_errors(item)
        return [(list(error.absolute_path), list(error.absolute_schema_path), error.validator) for error in found]

    theirs = errors(Draft202012Validator(schema))
    ours = errors(validator(schema))
    # What `false` does not allow has its place here, and none in jsonschema's own.
    assert len(ours) == len(theirs)
    assert [error for error in ours if error[2]] == [error for error in theirs if error[2]]


def test_references_cannot_unfold_without_bound(project: Project) -> None:
    defs: dict[str, Json] = {"a0": {"type": "string"}}
    for i in range(1, 12):
        defs[f"a{i}"] = {"anyOf": [{"$ref": f"#/$defs/a{i - 1}"}] * 8}
    started = time.monotonic()
    error = project.errors(
        schema=as_flow({**OBJECT, "properties": {"question": {"$ref": "#/$defs/a11"}}, "$defs": defs})
    )
    assert "with its references followed the schema is too large" in str(error)
    chain: dict[str, Json] = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(5000)}
    error = project.errors(schema=as_flow({**OBJECT, "$ref": "#/$defs/a0", "$defs": {**chain, "a5000": {}}}))
    assert "too large" in str(error) or "too deeply nested" in str(error)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("keyword", ["not", "items", "allOf"])
def test_a_deep_schema_is_accepted_or_refused_but_never_too_deep_for_python(project: Project, keyword: str) -> None:
    inner: Json = {"type": "string"}
    value: Json = "x"
    told = ""
    for _ in range(48):
        inner = {keyword: [inner] if keyword == "allOf" else inner}
        value = [value] if keyword == "items" else value
        path = project.write_recipe(schema=as_flow({**OBJECT, "properties": {"other": inner}}))
        try:
            validator(load_recipe(path).schema).is_valid({"other": value})
        except RecipeError as error:
            told = str(error)
    assert "deep" in told


def test_a_seed_example_must_fit_the_given_schema(project: Project) -> None:
    properties: dict[str, Json] = {"question": {"type": "integer"}, "answer": {"maxLength": 1}}
    schema = as_flow({**OBJECT, "required": ["context"], "properties": properties})
    start = "the seed example does not fit `schema`: "
    assert [
        (problem.column, problem.message.removeprefix(start)) for problem in project.errors(schema=schema).problems
    ] == [
        (15, "the example lacks `context`"),
        (26, '`question` must be of type integer, not the text "is rome in italy"'),
        (52, "`answer` has 3 characters, and the most are 1"),
    ]


def test_a_schema_file_is_refused_in_the_file(project: Project) -> None:
    project.write("schemas/s.json", '{"type": "object",\n "$ref": "file:///etc/passwd"}')
    assert str(project.errors(schema="../schemas/s.json")).startswith("schemas/s.json:2:10: `$ref` of the schema:")
    assert "must be a mapping or the path" in str(project.errors(schema="nothing like it"))
