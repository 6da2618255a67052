"""Templates that would take all memory, all time or the whole stack, were they not bounded; run as a program, it tries them.

The program gets little memory and little time from its test, renders every template in one process, and prints a line of
JSON for each: its name, how it ended, and how much work was counted.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from datarecipe.recipe.template import TemplateBoundError, TemplateLabels, TemplateRefused, compile_template

LONG = "a" * 1000
DIFFERENT = "".join(map(chr, range(0x1F000, 0x1F000 + 190_000)))


def _doubling(start: str, step: str, rounds: int = 60, then: str = "") -> str:
    """A value that becomes twice as large in each step; a loop would forget it in each round."""
    return "{% set x = " + start + " %}" + ("{% set x = " + step + " %}") * rounds + then


def _nested(depth: int, body: str) -> str:
    return "{% for i in range(1000) %}" * depth + body + "{% endfor %}" * depth


ATTACKS: dict[str, str] = {
    # texts
    "text times number": "{{ 'a' * 10**9 }}",
    "number times text": "{{ 10**9 * 'a' }}",
    "text times text length": "{{ 'ab' * (('c' * 190000) | length) }}",
    "doubling ~": _doubling("'ab'", "x ~ x"),
    "doubling +": _doubling("'ab'", "x + x"),
    "doubling *": _doubling("'ab'", "x * 2"),
    "doubling join": _doubling("'ab'", "[x, x] | join"),
    "doubling join method": _doubling("'ab'", "''.join([x, x])"),
    "doubling format": _doubling("'ab'", "'%s%s' | format(x, x)"),
    "doubling %": _doubling("'ab'", "'%s%s' % (x, x)"),
    "doubling named %": _doubling("'ab'", "'%(a)s%(a)s' % {'a': x}"),
    "doubling str.format": _doubling("'ab'", "'{0}{0}'.format(x)"),
    "doubling format_map": _doubling("'ab'", "'{a}{a}'.format_map({'a': x})"),
    "doubling replace": _doubling("'ab'", "x | replace('', 'abc')"),
    "squaring replace": _doubling("'aa'", "x | replace('a', x)", 30),
    "squaring replace method": _doubling("'aa'", "x.replace('a', x)", 30),
    "doubling set block": _doubling("'ab'", "0") + "{% set y %}{{ 'a' * 190000 }}{% endset %}" * 20,
    "doubling in a macro": "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}" + _doubling("'ab'", "m(x)"),
    "doubling in a call": "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 40
    + "a"
    + "{% endcall %}" * 40,
    "literal text in a macro": "{% macro m() %}"
    "{% for i in range(90000) %}" + LONG + "{% endfor %}{% endmacro %}{{ m() | length }}",
    "literal text in a loop": "{% for i in range(90000) %}" + LONG + "{% endfor %}",
    "literal text in a set": "{% set x %}{% for i in range(90000) %}" + LONG + "{% endfor %}{% endset %}",
    "literal text in a filter": "{% filter upper %}{% for i in range(90000) %}" + LONG + "{% endfor %}{% endfilter %}",
    "% width": "{{ '%1000000000d' % 1 }}",
    "% filter width": "{{ '%1000000000d' | format(1) }}",
    "% precision": "{{ '%.1000000000f' % 1.5 }}",
    "% star": "{{ '%*d' % (10**9, 1) }}",
    "% star precision": "{{ '%.*f' | format(10**9, 1.5) }}",
    "% named width": "{{ '%(a)1000000000s' % {'a': 1} }}",
    "% after %%": "{{ '%%%1000000000d' % 1 }}",
    "% within a test": "{{ '%1000000000d' is odd }}",
    "% within divisibleby": "{{ '%1000000000d' is divisibleby(3) }}",
    "% within select": "{{ ['%1000000000d'] | select('even') | list }}",
    "format width": "{{ '{:1000000000}'.format(1) }}",
    "format precision": "{{ '{:.1000000000f}'.format(1.5) }}",
    "format nested width": "{{ '{:{}}'.format(1, 10**9) }}",
    "format through map": "{{ ['%1000000000d'] | map('format', 1) | list }}",
    "format many fields": "{{ ('{0}' * 300000).format('a' * 100) }}",
    "center": "{{ 'a' | center(10**9) }}",
    "center method": "{{ 'a'.center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "rjust": "{{ 'a'.rjust(10**9, 'b') }}",
    "zfill": "{{ 'a'.zfill(10**9) }}",
    "expandtabs": "{{ '\\t'.expandtabs(10**9) }}",
    "indent": "{{ 'a\\nb' | indent(10**9) }}",
    "indent first": "{{ 'a' | indent(10**9, first=true) }}",
    "indent with a text": "{{ ('\\na' * 1000) | indent('b' * 190000) }}",
    "wordwrap between": "{{ ('a ' * 100000) | wordwrap(1, true, 'b' * 1000) }}",
    "wordwrap a long word": "{{ ('a' * 190000) | wordwrap(1) }}",
    "tojson indent": "{{ [1] | tojson(indent=10**9) }}",
    "tojson indent deep": "{{ [[[[1, 2], 3], 4], 5] | tojson(indent=190000) }}",
    "escape": _doubling("'&'", "x | e"),
    "urlencode": _doubling("'%'", "x | urlencode"),
    "truncate": "{{ 'ab' | truncate(1, true, 'a' * 10**9) }}",
    "striptags": "{{ ('<a>' * 300000) | striptags }}",
    "upper of a long text in a loop": "{% set x = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% set y = x | upper %}{% endfor %}",
    "hash of a slice's bound": "{% set d = (1, 1) %}" + "{% set d = (d, d) %}" * 40 + "{{ {'a': 1}[d:] }}",
    "slice of a long text in a loop": "{% set x = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% set y = x[1:] %}{% endfor %}",
    "comparison of long texts": "{% set x = 'a' * 190000 %}{% set y = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% if x == y %}{% endif %}{% endfor %}",
    "search in a long text": "{% set x = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% if 'b' in x %}{% endif %}{% endfor %}",
    "find in a long text": "{% set x = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% if x.find('b') %}{% endif %}{% endfor %}",
    "test on long texts": "{% set x = 'a' * 190000 %}{% set y = 'a' * 190000 %}"
    "{% for i in range(99999) %}{% if x is eq y %}{% endif %}{% endfor %}",
    # numbers
    "power": "{{ 9 ** (9 ** 9) }}",
    "power of powers": "{{ 9**9**9**9 }}",
    "negative power": "{{ 2 ** -(9 ** 9 ** 3) }}",
    "squaring": _doubling("10", "x * x"),
    "huge literal": "{{ " + "9" * 100_000 + " }}",
    "huge hexadecimal literal": "{{ 0x" + "f" * 100_000 + " }}",
    "huge binary literal": "{{ 0b" + "1" * 100_000 + " }}",
    "huge float literal": "{{ 1" + "0" * 4000 + ".0 }}",
    "literal with an exponent": "{{ 1e999 }}",
    "round": "{{ 5 | round(-(10**9)) }}",
    "round up": "{{ 5 | round(10**9, 'ceil') }}",
    "round a text": "{{ 'abc' | round(9, 'ceil') }}",
    "number from a text": "{{ ('9' * 190000) | int }}",
    "number from a hexadecimal text": "{{ ('f' * 190000) | int(0, 16) }}",
    "sum to a huge number": _doubling("10**900", "[x, x] | sum * x"),
    "constant folding": "{% if 0 %}{{ 'a' * 10**10 ~ 9 ** 9 ** 9 ** 9 }}{% endif %}",
    # lists
    "list times number": "{{ [0] * 10**9 }}",
    "number times list": "{{ (10**9 * [0]) | length }}",
    "tuple times number": "{{ ((0, 1) * 10**9) | length }}",
    "doubling lists": _doubling("[1]", "x + x"),
    "doubling references": _doubling("[1]", "[x, x]", 45, "{{ x }}"),
    "doubling references compared": _doubling("[1]", "[x, x]", 45, "{{ x == [x] }}{{ x == x + [] }}"),
    "doubling references to JSON": _doubling("[1]", "[x, x]", 45, "{{ x | tojson }}"),
    "doubling references printed nicely": _doubling("[1]", "[x, x]", 45, "{{ x | pprint }}"),
    "doubling references joined": _doubling("[1]", "[x, x]", 45, "{{ x | join }}"),
    "doubling references sorted": _doubling("[1]", "[x, x]", 45, "{{ x | sort }}"),
    "doubling references searched": _doubling("[1]", "[x, x]", 45, "{{ 5 in [x] }}{{ x.index(5) }}"),
    "doubling references in mappings": _doubling("{}", "{'a': x, 'b': x}", 45, "{{ x }}"),
    "doubling references as a key": _doubling("(1,)", "(x, x)", 45, "{{ {x: 1} }}"),
    "doubling references looked up": _doubling("(1,)", "(x, x)", 45, "{{ {}[x] }}"),
    "doubling references got": _doubling("(1,)", "(x, x)", 45, "{{ vars.get(x) }}"),
    "doubling references unique": _doubling("(1,)", "(x, x)", 45, "{{ [x] | unique | list }}"),
    "doubling references in dict()": _doubling("(1,)", "(x, x)", 45, "{{ dict([(x, 1)]) }}"),
    "doubling references as an index": _doubling("[1]", "[x, x]", 45, "{{ [][x] }}"),
    "doubling references in mappings sorted": _doubling(
        "[1]", "[x, x]", 25, "{{ [{'x': x}, {'x': x + []}] | sort(attribute='x') }}"
    ),
    "doubling references in mappings, the least": _doubling(
        "[1]", "[x, x]", 25, "{{ [{'x': x}, {'x': x + []}] | min(attribute='x') }}"
    ),
    "doubling references not in a list": _doubling("[1]", "[x, x]", 45, "{{ [2].index(x) }}"),
    "long texts not in a list": "{{ [2].index(['a' * 190000] * 1000) }}",
    "a tuple deeper than the stack": _doubling("(1,)", "(x,)", 2_000, "{{ {x: 1} }}"),
    "a tuple deeper than the stack, looked up": _doubling("(1,)", "(x,)", 2_000, "{{ {}[x] }}{{ x in {} }}"),
    "a list deeper than the stack": _doubling("[1]", "[x]", 2_000, "{{ x }}"),
    "a list deeper than the stack, compared": _doubling("[1]", "[x]", 2_000, "{{ x == [[x]] }}"),
    "a namespace in itself": "{% set ns = namespace() %}{% set ns.x = ns %}{{ [ns.x, ns] }}{{ ns.x.x.x == ns }}",
    "arguments from a list": "{{ 'a'.replace(*(['a'] * 99999)) }}",
    "a prefix in each bracket": "{{ " + "(- " * 28 + "1" + ")" * 28 + " }}",
    "prefixes in brackets": "{{ " + ("(" + "- " * 40) * 28 + "1" + ")" * 28 + " }}",
    "long chains in long lists": "{% for i in range(9999) %}{% set x = ["
    + ("1" + " + 1" * 75 + ", ") * 100
    + "] %}{% endfor %}",
    "range": "{{ range(10**9) | list }}",
    "range of huge numbers": "{{ range(10**900) }}",
    "nested range": _nested(4, "x"),
    "nested range without text": _nested(4, ""),
    "twenty loops": "{% for i in 'ab' %}" * 20 + "x" + "{% endfor %}" * 20,
    "range in map": "{{ range(90000) | map('string') | map('upper') | map('lower') | list | length }}",
    "batch": "{{ [1] | batch(10**9, 0) | list }}",
    "slice": "{{ [1] | slice(10**9) | list }}",
    "slice with a fill": "{{ [1] | slice(10**9, 0) | list }}",
    "list of a long text": "{{ ('a' * 190000) | list | length }}",
    "split": "{{ ('a,' * 400000).split(',') | length }}",
    "splitlines": "{{ ('\\n' * 190000).splitlines() | length }}",
    "reverse": "{% for i in range(9999) %}{% set x = range(90000) | reverse %}{% endfor %}",
    "sum of lists": "{{ ([[1] * 1000] * 1000) | sum(start=[]) | length }}",
    "groupby": "{% for i in range(9999) %}{% set x = [{'a': 1}] * 9999 | groupby('a') %}{% endfor %}",
    "sort in loops": "{% for i in range(9999) %}{% set x = range(9999) | sort %}{% endfor %}",
    "sort by a long path": "{{ ([{'a': 1}] * 9999) | sort(attribute='a,' * 300000) | length }}",
    "map by a long path": "{{ ([{'a': 1}] * 9999) | map(attribute='a.' * 300000) | list }}",
    "map of map of map": "{{ 'a' | " + "map('" + "map', '" * 300 + "upper') | list }}",
    "cycler": "{{ cycler(*range(100000)) }}",
    "cyclers": "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}"
    "{% set ns.x = ns.x + [cycler(*range(9999))] %}{% endfor %}",
    "joiners": "{% set ns = namespace(x=[]) %}"
    "{% for i in range(99999) %}{% set ns.x = ns.x + [joiner('a')] %}{% endfor %}",
    "arguments": "{{ dict(*range(100000)) }}{% for i in range(999) %}{{ dict(**dict(a=1)) }}{% endfor %}",
    "arguments from a text": "{% macro m() %}{{ varargs | length }}{% endmacro %}{{ m(*('a' * 190000)) }}",
    "dict views": "{{ vars.items() - vars.keys() }}",
    "wide body": "{% for i in range(99999) %}" + "{{ i + 1 }}" * 3000 + "{% endfor %}",
    "wide filter": "{% for i in range(99999) if " + " and ".join(["i + 1"] * 70) + " %}x{% endfor %}",
    "wide list": "{% for i in range(99999) %}{% set x = [" + "0, " * 9000 + "] %}{% endfor %}",
    "loop.changed": "{% set x = [1] * 99999 %}{% for i in range(99999) %}{{ '' if loop.changed(x) }}{% endfor %}",
    "loop.length": "{% for i in range(300) %}"
    "{% for j in range(300) if j > 5 %}{{ loop.length }}{% endfor %}{% endfor %}",
    # calls
    "macro calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macro calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
    "{{ m(45) }}",
    "macros call each other": "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
    "default calls itself": "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
    "caller calls itself": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ caller() }}{% endcall %}",
    "block calls itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "block calls itself twice": "{% block a %}x{{ self.a() }}{{ self.a() }}{% endblock %}",
    "recursive loop": "{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}",
    "recursive loop, twice": "{% for x in [1, 2] recursive %}"
    "{% if loop.depth < 45 %}{{ loop([x, x]) }}{% endif %}{% endfor %}",
    "macro as an argument": "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
    # the source itself
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "not": "{{ " + "not " * 5000 + "1 }}",
    "minus": "{{ " + "- " * 5000 + "1 }}",
    "additions": "{{ 1" + " + 1" * 5000 + " }}",
    "attributes": "{{ vars" + ".a" * 5000 + " }}",
    "filters": "{{ ''" + " | upper" * 5000 + " }}",
    "conditions": "{{ 1" + " if 1 else 1" * 5000 + " }}",
    "nested conditions": "{{ " + "1 if (" * 200 + "1" + ")" * 200 + " }}",
    "200 loops": "{% for i in range(1) %}" * 200 + "x" + "{% endfor %}" * 200,
    "2000 ifs": "{% if 1 %}" * 2000 + "x" + "{% endif %}" * 2000,
    "2000 elifs": "{% if 0 %}" + "{% elif 1 %}" * 2000 + "{% endif %}",
    "200 macros": "{% macro m() %}" * 200 + "x" + "{% endmacro %}" * 200,
    "200 withs": "{% with x = 1 %}" * 200 + "x" + "{% endwith %}" * 200,
    "200 filters": "{% filter upper %}" * 200 + "x" + "{% endfilter %}" * 200,
    "200 recursive loops": "{% for i in [1] recursive %}" * 200 + "x" + "{% endfor %}" * 200,
    "300 arguments": "{{ dict(" + ", ".join(f"a{i}=1" for i in range(300)) + ") | length }}",
    "300 parameters": "{% macro m(" + ", ".join(f"a{i}" for i in range(300)) + ") %}x{% endmacro %}{{ m() }}",
    "100000 prints": "{{ 1 }}" * 100_000,
    "long list": "{{ [" + "1," * 300_000 + "] | length }}",
    "long text": "a" * 200_001,
    "many mistakes": "{{ ! }}" * 100_000,
    "many unclosed": "{{" * 300_000,
    "many comments": "{#" * 300_000,
    "many empty comments": "{##}" * 250_000,
    "percent signs in loops": "{% set x = '%%' * 400000 %}{% for i in range(9999) %}{% set y = x % () %}{% endfor %}",
    "braces in loops": "{% set x = '{}' * 400000 %}{% for i in range(9999) %}{% set y = x.format(*x) %}{% endfor %}",
    "titles in loops": "{% set x = 'a b ' * 200000 %}{% for i in range(9999) %}{% set y = x | title %}{% endfor %}",
    "names copied for a block": "".join(f"{{% set a{i} = 1 %}}" for i in range(2500))
    + "{% for i in range(99999) %}{% block b scoped %}{% endblock %}{% endfor %}",
    "50 macros": "{% macro m(a, b) %}" * 50 + "{{ a.b | upper }}" * 3000 + "{% endmacro %}" * 50,
    "50 ifs with names": "".join(f"{{% if a %}}{{% set a{i} = 1 %}}{{% endif %}}" for i in range(1800)),
    "many raws": "{% raw %}" * 100_000,
    "many quotes": "{{ '" * 200_000,
    "many spaces": "{%" + " " * 500_000 + "raw" + " " * 400_000,
    # what is looked at, however little comes out of it
    **{
        f"doubled tuples: {use}": _doubling("()", "(x, x)", 60, "{{ " + use + " }}")
        for use in (
            "x is even",
            "1 | round(0, x)",
            "[1] | map(x)",
            "[1] | select(x)",
            "[1] | reject(x)",
            "[1] | selectattr(x)",
            "[1] | rejectattr('a', x)",
            "[1] | map(attribute=x)",
            "'a'[x]",
            "x | length",
            "x | first | last",
            "x.count(1)",
        )
    },
    "doubled by batch": _doubling("[1]", "[x] | batch(1)", 60),
    "text whose end is searched": "{{ ('a' * 100000).find('a' * 25000 ~ 'b' ~ 'a' * 25000) }}" * 20,
    "strip of many characters": "{{ ('a' * 190000).strip('b' * 189999) }}{{ ('a' * 190000) | trim('b' * 189999) }}",
    **{
        f"a long text in loops: {use}": "{% set t = 'a ' * 90000 %}"
        "{% for i in range(90000) %}{% set x = " + use + " %}{% endfor %}"
        for use in (
            "t.strip()",
            "t | trim",
            "t is lower",
            "t is upper",
            "t | truncate",
            "t | wordcount",
            "t | float(0)",
            "t | length",
            "t is defined",
            "t.isupper()",
            "t.startswith('b')",
            "[t] | first",
        )
    },
    "a mapping printed whole": "{{ '%s' % {'a': ['a' * 100000] * 1000} }}",
    "attribute of many parts": "{{ [[[1]]] | map(attribute='0' ~ '.0' * 100) | list }}",
    "long number": "{{ " + "9" * 12_000 + " }}",
    "long template": "{{ " + "9" * 92_000 + " }}",
    # values that grow by the source alone, without anything that outlives a round
    **{
        f"grown by the source from {start}: {use}": "{% set x = "
        + start
        + " %}"
        + ("{% set x = " + use + " %}") * 60
        + "{{ x }}"
        for start, use in (
            ("'ab'", "x ~ x"),
            ("'ab'", "x + x"),
            ("'ab'", "x | replace('', x)"),
            ("'ab'", "x.join([x, x, x])"),
            ("'ab'", "x.replace('a', x)"),
            ("'ab'", "'{0}{0}'.format(x)"),
            ("'ab'", "'%s%s' % (x, x)"),
            ("'ab'", "'%(a)s%(a)s' | format(a=x)"),
            ("'ab'", "[x, x] | tojson"),
            ("'\\u00e9'", "x | tojson"),
            ("[1]", "x + x"),
            ("[1]", "x * 2"),
            ("[1]", "[x, x]"),
            ("[1]", "[x, x, x] | sum(start=[])"),
            ("(1, )", "(x, x)"),
            ("{}", "{'a': x, 'b': x}"),
            ("{}", "dict(a=x, b=x)"),
            ("7", "x * x"),
            ("7", "x ** 9"),
        )
    },
    "a width in a key's text": "{{ '%%(a%1000000000d)s' % 1 }}",
    "a width after a key with brackets": "{{ '%(a(b))1000000000d' % {'a(b)': 1} }}",
    "a width after flags": "{{ '%-+ #01000000000d' % 1 }}",
    "a width of a mapping's value": "{{ '{a:{b}}'.format(a=1, b=10 ** 9) }}",
    "a width by an element": "{{ '{0:{1[0]}}'.format(1, [10 ** 9]) }}",
    "a width in a nested loop": "{% for i in range(999) %}{{ '{:190000}'.format(i) | length }}{% endfor %}",
    "a class by a field of format": "{{ '{0.__class__.__mro__}'.format('') }}",
    "a class by an element of format": "{{ '{0[__class__]}'.format('') }}",
    "a class by an attribute of a filter": "{{ [''] | map(attribute='__class__') | list }}",
    "a class by an attribute that is sorted by": "{{ ['', 'a'] | sort(attribute='__class__.__name__') }}",
    "a class by an element": "{{ ''['__class__']['__mro__'] }}",
    "a class of an undefined value": "{{ (nope | default('')).__class__.__base__ }}",
    "globals of a function": "{{ range.__globals__ }}",
    "globals of a method": "{{ ''.upper.__self__ }}",
    "the names of the context": "{{ self._TemplateReference__context }}",
    "a loop's iterator": "{% for i in 'ab' %}{{ loop._iterator }}{% endfor %}",
    "a mapping that is emptied": "{{ vars.clear() }}",
    "a list that grows while it is read": "{% set x = [1] %}{% for i in x %}{{ x.append(i) or '' }}{% endfor %}",
    "nested loops over a text": "{% set t = 'a' * 9999 %}{% for a in t %}{% for b in t %}{% endfor %}{% endfor %}",
    "a filter's loops in loops": "{% for i in range(999) %}{% set x = range(999) | map('string') | list %}{% endfor %}",
    "a condition in long loops": "{% for i in range(90000) if range(90000) | sum %}x{% endfor %}",
    "a sorted text in loops": "{% for i in range(9999) %}{% set x = ('ba' * 9000) | sort %}{% endfor %}",
    "least of long texts": "{% set t = ['a' * 9000] * 9000 %}{{ t | min | length }}{{ t | max | length }}",
    "groups of long texts": "{% set t = [['a' * 9000]] * 9000 %}{{ t | groupby(0) | length }}",
    "text of many texts": "{{ (['a' * 9000] * 9000) | string | length }}",
    "text of many texts in capitals": "{{ (['a' * 9000] * 9000) | upper | length }}",
    "count in a long text": "{% set t = 'ab' * 90000 %}{% for i in range(9999) %}{% set x = t.count('b') %}{% endfor %}",
    "split of a long text": "{% set t = 'ab' * 90000 %}{% for i in range(9999) %}{% set x = t.split('b') %}{% endfor %}",
    "a digit too many": "{{ 10 ** 999 * 10 ** 999 }}",
    "a power of a fraction": "{{ (1e308 ** 1e308) | string }}",
    "a number of many digits in JSON": "{{ ([10 ** 999 * 9] * 9999) | tojson }}",
    "sorting by many attributes": "{% set A = ',' * 199000 %}" + "{{ []|sort(attribute=A) }}" * 38,
    **{
        f"different characters, {use}": "{% set A = '" + DIFFERENT + "' %}" + use * 38
        for use in (
            "{{ A.isalpha() }}",
            "{{ A|wordcount }}",
            "{{ A is upper }}",
            "{% set x = A|upper %}",
            "{% set x = A|title %}",
        )
    },
    "autoescape at compile time": "{% autoescape 9 ** 9 ** 9 ** 9 %}{% endautoescape %}",
}

VALUES: dict[str, Any] = {
    "batch_size": 5,
    "labels": TemplateLabels(("yes", "no"), "fixed", 0),
    "fields": ("question", "answer"),
    "description": "Questions.",
    "vars": {"a": {"a": 1}},
    "vary": {"topic": "glass"},
}


def outcome(template: str) -> dict[str, Any]:
    """How the template ends."""
    try:
        rendered = compile_template(template).measured(VALUES)
    except TemplateBoundError as error:
        return {"end": "bound", "message": error.message, "line": error.line, "hint": error.hint}
    except TemplateRefused as error:
        return {"end": "refused", "message": error.message, "line": error.line}
    return {"end": "text", "characters": len(rendered.text), "operations": rendered.operations}


if __name__ == "__main__":
    for name, template in ATTACKS.items():
        print(json.dumps({"name": name, **outcome(template)}))
        sys.stdout.flush()
