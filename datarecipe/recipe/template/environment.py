"""The sandbox in which a template runs.

It is Jinja's immutable sandbox with strict undefined and no loader. Nothing runs while a template is compiled (no
folding of constants), and all that a template can reach is on a list: filters, tests, functions, attributes, methods.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Joiner, Namespace, pass_context

from datarecipe.recipe.template.bounds import TemplateRefused
from datarecipe.recipe.template.code import MeteredCode
from datarecipe.recipe.template.context import MeteredContext, meter_of
from datarecipe.recipe.template.filters import FILTERS
from datarecipe.recipe.template.formatting import braces
from datarecipe.recipe.template.functions import FUNCTIONS
from datarecipe.recipe.template.meter import Meter, Method
from datarecipe.recipe.template.methods import attribute_of, exists_elsewhere
from datarecipe.recipe.template.operators import BINARY, UNARY, binary, unary
from datarecipe.recipe.template.predicates import TESTS

_FUNCTIONS = frozenset(FUNCTIONS.values())

_KEYS = (str, int, float, type(None), Undefined)
"""What an element is looked up by."""


@pass_context
def _printed(context: Context, value: Any) -> str:
    """What `{{ value }}` writes."""
    return value if type(value) is str else meter_of(context).text(value)


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
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self.globals = dict(FUNCTIONS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: an attribute or method that templates have, else the element of that name."""
        if attribute in {"format", "format_map"} and isinstance(obj, str):
            return self._formatting(obj, attribute)
        try:
            if isinstance(obj, (Namespace, Undefined)) and not attribute.startswith("_"):
                return getattr(obj, attribute)
            return attribute_of(obj, attribute)
        except AttributeError:
            pass
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
            return __obj(__context, *args, **kwargs)
        if isinstance(__obj, (Macro, LoopContext, BlockReference)):
            if isinstance(__obj, LoopContext) and args:
                args = (meter.rounds(args[0], 0), *args[1:])
            meter.enter()
            try:
                return __context.call(__obj, *args, **kwargs)
            finally:
                meter.leave()
        if isinstance(__obj, (Joiner, Undefined)):
            return __context.call(__obj, *args, **kwargs)
        raise TemplateRefused(
            f"a value of type {type(__obj).__name__!r} is called",
            hint="Brackets after a name call a macro or a method.",
        )

    def _formatting(self, text: str, name: str) -> Method:
        def call(meter: Meter, *args: Any, **names: Any) -> str:
            if name == "format":
                return braces(meter, self, text, args, names)
            if names or len(args) != 1 or not isinstance(args[0], dict):
                raise TypeError("format_map() takes one mapping")
            return braces(meter, self, text, (), args[0])

        return Method(name, call)

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
