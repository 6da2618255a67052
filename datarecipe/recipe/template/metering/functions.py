"""The functions that a template can call without setting them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Context
from jinja2.utils import Namespace, pass_context

from datarecipe.recipe.template.context import meter_of
from datarecipe.recipe.template.metering.bounds import TemplateBoundError


@pass_context
def make_range(context: Context, *bounds: int) -> range:
    """`range(stop)`, `range(start, stop)`, `range(start, stop, step)`."""
    made = range(*bounds)
    items = meter_of(context).limits.items
    try:
        length = len(made)
    except OverflowError:
        length = items + 1
    if length > items:
        raise TemplateBoundError(f"makes a range of more than {items:,} numbers", hint="a prompt needs shorter loops")
    return made


@pass_context
def make_dict(context: Context, *args: Any, **pairs: Any) -> dict[Any, Any]:
    """`dict(name=value)`."""
    return meter_of(context).mapping(*args, **pairs)


@pass_context
def make_namespace(context: Context, *args: Any, **pairs: Any) -> Namespace:
    """`namespace(name=value)`: what a loop can set for the time after it."""
    return Namespace(meter_of(context).mapping(*args, **pairs))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "dict": make_dict,
    "namespace": make_namespace,
    "range": make_range,
}
