"""What a judge sees of each example of a sample: neither its label nor where it comes from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from datarecipe.errors import UsageError
from datarecipe.exchange import Json
from datarecipe.measure.read_examples import known_field, label_text
from datarecipe.recipe.message_text import code, join
from datarecipe.review.sample.drawn_sample import Drawn
from datarecipe.review.sample.source_dataset import Question, SourceDataset

LONGEST: Final = 200_000
"""Characters of one text that is shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """An example to be judged."""

    id: str
    fields: Sequence[tuple[str, str]]
    """Names and texts of what is shown."""
    choices: Sequence[str]
    """The labels to choose from; `right` and `wrong` for an answer; none where only validity is asked."""


@dataclass(frozen=True, slots=True)
class Sample:
    """All that is judged, in the order in which it is shown."""

    items: Sequence[Item]
    question: Question
    hidden: Sequence[str]
    """Fields that are not shown, since not all datasets have them."""
    description: str
    """Of the one recipe; empty where there are several, or none."""


def sample_of(drawn: Sequence[Drawn], seed: int, text: Sequence[str] = ()) -> Sample:
    """The items of drawn examples, mixed; `text` are the fields to show instead of all.

    Of several datasets only the fields that all of them have are shown. An example that two of them have is one item.
    Raises `UsageError` where such datasets cannot be judged together.
    """
    question = _question([each.source for each in drawn])
    fields, hidden = _fields(drawn, question, text)
    labels = {label_text(label): label for each in drawn for label in each.source.labels} if question == "label" else {}
    items = {
        name: Item(
            name,
            [(field, _shown(example[field])) for field in fields if field in example],
            [label_text(choice) for choice in each.source.choices_of(example)]
            if question == "answer" or each.source.options is not None
            else list(labels),
        )
        for each in drawn
        for name, example in each.examples.items()
    }
    order = sorted(items, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    descriptions = {each.source.description for each in drawn}
    return Sample(
        [items[name] for name in order], question, hidden, descriptions.pop() if len(descriptions) == 1 else ""
    )


def _question(sources: Sequence[SourceDataset]) -> Question:
    """What is asked of all: a label, also where some of them have none. Raises `UsageError`."""
    questions = {source.question for source in sources}
    brings = {source.options is not None for source in sources if source.question == "label"}
    if questions == {"label", "valid"} and brings == {False}:
        return "label"
    if len(questions) > 1 or len(brings) > 1:
        said = {"label": "fixed labels", "answer": "open answers", "valid": "no labels"}
        kinds = [
            f"{source.path} has {'options of each example' if source.options else said[source.question]}"
            for source in sources
        ]
        raise UsageError(
            f"these datasets would give themselves away: {join(kinds, 'and')}",
            hint="Judge them one by one, or say which field is the label: --label FIELD.",
        )
    return questions.pop()


def _fields(drawn: Sequence[Drawn], question: Question, text: Sequence[str]) -> tuple[list[str], list[str]]:
    """The fields that are shown, and those that are not because one of several datasets lacks them."""
    of_each = [dict.fromkeys(name for example in each.examples.values() for name in example) for each in drawn]
    answers = [each.source.label for each in drawn] if question == "answer" else []
    blind: set[Any] = set() if question == "answer" else {each.source.label for each in drawn}
    blind |= {each.source.options for each in drawn}
    if text:
        for each, known in zip(drawn, of_each, strict=True):
            for name in text:
                known_field(name, known, each.source.path)
        return [*dict.fromkeys([*text, *(name for name in answers if name)])], []
    every = [name for name in dict.fromkeys(name for fields in of_each for name in fields) if name not in blind]
    shared = [name for name in every if all(name in fields for fields in of_each)]
    if not shared or any(name not in shared for name in answers):
        path, fields = drawn[0].source.path, [*of_each[0]]
        raise UsageError(
            "there is no field to judge by that all datasets have",
            hint=f"Those of {path} are {join(map(code, fields[:10]), 'and')}; rename those of the others.",
        )
    return shared, [name for name in every if name not in shared]


def given_labels(drawn: Sequence[Drawn]) -> Mapping[str, str | None]:
    """The label that each example was given, by its id."""
    return {name: each.source.label_of(example) for each in drawn for name, example in each.examples.items()}


def _shown(value: Json) -> str:
    """A value as text: a text as it is, anything else as JSON."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        return "(nested too deeply to be shown)"
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … ({len(text) - LONGEST:,} more characters are not shown)"
