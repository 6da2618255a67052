"""Replies of a model, made out of right ones, under many recipes; and what must hold of every one of them.

`python -m tests.fuzz replies --count N`. Whatever a reply is, the loop takes it: everything that came is an accepted example
or a row, lines are JSON, the same reply gives the same result twice, and time grows with the characters.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from datarecipe.characters import nfd
from datarecipe.errors import DatarecipeError
from datarecipe.exchange import Complete, FinishReason, Json
from datarecipe.generate.events import Accepted, Committed, Event, RejectedItem
from datarecipe.generate.generation import Generation
from datarecipe.recipe import Filters, LabelSpace, Length, NearDuplicates, Patterns, Recipe, Task
from datarecipe.recipe.example_schema.inferred_schema import infer_schema
from datarecipe.recipe.held_out.held_out_texts import Decontaminate, HeldOutFile, HeldOutText
from datarecipe.recipe.recipe import Balance, Language
from tests.fuzz.items import schema_of
from tests.generate.hostile_replies import HOSTILE
from tests.generate.recipes import completion, make_recipe, settings

CLASSIFY = Task("classification", "label", None)
CHOOSE = Task("multiple_choice", "answer", "options")
SECONDS, SECONDS_PER_CHARACTER = 6.0, 200e-6
"""Of the processor, for a reply. What the steps of a schema allow takes half a second on a quiet machine, and three times as
long on one that others use."""

MOST_ROWS = 120
"""Examples and rows of one reply, where five examples were asked for."""

FINISHES: Mapping[FinishReason, int] = {
    "stop": 12,
    "length": 4,
    "refusal": 1,
    "content_filter": 1,
    "context_overflow": 1,
}
"""Ways in which a reply ends, and how often."""


class BrokenPromiseError(AssertionError):
    """Something that must hold of every reply does not."""


@dataclass(frozen=True)
class Replies:
    """An input: a recipe and what is replied to its first requests."""

    recipe: Recipe
    texts: tuple[str, ...]
    finish: tuple[FinishReason, ...]

    def told(self) -> Json:
        """What a report shows of it."""
        return {
            "seed_example": dict(self.recipe.seed_examples[0]),
            "labels": list(self.recipe.labels.values),
            "strategy": self.recipe.strategy.kind,
            "schema": dict(self.recipe.schema),
            "replies": list(self.texts),
            "finish": list(self.finish),
        }


def _recipe(seed: dict[str, Any], task: Task, labels: LabelSpace, **changes: Any) -> Recipe:
    values: dict[str, Any] = {"seed_examples": (seed,), "task": task, "labels": labels, "vary": {}, "target_size": 12}
    values["schema"] = infer_schema([seed], task, labels)
    return make_recipe(changes.pop("kind", "fixed"), instruction="Write.", **{**values, **changes})


HELD_OUT = Decontaminate((HeldOutFile("test.txt", "0" * 64, (
    HeldOutText("See you at nine in the morning", 1, ""), HeldOutText("Win", 2, ""), HeldOutText("a b c " * 20, 3, ""),
)),))  # fmt: skip

RECIPES: Sequence[Recipe] = (
    _recipe({"text": "See you at nine", "label": "ham"}, CLASSIFY, LabelSpace("fixed", ("ham", "spam"))),
    _recipe({"text": "a", "label": 1}, CLASSIFY, LabelSpace("fixed", (1, 0, True, "1")), kind="tree"),
    _recipe({"réponse": "ça", "étiquette": "négatif"}, Task("custom", "étiquette", None),
            LabelSpace("fixed", ("négatif", "positif")), kind="random"),
    _recipe({"question": "q", "options": ["yes", "no"], "answer": "yes"}, CHOOSE, LabelSpace("fixed", ("yes", "no"))),
    _recipe({"question": "q", "options": ["a", "b", "c"], "answer": "a"}, CHOOSE, LabelSpace("per_example", options=3),
            kind="tree"),
    _recipe({"question": "q", "answer": "a"}, Task("open", "answer", None), LabelSpace("open")),
    _recipe({"text": "t", "spans": [{"from": 1, "kind": "x"}], "tags": [], "score": 0.5, "label": "yes"}, CLASSIFY,
            LabelSpace("fixed", ("yes", "no")), kind="tree"),
    _recipe({"examples": ["a"], "label": "x"}, CLASSIFY, LabelSpace("fixed", ("x", "y"))),
    _recipe({"text": "See you at nine", "label": "ham"}, CLASSIFY, LabelSpace("fixed", ("ham", "spam")), kind="tree",
            filters=Filters(length={"text": Length(min_characters=2)}, patterns={"text": Patterns(forbid=("(a|b)+c",))},
                            leakage=True, refusals=True, language=Language(("en", "ja")), decontaminate=HELD_OUT,
                            near_duplicates=NearDuplicates(threshold=0.5, embedding=0.8))),
    _recipe({"text": "t x", "spans": [{"from": 1, "kind": "x"}], "label": 1}, CLASSIFY, LabelSpace("fixed", (1, 0)),
            kind="similar", filters=Filters(copies={"spans.kind": "text"}, near_duplicates=NearDuplicates(contrast="keep"),
                                            balance=Balance("label", (1, 0), (3, 2), window=3))),
)  # fmt: skip

TEXTS = (
    "", " ", "\n", "a" * 400, "\x00", "\x1b[31m", "\x7f", "\x85", "\ud800", "\u202eabc", "\u2028", "e\u0301",
    "\U00010efd\u0301", "\uffff", "İ", "ſ", "１", "<think>", "</think>", "```json", '{"text": "a", "label": "ham"}',
    "\\frac{1}{2}", "$\\times$", '"', "'", "null", "NaN", "[THINK]", "<|channel|>final<|message|>", "Ham ", "SPAM",
    "yes", "1", "1.0", "true",
    "日本語", "각\u1100\u1161",
)  # fmt: skip
NUMBERS: Sequence[Json] = (0, 1, -1, 1.0, -0.0, 1e308, 2**61 - 1, 10**30, 10**400, 0.1, True, False, None)
SIGNS = (*'{}[]",:\\', "\\u12", "\\ud800", "<|", "</", "NaN", "-Infinity", "1e999", "9" * 5000)
THINKING = (
    "<think>{}</think>", "<think>\n{}\n</think>\n\n", "[THINK]{}[/THINK]", "{}</think>", "<thinking>{}</thinking>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>", "analysis{}assistantfinal",
    "◁think▷{}◁/think▷", "<reasoning >{}</ reasoning>", "<think>{}", "<THINK>{}</THINK>", "<seed:think>{}</seed:think>",
)  # fmt: skip
PROSE = (
    "",
    "Here they are:\n",
    "Sure! ",
    "Let me know if you need more.",
    "1. ",
    "- ",
    "// note\n",
    "Final answer: ",
    "{ ",
    "] ",
    "\n\n",
)


def make(seed: int, number: int) -> Replies:
    """The input of that number: the same for ever, as long as this file is the same."""
    chance = random.Random(f"{seed} {number}")
    recipe = chance.choice(RECIPES)
    if chance.random() < 0.4:
        schema = schema_of(chance, recipe)
        recipe = replace(recipe, schema=schema, schema_inferred=False)
    texts = tuple(_reply(chance, recipe) for _ in range(chance.choice((1, 1, 2, 3))))
    return Replies(recipe, texts, tuple(chance.choices(list(FINISHES), list(FINISHES.values()), k=len(texts))))


def _reply(chance: random.Random, recipe: Recipe) -> str:
    if chance.random() < 0.12:
        name = chance.choice(sorted(HOSTILE))
        text = HOSTILE[name](chance.choice((50, 300, 2000, 6000)))
    else:
        text = _wrapped(chance, [_item(chance, recipe) for _ in range(chance.choice((0, 1, 1, 2, 3, 5)))])
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 4))):
        text = chance.choice(MUTATIONS)(chance, text)
    # Transports give no half characters.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _value(chance: random.Random, depth: int = 0) -> Json:
    kind = chance.random()
    if depth < 3 and kind < 0.12:
        return [_value(chance, depth + 1) for _ in range(chance.choice((0, 1, 3)))]
    if depth < 3 and kind < 0.2:
        return {chance.choice(TEXTS): _value(chance, depth + 1) for _ in range(chance.choice((0, 1, 3)))}
    return chance.choice(NUMBERS) if kind < 0.45 else chance.choice(TEXTS)


def _item(chance: random.Random, recipe: Recipe) -> Json:
    item: dict[str, Json] = dict(recipe.seed_examples[0])
    for field in recipe.text_fields:
        if isinstance(item[field], str):
            item[field] = f"{item[field]} {chance.randrange(40)}{chance.choice(TEXTS) if chance.random() < 0.3 else ''}"
    if recipe.labels.values:
        item[str(recipe.task.label_field)] = chance.choice(recipe.labels.values)
    for _ in range(chance.choice((0, 0, 0, 0, 1, 1, 3))):
        field = chance.choice([*item, chance.choice(TEXTS)])
        change = chance.random()
        if change < 0.5:
            item[field] = _value(chance)
        elif change < 0.65:
            item.pop(field, None)
        elif change < 0.8:
            item[nfd(field)] = item.pop(field, "a")
        else:
            value = item.get(field)
            item[field] = nfd(value.upper()) if isinstance(value, str) else [value]
    return item if chance.random() < 0.97 else _value(chance)


def _dumped(chance: random.Random, value: Json) -> str:
    indent = chance.choice((None, None, None, 2))
    return json.dumps(value, ensure_ascii=chance.random() < 0.3, indent=indent)


def _listed(chance: random.Random, items: list[Json]) -> str:
    whole: Json = {"examples": items}
    joint = chance.choice(("\n", ", ", "", "\n\n", ";"))
    name = chance.choice(("data", "items", "1", "text"))
    forms: Mapping[Callable[[], str], int] = {
        lambda: _dumped(chance, whole): 40,
        lambda: _dumped(chance, items): 10,
        lambda: joint.join(_dumped(chance, item) for item in items): 10,
        lambda: _dumped(chance, {"examples": [_dumped(chance, item) for item in items]}): 6,
        lambda: _dumped(chance, _dumped(chance, whole)): 6,
        lambda: str(whole): 6,
        lambda: _dumped(chance, whole).replace("}", ",}").replace("]", ",]"): 6,
        lambda: _dumped(chance, {name: {"rows": items}}): 6,
        lambda: "\n".join(f"{number}. {_dumped(chance, item)}" for number, item in enumerate(items, 1)): 10,
    }
    (form,) = chance.choices(list(forms), list(forms.values()))
    return form()


def _wrapped(chance: random.Random, items: list[Json]) -> str:
    text = _listed(chance, items)
    if chance.random() < 0.3:
        text = f"```{chance.choice(('', 'json', 'JSON'))}\n{text}\n```"
    if chance.random() < 0.3:
        text = chance.choice(PROSE) + text + chance.choice(PROSE)
    if chance.random() < 0.25:
        thought = chance.choice((text, "Okay, the user wants", _dumped(chance, items)))
        text = chance.choice(THINKING).replace("{}", thought) + text
    return text


Mutation = Callable[[random.Random, str], str]


def _span(chance: random.Random, text: str) -> tuple[int, int]:
    start = chance.randrange(len(text) + 1)
    return start, min(len(text), start + chance.choice((1, 1, 2, 10, 200)))


def _cut(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _behead(chance: random.Random, text: str) -> str:
    return text[chance.randrange(len(text) + 1) :]


def _drop(chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:start] + text[end:]


def _twice(chance: random.Random, text: str) -> str:
    start, end = _span(chance, text)
    return text[:end] + text[start:end] * chance.choice((1, 1, 3, 40)) + text[end:]


def _insert(chance: random.Random, text: str) -> str:
    start, _ = _span(chance, text)
    odd: str = chance.choice((*TEXTS, *PROSE, *SIGNS))
    return text[:start] + odd + text[start:]


def _hostile(chance: random.Random, text: str) -> str:
    start, _ = _span(chance, text)
    hostile: str = HOSTILE[chance.choice(sorted(HOSTILE))](chance.choice((30, 300, 3000)))
    return text[:start] + hostile + text[start:]


def _replace(chance: random.Random, text: str) -> str:
    old: str = chance.choice(('"', "{", "}", "[", "]", ",", ":", "\\", " ", "a", "label"))
    new: str = chance.choice((*TEXTS, *'{}[]",:\\'))
    return text.replace(old, new, chance.choice((1, 1, 2, -1)))


def _deep(chance: random.Random, text: str) -> str:
    depth = chance.choice((1, 5, 63, 64, 65, 300))
    return "[" * depth + text + "]" * depth


MUTATIONS: Sequence[Mutation] = (
    _cut,
    _cut,
    _behead,
    _drop,
    _drop,
    _twice,
    _insert,
    _insert,
    _insert,
    _hostile,
    _replace,
    _deep,
)


def hold(replies: Replies) -> None:
    """Drive a loop through the replies, twice. Raises `BrokenPromiseError` where a promise is broken."""
    characters = sum(map(len, replies.texts))
    started = time.process_time()
    events = _driven(replies)
    took = time.process_time() - started
    if took > SECONDS + characters * SECONDS_PER_CHARACTER:
        raise BrokenPromiseError(f"took {took:.2f} s for {characters:,} characters")
    if _lines(events) != _lines(_driven(replies)):
        raise BrokenPromiseError("gave something else the second time")


def _driven(replies: Replies) -> list[list[Event]]:
    try:
        generation = Generation(replies.recipe, settings(replies.recipe))
    except DatarecipeError:
        raise BrokenPromiseError("the recipe is wrong") from None
    came: list[list[Event]] = []
    for text, finish in zip(replies.texts, replies.finish, strict=True):
        wanted = next(iter(generation.wanted(8)), None)
        if wanted is None:
            break
        assert isinstance(wanted.request, Complete)
        events = generation.receive(wanted.handle, completion(text, finish))
        _check(replies.recipe, text, events)
        came.append(events)
    return came


def _check(recipe: Recipe, text: str, events: Sequence[Event]) -> None:
    rows = [event for event in events if isinstance(event, RejectedItem)]
    accepted = [event for event in events if isinstance(event, Accepted)]
    committed = [event for event in events if isinstance(event, Committed)]
    if len(committed) != 1 or len(rows) + len(accepted) != committed[0].accepted + committed[0].rejected:
        raise BrokenPromiseError(f"{len(committed)} commits, {len(accepted)} accepted, {len(rows)} rows")
    if not rows and not accepted:
        raise BrokenPromiseError("neither an example nor a row came of it")
    if len(rows) + len(accepted) > min(len(text) // 2 + 1, MOST_ROWS):
        raise BrokenPromiseError(f"{len(rows)} rows of {len(text):,} characters")
    if sum(len(row.raw) for row in rows) > 6 * len(text) + 1000 or any(len(row.detail) > 2000 for row in rows):
        raise BrokenPromiseError("the rows are far longer than the reply")
    for event in accepted:
        if not set(recipe.fields) >= set(event.example) and recipe.schema_inferred:
            raise BrokenPromiseError(f"an example has the fields {list(event.example)}")
        if recipe.labels.values and not any(
            type(event.example.get(str(recipe.task.label_field))) is type(label)
            and event.example[str(recipe.task.label_field)] == label
            for label in recipe.labels.values
        ):
            raise BrokenPromiseError("an example has none of the labels")


def _lines(came: Sequence[Sequence[Event]]) -> list[str]:
    lines = [json.dumps(_plain(event), ensure_ascii=False) for events in came for event in events]
    for line in lines:
        line.encode()
        if any(c < " " for c in line):
            raise BrokenPromiseError("a line holds a control character")
        json.loads(line)
    return lines


def _plain(event: Event) -> Mapping[str, Any]:
    plain = asdict(event)
    plain.pop("response", None)  # the reply itself, which may be anything
    return plain
