"""What a template sees: plain data, and the three kinds of value that only a template has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datarecipe.recipe.message_text import code, join
from datarecipe.recipe.template.bounds import TemplateRefused

KNOWN_NAMES = ("batch_size", "labels", "fields", "description", "vars", "vary", "draw", "balance")
"""The names that a template can read without setting them."""

KNOWN_HINT = f"a template sees {join(KNOWN_NAMES, 'and')}"


class TemplateLabels(tuple["str | int | float | bool", ...]):
    """What a template sees as `labels`: the labels themselves, with `kind`, `values` and `options` beside them."""

    kind: str
    options: int

    def __new__(cls, labels: Sequence[str | int | float | bool], kind: str, options: int) -> TemplateLabels:
        """Take the labels of a fixed label space (none for the others), its kind, and its options for each example."""
        made = super().__new__(cls, labels)
        made.kind = kind
        made.options = options
        return made

    @property
    def values(self) -> tuple[str | int | float | bool, ...]:
        """The labels of a fixed label space; empty otherwise."""
        return tuple(self)


@dataclass(frozen=True, slots=True)
class Missing:
    """What an undefined name or attribute evaluates to. Only `default`, `is defined` and `is undefined` accept it."""

    message: str
    hint: str = KNOWN_HINT


NO_ELSE = Missing("`A if B` without `else` has no value here, since B is false", "write `A if B else ''`")
"""An inline `if` without `else` whose condition is false. Printed, or joined by `~`, it is an empty text."""


def present(value: Any) -> Any:
    """`value`. Raises `TemplateRefused` where it is missing."""
    if type(value) is not Missing:
        return value
    raise TemplateRefused(value.message, hint=value.hint)


class Loop:
    """The `loop` of one `{% for %}`."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = items
        self.index0 = 0
        self.asked: tuple[Any, ...] | None = None
        """What `loop.changed` was asked last."""

    def attributes(self) -> dict[str, Any]:
        """What `loop.index` and the others are now."""
        items, at, length = self.items, self.index0, len(self.items)
        return {
            "index": at + 1,
            "index0": at,
            "revindex": length - at,
            "revindex0": length - at - 1,
            "first": at == 0,
            "last": at == length - 1,
            "length": length,
            "depth": 1,
            "depth0": 0,
            "previtem": items[at - 1] if at > 0 else Missing("there is no previous item"),
            "nextitem": items[at + 1] if at + 1 < length else Missing("there is no next item"),
        }


LOOP_ATTRIBUTES = tuple(Loop(()).attributes())
LABELS_ATTRIBUTES = ("kind", "options", "values")

_KINDS = {str: "text", bool: "truth value", int: "number", float: "number", dict: "mapping", Loop: "loop"}


def kind_of(value: Any) -> str:
    """The type of `value`, as messages name it."""
    return "null" if value is None else _KINDS.get(type(value), "list")


def item(value: Any, key: Any) -> Any:
    """`value[key]`, and `value.key`: the few attributes that `loop` and `labels` have are found like elements.

    No attribute of Python's is ever read by a name of the template's.
    """
    if isinstance(value, dict):
        if not isinstance(key, (str, int, float, type(None))):
            raise TypeError("only texts, numbers, true, false and null are looked up")
        if key in value:
            return value[key]
    elif isinstance(key, int) and isinstance(value, (str, list, tuple, range)):
        if -len(value) <= key < len(value):
            return value[key]
    elif isinstance(key, str):
        if isinstance(value, Loop) and key in LOOP_ATTRIBUTES:
            return value.attributes()[key]
        if isinstance(value, TemplateLabels) and key in LABELS_ATTRIBUTES:
            return getattr(value, key)
    shown = code(str(key)) if isinstance(key, (str, int, float)) else "of this kind"
    return Missing(f"a {kind_of(value)} has no element {shown}")


def part_of(value: Any, bounds: Sequence[Any]) -> Any:
    """`value[start:stop:step]`. From 3.12 on Python looks a slice up in a mapping, and hashes all that its bounds hold."""
    if not isinstance(value, (str, list, tuple, range)):
        raise TypeError(f"a {kind_of(value)} has no parts to take by their numbers")
    if not all(bound is None or isinstance(bound, int) for bound in bounds):
        raise TypeError("the bounds of a part are whole numbers")
    return value[slice(*bounds)]
