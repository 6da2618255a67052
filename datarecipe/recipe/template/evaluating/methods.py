"""The methods that values have in a template: an allow-list by type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datarecipe.characters import with_stand_ins, without_late_case
from datarecipe.recipe.template.evaluating.functions import Apply, changing, joined, replaced, stripping
from datarecipe.recipe.template.evaluating.work_budget import Budget
from datarecipe.recipe.template.values import Loop


def _of_text(method: Callable[..., Any]) -> Apply:
    return lambda _, text, *args, **options: method(text, *args, **options)


def _of_kinds(method: Callable[[str], bool], as_known: Callable[[str], str]) -> Apply:
    """A method that asks Unicode of what kind the characters of a text are."""
    return lambda budget, text: method(as_known(budget.judge(text)))


def _join(budget: Budget, text: str, values: Any) -> str:
    for each in values:
        if not isinstance(each, str):
            raise TypeError("`join` as a method takes texts alone: write `values | join(text)`")
    return joined(budget, values, text)


def _index(_: Budget, values: Any, value: Any) -> int:
    if value not in values:
        raise ValueError("the list does not have the element that `index` looks for")
    return int(values.index(value))


def _get(budget: Budget, mapping: dict[Any, Any], name: Any, default: Any = None) -> Any:
    budget.keys([name])
    return mapping.get(name, default)


def _cycle(_: Budget, loop: Loop, *values: Any) -> Any:
    return values[loop.index0 % len(values)]


def _changed(budget: Budget, loop: Loop, *values: Any) -> bool:
    budget.scan(loop.asked)
    before, loop.asked = loop.asked, values
    return before != values


_SEQUENCE: Mapping[str, Apply] = {"count": lambda _, values, value: values.count(value), "index": _index}

METHODS: Mapping[type, Mapping[str, Apply]] = {
    str: {
        **{name: changing(getattr(str, name)) for name in ("capitalize", "lower", "title", "upper")},
        **{name: _of_kinds(getattr(str, name), with_stand_ins) for name in ("isalpha", "isdigit", "isspace")},
        **{name: _of_kinds(getattr(str, name), without_late_case) for name in ("islower", "isupper")},
        # `rfind` and its like are not there: Python takes the square of the length for them.
        **{name: _of_text(getattr(str, name)) for name in ("count", "endswith", "find", "index", "startswith")},
        **{name: _of_text(getattr(str, name)) for name in ("removeprefix", "removesuffix", "split", "splitlines")},
        **{name: stripping(getattr(str, name)) for name in ("lstrip", "rstrip", "strip")},
        "join": _join,
        "replace": replaced,
    },
    dict: {
        "get": _get,
        "items": lambda _, mapping: mapping.items(),
        "keys": lambda _, mapping: mapping.keys(),
        "values": lambda _, mapping: mapping.values(),
    },
    list: _SEQUENCE,
    tuple: _SEQUENCE,
    Loop: {"changed": _changed, "cycle": _cycle},
}


def methods_of(value: Any) -> Mapping[str, Apply]:
    """The methods of `value` by their names."""
    return METHODS.get(type(value)) or next((METHODS[kind] for kind in METHODS if isinstance(value, kind)), {})
