"""YAML 1.2 with marks; what cannot be read is a clear error, never anything else."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datarecipe.errors import Problem, RecipeError, RecipeSyntaxError
from datarecipe.exchange import Json
from datarecipe.recipe.source.document import MAX_DEPTH
from datarecipe.recipe.source.yaml_source import parse_yaml
from tests.recipe.writing import read_yaml_file, told

# Characters that a file of ours may hold.
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff"), max_size=40)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT.filter(lambda text: not any(ord(c) & 0xFFFF >= 0xFFFE for c in text))
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(TEXT.filter(lambda text: not any(ord(c) & 0xFFFF >= 0xFFFE for c in text)), inner, max_size=5)
    ),
    max_leaves=20,
)


def value_of(text: str) -> Json:
    return parse_yaml(text, "x.yaml").value


def problems_of(text: str) -> list[str]:
    with pytest.raises(RecipeSyntaxError) as caught:
        parse_yaml(text, "x.yaml")
    return told(caught.value.problems)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("[yes, no, on, off, y, n, Yes, NO]", ["yes", "no", "on", "off", "y", "n", "Yes", "NO"]),
        ("[true, True, TRUE, false, False, FALSE]", [True, True, True, False, False, False]),
        ("[tRue, trUE]", ["tRue", "trUE"]),
        ("[null, Null, NULL, ~, '']", [None, None, None, None, ""]),
        ("{a: , b: }", {"a": None, "b": None}),
        ("[0, 7, -12, +3, 012, 00]", [0, 7, -12, 3, 12, 0]),
        ("[0o14, 0x1F, 0xff]", [12, 31, 255]),
        ("[-0o14, 0O14, 0X1f, 0b11, 0o8]", ["-0o14", "0O14", "0X1f", "0b11", "0o8"]),
        ("[1_000, 1:30, 1:30:00, 2026-11-22]", ["1_000", "1:30", "1:30:00", "2026-11-22"]),
        ("[1.5, .5, 5., 1e3, -1.5E-2, +.5]", [1.5, 0.5, 5.0, 1000.0, -0.015, 0.5]),
        ("['1', \"true\", '~']", ["1", "true", "~"]),
        ("[., -, 1.2.3, e3, =, 1e]", [".", "-", "1.2.3", "e3", "=", "1e"]),
        ("[!!str 12, !!float 1, !!int '3', ! 5]", ["12", 1.0, 3, "5"]),
        ('["да", "нет", 是, 否]', ["да", "нет", "是", "否"]),
        ("[.Inf1, .nanx, inf, nan]", [".Inf1", ".nanx", "inf", "nan"]),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_follow_yaml_1_2(written: str, value: Json) -> None:
    assert value_of(written) == value
    assert json.dumps(value_of(written)) == json.dumps(value)  # 1, 1.0 and true are equal to Python


@given(DOCUMENTS)
@example({"a": -0.0, "b": [1e22, 10**22]})
def test_every_json_document_reads_back_from_yaml_flow_as_it_is(document: Json) -> None:
    assert json.dumps(value_of(json.dumps(document, ensure_ascii=False))) == json.dumps(document)


@given(st.text(max_size=200) | st.text("[]{}:,-&*!|>'\"#%@`?\n \tab<", max_size=200))
@example("&a [*a]")
@example("%YAML 1.1\n---\na")
@example("? [a]\n: b")
@example('"\\ud800"')
@example("a: &x 1\nb: *y")
@example("\x00")
@example("--- a\n--- b")
@example("!!timestamp 2026-11-22")
@example("!<tag:yaml.org,2002:python/name:os.system> x")
@example("{<<: {a: 1}, <<: {b: 2}}")
def test_any_text_is_a_value_or_a_recipe_error(text: str) -> None:
    problems: Sequence[Problem] = ()
    try:
        json.dumps(value_of(text), allow_nan=False).encode()
    except RecipeSyntaxError as error:
        problems = error.problems or (Problem("none is no error", ""),)
    assert all(problem.line for problem in problems)


@given(st.binary(max_size=100))
def test_any_file_is_a_value_or_a_recipe_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "x.yaml"
    path.write_bytes(data)
    with suppress(RecipeError):
        read_yaml_file(path)


def test_places_count_from_one_and_survive_aliases() -> None:
    document = parse_yaml("a:\n  - x\n  - {k: 1}\nb: &n {deep: yes}\nc: *n\n", "x.yaml")
    assert (document.place(("a", 1, "k")).line, document.place(("a", 1, "k")).column) == (3, 9)
    assert (document.key_place(("a", 1, "k")).line, document.key_place(("a", 1, "k")).column) == (3, 6)
    assert document.place(("c", "deep")).line == 4
    assert document.place(("a", 7, "nowhere")).line == 2  # the nearest thing around it


def test_merge_keys_bring_what_the_mapping_does_not_say_itself() -> None:
    text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nboth:\n  y: 9\n  <<: [*b, *o]\n"
    assert value_of(text) == {"base": {"x": 1, "y": 2}, "other": {"y": 3, "z": 4}, "both": {"y": 9, "z": 4, "x": 1}}
    (told_of,) = problems_of("{<<: 5}")
    assert told_of.startswith("x.yaml:1:6: `<<` takes a mapping, or a list of mappings")
    assert value_of("{'<<': 5}") == {"<<": 5}


def test_nothing_is_shared_between_aliases() -> None:
    value = value_of("a: &a [1]\nb: *a\n")
    assert isinstance(value, dict)
    first, second = value["a"], value["b"]
    assert isinstance(first, list)
    first.append(2)
    assert second == [1]


def test_duplicate_keys_are_all_reported() -> None:
    assert problems_of("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "x.yaml:2:11: duplicate key `c`\n  the first is in line 2; keep one",
        "x.yaml:3:1: duplicate key `a`\n  the first is in line 1; keep one",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1: a", "1:1: keys are text, and 1 is not"),
        ("true: a", "1:1: keys are text, and true is not"),
        ("~: a", "1:1: keys are text, and ~ is not"),
        ("a: {{ batch_size }}", "1:4: a text that begins with `{{` needs quotes"),
        ("[a]: b", "1:1: a list or mapping cannot be a key"),
        ("a: !!python/object/apply:os.system [ls]", "1:4: the tag `!!python/object/apply:os.system` is not allowed"),
        ("a: !secret x", "1:4: the tag `!secret` is not allowed here"),
        ("a: !!binary aGk=", "1:4: the tag `!!binary` is not allowed here"),
        ("a: !!set {x}", "1:4: the tag `!!set` is not allowed here"),
        ("a: !!int yes", '1:4: "yes" is not of the type `!!int`'),
        ("a: .inf", "1:4: .inf is not a number that JSON can hold"),
        ("a: [-.INF, .NaN]", "1:5: -.INF is not a number that JSON can hold"),
        ("a: 1e999", "1:4: the number is too large"),
        ("a: " + "9" * 5000, "1:4: the whole number is too long"),
        ("a: *b", "1:4: there is no anchor `&b` before this alias"),
        ("a: &b [*b]", "1:8: the alias `*b` stands inside its own anchor"),
        ("a: b: c", "1:5: YAML takes the text before this `:` for a key"),
        ("a:\n\tb: 1", "2:1: a tab cannot indent a line"),
        ("a: \x00", "1:4: a NUL character cannot stand in the file"),
        ("a: \u2028", "1:4: the character U+2028 cannot stand in the file"),
        ("a: [1", "1:4: this `[` is not closed"),
        ("a: @b", '1:4: a value cannot begin with "@"'),
        ("---\na\n---\nb", "3:1: a second document begins here"),
        ("%YAML 1.1\n---\na: 1", "1:1: recipes are YAML 1.2"),
        ("", "1:1: there is nothing in it"),
        ("# nothing but this\n", "1:1: there are only comments in it"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, message: str) -> None:
    assert problems_of(text)[0].startswith(f"x.yaml:{message}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: b: c", 'write: a: "b: c"'),
        ("instruction: Reply: [a]", 'write: instruction: "Reply: [a]"'),
        (
            "vary: topic: [a, b] # two",
            "write: vary: {topic: [a, b]}; or put `topic: [a, b]` on a line of its own, indented",
        ),
        (
            "- vary: topic: {a: 1}",
            "write: - vary: {topic: {a: 1}}; or put `topic: {a: 1}` on a line of its own, indented",
        ),
        ("vary: topic:\n  - a", "put `topic:` on a line of its own, indented"),
    ],
)
def test_a_second_key_in_a_line_is_mended_by_what_it_holds(text: str, hint: str) -> None:
    with pytest.raises(RecipeSyntaxError) as caught:
        parse_yaml(text, "x.yaml")
    assert caught.value.hint == hint
    if hint.startswith("write: "):
        parse_yaml(hint.removeprefix("write: ").partition("; or ")[0], "x.yaml")


def test_an_unquoted_template_is_recognised() -> None:
    with pytest.raises(RecipeSyntaxError) as caught:
        parse_yaml("instruction: {{ batch_size }} more\n", "x.yaml")
    (problem,) = caught.value.problems
    assert problem.message.startswith("a text that begins with `{{` needs quotes")
    assert problem.hint == 'write: instruction: "{{ batch_size }} more"'


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    started = time.monotonic()
    assert "too many for one file" in problems_of("\n".join(lines))[0]
    merges = "\n".join(
        [f"m0: &m0 {{{', '.join(f'k{i}: 1' for i in range(500))}}}", *(f"m{i}: {{<<: *m0}}" for i in range(1, 9000))]
    )
    assert "too many for one file" in problems_of(merges)[0]
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("times", [MAX_DEPTH + 1, 999, 1_000, 1_001, 20_000])
@pytest.mark.parametrize("opening", ["[", "{", "{a: ", "[{", "['a]', ", "- ", "? ", "- ? ", "a: [", "[\n", "{a:\n "])
def test_nesting_is_bounded_without_recursion(opening: str, times: int) -> None:
    assert "deep" in problems_of(opening * times)[0]


@pytest.mark.parametrize("text", ['a: "' + "[" * 99 + '" [', "a: |\n  " + "[" * 99 + "\nb: {", "a: {{ '[' }} {% if"])
def test_brackets_in_a_text_are_not_nesting(text: str) -> None:
    assert "deep" not in problems_of(text)[0]


def test_nesting_through_aliases_is_bounded() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert value_of(deep)
    assert "deep" in problems_of(f"a: &a {deep}\nb: [[*a]]")[0]


def test_numbers_and_texts_of_json_are_told_apart() -> None:
    value = value_of("[1, 1.0, '1', true]")
    assert isinstance(value, list)
    assert [type(item) for item in value] == [int, float, str, bool]
    assert math.copysign(1, float(str(value_of("-0.0")))) == -1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xef\xbb\xbfa: 1", "x.yaml:1:1: the file begins with a byte order mark"),
        ("a: 1".encode("utf-16"), "x.yaml:1:1: the file is UTF-16"),
        (b"a: 1\nb: caf\xe9\n", "x.yaml:2:7: the file is not UTF-8: byte 0xe9 cannot stand here"),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(RecipeSyntaxError) as caught:
        read_yaml_file(path)
    assert message in str(caught.value)


def test_line_ends_of_other_systems_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: |\r\n  one\r\n  two\r\n")
    assert read_yaml_file(path) == {"a": "one\ntwo\n"}


def test_a_file_with_nothing_in_it_has_no_value(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("# model: openai/gpt-4o-mini\n")
    assert read_yaml_file(path) is None
