"""The embedded model's profile: how a model of 135 million parameters is asked so that something useful comes back.

Such a model imitates; it does not follow instructions. So its prompt leaves the rendered instruction out, and has the
recipe's description, the formatting example as a turn of its own, and a short request with the values of `vary`. The rest
is in the response schema, which its engine turns into a grammar: it *cannot* write another label, field or number of
examples. All bounds are taken from the seed examples:

- *Labels by position.* In a fixed label space each item's label is set by its place, evenly, and comes before the text: the
  model writes a text for a label far better than it judges one. (The loop sorts the fields.) Where there are more labels
  than items in a reply, the next request goes on with the next labels.
- *Form.* A text looks like the seeds' texts (`embedded_grammar.py`). Whether it is a question may differ by label; nothing
  else does, or form would give the label away.
- *Openings.* A question opens with the first word of one of the seeds' questions: that word decides what kind it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from math import gcd
from typing import TYPE_CHECKING, Final, cast

from datarecipe.exchange import canonical_json
from datarecipe.generate.prompt.embedded_grammar import (
    Form,
    Path,
    array_of,
    as_list,
    as_mapping,
    dialogue_shape,
    nested_texts,
    object_schema,
    shape_of,
    texts_at,
)
from datarecipe.generate.prompt.wanted_values import cycle_of
from datarecipe.recipe.example_schema.dialogue import dialogues

if TYPE_CHECKING:
    from datarecipe.exchange import Example, Json
    from datarecipe.recipe.recipe import Recipe

EMBEDDED_VERSION: Final = 3
"""Changes whenever the same recipe would be asked otherwise, or the same reply taken otherwise."""

EMBEDDED_SAMPLING: Final[Mapping[str, Json]] = {
    "temperature": 0.9,
    "min_p": 0.05,
    # Against runs of words that stood in the prompt or the reply before: without it up to a third of the items are copies.
    # Quotation marks end a run, so fields, labels and a short answer copied from its options are not touched.
    "dry_multiplier": 0.8,
    "dry_base": 1.75,
    "dry_allowed_length": 2,
    "dry_penalty_last_n": 2048,
}
"""Defaults of sampling, under what the recipe says."""

_SLOT_TOKENS: Final = 1900
"""What prompt and reply may take together; a slot of the engine holds 2,048, and the chat template needs some."""

_SUBJECTS: Final = (
    *("work", "school", "money", "food", "cooking", "gardens", "animals", "weather", "travel", "cars", "trains"),
    *("hotels", "shops", "clothes", "music", "films", "books", "sport", "games", "phones", "computers", "friends"),
    *("neighbours", "children", "parents", "holidays", "birthdays", "health", "doctors", "letters", "houses"),
    *("furniture", "tools", "rivers", "mountains", "oceans", "cities", "villages", "night", "morning"),
)
"""Everyday subjects for recipes without `vary`."""


def embedded_messages(
    recipe: Recipe, instruction: str, example: Example, vary: Mapping[str, Json]
) -> tuple[tuple[str, str], ...]:
    """The messages: (role, text) in order.

    `instruction` is the rendered instruction; it is used, cut short, only where the recipe has no description.
    """
    plan = _Plan(recipe)
    messages = [("system", recipe.description or " ".join(instruction.split())[:400])]
    for shown in (*plan.companions(example), example):
        messages.append(("user", "Write 1 example."))
        messages.append(("assistant", _reply_text(recipe, shown)))
    about = ", ".join(str(value) for value in vary.values()) or _subject(recipe, example)
    asked = "1 example" if plan.count == 1 else f"{plan.count} different examples"
    messages.append(("user", f"Write {asked} about {about}." if about else f"Write {asked}."))
    return tuple(messages)


def items_of(recipe: Recipe) -> int:
    """How many items a request asks for."""
    return _Plan(recipe).count


def rotations(recipe: Recipe) -> int:
    """How many requests it takes until the next begins with the first label again; 1 where each holds all labels, and
    where `filters.balance` deals them out.
    """
    plan = _Plan(recipe)
    if plan.balances_labels:
        return 1
    return plan.labels // gcd(plan.labels, plan.count) if plan.labels > plan.count else 1


def cut_off_texts(recipe: Recipe) -> Callable[[Example], str | None]:
    """Which field of an example, if any, holds a text that ends where it had to, and may be in mid sentence.

    The grammar ends most texts at their longest with a mark of the seeds', whatever they say by then.
    """
    patterns = [(path, re.compile(pattern)) for path, pattern in sorted(_Plan(recipe).cut_off(), key=repr)]

    def cut(example: Example) -> str | None:
        texts = ((path, text, pattern) for path, pattern in patterns for text in texts_at(example, path))
        return next((str(path[0]) for path, text, pattern in texts if pattern.fullmatch(text)), None)

    return cut


def embedded_schema(recipe: Recipe, rotation: int = 0, wanted: int = 0) -> dict[str, Json]:
    """The schema of the reply, from which the engine makes the grammar; for this engine alone, it is not portable.

    Where there are more labels than items, number `rotation` goes on with the labels where the one before ended. `wanted` is
    where the values of `filters.balance` begin.
    """
    plan = _Plan(recipe, rotation, wanted)
    return object_schema({"examples": array_of([plan.item(place) for place in range(plan.count)])})


def wire_fields(recipe: Recipe) -> tuple[str, ...]:
    """The order in which the model writes the fields: the seed's, but first what is set: options and label, where labels
    are fixed, and what `filters.balance` balances.
    """
    of_labels = (recipe.task.options_field, recipe.task.label_field) if recipe.labels.kind == "fixed" else ()
    balance = recipe.filters.balance
    first = dict.fromkeys(name for name in (*of_labels, balance and balance.field) if name in recipe.fields)
    return (*first, *(name for name in recipe.fields if name not in first))


def _reply_text(recipe: Recipe, example: Example) -> str:
    ordered = {name: example[name] for name in wire_fields(recipe) if name in example}
    return json.dumps({"examples": [ordered]}, ensure_ascii=False)


def _subject(recipe: Recipe, example: Example) -> str:
    """Where a recipe varies nothing, a subject by the formatting example; none at the seeds, which come again and again.

    Without any the model goes on writing about the seeds' own subjects.
    """
    if example in recipe.seed_examples:
        return ""
    digest = hashlib.blake2b(canonical_json(example).encode(), digest_size=4).digest()
    return _SUBJECTS[int.from_bytes(digest, "big") % len(_SUBJECTS)]


class _Plan:
    """What one reply is to hold: how many items, which label and which openings at each place."""

    def __init__(self, recipe: Recipe, rotation: int = 0, wanted: int = 0) -> None:
        self._recipe = recipe
        self._fixed = recipe.labels.kind == "fixed"
        balance = recipe.filters.balance
        self.balances_labels = balance is not None and balance.field == recipe.task.label_field
        self._balanced = () if balance is None else (*cycle_of(balance),)
        self._in_turn = self._balanced if self.balances_labels else recipe.labels.values
        """The labels in turn, where they are listed."""
        self.labels = len(self._in_turn) if self._fixed else 1
        self._per_example = recipe.labels.kind == "per_example"
        self._seeds = recipe.seed_examples
        self._dialogues = dialogues(recipe.seed_examples)
        self.count = self._count()
        self._wanted = wanted
        self._first_label = wanted if self.balances_labels else rotation * self.count

    def _count(self) -> int:
        """As many items as the recipe asks for; fewer where they do not fit a slot, or would not balance the labels.

        One where each brings options of its own: in a list the model repeats options from item to item. Three runs each,
        final settings: 68 of 120 items valid by ones, 33 of 75 by fives, and about as many accepted a minute.
        """
        if self._per_example:
            return 1
        longest = max(len(_reply_text(self._recipe, seed).encode()) for seed in self._seeds) / 3
        room = _SLOT_TOKENS - len(self._recipe.description.encode()) / 3 - 2 * longest
        count = max(1, min(self._recipe.batch_size, int(room / (1.5 * longest))))
        return count - count % self.labels if 1 <= self.labels <= count else count

    def companions(self, example: Example) -> tuple[Example, ...]:
        """What is shown before the formatting example: one more seed example, of another label where labels are fixed."""
        others = [seed for seed in self._seeds if seed != example]
        if self._fixed:
            others = [seed for seed in others if self._label_of(seed) != self._label_of(example)]
        return tuple(others[:1])

    def _label_of(self, example: Example) -> Json:
        label_field = self._recipe.task.label_field
        return None if label_field is None else example.get(label_field)

    def item(self, place: int) -> dict[str, Json]:
        label_field, options_field = self._recipe.task.label_field, self._recipe.task.options_field
        labels, balance = self._labels(place), self._recipe.filters.balance
        properties: dict[str, Json] = {}
        for name in wire_fields(self._recipe):
            if self._fixed and name == options_field:
                properties[name] = {"const": list(self._recipe.labels.values)}
            elif self._fixed and name == label_field:
                properties[name] = {"enum": labels}
            elif balance is not None and name == balance.field:
                properties[name] = {"enum": [self._balanced[(self._wanted + place) % len(self._balanced)]]}
            else:
                properties[name] = self._field(name, place, labels)
        return object_schema(properties)

    def _labels(self, place: int) -> list[Json]:
        """The label that the item at `place` bears: all in turn, over items and requests. None if labels are open."""
        labels = self._in_turn if self._fixed else ()
        return [labels[(self._first_label + place) % len(labels)]] if labels else []

    def _field(self, name: str, place: int, labels: list[Json]) -> dict[str, Json]:
        task = self._recipe.task
        own = self._declared(name)
        if self._per_example and task.options_field is not None and name in (task.options_field, task.label_field):
            # A grammar cannot say that the label is one of the options; it can say "something like an option".
            shape = shape_of([option for seed in self._seeds for option in as_list(seed[task.options_field])], own)
            wanted = self._recipe.labels.options
            array: dict[str, Json] = {"type": "array", "items": shape, "minItems": wanted, "maxItems": wanted}
            return shape if name == task.label_field else array
        dialogue = self._dialogues.get(name)
        if dialogue is not None:
            return dialogue_shape(cast("list[list[dict[str, Json]]]", self._values(name)), dialogue)
        form = self._form(name, self._group(place), labels)
        return shape_of(self._values(name), own) if form is None else form.schema(own)

    def _values(self, name: str) -> list[Json]:
        return [seed[name] for seed in self._seeds if name in seed]

    def _form(self, name: str, group: tuple[int, int], labels: list[Json]) -> Form | None:
        texts = self._values(name)
        if not all(isinstance(text, str) for text in texts):
            return None
        of_label = [seed[name] for seed in self._seeds if name in seed and self._label_of(seed) in labels]
        return Form.of(cast("list[str]", texts), cast("list[str]", of_label or texts), group)

    def cut_off(self) -> set[tuple[Path, str]]:
        """Of the texts of all items: (where they stand, pattern of those that were ended by their bound)."""
        # A label that no seed example has is written in the form of all.
        labels = [[], *([self._label_of(seed)] for seed in self._seeds)] if self._fixed else [[]]
        groups = {self._group(place) for place in range(self.count)}
        forms = (
            (name, self._form(name, group, label))
            for name in self._recipe.text_fields
            for group in groups
            for label in labels
        )
        patterns: list[tuple[Path, str | None]] = [
            ((name,), form.cut_off(self._declared(name))) for name, form in forms if form is not None
        ]
        if self._recipe.schema_inferred:
            patterns += (
                ((name, *path), Form.of(texts, texts, None).cut_off({}))
                for name in self._recipe.text_fields
                for path, texts in nested_texts(self._values(name), self._dialogues.get(name))
            )
        return {(path, pattern) for path, pattern in patterns if pattern is not None}

    def _group(self, place: int) -> tuple[int, int]:
        """(group, groups) of a place: the openings are dealt out to groups of places.

        A group holds each label once, so that no opening belongs to a label.
        """
        if self.labels > self.count:
            return 0, 1
        return place // self.labels, max(1, self.count // self.labels)

    def _declared(self, name: str) -> Mapping[str, Json]:
        """What the recipe's own schema says of a field. An inferred one says nothing that the seeds do not."""
        if self._recipe.schema_inferred:
            return {}
        return as_mapping(as_mapping(self._recipe.schema.get("properties")).get(name))
