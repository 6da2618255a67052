"""Patterns of a stranger: they mean what JSON Schema says, and what is accepted judges any text in bounded time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datarecipe.printable import printable
from datarecipe.recipe.example_schema.pattern_dialect import PatternError
from datarecipe.recipe.example_schema.patterns import MAX_INSTRUCTIONS, MAX_LENGTH, compile_pattern


def found(pattern: str, text: str) -> bool:
    return compile_pattern(pattern).search(text)


# What a pattern means


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("b", "abc", "ac"),  # searched for, not matched from the start
        ("^b", "bc", "abc"),
        ("^(Who|What).{3,80}[?]$", "Who is it?", "Who is it"),
        ("[?]$", "who?", "who?\n"),  # the end of the text is the end, also before a line break
        ("(?m)who$", "who\nelse", "whom\nelse"),
        (".", "é", "\n"),
        ("^.$", "\U0001f600", "\U0001f600\U0001f600"),  # a character is a code point
        ("(?i)rome", "ROME", "Roma"),
        ("(?i:r)ome", "Rome", "rOME"),
        ("(?s)a.b", "a\nb", "ab"),
        (r"\d", "7", "٧"),  # digits of ASCII, as in ECMA 262
        (r"\w", "e", "é"),
        (r"\p{L}", "é", "7"),
        (r"^\p{Lu}", "Élan", "élan"),
        (r"\p{Greek}", "λ", "l"),
        (r"\P{L}", "7", "é"),
        (r"é\b", "éa", "é "),  # a word is one of ASCII
        (r"\u0041", "A", "u"),
        (r"[\u4e00-\u9fff]", "中", "a"),
        (r"^\u00e9{2}$", "éé", "é"),
        (r"^\uD83D\uDE00$", "\U0001f600", "\U0001f601"),
        (r"\u{1F600}", "\U0001f600", "u"),
        (r"\u002b", "+", ""),  # the sign itself, not a repetition
        (r"\x41", "A", "x"),
        (r"\\u0041", r"\u0041", "A"),  # a backslash, then letters
        (r"[\b]", "\b", "b"),
        (r"^[\s-]+$", "- \u3000", "a"),
        (r"^[\S-]+$", "-a", " "),
        (r"[^\s]", "a", " \u3000"),
        (r"[^\S]", "\u3000", "a"),
        (r"^[]s]\s", "] ", r"]\s"),  # a first `]` is one of the class
        (r"[[:alpha:]\s]", "\xa0", "7"),
        (r"[[\s]", "[", "]"),
        (r"\[\s\]", "[\xa0]", "s"),
        (r"\.\/\-", "./-", "a/-"),
        ("(?<year>[0-9]{4})", "1999", "199"),
        ("(?P<year>[0-9]{4})", "1999", "199"),
        (r"\Aa\z", "a", "a\n"),
        ("", "", None),
    ],
)
def test_a_pattern_means_what_json_schema_says(pattern: str, yes: str, no: str | None) -> None:
    assert found(pattern, yes)
    assert no is None or not found(pattern, no)


@pytest.mark.parametrize(
    ("pattern", "end"),
    [
        (r"\S", 0x20000),
        (r"[\S]", 0x20000),
        (r"\s", 0x4000),
        (r"[\s]", 0x4000),
        (r"[^\s]", 0x4000),
        (r"[^\S]", 0x4000),
        (r"[0\s]", 0x4000),
        (r"[^0\S]", 0x4000),
    ],
)
def test_white_space_is_that_of_unicode_for_every_character(pattern: str, end: int) -> None:
    assert not any(chr(c).isspace() for c in range(end, sys.maxunicode + 1))
    search, python = compile_pattern(pattern).search, re.compile(pattern)
    assert [hex(c) for c in range(end) if search(chr(c)) != bool(python.search(chr(c)))] == []


LITERAL = st.sampled_from(
    ["a", "b", "é", "中", " ", "\xa0", r"\n", r"\u00e9", r"\x41", r"\.", "[ab]", r"[^a\s]", r"[\S]"]
)


def larger(inner: st.SearchStrategy[str], counts: list[str]) -> st.SearchStrategy[str]:
    """Patterns made of other patterns."""
    repeated = st.tuples(inner, st.sampled_from(counts)).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    row = st.lists(inner, min_size=1, max_size=4).map("".join)
    either = st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})")
    return repeated | row | either


SAME_AS_PYTHON = st.recursive(
    LITERAL | st.sampled_from([r"\s", r"\S", "^", ".", r"[\s\u4e00-\u9fff]", "(?:)"]),
    lambda inner: larger(inner, ["*", "+", "?", "{0,3}", "{2}", "*?"]),
    max_leaves=6,
)


@given(SAME_AS_PYTHON, st.text(st.sampled_from("abéA中 \xa0\n\u3000."), max_size=8))
def test_where_the_dialects_agree_the_verdict_is_that_of_python(pattern: str, text: str) -> None:
    assert found(pattern, text) == bool(re.search(pattern, text))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_a_text_with_half_a_surrogate_pair_is_a_text(text: str) -> None:
    assert found(".", text)
    assert not found("c", text)


# What is refused


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("^(?!.*bad)", "`(?!` looks around, which RE2 cannot; `not: {pattern: ...}`"),
        ("(?<!a)b", "`(?<!` looks around"),
        ("(?=.*a)b", "`(?=` looks around, which RE2 cannot; an `allOf` of two patterns"),
        ("(?<=a)b", "`(?<=` looks around"),
        (r"(a)\1", r"`\1` refers back"),
        (r"(a)\12", r"`\1` refers back"),
        (r"(?<n>a)\k<n>", r"`\k` refers back"),
        ("(?P<n>a)(?P=n)", "`(?P=` refers back"),
        ("(?P<n>a)(?(n)b|c)", "`(?(` asks whether"),
        ("(?>a+)", "`(?>` is an atomic group"),
        ("(?#why)a", "`(?#` is a comment"),
        ("(?x) a", "flags are `i`, `m`, `s` and `U`"),
        ("(?a)b", "flags are `i`"),
        ("a++", "bad repetition operator `++`"),
        (r"a\Z", r"`\Z` is Python's alone; `$` is the end of the text"),
        (r"\u12", r"`\u` needs four hexadecimal digits"),
        (r"\ud83d", "half of a surrogate pair"),
        (r"[\udc00-\udfff]", "half of a surrogate pair"),
        ("\ud800", "half of a surrogate pair"),
        (r"\u{110000}", "beyond the last code point"),
        (r"\cA", r"as in `\x0a`"),
        (r"\Q.\E", r"`\Q` is not known"),
        (r"\C", r"`\C` is not known"),
        (r"\N{DASH}", r"`\N` is not known"),
        (r"\é", r"`\é` is not known; drop the backslash"),
        (r"\_", r"`\_` is not known; drop the backslash"),
        ("a\\", "it ends in a backslash"),
        ("a{,3}", "write `{0,3}`"),
        (r"[a-\s]", "invalid escape sequence"),
        (r"[\x00-\S]", "invalid escape sequence"),
        (r"\p{Script=Greek}", r"a class is named as in `\p{L}`"),
        ("(", "missing ) `(`"),
        ("[", "missing ] `[`"),
        ("*", "no argument for repetition operator `*`"),
        ("[z-a]", "invalid character class range `z-a`"),
        ("a{1001}", "counts go up to 1,000"),
        ("(a{100}){100}", "counts go up to 1,000"),
        ("(.{0,1000}){2}", "counts go up to 1,000"),
        (".{0,1000}.{0,1000}", "it is too large; large counts and classes"),
        (r"\p{L}{100}", "it is too large"),
        (r"(?:\p{L}{0,30}a){30}", "it is too large"),
        ("a" * (MAX_LENGTH + 1), "it is longer than 2,000 characters"),
        ("(" * 400, "missing )"),
    ],
)
def test_what_cannot_run_is_refused_with_words_about_what_to_write(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert reason in str(caught.value)


@given(st.text(st.sampled_from(r"ab[]()\^$.|?*+{}<>=!:-,0129uxpPsSbdDwWkQEzZé" + "\ud83d\u3000"), max_size=12))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    verdict = ""
    try:
        assert compile_pattern(pattern).instructions <= MAX_INSTRUCTIONS
    except PatternError as error:
        verdict = str(error)
    assert printable(verdict) == verdict


# Any text in bounded time


JUDGE = """
import json, resource, sys
from datarecipe.recipe import validator
from datarecipe.recipe.example_schema.pattern_dialect import PatternError

TEXTS = ["a" * 100_000, "ab" * 49_999 + "!", "aé\\U0001f600b" * 25_000]
for line in sys.stdin:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 60
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    judge = validator({"pattern": json.loads(line)})
    try:
        verdicts = [judge.is_valid(text) for text in TEXTS]
    except PatternError:
        verdicts = None
    print(json.dumps(verdicts), flush=True)
"""


class Judge:
    """A process of its own, which the system kills when one pattern takes more than a minute of its time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", JUDGE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def verdicts(self, pattern: str) -> list[bool] | None:
        """Whether each of the texts fits; None for a pattern that is refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(pattern).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"killed while it judged {pattern!r}"
        verdicts: list[bool] | None = json.loads(answer)
        return verdicts

    def close(self) -> bytes:
        """End the process; what it wrote to stderr."""
        _, written = self._process.communicate()
        return written


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    judge = Judge()
    yield judge
    assert judge.close() == b""  # RE2 logs what it refuses, unless told not to


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*",
        "(a|a)*$",
        "(a|ab)*c",
        "a*a*b",
        "(.*a){20}",
        "(.*a){20}Q",
        "(x+x+)+y",
        "([a-zA-Z]+)*Q",
        r"\s*\S+.*x",
        r"^(\w+ )+$",
        r"^([a-z0-9]+([-_.]?[a-z0-9]+)*)+@x$",
        "(a?){30}a{30}",
        "(a?){500}a{500}$",
        "(.{0,50}){10}x",
        "(a|b)*a(a|b){900}Q",
        ".{0,200}.{0,200}.{0,200}x",
        "(.?){300}Q",
        "a{1,500}a{1,500}Q",
    ],
)
def test_patterns_that_are_known_to_run_for_ever_elsewhere_are_quick(judge: Judge, pattern: str) -> None:
    assert judge.verdicts(pattern) is not None


PARTS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", ".", r"\w", r"\S", r"\p{L}", "é", "^", "$", r"\b", "(?i)a"]),
    lambda inner: larger(inner, ["*", "+", "?", "{0,3}", "{2}", "{1,40}", "{500}", "{0,1000}", "*?"]),
    max_leaves=8,
)


@settings(max_examples=150)
@given(PARTS)
def test_what_is_accepted_judges_a_long_text_in_bounded_time(judge: Judge, pattern: str) -> None:
    judge.verdicts(f"(?:{pattern})Q")
    judge.verdicts(pattern)
