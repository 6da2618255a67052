"""The functions, filters and tests that a template has: allow-lists by name.

Each takes the rendering's budget first, and is called by `Budget.call`, which charges for what goes in and what comes out.
Where a result can be far larger than the arguments, its size is checked first. They give what Jinja's give, but a filter
over a list gives a list, never a generator, and none gives HTML's marked text.
"""

# ruff: noqa: FBT001, FBT002 - a template gives truth values by place too

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from datarecipe.characters import changed, with_stand_ins, without_late_case
from datarecipe.recipe.message_text import code
from datarecipe.recipe.template.bounds import TemplateBoundError, TemplateRefused
from datarecipe.recipe.template.evaluating.operators import binary, compare, percent
from datarecipe.recipe.template.evaluating.work_budget import ITERABLES, Budget
from datarecipe.recipe.template.values import Missing, item, present

Apply = Callable[..., Any]

_MOST_PARTS = 10
"""Names in an `attribute=` of a filter (`place.name` has two), and attributes that `sort` sorts by."""

_MOST_STRIPPED = 100
"""Characters that `trim` takes off: each character of the text is compared with each of them."""

_WIDEST = 16
"""Characters that `tojson` indents by."""

_EMPTY = Missing("an empty list has no such element")

_WORD_BEGINS = re.compile(r"([-\s({\[<]+)")
_WORD = re.compile(r"\w+")


def getter(budget: Budget, attribute: Any, default: Any = None) -> Callable[[Any], Any]:
    """What reads an attribute such as `place.name` or `0` from a value; the value itself for `None`."""
    if attribute is not None and not isinstance(attribute, (str, int)):
        raise TypeError("an attribute is named by a text or a number")
    parts: list[Any] = [] if attribute is None else [attribute]
    if isinstance(attribute, str):
        parts = [
            int(part) if part.isdigit() else part for part in _split(attribute, ".", "names an attribute of", "parts")
        ]
    budget.spend(len(parts))

    def get(value: Any) -> Any:
        budget.spend(len(parts))
        for part in parts:
            value = item(present(value), part)
            if default is not None and type(value) is Missing:
                value = default
        return value

    return get


def _split(attribute: str, sign: str, does: str, what: str) -> list[str]:
    """The parts of `attribute`, which are few."""
    parts = attribute.split(sign, _MOST_PARTS)
    if len(parts) > _MOST_PARTS:
        hint = "name a field, such as `attribute='name'`"
        raise TemplateBoundError(f"{does} more than {_MOST_PARTS} {what}", hint=hint)
    return parts


def _needed(what: str, value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds):
        raise TypeError(f"{what} is needed")
    return value


# --- texts


def changing(change: Callable[[str], str]) -> Apply:
    """A filter or method that changes a text's case, alike under all versions of Unicode."""

    def apply(budget: Budget, value: Any) -> str:
        text = budget.text(value)
        budget.fits(len(text))
        return changed(budget.judge(text), change)

    return apply


def _title(text: str) -> str:
    return "".join(part[0].upper() + part[1:].lower() for part in _WORD_BEGINS.split(text) if part)


def stripping(strip: Callable[..., str]) -> Apply:
    """A filter or method that takes white space, or `chars`, off the ends of a text."""

    def apply(budget: Budget, value: Any, chars: str | None = None) -> str:
        if isinstance(chars, str) and len(chars) > _MOST_STRIPPED:
            said = f"strips {len(chars):,} different characters; {_MOST_STRIPPED} is the limit"
            raise TemplateBoundError(said, hint="name each one once")
        return strip(budget.text(value), chars)

    return apply


def replaced(budget: Budget, s: Any, old: Any, new: Any, count: int | None = None) -> str:
    """`s` with `new` for `old`, the first `count` times."""
    text, old, new = budget.text(s), budget.text(old), budget.text(new)
    found = text.count(old)
    number = found if count is None or count < 0 else min(found, count)
    budget.fits(len(text) + number * (len(new) - len(old)))
    return text.replace(old, new, number)


def joined(budget: Budget, value: Any, d: Any = "", attribute: str | int | None = None) -> str:
    """The elements of `value`, or an attribute of each, with `d` between them."""
    get = getter(budget, attribute)
    texts = [budget.text(present(get(each))) for each in budget.elements(value)]
    separator = budget.text(d)
    budget.fits(sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0))
    return separator.join(texts)


def _indent(budget: Budget, s: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    by = len(width) if isinstance(width, str) else max(width, 0)
    budget.fits(by)
    margin = width if isinstance(width, str) else " " * by
    text: str = _needed("a text", s, str)
    head, *lines = f"{text}\n".splitlines()
    budget.fits(len(text) + by * (len(lines) + 1))
    lines = [margin + line if line or blank else line for line in lines]
    return (margin if first else "") + "\n".join([head, *lines])


def _truncate(
    _: Budget, s: Any, length: int = 255, killwords: bool = False, end: str = "...", leeway: int | None = None
) -> str:
    text: str = _needed("a text", s, str)
    leeway = 5 if leeway is None else leeway
    if length < len(end) or leeway < 0:
        raise ValueError(f"a text is not cut to {length} characters with {len(end)} more for its end")
    if len(text) <= length + leeway:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _format(budget: Budget, value: Any, *args: Any, **names: Any) -> str:
    if args and names:
        raise TypeError("`format` takes values by place or by name, not both")
    return percent(budget, budget.text(value), names or args)


def _tojson(budget: Budget, value: Any, indent: int | str | None = None) -> str:
    if indent is not None and (len(indent) if isinstance(indent, str) else indent) > _WIDEST:
        raise ValueError(f"JSON is indented by {_WIDEST} characters at most")
    budget.fits(budget.weigh(value))
    text = json.dumps(value, sort_keys=True, indent=indent)
    for character in "<>&'":  # as in Jinja, for HTML
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


# --- numbers


def _round(budget: Budget, value: Any, precision: int = 0, method: str = "common") -> Any:
    budget.bits(abs(precision) * 3.33)
    if method == "common":
        return round(_needed("a number", value, int, float), precision)
    if method not in {"ceil", "floor"}:
        raise ValueError("`round` has the methods common, ceil and floor")
    whole = (math.ceil if method == "ceil" else math.floor)(_needed("a number", value, int, float) * 10**precision)
    return whole / 10**precision


def _int(budget: Budget, value: Any, default: Any = 0, base: int = 10) -> Any:
    if isinstance(value, str) and len(value) > budget.limits.digits:
        said = f"makes a number of a text of {len(value):,} characters; {budget.limits.digits:,} digits is the limit"
        raise TemplateBoundError(said, hint="a prompt needs smaller numbers")
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        try:
            return int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default


def _float(_: Budget, value: Any, default: Any = 0.0) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default


# --- lists


def _default(_: Budget, value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    return default_value if type(value) is Missing or (boolean and not value) else value


def _batch(budget: Budget, value: Any, linecount: int, fill_with: Any = None) -> list[list[Any]]:
    if not isinstance(linecount, int) or linecount < 1:
        raise ValueError("`batch` takes the number of elements of a row")
    values = budget.elements(value)
    rows = [values[at : at + linecount] for at in range(0, len(values), linecount)]
    if rows and fill_with is not None:
        budget.listed(linecount)
        rows[-1] += [fill_with] * (linecount - len(rows[-1]))
    return rows


def _sum(budget: Budget, iterable: Any, attribute: str | int | None = None, start: Any = 0) -> Any:
    get, total = getter(budget, attribute), start
    for each in budget.elements(iterable):
        total = binary(budget, "+", total, present(get(each)))
    return total


def _keys(budget: Budget, values: list[Any], attributes: Iterable[Any], case_sensitive: bool) -> list[Any]:
    """What `values` are compared by: these attributes of each. The work of sorting by them is charged."""
    gets = [getter(budget, attribute) for attribute in attributes]
    keys = [[present(get(each)) for get in gets] for each in values]
    if not case_sensitive:
        keys = [[part.lower() if isinstance(part, str) else part for part in key] for key in keys]
    budget.spend((budget.weigh(keys) // 8 + len(keys)) * len(keys).bit_length())
    return keys


def _ordered(values: list[Any], keys: list[Any], reverse: bool) -> list[Any]:
    return [values[at] for at in sorted(range(len(values)), key=keys.__getitem__, reverse=reverse)]


def _sort(
    budget: Budget, value: Any, reverse: bool = False, case_sensitive: bool = False, attribute: str | int | None = None
) -> list[Any]:
    values = budget.elements(value)
    attributes = _split(attribute, ",", "sorts by", "attributes") if isinstance(attribute, str) else [attribute]
    return _ordered(values, _keys(budget, values, attributes, case_sensitive), bool(reverse))


def _dictsort(budget: Budget, value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False) -> Any:
    pairs = budget.elements(_needed("a mapping", value, dict).items())
    if by not in {"key", "value"}:
        raise ValueError('`dictsort` sorts by "key" or "value"')
    return _ordered(pairs, _keys(budget, pairs, [int(by == "value")], case_sensitive), bool(reverse))


def _extreme(choose: Callable[..., Any]) -> Apply:
    """`min` or `max`."""

    def apply(budget: Budget, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> Any:
        values = budget.elements(value)
        if not values:
            return _EMPTY
        keys = _keys(budget, values, [attribute], case_sensitive)
        return values[choose(range(len(values)), key=keys.__getitem__)]

    return apply


def _unique(budget: Budget, value: Any, case_sensitive: bool = False, attribute: str | int | None = None) -> list[Any]:
    values = budget.elements(value)
    keys = [key for (key,) in _keys(budget, values, [attribute], case_sensitive)]
    budget.keys(keys)
    first: dict[Any, Any] = {}
    for key, each in zip(keys, values, strict=True):
        first.setdefault(key, each)
    return list(first.values())


def _map(budget: Budget, value: Any, *args: Any, **options: Any) -> list[Any]:
    values = budget.elements(value)
    if not args and "attribute" in options:
        get = getter(budget, options.pop("attribute"), options.pop("default", None))
        if options:
            raise TypeError(f"`map` with an attribute does not take {code(min(options))}")
        return [present(get(each)) for each in values]
    apply = _named("filter", FILTERS, args)
    return [present(budget.call(apply, each, *args[1:], **options)) for each in values]


def _choosing(keep: bool, by_attribute: bool = False) -> Apply:
    """`select`, `reject`, `selectattr` or `rejectattr`."""

    def apply(budget: Budget, value: Any, *args: Any, **options: Any) -> list[Any]:
        if by_attribute and not args:
            raise TypeError("the name of an attribute is missing")
        get = getter(budget, args[0] if by_attribute else None)
        args = args[1:] if by_attribute else args
        values = budget.elements(value)
        if not args:
            return [each for each in values if bool(present(get(each))) is keep]
        test = _named("test", TESTS, args)
        return [each for each in values if budget.call(test, get(each), *args[1:], **options) is keep]

    return apply


def _named(kind: str, table: Mapping[str, Apply], args: tuple[Any, ...]) -> Apply:
    """The filter or test that the first of `args` names."""
    name = args[0] if args else None
    if not isinstance(name, str) or name not in table:
        raise TypeError(f"the name of a {kind} is needed")
    if name in OVER_LISTS:
        raise TemplateRefused(f"{code(name)} cannot be applied by `map`", hint="write a loop")
    return table[name]


# --- tests


def _is(judge: Callable[[Any], bool]) -> Apply:
    return lambda _, value: judge(present(value))


def _of_kind(*kinds: type) -> Apply:
    return _is(lambda value: isinstance(value, kinds))


def _compares(name: str) -> Apply:
    return lambda budget, value, other: compare(budget, name, present(value), other)


def _in_case(judge: Callable[[str], bool]) -> Apply:
    return lambda budget, value: judge(without_late_case(budget.judge(budget.text(present(value)))))


def _remains(budget: Budget, value: Any, num: Any, rest: int) -> bool:
    return bool(binary(budget, "%", present(value), num) == rest)


# --- functions


def _range(budget: Budget, *bounds: int) -> range:
    made = range(*bounds)
    if made[budget.limits.items :]:
        said = f"makes a range of more than {budget.limits.items:,} numbers"
        raise TemplateBoundError(said, hint="a prompt needs shorter loops")
    return made


def _dict(budget: Budget, pairs: Any = (), /, **names: Any) -> dict[Any, Any]:
    if not isinstance(pairs, dict):
        pairs = budget.elements(pairs)
        budget.keys(key for key, _ in pairs)
    return {**dict(pairs), **names}


FUNCTIONS: Mapping[str, Apply] = {"dict": _dict, "range": _range}

FILTERS: Mapping[str, Apply] = {
    "abs": lambda _, value: abs(_needed("a number", value, int, float)),
    "batch": _batch,
    "capitalize": changing(str.capitalize),
    **dict.fromkeys(("d", "default"), _default),
    "dictsort": _dictsort,
    "first": lambda _, seq: next(iter(seq), _EMPTY),
    "float": _float,
    "format": _format,
    "indent": _indent,
    "int": _int,
    "items": lambda _, value: list(_needed("a mapping", value, dict).items()),
    "join": joined,
    "last": lambda _, seq: next(reversed(seq), _EMPTY),
    **dict.fromkeys(("count", "length"), lambda _, value: len(value)),
    "list": lambda budget, value: budget.elements(value),
    "lower": changing(str.lower),
    "map": _map,
    "max": _extreme(max),
    "min": _extreme(min),
    "reject": _choosing(keep=False),
    "rejectattr": _choosing(keep=False, by_attribute=True),
    "replace": replaced,
    "reverse": lambda budget, value: value[::-1] if isinstance(value, str) else budget.elements(value)[::-1],
    "round": _round,
    "select": _choosing(keep=True),
    "selectattr": _choosing(keep=True, by_attribute=True),
    "sort": _sort,
    "string": lambda budget, value: budget.text(value),
    "sum": _sum,
    "title": changing(_title),
    "tojson": _tojson,
    "trim": stripping(str.strip),
    "truncate": _truncate,
    "unique": _unique,
    "upper": changing(str.upper),
    "wordcount": lambda budget, s: len(_WORD.findall(with_stand_ins(budget.judge(budget.text(s))))),
}

OVER_LISTS = frozenset({"map", "reject", "rejectattr", "select", "selectattr"})
"""Filters that apply others. None applies another of these: how deep they nest would be for the template to say."""

_COMPARISONS = {
    "eq": "== equalto",
    "ne": "!=",
    "gt": "> greaterthan",
    "gteq": ">= ge",
    "lt": "< lessthan",
    "lteq": "<= le",
}

TESTS: Mapping[str, Apply] = {
    **{name: _compares(jinjas) for jinjas, names in _COMPARISONS.items() for name in names.split()},
    **{name: _compares(name) for name in ("eq", "gt", "in", "lt", "ne")},
    "boolean": _of_kind(bool),
    "defined": lambda _, value: type(value) is not Missing,
    "divisibleby": lambda budget, value, num: _remains(budget, value, num, 0),
    "even": lambda budget, value: _remains(budget, value, 2, 0),
    "false": _is(lambda value: value is False),
    "float": _of_kind(float),
    "integer": _is(lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "iterable": _of_kind(*ITERABLES),
    "lower": _in_case(str.islower),
    "mapping": _of_kind(dict),
    "none": _is(lambda value: value is None),
    "number": _of_kind(int, float),
    "odd": lambda budget, value: _remains(budget, value, 2, 1),
    "sequence": _of_kind(str, list, tuple, dict, range),
    "string": _of_kind(str),
    "true": _is(lambda value: value is True),
    "undefined": lambda _, value: type(value) is Missing,
    "upper": _in_case(str.isupper),
}
