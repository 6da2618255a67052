"""Each filter, test, function, method and operator that a template has, with the largest and oddest arguments there are.

The cases come from the package's own tables, so that a new entry is tried at once. Run as a program with the name of a
table, it gives itself little memory, renders the cases of each entry, each with little time, and prints what it began
and what ended as nothing should. Its test reads that.
"""

from __future__ import annotations

import argparse
import inspect
import json
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from math import gcd
from typing import Any

from datarecipe.recipe.template import LIMITS, Limits, TemplateRefused, compile_template
from datarecipe.recipe.template.evaluating.functions import FILTERS, FUNCTIONS, TESTS
from datarecipe.recipe.template.evaluating.methods import METHODS
from datarecipe.recipe.template.evaluating.operators import BINARY, UNARY
from datarecipe.recipe.template.values import LABELS_ATTRIBUTES, LOOP_ATTRIBUTES, Loop
from tests.recipe.template.attacks import VALUES

MEMORY = 1 << 30
"""Bytes that the cases may take beyond what the imports took."""

SECONDS = 60
"""Of the processor, for one case. What the limits allow takes about one second."""

SMALL = Limits(iterations=10_000, operations=100_000, characters=200_000)
"""A tenth of the limits: what is counted ends ten times sooner, what is not counted takes as long as ever."""

ALIKE = 2**61 - 1
"""Its multiples have one hash in Python, so that a mapping or set must compare each with each."""


def _deep(levels: int) -> Any:
    made: Any = 1
    for _ in range(levels):
        made = (made,)
    return made


def _doubled(levels: int) -> Any:
    """Short in memory, and 2 to the power of `levels` elements when it is walked."""
    made: Any = ()
    for _ in range(levels):
        made = (made, made)
    return made


@lru_cache(maxsize=1)
def plain_values() -> Mapping[str, Any]:
    """Values as large as a template can make them, and odd ones; none larger than the limits."""
    most, infinite = 10**LIMITS.digits - 1, float("inf")
    return {
        "text": "a" * LIMITS.text,
        "words": "ß " * (LIMITS.text // 2),
        "lines": "\n" * LIMITS.text,
        "wide_characters": "\U0001f600" * LIMITS.text,
        "marks": "%s" * (LIMITS.text // 2),
        "marked": "%(a)s" * 1000,
        "width": "%190000d%.190000f%*d",
        "braces": "{}" * (LIMITS.text // 2),
        "brace_width": "{:190000}{:.190000}{!r}{:{}}{0.a}{a[0]}",
        "digits": "9" * LIMITS.text,
        "dots": "." * LIMITS.text,
        "fewer_digits": "z" * LIMITS.digits,
        "small_text": "a",
        "empty": "",
        "a_name": "attribute",
        "a_filter": "tojson",
        "a_test": "in",
        "list": [0] * LIMITS.items,
        "list_of_texts": ["a" * 1900] * 100,
        "list_of_lists": [[1, 2]] * 1000,
        "list_of_tuples": [(1, "a" * 1000)] * 1000,
        "list_of_mappings": [{"a": [1]}] * 1000,
        "small_list": [3, 1, 2],
        "mixed_list": [1, "a", None, (1,), {}, 1.5],
        "alike": range(0, ALIKE * 30_000, ALIKE),
        "alike_pairs": [[number * ALIKE, 1] for number in range(30_000)],
        "alike_tuples": [(number * ALIKE,) for number in range(10_000)],
        "mapping": dict.fromkeys(range(30_000), "a"),
        "small_mapping": {"a": 1, "b": [2]},
        "mixed_mapping": {1: "a", "a": 1, None: 2, (1,): 3},
        "keys": {"a": 1}.keys(),
        "items": {"a": [1]}.items(),
        "deep": _deep(LIMITS.nesting),
        "too_deep": _deep(5_000),
        "doubled": _doubled(60),
        "numbers": range(LIMITS.items),
        "most": most,
        "least": -most,
        "word": 2**63,
        "thousand_million": 10**9,
        "minus_thousand_million": -(10**9),
        "zero": 0,
        "one": 1,
        "minus_one": -1,
        "half_a_code": 0xD800,
        "half": 1.5,
        "large_float": 1e308,
        "infinite": infinite,
        "minus_infinite": -infinite,
        "not_a_number": infinite - infinite,
        "complex": (-8) ** 0.5,
        "true": True,
        "none": None,
    }


MEANT = {
    "map": ("list_of_lists | map('length')", "list | map('string')", "list_of_mappings | map(attribute='a')"),
    "rejectattr": (
        "list_of_mappings | rejectattr('b', 'defined')",
        "list_of_mappings | rejectattr('a', 'in', small_list)",
    ),
    "selectattr": ("list_of_mappings | selectattr('a')", "list_of_mappings | selectattr('a', 'eq', small_list)"),
    "range": ("range(99999) | length", "range(word - 99999, word) | length"),
    "**": ("word ** 50", "half ** half"),
    "%": ("most % word", "large_float % half"),
    "divisibleby": ("most is divisibleby(word)", "large_float is divisibleby(half)"),
    "//": ("most // word", "large_float // half"),
    "-": ("least - word", "large_float - half"),
    "/": ("most / least", "large_float / half"),
    "batch": ("list | batch(3, 0) | length", "small_list | batch(1, 0)"),
    "dict": ("dict(mapping) | length", "dict(list_of_lists)"),
    "dictsort": ("small_mapping | dictsort", "mapping | dictsort | length"),
    "replace": ("text | replace('a', 'b') | length", "words | replace('ß', '') | length"),
    ">=": ("[most] | select('>=', least)", "[text] | select('>=', text) | length"),
    **{name: (f"most is {name}(least)", f"text is {name}(words)") for name in ("ge", "gt", "le", "lt", "lessthan")},
    "str.index": ("text.index('a')", "words.index('ß', 90000)"),
    "str.join": ("small_text.join(list_of_texts) | length", "words.join([empty, empty]) | length"),
    "dict.items": ("mapping.items() | length", "small_mapping.items()"),
    "dict.keys": ("mapping.keys() | length", "small_mapping.keys()"),
    "dict.values": ("mapping.values() | length", "small_mapping.values()"),
    "list.index": ("list.index(0)", "list_of_tuples.index((1, 'a' * 1000))"),
    "tuple.index": ("(1, 2).index(2)", "(text, [list]).index([list])"),
    "% %": ("'%%' % ()", "'%%%s' % most"),
    **{f"% {letter}": (f"'%{letter}' % one", f"'%.190000{letter}' % one") for letter in "diouxXeEfFgGrsa"},
}
"""For entries that few arguments fit: what ends in a text, mostly."""

MADE = ("undefined_name", "range", "labels", "vars.items", "loop")
"""Values that only a template has, by what it writes for them."""

TYPICAL = ("small_text", "small_list", "small_mapping", "one", "half", "text", "list", "mapping")
"""What an entry is made for, so that its arguments are reached."""


def _all_values() -> tuple[str, ...]:
    return (*plain_values(), *MADE)


def _called(before: str, after: str = "", keywords: Sequence[str] = (), on: Sequence[str] = ()) -> Iterator[str]:
    """Calls, with `{v}` for what it is called on: `before(...)after`."""
    values = _all_values()
    first = on or values
    given = on or TYPICAL
    yield from (f"{before}{after}".replace("{v}", value) for value in first)
    yield from (f"{before}(){after}".replace("{v}", value) for value in first)
    for at, argument in enumerate(values):
        other = values[(7 * at + 3) % len(values)]
        for value in given:
            yield f"{before}({argument}){after}".replace("{v}", value)
        for value in given[:5]:
            yield f"{before}({argument}, {other}){after}".replace("{v}", value)
            yield f"{before}({other}, {argument}){after}".replace("{v}", value)
        for value in given[:2]:
            yield f"{before}({argument}, {other}, {argument}){after}".replace("{v}", value)
        for keyword in (*keywords, "nonsense"):
            for value in given[:4]:
                yield f"{before}({keyword}={argument}){after}".replace("{v}", value)
    # The largest on the largest.
    for value in first:
        for argument in ("text", "list", "alike", "doubled", "most", "infinite", "not_a_number"):
            yield f"{before}({argument}){after}".replace("{v}", value)


def _keywords(apply: Callable[..., Any]) -> tuple[str, ...]:
    names = inspect.signature(apply).parameters.values()
    return tuple(p.name for p in names if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in {"_", "budget", "value"})


def _filter(name: str) -> Iterator[str]:
    more = ("attribute", "default") if name in {"map", "select", "reject"} else ()
    yield from _called("{v} | " + name, keywords=(*_keywords(FILTERS[name]), *more))
    yield from _called("[{v}, {v}] | map('" + name + "'", ")", on=("text", "list", "most", "doubled"))


def _test(name: str) -> Iterator[str]:
    if name.isalpha():
        yield from _called("{v} is " + name, keywords=_keywords(TESTS[name]))
    values = _all_values()
    for at, value in enumerate(values):
        yield f"[{value}] | select('{name}')"
        for argument in (*TYPICAL, value, values[(7 * at + 3) % len(values)]):
            yield f"[{value}] | select('{name}', {argument})"


def _function(name: str) -> Iterator[str]:
    values = _all_values()
    yield f"{name}()"
    for at, value in enumerate(values):
        yield f"{name}({value})"
        yield f"{name}(a={value}, b={value})"
        for other in (*TYPICAL, values[(7 * at + 3) % len(values)]):
            yield f"{name}({value}, {other})"
            yield f"{name}({other}, {value}, {value})"


_ATTRIBUTES = {"loop": LOOP_ATTRIBUTES, "labels": LABELS_ATTRIBUTES}


def _of_kind(kind: type) -> tuple[str, ...]:
    found = tuple(name for name, value in plain_values().items() if type(value) is kind)
    return found or (("loop",) if kind is Loop else ("labels",))


def _method(entry: str) -> Iterator[str]:
    kind, _, name = entry.partition(".")
    if name in _ATTRIBUTES.get(kind, ()):
        yield from (f"{entry} is defined", entry, f"[{entry}]", f"{entry}()")
        yield from (f"{entry} {sign} most" for sign in (*BINARY, "~", "==", "<", "in"))
        return
    on = next(_of_kind(known) for known in METHODS if known.__name__ == kind)
    yield from (f"{value}.{name}()" for value in on)
    yield from _called("{v}." + name, on=on)


def _binary(sign: str) -> Iterator[str]:
    values = _all_values()
    for left in values:
        for right in values:
            yield f"{left} {sign} {right}"


def _unary(sign: str) -> Iterator[str]:
    yield from (f"{sign} {value}" for value in _all_values())


def _element(_: str) -> Iterator[str]:
    values = _all_values()
    for value in values:
        for other in (
            *TYPICAL,
            "most",
            "least",
            "word",
            "doubled",
            "not_a_number",
            "too_deep",
            "loop",
            "undefined_name",
        ):
            yield f"{value}[{other}]"
            yield f"{value}[{other}:]"
            yield f"{value}[:{other}:{other}]"
            yield f"{{{value}: {other}}}"
            yield f"[{value}, ({other}, {value})]"


def _conversion(letter: str) -> Iterator[str]:
    for value in _all_values():
        for width in ("", "190000", ".190000", "190000.190000", "0-+ #9", "1" + "0" * 30, "."):
            yield f"'%{width}{letter}' % {value}"
            yield f"'%(a){width}{letter}' | format(a={value})"
        yield f"'%*{letter}' % (thousand_million, {value})"
        yield f"'%.*{letter}' % (most, {value})"


TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[str], Iterator[str]]]] = {
    "filters": (tuple(FILTERS), _filter),
    "tests": (tuple(TESTS), _test),
    "functions": (tuple(FUNCTIONS), _function),
    "methods": (
        (
            *(f"{kind.__name__}.{name}" for kind, names in METHODS.items() for name in names),
            *(f"{kind}.{name}" for kind, names in _ATTRIBUTES.items() for name in names),
        ),
        _method,
    ),
    "operators": ((*sorted(BINARY), "~", "==", "<", "in", "not in", "and"), _binary),
    "signs": (tuple(sorted(UNARY)), _unary),
    "elements": (("[]",), _element),
    "conversions": (tuple(f"% {letter}" for letter in "diouxXeEfFgGrsa%"), lambda entry: _conversion(entry[-1])),
}

# What a template's own mistake may be to Python. Everything else that is caught on the way would be a hole: no memory
# left, no stack left, or a state that we did not think of.
MISTAKES = (ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Effort:
    """How much of all that could be tried is tried, for each entry."""

    once: int
    """Expressions that are rendered once."""
    loops: int
    """Expressions, of those that end in a text, that are put into loops."""
    limits: Limits
    """The limits of the loops."""


QUICK = Effort(once=6, loops=2, limits=SMALL)
FULL = Effort(once=80, loops=2, limits=LIMITS)


@dataclass(frozen=True)
class End:
    """How a template ended: whether in a text, and what is wrong with that, if anything."""

    text: bool
    wrong: str | None = None


def ended(template: str, values: Mapping[str, Any], limits: Limits) -> End:  # noqa: PLR0911 - one line an end
    """Compile and render the template."""
    try:
        rendered = compile_template(template, limits).measured(values)
    except TemplateRefused as refused:
        cause = refused.__context__ if refused.__suppress_context__ else None
        if cause is not None and not isinstance(cause, MISTAKES):
            return End(False, f"{cause!r} on the way")
        if not 1 <= len(refused.message) <= 400:
            return End(False, f"a message of {len(refused.message)} characters")
        return End(False, _unwritable(refused.message))
    except BaseException as error:  # noqa: BLE001 - that is what is looked for
        return End(False, f"{type(error).__name__} comes out of it")
    if not 0 <= rendered.operations <= limits.operations:
        return End(True, f"{rendered.operations} operations were counted")
    if len(rendered.text) > limits.text:
        return End(True, f"a text of {len(rendered.text)} characters")
    return End(True, _unwritable(rendered.text))


def _unwritable(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "gives what no file and no request can hold"
    return None


def walk(expressions: Sequence[str], start: int) -> Iterator[str]:
    """All the expressions, each few far from the few before it."""
    count = len(expressions)
    step = next(step for step in range(int(count * 0.382) + 1, 2 * count + 2) if gcd(step, count) == 1)
    for at in range(count):
        yield expressions[(start + at * step) % count]


def render_entry(table: str, entry: str, effort: Effort, values: Mapping[str, Any]) -> None:
    """Render an entry's cases, and print what begins and what is wrong."""
    number = {"once": 0, "loops": 0}

    def tried(template: str, limits: Limits) -> End:
        print(json.dumps({"entry": entry, "begins": template}), flush=True)
        _little_time()
        end = ended(template, values, limits)
        if end.wrong is not None:
            print(json.dumps({"entry": entry, "template": template, "wrong": end.wrong}))
        return end

    expressions = [*MEANT.get(entry, ()), *dict.fromkeys(TABLES[table][1](entry))]
    # Another beginning for each entry, so that a table meets all arguments even where each entry meets few.
    start = sum(map(ord, entry))
    plain = walk(expressions[: len(_all_values())], start)  # mostly those without arguments, which end in a text
    mixed = (expression for pair in zip_longest(walk(expressions, start), plain) for expression in pair if expression)
    for expression in dict.fromkeys([*MEANT.get(entry, ()), *mixed]):
        if number["once"] >= effort.once and (number["loops"] >= effort.loops or number["once"] >= effort.once + 60):
            break
        number["once"] += 1
        end = tried(f"{{% for i in [1] %}}{{{{ {expression} }}}}{{% endfor %}}", LIMITS)
        if end.text and number["loops"] < effort.loops:
            # All the rounds leave none for what filters count, half of them leave some.
            rounds = effort.limits.iterations // (1 + number["loops"] % 2)
            number["loops"] += 1
            tried(f"{{% for i in range({rounds}) %}}{{% set x = {expression} %}}{{% endfor %}}", effort.limits)
    print(json.dumps({"entry": entry, **number}))


def main() -> None:
    """Render the cases of a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--entry")
    options = parser.parse_args()
    values = {**VALUES, **plain_values()}
    # Some of it is imported when it is needed first.
    ended("{{ [1] | tojson }}", VALUES, LIMITS)
    used = _memory()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    for entry in (options.entry,) if options.entry else TABLES[options.table][0]:
        render_entry(options.table, entry, FULL if options.full else QUICK, values)


def _memory() -> int:
    """Bytes of addresses that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()


def _little_time() -> None:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime) + 1 + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
