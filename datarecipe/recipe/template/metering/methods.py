"""The attributes and methods that values have in a template: an allow-list by type.

Methods that can make a text or list far larger than what they are given are measured first; the others are counted by
what they give back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2.runtime import LoopContext, Macro

from datarecipe.characters import changed, with_stand_ins, without_late_case
from datarecipe.recipe.template.metering.bounds import TemplateBoundError
from datarecipe.recipe.template.metering.meter import Meter, Method
from datarecipe.recipe.template.values import TemplateLabels

Checked = Callable[..., Any]
"""A method as a function of the meter, the value it belongs to, and its arguments."""

MAPPING_METHODS = ("get", "items", "keys", "values")
LABELS_ATTRIBUTES = ("kind", "options", "values")
LOOP_ATTRIBUTES = (
    "changed",
    "cycle",
    "depth",
    "depth0",
    "first",
    "index",
    "index0",
    "last",
    "length",
    "nextitem",
    "previtem",
    "revindex",
    "revindex0",
)

_CASE = ("capitalize", "lower", "title", "upper")
_PARTS = ("removeprefix", "removesuffix")
_STRIPPING = ("lstrip", "rstrip", "strip")
_KIND = ("isalpha", "isdigit", "isspace")
_IN_CASE = ("islower", "isupper")
_TEXT_TO_FACT = ("count", "endswith", "find", "index", "startswith")
"""`rfind` and its like are not there: Python takes the square of the length for them."""
_TEXT_TO_LIST = ("split", "splitlines")

_MOST_STRIPPED = 100
"""Characters that `strip` takes off: each character of the text is compared with each of them."""


def _case(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str) -> str:
        meter.fits(len(text))
        return meter.made(changed(text, method))

    return call


def _kind(name: str, as_known: Callable[[str], str]) -> Checked:
    method = getattr(str, name)

    def call(_: Meter, text: str) -> Any:
        return method(as_known(text))

    return call


def _text_to_text(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, *args: Any) -> str:
        meter.fits(len(text))
        return meter.made(method(text, *args))

    return call


def _text_to_fact(name: str) -> Checked:
    method = getattr(str, name)

    def call(_: Meter, text: str, *args: Any) -> Any:
        return method(text, *args)

    return call


def stripped(meter: Meter, text: str, chars: str | None = None, *, method: Callable[..., str] = str.strip) -> str:
    """`text.strip(chars)`, or another `method` of its kind."""
    if isinstance(chars, str) and len(chars) > _MOST_STRIPPED:
        raise TemplateBoundError(
            f"strips {len(chars):,} different characters; {_MOST_STRIPPED} is the limit", hint="name each one once"
        )
    return meter.made(method(text, chars))


def _text_to_list(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, *args: Any, **options: Any) -> Any:
        meter.counted(len(text))
        made = method(text, *args, **options)
        meter.listed(len(made))
        return made

    return call


def replaced(meter: Meter, text: str, old: str, new: str, count: int = -1) -> str:
    """`text.replace(old, new, count)`."""
    found = text.count(old)
    number = found if count < 0 else min(found, count)
    meter.fits(len(text) + number * (len(new) - len(old)))
    return meter.made(text.replace(old, new, count))


def _joined(meter: Meter, text: str, values: Any) -> str:
    texts = meter.elements(values)
    for at, value in enumerate(texts):
        if not isinstance(value, str):
            raise TypeError(f"sequence item {at}: expected str instance, {type(value).__name__} found")
    return meter.join(text, texts)


def _looked_up(_: Meter, mapping: dict[Any, Any], name: Any, default: Any = None) -> Any:
    return mapping.get(name, default)


def _place_of(name: str) -> Checked:
    def call(meter: Meter, values: Any, value: Any, *bounds: Any) -> Any:
        # Python writes the value into its error when it is not there.
        meter.fits(meter.weigh(value))
        return getattr(values, name)(value, *bounds)

    return call


def _plain(name: str) -> Checked:
    def call(meter: Meter, value: Any, *args: Any) -> Any:
        meter.spend(1)
        return getattr(value, name)(*args)

    return call


def _changed(meter: Meter, loop: LoopContext, *values: Any) -> bool:
    meter.compared(loop._last_changed_value)
    return loop.changed(*values)


_SEQUENCE: Mapping[str, Checked] = {"count": _place_of("count"), "index": _place_of("index")}

_METHODS: Mapping[type, Mapping[str, Checked]] = {
    str: {
        **{name: _case(name) for name in _CASE},
        **{name: _kind(name, with_stand_ins) for name in _KIND},
        **{name: _kind(name, without_late_case) for name in _IN_CASE},
        **{name: _text_to_text(name) for name in _PARTS},
        **{name: _text_to_fact(name) for name in _TEXT_TO_FACT},
        **{name: _text_to_list(name) for name in _TEXT_TO_LIST},
        **{name: partial(stripped, method=getattr(str, name)) for name in _STRIPPING},
        "join": _joined,
        "replace": replaced,
    },
    dict: {"get": _looked_up, **{name: _plain(name) for name in ("items", "keys", "values")}},
    list: _SEQUENCE,
    tuple: _SEQUENCE,
    float: {"is_integer": _plain("is_integer")},
    LoopContext: {"changed": _changed, "cycle": _plain("cycle")},
}

_ATTRIBUTES: Mapping[type, frozenset[str]] = {
    TemplateLabels: frozenset(LABELS_ATTRIBUTES),
    LoopContext: frozenset(LOOP_ATTRIBUTES) - {"changed", "cycle"},
    Macro: frozenset({"arguments", "caller", "catch_kwargs", "catch_varargs", "name"}),
}

_NOTHING: Mapping[str, Checked] = {}
_NO_NAMES: frozenset[str] = frozenset()

NO_ATTRIBUTE = object()
"""What `attribute_of` gives where there is none of that name."""


def attribute_of(value: Any, name: str) -> Any:
    """The attribute or the `Method` `name` of `value`; `NO_ATTRIBUTE` where a template has none of that name."""
    kind = type(value)
    if name in _ATTRIBUTES.get(kind, _NO_NAMES):
        return getattr(value, name)
    methods = _METHODS.get(kind)
    if methods is None:
        methods = next((_METHODS[known] for known in (str, dict, tuple, list) if isinstance(value, known)), _NOTHING)
        # What `groupby` gives: tuples with names.
        if name in getattr(kind, "_fields", ()):
            return getattr(value, name)
    checked = methods.get(name)
    return NO_ATTRIBUTE if checked is None else Method(name, value, checked)


def exists_elsewhere(value: Any, name: str) -> bool:
    """Whether Python has the attribute though templates have not: then a message can say so."""
    return not name.startswith("_") and any(name in vars(kind) for kind in type(value).__mro__)
