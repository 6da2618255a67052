"""Whatever a template says, rendering ends within the bounds, or in our error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.recipe.template import (
    LIMITS,
    Limits,
    TemplateFinding,
    TemplateRefused,
    check_template,
    compile_template,
    names_read,
)
from datarecipe.recipe.template.check import CompiledTemplate
from datarecipe.recipe.template.evaluating.functions import FILTERS, TESTS
from datarecipe.recipe.template.evaluating.steady_parts import SteadyParts
from tests.recipe.template.attacks import VALUES

ATOMS = st.sampled_from(
    ["1", "2", "-1", "0", "1000000000", "10**9", "9**9", "1.5", "1e300", "'a'", "'%s'", "'%1000000000d'", "'{}'",
     "'{:999999999}'", "'a,b\\nc'", "''", "'\\u0131\\u00df'", "true", "none", "[]", "[1, 'a']", "{}", "{'a': 1}",
     "(1, 2)", "range(99999)", "labels", "vars", "vary", "fields", "description", "batch_size", "x", "nope",
     "((1, 2), (1, 2))", "dict(a=1)"]
)  # fmt: skip
OPERATORS = st.sampled_from(["+", "-", "*", "**", "/", "//", "%", "~", "==", "<", "in", "and", "or"])
METHODS = st.sampled_from(
    ["upper", "lower", "title", "strip", "split", "join", "replace", "center", "ljust", "zfill", "format", "items",
     "keys", "values", "get", "index", "count", "find", "expandtabs", "splitlines", "next", "pop", "append",
     "__class__"]
)  # fmt: skip


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, st.sampled_from(sorted(FILTERS)), arguments).map(lambda p: f"({p[0]} | {p[1]}({p[2]}))"),
        st.tuples(inner, st.sampled_from(sorted(FILTERS))).map(lambda p: f"({p[0]} | {p[1]})"),
        st.tuples(inner, st.sampled_from(sorted(name for name in TESTS if name.isalpha())), arguments).map(
            lambda p: f"({p[0]} is {p[1]}({p[2]}))"
        ),
        st.tuples(inner, METHODS, arguments).map(lambda p: f"{p[0]}.{p[1]}({p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(inner, inner, inner).map(lambda p: f"{p[0]}[{p[1]}:{p[2]}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
        st.tuples(inner, inner).map(lambda p: "{" + f"{p[0]}: {p[1]}" + "}"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _calls, max_leaves=12)


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(EXPRESSIONS, inner).map(lambda p: "{% for x in " + p[0] + " %}" + p[1] + "{% endfor %}"),
        st.tuples(EXPRESSIONS, EXPRESSIONS, inner).map(
            lambda p: "{% for x in " + p[0] + " if " + p[1] + " %}" + p[2] + "{{ loop.length }}{% endfor %}"
        ),
        st.tuples(EXPRESSIONS, inner).map(lambda p: "{% if " + p[0] + " %}" + p[1] + "{% endif %}"),
        st.tuples(EXPRESSIONS, inner).map(lambda p: "{% with y = " + p[0] + " %}" + p[1] + "{{ y }}{% endwith %}"),
        inner.map(lambda p: "{% set x %}" + p + "{% endset %}{{ x }}"),
        inner.map(lambda p: "{% filter upper %}" + p + "{% endfilter %}"),
        EXPRESSIONS.map(lambda p: ("{% set x = " + p + " %}") * 10),
        st.tuples(inner, inner).map("\n".join),
    )


TEMPLATES = st.recursive(EXPRESSIONS.map(lambda p: "{{ " + p + " }}"), _statements, max_leaves=5).map(
    lambda body: "{% set x = 'ab' %}" + body
)

SMALL = Limits(iterations=2_000, operations=20_000, text=2_000, characters=100_000, items=1_000)


@settings(max_examples=600)
@given(TEMPLATES)
def test_rendering_ends_in_a_text_within_the_bounds_or_in_our_error(template: str) -> None:
    try:
        rendered = compile_template(template, SMALL).measured(VALUES)
    except TemplateRefused:
        return
    assert len(rendered.text) <= SMALL.text
    assert rendered.operations <= SMALL.operations


@settings(max_examples=150)
@given(TEMPLATES)
def test_rendering_gives_the_same_twice(template: str) -> None:
    def text() -> Any:
        try:
            return compile_template(template, SMALL).render(VALUES)
        except TemplateRefused as refused:
            return refused.message, refused.line

    first = text()
    assert first == text()
    assert " at 0x" not in str(first)


def _outcome(compiled: CompiledTemplate, values: dict[str, Any], steady: SteadyParts | None = None) -> Any:
    try:
        return compiled.measured(values, steady)
    except TemplateRefused as refused:
        return refused.message, refused.line, refused.hint


@settings(max_examples=400)
@given(TEMPLATES, st.lists(TEMPLATES, max_size=3))
def test_steady_parts_change_neither_text_nor_counts_nor_errors(template: str, more: list[str]) -> None:
    try:
        compiled = compile_template("\n".join([template, *more]), SMALL)
    except TemplateRefused:
        return
    steady = compiled.steady_parts(("vary", "draw"))
    for vary in ({}, {"a": 1}, {"a": "b" * 1_900}, {"tone": "\u00e9", "x": [1]}, {}):
        values = {**VALUES, "vary": vary, "draw": len(vary)}
        assert _outcome(compiled, values, steady) == _outcome(compiled, values)


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = 'a' %}{% if vary %}{% set x = 'b' %}{% endif %}{{ x }}",
        "{{ x | default('none') }}{% if vary %}{% set x = vary.a %}{% endif %}{{ x | default('none') }}",
        "{% if vary %}{% set x = 1 %}{% endif %}{% if labels %}{% set y = x | default(2) %}{% endif %}{{ y }}",
        "{% set y = 1 %}{% for y in vary.values() %}{{ y }}{% endfor %}{{ y }}",
        "{% set y %}{{ draw }}{% endset %}{% set z = y %}{% with y = 3 %}{{ y }}{{ z }}{% endwith %}{{ z }}",
        "{% for a, b in vary.items() %}{{ loop.index }}{% endfor %}{% for a in labels %}{{ loop.index }}{% endfor %}",
        "{{ draw }}\n{% for i in range(49) %}{% set x = 'a' * 2000 %}{% endfor %}\n{{ 'b' * (1500 if labels else 0) }}",
        "{% if vary %}" + "".join(f"{{% set n{n} = 1 %}}" for n in range(9)) + "{% endif %}"
        "{% for i in range(40) %}{% set q %}x{% endset %}{% endfor %}done{{ draw }}",
        "{{ labels[:draw] | join }}{{ 'a' * 1000 }}\n{{ description * draw }}\n{{ 'b' * 900 }}",
    ],
)
def test_what_changes_is_never_kept(template: str) -> None:
    compiled = compile_template(template, SMALL)
    steady = compiled.steady_parts(("vary", "draw"))
    for vary in ({}, {"a": "1" * 1_500}, {"a": "1"}, {"a": "2", "c": "3"}, {"a": "1"}):
        values = {**VALUES, "vary": vary, "draw": len(vary)}
        assert _outcome(compiled, values, steady) == _outcome(compiled, values)


PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "{{-", "-%}", "if", "for", "x", "in", "labels", "vars", "vars.a", "endif",
     "endfor", "else", "elif", "set", "=", "==", " ", "\n", "|", ".", "(", ")", "[", "]", "{", "}", "1", '"', "'",
     "join", "macro", "endmacro", "raw", "endraw", "-", "~", "!", "&", "is", "defined", "not", "loop", "\t  ", "é",
     "\r\n", "include"]
)  # fmt: skip


def _text_at(lines: list[str], finding: TemplateFinding) -> str:
    return lines[finding.line - 1][finding.column - 1 : finding.end_column - 1]


@settings(max_examples=600)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_every_finding_stands_in_the_template(template: str) -> None:
    lines = template.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for finding in check_template(template, vars=("b",), vary=(), fixed_labels=True):
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert finding.column <= finding.end_column <= len(lines[finding.line - 1]) + 1
        if finding.message.endswith(" is undefined"):
            assert f"`{_text_at(lines, finding)}` is undefined" == finding.message
    assert all(name in template for name in names_read(template) or ())


@settings(max_examples=600)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_what_compiles_has_no_syntax_error_and_what_does_not_has_one(template: str) -> None:
    findings = [f for f in check_template(template, vars=("a",), vary=(), fixed_labels=True) if f.severity == "error"]
    try:
        compile_template(template)
        compiles = True
    except TemplateRefused:
        compiles = False
    if compiles:
        assert all("expected" not in finding.message for finding in findings), findings
    else:
        assert findings


def _false_alarms(template: str) -> list[TemplateFinding]:
    """Errors found in a template that renders."""
    if " if " in template or " and " in template or " or " in template or " for " in template:
        return []  # what is not reached may be wrong
    try:
        compile_template(template).render(VALUES)
    except TemplateRefused:
        return []
    found = check_template(template, vars=VALUES["vars"], vary=VALUES["vary"], fixed_labels=True)
    return [each for each in found if each.severity == "error"]


@settings(max_examples=400)
@given(TEMPLATES)
def test_a_template_that_renders_has_no_findings(template: str) -> None:
    assert _false_alarms(template) == []


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = nope %}",
        "{% set x = labels['a'] %}",
        "{% set x, y = 1, vary.nope %}",
        "{% with x = labels.nope %}{% endwith %}",
        "{{ [labels['a'], vars.nope] | length }}",
        "{{ {'a': nope} | length }}",
        "{{ dict(a=nope) | length }}",
        "{% filter first %}{{ nope }}{% endfilter %}",
    ],
)
def test_what_is_nowhere_is_refused_although_its_value_is_not_used(template: str) -> None:
    with pytest.raises(TemplateRefused):
        compile_template(template).render(VALUES)
    assert check_template(template, vars=VALUES["vars"], vary=VALUES["vary"], fixed_labels=True)[-1].severity == "error"


@pytest.mark.parametrize(
    "template",
    [
        "{% filter first %}{% endfilter %}",
        "{% set x | last %}{% endset %}",
        "{{ [[]] | map('first') | list }}",
        "{{ [] | min }}",
        "{% for x in labels %}{{ loop.previtem }}{% endfor %}",
        "{{ [{'a': 1}] | map(attribute='b') | join }}",
        "{{ [{'a': 1}] | sort(attribute='b') }}",
        "{{ ['a'] | selectattr('b') | list }}",
    ],
)
def test_what_turns_out_to_be_missing_is_refused(template: str) -> None:
    with pytest.raises(TemplateRefused, match="no "):
        compile_template(template).render(VALUES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("[{{ 'a' if false }}]", "[]"),
        ("[{{ ('a' if false) if true }}]", "[]"),
        ("{{ 'b' ~ ('a' if false) }}", "b"),
        ("{{ ('a' if false) | default('d') }}", "d"),
        ("{{ ('a' if false) is defined }}", "False"),
        ("{% set x = 'a' if true %}{{ x }}", "a"),
    ],
)
def test_an_inline_if_without_else_is_empty_where_it_is_printed(template: str, text: str) -> None:
    assert compile_template(template).render(VALUES) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% set x = 'a' if false %}",
        "{% set x = ('a' if false) if true %}",
        "{{ ('a' if false) is string }}",
        "{{ ('a' if false) == '' }}",
        "{{ ['a' if false] }}",
        "{{ ('a' if false) | upper }}",
        "{{ 'a' | replace('a', 'b' if false) }}",
        "{{ ('a' if false) + 'b' }}",
        "{% with x = 'a' if false %}{% endwith %}",
        "{% for x in ([1] if false) %}{% endfor %}",
    ],
)
def test_an_inline_if_without_else_is_refused_elsewhere(template: str) -> None:
    with pytest.raises(TemplateRefused, match="without `else` has no value") as caught:
        compile_template(template).render(VALUES)
    assert caught.value.hint == "write `A if B else ''`"


def test_the_limits_of_a_recipe_are_generous() -> None:
    template = "{% for i in range(9000) %}{{ i }}, {{ labels | join('/') }}\n{% endfor %}"
    assert len(compile_template(template).render(VALUES)) > 100_000
    assert LIMITS.text == 200_000
