"""The JSON Schema of one example: inferred from the seed examples and the labels, and how it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from datarecipe.errors import LabelError, Problem, SeedExampleError
from datarecipe.exchange import Example, Json
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.example_schema.patterns import compile_pattern
from datarecipe.recipe.example_schema.schema_wording import in_words, names_a_field
from datarecipe.recipe.example_schema.validation_cost import MAX_STEPS_AT_LOAD, TooMuchWorkError, Work, characters
from datarecipe.recipe.example_schema.validator import validator, within
from datarecipe.recipe.findings import MAX_PROBLEMS
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.message_text import code, did_you_mean, show
from datarecipe.recipe.recipe import LabelSpace, Scalar, Task
from datarecipe.recipe.source.document import Place

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TYPES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def infer_schema(seeds: Sequence[Example], task: Task, labels: LabelSpace) -> dict[str, Json]:
    """A schema that the seed examples fit, and examples of the same shape.

    All fields are required and no others allowed; types are those of the seed examples (a number that is whole in one
    and not in another is a number); texts and lists are not empty where no seed example's is; the label field and the
    options field are what the label space says; the roles of a dialogue are those of the seed examples.
    """
    properties: dict[str, Json] = {name: _shape([seed[name] for seed in seeds]) for name in seeds[0]}
    for name, dialogue in dialogues(seeds).items():
        turn: Any = properties[name]["items"]["properties"]  # type: ignore[index, call-overload]
        turn[dialogue.role_key] = _one_of(dialogue.roles)
    if task.label_field is None:
        return _object(properties)
    answers = [seed[task.label_field] for seed in seeds]
    if labels.kind == "fixed":
        properties[task.label_field] = _one_of(labels.values)
        if task.options_field is not None:
            properties[task.options_field] = _list_of(_one_of(labels.values), len(labels.values))
    elif labels.kind == "per_example" and task.options_field is not None:
        options = [option for seed in seeds for option in _items(seed[task.options_field])]
        properties[task.options_field] = _list_of(_shape(options), labels.options)
        properties[task.label_field] = _shape([*answers, *options])
    return _object(properties)


def check_seeds_fit(seeds: Sequence[Seed], schema: Mapping[str, Json]) -> None:
    """Every seed example must fit the schema that the recipe gives.

    Raises:
        SeedExampleError: with a problem for each value that does not.
    """
    work = Work(MAX_STEPS_AT_LOAD)
    judge = within(validator(schema), work)
    problems: list[Problem] = []
    for seed in seeds:
        work.begin(seed.example, characters(seed.example))
        found = (problem for error in judge.iter_errors(seed.example) for problem in _unfit(seed, error))
        try:
            problems.extend(islice(found, MAX_PROBLEMS))
        except TooMuchWorkError:
            message = "the seed example and `schema` are too large together to be checked by each other in time"
            problems.append(seed.place().problem(message, "make one of them smaller"))
            break
        if len(problems) > MAX_PROBLEMS:
            break
    if problems:
        raise SeedExampleError(*problems)


def _unfit(seed: Seed, error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    schema: Any = error.schema
    instance: Any = error.instance
    if error.validator == "additionalProperties" and isinstance(instance, dict):
        known = schema.get("properties", {})
        patterns = [compile_pattern(pattern) for pattern in schema.get("patternProperties", ())]
        for name in instance:
            if name not in known and not any(pattern.search(name) for pattern in patterns):
                place = seed.document.key_place((*seed.keys, *path, name))
                message = f"the seed example does not fit `schema`, which knows no field {code(name)} here"
                yield place.problem(message, did_you_mean(name, known))
        return
    place = seed.place(*path)
    if names_a_field(error):
        place = seed.document.key_place((*seed.keys, *path, instance))
    yield place.problem(f"the seed example does not fit `schema`: {in_words(error)}")


def check_labels_fit(
    seeds: Sequence[Seed], task: Task, labels: LabelSpace, schema: Mapping[str, Json], place: Place
) -> None:
    """Every fixed label must fit the schema that the recipe gives, or no example with it could ever be accepted.

    Raises:
        LabelError: with a problem at `place` for each label that does not.
    """
    work = Work(MAX_STEPS_AT_LOAD)
    judge = within(validator(schema), work)
    size = characters(seeds[0].example)
    problems = []
    for label in labels.values:
        assert task.label_field is not None
        example: Example = {**seeds[0].example, task.label_field: label}
        work.begin(example, size + (len(label) if isinstance(label, str) else 0))
        try:
            faults = [
                error for error in judge.iter_errors(example) if list(error.absolute_path)[:1] == [task.label_field]
            ]
        except TooMuchWorkError:
            break  # what a model writes is checked all the same
        if faults:
            message = f"`schema` does not admit the label {show(label)}: {in_words(faults[0])}"
            problems.append(place.problem(message, "the labels and the schema of the label field must say the same"))
    if problems:
        raise LabelError(*problems)


def _shape(values: Sequence[Json]) -> dict[str, Json]:
    """The schema of a place where these values were seen. Its keywords hold for one type each, so types can mix."""
    types = {_TYPES[type(value)] for value in values}
    if "number" in types:
        types.discard("integer")
    named = [name for name in _TYPES.values() if name in types]
    if not named:
        return {}
    schema: dict[str, Json] = {"type": named[0] if len(named) == 1 else list(named)}
    texts = [value for value in values if isinstance(value, str)]
    if texts and all(text.strip() for text in texts):
        schema["pattern"] = r"\S"
    lists = [value for value in values if isinstance(value, list)]
    if lists:
        items = _shape([item for value in lists for item in value])
        schema.update({"items": items} if items else {})
        schema.update({"minItems": 1} if all(lists) else {})
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        names = list(dict.fromkeys(name for value in objects for name in value))
        inner = _object({name: _shape([value[name] for value in objects if name in value]) for name in names})
        inner["required"] = [name for name in names if all(name in value for value in objects)]
        schema.update({key: value for key, value in inner.items() if key != "type"})
    return schema


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _one_of(labels: Sequence[Scalar]) -> dict[str, Json]:
    return {"type": _shape(list(labels))["type"], "enum": list(labels)}


def _list_of(items: dict[str, Json], length: int) -> dict[str, Json]:
    return {"type": "array", "items": items, "minItems": length, "maxItems": length, "uniqueItems": True}


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
