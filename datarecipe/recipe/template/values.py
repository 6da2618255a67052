"""What a template sees."""

from __future__ import annotations

from collections.abc import Sequence

KNOWN_NAMES = ("batch_size", "labels", "fields", "description", "vars", "vary")
"""The names that a template can read without setting them."""


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
