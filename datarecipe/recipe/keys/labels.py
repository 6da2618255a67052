"""The label space: what an answer may be.

A label is a value with a type, as written: `yes` is text, `1` a number, `true` a boolean. Nothing is turned from one
into the other here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from datarecipe.characters import nfc
from datarecipe.errors import LabelError, MissingKeyError, Problem
from datarecipe.exchange import Json
from datarecipe.recipe.format.schema_errors import probably_meant
from datarecipe.recipe.keys.settings import whole
from datarecipe.recipe.keys.value_equality import composed, equality_key, folded
from datarecipe.recipe.message_text import describe
from datarecipe.recipe.recipe import LabelSpace, Scalar, Task
from datarecipe.recipe.source.document import Document, Place, to_json


def read_labels(document: Document, task: Task | None) -> LabelSpace:
    """The label space of a recipe. Without a `task` (it is wrong itself) only the list is checked.

    Raises:
        MissingKeyError: there are none, and the task needs them.
        LabelError: too few, equal or empty labels, or a label space that the task cannot have.
    """
    node = document.get(("labels",))
    written = None if node is None else to_json(node)
    place = document.place(("labels",))
    if written is None:
        if task is None or task.kind in ("open", "none") or is_misspelt(document, "labels"):
            return LabelSpace("open")
        hint = "write the answers, `labels: [yes, no]`, or `labels: {per_example: 4}`, or `labels: open`"
        raise MissingKeyError(place.problem("`labels` is missing: it says what an answer may be", hint))
    if isinstance(written, list):
        space = LabelSpace("fixed", cast("tuple[Scalar, ...]", tuple(written)))
        problems = list(_label_problems(document, space.values))
    else:
        options = written.get("per_example") if isinstance(written, dict) else None
        space = LabelSpace("per_example", options=whole(options)) if options else LabelSpace("open")
        problems = []
    if task is not None:
        problems.extend(_task_problems(place, task, space))
    if problems:
        raise LabelError(*problems)
    return space


def is_misspelt(document: Document, key: str) -> bool:
    """Whether an unknown key seems to mean `key`: that is told already, and no recipe comes of it."""
    return isinstance(document.value, dict) and key in probably_meant(document.value)


def _label_problems(document: Document, labels: Sequence[Scalar]) -> Iterator[Problem]:
    seen: dict[str, Scalar] = {}
    for index, label in enumerate(labels):
        place = document.place(("labels", index))
        if not folded(label):
            yield place.problem("a label cannot be empty", "an answer is matched without the white space around it")
            continue
        # 1 and 1.0 are one value to JSON Schema and to most models, and so are two ways to compose a character.
        key = equality_key(nfc(label) if isinstance(label, str) else label)
        if key not in seen:
            seen[key] = label
        else:
            twin = seen[key]
            how = "again"
            if not same(twin, label):
                how = f"beside {describe(twin)}, which is {composed(label, twin) or 'the same number'}"
            yield place.problem(f"{describe(label)} stands in `labels` {how}", "keep one of them")


def label_warnings(document: Document, labels: Sequence[Scalar]) -> Iterator[Problem]:
    """Labels that a model may mix up: an answer that is not exactly one of them fits neither, and is rejected."""
    seen: dict[str, Scalar] = {}
    for index, label in enumerate(labels):
        twin = seen.setdefault(folded(label), label)
        if not same(twin, label):
            message = f"{describe(label)} stands in `labels` beside {describe(twin)}"
            hint = "an answer in a third spelling fits neither; let labels differ in more than case, space and type"
            yield document.place(("labels", index)).warning(message, hint)


def _task_problems(place: Place, task: Task, space: LabelSpace) -> Iterator[Problem]:
    if task.kind == "none":
        if space.kind != "open":
            hint = (
                "add `task: classification` (field `label`), `task: yes_no` (field `answer`) or `task: {label: FIELD}`"
            )
            yield place.problem("the recipe has `labels`, but no `task` that says which field holds the label", hint)
        return
    if space.kind == "open" and task.kind == "multiple_choice":
        hint = "write `labels: {per_example: 4}`, or a list of them"
        yield place.problem("`task: multiple_choice` needs labels to choose from, not `labels: open`", hint)
    if space.kind == "open" and task.kind in ("yes_no", "classification"):
        hint = f"write them, or `task: {{label: {task.label_field}}}` for answers that cannot be listed"
        yield place.problem(f"`task: {task.kind}` needs a list of labels, not `labels: open`", hint)
    if space.kind == "per_example" and task.kind == "yes_no":
        message = "`task: yes_no` needs a list of labels, not options that each example brings"
        yield place.problem(message, "write `labels: [yes, no]`")
    elif space.kind == "per_example" and task.options_field is None:
        message = (
            "`labels: {per_example: ...}` needs a field with each example's options, and the seed example has none"
        )
        yield place.problem(
            message, "add a field `options` to the seed example, or name it: task: {label: ..., options: ...}"
        )


def same(left: Json, right: Json) -> bool:
    """Equal with the same type: `1`, `1.0` and `true` are three values."""
    return type(left) is type(right) and left == right
