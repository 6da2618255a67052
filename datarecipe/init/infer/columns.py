"""Which field of the rows is the answer, which one holds the options, and which ones say something about an example."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json, canonical_json
from datarecipe.init.draft import Finding, yes_no_pair
from datarecipe.init.read.table import Table, is_empty
from datarecipe.init.value_names import fold, listed
from datarecipe.recipe.message_text import show

MAX_LABELS: Final = 50
"""More different answers than these are no list that somebody wrote down."""

LONGEST_LABEL: Final = 80
"""Characters. Longer answers are texts of their own."""

LABEL_NAMES: Final = ("label", "labels", "class", "category", "target", "sentiment", "intent", "emotion", "verdict")
"""Names of fields that hold one of a list, the surest first."""

ANSWER_NAMES: Final = ("answer", "answers", "answerkey", "gold", "output", "response", "completion", "result", "a", "y")
"""Names of fields that hold an answer of any kind."""

OPTIONS_NAMES: Final = ("options", "choices", "candidates", "alternatives")

_ID_NAME: Final = re.compile(
    r"_?id|ids|idx|index|uid|uuid|guid|rowid|row|no|nr|number|key|#|unnamed:.*|.*[_\s-](?:id|idx|uuid|index|key)"
    r"|(?-i:.*[a-z](?:I[dD]|UUID))",
    re.IGNORECASE,
)
_NUMBER_NAME: Final = re.compile(r".*[_\s-](?:no|nr|number)\.?", re.IGNORECASE)
"""Names that number the rows only where several rows show different values: `room_number` of one example may matter."""

_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)

_MAX_PAIRS: Final = 1000
"""Pairs of a list and another field that are compared. Only a file with very many lists has more."""

_MAX_COMPARED: Final = 1000
"""Rows in which a pair is compared. More of them, spread over the file, say the same."""

_MOSTLY: Final = 0.5
"""A field that is empty in more rows than this share is left out."""


def find_label(table: Table) -> tuple[str, str] | None:
    """The field that holds the answer, and why it is this one; None when none is, or several may be."""
    by_name = {name.strip().casefold(): name for name in reversed(table.columns)}
    named = [by_name[known] for known in (*LABEL_NAMES, *ANSWER_NAMES) if known in by_name]
    if named:
        # Of several names the one that holds few values: `label` beside `answer` is a label only then.
        return min(named, key=lambda name: (holds(table, name, list), not _repeats(table, name))), "by its name"
    lists = [name for name in table.columns if holds(table, name, list)]
    plain = [name for name in table.columns if name not in lists]
    for options in lists[: _MAX_PAIRS // max(1, len(plain))]:
        # A second one already says that none of them is the answer.
        found = [*islice(_fields_of_options(table, options, plain), 2)]
        if len(found) == 1:
            return found[0], f"it is one of {show(options)}"
    for found, why in (
        ([name for name in plain if _is_yes_no(table, name)], "its values are a yes and a no"),
        (label_candidates(table), "the only field with few different values"),
    ):
        if len(found) == 1:
            return found[0], why
    return None


def label_candidates(table: Table) -> list[str]:
    """Fields that hold the same few values again and again."""
    return [name for name in table.columns if _repeats(table, name)]


def find_options(table: Table, label: str) -> str | None:
    """The field with each example's options, among which its answer is; None when there is none."""
    names = sorted(table.columns, key=lambda name: name.strip().casefold() not in OPTIONS_NAMES)
    lists = (name for name in names if name != label and holds(table, name, list))
    return next((name for name in lists if label in _fields_of_options(table, name, [label])), None)


def choose_fields(table: Table, needed: Sequence[str], wished: Sequence[str]) -> tuple[list[str], list[Finding]]:
    """The fields of an example: what `wished` names, else all that say something. `needed` are always among them.

    A number of the row is left out, since a model would go on counting, and two examples with the same text would differ.

    Raises:
        UsageError: one that is wished is no field.
    """
    named = [known_field(name, table, "--fields") for name in wished]
    left_out: dict[str, str] = {}
    for name in table.columns:
        reason = "not named" if named else _why_left_out(table, name)
        if reason and name not in (*needed, *named):
            left_out[name] = reason
    kept = [name for name in table.columns if name not in left_out]
    if named:
        kept = [*named, *(name for name in needed if name not in named)]
    findings = [Finding("fields", listed([show(name) for name in kept]), "", "--fields A,B,C")]
    findings += [Finding("left out", show(name), why) for name, why in left_out.items()]
    same = [name for name in kept if name not in needed and len(table.rows) > 1 and distinct(table, name) == 1]
    flag = "--fields A,B,C leaves it out"
    findings += [Finding("note", f"{show(name)} says the same in every row", "", flag) for name in same]
    return kept, findings


def known_field(name: str, table: Table, flag: str) -> str:
    """The field that a flag names, if need be in another case.

    Raises:
        UsageError: there is none.
    """
    near = [column for column in table.columns if column.strip().casefold() == name.strip().casefold()]
    if name in table.columns or len(near) == 1:
        return name if name in table.columns else near[0]
    hint = f"The fields are {listed([show(column) for column in table.columns])}."
    raise UsageError(f"{flag}: there is no field {show(name)}", hint=hint)


def distinct(table: Table, name: str) -> int:
    """How many different values a field has; empty ones do not count."""
    return len({canonical_json(value) for value in table.filled(name)})


def _why_left_out(table: Table, name: str) -> str | None:
    rows, filled = len(table.rows), len(table.filled(name))
    if not name.strip():
        return "it has no name"
    if not filled:
        return "empty in every row"
    if filled < rows * _MOSTLY:
        return f"empty in {rows - filled:,} of {rows:,} rows"
    return why_id(table, name)


def why_id(table: Table, name: str) -> str | None:
    """By what a field only numbers or names the rows; None where it does not."""
    rows = len(table.rows)
    if distinct(table, name) < rows:
        return None
    if _ID_NAME.fullmatch(name.strip()) or (rows > 1 and _NUMBER_NAME.fullmatch(name.strip())):
        return "it numbers the rows"
    numbers = [int(str(value)) for value in table.filled(name) if _is_whole(value)]
    steps = {after - before for before, after in pairwise(numbers)}
    if not len(numbers) == rows > 2 or len(steps) > 1 or 0 in steps:
        return None
    step = steps.pop()
    return f"it goes {'up' if step > 0 else 'down'} by {abs(step):,} from row to row"


def _is_whole(value: Json) -> bool:
    """Whether a value is a whole number, or a text that is one, such as 0012."""
    return type(value) is int or (isinstance(value, str) and _WHOLE.fullmatch(value.strip()) is not None)


def _repeats(table: Table, name: str) -> bool:
    counts = table.counts.of(name)
    if not counts or counts.total() < table.counts.rows * _MOSTLY:
        return False
    return are_few({str(value).strip() for _, value in counts}, counts.total())


def are_few(texts: Collection[str], times: int) -> bool:
    """Whether a few short texts come again and again, `times` in all."""
    return 2 <= len(texts) <= min(MAX_LABELS, times // 2) and max(map(len, texts)) <= LONGEST_LABEL


def _is_yes_no(table: Table, name: str) -> bool:
    counts = table.counts.of(name)
    return bool(counts) and all(yes_no_pair(value) is not None for _, value in counts or ())


def holds(table: Table, name: str, kind: type) -> bool:
    """Whether a column holds something, and nothing but values of this type."""
    values = table.filled(name)
    return bool(values) and all(isinstance(value, kind) for value in values)


def _fields_of_options(table: Table, options: str, names: Sequence[str]) -> Iterator[str]:
    """Those of `names` whose value is among the options in nearly every row that is compared and has both."""
    values: list[Example] = [row.values for row in table.rows if not is_empty(row.values.get(options))]
    rows = [(row, _different(row[options])) for row in values[:: len(values) // _MAX_COMPARED + 1]]
    for name in names:
        both = missed = 0
        for row, choices in rows:
            if not is_empty(answer := row.get(name)):
                both += 1
                missed += not _is_among(answer, choices)
                if missed * 10 > len(rows):
                    break
        if both and missed * 10 <= both:
            yield name


def is_options(options: Json, answer: Json) -> bool:
    """Whether `options` is a list of different values, `answer` among them with its type."""
    return _is_among(answer, _different(options))


def _different(options: Json) -> frozenset[tuple[type, Json]]:
    """The options with their types; none where they are no list of different values."""
    if not isinstance(options, list) or len(options) < 2:
        return frozenset()
    texts = [fold(option) for option in options]
    if None in texts or len(set(texts)) < len(texts):
        return frozenset()
    return frozenset((type(option), option) for option in options)


def _is_among(answer: Json, choices: frozenset[tuple[type, Json]]) -> bool:
    return not isinstance(answer, list | dict) and (type(answer), answer) in choices
