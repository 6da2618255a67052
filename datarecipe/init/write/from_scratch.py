"""A recipe from a few words alone: where nothing is said stands something that works and is marked."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from datarecipe.exchange import Example
from datarecipe.init.draft import DESCRIPTION_TODO, OPTIONS, STRUCTURES, Draft, TaskName, Wishes, is_yes_no
from datarecipe.init.infer.infer_recipe import draft_from_seeds
from datarecipe.recipe import Scalar

_DESCRIPTIONS: Final[dict[TaskName, str]] = {
    "yes_no": "Short questions about everyday things that are answered with yes or no.",
    "classification": "A short text with its label.",
    "multiple_choice": "Questions about everyday things, each with options of which one is right.",
    "open": "Short questions about everyday things, each with its answer.",
    "dialogue": "Short dialogues about everyday things, between a user and an assistant.",
    "preference_pair": "Questions about everyday things, each with a better and a worse answer.",
    "extraction": "Short news, each with the people and places in it.",
}
DEFAULT_LABELS: Final[dict[TaskName, tuple[Scalar, ...]]] = {
    "yes_no": ("yes", "no"),
    "classification": ("positive", "negative"),
}
_TEXTS: Final[dict[TaskName, str]] = {
    "yes_no": "Is the sun larger than the moon?",
    "classification": "I loved this little lamp, it is bright and quiet.",
    "multiple_choice": "Where would you leave a wet umbrella when you come home?",
    "open": "What do bees make from the nectar of flowers?",
}
_STRUCTURED: Final[dict[TaskName, Example]] = {
    "dialogue": {
        "messages": [
            {"role": "user", "content": "What do bees make from the nectar of flowers?"},
            {"role": "assistant", "content": "Honey. They store it in the comb and live on it in winter."},
        ]
    },
    "preference_pair": {
        "prompt": "What do bees make from the nectar of flowers?",
        "chosen": "Honey. They store it in the comb and live on it in winter.",
        "rejected": "Bees make a lot of things.",
    },
    "extraction": {
        "text": "Marta Silva opened a bakery in Porto.",
        "entities": [{"span": "Marta Silva", "type": "person"}, {"span": "Porto", "type": "place"}],
    },
}
_OPTIONS = ("hallway stand", "bookshelf", "oven", "mailbox", "fruit bowl", "bread box", "piano", "wardrobe")
_USUAL_OPTIONS = 4


def task_wished(wishes: Wishes) -> TaskName:
    """The task, told from the other wishes where it is not said."""
    if wishes.task is not None:
        return wishes.task
    if wishes.options is not None or wishes.options_field is not None:
        return "multiple_choice"
    return "yes_no" if wishes.labels and is_yes_no(wishes.labels) else "classification"


def label_field(wishes: Wishes) -> str:
    """The field that holds the answer."""
    return wishes.label_field or ("label" if task_wished(wishes) == "classification" else "answer")


def text_fields(wishes: Wishes) -> tuple[str, ...]:
    """The fields beside the answer and its options."""
    taken = (label_field(wishes), wishes.options_field or OPTIONS)
    named = tuple(name for name in wishes.fields if name not in taken)
    return named or ("text" if task_wished(wishes) == "classification" else "question",)


def placeholder_example(wishes: Wishes) -> Example:
    """A typical example where none is given, its fields in the order in which a model writes them best: a fixed label before
    its text, any other answer last.
    """
    task, label, names = task_wished(wishes), label_field(wishes), text_fields(wishes)
    if task in STRUCTURES:
        return {**_STRUCTURED[task]}
    options = (wishes.options_field or OPTIONS) if task == "multiple_choice" and not wishes.labels else None
    usual = names in (("text",), ("question",))
    texts: Example = {name: _TEXTS[task] if usual else f"A typical {name} stands here." for name in names}
    if labels := wishes.labels or DEFAULT_LABELS.get(task):
        return {label: labels[0], **texts}
    if options is None:
        return {**texts, label: "honey" if usual else "The right answer stands here."}
    count = wishes.options or _USUAL_OPTIONS
    own = [*_OPTIONS, *(f"place {number}" for number in range(len(_OPTIONS) + 1, count + 1))][:count]
    return {**texts, options: [*own], label: own[0]}


def draft_from_wishes(name: str, wishes: Wishes, example: Example | None = None) -> Draft:
    """A recipe that runs, whatever was left unsaid. `example` is one that was asked for.

    Raises:
        UsageError: the wishes contradict each other.
    """
    task = task_wished(wishes)
    seed = example or placeholder_example(wishes)
    known = wishes
    if task not in STRUCTURES:
        known = replace(wishes, task=task, labels=wishes.labels or DEFAULT_LABELS.get(task, ()), fields=())
        known = replace(known, label_field=label_field(wishes))
    if example is not None:
        known = replace(known, options=None)  # it shows how many there are
    draft = draft_from_seeds(name, [seed], known)
    todo = {} if wishes.description is not None else {"description": DESCRIPTION_TODO}
    if not wishes.labels and task == "classification":
        todo["labels"] = "write your own labels"
    if example is None:
        todo["seed_example"] = "put an example of your own into this file"
    return replace(draft, description=wishes.description or _DESCRIPTIONS[task], todo=todo)
