"""The operators of a template: the size of a result is known before it is computed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from jinja2.runtime import Undefined

from datarecipe.recipe.template.metering.formatting import percent
from datarecipe.recipe.template.metering.meter import Meter

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}

BINARY = frozenset(_OPERATORS)
UNARY = frozenset({"+", "-"})

_OPERANDS = (int, float, str, list, tuple, Undefined)
"""Other types have operators too: the difference of two views of a mapping is a set, whose order changes by process."""


def binary(meter: Meter, sign: str, left: Any, right: Any) -> Any:
    """`left sign right`."""
    if sign == "%" and isinstance(left, str):
        return percent(meter, left, right)
    if not (isinstance(left, _OPERANDS) and isinstance(right, _OPERANDS)):
        names = f"{type(left).__name__!r} and {type(right).__name__!r}"
        raise TypeError(f"unsupported operand type(s) for {sign}: {names}")
    compute = _OPERATORS[sign]
    if isinstance(left, int) and isinstance(right, int):
        meter.whole(_bits(sign, left, right))
        number = compute(left, right)
        return meter.number(number) if isinstance(number, int) else number
    if sign == "+" and isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)):
        _fits(meter, left, len(left) + len(right))
    elif sign == "*":
        if isinstance(left, (str, list, tuple)) and isinstance(right, int):
            _fits(meter, left, len(left) * max(right, 0))
        elif isinstance(right, (str, list, tuple)) and isinstance(left, int):
            _fits(meter, right, len(right) * max(left, 0))
    made = compute(left, right)
    if isinstance(made, str):
        meter.counted(len(made))
    return made


def unary(sign: str, value: Any) -> Any:
    """`sign value`."""
    return -value if sign == "-" else +value


def _fits(meter: Meter, kind: Any, length: int) -> None:
    if isinstance(kind, str):
        meter.fits(length)
    else:
        meter.listed(length)


def _bits(sign: str, left: int, right: int) -> float:
    """About how many bits the result has: at least half of what it has."""
    one, other = left.bit_length(), right.bit_length()
    match sign:
        case "*":
            return one + other - 1
        case "**":
            # A negative exponent gives a float; 0, 1 and -1 stay what they are.
            return (one - 1) * right if right > 0 and one > 1 else one
        case "+" | "-":
            return max(one, other)
        case _:
            return 0
