"""The filters that a template has: an allow-list, each counted.

They give what Jinja's filters of these names give, with two differences. A filter over a list gives a list at once, never
a generator, so that its work is counted where it is written. And none gives HTML's marked text: a prompt is plain text.
Jinja's `random` is not there, since a request is a function of the recipe; `urlize` and `xmlattr` make HTML.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import filters as jinja
from jinja2.exceptions import FilterArgumentError
from jinja2.runtime import Context, Undefined
from jinja2.utils import htmlsafe_json_dumps, pass_context

from datarecipe.characters import changed, with_stand_ins
from datarecipe.recipe.template.context import meter_of
from datarecipe.recipe.template.metering.bounds import TemplateBoundError
from datarecipe.recipe.template.metering.formatting import percent
from datarecipe.recipe.template.metering.meter import Meter
from datarecipe.recipe.template.metering.methods import replaced, stripped
from datarecipe.recipe.template.metering.operators import binary

Filter = Callable[..., Any]

_MOST_PARTS = 10
"""Names in an `attribute=` of a filter: `place.name` has two."""

_BETWEEN = re.compile("[.,]")


# --- texts


def _text_filter(apply: Callable[[str], str], cost: int = 1) -> Filter:
    """A filter that makes a text of a text, and takes `cost` times as long as copying it (about)."""

    @pass_context
    def filtered(context: Context, value: Any) -> str:
        meter = meter_of(context)
        text = meter.text(value)
        meter.fits(len(text))
        meter.counted(len(text) * (cost - 1))
        return meter.made(apply(text))

    return filtered


def _case_filter(apply: Callable[[str], str], cost: int = 1) -> Filter:
    return _text_filter(lambda text: changed(text, apply), cost)


@pass_context
def _trim(context: Context, value: Any, chars: str | None = None) -> str:
    meter = meter_of(context)
    return stripped(meter, meter.text(value), chars)


@pass_context
def _indent(context: Context, value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002
    meter = meter_of(context)
    text = meter.text(value)
    by = len(width) if isinstance(width, str) else max(width, 0)
    meter.fits(by)
    meter.fits(len(text) + by * (len(text.splitlines()) + 2))
    return meter.made(jinja.do_indent(text, width, first, blank))


@pass_context
def _replace(context: Context, value: Any, old: Any, new: Any, count: int | None = None) -> str:
    meter = meter_of(context)
    return replaced(meter, meter.text(value), meter.text(old), meter.text(new), -1 if count is None else count)


@pass_context
def _format(context: Context, value: Any, *args: Any, **names: Any) -> str:
    if args and names:
        raise FilterArgumentError("can't handle positional and keyword arguments at the same time")
    meter = meter_of(context)
    return percent(meter, meter.text(value), names or args)


@pass_context
def _truncate(context: Context, value: Any, length: int = 255, killwords: bool = False, end: str = "...",  # noqa: FBT001, FBT002
              leeway: int | None = None) -> str:  # fmt: skip
    meter = meter_of(context)
    try:
        made = jinja.do_truncate(context.environment, meter.text(value), length, killwords, end, leeway)
    except AssertionError as error:
        # It tells the template's mistake so: `expected length >= 3, got 1`.
        raise FilterArgumentError(str(error)) from None
    return meter.made(made)


@pass_context
def _wordcount(context: Context, value: Any) -> int:
    meter = meter_of(context)
    return jinja.do_wordcount(with_stand_ins(meter.text(value)))


@pass_context
def _join(context: Context, value: Any, d: Any = "", attribute: str | int | None = None) -> str:
    meter = meter_of(context)
    values = _attributes(context, meter.elements(value), attribute)
    return meter.join(meter.text(d), [meter.text(each) for each in values])


@pass_context
def _tojson(context: Context, value: Any, indent: int | str | None = None) -> str:
    meter = meter_of(context)
    size = meter.weigh(value, printed=True)
    if indent is not None:
        by = len(indent) if isinstance(indent, str) else max(indent, 0)
        meter.fits(by)
        size += by * meter.limits.nesting * (size // 2) if by > 16 else by * size
    meter.fits(size)
    if isinstance(value, Undefined):
        str(value)  # raises, with the name
    # As Jinja's: keys in order, and <, >, & and ' as \u003c and so on.
    options: dict[str, Any] = {"sort_keys": True} if indent is None else {"sort_keys": True, "indent": indent}
    return meter.made(str(htmlsafe_json_dumps(value, dumps=json.dumps, **options)))


# --- numbers


def _number(value: Any) -> Any:
    if isinstance(value, (int, float, Undefined)):
        return value
    raise TypeError(f"a number is needed, not {type(value).__name__!r}")


def _abs(value: Any) -> Any:
    return abs(_number(value))


@pass_context
def _round(context: Context, value: Any, precision: int = 0, method: str = "common") -> Any:
    if method not in {"common", "ceil", "floor"}:
        raise FilterArgumentError("method must be common, ceil or floor")
    number = _number(value)
    meter_of(context).whole(abs(precision) * 3.33)
    if method == "common":
        return round(number, precision)
    return getattr(math, method)(number * (10**precision)) / (10**precision)


@pass_context
def _int(context: Context, value: Any, default: Any = 0, base: int = 10) -> Any:
    meter = meter_of(context)
    if isinstance(value, str) and len(value) > meter.limits.digits:
        raise TemplateBoundError(
            f"makes a number of a text of {len(value):,} characters; {meter.limits.digits:,} digits is the limit",
            hint="a prompt needs smaller numbers",
        )
    made = jinja.do_int(value, default, base)
    # In a base above 10, it has more digits than the text.
    return meter.number(made) if isinstance(made, int) else made


# --- lists


def _path(meter: Meter, attribute: Any, elements: int) -> Any:
    """`attribute`, which is about to be read from each of `elements`."""
    if attribute is not None and type(attribute) not in {str, int}:
        raise TypeError("an attribute is named by a text or a number")
    parts = len(_BETWEEN.findall(attribute)) + 1 if isinstance(attribute, str) else 1
    if parts > _MOST_PARTS:
        raise TemplateBoundError(
            f"names an attribute of {parts:,} parts; {_MOST_PARTS} is the limit",
            hint="name a field, such as `attribute='name'`",
        )
    meter.spend(parts * elements)
    return attribute


def _attributes(context: Context, values: list[Any], attribute: Any) -> list[Any]:
    if attribute is None:
        return values
    getter = jinja.make_attrgetter(context.environment, _path(meter_of(context), attribute, len(values)))
    return [getter(each) for each in values]


def _ordered(context: Context, value: Any, attribute: Any, *, several: bool = False) -> list[Any]:
    """The elements of `value`, which are about to be compared with each other by `attribute`."""
    meter = meter_of(context)
    values = meter.elements(value)
    if several and isinstance(attribute, str):
        keys: list[Any] = list(
            map(jinja.make_multi_attrgetter(context.environment, _path(meter, attribute, len(values))), values)
        )
    else:
        keys = _attributes(context, values, attribute)
    # What is compared is weighed, not where it is found: a namespace is light whatever it holds.
    each = len(values).bit_length()
    meter.spend(meter.weigh(keys) // 8 * each + len(values) * each)
    return values


@pass_context
def _list(context: Context, value: Any) -> list[Any]:
    return meter_of(context).elements(value)


@pass_context
def _items(context: Context, value: Any) -> list[Any]:
    if isinstance(value, Undefined):
        return []
    if not isinstance(value, Mapping):
        raise TypeError("Can only get item pairs from a mapping.")
    return meter_of(context).elements(value.items())


@pass_context
def _first(context: Context, value: Any) -> Any:
    for each in value:
        return each
    return context.environment.undefined("No first item, sequence was empty")


@pass_context
def _last(context: Context, value: Any) -> Any:
    for each in reversed(value):
        return each
    return context.environment.undefined("No last item, sequence was empty")


@pass_context
def _reverse(context: Context, value: Any) -> Any:
    meter = meter_of(context)
    if isinstance(value, str):
        return meter.made(value[::-1])
    return meter.elements(value)[::-1]


@pass_context
def _batch(context: Context, value: Any, linecount: int, fill_with: Any = None) -> list[list[Any]]:
    meter = meter_of(context)
    values = meter.elements(value)
    if fill_with is not None:
        if not isinstance(linecount, (int, Undefined)):
            raise TypeError(f"a batch is filled up to a whole number, not to {type(linecount).__name__!r}")
        meter.listed(max(linecount, 0))
    return list(jinja.do_batch(values, linecount, fill_with))


@pass_context
def _sort(context: Context, value: Any, reverse: bool = False, case_sensitive: bool = False,  # noqa: FBT001, FBT002
          attribute: str | int | None = None) -> list[Any]:  # fmt: skip
    values = _ordered(context, value, attribute, several=True)
    return jinja.do_sort(context.environment, values, reverse, case_sensitive, attribute)


@pass_context
def _dictsort(context: Context, value: Any, case_sensitive: bool = False, by: str = "key",  # noqa: FBT001, FBT002
              reverse: bool = False) -> list[Any]:  # fmt: skip  # noqa: FBT001, FBT002
    if not isinstance(value, Mapping):
        raise TypeError("dictsort needs a mapping")
    _ordered(context, value.items(), None)
    return jinja.do_dictsort(value, case_sensitive, by, reverse)  # type: ignore[arg-type] # it checks `by` itself


@pass_context
def _unique(context: Context, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:  # noqa: FBT001, FBT002
    values = _ordered(context, value, attribute)
    meter_of(context).hashed(_attributes(context, values, attribute))
    return list(jinja.sync_do_unique(context.environment, values, case_sensitive, attribute))


@pass_context
def _min(context: Context, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:  # noqa: FBT001, FBT002
    values = _ordered(context, value, attribute)
    return jinja.do_min(context.environment, values, case_sensitive, attribute)


@pass_context
def _max(context: Context, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:  # noqa: FBT001, FBT002
    values = _ordered(context, value, attribute)
    return jinja.do_max(context.environment, values, case_sensitive, attribute)


@pass_context
def _groupby(context: Context, value: Any, attribute: str | int, default: Any = None,
             case_sensitive: bool = False) -> Any:  # fmt: skip  # noqa: FBT001, FBT002
    values = _ordered(context, value, attribute)
    return jinja.sync_do_groupby(context.environment, values, attribute, default, case_sensitive)


@pass_context
def _sum(context: Context, iterable: Any, attribute: str | int | None = None, start: Any = 0) -> Any:
    meter = meter_of(context)
    total = start
    for each in _attributes(context, meter.elements(iterable), attribute):
        total = binary(meter, "+", total, each)
    return total


@pass_context
def _map(context: Context, value: Any, *args: Any, **options: Any) -> list[Any]:
    meter = meter_of(context)
    values = meter.elements(value)
    if not args:
        _path(meter, options.get("attribute"), len(values))
    apply = jinja.prepare_map(context, args, options)
    return [apply(each) for each in values]


def _choosing(*, keep: bool, by_attribute: bool) -> Filter:
    """`select`, `reject`, `selectattr` or `rejectattr`."""

    def judge(verdict: Any) -> bool:
        return bool(verdict) is keep

    @pass_context
    def chosen(context: Context, value: Any, *args: Any, **options: Any) -> list[Any]:
        meter = meter_of(context)
        values = meter.elements(value)
        if by_attribute and args:
            _path(meter, args[0], len(values))
        test = jinja.prepare_select_or_reject(context, args, options, judge, by_attribute)
        return [each for each in values if test(each)]

    return chosen


FILTERS: Mapping[str, Filter] = {
    "abs": _abs,
    "batch": _batch,
    "capitalize": _case_filter(jinja.do_capitalize),
    "count": len,
    "d": jinja.do_default,
    "default": jinja.do_default,
    "dictsort": _dictsort,
    "first": _first,
    "float": jinja.do_float,
    "format": _format,
    "groupby": _groupby,
    "indent": _indent,
    "int": _int,
    "items": _items,
    "join": _join,
    "last": _last,
    "length": len,
    "list": _list,
    "lower": _case_filter(jinja.do_lower),
    "map": _map,
    "max": _max,
    "min": _min,
    "reject": _choosing(keep=False, by_attribute=False),
    "rejectattr": _choosing(keep=False, by_attribute=True),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "select": _choosing(keep=True, by_attribute=False),
    "selectattr": _choosing(keep=True, by_attribute=True),
    "sort": _sort,
    "string": _text_filter(str),
    "sum": _sum,
    "title": _case_filter(jinja.do_title, cost=5),
    "tojson": _tojson,
    "trim": _trim,
    "truncate": _truncate,
    "unique": _unique,
    "upper": _case_filter(jinja.do_upper),
    "wordcount": _wordcount,
}
