"""All that is wrong with a template, each with its line and column, and nothing that is right."""

from __future__ import annotations

import subprocess
import sys

import pytest

from datarecipe.recipe.template import TemplateFinding, check_template, names_read

VARS = ("tone", "audience", "things")
VARY = ("topic", "tone")
ALONE = " cannot be used: an instruction stands by itself, and loads no other template"


def found(template: str, *, vars: tuple[str, ...] = VARS, vary: tuple[str, ...] = VARY) -> list[TemplateFinding]:  # noqa: A002
    """The errors."""
    return [f for f in check_template(template, vars=vars, vary=vary, fixed_labels=True) if f.severity == "error"]


def said(template: str, *, vars: tuple[str, ...] = VARS, vary: tuple[str, ...] = VARY) -> list[str]:  # noqa: A002
    """The errors as `line:column-end message`."""
    return [f"{f.line}:{f.column}-{f.end_column} {f.message}" for f in found(template, vars=vars, vary=vary)]


def hint(template: str) -> str:
    """What the one error says to mend it."""
    (finding,) = found(template)
    assert finding.hint is not None
    return finding.hint


# --- places


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ nope }}", ["1:4-8 `nope` is undefined"]),
        ("a\r\n  {{ nope }}", ["2:6-10 `nope` is undefined"]),
        ("a\n\tб {{   nope}}", ["2:9-13 `nope` is undefined"]),
        ("{#\n comment #}  {% if true -%}  \n\n  {{- nope -}} {% endif %}", ["4:7-11 `nope` is undefined"]),
        ("  {%- if nope %}x{% endif %}", ["1:10-14 `nope` is undefined"]),
        ("{% raw %}{{ x }}\n{% endraw %}{{ nope }}", ["2:16-20 `nope` is undefined"]),
        ("{{ 'a\nb' ~ nope }}", ["2:6-10 `nope` is undefined"]),
        ("{{ one }}\n{{ two + three }}",
         ["1:4-7 `one` is undefined", "2:4-7 `two` is undefined", "2:10-15 `three` is undefined"]),
        ("{% set x = nope %}{{ x }}", ["1:12-16 `nope` is undefined"]),
        ("{{ nope }}{{ nope }}", ["1:4-8 `nope` is undefined", "1:14-18 `nope` is undefined"]),
        ("{{ vars.ton }}", ["1:9-12 the recipe's `vars` has no `ton`"]),
        ("{{ vars\n  .  ton }}", ["2:6-9 the recipe's `vars` has no `ton`"]),
        ("{{ vars['ton'] }}", ["1:9-14 the recipe's `vars` has no `ton`"]),
        ("{{ vary.colour.name }}", ["1:9-15 the recipe's `vary` has no `colour`"]),
        ("{{ labels.value }}", ["1:11-16 `labels` has no `value`"]),
        ("{% for x in labels %}{{ loop.idx }}{% endfor %}", ["1:30-33 `loop` has no `idx`"]),
        ("{{ 'a' | shout }}", ["1:10-15 there is no filter `shout`"]),
        ("{{ 'a' | upper | shout(1) }}", ["1:18-23 there is no filter `shout`"]),
        ("{{ 1 is evenn }}", ["1:9-14 there is no test `evenn`"]),
        ("{{ 1 is not evenn }}", ["1:13-18 there is no test `evenn`"]),
        ("{{ labels | map('shout') | join }}", ["1:17-24 there is no filter `shout`"]),
        ("{{ labels | select('evenn') | join }}", ["1:20-27 there is no test `evenn`"]),
        ("{{ labels | selectattr('a', 'evenn') | join }}", ["1:29-36 there is no test `evenn`"]),
        ("{% filter shout %}x{% endfilter %}", ["1:11-16 there is no filter `shout`"]),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(template: str, expected: list[str]) -> None:
    assert said(template) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a\n{% if %}x{% endif %}", "2:7-9 Expected an expression, found `%}`"),
        ("{{ }}", "1:4-6 Expected an expression, found `}}`"),
        ("{% if x = 1 %}a{% endif %}", "1:9-10 expected `%}`, found `=`"),
        ("{{ batch_size }", "1:15-16 unexpected `}`"),
        ("{{ batch_size %}", "1:16-17 unexpected `}`"),
        ("{{ batch_size", "1:14-14 unexpected end of the template: the `{{` in line 1, column 1 is not closed"),
        ("a\n{{ batch_size\nb", "3:1-2 expected `}}`, found `b`"),
        ("{% for x in labels %}a", "1:23-23 the template ends, and the `{% for %}` in line 1, column 4 is not closed: "
         "`{% endfor %}` is missing"),
        ("{% if 1 %}\n{% if 2 %}{% endif %}",
         "2:22-22 the template ends, and the `{% if %}` in line 1, column 4 is not closed: `{% endif %}` is missing"),
        ("{% for x in labels %}{% endif %}", "1:25-30 `{% endif %}` closes nothing here"),
        ("a{% endfor %}", "1:5-11 `{% endfor %}` closes nothing here"),
        ("{% fro x in labels %}{% endfor %}", "1:4-7 there is no tag `{% fro %}`"),
        ("{{ batch size }}", "1:10-14 expected `}}`, found `size`"),
        ("{{ 'a }}", "1:4-5 the text that begins with ' does not end"),
        ("{{ a && b }}", "1:6-7 unexpected `&`"),
        ("{{ (1 }}", "1:7-8 unexpected `}`, expected `)`"),
        ("{{ [1, 2) }}", "1:9-10 unexpected `)`, expected `]`"),
        ("a {# comment", "1:3-5 the comment is not closed: `#}` is missing"),
        ("{% raw %} a", "1:1-10 the raw block is not closed: `{% endraw %}` is missing"),
        ("{% include 'x' %}", "1:4-11 `{% include %}`" + ALONE),
        ("a\n{% import 'x' as x %}", "2:4-10 `{% import %}`" + ALONE),
        ("{% from 'x' import y %}", "1:4-8 `{% from %}`" + ALONE),
        ("{% extends 'x' %}", "1:4-11 `{% extends %}`" + ALONE),
        ("{% autoescape true %}{% endautoescape %}", "1:4-14 `{% autoescape %}` cannot be used: a prompt is plain text"),
    ],
)  # fmt: skip
def test_syntax_is_told_in_plain_words(template: str, expected: str) -> None:
    (finding,) = found(template)
    assert f"{finding.line}:{finding.column}-{finding.end_column} {finding.message}" == expected


def test_all_mistakes_are_found_at_once() -> None:
    template = (
        "{{ a b }}\n"
        "{% if vary.topic = 'x' %}{{ nope }}{% endif %}\n"
        "{{ 1 + }} {{ nope }}\n"
        "{{ vars.ton }} {{ 'a' | shout }}\n"
        "{% if 1 %}{% elif %}{{ 'a' is evenn }}{% endif %}{{ (batch_size] }}"
    )
    assert [entry.partition(" ")[0] for entry in said(template)] == [
        "1:6-7", "2:18-19", "3:8-10", "4:9-12", "4:25-30", "5:19-21", "5:31-36", "5:64-65",
    ]  # fmt: skip


def test_undefined_names_are_found_beside_other_mistakes() -> None:
    assert [entry.partition(" ")[0] for entry in said("{{ a b }}{{ nope }}\n{% if = %}{{ nope }}{% endif %}")] == [
        "1:6-7", "1:13-17", "2:7-8", "2:14-18",
    ]  # fmt: skip


def test_a_text_without_an_end_may_hide_what_sets_a_name() -> None:
    (finding,) = found("{{ 'x }} {% set y = \"it's\" %}{{ y }}")
    assert "does not end" in finding.message


def test_undefined_names_are_left_out_where_a_tag_that_sets_names_cannot_be_read() -> None:
    (finding,) = found("{% set x = %}{{ x }}{{ y }}")
    assert finding.message.startswith("Expected an expression")


# --- hints


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ label }}", "did you mean `labels`?"),
        ("{{ topic }}", "write `vary.topic`"),
        ("{{ audience }}", "write `vars.audience`"),
        (
            "{{ nothing_like_it }}",
            "a template sees batch_size, labels, fields, description, vars, vary, draw and balance",
        ),
        ("{% for x in labels %}{% set last = x %}{% endfor %}{{ last }}", "collect with a filter, such as `map`"),
        ("{% for x in labels %}{% endfor %}{{ x }}", "unknown outside of it"),
        ("{{ vars.ton }}", "did you mean `vars.tone`?"),
        ("{{ vars.zzz }}", "there are `audience`, `things` and `tone`"),
        ("{{ labels.value }}", "did you mean `labels.values`?"),
        ("{{ 'a' | uper }}", "did you mean `upper`?"),
        ("{{ labels | random }}", "`vary`"),
        ("{{ vars | pprint }}", "write `tojson(indent=2)`"),
        ("{{ 'a' | e }}", "a prompt is plain text: leave it out"),
        ("{{ cycler(1, 2) }}", "write `loop.cycle(...)`"),
        ("{% block a %}x{% endblock %}", "leave out its tags"),
        ("{% if x == 1 and y = 2 %}{% endif %}{% set x, y = 1, 2 %}", "`==`"),
        ("{{ x = 1 }}", "`{% set name = value %}`"),
        ("{{ batch_size }", "`}}` closes"),
        ("{% if 1 }}{% endif %}", "`%}` closes"),
        ("{{ batch_size", "write `}}` where it ends"),
        ("{% for x in labels %}", "write `{% endfor %}` where it ends"),
        ("{% for x in labels %}{% endif %}", "`{% endfor %}` is missing"),
        ("{% endfro %}", "did you mean `{% endfor %}`?"),
        ("{% vary.topic %}", "`{{ vary }}`"),
        ("{{ if vary }}", "`{% if ... %}`"),
        ("{% if 1 %}{% else if 2 %}{% endif %}", "`{% elif ... %}`"),
        ("{{ 1 && 2 }}", "`and`"),
        ("{{ 1 || 2 }}", "`or`"),
        ("{{ !vary }}", "`not`"),
        ("{{ vary ? 1 : 2 }}", "`A if CONDITION else B`"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(template: str, expected: str) -> None:
    assert expected in hint(template)


# --- no false alarms


@pytest.mark.parametrize(
    "template",
    [
        "{{ batch_size }}{{ labels }}{{ fields }}{{ description }}{{ vars }}{{ vary }}",
        "{% set x = 1 %}{{ x }}{% set a, b = 1, 2 %}{{ a + b }}",
        "{% if vary %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}",
        "{% if vary %}{% set x = 1 %}{% endif %}{{ x is defined }}{{ x }}",
        "{% set x %}a{% endset %}{{ x }}",
        "{% for a, (b, c) in [] %}{{ a }}{{ b }}{{ c }}{{ loop.index }}{% endfor %}",
        "{% for x in [] if x %}{{ x }}{% else %}{{ batch_size }}{% endfor %}",
        "{% set x = 1 %}{% for y in [] %}{{ x }}{% set z = y %}{{ z }}{% endfor %}",
        "{{ range(3) }}{{ dict(a=1) }}{{ 'a'.replace('a', 'b', 1) }}{{ 'a' | replace('a', 'b', count=1) }}",
        "{% with x = 1, y = 2 %}{{ x }}{{ y }}{% endwith %}",
        "{{ nope is defined }}{{ nope | default('x') }}{{ nope | d('x') }}{{ nope is undefined }}",
        "{% if nope is defined %}{{ nope }}{% endif %}",
        "{{ vars.nope is defined }}{{ vars.nope | default('x') }}{{ vars['nope'] | d('x') }}",
        "{{ vars.nope.deeper | default('x') }}",
        "{% if vars.nope is defined %}{{ vars.nope }}{% endif %}",
        "{% if 'nope' in vars %}{{ vars.nope }}{% endif %}",
        "{{ vars.nope if 'nope' in vars else '-' }}",
        "{{ 'nope' in vars and vars.nope }}{{ 'nope' not in vars or vars.nope }}",
        "{% if vars.get('nope') %}{{ vars.nope }}{% endif %}",
        "{% if vars | length > 3 %}{{ vars.nope }}{% endif %}",
        "{{ vars.items() }}{{ vars.keys() }}{{ vars.values() }}{{ vars.get('nope') }}",
        "{{ vars[batch_size] }}{{ vars['a' ~ 'b'] }}{% for key in vary %}{{ vary[key] }}{% endfor %}",
        "{{ vars.things.anything.goes }}{{ vary.topic.anything }}",
        "{{ labels.kind }}{{ labels.values }}{{ labels.options }}{{ labels[0] }}{{ labels.index('x') }}",
        "{% for vars in [{'a': 1}] %}{{ vars.a }}{% endfor %}",
        "{% set loop = {'idx': 1} %}{{ loop.idx }}",
        "{% for x in [] %}{{ loop.index }}{{ loop.cycle(1, 2) }}{{ loop.changed(1) }}{{ loop.previtem }}{% endfor %}",
        "{{ {'a': 1}.a }}{{ [1][0] }}{{ 'a'.upper() }}",
        "{% raw %}{{ nope }}{% endraw %}{# {{ nope }} #}",
    ],
)
def test_what_may_be_right_is_left_to_rendering(template: str) -> None:
    assert said(template) == []


def test_a_condition_on_an_empty_mapping_guards_what_is_in_it() -> None:
    template = "{% if vary %}{{ vary.topic }}{% endif %}{{ vary and vary.topic }}{{ vary.topic if vary }}"
    assert said(template, vary=()) == []
    assert len(said("{% if vary %}{{ vary.topc }}{% endif %}")) == 1
    assert len(said("{% if vars %}{{ vary.topic }}{% endif %}", vary=())) == 1
    assert len(said("{{ vary.topic }}", vary=())) == 1


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            "{% macro m(a) %}{{ a }}{% endmacro %}",
            "1:4-9 `{% macro %}` cannot be used: a prompt has no functions of its own",
        ),
        ("{% call m() %}x{% endcall %}", "1:4-8 `{% call %}` cannot be used: a prompt has no functions of its own"),
        ("{% for x in labels recursive %}{% endfor %}", "1:4-7 a loop cannot be `recursive`"),
        ("{% set x.y = 1 %}", "1:8-9 `x.y` cannot be set: values do not change"),
        ("{{ namespace(a=1) }}", "1:4-13 `namespace` is undefined"),
        ("{{ labels | groupby('a') }}", "1:13-20 there is no filter `groupby`"),
        ("{{ 'a' | join(1, 2, 3) }}", "1:10-14 `join` does not take these arguments"),
        ("{{ 'a' | trim(nonsense=1) }}", "1:10-14 `trim` does not take these arguments"),
        ("{{ 1 is even(2) }}", "1:6-8 `even` does not take these arguments"),
        ("{{ dict(1, 2) }}", "1:8-9 `dict` does not take these arguments"),
        ("{{ 'a'.replace('a', old='a', old='b') }}", "1:15-16 an argument is given twice"),
        ("{{ 'a'.replace(*labels) }}", "1:15-16 `*` and `**` cannot be used in brackets"),
        ("{{ dict(**vars) }}", "1:8-9 `*` and `**` cannot be used in brackets"),
        ("{% set tone = vars.nope %}{{ tone | default('dry') }}", "1:20-24 the recipe's `vars` has no `nope`"),
        ("{% set a, b = 1, nope %}{{ b is defined }}", "1:18-22 `nope` is undefined"),
        ("{% with x = labels.nope %}{% endwith %}", "1:20-24 `labels` has no `nope`"),
    ],
)
def test_what_other_templates_have_is_told_with_what_to_write(template: str, expected: str) -> None:
    (finding,) = found(template)
    assert f"{finding.line}:{finding.column}-{finding.end_column} {finding.message}" == expected
    assert finding.hint


# --- warnings


@pytest.mark.parametrize(
    ("template", "fixed_labels", "names"),
    [
        ("Write.", True, ["batch_size", "labels"]),
        ("Write.", False, ["batch_size"]),
        ("{{ batch_size }}", True, ["labels"]),
        ("{{ batch_size }}", False, []),
        ("{% set batch_size = 1 %}{% for x in labels %}{% endfor %}", True, ["batch_size"]),
    ],
)
def test_what_a_prompt_lacks_is_a_warning(template: str, fixed_labels: bool, names: list[str]) -> None:
    findings = check_template(template, vars=(), vary=(), fixed_labels=fixed_labels)
    assert [finding.severity for finding in findings] == ["warning"] * len(names)
    for finding, name in zip(findings, names, strict=True):
        assert f"never mentions `{name}`" in finding.message
        assert (finding.line, finding.column) == (1, 1)
        assert finding.hint


def test_a_broken_template_gets_no_warnings() -> None:
    findings = check_template("{{ 'x }}", vars=(), vary=(), fixed_labels=True)
    assert [finding.severity for finding in findings] == ["error"]


# --- what is read


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ vars.a }}{{ vars['b'] }}{{ vars.get('c') }}{{ vars.d | default('') }}{{ vars.e is defined }}", "abcde"),
        ("{{ vars.a.x }}{{ vars.b[0] }}{{ vars.c.items() }}", "abc"),
        ("{% if vars.a %}{% for x in vars.b %}{{ vars.c }}{% endfor %}{% endif %}", "abc"),
        ("{{ vary.a }}{{ a }}", ""),
        ("{% if vars %}{{ vars.a }}{% endif %}", "a"),
        ("{% for vars in [] %}{{ vars.a }}{% endfor %}", ""),
        ("{% for k, v in vars.items() %}{% endfor %}", None),
        ("{{ vars[batch_size] }}", None),
        ("{{ vars | tojson }}{{ vars.a }}", None),
        ("{% if x %}{{ vars.a }}", None),
        ("{{ vars.a }}{{ 1 + }}", None),
        ("{% macro m() %}{{ vars.a }}{% endmacro %}", None),
    ],
)
def test_which_vars_a_template_reads(template: str, names: str | None) -> None:
    assert names_read(template) == (None if names is None else frozenset(names))


def test_the_package_is_imported_without_jinja() -> None:
    code = "import sys, datarecipe.recipe.template; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
