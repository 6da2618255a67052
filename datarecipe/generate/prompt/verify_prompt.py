"""An example without its label -> the content of a request for the label.

Models lean to the label that is named first or last. So each answer to the same example is asked for with the labels in
another order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from datarecipe.exchange import Content, Example, Json
from datarecipe.generate.prompt.model_profile import ModelSettings
from datarecipe.generate.prompt.question_prompt import question_content
from datarecipe.generate.prompt.response_format import portable
from datarecipe.recipe.recipe import Recipe


def verify_content(recipe: Recipe, model: ModelSettings, example: Example, rotation: int) -> Content:
    """The request that asks `model` for the label of `example`, with the labels turned by `rotation` places."""
    label_field, options_field, verify = recipe.task.label_field, recipe.task.options_field, recipe.filters.verify
    assert label_field is not None
    assert verify is not None
    instruction = recipe.description if verify.instruction is None else verify.instruction
    seen = {*(verify.fields or example), *((options_field,) if recipe.labels.kind == "per_example" else ())}
    shown = {name: value for name, value in example.items() if name in seen and name != label_field}
    field = json.dumps(label_field, ensure_ascii=False)
    form: dict[str, Json]
    match recipe.labels.kind:
        case "fixed":
            shown.pop(options_field or "", None)
            labels = _turned(recipe.labels.values, rotation)
            choice = f"It is one of: {', '.join(json.dumps(label, ensure_ascii=False) for label in labels)}."
            form = {"enum": labels}
        case "per_example":
            options = shown[options_field or ""]
            assert isinstance(options, list)
            shown[options_field or ""] = _turned(options, rotation)
            choice = f"It is one of the values of {json.dumps(options_field, ensure_ascii=False)}."
            form = _form_of(recipe, label_field)
        case "open":
            known = json.dumps(recipe.seed_examples[0].get(label_field), ensure_ascii=False)
            choice = f"It has the form that it has in another example: {known}."
            form = _form_of(recipe, label_field)
    reply = f"Reply with a JSON object that has this field alone: {{{field}: ...}}"
    task = f"Fill in the field {field} of the example. {choice}\n{reply}"
    return question_content(model, (instruction, task), shown, {label_field: form} if form else {})


def _turned(values: Sequence[Json], places: int) -> list[Json]:
    start = places % len(values)
    return [*values[start:], *values[:start]]


def _form_of(recipe: Recipe, label_field: str) -> dict[str, Json]:
    """The recipe's own schema of the label. Options of each example differ, and a schema of its own for each is slow."""
    properties = recipe.schema.get("properties")
    schema = properties.get(label_field) if isinstance(properties, Mapping) else None
    return portable(schema) if isinstance(schema, Mapping) else {}
