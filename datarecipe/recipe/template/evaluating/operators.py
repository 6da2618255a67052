"""The operators of a template: the size of a result is known before it is computed."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from datarecipe.characters import escaped
from datarecipe.recipe.template.evaluating.work_budget import CONTAINERS, Budget
from datarecipe.recipe.template.values import kind_of


class Text(str):
    """A text whose `repr` escapes what Unicode 14 does not assign."""

    __slots__ = ()

    def __repr__(self) -> str:
        return escaped(str.__repr__(self))


class NamedValues(dict[Any, Any]):
    """The values of `%(name)s`, which `%s` writes as a whole."""

    def __repr__(self) -> str:
        return escaped(dict.__repr__(self))


class ListedValues(list[Any]):
    """A list, of which Python asks no placeholder for each element."""

    def __repr__(self) -> str:
        return escaped(list.__repr__(self))


class Container:
    """A tuple or mapping that is written as its text."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __repr__(self) -> str:
        return escaped(repr(self._value))


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}

UNARY: Mapping[str, Callable[[Any], Any]] = {"not": operator.not_, "-": operator.neg, "+": operator.pos}

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda left, right: left in right,
    "notin": lambda left, right: left not in right,
}

_PLACEHOLDER = re.compile(r"%(?:\(\w*\))?[-+ #0]*(\d*)(?:\.(\d*))?(.?)", re.DOTALL)
_CONVERSIONS = "diouxXeEfFgGrsa%"


def binary(budget: Budget, sign: str, left: Any, right: Any) -> Any:
    """`left sign right`."""
    if sign == "%" and isinstance(left, str):
        return budget.made(percent(budget, left, right))
    for operand in (left, right):
        # Others have operators too: the difference of two views of a mapping is a set, whose order changes by process.
        if not isinstance(operand, (int, float, str, list, tuple)):
            raise TypeError(f"there is no {kind_of(left)} {sign} {kind_of(right)}")
    if isinstance(left, int) and isinstance(right, int):
        one, other = left.bit_length(), right.bit_length()
        if sign == "*":
            budget.bits(one + other - 1)
        elif sign == "**" and right > 0 and one > 1:
            budget.bits((one - 1) * right)
    elif sign in {"+", "*"}:
        sequence, times = (left, right) if isinstance(right, int) else (right, left)
        if sign == "+" and not isinstance(left, (int, float)) and not isinstance(right, (int, float)):
            _fits(budget, left, len(left) + len(right))
        elif isinstance(times, int) and not isinstance(sequence, float):
            _fits(budget, sequence, len(sequence) * max(times, 0))
    return budget.made(BINARY[sign](left, right))


def compare(budget: Budget, name: str, left: Any, right: Any) -> bool:
    """`left == right` and the like, by Jinja's `name` for it."""
    budget.scan(left)
    if isinstance(right, range):
        budget.spend(len(right))
    elif not (name in {"in", "notin"} and isinstance(right, dict)):
        budget.scan(right)
    return bool(COMPARISONS[name](left, right))


def percent(budget: Budget, text: str, values: Any) -> str:
    """`text % values`, with the common conversions; width and precision are numbers that stand in the text."""
    size = len(text)
    weight = budget.weigh(values)
    for width, precision, kind in _PLACEHOLDER.findall(text):
        if not kind or kind not in _CONVERSIONS:
            raise ValueError(
                f"`%` with {kind!r} is no placeholder: there are %s, %d, %f and others, and %% for the sign"
            )
        # A mapping may be asked for one value many times.
        size += int(width[:16] or 0) + int(precision[:16] or 0) + (weight if isinstance(values, dict) else 0)
    budget.fits(size + weight)
    if isinstance(values, dict):
        return str(text % NamedValues({key: _spelt(value) for key, value in values.items()}))
    return str(text % (tuple(map(_spelt, values)) if isinstance(values, tuple) else _spelt(values)))


def _spelt(value: Any) -> Any:
    """`value`, which `%s` and `%r` write alike under all versions of Unicode. A text itself stays as it is for `%s`."""
    if type(value) is str:
        return Text(value)
    if type(value) is list:
        return ListedValues(value)
    return Container(value) if isinstance(value, CONTAINERS) else value


def _fits(budget: Budget, made: Any, length: int) -> None:
    if isinstance(made, str):
        budget.fits(length)
    else:
        budget.listed(length)
