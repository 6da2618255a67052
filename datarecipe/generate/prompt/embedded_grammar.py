"""The form of what the embedded model writes: a schema for a value, derived from the values of the seed examples.

By rules that know no recipe: a text is about as long as the seeds' texts, in the same kind of characters, begins in the same
case and ends as the seeds end. The engine makes a grammar of it, so a form that is wrong cannot be written at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias, cast

from datarecipe.characters import is_assigned, with_stand_ins
from datarecipe.exchange import Json
from datarecipe.recipe.example_schema.dialogue import Dialogue

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

_WHOLE: Final = r"[\s\S]*[.!?…。．｡！？؟۔।॥։።][\"'”’»›)\]}）］｝」』】》〉]*\Z"
"""A pattern of the texts that end with a whole sentence: its mark, and what closes behind it."""

_ENDS: Final = ".!?…"
_SENTENCE: Final = re.compile(rf"[^ {_ENDS}][^{_ENDS}]*[{_ENDS}]")
_LENGTHS: Final = frozenset({"minLength", "maxLength"})

_MARKUP: Final = "[]{}<>|_*#@^~=`$%/\\+&"
"""Signs that a small model fills forms with. They are written only where a seed's text holds them."""


def object_schema(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": cast("list[Json]", list(properties)),
        "additionalProperties": False,
    }


def array_of(items: Sequence[Json]) -> dict[str, Json]:
    return {"type": "array", "prefixItems": list(items), "minItems": len(items), "maxItems": len(items)}


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def as_mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def shape_of(values: Sequence[Json], declared: Mapping[str, Json]) -> dict[str, Json]:
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
            shape = Form.of(texts, texts, None).schema(declared)
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
    return {
        "type": "array",
        "items": shape_of(items, as_mapping(declared.get("items"))),
        "minItems": declared.get("minItems", min(lengths)),
        "maxItems": declared.get("maxItems", max(1, *lengths) + 1),
    }


def dialogue_shape(values: Sequence[list[dict[str, Json]]], dialogue: Dialogue) -> dict[str, Json]:
    """A schema for dialogues with the roles of the first seed example, in its order."""
    turns: list[Json] = []
    for turn in values[0]:
        role = turn[dialogue.role_key]
        alike = [other for value in values for other in value if other[dialogue.role_key] == role]
        turns.append(_mapping([turn, *alike], {"properties": {dialogue.role_key: {"const": role}}}))
    return array_of(turns)


def _mapping(values: Sequence[dict[str, Json]], declared: Mapping[str, Json]) -> dict[str, Json]:
    own = as_mapping(declared.get("properties"))
    properties: dict[str, Json] = {}
    for name in values[0]:
        held = [value[name] for value in values if name in value]
        properties[name] = shape_of(held, as_mapping(own.get(name)))
    return object_schema(properties)


# Texts within values

Path: TypeAlias = "tuple[str | tuple[str, str], ...]"
"""Where texts of one form stand: keys from the outside in, through lists as if they were not there. A pair of a key and a
value leads only into the mappings that have it: the turns of one role."""


def nested_texts(values: Sequence[Json], dialogue: Dialogue | None) -> Iterator[tuple[Path, list[str]]]:
    """The texts within lists and mappings, grouped as `shape_of` and `dialogue_shape` give them a form."""
    inner = [item for value in values if isinstance(value, list) for item in value]
    if dialogue is not None:
        for role in dialogue.roles:
            turns = [turn for turn in inner if isinstance(turn, dict) and turn.get(dialogue.role_key) == role]
            for path, texts in nested_texts(cast("list[Json]", [turns]), None):
                if path != (dialogue.role_key,):
                    yield ((dialogue.role_key, role), *path), texts
        return
    if inner:
        texts = [item for item in inner if isinstance(item, str)]
        yield from [((), texts)] if texts else nested_texts(inner, None)
        return
    mappings = [value for value in values if isinstance(value, dict)]
    for name in mappings[0] if mappings else ():
        held = [value[name] for value in mappings if name in value]
        texts = [text for text in held if isinstance(text, str)]
        yield from [((name,), texts)] if texts else (((name, *rest), found) for rest, found in nested_texts(held, None))


def texts_at(value: Json, path: Path) -> Iterator[str]:
    """The texts of `value` that stand at `path`."""
    if isinstance(value, list):
        for item in value:
            yield from texts_at(item, path)
    elif not path:
        if isinstance(value, str):
            yield value
    elif isinstance(value, dict):
        step, *rest = path
        if isinstance(step, str):
            yield from texts_at(value.get(step), tuple(rest))
        elif value.get(step[0]) == step[1]:
            yield from texts_at(value, tuple(rest))


# The form of a text


@dataclass(frozen=True, slots=True)
class Sentences:
    """Texts of several sentences, with spaces between them.

    The model writes on as long as it may. So a text may have one sentence more than the seeds', and ends with its last one
    instead of at a bound.
    """

    fewest: int
    most: int
    longest: int
    """Characters of one sentence, but for its first and its last two."""
    first: str
    inner: str
    letter: str
    """Character classes, as those of `Form`, without marks that end a sentence."""
    marks: str
    """A character class: what ends a sentence."""

    @classmethod
    def of(cls, texts: Sequence[str], absent: set[str]) -> Sentences | None:
        """None where no text has several sentences, or one is not made of sentences. `absent` is never written."""
        found = [_SENTENCE.findall(text) for text in texts if text]
        counts = [len(sentences) for sentences in found]
        if max(counts, default=0) < 2 or [" ".join(each) for each in found] != [text for text in texts if text]:
            return None
        without = absent | set(_ENDS)
        return cls(
            fewest=max(1, min(counts) // 2),
            most=max(counts) + 1,
            longest=max(len(sentence) for each in found for sentence in each) * 9 // 5 + 20,
            first=_first_class([sentence for each in found for sentence in each]),
            inner=_class(texts, without=without),
            letter=_class(texts, without=without | {" "}),
            marks=f"[{''.join(map(_quoted, sorted({sentence[-1] for each in found for sentence in each})))}]",
        )

    def pattern(self) -> str:
        """Of all such texts."""
        sentence = f"{self.first}{self.inner}{{4,{self.longest}}}{self.letter}{self.marks}"
        return f"^{sentence}( {sentence}){{{self.fewest - 1},{self.most - 1}}}$"

    def with_a_longest(self) -> str:
        """A pattern of the texts in which a sentence has reached its bound."""
        return f"(?:.*{self.marks} )?{self.first}{self.inner}{{{self.longest}}}{self.letter}{self.marks}(?: .*)?"


@dataclass(frozen=True, slots=True)
class Form:
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
    sentences: Sentences | None
    """Where texts have several sentences."""

    @classmethod
    def of(cls, texts: Sequence[str], same_label: Sequence[str], group: tuple[int, int] | None) -> Form:
        """The form of all `texts`, as far as it is the same for all labels; questions as among `same_label`."""
        lengths = [len(text) for text in texts if text] or [40]
        asks = [is_question(text) for text in same_label]
        question = all(asks)
        kin = [text for text in texts if text and is_question(text) == question] or list(texts)
        ends = {text[-1] for text in kin if text}
        closed = bool(ends) and all(_is_sign(end) for end in ends) and len(set(asks)) == 1
        inside = {c for text in texts for c in text[:-1]}
        unheard = {mark for mark in _INNER_MARKS if not any(mark in text[:-1] for text in kin)}
        single = closed and not any(end in text[:-1] for text in kin for end in ends)
        absent = unheard | (ends if single else set())
        sentences = Sentences.of(texts, unheard)
        return cls(
            shortest=max(1, min(lengths) // 2),
            longest=max(lengths) * 9 // 5 + (40 if closed else 6),
            first=_first_class(texts),
            inner=_class(texts, without=absent),
            last=_last_class(ends, closed=closed),
            openings=_openings(kin, group) if question and group is not None and sentences is None else (),
            words=0 if closed or sentences is not None else _most_words(texts),
            letter=_class(texts, without=absent | {" "}),
            plain=max(lengths) <= _LONGEST_PATTERN and not inside & set('\n\r\t"\\'),
            sentences=sentences,
        )

    def schema(self, declared: Mapping[str, Json]) -> dict[str, Json]:
        """This form as a schema; the recipe's own bounds and choices win."""
        for keyword in ("enum", "const"):
            if keyword in declared:
                return {keyword: declared[keyword]}
        low, high = self._bounds(declared)
        if not self.plain:
            bounded = {"maxLength": high} if high <= _LONGEST_BOUND else {}
            return {"type": "string", "minLength": min(low, _LONGEST_BOUND), **bounded}
        if self.words:
            return {"type": "string", "pattern": self._few_words()}
        if self.sentences is not None and not declared.keys() & _LENGTHS:
            return {"type": "string", "pattern": self.sentences.pattern()}
        return {"type": "string", "pattern": self._one_run(low, high)}

    def cut_off(self, declared: Mapping[str, Json]) -> str | None:
        """A pattern of the texts that the bound ended; None where texts need no mark at their end.

        A text in a pattern gets its mark from the grammar, whatever it says by then: the mark proves nothing. In a text that
        is bounded by length alone the model wrote the mark itself, so its sentence is whole.
        """
        if declared.keys() & {"enum", "const"}:
            return None
        if self.plain and self.sentences is not None and not declared.keys() & _LENGTHS:
            return self.sentences.with_a_longest()
        if not self.last or self.words:
            return None
        _, high = self._bounds(declared)
        if self.plain:
            return self._one_run(high, high)
        return f"(?!{_WHOLE})[\\s\\S]{{{high}}}" if high <= _LONGEST_BOUND else None

    def _bounds(self, declared: Mapping[str, Json]) -> tuple[int, int]:
        low, high = _bound(declared, "minLength", self.shortest), _bound(declared, "maxLength", self.longest)
        return min(low, high), high

    def _one_run(self, low: int, high: int) -> str:
        if self.openings:
            opening = f"({'|'.join(self.openings)}) "
            used = max(len(word) for word in self.openings) + 1
        else:
            opening, used = self.first, 1
        # No space before the end mark: a text that reaches its bound would show one.
        end = f"{self.letter}{self.last}" if self.last else ""
        used += 2 if self.last else 0
        rest = f"{self.inner}{{{max(0, low - used)},{max(0, high - used)}}}"
        return f"^{opening}{rest}{end}$"

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


def is_question(text: str) -> bool:
    return text.rstrip()[-1:] in _QUESTION_MARKS and bool(text.strip())


def _is_sign(character: str) -> bool:
    """Whether a text that ends so has an end mark: neither letter, digit, vowel sign nor space."""
    if character.isalnum() or character.isspace() or not character.isprintable() or not is_assigned(character):
        return False
    # The vowel signs of many scripts are marks on a letter, and no punctuation.
    return not unicodedata.category(character).startswith("M")


def _openings(questions: Iterable[str], group: tuple[int, int]) -> tuple[str, ...]:
    """The first words of the questions that belong to a group of places; none where words are not set apart."""
    words = list(dict.fromkeys(text.split(" ", 1)[0] for text in questions if text.count(" ") >= 2))
    if not words or not all(with_stand_ins(word.lstrip("¿¡")).isalpha() for word in words):
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


def _ranges(characters: Iterable[str]) -> Iterator[str]:
    """Runs of neighbouring characters as a character class writes them."""
    for _, numbered in groupby(enumerate(characters), key=lambda pair: ord(pair[1]) - pair[0]):
        run = [character for _, character in numbered]
        yield "".join(map(_quoted, run)) if len(run) < 3 else f"{_quoted(run[0])}-{_quoted(run[-1])}"


def _quoted(character: str) -> str:
    """A character as it stands within a character class.

    By number where it means something there: the engine drops a whole pattern for an escape that it does not know.
    """
    return f"\\x{ord(character):02x}" if character in "\\]^-[" else character
