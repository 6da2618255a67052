"""The questions of `datarecipe init` on a terminal. Invalid answers are asked again at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import click

from datarecipe.cli.output import short
from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import STRUCTURES, TASKS, Draft, TaskName, Wishes
from datarecipe.init.given_answers import check_name, read_fields, read_labels
from datarecipe.init.value_names import fold, listed
from datarecipe.init.write.from_scratch import (
    DEFAULT_LABELS,
    draft_from_wishes,
    placeholder_example,
    task_wished,
    text_fields,
)
from datarecipe.init.write.project import check_free
from datarecipe.printable import printable
from datarecipe.recipe import Scalar
from datarecipe.recipe.message_text import show

T = TypeVar("T")

_TASKS: dict[TaskName, str] = {
    "yes_no": "a question that is answered with yes or no",
    "classification": "a text with one label of a list",
    "multiple_choice": "a question that brings its own options, one of them right",
    "open": "a question with any answer",
    "dialogue": "turns of a user and an assistant, or of other roles",
    "preference_pair": "a prompt with a better and a worse answer",
    "extraction": "a text, and the objects that are found in it",
}
_LATER = "write it later"
_LONGEST_NAME = 40


def name(default: str, folder: Path, *, force: bool) -> str:
    """A name that a recipe may have and that is free."""

    def free(text: str) -> str:
        check_free(folder, check_name(text), force=force)
        return text

    return _asked("Name of the recipe", free, default)


def label_field(columns: Sequence[str]) -> str:
    """Which of the data's fields holds the answer."""
    return str(_asked(f"Which field holds the answer? ({_names(columns)})", _one_of(columns)))


def rest(draft: Draft) -> Draft:
    """What inference cannot know."""
    text = _description() if "description" in draft.todo else None
    if text is None:
        return draft
    todo = {key: value for key, value in draft.todo.items() if key != "description"}
    return replace(draft, description=text, todo=todo)


def draft(name: str, wishes: Wishes) -> Draft:
    """A recipe from answers; what the flags said is not asked."""
    if wishes.description is None:
        wishes = replace(wishes, description=_description())
    task = wishes.task or _task(wishes)
    if task in STRUCTURES:  # an example of several parts is better written in a file
        return draft_from_wishes(name, replace(wishes, task=task))
    proposed = DEFAULT_LABELS.get(task)
    if not wishes.labels and proposed:
        question, default = "Labels, with commas between them", ", ".join(map(str, proposed))
        wishes = replace(wishes, labels=_asked(question, lambda text: read_labels([text]), default))
    wishes = replace(wishes, task=task)
    if not wishes.fields:
        question, default = "Fields beside the answer, with commas between them", ", ".join(text_fields(wishes))
        wishes = replace(wishes, fields=_asked(question, lambda text: read_fields([text]), default))
    return draft_from_wishes(name, wishes, _example(placeholder_example(wishes), wishes.labels))


def _description() -> str | None:
    text = _asked("What is the data, in a sentence? The model reads it", _text, _LATER)
    return None if text == _LATER else text


def _task(wishes: Wishes) -> TaskName:
    click.echo("What is an example?")
    for task, meaning in _TASKS.items():
        click.echo(f"  {task:<16} {meaning}")
    known = _one_of(TASKS)
    return cast("TaskName", _asked("Task", lambda text: known(text.strip().replace(" ", "_")), task_wished(wishes)))


def _example(fields: Example, labels: Sequence[Scalar]) -> Example | None:
    """An example with these fields, one by one; None when it is left for later."""
    click.echo("Now a typical example: the model imitates it.")
    label = [*fields][0 if labels else -1]
    allowed: Sequence[Json] = labels
    example: Example = {}
    for field in [*(name for name in fields if name != label), label]:
        if isinstance(fields[field], list):
            own = _asked(f"  {short(field, _LONGEST_NAME)}, with commas between them", lambda text: read_labels([text]))
            example[field] = [*own]
            allowed = own
        elif field == label and allowed:
            first = allowed[0] if isinstance(allowed[0], str) else show(allowed[0])
            example[field] = _asked(f"  {short(field, _LONGEST_NAME)} ({_names(allowed)})", _one_of(allowed), first)
        else:
            text = _asked(f"  {short(field, _LONGEST_NAME)}", _text, None if example else _LATER)
            if text == _LATER:
                return None
            example[field] = text
    return {field: example[field] for field in fields}


def _one_of(allowed: Sequence[Json]) -> Callable[[str], Json]:
    by_text = {fold(value): value for value in allowed}

    def known(text: str) -> Json:
        if fold(text) not in by_text:
            raise UsageError(f"{show(text)} is none of {_names(allowed)}")
        return by_text[fold(text)]

    return known


def _text(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise UsageError("this cannot be empty")
    return stripped


def _names(values: Sequence[Json]) -> str:
    return listed([short(value, _LONGEST_NAME) for value in values])


def _asked(question: str, read: Callable[[str], T], default: str | None = None) -> T:
    """Ask until `read` takes the answer."""

    def checked(text: str) -> T:
        try:
            return read(text)
        except DatarecipeError as error:
            raise click.UsageError(printable(str(error), multiline=True)) from None

    found: T = click.prompt(question, default=default, value_proc=checked)
    return found
