"""A stranger's template takes little time and memory, whatever it says."""

from __future__ import annotations

import inspect
import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datarecipe import characters
from datarecipe.recipe.template import (
    LIMITS,
    Limits,
    TemplateBoundError,
    TemplateRefused,
    check_template,
    compile_template,
    names_read,
)
from tests.recipe.template.attacks import ATTACKS, VALUES

ROOT = Path(__file__).parents[3]
MEMORY = 1 << 30
SECONDS = 240

HARMLESS = {
    "300 arguments",
    "a prefix in each bracket",
    "2000 elifs",
    "constant folding",
    "negative power",
    "power of powers",
}
"""They end in a short text: what they do is little after all."""

BOUND_MESSAGES = {
    f"makes a text of N characters; {LIMITS.text:,} is the limit for one text",
    f"makes texts of more than {LIMITS.characters:,} characters in all",
    f"renders to more than {LIMITS.text:,} characters",
    f"makes a list of N elements; {LIMITS.items:,} is the limit",
    f"makes a range of more than {LIMITS.iterations:,} numbers",
    f"makes more than {LIMITS.iterations:,} rounds of loops in all",
    f"does more than {LIMITS.operations:,} operations",
    f"makes a number of more than {LIMITS.digits:,} digits",
    f"a number of more than {LIMITS.digits:,} digits",
    f"makes a number of a text of N characters; {LIMITS.digits:,} digits is the limit",
    f"makes a value that nests lists or mappings more than {LIMITS.nesting} deep",
    f"brackets are nested more than {LIMITS.nesting} deep",
    f"blocks are nested more than {LIMITS.nesting} deep",
    f"operators and filters in one expression are nested or chained more than {LIMITS.expression} deep",
    f"the template is longer than {LIMITS.tokens:,} names, numbers, signs and tags",
    f"the template has N characters; {LIMITS.text:,} is the limit",
    "strips N different characters; 100 is the limit",
    "names an attribute of more than 10 parts",
    "sorts by more than 10 attributes",
    "a number that is too large",
    "looks up by a number of more than 18 digits",
}
"""What a bound may say, with N for how much the template asked for."""


def _little() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """How each attack ended, all of them in one process with little memory and time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.recipe.template.attacks"],
        cwd=ROOT, preexec_fn=_little, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"the process ended with {done.returncode} after {lines[-1:]}: {done.stderr[-2000:]}"
    return {line["name"]: line for line in lines}


def test_there_are_many_attacks(outcomes: dict[str, dict[str, Any]]) -> None:
    assert list(outcomes) == list(ATTACKS)
    assert len(ATTACKS) >= 100


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_our_error_or_in_a_short_text(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    outcome = outcomes[name]
    if name in HARMLESS:
        assert outcome["end"] == "text"
        assert outcome["characters"] < 1000
        assert outcome["operations"] <= LIMITS.operations
    else:
        assert outcome["end"] in {"bound", "refused"}, outcome
        assert outcome["message"]
        assert len(outcome["message"]) < 400


@pytest.mark.parametrize("name", ATTACKS)
def test_a_bound_says_its_number_or_its_kind_and_how_to_mend(outcomes: dict[str, dict[str, Any]], name: str) -> None:
    outcome = outcomes[name]
    if outcome["end"] == "bound":
        assert outcome["hint"][0].islower()
        message = outcome["message"]
        asked = re.fullmatch(r"(\D+ )([\d,]+)( .*; ([\d,]+) .*)", message)
        if message not in BOUND_MESSAGES:
            assert asked is not None, message
            assert f"{asked[1]}N{asked[3]}" in BOUND_MESSAGES, message
            assert number(asked[2]) > number(asked[4])


def number(written: str) -> int:
    """A number with commas."""
    return int(written.replace(",", ""))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("doubling ~", "makes a text of 262,144 characters; 200,000 is the limit for one text"),
        ("number times list", "makes a list of 1,000,000,000 elements; 100,000 is the limit"),
        ("power", "makes a number of more than 1,000 digits"),
        ("many comments", "the template has 600,000 characters; 200,000 is the limit"),
        ("brackets", "brackets are nested more than 30 deep"),
    ],
)
def test_a_bound_is_told_with_what_was_asked_for(outcomes: dict[str, dict[str, Any]], name: str, message: str) -> None:
    assert outcomes[name]["message"] == message


@pytest.mark.parametrize(
    "name", ["100000 prints", "many mistakes", "many unclosed", "2000 ifs", "filters", "additions"]
)
def test_the_checks_are_bounded_too(name: str) -> None:
    findings = check_template(ATTACKS[name], vars=(), vary=(), fixed_labels=True)
    assert 1 <= len(findings) <= 25


def test_many_findings_take_no_square_of_the_time() -> None:
    """20,000 tokens within a long condition, which guards `vars`: each other mistake is found, once."""
    text = (
        "{% if vars | length and "
        + "vars.a and " * 60
        + "1 %}"
        + "{{ nope | shout }}{{ vars.b }}" * 1_500
        + "{% endif %}"
    )
    findings = check_template(text, vars=(), vary=(), fixed_labels=False)
    assert len([finding for finding in findings if finding.severity == "error"]) == 2 * 1_500


def test_many_names_and_many_misspelt_ones_are_told_soon() -> None:
    template = "".join(f"{{% set name_{i} = 1 %}}" for i in range(1_500)) + "".join(
        f"{{{{ nome_{i} }}}}" for i in range(3_000)
    )
    findings = check_template(template, vars=(), vary=(), fixed_labels=False)
    assert len([finding for finding in findings if finding.severity == "error"]) == 3_000
    assert "did you mean" in str(findings[1].hint)


def refused(template: str, limits: Limits = LIMITS) -> TemplateRefused:
    with pytest.raises(TemplateRefused) as caught:
        compile_template(template, limits).render(VALUES)
    return caught.value


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n\n{{ 'a' * 200001 }}", "200,001 characters; 200,000 is the limit"),
        ("a\n{% for i in range(10) %}\n{{ 'a' * 90000 }}\n{% endfor %}", "more than 200,000 characters"),
        ("a\n\n{% for i in range(400) %}{% for j in range(400) %}{% endfor %}{% endfor %}", "100,000 rounds"),
        ("a\n\n{{ [0] * 100001 }}", "100,001 elements; 100,000 is the limit"),
        ("a\n\n{{ 10 ** 1001 }}", "1,000 digits"),
    ],
)
def test_a_bound_names_its_line_and_its_number(template: str, said: str) -> None:
    error = refused(template)
    assert isinstance(error, TemplateBoundError)
    assert error.line == 3
    assert said in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("within", "beyond", "limits"),
    [
        ("{{ 'a' * 100 }}", "{{ 'a' * 101 }}", Limits(text=100)),
        ("{{ 'a' ~ 'b' * 99 }}", "{{ 'a' ~ 'b' * 100 }}", Limits(text=100)),
        ("{{ 'a' | indent(100) }}", "{{ 'a' | indent(101) }}", Limits(text=101)),
        ("{{ '%100d' % 1 }}", "{{ '%200d' % 1 }}", Limits(text=150)),
        ("{% for i in range(50) %}{% endfor %}{{ range(50) | sum }}",
         "{% for i in range(51) %}{% endfor %}{{ range(50) | sum }}", Limits(iterations=100)),
        ("{% for a, b in [[1, 2]] * 9 %}{{ a }}{% endfor %}", "{% for a, b in [[1, 2]] * 10 %}{% endfor %}",
         Limits(iterations=9)),
        ("{{ ([0] * 10) | length }}", "{{ ([0] * 11) | length }}", Limits(items=10)),
        ("{{ range(10) | length }}", "{{ range(11) | length }}", Limits(items=10)),
        ("{{ 10 ** 99 * 9 }}", "{{ 10 ** 100 }}", Limits(digits=100)),
        ("{{ 10 ** 50 * 9 }}", "{{ 10 ** 50 * 10 ** 50 }}", Limits(digits=100)),
        ("{{ [[[1]]] }}", "{{ [[[[1]]]] }}", Limits(nesting=3)),
        ("{{ (((1))) }}", "{{ ((((1)))) }}", Limits(nesting=3)),
        ("{{ 1 + 1 + 1 }}", "{{ 1 + 1 + 1 + 1 }}", Limits(expression=3)),
        ("{% if 1 %}{% if 1 %}x{% endif %}{% endif %}", "{% if 1 %}{% if 1 %}{% if 1 %}x{% endif %}{% endif %}{% endif %}",
         Limits(nesting=2)),
        ("{{ 'a' * 60 ~ '' }}", "{{ 'a' * 60 ~ 'b' * 60 }}", Limits(characters=200)),
    ],
)  # fmt: skip
def test_each_bound_begins_where_it_says(within: str, beyond: str, limits: Limits) -> None:
    assert compile_template(within, limits).render(VALUES)
    assert isinstance(refused(beyond, limits), TemplateBoundError)


@pytest.mark.parametrize("block", ["if 1", "for i in [1]", "filter upper", "set x", "with x = 1"])
@pytest.mark.parametrize(
    ("opens", "closes"), [("(", ")"), ("dict(a=", ")"), ("{1: ", "}"), ("'a' | replace('a', ", "~ '')")]
)
def test_the_deepest_template_leaves_python_half_its_stack(block: str, opens: str, closes: str) -> None:
    """So no template raises `RecursionError`, whoever asks for it."""
    end = f"{{% end{block.split(maxsplit=1)[0]} %}}"
    body = "{{ " + opens * LIMITS.nesting + "- " * 45 + "1" + closes * LIMITS.nesting + " }}"
    template = f"{{% {block} %}}" * LIMITS.nesting + body + end * LIMITS.nesting
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 650)
    said = ""
    try:
        found = check_template(template, vars=(), vary=(), fixed_labels=False)
        compile_template(template).render(VALUES)
    except TemplateBoundError as error:
        said = error.message
    finally:
        sys.setrecursionlimit(before)
    assert "too deeply" not in said
    assert all("never mentions" in finding.message or "nested or chained" in finding.message for finding in found)


@pytest.mark.parametrize(
    "template",
    [
        "{% set x | indent(width=1) %}" * 400 + "a" + "{% endset %}" * 400,
        "{% set (x) | indent(width=1) %}" * 400 + "a" + "{% endset %}" * 400,
        "{% set x | indent(width=1) %}{% endset %}" * 400 + "{% if 1 %}" * 400 + "a" + "{% endif %}" * 400,
        "{% endif %}" * 400 + "{% if 1 %}" * 400 + "a" + "{% endif %}" * 400,
    ],
)
def test_a_set_block_counts_as_a_block_whatever_its_filter_takes(template: str) -> None:
    findings = check_template("{{ batch_size }}" + template, vars=(), vary=(), fixed_labels=False)
    assert findings[0].message == "blocks are nested more than 30 deep"
    assert refused(template).message == "blocks are nested more than 30 deep"


def test_set_tags_that_assign_are_no_blocks() -> None:
    template = "{% set x = 'a' | indent(width=1) %}{% set (y, z) = (1, 2) %}" * 100 + "{{ x }}{{ z }}"
    assert compile_template(template).render(VALUES) == "a2"


def test_a_caller_that_has_filled_the_stack_gets_a_refusal() -> None:
    template = "{{ batch_size }}" + "{% if 1 %}" * 29 + "{{ (((1))) }}" + "{% endif %}" * 29
    compiled, checked, before = compile_template(template), template + " ", sys.getrecursionlimit()
    said: list[str] = []
    sys.setrecursionlimit(len(inspect.stack()) + 30)
    try:
        for attempt in (lambda: compile_template(checked), lambda: compiled.render(VALUES)):
            try:
                attempt()
            except TemplateBoundError as error:
                said.append(error.message)
        said += [finding.message for finding in check_template(checked, vars=(), vary=(), fixed_labels=False)]
        names = names_read(checked)
    finally:
        sys.setrecursionlimit(before)
    assert said == ["the template is nested too deeply", "is nested too deeply", "the template is nested too deeply"]
    assert names is None


@pytest.mark.parametrize(
    "use",
    [
        "A.isalpha()",
        "A.isspace()",
        "A.islower()",
        "A is upper",
        "A | wordcount",
        "A | upper | length",
        "A.title() | length",
    ],
)
def test_each_character_beyond_ascii_counts_where_its_kind_is_asked(use: str) -> None:
    def operations(text: str) -> int:
        return compile_template("{% set A = '" + text + "' %}{{ " + use + " }}").measured(VALUES).operations

    assert operations("\u00e9" * 5_000) >= operations("e" * 5_000) + 5_000
    assert refused("{% set A = '" + "\u00e9" * 190_000 + "' %}" + ("{{ " + use + " }}") * 38).message.startswith(
        "does more"
    )


def test_sorting_takes_few_attributes() -> None:
    most = ",".join("abcdefghij")
    assert compile_template("{{ [] | sort(attribute='" + most + "') }}").render(VALUES) == "[]"
    assert refused("{{ [] | sort(attribute='" + most + ",k') }}").message == "sorts by more than 10 attributes"


def test_a_rendering_counts_anew() -> None:
    template = compile_template("{% for i in range(60) %}{% endfor %}x", Limits(iterations=100))
    assert [template.render(VALUES) for _ in range(5)] == ["x"] * 5


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ vars.items }}", "`items` is a method"),
        ("{{ vars.items ~ '' }}", "`items` is a method"),
        ("{{ [vars.items] }}", "`items` is a method"),
        ("{{ [vars.items] | join }}", "`items` is a method"),
        ("{{ {'a': vars.items} }}", "`items` is a method"),
        ("{{ '%s' | format(vars.items) }}", "`items` is a method"),
        ("{{ range }}", "`range` is a function"),
        ("{{ ''.upper }}", "`upper` is a method"),
    ],
)
def test_what_is_no_text_is_not_printed(template: str, said: str) -> None:
    error = refused(template)
    assert said in error.message
    assert "is a pair of brackets missing?" in error.message
    assert error.line == 1


@pytest.mark.parametrize(
    "use", ["loop", "[loop]", "{'a': loop}", "loop ~ ''", "[loop] | join", "loop | tojson", "'%s' % loop"]
)
def test_the_state_of_a_loop_is_not_printed(use: str) -> None:
    error = refused("{% for x in labels %}{{ " + use + " }}{% endfor %}")
    assert "the state of a loop is no text" in error.message


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ 1 }} {{ 1.5 }} {{ true }} {{ none }}", "1 1.5 True None"),
        ("{{ [1, 'a', none] }} {{ (1, 2) }} {{ {'a': [1]} }}", "[1, 'a', None] (1, 2) {'a': [1]}"),
        ("{{ vars.keys() }} {{ vars.items() | list }}", "dict_keys(['a']) [('a', {'a': 1})]"),
        ("{{ labels }} {{ labels.values }}", "('yes', 'no') ('yes', 'no')"),
        ("{{ range(3) }}", "range(0, 3)"),
    ],
)
def test_plain_data_is_printed(template: str, text: str) -> None:
    assert compile_template(template).render(VALUES) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ ['\u00e9'] }}{{ '\u00e9' }}", "['\\xe9']\u00e9"),
        ("{{ {'\u00e9': ('a', '\u00e9')} }}", "{'\\xe9': ('a', '\\xe9')}"),
        ("{{ '\u00e9' ~ ['\u00e9'] }}", "\u00e9['\\xe9']"),
        ("{{ [['\u00e9'], '\u00e9'] | join }}", "['\\xe9']\u00e9"),
        ("{{ ['\u00e9'] | string | length }}", "8"),
        ("{{ '%s %r %s\u00e9' % ('\u00e9', '\u00e9', ['\u00e9']) }}", "\u00e9 '\\xe9' ['\\xe9']\u00e9"),
        ("{{ '%s' % {'\u00e9': '\u00e9'} }}", "{'\\xe9': '\\xe9'}"),
        ("{{ '%(a)s %(b)s %(a)r' % {'a': '\u00e9', 'b': ['\u00e9']} }}", "\u00e9 ['\\xe9'] '\\xe9'"),
        ("{{ '%s' % {'\u00e9': 1}.keys() }}", "dict_keys(['\\xe9'])"),
        ("{{ '%s' | format(['\u00e9']) }}{{ '%s' % '\u00e9' }}", "['\\xe9']\u00e9"),
    ],
)
def test_a_printed_list_escapes_what_is_unassigned(template: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Python knew a later version of Unicode, of which one letter were."""
    table = bytearray(characters._table())
    table[0xE9] = 1
    monkeypatch.setattr(characters, "_table", lambda: bytes(table))
    monkeypatch.setattr(characters, "_suspects", lambda: re.compile("\u00e9"))
    assert compile_template(template).render(VALUES) == text


@pytest.mark.parametrize("character", ["\U00031350", "\ua7d2", "\uffff"])
def test_what_a_later_unicode_assigns_is_printed_alike(character: str) -> None:
    escape = character.encode("ascii", "backslashreplace").decode()
    template = "{{ ['" + character + "'] }}{{ '%r' % '" + character + "' }}"
    assert compile_template(template).render(VALUES) == f"['{escape}']'{escape}'"


@pytest.mark.parametrize(
    "template", ["{{ {'a': 1}[1:] }}", "{{ 'abc'['a':] }}", "{{ 'abc'[:[1]] }}", "{{ 5[1:] }}", "{{ 'abc'[::1.5] }}"]
)
def test_parts_are_taken_of_texts_and_lists_alone_and_by_whole_numbers(template: str) -> None:
    with pytest.raises(TemplateRefused, match=r"has no parts|bounds of a part"):
        compile_template(template).render({})


def test_parts_of_texts_lists_and_ranges() -> None:
    given = {"labels": ["a", "b", "c", "d"]}
    assert compile_template("{{ labels[:3] }}{{ 'abc'[::-1] }}{{ range(9)[7:] | list }}").render(given) == (
        "['a', 'b', 'c']cba[7, 8]"
    )
