"""Nothing that a terminal acts on gets through; everything else does."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.characters import is_assigned
from datarecipe.printable import example_line, printable

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def obeyed(output: str) -> list[str]:
    """The lines that some code host takes for a command: GitHub's trims a line's begin, and looks for `##[` anywhere."""
    return [line for line in output.split("\n") if re.match(r"\s*::[^\s:]", line) or re.search(r"##\w*\[", line)]


ANY = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from([*BIDI, "\x1b", "[", "2", "J", "\x9b", "\n", "a"])
)


def acts_on_a_terminal(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI


@given(ANY)
def test_nothing_that_acts_on_a_terminal_survives(text: str) -> None:
    shown = printable(text)
    assert not any(map(acts_on_a_terminal, shown))
    shown.encode()


@given(ANY)
def test_line_breaks_alone_stay_in_what_has_many_lines(text: str) -> None:
    shown = printable(text, multiline=True)
    assert not any(map(acts_on_a_terminal, shown.replace("\n", "")))
    assert shown.count("\n") == text.count("\n")
    assert "\n".join(printable(line) for line in text.split("\n")) == shown


@given(ANY)
def test_what_is_printable_already_stays(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S"), include_characters=" ").filter(is_assigned)))
def test_letters_marks_digits_signs_and_spaces_are_unchanged(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Ist das schön? Ça va, œuvre, ñandú.",
        "Холодный ли снег?",
        "שלום עולם",
        "السلام عليكم",
        "雪は冷たいですか、はい。",
        "눈은 차갑습니까",
        "हिन्दी में लिखा",
        "ภาษาไทย",
        "e\u0301 combined",
        "🙂 ½ ² € → ✓ [bold]x[/bold] \\u001b {{ x }}",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("می\u200cخواهم", id="Persian, with its non-joiner"),
        pytest.param("ශ්\u200dරී ලංකා", id="Sinhala, with its joiner"),
        pytest.param("👩\u200d🔬 👨\u200d👩\u200d👧", id="emoji of several"),
        pytest.param("10\u00a0km, «\u202foui\u202f»", id="no-break spaces"),
        pytest.param("こんにちは\u3000世界", id="ideographic space"),
    ],
)
def test_joiners_and_spaces_of_a_script_are_ordinary_text(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("\x9b31m", "\\u009b31m"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\x7f\x00\x08", "\\u007f\\u0000\\b"),
        ("abc\u202ecba", "abc\\u202ecba"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\u0085d"),
        ("half \ud800 a pair", "half \\ud800 a pair"),
        ("soft\u00adhyphen, zero\u200bspace, \ufeffmark", "soft\\u00adhyphen, zero\\u200bspace, \\ufeffmark"),
        ("\U000e0041tag", "\\udb40\\udc41tag"),
    ],
)
def test_escapes_are_jsons(text: str, shown: str) -> None:
    assert printable(text) == shown


COMMANDS = st.lists(
    st.sampled_from(
        [
            "::",
            ":",
            "##",
            "#",
            "[",
            "]",
            "error",
            "vso[task.x]",
            "teamcity[x]",
            "[error]",
            " ",
            "\t",
            "\n",
            "\x1b",
            "\u2003",
        ]
    )
).map("".join)
"""Pieces of what code hosts take for a command."""


@given(COMMANDS)
def test_no_line_is_a_command_to_a_code_host(text: str) -> None:
    for shown in (printable(text, multiline=True), example_line({"text": text}), json.dumps([printable(text)])):
        assert not obeyed(shown)
    assert json.loads(example_line({text: text})) == {text: text}


@pytest.mark.parametrize(
    "text",
    [
        "::error file=x::y",
        "  \t::add-mask::x",
        "\u2003::set-output name=a::b",
        "fine\n::stop-commands::x\nfine",
        "##[error]x",
        "in a line ##[group]x",
        "###[command]x",
        "##vso[task.setvariable variable=x]y",
        "a ##VSO[task.complete]",
        "##teamcity[buildStop comment='x']",
    ],
)
def test_commands_of_code_hosts_are_escaped(text: str) -> None:
    assert obeyed(text)
    assert not obeyed(printable(text, multiline=True))


@pytest.mark.parametrize(
    "text",
    [
        "# Heading\n## Second\n### [a link](x)",
        "std::vector<int> a::b",
        "x :: Int -> Int",
        "Write this::\n\n    code",
        "::: note\ntext\n:::",
        ":: a comment of a batch file",
        "C##, F## and A#[0]",
        "[::1]:8080 and 2001:db8::1",
    ],
)
def test_what_no_host_obeys_is_unchanged(text: str) -> None:
    assert printable(text, multiline=True) == text


TEXT = st.text(max_size=20) | st.text(st.sampled_from([*BIDI, "\x1b", "\x7f", "\\", '"', "\n", "\U000e0041", "a"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
EXAMPLES = st.dictionaries(TEXT, SCALARS | st.lists(SCALARS, max_size=3), max_size=4)


@given(EXAMPLES)
def test_an_example_on_a_line_is_still_its_json(example: dict[str, Any]) -> None:
    line = example_line(example)
    assert not any(map(acts_on_a_terminal, line))
    assert json.dumps(json.loads(line)) == json.dumps(example)
