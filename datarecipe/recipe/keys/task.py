"""The task: which field of an example is the answer, which one holds the options, and that text remains beside them."""

from __future__ import annotations

from collections.abc import Iterator

from datarecipe.characters import nfc
from datarecipe.errors import Problem, TaskError
from datarecipe.recipe.keys.seeds import Seed
from datarecipe.recipe.message_text import code, did_you_mean, join
from datarecipe.recipe.recipe import Task
from datarecipe.recipe.source.document import Document, ListNode, to_json

LABEL_FIELDS = {"yes_no": "answer", "multiple_choice": "answer", "open": "answer", "classification": "label"}
"""The label field of each task that has a name."""
_OPTIONS = "options"


def read_task(document: Document, seed: Seed) -> Task:
    """The task of a recipe, checked against the fields of its seed example; a recipe without one has no label field.

    Raises:
        TaskError: a field is not in the seed example, one field is both, or nothing is left beside a label from a list.
    """
    fields = list(seed.example)
    node = document.get(("task",))
    if node is None:
        return Task("none", None, None)
    written = to_json(node)
    default_options = _OPTIONS if _OPTIONS in fields else None
    if isinstance(written, dict):
        spelt = {nfc(field): field for field in fields}
        label, options = str(written["label"]), written.get("options", default_options)
        named = [None if name is None else spelt.get(nfc(str(name)), str(name)) for name in (label, options)]
        task = Task("custom", named[0] or label, named[1])
    else:
        task = Task(str(written), LABEL_FIELDS[str(written)], default_options)
    problems = list(_field_problems(document, task, fields, seed))
    if problems:
        raise TaskError(*problems)
    return task


def _field_problems(document: Document, task: Task, fields: list[str], seed: Seed) -> Iterator[Problem]:
    if task.label_field is not None and task.label_field not in fields:
        yield _absent(document, ("task", "label"), task.label_field, "label field", seed, task)
    if task.options_field is not None and task.options_field not in fields:
        yield _absent(document, ("task", "options"), task.options_field, "options field", seed, task)
    if task.label_field is not None and task.label_field == task.options_field:
        place = document.place(("task", "options"))
        message = f"{code(task.label_field)} cannot be both the label field and the options field"
        yield place.problem(message, "name the field with the list of options, or write `options: null` for none")
    elif not set(fields) - {task.label_field, task.options_field} and isinstance(document.get(("labels",)), ListNode):
        message = "the seed example has no text field beside its answer: nothing would tell two examples apart"
        yield seed.place().problem(message, "add the text that the answer is about")


def _absent(document: Document, keys: tuple[str, str], name: str, role: str, seed: Seed, task: Task) -> Problem:
    fields = list(seed.example)
    message = f"the {role} {code(name)} is not in the seed example, whose fields are {join(map(code, fields), 'and')}"
    if task.kind == "custom":
        return document.place(keys).problem(message, did_you_mean(name, fields))
    hint = f"rename the field of the seed example, or name yours: task: {{label: {fields[-1]}}}"
    if all(isinstance(value, list | dict) for value in seed.example.values()):
        hint = "leave out `task` and `labels` if no field of the seed example is a label, as in dialogues"
    return document.place(("task",)).problem(message, hint)
