"""Which field of the rows is the answer, which one holds the options, and which ones say something about an example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json, canonical_json
from datarecipe.init.draft import yes_no_pair
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.read.table import is_empty
from datarecipe.init.value_names import listed, quoted

MAX_LABELS: Final = 50
"""More different answers than these are no list that somebody wrote down."""

LONGEST_LABEL: Final = 80
"""Characters. Longer answers are texts of their own."""

LABEL_NAMES: Final = ("label", "labels", "class", "category", "target", "sentiment", "intent", "emotion", "verdict")
"""Names of fields that hold one of a list, the surest first."""

ANSWER_NAMES: Final = ("answer", "answers", "answerkey", "gold", "output", "response", "completion", "result", "a", "y")
"""Names of fields that hold an answer of any kind."""

OPTIONS_NAMES: Final = ("options", "choices", "candidates", "alternatives")

_ID_NAMES: Final = frozenset(
    {"id", "_id", "ids", "idx", "index", "uid", "uuid", "guid", "rowid", "row", "no", "nr", "number", "key", "#"}
)
_ID_ENDING: Final = re.compile(r"(?:[_\s-](?:id|idx|uuid|index|key)|[a-z]I[dD]|[a-z]UUID)$")

_MOSTLY: Final = 0.5
"""A field that is empty in more rows than this share is left out."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field, and why it is the one."""

    field: str
    why: str


def choose_label(rows: Sequence[Example], columns: Sequence[str], wished: str | None) -> Choice | None:
    """The field that holds the answer; None when none is, or several may be.

    Raises:
        UsageError: `wished` is no field.
    """
    if wished is not None:
        return Choice(_known(wished, columns, "--label"), "you said so")
    plain = [name for name in columns if not _holds_lists(rows, name)]
    by_name = {name.strip().casefold(): name for name in reversed(plain)}
    named = [by_name[known] for known in (*LABEL_NAMES, *ANSWER_NAMES) if known in by_name]
    # Of several names the one that holds few values: `label` beside `answer` is a label only then.
    for name in [*(name for name in named if _is_label_like(rows, name)), *named]:
        return Choice(name, "by its name")
    for options in (name for name in columns if _holds_lists(rows, name)):
        inside = [name for name in plain if _is_one_of(rows, name, options)]
        if len(inside) == 1:
            return Choice(inside[0], f"it is one of {quoted(options)}")
    two_valued = [name for name in plain if _is_yes_no_field(rows, name)]
    if len(two_valued) == 1:
        return Choice(two_valued[0], "its values are a yes and a no")
    candidates = label_candidates(rows, columns)
    if len(candidates) == 1:
        return Choice(candidates[0], "the only field with few different values")
    lists = [name for name in columns if name.strip().casefold() in (*LABEL_NAMES, *ANSWER_NAMES)]
    return Choice(lists[0], "by its name") if lists else None


def label_candidates(rows: Sequence[Example], columns: Sequence[str]) -> list[str]:
    """Fields that hold the same few values again and again."""
    return [name for name in columns if _is_label_like(rows, name)]


def choose_options(rows: Sequence[Example], columns: Sequence[str], label: str, wished: str | None) -> Choice | None:
    """The field with each example's options, among which its answer is; None when there is none.

    Raises:
        UsageError: `wished` is no such field.
    """
    if wished is not None:
        name = _known(wished, columns, "--options-field")
        if name == label:
            raise UsageError(f"{quoted(name)} cannot be both the label field and the options field")
        if not any(_holds(row, label, name) for row in rows):
            raise UsageError(
                f"in no row {quoted(name)} is a list of options that holds the value of {quoted(label)}",
                hint="An options field is a list of different texts or numbers, and the answer is one of them.",
            )
        return Choice(name, "you said so")
    lists = [name for name in columns if name != label and _holds_lists(rows, name)]
    lists.sort(key=lambda name: name.strip().casefold() not in OPTIONS_NAMES)
    for name in lists:
        if _is_one_of(rows, label, name):
            return Choice(name, f"its lists hold the value of {quoted(label)}")
    return None


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields an example has."""

    kept: tuple[str, ...]
    left_out: dict[str, str]
    """Fields of the rows that it has not, and why."""
    constant: tuple[str, ...]
    """Kept ones that say the same in every row."""


def choose_fields(
    rows: Sequence[Example], columns: Sequence[str], needed: Sequence[str], wished: Sequence[str]
) -> Fields:
    """The fields of an example: what `wished` names, else all that say something. `needed` are always among them.

    A number of the row is left out, since a model would go on counting, and two examples with the same text would differ.

    Raises:
        UsageError: one that is wished is no field, or no text remains.
    """
    left_out: dict[str, str] = {}
    if wished:
        for name in wished:
            _known(name, columns, "--fields")
        kept = (*wished, *(name for name in needed if name not in wished))
        left_out = {name: "not named" for name in columns if name not in kept}
    else:
        for name in columns:
            reason = None if name in needed else _why_left_out(rows, name)
            if reason is not None:
                left_out[name] = reason
        kept = tuple(name for name in columns if name not in left_out)
    if not set(kept) - set(needed):
        raise UsageError(
            "no field remains that the answer could be about" + _reasons(left_out),
            hint="Name the fields of an example with --fields text,label, or another answer with --label FIELD.",
        )
    constant = [name for name in kept if name not in needed and len(rows) > 1 and distinct(rows, name) == 1]
    return Fields(kept, left_out, tuple(constant))


def distinct(rows: Sequence[Example], name: str) -> int:
    """How many different values a field has; empty ones do not count."""
    values = [row[name] for row in rows if not is_empty(row.get(name))]
    texts = {value for value in values if isinstance(value, str)}
    return len(texts) + len({canonical_json(value) for value in values if not isinstance(value, str)})


def filled(rows: Sequence[Example], name: str) -> int:
    """In how many rows a field says something."""
    return sum(not is_empty(row.get(name)) for row in rows)


def _reasons(left_out: dict[str, str]) -> str:
    if not left_out:
        return ""
    return ": " + listed([f"{quoted(name)} is left out ({why})" for name, why in left_out.items()])


def _why_left_out(rows: Sequence[Example], name: str) -> str | None:
    there = filled(rows, name)
    if not name.strip():
        return "it has no name"
    if there == 0:
        return "empty in every row"
    if there < len(rows) * _MOSTLY:
        return f"empty in {len(rows) - there:,} of {len(rows):,} rows"
    if _is_id(rows, name):
        return "it numbers the rows"
    return None


def _is_id(rows: Sequence[Example], name: str) -> bool:
    if len(rows) < 3 or distinct(rows, name) < len(rows):
        return False
    if name.strip().casefold() in _ID_NAMES or name.startswith("Unnamed:") or _ID_ENDING.search(name.strip()):
        return True
    values = [row.get(name) for row in rows]
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    return len(numbers) == len(values) and numbers[0] in (0, 1) and all(b - a == 1 for a, b in pairwise(numbers))


def _is_label_like(rows: Sequence[Example], name: str) -> bool:
    values = [row[name] for row in rows if not is_empty(row.get(name))]
    if len(values) < len(rows) * _MOSTLY or not all(isinstance(value, str | int | bool | float) for value in values):
        return False
    texts = {value.strip() if isinstance(value, str) else repr(value) for value in values}
    return 2 <= len(texts) <= min(MAX_LABELS, len(values) // 2) and max(map(len, texts)) <= LONGEST_LABEL


def _is_yes_no_field(rows: Sequence[Example], name: str) -> bool:
    values = [row[name] for row in rows if not is_empty(row.get(name))]
    return bool(values) and all(yes_no_pair(value) is not None for value in values)


def _holds_lists(rows: Sequence[Example], name: str) -> bool:
    values = [row[name] for row in rows if not is_empty(row.get(name))]
    return bool(values) and all(isinstance(value, list) for value in values)


def _is_one_of(rows: Sequence[Example], label: str, options: str) -> bool:
    """Whether the label is among the options in nearly every row that has both."""
    both = [row for row in rows if not is_empty(row.get(label)) and not is_empty(row.get(options))]
    return bool(both) and sum(_holds(row, label, options) for row in both) >= 0.9 * len(both)


def _holds(row: Example, label: str, options: str) -> bool:
    return is_options(row.get(options), row.get(label))


def is_options(options: Json, answer: Json) -> bool:
    """Whether `options` is a list of different values, `answer` among them with its type."""
    if not isinstance(options, list) or len(options) < 2:
        return False
    texts = [fold(option) for option in options]
    if None in texts or len(set(texts)) < len(texts):
        return False
    return any(type(option) is type(answer) and option == answer for option in options)


def _known(name: str, columns: Sequence[str], flag: str) -> str:
    if name in columns:
        return name
    near = [column for column in columns if column.strip().casefold() == name.strip().casefold()]
    if len(near) == 1:
        return near[0]
    raise UsageError(
        f"{flag}: there is no field {quoted(name)}", hint=f"The fields are {listed([quoted(c) for c in columns])}."
    )
