"""The embedded model's profile: how a model of 135 million parameters is asked so that something useful comes back.

Such a model imitates; it does not follow instructions. So the rendered instruction, written for models that do, stays
out of its prompt: what it gets is the recipe's description, the formatting example as a turn of its own, and a short
request with the values of `vary`. Everything else that the instruction would ask for is held by the response schema,
which this model's engine turns into a grammar: it *cannot* write another label, field or number of examples.

All bounds of that schema are taken from the recipe's seed examples by rules that know no recipe:

- *Labels by position.* In a fixed label space each item's label is set by its place, evenly, and comes before the text
  whatever the seed's order is: the model writes a text for a label far better than it judges one. (Fields come back in
  the seed's order all the same: the loop sorts them.)
- *Form.* A text is about as long as the seeds' texts, in the same kind of characters, begins in the same case and ends
  as the seeds end. Whether it is a question may differ by label; nothing else does, or form would give the label away.
- *Openings.* A question opens with the first word of one of the seeds' questions: that word decides what kind of
  question it is. More seed examples with other openings make the questions more varied.

All of this has one version, which is part of the profile's name: who gets other requests than before is told so.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from datarecipe.exchange import canonical_json

if TYPE_CHECKING:
    from datarecipe.exchange import Example, Json
    from datarecipe.recipe.model import Recipe

EMBEDDED_VERSION: Final = 1
"""Changes whenever the same recipe would be asked otherwise."""

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

_LONGEST_PATTERN: Final = 600
"""Characters. Beyond it a text's shape is bounded by length alone: the grammar grows with the bound."""

_LONGEST_BOUND: Final = 1500
"""Characters. The engine refuses repetitions much beyond it, so longer texts are bounded by `max_tokens` alone."""

_LATIN_END: Final = 0x250
"""First code point after the Latin blocks."""

_LONGEST_WORD: Final = 18
"""Characters of a word in a phrase of a few words."""

_QUESTION_MARKS: Final = "?？؟;՞"
_SENTENCE_MARKS: Final = ".,;:!?()"
_INNER_MARKS: Final = ";:!?？！؟()"
"""Signs that stand within a text only where they do in a seed's: they begin a second sentence, or an aside."""

_MARKUP: Final = "[]{}<>|_*#@^~=`$%/\\+&"
"""Signs that a small model fills forms with. They are written only where a seed's text holds them."""


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
    messages = [("system", recipe.description or _first_lines(instruction))]
    for shown in (*plan.companions(example), example):
        messages.append(("user", "Write 1 example."))
        messages.append(("assistant", _reply_text(recipe, shown)))
    about = ", ".join(str(value) for value in vary.values()) or _subject(recipe, example)
    asked = "1 example" if plan.count == 1 else f"{plan.count} different examples"
    messages.append(("user", f"Write {asked} about {about}." if about else f"Write {asked}."))
    return tuple(messages)


def embedded_schema(recipe: Recipe) -> dict[str, Json]:
    """The schema of the reply, from which the engine makes the grammar; for this engine alone, it is not portable."""
    plan = _Plan(recipe)
    items = [plan.item(place) for place in range(plan.count)]
    examples: dict[str, Json] = {
        "type": "array",
        "prefixItems": cast("list[Json]", items),
        "minItems": len(items),
        "maxItems": len(items),
    }
    return _object({"examples": examples})


def wire_fields(recipe: Recipe) -> tuple[str, ...]:
    """The order in which the model writes the fields: the seed's, but options and label first for fixed labels."""
    if recipe.labels.kind != "fixed":
        return recipe.fields
    first = [name for name in (recipe.task.options_field, recipe.task.label_field) if name in recipe.fields]
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


def _first_lines(instruction: str) -> str:
    """The first paragraph or so of an instruction, as long as the model can keep in mind."""
    return " ".join(instruction.split())[:400]


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": cast("list[Json]", list(properties)),
        "additionalProperties": False,
    }


class _Plan:
    """What one reply is to hold: how many items, which label and which openings at each place."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._fixed = recipe.labels.kind == "fixed"
        self._per_example = recipe.labels.kind == "per_example"
        self._seeds = recipe.seed_examples
        self.count = self._count()

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
        labels = len(self._recipe.labels.values) if self._fixed else 1
        return count - count % labels if 1 <= labels <= count else count

    def companions(self, example: Example) -> tuple[Example, ...]:
        """What is shown before the formatting example: one more seed example, of another label where labels are fixed."""
        label = self._recipe.task.label_field
        others = [seed for seed in self._seeds if seed != example]
        if self._fixed:
            others = [seed for seed in others if seed.get(label) != example.get(label)]
        return tuple(others[:1])

    def item(self, place: int) -> dict[str, Json]:
        """The schema of the item at `place`."""
        label_field, options_field = self._recipe.task.label_field, self._recipe.task.options_field
        labels = self._labels(place)
        properties: dict[str, Json] = {}
        for name in wire_fields(self._recipe):
            if self._fixed and name == options_field:
                properties[name] = {"const": list(self._recipe.labels.values)}
            elif self._fixed and name == label_field:
                properties[name] = {"enum": labels}
            else:
                properties[name] = self._field(name, place, labels)
        return _object(properties)

    def _labels(self, place: int) -> list[Json]:
        """The labels that the item at `place` may bear: one, or its share where there are more labels than places."""
        labels = list(self._recipe.labels.values)
        if not labels:
            return []
        if len(labels) <= self.count:
            return [labels[place % len(labels)]]
        return cast("list[Json]", labels[place :: self.count])

    def _field(self, name: str, place: int, labels: list[Json]) -> dict[str, Json]:
        task = self._recipe.task
        own = self._declared(name)
        if self._per_example and name == task.options_field:
            shape = _shape([option for seed in self._seeds for option in _list(seed[name])], own)
            wanted = self._recipe.labels.options
            return {"type": "array", "items": shape, "minItems": wanted, "maxItems": wanted}
        if self._per_example and name == task.label_field and task.options_field is not None:
            # A grammar cannot say "one of the options above"; it can say "something like an option".
            options = [option for seed in self._seeds for option in _list(seed[task.options_field])]
            return _shape(options, own)
        values = [seed[name] for seed in self._seeds if name in seed]
        if not all(isinstance(value, str) for value in values):
            return _shape(values, own)
        texts = cast("list[str]", values)
        of_label = [seed[name] for seed in self._seeds if name in seed and seed.get(task.label_field) in labels]
        form = _Form.of(texts, cast("list[str]", of_label) or texts, self._group(place))
        return form.schema(own)

    def _group(self, place: int) -> tuple[int, int]:
        """(group, groups) of a place: the openings are dealt out to groups of places.

        A group holds each label once, so that no opening belongs to a label.
        """
        labels = len(self._recipe.labels.values) if self._fixed else 1
        if labels > self.count:
            return 0, 1
        return place // labels, max(1, self.count // labels)

    def _declared(self, name: str) -> Mapping[str, Json]:
        """What the recipe's own schema says of a field. An inferred one says nothing that the seeds do not."""
        if self._recipe.schema_inferred:
            return {}
        properties = self._recipe.schema.get("properties")
        declared = properties.get(name) if isinstance(properties, Mapping) else None
        return declared if isinstance(declared, Mapping) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _shape(values: Sequence[Json], declared: Mapping[str, Json]) -> dict[str, Json]:
    """A schema of values like these; the first value's type counts. `declared`: what the recipe's schema says."""
    for keyword in ("enum", "const"):
        if keyword in declared:
            return {keyword: declared[keyword]}
    first = values[0] if values else None
    alike = [value for value in values if type(value) is type(first)]
    shape: dict[str, Json] = {"type": "null"}
    match first:
        case bool():
            shape = {"type": "boolean"}
        case int():
            shape = _integer(cast("list[int]", alike), declared)
        case float():
            shape = {"type": "number"}
        case str():
            texts = cast("list[str]", alike)
            shape = _Form.of(texts, texts, None).schema(declared)
        case list():
            shape = _array(cast("list[list[Json]]", alike), declared)
        case dict():
            shape = _mapping(cast("list[dict[str, Json]]", alike), declared)
    return shape


def _integer(values: Sequence[int], declared: Mapping[str, Json]) -> dict[str, Json]:
    """Whole numbers of the seeds' sign and about their size."""
    size = 10 ** (len(str(max(abs(value) for value in values))) + 1) - 1
    low = declared.get("minimum", -size if min(values) < 0 else 0)
    high = declared.get("maximum", size)
    return {"type": "integer", "minimum": low, "maximum": high}


def _array(values: Sequence[list[Json]], declared: Mapping[str, Json]) -> dict[str, Json]:
    """Lists of about the seeds' lengths, of items like theirs."""
    lengths = [len(value) for value in values]
    items = [item for value in values for item in value]
    own = declared.get("items")
    return {
        "type": "array",
        "items": _shape(items, own if isinstance(own, Mapping) else {}),
        "minItems": declared.get("minItems", min(lengths)),
        "maxItems": declared.get("maxItems", max(1, *lengths) + 1),
    }


def _mapping(values: Sequence[dict[str, Json]], declared: Mapping[str, Json]) -> dict[str, Json]:
    """Mappings with the first seed's keys."""
    own = declared.get("properties")
    properties: dict[str, Json] = {}
    for name in values[0]:
        inner = own.get(name) if isinstance(own, Mapping) else None
        shape = _shape([value[name] for value in values if name in value], inner if isinstance(inner, Mapping) else {})
        properties[name] = shape
    return _object(properties)


# The form of a text


@dataclass(frozen=True, slots=True)
class _Form:
    """What texts like the seeds' look like."""

    shortest: int
    longest: int
    """Characters, of the whole text."""
    first: str
    """A character class: how a text begins."""
    inner: str
    """A character class: what may stand in a text."""
    last: str
    """A character class: how it ends; empty where anything may."""
    openings: tuple[str, ...]
    words: int
    """How many words at most, where texts are names or short phrases; 0 for sentences and scripts without spaces."""
    letter: str
    """A character class: what may stand in a word."""
    plain: bool
    """Whether the text can be described by a pattern at all."""

    @classmethod
    def of(cls, texts: Sequence[str], same_label: Sequence[str], group: tuple[int, int] | None) -> _Form:
        """The form of all `texts`, as far as it is the same for all labels; questions as among `same_label`."""
        lengths = [len(text) for text in texts if text] or [40]
        asks = [_is_question(text) for text in same_label]
        question = all(asks)
        kin = [text for text in texts if text and _is_question(text) == question] or list(texts)
        ends = {text[-1] for text in kin if text}
        closed = bool(ends) and all(_is_sign(end) for end in ends) and len(set(asks)) == 1
        inside = {c for text in texts for c in text[:-1]}
        unheard = {mark for mark in _INNER_MARKS if not any(mark in text[:-1] for text in kin)}
        single = closed and not any(end in text[:-1] for text in kin for end in ends)
        absent = unheard | (ends if single else set())
        return cls(
            shortest=max(1, min(lengths) // 2),
            longest=max(lengths) * 9 // 5 + (40 if closed else 6),
            first=_first_class(texts),
            inner=_class(texts, without=absent),
            last=_last_class(ends, closed=closed),
            openings=_openings(kin, group) if question and group is not None else (),
            words=0 if closed else _most_words(texts),
            letter=_class(texts, without=absent | {" "}),
            plain=max(lengths) <= _LONGEST_PATTERN and not inside & set('\n\r\t"\\'),
        )

    def schema(self, declared: Mapping[str, Json]) -> dict[str, Json]:
        """This form as a schema; the recipe's own bounds and choices win."""
        for keyword in ("enum", "const"):
            if keyword in declared:
                return {keyword: declared[keyword]}
        low, high = _bound(declared, "minLength", self.shortest), _bound(declared, "maxLength", self.longest)
        low = min(low, high)
        if not self.plain:
            bounded = {"maxLength": high} if high <= _LONGEST_BOUND else {}
            return {"type": "string", "minLength": min(low, _LONGEST_BOUND), **bounded}
        if self.openings:
            opening = f"({'|'.join(self.openings)}) "
            used = max(len(word) for word in self.openings) + 1
        else:
            opening, used = self.first, 1
        # No space before the end mark: a text that reaches its bound would show one.
        end = f"{self.letter}{self.last}" if self.last else ""
        used += 2 if self.last else 0
        if self.words:
            return {"type": "string", "pattern": self._few_words()}
        rest = f"{self.inner}{{{max(0, low - used)},{max(0, high - used)}}}"
        return {"type": "string", "pattern": f"^{opening}{rest}{end}$"}

    def _few_words(self) -> str:
        """Some words with single spaces between them, the first one beginning as the seeds do."""
        more = f"( {self.letter}{{1,{_LONGEST_WORD}}}){{0,{self.words - 1}}}" if self.words > 1 else ""
        return f"^{self.first}{self.letter}{{0,{_LONGEST_WORD}}}{more}$"


def _most_words(texts: Sequence[str]) -> int:
    """How many words a name or phrase may have; 0 where the texts are no such thing."""
    characters = {c for text in texts for c in text}
    most = max((len(text.split(" ")) for text in texts), default=0)
    if most > 4 or characters & set(_SENTENCE_MARKS) or not all(ord(c) < _LATIN_END for c in characters):
        return 0
    return max(2, most + 1)


def _bound(declared: Mapping[str, Json], keyword: str, derived: int) -> int:
    value = declared.get(keyword)
    return value if isinstance(value, int) and not isinstance(value, bool) else derived


def _is_question(text: str) -> bool:
    return text.rstrip()[-1:] in _QUESTION_MARKS and bool(text.strip())


def _is_sign(character: str) -> bool:
    """Whether a text that ends so has an end mark: neither letter, digit, vowel sign nor space."""
    return not character.isalnum() and not character.isspace() and character.isprintable() and _width(character)


def _width(character: str) -> bool:
    """Whether it stands by itself: the vowel signs of many scripts are marks on a letter, and no punctuation."""
    return not unicodedata.category(character).startswith("M")


def _openings(questions: Iterable[str], group: tuple[int, int] | None) -> tuple[str, ...]:
    """The first words of the questions that belong to a group of places; none where words are not set apart."""
    words = list(dict.fromkeys(text.split(" ", 1)[0] for text in questions if text.count(" ") >= 2))
    if not words or group is None or not all(word.lstrip("¿¡").isalpha() for word in words):
        return ()
    groups = max(1, min(group[1], len(words)))
    return tuple(words[group[0] % groups :: groups])


def _first_class(texts: Sequence[str]) -> str:
    """How texts begin: in the case of the seeds, or with anything but a space."""
    first = [text[0] for text in texts if text]
    if first and all("A" <= c <= "Z" for c in first):
        return "[A-Z]"
    if first and all("a" <= c <= "z" for c in first):
        return "[a-z]"
    return _class(texts, without={" "})


def _last_class(ends: set[str], *, closed: bool) -> str:
    """How texts end: with one of the seeds' end marks; with a letter or digit where the Latin seeds do; else anyhow."""
    if closed:
        return f"[{''.join(map(_quoted, sorted(ends)))}]"
    if ends and all(end.isalnum() and ord(end) < _LATIN_END for end in ends):
        return "[0-9A-Za-zÀ-ɏ]"
    return ""


def _class(texts: Sequence[str], *, without: set[str]) -> str:
    """What may stand in a text: no control characters, nothing that JSON would escape, no markup the seeds lack.

    Texts in Latin script stay in it; for any other script nothing else is shut out.
    """
    held = {c for text in texts for c in text}
    absent = {c for c in _MARKUP if c not in held}
    if not held & set(_SENTENCE_MARKS):
        absent |= set(_SENTENCE_MARKS)
    barred = {*'"\\'} | absent | without
    if all(ord(c) < _LATIN_END for c in held):
        ascii_ = "".join(_ranges(c for c in map(chr, range(0x20, 0x7F)) if c not in barred))
        other = "".join(sorted(c for c in held - barred if 0x7F < ord(c) < 0xC0))
        return f"[{ascii_}{other}À-ɏ]"
    return f"[^{''.join(_quoted(c) for c in sorted(barred))}\\x00-\\x1f\\x7f]"


def _ranges(characters: Iterable[str]) -> Iterable[str]:
    """Runs of neighbouring characters as a character class writes them."""
    runs: list[list[str]] = []
    for character in characters:
        if runs and ord(character) == ord(runs[-1][-1]) + 1:
            runs[-1].append(character)
        else:
            runs.append([character])
    for run in runs:
        yield "".join(map(_quoted, run)) if len(run) < 3 else f"{_quoted(run[0])}-{_quoted(run[-1])}"


def _quoted(character: str) -> str:
    """A character as it stands within a character class.

    By number where it means something there: the engine drops a whole pattern for an escape that it does not know.
    """
    return f"\\x{ord(character):02x}" if character in "\\]^-[" else character
