"""The label space: what an answer may be, told from the answers and options that are there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

from datarecipe.errors import UsageError
from datarecipe.exchange import Example, Json
from datarecipe.init.draft import Wishes, is_yes_no, yes_no_pair
from datarecipe.init.infer.columns import LABEL_NAMES, LONGEST_LABEL, MAX_LABELS, is_options
from datarecipe.init.infer.label_folding import fold
from datarecipe.init.read.table import Counted, Rest, is_empty
from datarecipe.init.value_names import listed, quoted, show
from datarecipe.recipe import LabelSpace, Scalar

MAX_OPTIONS = 100
"""Options that each example may bring."""

PLACEHOLDER_LABEL = "other"
_LABEL_TODO = "write all labels; one seed example shows only one of them"


@dataclass(frozen=True, slots=True)
class Space:
    """A label space, why it is this one, and what the user should still say."""

    labels: LabelSpace
    why: str
    todo: str | None = None
    notes: tuple[str, ...] = ()


def choose_space(
    rows: Sequence[Example],
    label: str,
    options: str | None,
    wishes: Wishes,
    *,
    rest: Rest | None = None,
    is_data: bool,
) -> Space:
    """The label space of rows whose answer is in `label` and whose options, if there are any, are in `options`.

    `rest` counts the answers of further rows. `is_data` is False for a few examples that somebody wrote to show the format:
    there a value that comes once says little.

    Raises:
        UsageError: what the user wishes does not go with the rows, or a single label is all there is.
    """
    wished = _wished(wishes, options, rows, label)
    if wished is not None:
        return wished
    if options is not None:
        return _by_options(rows, label, options, wishes)
    values = [row[label] for row in rows if not is_empty(row.get(label))]
    more = Counter[Counted]() if rest is None else rest.counts(label)
    pair = None if more is None else _pair([*values, *(value for _, value in more)])
    if pair is not None and wishes.task != "classification":
        return Space(LabelSpace("fixed", pair), "the answers are a yes and a no")
    counted = _count(values, more)
    fixed_wished = wishes.task in ("yes_no", "classification")
    if is_data:
        return _of_data(counted, label, fixed_wished=fixed_wished)
    return _of_seeds(counted, label, fixed_wished=fixed_wished)


def _wished(wishes: Wishes, options: str | None, rows: Sequence[Example], label: str) -> Space | None:
    if wishes.task == "open":
        if wishes.labels or wishes.options:
            raise UsageError("--task open has no list of labels or options", hint="Leave --labels and --options out.")
        return Space(LabelSpace("open"), "you said so")
    if wishes.labels:
        if wishes.options:
            raise UsageError("--labels and --options exclude each other")
        return Space(LabelSpace("fixed", _in_order_of_options(wishes.labels, rows, options)), "you said so")
    if wishes.options is not None or wishes.task == "multiple_choice":
        if options is None:
            raise UsageError(
                f"multiple choice needs a field with a list of options that holds the value of {quoted(label)}",
                hint="Name it with --options-field FIELD, or the answers with --labels.",
            )
        if wishes.options is not None:
            return Space(LabelSpace("per_example", options=wishes.options), "you said so")
    if wishes.task == "yes_no" and not _pair([row[label] for row in rows if not is_empty(row.get(label))]):
        raise UsageError(
            f"the values of {quoted(label)} are not a yes and a no", hint="Say which they are with --labels YES,NO."
        )
    return None


def _in_order_of_options(
    labels: tuple[Scalar, ...], rows: Sequence[Example], options: str | None
) -> tuple[Scalar, ...]:
    """The labels as the rows list them, where they do: fixed options must stand in the labels' order."""
    if options is not None:
        for row in rows:
            found = row.get(options)
            if isinstance(found, list) and sorted(map(repr, found)) == sorted(map(repr, labels)):
                return cast("tuple[Scalar, ...]", tuple(found))
    return labels


def _by_options(rows: Sequence[Example], label: str, options: str, wishes: Wishes) -> Space:
    lists = [cast("list[Scalar]", row[options]) for row in rows if is_options(row.get(options), row.get(label))]
    equal = all(repr(found) == repr(lists[0]) for found in lists)
    if equal and wishes.task != "multiple_choice" and (len(lists) > 1 or is_yes_no(lists[0])):
        why = f"the options in {quoted(options)} are the same everywhere"
        return Space(LabelSpace("fixed", tuple(lists[0])), why)
    ((length, count),) = Counter(len(found) for found in lists).most_common(1)
    if length > MAX_OPTIONS:
        raise UsageError(f"{length} options are too many: an example may bring {MAX_OPTIONS}")
    why = f"the lists in {quoted(options)}" if len(lists) > 1 else f"the list in {quoted(options)}"
    if count < len(lists):
        why += f"; in {count:,} of {len(lists):,} rows they have {length}"
    return Space(LabelSpace("per_example", options=length), why)


def _pair(values: Sequence[Json]) -> tuple[Scalar, Scalar] | None:
    """(yes, no) when the values are nothing else, in the spelling of most."""
    pairs = [yes_no_pair(value) for value in values]
    if not pairs or None in pairs or len({fold(pair[0]) for pair in pairs if pair}) > 1:
        return None
    return Counter(pairs).most_common(1)[0][0]


@dataclass(frozen=True, slots=True)
class _Counted:
    labels: tuple[Scalar, ...]
    """Different ones, in their most frequent spelling, the most frequent first."""
    counts: tuple[int, ...]
    plain: bool
    """Whether all values can be labels."""
    beyond: bool
    """Whether further rows hold more of them than are counted."""
    alike: tuple[str, ...]
    """Labels with other spellings, in words."""


def _count(values: Sequence[Json], more: Counter[Counted] | None) -> _Counted:
    spellings: dict[str, Counter[Counted]] = {}
    plain = True
    for value, count in chain(((value, 1) for value in values), ((value, n) for (_, value), n in (more or {}).items())):
        folded = fold(value)
        if folded is None:
            plain = False
            continue
        label = cast("Scalar", int(value) if isinstance(value, float) and value.is_integer() else value)
        spellings.setdefault(folded, Counter())[type(label).__name__, label] += count
    ordered = sorted(spellings.values(), key=lambda counter: -counter.total())
    labels = tuple(_usual(counter) for counter in ordered)
    counts = tuple(counter.total() for counter in ordered)
    return _Counted(labels, counts, plain, more is None, tuple(filter(None, map(_other_spellings, ordered))))


def _usual(spellings: Counter[Counted]) -> Scalar:
    label = spellings.most_common(1)[0][0][1]
    return label.strip() if isinstance(label, str) else label


def _other_spellings(spellings: Counter[Counted]) -> str | None:
    """Those of a label that differ in case or white space, in words."""
    usual = _usual(spellings)
    others = {label: count for (_, label), count in spellings.items() if label != usual}
    if not others:
        return None
    # Not `show`: white space is what they may differ in.
    named = listed([f"{json.dumps(label, ensure_ascii=False)} ({count:,})" for label, count in others.items()], 4)
    return f"{named} counts as {show(usual)}"


def _longest(labels: Sequence[Scalar]) -> int:
    return max((len(label) for label in labels if isinstance(label, str)), default=0)


def _is_named_as_label(field: str) -> bool:
    return field.strip().casefold() in LABEL_NAMES


def _of_data(counted: _Counted, label: str, *, fixed_wished: bool) -> Space:
    different, rows = len(counted.labels), sum(counted.counts)
    measures = any(isinstance(value, float) for value in counted.labels)
    again = different * 2 <= rows or (_is_named_as_label(label) and not measures)
    few = different <= MAX_LABELS and _longest(counted.labels) <= LONGEST_LABEL and again and not counted.beyond
    if fixed_wished or (counted.plain and few):
        _need_two(counted, label)
        counts = listed([f"{count:,}" for count in counted.counts], 8)
        why = f"{different} different values, in {counts} rows"
        return Space(LabelSpace("fixed", counted.labels), why, notes=counted.alike)
    if not counted.plain:
        return Space(LabelSpace("open"), "the answers are no single texts or numbers")
    if counted.beyond or different > MAX_LABELS:
        others = " and others" if counted.beyond else ""
        return Space(LabelSpace("open"), f"{different:,} different values{others}, more than {MAX_LABELS}")
    if _longest(counted.labels) > LONGEST_LABEL:
        return Space(LabelSpace("open"), f"the longest value has {_longest(counted.labels):,} characters")
    return Space(LabelSpace("open"), f"{different:,} different values in {rows:,} rows")


def _need_two(counted: _Counted, label: str) -> None:
    if len(counted.labels) == 1:
        only = show(counted.labels[0])
        hint = f"Name all labels (--labels {only},...), or another field (--label FIELD)."
        raise UsageError(f"the field {quoted(label)} holds nothing but {only}: one label is no choice", hint=hint)
    if not counted.labels:
        raise UsageError(f"the field {quoted(label)} holds nothing that can be a label", hint="Try --label FIELD.")


def _of_seeds(counted: _Counted, label: str, *, fixed_wished: bool) -> Space:
    named = _is_named_as_label(label)
    numbers = all(not isinstance(value, str) for value in counted.labels)
    short = counted.plain and bool(counted.labels) and _longest(counted.labels) <= LONGEST_LABEL
    if not fixed_wished and not (named and short):
        if not short:
            why = "a long text" if counted.plain and counted.labels else "no single text or number"
        else:
            why = "a number" if numbers else "a text of its own"
        return Space(LabelSpace("open"), f"the answer is {why}")
    if not short:
        raise UsageError(f"the answer in {quoted(label)} cannot be a label", hint="Try --label FIELD, or --task open.")
    if len(counted.labels) > 1:
        why = f"{quoted(label)} has {len(counted.labels)} different values"
        return Space(LabelSpace("fixed", counted.labels), why, "make sure that these are all labels")
    other = _other_label(counted.labels[0])
    why = f"by the name {quoted(label)}; {show(other)} is a placeholder"
    return Space(LabelSpace("fixed", (counted.labels[0], other)), why, _LABEL_TODO)


def _other_label(label: Scalar) -> Scalar:
    """A second label beside the only one that is known."""
    if isinstance(label, str):
        return PLACEHOLDER_LABEL if fold(label) != PLACEHOLDER_LABEL else "another"
    return 0 if label else 1


def in_words(labels: LabelSpace) -> str:
    """A label space in a few words."""
    if labels.kind == "fixed":
        return listed([show(label) for label in labels.values], 8)
    if labels.kind == "per_example":
        return f"each example has {labels.options} options of its own"
    return "open: any answer"
