"""The sandbox in which a template runs.

It is Jinja's immutable sandbox with strict undefined and no loader. Nothing runs while a template is compiled (no
folding of constants), and all that a template can reach is on a list: filters, tests, functions, attributes, methods.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import FunctionType
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context

from datarecipe.recipe.template.code import MeteredCode
from datarecipe.recipe.template.context import MeteredContext, meter_of
from datarecipe.recipe.template.filters import FILTERS
from datarecipe.recipe.template.metering.bounds import TemplateRefused
from datarecipe.recipe.template.metering.formatting import braces
from datarecipe.recipe.template.metering.functions import FUNCTIONS
from datarecipe.recipe.template.metering.meter import Method
from datarecipe.recipe.template.metering.methods import NO_ATTRIBUTE, attribute_of, exists_elsewhere
from datarecipe.recipe.template.metering.operators import BINARY, UNARY, binary, unary
from datarecipe.recipe.template.predicates import TESTS

_FUNCTIONS = frozenset(FUNCTIONS.values())

_LONGEST_NAME = 100
"""Characters of the name of a filter or test."""

_KEYS = (str, int, float, type(None), Undefined)
"""What an element is looked up by."""


@pass_context
def _printed(context: Context, value: Any) -> str:
    """What `{{ value }}` writes."""
    return value if type(value) is str else meter_of(context).text(value)


def gated(apply: Callable[..., Any]) -> Callable[..., Any]:
    """The filter or test `apply`, whose arguments are charged before it is called. All of them are made by this."""
    takes_context = bool(getattr(apply, "jinja_pass_arg", None))

    @pass_context
    @wraps(apply)
    def call(context: Context, /, *args: Any, **names: Any) -> Any:
        meter_of(context).admit(args, names)
        return apply(context, *args, **names) if takes_context else apply(*args, **names)

    return call


class MeteredEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's environment for instructions."""

    intercepted_binops = BINARY
    intercepted_unops = UNARY
    context_class = MeteredContext
    code_generator_class = MeteredCode

    def __init__(self) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            optimized=False,
            finalize=_printed,
            cache_size=0,
        )
        self.filters = {name: gated(apply) for name, apply in FILTERS.items()}
        self.tests = {name: gated(apply) for name, apply in TESTS.items()}
        self.globals = dict(FUNCTIONS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: an attribute or method that templates have, else the element of that name."""
        if attribute == "format" and isinstance(obj, str):
            return Method(attribute, obj, partial(braces, self))
        if isinstance(obj, (Namespace, Undefined)) and not attribute.startswith("_"):
            # What was set in a namespace; what is undefined raises, and says its name.
            found = getattr(obj, attribute, NO_ATTRIBUTE)
        else:
            found = attribute_of(obj, attribute)
        if found is not NO_ATTRIBUTE:
            return found
        try:
            return obj[attribute]
        except (TypeError, LookupError):
            return self._missing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`: the element, else the attribute of that name."""
        if not isinstance(argument, _KEYS) and not (
            isinstance(argument, tuple) and len(argument) < 100 and all(isinstance(part, _KEYS) for part in argument)
        ):
            # To hash it, and to name it in an error, is to walk through all of it.
            raise TypeError(f"an element cannot be looked up by a value of type {type(argument).__name__!r}")
        try:
            return obj[argument]
        except (TypeError, LookupError):
            name: Any = argument  # Jinja's error tells numbers from names
            return self.getattr(obj, name) if isinstance(name, str) else self.undefined(obj=obj, name=name)

    def call_filter(self, name: Any, *args: Any, **options: Any) -> Any:
        """A filter whose name is a value: `map(name)`."""
        return super().call_filter(_name(name, "filter"), *args, **options)

    def call_test(self, name: Any, *args: Any, **options: Any) -> Any:
        """A test whose name is a value: `select(name)`."""
        return super().call_test(_name(name, "test"), *args, **options)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`left operator right`."""
        return binary(meter_of(context), operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002 - Jinja's signature
        """`operator arg`."""
        return unary(operator, arg)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja, so that no keyword of a template's is taken
        """`obj(...)`: a macro, a method, a function of ours, and nothing else."""
        meter = meter_of(__context)
        if args or kwargs:
            meter.spend(len(args) + len(kwargs))
        if isinstance(__obj, Method) or (isinstance(__obj, FunctionType) and __obj in _FUNCTIONS):
            # What Jinja passes for functions that read the names around them; none of ours does.
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            if isinstance(__obj, Method):
                return __obj.call(meter, *args, **kwargs)
            meter.admit(args, kwargs)
            return __obj(__context, *args, **kwargs)
        if isinstance(__obj, (Macro, LoopContext)):
            if isinstance(__obj, LoopContext) and args:
                args = (meter.rounds(args[0], 0), *args[1:])
            meter.enter()
            try:
                return __context.call(__obj, *args, **kwargs)
            finally:
                meter.leave()
        if isinstance(__obj, Undefined):
            return __context.call(__obj, *args, **kwargs)
        raise TemplateRefused(
            f"a value of type {type(__obj).__name__!r} is called",
            hint="brackets after a name call a macro or a method",
        )

    def _missing(self, obj: Any, attribute: str) -> Undefined:
        if attribute.startswith("_"):
            return self.unsafe_undefined(obj, attribute)
        if exists_elsewhere(obj, attribute):
            return self.undefined(
                f"{attribute!r} of a {type(obj).__name__!r} cannot be used in a template",
                name=attribute,
                exc=SecurityError,
            )
        return self.undefined(obj=obj, name=attribute)


def _name(name: Any, kind: str) -> str:
    """`name`, if it is one: to look another value up, or to tell it, would be to walk through all of it."""
    if type(name) is not str or len(name) > _LONGEST_NAME:
        raise TypeError(f"a {kind} is named by a short text")
    return name
