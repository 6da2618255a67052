"""The counters of one rendering.

Each step of a template draws from them before it is taken: parts that are evaluated, rounds of loops, elements that are
looked at, characters that are made. A counter that would pass its limit raises `TemplateBoundError`, so that neither time
nor memory is spent first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from jinja2.nodes import Node

from datarecipe.characters import escaped
from datarecipe.recipe.template.bounds import Limits, TemplateBoundError, TemplateRefused
from datarecipe.recipe.template.evaluating.steady_parts import SteadyPart
from datarecipe.recipe.template.values import Loop, Missing, kind_of

_BITS_A_DIGIT = 3.3219280948873626
"""log2(10)."""

_SCANNED_AT_ONCE = 3
"""2 to the power of it is how many characters are looked at for one operation."""

_SHORT = 24
"""Characters of a fraction at most, and of a range about."""

CONTAINERS: tuple[type[Any], ...] = (list, tuple, dict, type({}.keys()), type({}.values()), type({}.items()))
ITERABLES: tuple[type[Any], ...] = (str, range, *CONTAINERS)

_FIRST_ALIKE = 2**61 - 1
"""Whole numbers that differ by it have one hash (see "Hashing of numeric types" in Python's manual), so that a mapping with
many such keys would take the square of their number."""


class Budget:
    """Counts what one rendering does. `line` is the line of the template that is at work."""

    __slots__ = ("characters", "iterations", "limits", "line", "operations")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.line = 1
        self.iterations = self.operations = self.characters = 0

    def at(self, node: Node) -> None:
        """Count the evaluation of one part of the template."""
        self.line = node.lineno
        self.operations += 1
        if self.operations > self.limits.operations:
            self.spend(0)

    def spend(self, operations: int) -> None:
        """Count parts of the template, or elements."""
        self.operations += operations
        if self.operations > self.limits.operations:
            _refuse(
                f"does more than {self.limits.operations:,} operations",
                "loop over less, and put less work into the inner loops",
            )

    @property
    def taken(self) -> tuple[int, int, int]:
        """Operations, rounds of loops, and characters so far."""
        return self.operations, self.iterations, self.characters

    def has_room(self, part: SteadyPart) -> bool:
        """Whether what `part` took fits within the limits."""
        return (
            self.operations + part.operations <= self.limits.operations
            and self.iterations + part.iterations <= self.limits.iterations
            and self.characters + part.characters <= self.limits.characters
        )

    def take(self, part: SteadyPart) -> None:
        """Count what `part` took, as if it were made anew."""
        if part.operations:  # a piece of plain text is on no line of its own
            self.line = part.line
        self.operations += part.operations
        self.iterations += part.iterations
        self.characters += part.characters

    def call(self, apply: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """What a filter, test, function or method makes of its arguments: both are charged."""
        for value in (*args, *options.values()):
            if type(value) is not Loop:
                self.scan(value)
        return self.made(apply(self, *args, **options))

    def elements(self, values: Any) -> list[Any]:
        """The elements of `values`, each of which is looked at in a round of a loop or by a filter."""
        if not isinstance(values, ITERABLES):
            raise TypeError(f"a {kind_of(values)} has no elements to go through")
        number = len(values)
        self.iterations += number
        if self.iterations > self.limits.iterations:
            _refuse(
                f"makes more than {self.limits.iterations:,} rounds of loops in all",
                "loop over less: rounds of nested loops multiply, and filters over lists count as loops",
            )
        self.spend(number)
        return list(values)

    # --- sizes, before something is made

    def fits(self, length: int) -> None:
        """Whether a text of `length` characters may be made."""
        if length > self.limits.text:
            _refuse(
                f"makes a text of {_number(length)} characters; {self.limits.text:,} is the limit for one text",
                "repeat, pad or indent less",
            )
        if self.characters + length > self.limits.characters:
            _refuse(
                f"makes texts of more than {self.limits.characters:,} characters in all",
                "texts on the way count too: build the text once, not anew in each round of a loop",
            )

    def listed(self, length: int) -> None:
        """Count a list of `length` elements."""
        if length > self.limits.items:
            _refuse(
                f"makes a list of {_number(length)} elements; {self.limits.items:,} is the limit",
                "a prompt needs shorter lists",
            )
        self.spend(length)

    def bits(self, number: float) -> None:
        """Whether a whole number of about so many bits may be computed."""
        if number > self.limits.digits * _BITS_A_DIGIT + 1:
            self._too_long()

    def _too_long(self) -> NoReturn:
        _refuse(f"makes a number of more than {self.limits.digits:,} digits", "a prompt needs smaller numbers")

    # --- what was made

    def made(self, value: Any) -> Any:
        """Count `value`, which was just made."""
        match value:
            case str():
                self.fits(len(value))
                self.characters += len(value)
            case int():
                if value.bit_length() > self.limits.digits * _BITS_A_DIGIT and abs(value) >= 10**self.limits.digits:
                    self._too_long()
            case list() | tuple():
                self.listed(len(value))
            case float() | None | range() | Missing() | Loop():
                pass
            case _ if not isinstance(value, CONTAINERS):
                raise TypeError(f"a value of type {type(value).__name__!r} is no text, number, list or mapping")
        return value

    def text(self, value: Any) -> str:
        """`value` as it is printed."""
        if type(value) is str:
            return value
        if not isinstance(value, (int, float)):
            self.fits(self.weigh(value))
        return str(self.made(escaped(str(value))))

    # --- what is looked at

    def weigh(self, value: Any) -> int:
        """About how many characters `value` is in print. Each element within counts as an operation.

        A value may hold another many times over, so that its text is far longer than its memory: so all of it is walked.
        """
        size = depth = 0
        level = [value]
        while level:
            within: list[Any] = []
            for each in level:
                if isinstance(each, str):
                    size += len(each)
                elif isinstance(each, CONTAINERS):
                    self.spend(len(each) + 1)
                    size += 2 + 2 * len(each)
                    within += each
                    if isinstance(each, dict):
                        within += each.values()
                elif isinstance(each, Loop):
                    raise TemplateRefused(
                        "the state of a loop is no text", hint="write `loop.index`, or another attribute"
                    )
                else:
                    size += 6 + each.bit_length() // 3 if isinstance(each, int) else _SHORT
            level, depth = within, depth + 1
            if depth > self.limits.nesting and any(isinstance(each, CONTAINERS) for each in level):
                _refuse(
                    f"makes a value that nests lists or mappings more than {self.limits.nesting} deep",
                    "a prompt needs flatter values",
                )
        return size

    def scan(self, value: Any) -> None:
        """Charge for a look at all of `value`."""
        if type(value) is str:
            self.spend(len(value) >> _SCANNED_AT_ONCE)
        elif isinstance(value, CONTAINERS):
            self.spend(self.weigh(value) >> _SCANNED_AT_ONCE)

    def judge(self, text: str) -> str:
        """`text`, each character of which is looked up in Unicode's tables. In ASCII that costs no more than the scan."""
        if not text.isascii():
            self.spend(len(text))
        return text

    def keys(self, values: Iterable[Any]) -> None:
        """Whether all of `values` may be keys of a mapping."""
        for each in values:
            if not isinstance(each, (str, int, float, type(None))):
                raise TypeError("only texts, numbers, true, false and null are looked up")
            if isinstance(each, int) and abs(each) >= _FIRST_ALIKE:
                _refuse("looks up by a number of more than 18 digits", "look up by texts or by smaller numbers")


def _refuse(message: str, hint: str) -> NoReturn:
    raise TemplateBoundError(message, hint=hint)


def _number(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "more than 10^15"
