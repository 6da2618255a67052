"""What renders here and in Jinja's own sandbox renders to the same text."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import GeneratorType
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from datarecipe.recipe.template import TemplateRefused, compile_template
from datarecipe.recipe.template.evaluating.functions import FILTERS, TESTS
from tests.recipe.template.test_honest import VALUES

TEXTS = (
    "'a'",
    "'Ab c-d'",
    "'x,y\\n\\nz'",
    "''",
    "'7'",
    "'3.5x'",
    "'%s|%d'",
    "'<&>'",
    "'\\u00e9\\u00df'",
    "description",
    "vars.tone",
)
NUMBERS = ("0", "1", "2", "-3", "2.5", "true", "batch_size", "vars.share", "1e3")
LISTS = (
    "[]", "[3, 1, 2]", "['b', 'A', 'a']", "(1, 2)", "range(7)", "labels", "labels.values", "fields", "vars.rules",
    "vars.deep", "vars.people", "[[2, 'x'], [1, 'y']]", "vary.values()", "vars.words.keys()", "[none, 0, 'z']",
    "vars.empty",
)  # fmt: skip
MAPPINGS = ("{}", "vars.words", "vary", "vary.place", "{'a': [1], 2: 'b'}", "dict(a=1)", "vars")
ATOMS = st.sampled_from(
    [*TEXTS, *NUMBERS, *LISTS, *MAPPINGS, "none", "nope", "vars.nope", "x", "labels.kind", "loop.index"]
)
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or")
METHODS = (
    "upper()", "lower()", "title()", "capitalize()", "strip()", "split()", "split(',')", "splitlines()",
    "replace('a', 'bb')", "startswith('A')", "endswith('d')", "find('c')", "count('a')", "join(['p', 'q'])",
    "removeprefix('a')", "isdigit()", "islower()", "isalpha()", "items()", "keys()", "values()", "get('a')",
    "get('zz', 5)", "index(1)", "lstrip('a')",
)  # fmt: skip
ATTRIBUTES = ("name", "age", "a", "topic", "place.name", "kind", "0", "nope")
ARGUMENTED = (
    "join(', ')", "join('-', attribute='name')", "replace('a', 'o')", "replace('a', 'o', 1)", "default('d')",
    "default('d', true)", "round(1)", "round(0, 'ceil')", "round(1, 'floor')", "int(5)", "int(0, 16)", "float(2.5)",
    "indent(2)", "indent(3, true)", "indent('> ', blank=true)", "truncate(8)", "truncate(5, true)",
    "truncate(6, false, '..', 0)", "batch(2)", "batch(3, 'z')", "sort(reverse=true)", "sort(case_sensitive=true)",
    "sort(attribute='age,name')", "sort(attribute='name')", "unique(true)", "unique(attribute='age')",
    "min(attribute='age')", "max(true)", "sum(attribute='age')", "sum(start=2)", "map('upper')", "map('length')",
    "map(attribute='name')", "map(attribute='x', default='-')", "map('default', 'q')", "select('odd')",
    "reject('none')", "selectattr('age')", "selectattr('age', 'gt', 10)", "rejectattr('town', 'eq', 'Rome')",
    "selectattr('nope', 'defined')", "select('in', [1, 'a'])", "dictsort(true)", "dictsort(by='value')",
    "dictsort(reverse=true)", "tojson(indent=2)", "trim('a')", "format(1)", "format('p', 2)", "map('join', '+')",
    "map('first')", "select", "reject",
)  # fmt: skip


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    filters = st.sampled_from([*sorted(set(FILTERS) - {"map", "selectattr", "rejectattr"}), *ARGUMENTED])
    tests = st.sampled_from(sorted(name for name in TESTS if name.isalpha()))
    return st.one_of(
        st.tuples(inner, filters).map(lambda p: f"({p[0]} | {p[1]})"),
        st.tuples(inner, filters).map(lambda p: f"({p[0]} | {p[1]})"),
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, st.sampled_from(METHODS)).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(inner, st.sampled_from(ATTRIBUTES)).map(lambda p: f"{p[0]}[{p[1]!r}]"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(inner, st.sampled_from(["1:", ":-1", "::-1", "::2", "-2:", "1:2"])).map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(inner, tests).map(lambda p: f"({p[0]} is {p[1]})"),
        st.tuples(inner, tests, inner).map(lambda p: f"({p[0]} is {p[1]}({p[2]}))"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} < {p[1]} <= {p[2]})"),
        st.lists(inner, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}, {p[1]})"),
        inner.map(lambda p: f"{{'k': {p}}}"),
        inner.map(lambda p: f"(not {p})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _larger, max_leaves=5)
RIGHT = st.sampled_from([*TEXTS, *NUMBERS, *LISTS, *MAPPINGS, "x", "y"])
SOME = st.one_of(RIGHT, RIGHT, EXPRESSIONS)
MANY = st.one_of(st.sampled_from(LISTS), SOME)
TARGETS = st.sampled_from(["x", "x", "x, y", "x, (y, z)"])


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, min_size=1, max_size=3).map("".join)
    return st.one_of(
        st.tuples(TARGETS, MANY, some).map(lambda p: f"{{% for {p[0]} in {p[1]} %}}\n{p[2]}{{% endfor %}}"),
        st.tuples(MANY, SOME, some, some).map(
            lambda p: f"{{% for x in {p[0]} if {p[1]} %}}{p[2]}{{{{ loop.last }}}}{{% else %}}\n{p[3]}{{% endfor %}}"
        ),
        st.tuples(SOME, some, SOME, some, some).map(
            lambda p: f"{{% if {p[0]} %}}{p[1]}\n  {{% elif {p[2]} %}}\n{p[3]}{{% else %}}{p[4]}{{% endif %}}\n"
        ),
        st.tuples(TARGETS, SOME).map(lambda p: f"{{% set {p[0]} = {p[1]} %}}"),
        st.tuples(st.sampled_from(["", " | upper", " | trim | title"]), some).map(
            lambda p: f"{{% set y{p[0]} %}}{p[1]}{{% endset %}}{{{{ y }}}}"
        ),
        st.tuples(st.sampled_from(["upper", "indent(2)", "replace('a', 'b') | trim"]), some).map(
            lambda p: f"{{% filter {p[0]} %}}{p[1]}{{% endfilter %}}"
        ),
        st.tuples(SOME, some).map(lambda p: f"{{% with x = {p[0]}, y = x %}}{p[1]}{{% endwith %}}"),
    )


PIECES = st.one_of(
    SOME.map(lambda p: f"{{{{ {p} }}}}"),
    st.tuples(RIGHT, RIGHT).map(lambda p: f"{{{{ {p[0]} if {p[1]} }}}}"),
    st.sampled_from(
        ["text\n", " ", "{# note #}\n", "{% raw %}{{ x }}{% endraw %}", "{{- x -}} \n", "{{ loop.index0 }}", "{{ x }}"]
    ),
)
TEMPLATES = st.lists(st.recursive(PIECES, _statements, max_leaves=6), min_size=1, max_size=3).map("".join)


def _plain(apply: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's with the two differences that there are: lists for generators, and no marked text."""

    @wraps(apply)
    def plain(*args: Any, **options: Any) -> Any:
        made = apply(*args, **options)
        if isinstance(made, (GeneratorType, type(reversed([])), type(reversed({})), type(reversed(range(1))))):
            return list(made)
        return str(made) if isinstance(made, str) else made

    return plain


JINJA = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
JINJA.filters = {name: _plain(apply) for name, apply in JINJA.filters.items()}


def _copied(value: Any) -> Any:
    """Jinja's `indent` changes a list in place."""
    if type(value) is dict:
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if type(value) is list else value


GIVEN = {**VALUES, "x": "ab", "y": [1, 2]}


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # of the Python that Jinja makes
@settings(max_examples=1500)
@given(st.one_of(TEMPLATES, EXPRESSIONS.map(lambda p: f"{{{{ {p} }}}}")))
def test_what_renders_is_what_jinja_gives(template: str) -> None:
    try:
        expected = JINJA.from_string(template).render(_copied(GIVEN))
    except Exception:  # noqa: BLE001 - a mistake of the template's
        return
    try:
        text = compile_template(template).render(GIVEN)
    except TemplateRefused:  # what Jinja takes and the page does not name
        return
    assert text == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ vars.tone | upper }}, {{ labels | join('/') }}: {{ fields | first }}",
        "{% for x in vars.rules %}{{ loop.index }}. {{ x }}{% if not loop.last %}; {% endif %}{% endfor %}",
        "{% for a, b in vars.words.items() %}{{ a }}={{ b }} {% else %}none{% endfor %}",
        "{% set n = batch_size * 2 %}{{ n }} {{ vars.people | map(attribute='name') | join(', ') }}",
        "{{ vars.people | selectattr('age', 'gt', 10) | list | length }} {{ vars.deep }} {{ [1, 'x', none] }}",
        "{{ 'abc' % [1] }} {{ '%s' % [1] }} {{ '%s-%r' % (vars.rules, 'x') }} {{ '%(a)s' % {'a': [2]} }}",
        "{% filter upper %}a{{ description }}{% endfilter %}{{ 'a' if labels else 'b' }}{{ vary.topic | default('-') }}",
    ],
)
def test_these_are_compared(template: str) -> None:
    """Both render them, so the law above compares something."""
    assert compile_template(template).render(GIVEN) == JINJA.from_string(template).render(_copied(GIVEN))
