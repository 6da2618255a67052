"""The attributes and methods that values have in a template: an allow-list by type.

Methods that can make a text or list far larger than what they are given are measured first; the others are counted by
what they give back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.utils import Cycler

from datarecipe.recipe.template.meter import Meter, Method
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

_TEXT_TO_TEXT = (
    "capitalize",
    "casefold",
    "lower",
    "lstrip",
    "removeprefix",
    "removesuffix",
    "rstrip",
    "strip",
    "swapcase",
    "title",
    "upper",
)
_TEXT_TO_FACT = (
    "count",
    "endswith",
    "find",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "rfind",
    "rindex",
    "startswith",
)
_TEXT_TO_LIST = ("partition", "rpartition", "rsplit", "split", "splitlines")


def _text_to_text(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, *args: Any) -> str:
        meter.fits(len(text))
        return meter.made(method(text, *args))

    return call


def _text_to_fact(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, *args: Any) -> Any:
        meter.scanned(len(text))
        return method(text, *args)

    return call


def _text_to_list(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, *args: Any, **options: Any) -> Any:
        meter.counted(len(text))
        made = method(text, *args, **options)
        meter.listed(len(made))
        return made

    return call


def _padded(name: str) -> Checked:
    method = getattr(str, name)

    def call(meter: Meter, text: str, width: int, *fill: Any) -> str:
        meter.fits(max(len(text), width))
        return meter.made(method(text, width, *fill))

    return call


def replaced(meter: Meter, text: str, old: str, new: str, count: int = -1) -> str:
    """`text.replace(old, new, count)`."""
    meter.scanned(len(text))
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


def _expanded(meter: Meter, text: str, tabsize: int = 8) -> str:
    meter.fits(len(text) + text.count("\t") * max(tabsize, 0))
    return meter.made(text.expandtabs(tabsize))


def _looked_up(meter: Meter, mapping: dict[Any, Any], name: Any, default: Any = None) -> Any:
    return mapping.get(meter.key(name), default)


def _place_of(name: str) -> Checked:
    def call(meter: Meter, values: Any, value: Any, *bounds: Any) -> Any:
        meter.compared(values)
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
    meter.compared(values)
    meter.compared(loop._last_changed_value)
    return loop.changed(*values)


_SEQUENCE: Mapping[str, Checked] = {"count": _place_of("count"), "index": _place_of("index")}

_METHODS: Mapping[type, Mapping[str, Checked]] = {
    str: {
        **{name: _text_to_text(name) for name in _TEXT_TO_TEXT},
        **{name: _text_to_fact(name) for name in _TEXT_TO_FACT},
        **{name: _text_to_list(name) for name in _TEXT_TO_LIST},
        **{name: _padded(name) for name in ("center", "ljust", "rjust", "zfill")},
        "expandtabs": _expanded,
        "join": _joined,
        "replace": replaced,
    },
    dict: {"get": _looked_up, **{name: _plain(name) for name in ("items", "keys", "values")}},
    list: _SEQUENCE,
    tuple: _SEQUENCE,
    float: {"is_integer": _plain("is_integer")},
    LoopContext: {"changed": _changed, "cycle": _plain("cycle")},
    Cycler: {"next": _plain("next"), "reset": _plain("reset")},
}

_ATTRIBUTES: Mapping[type, frozenset[str]] = {
    TemplateLabels: frozenset(LABELS_ATTRIBUTES),
    LoopContext: frozenset(LOOP_ATTRIBUTES) - {"changed", "cycle"},
    Cycler: frozenset({"current"}),
    Macro: frozenset({"arguments", "caller", "catch_kwargs", "catch_varargs", "name"}),
    BlockReference: frozenset({"super"}),
}

_NOTHING: Mapping[str, Checked] = {}
_NO_NAMES: frozenset[str] = frozenset()


def attribute_of(value: Any, name: str) -> Any:
    """The attribute or the `Method` `name` of `value`. Raises `AttributeError` where a template has none of that name."""
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
    if checked is None:
        raise AttributeError(name)

    def call(meter: Meter, *args: Any, **options: Any) -> Any:
        return checked(meter, value, *args, **options)

    return Method(name, call)


def exists_elsewhere(value: Any, name: str) -> bool:
    """Whether Python has the attribute though templates have not: then a message can say so."""
    return not name.startswith("_") and any(name in vars(kind) for kind in type(value).__mro__)
