"""The recipe's file: short, with a comment where a newcomer would ask, and a mark where a placeholder stands.

Comments hold no word of the user's data, so nothing in it can end one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from datarecipe.exchange import Json
from datarecipe.init.draft import OPTIONS, Draft
from datarecipe.recipe import STRATEGIES, LabelSpace, Task
from datarecipe.recipe.format.schema import FILE
from datarecipe.recipe.message_text import join
from datarecipe.recipe.source.yaml_scalars import json_text, scalar
from datarecipe.recipe.source.yaml_writer import yaml_text

SCHEMA_FILE = f".datarecipe/{FILE}"
"""Where editors find the JSON Schema of the format, from the project's folder."""

_WIDEST = 100
"""Columns of a list on one line."""

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


def _lines(draft: Draft) -> Iterator[_Line]:
    todo = draft.todo
    yield f"# yaml-language-server: $schema=../{SCHEMA_FILE}", ""
    yield "recipe: 1", ""
    yield f"name: {scalar(draft.name)}", ""
    yield from _marked("description", todo)
    yield f"description: {scalar(draft.description)}", ""
    yield "", ""
    if draft.task.label_field is not None:
        yield f"task: {_task(draft.task, draft)}", _answer_comment(draft.task)
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
    if draft.schema is not None:
        yield "", ""
        yield "# What an example may be: more values can be added to an `enum`.", ""
        yield from ((line, "") for line in yaml_text({"schema": dict(draft.schema)}).splitlines())


def _marked(key: str, todo: Mapping[str, str]) -> Iterator[_Line]:
    if key in todo:
        yield f"# TODO {key}: {todo[key]}.", ""


def _task(task: Task, draft: Draft) -> str:
    if task.kind != "custom":
        return task.kind
    label = f"label: {scalar(task.label_field, in_list=True)}"
    if task.options_field is None and OPTIONS not in draft.seeds[0]:
        return f"{{{label}}}"
    return f"{{{label}, options: {scalar(task.options_field, in_list=True)}}}"


def _answer_comment(task: Task) -> str:
    return "" if task.kind == "custom" else f"the answer stands in the field `{task.label_field}`"


def _labels(labels: LabelSpace) -> Iterator[_Line]:
    if labels.kind == "open":
        yield "labels: open", "any answer"
    elif labels.kind == "per_example":
        yield f"labels: {{per_example: {labels.options}}}", "options that each example brings of its own"
    else:
        line = f"labels: [{', '.join(scalar(label, in_list=True) for label in labels.values)}]"
        if len(line) <= _WIDEST:
            yield line, ""
        else:
            yield "labels:", ""
            yield from ((f"  - {scalar(label)}", "") for label in labels.values)
