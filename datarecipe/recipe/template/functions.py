"""The functions that a template can call without setting them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Context
from jinja2.utils import Cycler, Joiner, Namespace, pass_context

from datarecipe.recipe.template.bounds import TemplateBoundError
from datarecipe.recipe.template.context import meter_of


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
        raise TemplateBoundError(f"makes a range of more than {items:,} numbers", hint="A prompt needs shorter loops.")
    return made


@pass_context
def make_dict(context: Context, *args: Any, **pairs: Any) -> dict[Any, Any]:
    """`dict(name=value)`."""
    return meter_of(context).mapping(*args, **pairs)


@pass_context
def make_namespace(context: Context, *args: Any, **pairs: Any) -> Namespace:
    """`namespace(name=value)`: what a loop can set for the time after it."""
    return Namespace(meter_of(context).mapping(*args, **pairs))


@pass_context
def make_cycler(context: Context, *items: Any) -> Cycler:
    """`cycler("a", "b")`."""
    meter_of(context).listed(len(items))
    return Cycler(*items)


@pass_context
def make_joiner(context: Context, sep: str = ", ") -> Joiner:
    """`joiner(", ")`."""
    meter_of(context).spend(1)
    return Joiner(sep)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "cycler": make_cycler,
    "dict": make_dict,
    "joiner": make_joiner,
    "namespace": make_namespace,
    "range": make_range,
}
