"""Text is treated alike under every Python, whichever version of Unicode it brings."""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.characters import (
    STAND_IN,
    caseless,
    changed,
    compatible,
    is_assigned,
    loose,
    nfc,
    nfd,
    with_stand_ins,
    without_late_case,
)
from datarecipe.generate.hashed_ngrams import hashed_ngrams
from datarecipe.generate.judge.example_equality import normalise_text
from datarecipe.printable import printable
from datarecipe.recipe.keys.value_equality import folded
from datarecipe.unassigned import LENGTHS
from tests.write_unassigned import VERSION, lengths

CHUNK = 2048
CONTEXTS = ("{}", "e{}n", "a\u0301{}o", "a{}\u0301", "q\u0323{}\u0315\u0300", "\u0915{}\u093c", "Σ{}", "{0}{0}")
"""Alone, between letters, behind and before marks of several classes, at the end of a word, twice."""


UNIFORM = (range(0x3400, 0x9F00), range(0xAC00, 0xD700), range(0xE000, 0xF800), range(0x20000, 0x31300),
           range(0x32400, 0xE0000), range(0xE0200, sys.maxunicode + 1))  # fmt: skip
"""Ideographs, syllables of Hangul, private and empty planes: far within them, one code point is as the next."""


def texts(*, every: bool) -> Iterator[str]:
    """Every code point (or a 32nd of where they are uniform) in every context, then random texts of each block of 256."""
    points = [
        chr(point)
        for point in range(sys.maxunicode + 1)
        if not 0xD800 <= point < 0xE000 and (every or point % 32 == 0 or not any(point in run for run in UNIFORM))
    ]
    for start in range(0, len(points), CHUNK):
        for context in CONTEXTS:
            yield ", ".join(context.format(c) for c in points[start : start + CHUNK])
    for block in range(0, len(points), 256):
        seed = hashlib.sha512(str(block).encode()).digest()
        drawn = [points[block + byte] for byte in seed if block + byte < len(points)]
        yield "".join(c + "aé\u0301 \u0323"[index % 5] * (index % 3) for index, c in enumerate(drawn))


def _facts(text: str, judge: Callable[[str], bool]) -> str:
    return "".join("01"[judge(c)] for c in text)


SHAPES: dict[str, tuple[Callable[[str], str], str]] = {
    "equality": (normalise_text, "72394cb140fb6f66"),
    "labels": (folded, "3bc692cb382b29b3"),
    "near duplicates": (loose, "591d26a37de98bc9"),
    "messages": (printable, "97c5d71cc8963012"),
    "lower": (lambda text: changed(text, str.lower), "ecafa57e54832244"),
    "upper": (lambda text: changed(text, str.upper), "10e3935f17bbc6c8"),
    "title": (lambda text: changed(text, str.title), "b26c063fc23b5e9a"),
    "capitalize": (lambda text: changed(text, str.capitalize), "6992c855320648e0"),
    "isalpha": (lambda text: _facts(with_stand_ins(text), str.isalpha), "40689407b4e8b0e8"),
    "isdigit": (lambda text: _facts(with_stand_ins(text), str.isdigit), "8da31113bffc3ec9"),
    "isspace": (lambda text: _facts(with_stand_ins(text), str.isspace), "8e51bacb7937e2de"),
    "islower": (lambda text: _facts(without_late_case(text), str.islower), "52d97e8d3115fc1d"),
    "isupper": (lambda text: _facts(without_late_case(text), str.isupper), "aa6daa29432a5d35"),
}
"""What shapes a dataset, a cache key or a row's `detail`, and the hash of what it gives for all texts."""


def digest(shape: Callable[[str], str], *, every: bool = False) -> str:
    """The hash of what `shape` gives."""
    return hashlib.sha256("\n".join(shape(text) for text in texts(every=every)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", SHAPES)
def test_text_is_treated_as_under_every_other_python(name: str) -> None:
    shape, expected = SHAPES[name]
    assert digest(shape) == expected


def test_texts_are_embedded_as_under_every_other_python() -> None:
    vectors = [tuple(map(float, hashed_ngrams(text[:400]))) for text in list(texts(every=False))[::40]]
    assert hashlib.sha256(repr(vectors).encode()).hexdigest()[:16] == "59892367c2bdcd5d"


def test_unassigned_are_those_that_the_table_names() -> None:
    if unicodedata.unidata_version == VERSION:
        bounds = lengths()
        assert [int(length, 16) for length in LENGTHS.split()] == bounds
    assigned = [chr(point) for point in range(sys.maxunicode + 1) if is_assigned(chr(point))]
    assert not any(unicodedata.category(c) == "Cn" for c in assigned)
    assert not is_assigned(STAND_IN)


def test_what_a_later_unicode_makes_of_a_character_is_not_made() -> None:
    """Unicode 17 gives U+A7D3 a capital; no Python of today knows it."""

    def upper(text: str) -> str:
        return text.replace("\ua7d3", "\ua7d2").upper()

    assert changed("a\ua7d3b\U00031350\ua7d2é", upper) == "A\ua7d3B\U00031350\ua7d2É"


COMMON = st.sampled_from("aéÅ각ᄀ\u0344\u0f73\u0315\u0323\u0301\u093c\U00010efd\U0001e4d0\uffff ΣßİK")


@given(st.text(max_size=20) | st.text(COMMON, max_size=20))
def test_a_later_character_breaks_a_text_in_two(text: str) -> None:
    """For normalisation it is as any other unassigned character: nothing composes with it or moves past it."""
    runs = [(known, "".join(run)) for known, run in groupby(text, is_assigned)]
    assert nfc(text) == "".join(unicodedata.normalize("NFC", run) if known else run for known, run in runs)
    assert caseless(nfd(text)) == caseless(nfc(text)) == caseless(text)


@given(
    st.text(st.sampled_from(["\u0315", "\u0323", "\u0344", "\u0f73", "\u0301", "a", "ệ", "\U00010efd"]), max_size=60)
)
def test_long_runs_of_marks_come_out_as_short_ones(text: str) -> None:
    """Python's own normalisation sorts marks by insertion; texts beyond a length have them sorted beforehand."""
    known = "".join(c for c in text if is_assigned(c)) * 40
    assert nfc(known) == unicodedata.normalize("NFC", known)


@pytest.mark.timeout(60)
def test_normalising_takes_no_time_that_grows_with_the_square() -> None:
    """Python needs minutes for the first of these, and hours where a reply is as long as one may be."""
    for text in ("a" + "\u0315" * 300_000 + "\u0323" * 300_000, "\u0f73" * 300_000, "\u0315\U00010efd" * 300_000):
        assert nfc(nfc(text)) == nfc(text)


@given(
    st.text(st.sampled_from(["\u0315", "\u0323", "\uff9e", "\uff9f", "\u0344", "\u00b4", "a", "\uff76"]), max_size=60)
)
def test_long_runs_of_compatible_marks_are_compared_as_short_ones(text: str) -> None:
    """What is a mark in the compatibility form alone is sorted too."""
    long = "".join(text) * 40
    assert compatible(long) == unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", long).casefold())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("marks", ["\u0301\uff9e", "\uff9e\u0301\u0323", "\u0345\uff9f", "\u0315\u0323"])
def test_comparing_loosely_takes_no_time_that_grows_with_the_square(marks: str) -> None:
    """Eighty thousand of these took eight seconds, and twice as many four times as long."""
    assert loose("a" + marks * 250_000)
