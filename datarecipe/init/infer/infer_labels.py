"""Examples with a label field: the answer, its options and the label space, told from the values that are there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from datarecipe.errors import UsageError
from datarecipe.exchange import Json
from datarecipe.init.draft import ExampleKind, Finding, Wishes, is_yes_no, yes_no_pair
from datarecipe.init.infer.columns import (
    LABEL_NAMES,
    LONGEST_LABEL,
    MAX_LABELS,
    OPTIONS_NAMES,
    distinct,
    find_label,
    find_options,
    is_options,
    known_field,
    label_candidates,
)
from datarecipe.init.read.table import Counted, Table
from datarecipe.init.value_names import fold, listed
from datarecipe.recipe import LabelSpace, Scalar
from datarecipe.recipe.message_text import show

_OPEN = LabelSpace("open")
_TEMPLATES = {"fixed": "fixed_labels.j2", "per_example": "per_example_options.j2", "open": "open_answers.j2"}


def labelled_kind(table: Table, wishes: Wishes) -> ExampleKind:
    """What the examples are, as far as it can be told and as the user wishes.

    Raises:
        UsageError: no field is the answer, or the user's wishes do not go with the rows.
    """
    found = find_label(table)
    if wishes.label_field is not None:
        found = known_field(wishes.label_field, table, "--label"), "you said so"
    if found is None:
        raise _no_label(table)
    label, why = found
    findings = [Finding("label field", show(label), why, "--label FIELD")]
    options = _options(table, label, wishes)
    if options is not None:
        why = f"its lists hold the value of {show(label)}"
        findings.append(Finding("options field", show(options), why, "--options-field FIELD"))
    elif lists := [name for name in table.columns if name.strip().casefold() in OPTIONS_NAMES]:
        why = f"the value of {show(label)} is not in it, letter by letter"
        findings.append(Finding("note", f"{show(lists[0])} is not taken for options to choose from", why))
    space = _choose_space(table, label, options, wishes)
    findings.append(Finding("labels", in_words(space.labels), space.why, "--labels A,B, --task open"))
    return ExampleKind(
        needed=(label,) if options is None else (options, label),
        template=_TEMPLATES[space.labels.kind],
        findings=(*findings, *(Finding("note", note) for note in space.notes)),
        label=label,
        options=options,
        labels=space.labels,
        labels_todo=space.todo,
    )


def _options(table: Table, label: str, wishes: Wishes) -> str | None:
    if wishes.options_field is None:
        return None if wishes.task == "open" or wishes.labels else find_options(table, label)
    name = known_field(wishes.options_field, table, "--options-field")
    if name == label or not any(is_options(row.values.get(name), row.values.get(label)) for row in table.rows):
        hint = "An options field is a list of different texts or numbers, and the answer is one of them."
        message = f"{show(name)} is not a list of options that holds the value of {show(label)}"
        raise UsageError(message, hint=hint)
    return name


def _no_label(table: Table) -> UsageError:
    header = "" if table.has_header else "; or, if the first row is data, name the columns: --columns text,label"
    candidates = [f"{show(name)} ({distinct(table, name)} different values)" for name in label_candidates(table)]
    message = f"several fields may hold the answer: {listed(candidates)}"
    if not candidates:
        message = f"no field looks like the answer; the fields are {listed([*map(show, table.columns)])}"
    return UsageError(message, hint=f"Say which one does: --label FIELD{header}")


@dataclass(frozen=True, slots=True)
class _Space:
    """A label space, why it is this one, and what the user should still say."""

    labels: LabelSpace
    why: str
    todo: str | None = None
    notes: tuple[str, ...] = ()


def _choose_space(table: Table, label: str, options: str | None, wishes: Wishes) -> _Space:
    """The label space of rows whose answer is in `label` and whose options, if there are any, are in `options`."""
    _check_wishes(wishes)
    counts = table.counts.of(label)
    pair = _pair([value for _, value in counts or ()])
    if wishes.task == "open":
        return _Space(_OPEN, "you said so")
    if wishes.labels:
        return _Space(LabelSpace("fixed", wishes.labels), "you said so")
    if options is not None:
        return _by_options(table, label, options, wishes)
    if pair is not None and wishes.task in (None, "yes_no"):
        return _Space(LabelSpace("fixed", pair), "the answers are a yes and a no")
    _check_task(wishes, label)
    found = _count(counts or Counter())
    if wishes.task is None and not _are_labels(found, label, is_data=table.is_data):
        return _Space(_OPEN, _why_open(table, None if counts is None else len(found)))
    if not found:
        raise UsageError(f"the values of {show(label)} cannot be labels", hint="Try --label FIELD, or --task open.")
    return _fixed(found, label, is_data=table.is_data)


def _why_open(table: Table, different: int | None) -> str:
    if not table.is_data:
        return "the answer is no short text in a field that is called label or the like"
    if different is None or different > MAX_LABELS:
        return f"more than {MAX_LABELS} different values, or no single ones"
    return f"{different:,} different values in {table.counts.rows:,} rows"


def _check_wishes(wishes: Wishes) -> None:
    if wishes.task == "open" and (wishes.labels or wishes.options):
        raise UsageError("--task open has no list of labels or options", hint="Leave --labels and --options out.")
    if wishes.options and (wishes.labels or wishes.task in ("yes_no", "classification")):
        other = "--labels" if wishes.labels else f"--task {wishes.task}"
        raise UsageError(f"--options and {other} exclude each other", hint="--options N is for --task multiple_choice.")
    if wishes.task == "yes_no" and len(wishes.labels) not in (0, 2):
        message = f"--task yes_no has two labels, a yes and a no, and --labels names {len(wishes.labels)}"
        raise UsageError(message, hint="For more or other labels: --task classification.")


def _check_task(wishes: Wishes, label: str) -> None:
    if wishes.options is not None or wishes.task == "multiple_choice":
        raise UsageError(
            f"multiple choice needs a field with a list of options that holds the value of {show(label)}",
            hint="Name it with --options-field FIELD, or the answers with --labels.",
        )
    if wishes.task == "yes_no":
        hint = "Say which they are with --labels YES,NO."
        raise UsageError(f"the values of {show(label)} are not a yes and a no", hint=hint)


def _by_options(table: Table, label: str, options: str, wishes: Wishes) -> _Space:
    if wishes.options is not None:
        return _Space(LabelSpace("per_example", options=wishes.options), "you said so")
    rows = [row.values for row in table.rows]
    lists = [cast("list[Scalar]", row[options]) for row in rows if is_options(row.get(options), row.get(label))]
    equal = all(repr(found) == repr(lists[0]) for found in lists)
    if equal and wishes.task != "multiple_choice" and (len(lists) > 1 or is_yes_no(lists[0])):
        why = f"the options in {show(options)} are the same everywhere"
        return _Space(LabelSpace("fixed", tuple(lists[0])), why)
    ((length, count),) = Counter(len(found) for found in lists).most_common(1)
    why = f"the list{'s' * (len(lists) > 1)} in {show(options)}"
    if count < len(lists):
        why += f"; in {count:,} of {len(lists):,} rows they have {length}"
    return _Space(LabelSpace("per_example", options=length), why)


def _pair(values: Sequence[Json]) -> tuple[Scalar, Scalar] | None:
    """(yes, no) when the values are nothing else, in the spelling of most."""
    pairs = [yes_no_pair(value) for value in values]
    if not pairs or None in pairs or len({fold(pair[0]) for pair in pairs if pair}) > 1:
        return None
    return Counter(pairs).most_common(1)[0][0]


_Found: TypeAlias = "tuple[Scalar, int, str]"
"""A label in its most frequent spelling, how often it comes, and its other spellings in words."""


def _count(values: Counter[Counted]) -> list[_Found]:
    """The labels, the most frequent first."""
    spellings: dict[str | None, Counter[Counted]] = {}
    for (_, value), count in values.items():
        label = int(value) if isinstance(value, float) and value.is_integer() else value
        spellings.setdefault(fold(label), Counter())[type(label).__name__, label] += count
    found = []
    for counts in sorted(spellings.values(), key=lambda counter: -counter.total()):
        usual = counts.most_common(1)[0][0][1]
        usual = usual.strip() if isinstance(usual, str) else usual
        # Not `show`: white space is what they may differ in.
        others = [f"{json.dumps(v, ensure_ascii=False)} ({n:,})" for (_, v), n in counts.items() if v != usual]
        found.append((usual, counts.total(), f"{listed(others, 4)} counts as {show(usual)}" if others else ""))
    return found


def _are_labels(found: Sequence[_Found], label: str, *, is_data: bool) -> bool:
    """Whether values look like a list of labels. In a few seed examples only the name of their field says so."""
    is_named = label.strip().casefold() in LABEL_NAMES
    short = all(len(value) <= LONGEST_LABEL for value, _, _ in found if isinstance(value, str))
    again = len(found) * 2 <= sum(count for _, count, _ in found)
    measures = any(isinstance(value, float) for value, _, _ in found)
    few = len(found) <= MAX_LABELS and (again or (is_named and not measures))
    return bool(found) and short and (few if is_data else is_named)


def _fixed(found: Sequence[_Found], label: str, *, is_data: bool) -> _Space:
    labels = tuple(value for value, _, _ in found)
    if is_data and len(labels) == 1:
        hint = f"Name all labels (--labels {show(labels[0])},...), or another field (--label FIELD)."
        message = f"the field {show(label)} holds nothing but {show(labels[0])}: one label is no choice"
        raise UsageError(message, hint=hint)
    if is_data or len(labels) > 1:
        rows = listed([f"{count:,}" for _, count, _ in found], 8)
        why = f"{len(labels)} different values, in {rows} rows"
        todo = None if is_data else "make sure that these are all labels"
        return _Space(LabelSpace("fixed", labels), why, todo, tuple(note for _, _, note in found if note))
    other: Scalar = "other" if fold(labels[0]) != "other" else "another"
    if not isinstance(labels[0], str):
        other = 0 if labels[0] else 1
    todo = "write all labels; one seed example shows only one of them"
    why = f"by the name {show(label)}; {show(other)} is a placeholder"
    return _Space(LabelSpace("fixed", (labels[0], other)), why, todo)


def in_words(labels: LabelSpace) -> str:
    """A label space in a few words."""
    if labels.kind == "fixed":
        return listed([show(label) for label in labels.values], 8)
    if labels.kind == "per_example":
        return f"each example has {labels.options} options of its own"
    return "open: any answer"
