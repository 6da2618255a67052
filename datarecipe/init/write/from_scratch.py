"""A recipe from a few words alone: where nothing is said stands something that works and is marked."""

from __future__ import annotations

from typing import cast

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import OPTIONS, Draft, TaskName, Wishes, is_yes_no, task_of
from datarecipe.init.infer.infer_recipe import DESCRIPTION_TODO
from datarecipe.init.value_names import quoted
from datarecipe.recipe import LabelSpace, Scalar

DEFAULT_OPTIONS = 4
"""Options of a multiple-choice question, where nobody says how many."""

_DESCRIPTIONS: dict[TaskName, str] = {
    "yes_no": "Short questions about everyday things that are answered with yes or no.",
    "classification": "A short text with its label.",
    "multiple_choice": "Questions about everyday things, each with options of which one is right.",
    "open": "Short questions about everyday things, each with its answer.",
}
_LABELS: dict[TaskName, tuple[Scalar, ...]] = {"yes_no": ("yes", "no"), "classification": ("positive", "negative")}
_TEXTS: dict[TaskName, str] = {
    "yes_no": "Is the sun larger than the moon?",
    "classification": "I loved this little lamp, it is bright and quiet.",
    "multiple_choice": "Where would you leave a wet umbrella when you come home?",
    "open": "What do bees make from the nectar of flowers?",
}
_OPTIONS = ("hallway stand", "bookshelf", "oven", "mailbox", "fruit bowl", "bread box", "piano", "wardrobe")


def default_labels(task: TaskName) -> tuple[Scalar, ...]:
    """What is proposed as labels; empty where the task has no list of them."""
    return _LABELS.get(task, ())


def task_wished(wishes: Wishes) -> TaskName:
    """The task, told from the other wishes where it is not said."""
    if wishes.task is not None:
        return wishes.task
    if wishes.options is not None:
        return "multiple_choice"
    return "yes_no" if wishes.labels and is_yes_no(wishes.labels) else "classification"


def label_field_of(task: TaskName, wishes: Wishes) -> str:
    """The field that holds the answer."""
    return wishes.label_field or ("label" if task == "classification" else "answer")


def options_field_of(task: TaskName, wishes: Wishes) -> str | None:
    """The field that holds the options, where each example brings its own."""
    return (wishes.options_field or OPTIONS) if task == "multiple_choice" and not wishes.labels else None


def text_fields_of(task: TaskName, wishes: Wishes) -> tuple[str, ...]:
    """The fields beside label and options."""
    taken = (label_field_of(task, wishes), options_field_of(task, wishes))
    named = tuple(name for name in wishes.fields if name not in taken)
    return named or ("text" if task == "classification" else "question",)


def labels_of(task: TaskName, wishes: Wishes) -> LabelSpace:
    """The label space.

    Raises:
        UsageError: the wishes contradict each other.
    """
    if task == "open" and (wishes.labels or wishes.options):
        raise UsageError("--task open has no list of labels or options", hint="Leave --labels and --options out.")
    if wishes.options is not None and (wishes.labels or task != "multiple_choice"):
        other = "--labels" if wishes.labels else f"--task {task}"
        raise UsageError(f"--options and {other} exclude each other", hint="--options N is for --task multiple_choice.")
    if task == "multiple_choice" and wishes.labels:
        hint = "Leave --labels out and say how many: --options 4. For one list of labels: --task classification."
        raise UsageError("in --task multiple_choice each example brings options of its own", hint=hint)
    if task == "yes_no" and wishes.labels and len(wishes.labels) != 2:
        hint = "For more or other labels: --task classification."
        raise UsageError(
            f"--task yes_no has two labels, a yes and a no, and --labels names {len(wishes.labels)}", hint=hint
        )
    if task == "multiple_choice":
        return LabelSpace("per_example", options=wishes.options or DEFAULT_OPTIONS)
    labels = wishes.labels or default_labels(task)
    return LabelSpace("fixed", labels) if labels else LabelSpace("open")


def draft_from_wishes(name: str, wishes: Wishes, example: Example | None = None) -> Draft:
    """A recipe that runs, whatever was left unsaid. `example` is one that was asked for field by field.

    Raises:
        UsageError: the wishes contradict each other.
    """
    task = task_wished(wishes)
    space = labels_of(task, wishes)
    label, options = label_field_of(task, wishes), options_field_of(task, wishes)
    if wishes.options_field is not None and options is None:
        raise UsageError("--options-field is for examples that bring options of their own", hint="Add --options 4.")
    if label == options:
        raise UsageError(f"{quoted(label)} cannot be both the label field and the options field")
    todo = {}
    if wishes.description is None:
        todo["description"] = DESCRIPTION_TODO
    if not wishes.labels and space.kind == "fixed" and task != "yes_no":
        todo["labels"] = "write your own labels"
    if example is None:
        todo["seed_example"] = "put an example of your own into this file"
    seed = example or _example(task, space, label, options, text_fields_of(task, wishes))
    return Draft(
        name=name,
        description=_DESCRIPTIONS[task] if wishes.description is None else wishes.description,
        task=task_of(tuple(seed), label, options, space),
        labels=space,
        seeds=(seed,),
        strategy=wishes.strategy,
        target_size=wishes.target_size,
        model=wishes.model,
        todo=todo,
    )


def in_order(example: Example, label: str, options: str | None, space: LabelSpace) -> Example:
    """An example in the order in which a model writes it best: a fixed label before its text, any other answer last."""
    texts = {name: value for name, value in example.items() if name not in (label, options)}
    answer = {label: example[label]}
    own = {} if options is None else {options: example[options]}
    return {**answer, **texts} if space.kind == "fixed" else {**texts, **own, **answer}


def _example(task: TaskName, space: LabelSpace, label: str, options: str | None, texts: tuple[str, ...]) -> Example:
    usual = texts in (("text",), ("question",))
    example: Example = {name: _TEXTS[task] if usual else f"A typical {name} stands here." for name in texts}
    if space.kind == "fixed":
        example[label] = space.values[0]
    elif options is not None:
        own = [*_OPTIONS, *(f"place {number}" for number in range(len(_OPTIONS) + 1, space.options + 1))]
        example[options] = cast("list[Json]", own[: space.options])
        example[label] = own[0]
    else:
        example[label] = "honey" if usual else "The right answer stands here."
    return in_order(example, label, options, space)
