"""What an honest prompt template does, it does as in plain Jinja."""

# ruff: noqa: E501 - a template a line

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from datarecipe.recipe.template import TemplateLabels, TemplateRefused, check_template, compile_template

ROOT = Path(__file__).parents[3]

VALUES: dict[str, Any] = {
    "batch_size": 5,
    "labels": TemplateLabels(("yes", "no", "it depends"), "fixed", 0),
    "fields": ("question", "passage", "answer"),
    "description": "Questions as people type them.\nWith <b>tags</b> & 'quotes'.",
    "vars": {
        "tone": "dry",
        "number": 3,
        "share": 0.256,
        "rules": ["Be brief.", "Be kind.", "Never lie."],
        "words": {"b": 2, "a": 1, "C": 3},
        "people": [
            {"name": "Ann", "age": 41, "town": "Rome"},
            {"name": "bob", "age": 7, "town": "Oslo"},
            {"name": "Cem", "age": 41, "town": "Rome"},
        ],
        "deep": [1, [2, [3, 4]], 5],
        "empty": [],
        "none": None,
        "yes": True,
    },
    "vary": {"topic": "glass", "place": {"name": "Rome", "language": "Italian"}},
}

EXPRESSIONS = [
    "batch_size + 1, batch_size * 2, batch_size - 7, batch_size / 2, batch_size // 2, batch_size ** 3, batch_size % 3, -batch_size",
    "'a' + 'b', 'ab' * 3, [1] + [2], [1] * 3, (1,) + (2,), 'a' ~ 1 ~ none ~ [2]",
    "1 < 2 < 3, 1 == 1.0, 'a' in 'abc', 'x' not in labels, 'tone' in vars, 3 in [1, 2], not 1, 1 and 0, 0 or 'x'",
    "labels | join(', '), labels | length, labels[0], labels[-1], labels[1:], labels[::-1], labels.kind, labels.values",
    "fields | join('+'), fields[0], fields | first, fields | last, fields | length, fields | reverse | list",
    "vary.items() | list, vary.keys() | list, vary.values() | list, vary | length, vary.topic, vary['place']['name']",
    "vary.get('topic'), vary.get('nope'), vary.get('nope', 3), vars.nope | default('x'), vars.nope is defined, nope is defined",
    "description | upper, description | lower, description | title, description | capitalize, description | trim('Q.')",
    "description.upper(), description.split(), description.split('s', 1), description.splitlines(), description.strip('.')",
    "description.replace('as', 'AS'), description | replace('as', 'AS', 1), description.startswith('Q'), description.find('as')",
    "description | indent, description | indent(2, true), description | indent('> ', blank=true), 'a\\n\\nb' | indent(3)",
    "description | truncate(12), description | truncate(12, true, '~', 0), description | wordcount",
    "'x'.join(['a', 'b']), 'aXbX'.split('X', 1), 'xax'.strip('x'), 'xax'.lstrip('x'), 'xax'.rstrip('x'), 'abc'.removeprefix('a')",
    "description | string, 'a'.isalpha(), '7'.isdigit(), 'a'.islower(), 'abc'.endswith('c'), 'abca'.count('a')",
    "vars.share | round, vars.share | round(2), vars.share | round(1, 'ceil'), 7 | round(-1), vars.share * 100, '7' | int, '7.5' | float",
    "'x' | int, 'x' | int(3), '0x1f' | int(0, 16), 3.9 | int, 'x' | float(1.5), -3 | abs, 10 ** -2",
    "'%s has %d, %.2f' | format('x', 3, 1.5), '%s' % 'a', '%s-%s' % (1, 2), '%(a)s' % {'a': 1}, '%(a)s' | format(a=2), '%5d|%-5s|%%' % (1, 2)",
    "labels | list | tojson, vars.people | tojson, vars.people | tojson(indent=2), '<&>' | tojson, vars.words | tojson",
    "vars.rules | map('upper') | join(' '), vars.people | map(attribute='name') | join(', '), vars.people | map(attribute='x', default='-') | join",
    "vars.people | selectattr('age', 'gt', 10) | map(attribute='name') | list, vars.people | rejectattr('age', 'eq', 41) | list",
    "range(10) | select('even') | list, range(10) | reject('divisibleby', 3) | list, range(3) | map('string') | list, [1, none] | select | list",
    "vars.people | sort(attribute='name') | map(attribute='name') | list, vars.people | sort(attribute='age,name', reverse=true) | list",
    "vars.words | dictsort, vars.words | dictsort(true, 'value', true), vars.words | items | list",
    "['b', 'A', 'a'] | sort, ['b', 'A', 'a'] | sort(case_sensitive=true), ['b', 'A', 'a'] | unique | list, [3, 1] | min, [3, 1] | max",
    "[1, 2, 3] | sum, vars.people | sum(attribute='age'), [[1], [2]] | sum(start=[]), range(7) | batch(3, 0) | list",
    "vars.empty | first is defined, vars.empty | length, vars.empty | join, 'abc' | list, 'abc' | reverse, 'abc' | first, 'abc'[1:], 'abc'[0]",
    "vars.number is number, vars.tone is string, vars.words is mapping, vars.rules is sequence, vars.rules is iterable, vars.none is none",
    "vars.number is odd, 4 is even, 9 is divisibleby 3, 1 is eq 1, 1 is lt 2, 'a' is in 'abc', 'a' is lower, 'A' is upper, true is boolean",
    "'a' if vars.yes else 'b', vars.number if vars.number > 2 else 0",
    "dict(a=1, b=[2]), {'a': {'b': 1}}.a.b, {1: 2}[1], [1, [2]][1][0], (1, 2)[0], range(2, 8, 2) | list, vars.rules.index('Be kind.')",
    "vars.rules.count('Be kind.'), vars['tone'], vars.words['C'], 1.5 // 1, 7 % 4.5",
    "vars.items() | list | length, vars.words.items() | sort, vars.words.values() | sum, vars.words | list, vars.words.keys() | join(', ')",
]  # fmt: skip

STATEMENTS = [
    "<{{ 'x' if vars.empty }}>{{ 'y' ~ ('x' if vars.empty) }}",
    "{% for label in labels %}{{ loop.index }}/{{ loop.length }} {{ label }}{{ ', ' if not loop.last }}{% endfor %}",
    "{% for x in labels %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.depth }}{% endfor %}",
    "{% for x in labels %}{{ loop.previtem | default('-') }}{{ loop.nextitem | default('-') }}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for x in [1, 1, 2] %}{{ x if loop.changed(x) }}{% else %}none{% endfor %}{% for x in [] %}{% else %}none{% endfor %}",
    "{% for name, value in vary.items() %}{{ name }}={{ value }};{% endfor %}{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for x in range(10) if x % 2 %}{{ x }}{{ loop.length }}{{ loop.last }}{% endfor %}{% for x in 'abc' %}{{ x }}{% endfor %}",
    "{% for x in range(3) %}{% for y in range(x) %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{% endfor %}",
    "{% for x in labels %}{% set outer = loop %}{% for y in 'ab' %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}",
    "{% set x = 1 %}{% for y in 'ab' %}{{ x }}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}{% with x = 5, z = x %}{{ x }}{{ z }}{% endwith %}{{ x }}",
    "{% set x = 1 %}{% filter upper %}{% set x = 2 %}a{{ x }}{% endfilter %}{{ x }}{% set y %}{% set x = 3 %}{{ x }}{% endset %}{{ x }}{{ y }}",
    "{% if batch_size %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}{% set batch_size = batch_size + 1 %}{{ batch_size }}",
    "{% for labels in labels %}{{ labels }}{% endfor %}{{ labels | join }}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% set n = batch_size * 2 %}{{ n }}{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set text %}x{{ n }}y{% endset %}{{ text | upper }}",
    "{% set text | upper %}abc{% endset %}{{ text }}{% filter upper %}abc {{ batch_size }}{% endfilter %}",
    "{% if batch_size > 3 %}many{% elif batch_size %}few{% else %}none{% endif %}{% if vary %}{{ vary.topic }}{% endif %}",
    "{% with x = 1, y = 2 %}{{ x + y }}{% endwith %}",
    "{% raw %}{{ not rendered }}{% endraw %}{# comment #}\n  {% if true %}\nx\n  {% endif %}\n{%- if true -%}  y  {%- endif %}\n",
    "{% for row in vars.rules | batch(2) %}{{ row | join('|') }}\n{% endfor %}",
    "{% if 'tone' in vars and vars.tone == 'dry' %}{{ vars.tone }}{% endif %}\r\nwindows\r\n{% for x in labels %}\r\n- {{ x }}\r\n{% endfor %}",
    "{{ '\\u00e9\\n' }}é 是的 🙂{{ \"it's\" 'joined' }}",
]  # fmt: skip


def plain(template: str) -> str:
    """What Jinja's own sandbox makes of it."""
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(VALUES)


@pytest.mark.parametrize("expressions", EXPRESSIONS)
def test_expressions_give_what_jinja_gives(expressions: str) -> None:
    template = f"{{% for x in [{expressions}] %}}<{{{{ x }}}}>{{% endfor %}}"
    assert compile_template(template).render(VALUES) == plain(template)


@pytest.mark.parametrize("template", STATEMENTS)
def test_statements_give_what_jinja_gives(template: str) -> None:
    assert compile_template(template).render(VALUES) == plain(template)


@pytest.mark.parametrize("template", [*(f"{{{{ [{each}] }}}}" for each in EXPRESSIONS), *STATEMENTS])
def test_an_honest_template_has_no_error(template: str) -> None:
    found = check_template(template, vars=VALUES["vars"], vary=VALUES["vary"], fixed_labels=True)
    said = [finding for finding in found if finding.severity == "error" and "`nope`" not in finding.message]
    assert said == []


@pytest.mark.parametrize("path", sorted((ROOT / "templates").glob("*.j2")), ids=lambda path: path.stem)
def test_the_shipped_templates_have_nothing_to_be_said_against_them(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert check_template(text, vars=(), vary=("topic",), fixed_labels=path.stem == "fixed_labels") == ()


def test_a_filter_over_a_list_gives_a_list_that_can_be_read_twice() -> None:
    """The one difference: in Jinja it is a generator, which is empty the second time and true when it is empty."""
    template = (
        "{% set up = labels | map('upper') %}{{ up | join }}{{ up | join }}{{ up | length }}{{ [] | map('upper') }}"
    )
    assert compile_template(template).render(VALUES) == "YESNOIT DEPENDSYESNOIT DEPENDS3[]"


def test_a_text_stays_plain_text() -> None:
    """In Jinja `tojson` marks its text, and `+` then escapes what is added to it."""
    assert compile_template("{{ ('a' | tojson) + '<' }}").render(VALUES) == '"a"<'


@pytest.mark.parametrize("name", ["random", "urlize", "xmlattr", "pprint", "e", "safe", "nope"])
def test_other_filters_are_not_there(name: str) -> None:
    with pytest.raises(TemplateRefused, match=name) as caught:
        compile_template(f"a\n {{{{ labels | {name} }}}}")
    assert (caught.value.line, caught.value.column) == (2, 14)


def test_lipsum_is_not_there() -> None:
    with pytest.raises(TemplateRefused, match="'lipsum' is undefined"):
        compile_template("{{ lipsum() }}").render(VALUES)
