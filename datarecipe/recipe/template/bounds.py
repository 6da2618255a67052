"""The bounds of a template, and the error of one that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one template may do. An honest prompt stays far below each."""

    text: int = 200_000
    """Characters of any one text: the template itself, a text on the way, the rendered instruction."""

    characters: int = 2_000_000
    """Characters of all texts on the way together."""

    iterations: int = 100_000
    """Rounds of all loops together, those within filters (`map`, `join`, `sum` ...) included."""

    operations: int = 1_000_000
    """Parts of the template that are evaluated, and elements that are compared or copied."""

    items: int = 100_000
    """Elements of any one list."""

    digits: int = 1_000
    """Digits of a whole number."""

    nesting: int = 30
    """Brackets, blocks, or lists and mappings of a value, within one another."""

    expression: int = 80
    """Operators and filters within or after one another, in one expression."""

    tokens: int = 20_000
    """Names, numbers, texts and signs in the template's tags."""


LIMITS = Limits()
"""The limits that a recipe's instruction has."""

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class TemplateFinding:
    """One thing to say about a template. `line` and `column` count from 1 within the template's text.

    `end_column` is the column after the last character that is meant, in the same line.
    """

    line: int
    column: int
    end_column: int
    message: str
    hint: str | None = None
    severity: Severity = "error"


class TemplateRefused(Exception):  # noqa: N818 - named for what happened to the template
    """A template that cannot be compiled or rendered: what is wrong, where, and how to mend it.

    `line`, `column` and `end_column` count from 1 within the template's text. The columns are `None` for what shows
    in rendering only, and `line` where the whole template is meant.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        end_column: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.end_column = end_column
        self.hint = hint


class TemplateBoundError(TemplateRefused):
    """A template that would do more than the limits allow."""
