"""The questions of `datarecipe init` on a terminal. An answer that cannot be is asked for again at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import click

from datarecipe.errors import DatarecipeError, UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import TASKS, Draft, TaskName, Wishes
from datarecipe.init.given_answers import check_name, check_text, read_fields, read_labels
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.value_names import listed, quoted
from datarecipe.init.write.from_scratch import (
    DEFAULT_OPTIONS,
    default_labels,
    draft_from_wishes,
    in_order,
    label_field_of,
    labels_of,
    options_field_of,
    text_fields_of,
)
from datarecipe.init.write.project import existing_files
from datarecipe.printable import printable
from datarecipe.recipe import LabelSpace, Scalar
from datarecipe.recipe.source.yaml_scalars import scalar

T = TypeVar("T")

_TASKS: dict[TaskName, str] = {
    "yes_no": "a question that is answered with yes or no",
    "classification": "a text that bears one label of a list",
    "multiple_choice": "a question that brings its own options, one of them right",
    "open": "a question with any answer",
}
_LATER = "write it later"


def introduce() -> None:
    """Say how it works."""
    click.echo("Enter takes what stands in brackets, Ctrl-C leaves without writing anything.\n")


def yes(question: str) -> bool:
    """Yes or no, yes by default."""
    return click.confirm(question, default=True)


def name(default: str, folder: Path, *, force: bool) -> str:
    """A name that a recipe may have and that is free."""

    def free(text: str) -> str:
        check_name(text)
        there = existing_files(folder, text)
        if there and not force:
            raise UsageError(f"{', '.join(there)}: there already; take another name")
        return text

    return _asked("Name of the recipe", free, default)


def label_field(columns: Sequence[str]) -> str:
    """Which of the data's fields holds the answer."""
    return _asked(f"Which field holds the answer? ({_names(columns)})", _one_of(columns), None)


def rest(draft: Draft) -> Draft:
    """What inference cannot know."""
    if "description" not in draft.todo:
        return draft
    text = _description()
    if text is None:
        return draft
    todo = {key: value for key, value in draft.todo.items() if key != "description"}
    return replace(draft, description=text, todo=todo)


def draft(name: str, wishes: Wishes, *, target_size: int | None) -> Draft:
    """A recipe from answers; what the flags said is not asked."""
    if wishes.description is None:
        wishes = replace(wishes, description=_description())
    task = wishes.task or _task(wishes)
    wishes = replace(wishes, task=task)
    if not wishes.labels and default_labels(task):
        wishes = replace(wishes, labels=_labels(task))
    if task == "multiple_choice" and not wishes.labels and wishes.options is None:
        wishes = replace(wishes, options=_number("How many options does each example have?", DEFAULT_OPTIONS, 2, 100))
    space = labels_of(task, wishes)
    if not wishes.fields:
        wishes = replace(wishes, fields=_fields(task, wishes))
    example = _example(task, wishes, space)
    if target_size is None:
        size = _number("How many examples shall the dataset have?", wishes.target_size, 1, 10**9)
        wishes = replace(wishes, target_size=size)
    return draft_from_wishes(name, wishes, example)


def _description() -> str | None:
    text = _asked("What is the data, in a sentence? The model reads it", _text, _LATER)
    return None if text == _LATER else text


def _task(wishes: Wishes) -> TaskName:
    click.echo("What is an example?")
    for number, task in enumerate(TASKS, 1):
        click.echo(f"  {number}  {task:<16} {_TASKS[task]}")
    likely = draft_from_wishes("x", wishes).task.kind
    default = str(TASKS.index(likely) + 1) if likely in TASKS else "2"

    def known(text: str) -> TaskName:
        if text.strip() in ("1", "2", "3", "4"):
            return TASKS[int(text) - 1]
        begun = [task for task in TASKS if text.strip() and task.startswith(text.strip())]
        if len(begun) == 1:
            return begun[0]
        raise UsageError(f"{quoted(text)} is none of them: type a number from 1 to 4, or {', '.join(TASKS)}")

    return _asked("Task", known, default)


def _labels(task: TaskName) -> tuple[Scalar, ...]:
    default = ", ".join(map(str, default_labels(task)))

    def enough(text: str) -> tuple[Scalar, ...]:
        labels = read_labels([text])
        if len(labels) < 2:
            raise UsageError("there must be at least two labels")
        if task == "yes_no" and len(labels) > 2:
            raise UsageError("a yes and a no are two labels; Ctrl-C, and begin again with the task classification")
        return labels

    return _asked("Labels, with commas between them", enough, default)


def _fields(task: TaskName, wishes: Wishes) -> tuple[str, ...]:
    taken = [label_field_of(task, wishes), options_field_of(task, wishes)]

    def usable(text: str) -> tuple[str, ...]:
        names = read_fields([text])
        for name in names:
            if name in taken:
                raise UsageError(f"{quoted(name)} is there anyway: it holds the answer or the options")
        return names

    beside = " and ".join(quoted(name) for name in taken if name is not None)
    return _asked(f"Fields beside {beside}, with commas between them", usable, ", ".join(text_fields_of(task, wishes)))


def _example(task: TaskName, wishes: Wishes, space: LabelSpace) -> Example | None:
    """An example, field by field; None when it is left for later."""
    label, options = label_field_of(task, wishes), options_field_of(task, wishes)
    click.echo("Now a typical example: the model imitates it.")
    example: Example = {}
    for field in text_fields_of(task, wishes):
        value = _asked(f"  {_shown(field)}", _text, None if example else _LATER)
        if value == _LATER:
            return None
        example[field] = value
    if options is not None:
        example[options] = cast("list[Json]", _options(space.options))
    example[label] = _answer(_shown(label), example.get(options) if options else None, space)
    return in_order(example, label, options, space)


def _options(count: int) -> list[str]:
    found: list[str] = []

    def new(text: str) -> str:
        if fold(_text(text)) in map(fold, found):
            raise UsageError("this option is there already; they differ in more than case")
        return text

    for number in range(1, count + 1):
        found += [_asked(f"  option {number} of {count}", new, None)]
    return found


def _answer(field: str, options: Json, space: LabelSpace) -> Json:
    if isinstance(options, list):
        return _asked(f"  {field}: which option is right? (1 to {len(options)})", _by_number(options), "1")
    if space.kind == "open":
        return _asked(f"  {field}", _text, None)
    shown = [scalar(label, in_list=True) if not isinstance(label, str) else label for label in space.values]
    by_text = {fold(label): label for label in space.values}

    def known(text: str) -> Json:
        found = by_text.get(fold(text))
        if found is None:
            raise UsageError(f"{quoted(text)} is none of the labels {listed(shown)}")
        return found

    return _asked(f"  {field} ({_names(shown)})", known, shown[0])


def _by_number(options: Sequence[Json]) -> Callable[[str], Json]:
    def chosen(text: str) -> Json:
        by_text = {fold(option): option for option in options}
        if fold(text) in by_text:
            return by_text[fold(text)]
        if text.strip().isdecimal() and 1 <= int(text) <= len(options):
            return options[int(text) - 1]
        raise UsageError(f"type a number from 1 to {len(options)}")

    return chosen


def _one_of(names: Sequence[str]) -> Callable[[str], str]:
    def known(text: str) -> str:
        if text in names:
            return text
        raise UsageError(f"there is no field {quoted(text)}")

    return known


def _number(question: str, default: int, least: int, most: int) -> int:
    def within(text: str) -> int:
        plain = text.strip().replace(",", "").replace("_", "")
        if not plain.isdecimal() or not least <= int(plain) <= most:
            raise UsageError(f"type a number from {least:,} to {most:,}")
        return int(plain)

    return _asked(question, within, str(default))


def _text(text: str) -> str:
    stripped = check_text(text, "this").strip()
    if not stripped:
        raise UsageError("this cannot be empty")
    return stripped


def _names(names: Sequence[str]) -> str:
    return listed([_shown(name) for name in names])


def _shown(name: str) -> str:
    return printable(name if len(name) <= 40 else name[:37] + "...")


def _asked(question: str, read: Callable[[str], T], default: str | None) -> T:
    """Ask until `read` takes the answer."""

    def checked(text: str) -> T:
        try:
            return read(text)
        except DatarecipeError as error:
            raise click.UsageError(printable(str(error), multiline=True)) from None

    found: T = click.prompt(question, default=default, value_proc=checked)
    return found
