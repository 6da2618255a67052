"""The tests that a template has (`is defined`, `is even` ...): an allow-list, each counted."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import tests as jinja
from jinja2.runtime import Context
from jinja2.utils import pass_context

from datarecipe.characters import without_late_case
from datarecipe.recipe.template.context import meter_of
from datarecipe.recipe.template.metering.operators import binary

Predicate = Callable[..., bool]


def _comparison(compare: Callable[[Any, Any], Any]) -> Predicate:
    @pass_context
    def test(context: Context, value: Any, other: Any) -> bool:
        meter = meter_of(context)
        return bool(compare(meter.compared(value), meter.compared(other)))

    return test


@pass_context
def _in(context: Context, value: Any, values: Any) -> bool:
    meter = meter_of(context)
    return bool(meter.compared(value) in meter.container(values))


@pass_context
def _divisible(context: Context, value: Any, number: Any) -> bool:
    return bool(binary(meter_of(context), "%", value, number) == 0)


@pass_context
def _odd(context: Context, value: Any) -> bool:
    return bool(binary(meter_of(context), "%", value, 2) == 1)


@pass_context
def _even(context: Context, value: Any) -> bool:
    return bool(binary(meter_of(context), "%", value, 2) == 0)


@pass_context
def _lower(context: Context, value: Any) -> bool:
    return without_late_case(meter_of(context).text(value)).islower()


@pass_context
def _upper(context: Context, value: Any) -> bool:
    return without_late_case(meter_of(context).text(value)).isupper()


_EQUAL = _comparison(operator.eq)
_UNEQUAL = _comparison(operator.ne)
_GREATER = _comparison(operator.gt)
_GREATER_EQUAL = _comparison(operator.ge)
_LESS = _comparison(operator.lt)
_LESS_EQUAL = _comparison(operator.le)

TESTS: Mapping[str, Predicate] = {
    "!=": _UNEQUAL,
    "<": _LESS,
    "<=": _LESS_EQUAL,
    "==": _EQUAL,
    ">": _GREATER,
    ">=": _GREATER_EQUAL,
    "boolean": jinja.test_boolean,
    "defined": jinja.test_defined,
    "divisibleby": _divisible,
    "eq": _EQUAL,
    "equalto": _EQUAL,
    "even": _even,
    "false": jinja.test_false,
    "float": jinja.test_float,
    "ge": _GREATER_EQUAL,
    "greaterthan": _GREATER,
    "gt": _GREATER,
    "in": _in,
    "integer": jinja.test_integer,
    "iterable": jinja.test_iterable,
    "le": _LESS_EQUAL,
    "lessthan": _LESS,
    "lower": _lower,
    "lt": _LESS,
    "mapping": jinja.test_mapping,
    "ne": _UNEQUAL,
    "none": jinja.test_none,
    "number": jinja.test_number,
    "odd": _odd,
    "sequence": jinja.test_sequence,
    "string": jinja.test_string,
    "true": jinja.test_true,
    "undefined": jinja.test_undefined,
    "upper": _upper,
}
