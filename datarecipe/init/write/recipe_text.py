"""The texts of a new recipe's files. The recipe is short, with a comment where a newcomer would ask, and a mark where a
placeholder stands.

Comments hold no word of the user's data, so nothing in it can end one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from datarecipe.errors import MachineError
from datarecipe.exchange import Json
from datarecipe.init.draft import OPTIONS, Draft
from datarecipe.recipe import STRATEGIES, LabelSpace, collection_root
from datarecipe.recipe.format.schema_file import FILE
from datarecipe.recipe.message_text import join
from datarecipe.recipe.source.yaml_scalars import json_text, scalar
from datarecipe.recipe.source.yaml_writer import yaml_text

SCHEMA_FILE = f".datarecipe/{FILE}"
"""Where editors find the JSON Schema of the format, from the project's folder."""

_WIDEST = 100
"""Columns of a list on one line."""

_INSTRUCTION_HEAD = (
    "{# What the model is told; the seed example follows as JSON. Edit it as you like. It sees batch_size, labels, fields,\n"
    "   description, vars, vary, draw and balance. `datarecipe prompt RECIPE --model PROVIDER/NAME` shows what is sent. #}\n"
)

_Line: TypeAlias = tuple[str, str]
"""A line and the comment behind it; empty for none."""


def recipe_text(draft: Draft) -> str:
    """The text of `recipes/NAME.yaml`."""
    lines = list(_lines(draft))
    width = max(len(line) for line, comment in lines if comment)
    return "".join(f"{line.ljust(width)}  # {comment}\n" if comment else f"{line}\n" for line, comment in lines)


def seed_text(draft: Draft) -> str:
    """The text of `seeds/NAME.json`: one object, or a list of them."""
    examples: list[Json] = [dict(example) for example in draft.seeds]
    return json_text(examples[0] if len(examples) == 1 else examples, indent=2) + "\n"


def instruction_text(draft: Draft) -> str:
    """The text of `templates/NAME.j2`: a shipped template that fits, copied so that the user can edit it.

    Raises:
        MachineError: the shipped templates are not there.
    """
    root = collection_root()
    if root is None:
        raise MachineError("the shipped templates are missing", hint="Install datarecipe again.")
    return _INSTRUCTION_HEAD + (root / "templates" / draft.template).read_text(encoding="utf-8")


def _lines(draft: Draft) -> Iterator[_Line]:
    todo = draft.todo
    yield f"# yaml-language-server: $schema=../{SCHEMA_FILE}", ""
    yield "recipe: 1", ""
    yield f"name: {scalar(draft.name)}", ""
    yield from _marked("description", todo)
    yield f"description: {scalar(draft.description)}", ""
    yield "", ""
    if draft.task.label_field is not None:
        yield _task(draft)
        yield from _marked("labels", todo)
        yield from _labels(draft.labels)
    yield from _marked("seed_example", todo)
    yield f"seed_example: ../seeds/{draft.name}.json", "shows the format; a list of several gives more variety"
    yield f"instruction: ../templates/{draft.name}.j2", "what the model is told"
    yield "", ""
    yield f"strategy: {draft.wishes.strategy}", f"which example is shown next: {join(STRATEGIES, 'or')}"
    yield f"target_size: {draft.wishes.target_size}", "a higher one later continues the same dataset"
    if draft.wishes.model is None:
        yield "# model: openai/gpt-4o-mini", "without it --model, your configuration, the embedded model"
    else:
        yield f"model: {scalar(draft.wishes.model)}", ""
    yield "# vary:", "gives each request one of these, for variety"
    yield "#   topic: [work, travel, food]", ""
    if draft.rules:
        yield from ((line, "") for line in ["", *yaml_text({"vars": {"rules": dict(draft.rules)}}).splitlines()])
    if draft.schema is not None:
        yield "", ""
        yield "# What an example may be. A value that an `enum` gets is added to the rule above too.", ""
        yield from ((line, "") for line in yaml_text({"schema": dict(draft.schema)}).splitlines())


def _marked(key: str, todo: Mapping[str, str]) -> Iterator[_Line]:
    if key in todo:
        yield f"# TODO {key}: {todo[key]}.", ""


def _task(draft: Draft) -> _Line:
    task = draft.task
    if task.kind != "custom":
        return f"task: {task.kind}", f"the answer stands in the field `{task.label_field}`"
    options = f", options: {scalar(task.options_field, in_list=True)}"
    if task.options_field is None and OPTIONS not in draft.seeds[0]:
        options = ""
    return f"task: {{label: {scalar(task.label_field, in_list=True)}{options}}}", ""


def _labels(labels: LabelSpace) -> Iterator[_Line]:
    line = f"labels: [{', '.join(scalar(label, in_list=True) for label in labels.values)}]"
    if labels.kind == "open":
        yield "labels: open", "any answer"
    elif labels.kind == "per_example":
        yield f"labels: {{per_example: {labels.options}}}", "options that each example brings of its own"
    elif len(line) <= _WIDEST:
        yield line, ""
    else:
        yield from ((line, "") for line in yaml_text({"labels": list(labels.values)}).splitlines())
