"""Item -> valid or not: fields, labels, schema, each item by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

from datarecipe.exchange import Example, Json
from datarecipe.generate.judge.example_equality import equality_digest
from datarecipe.generate.judge.field_names import FieldNames, TwiceNamedError
from datarecipe.generate.parse.nesting import MAX_NESTING, nesting
from datarecipe.generate.reasons import Rejection
from datarecipe.recipe.example_schema.dialogue import dialogues
from datarecipe.recipe.example_schema.schema_wording import in_words
from datarecipe.recipe.example_schema.validation_cost import TooMuchWorkError, Work
from datarecipe.recipe.example_schema.validator import validator, within
from datarecipe.recipe.keys.value_equality import folded, typed_key
from datarecipe.recipe.recipe import Recipe, Scalar

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

_SCALARS = (str, int, float)

_EXPLAINED = 10
"""Errors of an item from which the one is chosen that its row tells."""
_LONGEST_DETAIL = 300
_VAGUE = frozenset({"anyOf", "oneOf", "not", "if"})


@dataclass(frozen=True, slots=True)
class Valid:
    """An item that is an example of this recipe, whether or not it is new."""

    example: Example
    """In the order of the seed example's fields, labels as written in the recipe."""
    text: str
    """The example as JSON: how it stands in a prompt as the formatting example."""
    digest: bytes
    """Equal digests mean equal examples."""
    normalised: bool
    """Whether something was mended: a label's case, the order of fixed options, a field that does not belong."""


@dataclass(frozen=True, slots=True)
class Invalid(Rejection):
    """An item that is no example of this recipe."""

    raw: str


Checked: TypeAlias = Valid | Invalid


class Checker:
    def __init__(self, recipe: Recipe) -> None:
        self._task = recipe.task
        self._labels = recipe.labels
        self._text_fields = recipe.text_fields
        self._validator = validator(recipe.schema)
        properties = recipe.schema.get("properties")
        extra = [name for name in properties if name not in recipe.fields] if isinstance(properties, Mapping) else []
        self._fields = (*recipe.fields, *extra)
        self._counting: tuple[Work, Draft202012Validator] | None = None
        self._names = FieldNames(recipe)
        self._match = LabelMatcher(recipe.labels.values)
        self._dialogues = dialogues(recipe.seed_examples)
        labels = recipe.labels
        texts = labels.kind == "fixed" and all(isinstance(label, str) for label in labels.values)
        self._as_written: object = list(labels.values) if texts else object()
        """Options that need no settling. Labels that are texts alone: 1, 1.0 and true are equal and not the same."""

    def check(self, item: Json, work: Work | None = None) -> Checked:
        """Judge one whole item. Never raises, whatever the item is. `work` is what all items of a reply share."""
        if nesting(item) > MAX_NESTING:
            return Invalid("schema", "values are nested too deeply", "")
        try:
            raw = _compact(item)
            written = item if raw.isascii() else self._written(item, raw)
        except ValueError as error:
            return Invalid("malformed", _unwritable(error), json.dumps(item))
        if not isinstance(item, dict) or not isinstance(written, dict):
            return Invalid("schema", f"an example is an object; this is {_kind(item)}", raw)
        example: Example = {field: written[field] for field in self._fields if field in written}
        mended = len(example) != len(item) or written != item
        settled = self._settle_labels(example)
        fault = settled if isinstance(settled, Rejection) else self._fault(example, len(raw), work or Work())
        if fault is not None:
            return Invalid(fault.reason, fault.detail, raw)
        mended = mended or bool(settled)
        as_it_came = not mended and list(example) == list(item)
        text = raw if as_it_came else _compact(example)
        return Valid(example, text, equality_digest(example, self._text_fields), normalised=mended)

    def _written(self, item: Json, raw: str) -> Json:
        """The item with the recipe's own names. Raises `ValueError` where it cannot be written."""
        raw.encode()
        return self._names.as_written(item)

    def _fault(self, example: Example, characters: int, work: Work) -> Rejection | None:
        """What is wrong with the example by the schema or in the order of its dialogues, or nothing."""
        detail = self._unfit(example, characters, work)
        if detail:
            return Rejection("schema", detail)
        for field, dialogue in self._dialogues.items():
            disorder = dialogue.fault(example[field]) if field in example else None
            if disorder is not None:
                return Rejection("schema", _cut(f"{field}: {disorder}"))
        # A schema that the recipe gives itself may not ask for the label.
        missing = self._labels.kind != "open" and self._task.label_field not in example
        return Rejection("label", f"{self._task.label_field} is missing") if missing else None

    def _unfit(self, example: Example, characters: int, work: Work) -> str:
        work.begin(example, characters)
        errors = self._judge_within(work).iter_errors(example)
        try:
            first = next(errors, None)
        except TooMuchWorkError:
            return "too large to be checked by the recipe's schema"
        except ArithmeticError:
            # jsonschema divides for `multipleOf`, and a model may write any number.
            return "holds a number too large to be checked by the recipe's schema"
        return _cut(in_words(_clearest([first, *_some(errors)]))) if first is not None else ""

    def _judge_within(self, work: Work) -> Draft202012Validator:
        """The validator that counts in `work`; made once for all items of a reply."""
        if self._counting is None or self._counting[0] is not work:
            self._counting = (work, within(self._validator, work))
        return self._counting[1]

    def _settle_labels(self, example: Example) -> bool | Rejection:
        """Write options and label as the recipe does; say whether that changed anything, or what is wrong."""
        label_field, options_field = self._task.label_field, self._task.options_field
        kind = self._labels.kind
        if kind == "open" or label_field is None or label_field not in example:
            return False
        match, mended = self._match, False
        if options_field is not None and options_field in example and example[options_field] != self._as_written:
            options = example[options_field]
            settled = self._settle_options(options)
            if isinstance(settled, str):
                return Rejection("options", settled)
            mended = settled is not options and _compact(settled) != _compact(options)  # to Python 1 equals true
            example[options_field] = settled
            if kind == "per_example":
                match = LabelMatcher(cast("tuple[Scalar, ...]", tuple(settled)))
        elif kind == "per_example":
            return False  # the schema says that the options are missing
        found = match.find(example[label_field])
        if found is None:
            written, known = _short(example[label_field]), _short(list(match.labels))
            return Rejection("label", f"{label_field} is {written}, which is none of {known}")
        label, exact = found
        example[label_field] = label
        return mended or not exact

    def _settle_options(self, options: Json) -> list[Json] | str:
        if not isinstance(options, list) or not all(isinstance(o, _SCALARS) for o in options):
            return f"options must be a list of single values; these are {_short(options)}"
        if self._labels.kind == "per_example":
            wanted = self._labels.options
            different = {folded(option) for option in options}
            if len(options) != wanted or len(different) != wanted:
                return f"options must be {wanted} different ones; these are {_short(options)}"
            return options
        matches = [self._match.find(option) for option in options]
        labels = list(self._labels.values)
        if len(options) == len(labels) and all(
            match is not None and match[1] and match[0] is label for match, label in zip(matches, labels, strict=True)
        ):
            return options
        found = [match[0] for match in matches if match is not None]
        if len(found) != len(options) or sorted(map(repr, found)) != sorted(map(repr, labels)):
            return f"options must be {_short(labels)}; these are {_short(options)}"
        return cast("list[Json]", labels)


class LabelMatcher:
    """Finds the label that an answer means: typed first, else by case-folded, stripped text, if just one has it."""

    def __init__(self, labels: tuple[Scalar, ...]) -> None:
        self.labels = labels
        self._typed = {typed_key(label): label for label in labels}
        self._folded: dict[str, list[Scalar]] = {}
        for label in labels:
            self._folded.setdefault(folded(label), []).append(label)

    def find(self, answer: Json) -> tuple[Scalar, bool] | None:
        """(label as written, whether the answer was exactly that), or None."""
        if not isinstance(answer, _SCALARS):
            return None
        typed = self._typed.get(typed_key(answer))
        if typed is not None:
            # -0.0 is 0.0, and written otherwise.
            return typed, not isinstance(answer, float) or str(answer) == str(typed)
        candidates = self._folded.get(folded(answer), [])
        return (candidates[0], False) if len(candidates) == 1 else None


def _some(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """A few more, as far as they can be found."""
    try:
        yield from islice(errors, _EXPLAINED - 1)
    except (TooMuchWorkError, ArithmeticError):
        return


def _clearest(errors: list[ValidationError]) -> ValidationError:
    """What is wrong with the whole rather than with a part, and a plain keyword rather than one that only says no."""
    return min(errors, key=lambda error: (len(error.absolute_path), error.validator in _VAGUE))


def _unwritable(error: ValueError) -> str:
    """Why an item cannot be written as JSON in UTF-8."""
    if isinstance(error, UnicodeEncodeError):
        return "holds half of a surrogate pair, which is no character"
    if isinstance(error, TwiceNamedError):
        return f"names the field {_short(str(error))} twice, composed of other characters"
    return "holds a number too large to be one"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + " ..."


def _cut(detail: str) -> str:
    return detail if len(detail) <= _LONGEST_DETAIL else detail[:_LONGEST_DETAIL] + " ..."


def _kind(value: Json) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "null")
