"""What passes between the steps: what the user said, what was found, and the recipe that is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from datarecipe.exchange import Example, Json
from datarecipe.init.value_names import fold
from datarecipe.recipe import LabelSpace, Scalar, StrategyKind, Task

TaskName: TypeAlias = Literal[
    "yes_no", "classification", "multiple_choice", "open", "dialogue", "preference_pair", "extraction"
]
TASKS: tuple[TaskName, ...] = get_args(TaskName)
STRUCTURES: frozenset[TaskName] = frozenset({"dialogue", "preference_pair", "extraction"})
"""Kinds of examples without a list of labels. Each has a shipped template of its name."""

OPTIONS = "options"
"""The options field of the tasks that have a name."""

DESCRIPTION_TODO = "say in a sentence what your data is; the model reads it"

_PAIRS = (("yes", "no"), ("true", "false"), ("y", "n"))
_SPELT = {
    spell(word): (spell(yes), spell(no))
    for yes, no in _PAIRS
    for word in (yes, no)
    for spell in (str.lower, str.capitalize, str.upper)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user said, by flags or by answers. None and empty where nothing was said."""

    description: str | None = None
    task: TaskName | None = None
    labels: tuple[Scalar, ...] = ()
    options: int | None = None
    """How many options each example brings of its own."""
    fields: tuple[str, ...] = ()
    label_field: str | None = None
    options_field: str | None = None
    strategy: StrategyKind = "tree"
    target_size: int = 100
    model: str | None = None

    @property
    def is_labelled(self) -> bool:
        """Whether something that was said is about labels."""
        has_labels = self.task is not None and self.task not in STRUCTURES
        return bool(has_labels or self.labels or self.options or self.label_field or self.options_field)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was inferred."""

    subject: str
    found: str
    why: str = ""
    flag: str = ""
    """The flags that say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleKind:
    """What the examples are, and how that was found."""

    needed: tuple[str, ...]
    """The fields that every example has."""
    template: str
    """The shipped instruction template."""
    findings: tuple[Finding, ...]
    label: str | None = None
    options: str | None = None
    labels: LabelSpace = LabelSpace("open")  # noqa: RUF009 - it is frozen
    labels_todo: str | None = None
    """What the user should still say of them."""
    description: str | None = None
    """A sentence that is true and says little: a placeholder that a model can work with."""
    closed: Mapping[tuple[str | None, ...], Sequence[str]] = field(default_factory=dict)
    """The only values that may stand in a place within an example: names of fields, None for an element of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A recipe before it is a file."""

    name: str
    description: str
    task: Task
    labels: LabelSpace
    template: str
    """The shipped instruction template that fits."""
    seeds: tuple[Example, ...]
    wishes: Wishes
    rules: Mapping[str, Json] = field(default_factory=dict)
    """Sentences that the instruction says too, each with a name."""
    schema: Mapping[str, Json] | None = None
    """Of one example, where it is narrower than what a recipe infers."""
    todo: Mapping[str, str] = field(default_factory=dict)
    """Keys of the recipe that hold a placeholder, and what to write instead."""
    findings: tuple[Finding, ...] = ()


def task_of(fields: Sequence[str], label_field: str | None, options_field: str | None, labels: LabelSpace) -> Task:
    """The task with these fields: one that has a name where its fields are the usual ones."""
    kind = "custom" if label_field is not None else "none"
    if options_field != (OPTIONS if OPTIONS in fields else None):
        pass
    elif label_field == "label" and labels.kind == "fixed":
        kind = "classification"
    elif label_field == "answer" and labels.kind == "open":
        kind = "open"
    elif label_field == "answer" and is_yes_no(labels.values):
        kind = "yes_no"
    elif label_field == "answer" and options_field is not None:
        kind = "multiple_choice"
    return Task(kind, label_field, options_field)


def is_yes_no(labels: Sequence[Scalar]) -> bool:
    """Whether the labels are a yes and a no."""
    return {fold(label) for label in labels} in [set(pair) for pair in _PAIRS]


def yes_no_pair(value: object) -> tuple[Scalar, Scalar] | None:
    """(yes, no) in the spelling of `value`, which is one of the two; None when it is neither."""
    return (True, False) if isinstance(value, bool) else _SPELT.get(value.strip()) if isinstance(value, str) else None
