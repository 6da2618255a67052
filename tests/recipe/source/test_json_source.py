"""JSON with marks reads what the standard library reads, and refuses what JSON does not have."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datarecipe.errors import RecipeSyntaxError
from datarecipe.exchange import Json
from datarecipe.recipe.source.json_source import parse_json

TEXT = st.text(st.characters(codec="utf-8"))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_what_json_writes_is_read_back(document: Json, ascii_only: bool, indent: int | str | None) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert json.dumps(parse_json(text, "x.json").value) == json.dumps(document)


@given(st.text(max_size=50) | st.text('[]{}:,"\\0123456789.eE-+truefalsn \n', max_size=50))
@example("01")
@example("[1,]")
@example('{"a":1,}')
@example("-")
@example('"\\ud800"')
@example("Infinity")
def test_any_text_is_what_the_standard_library_reads_or_an_error(text: str) -> None:
    with suppress(RecipeSyntaxError):
        assert json.dumps(parse_json(text, "x.json").value) == json.dumps(json.loads(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "a": 2}', "x.json:2:2: duplicate key `a`"),
        ("[NaN]", "x.json:1:2: JSON holds no NaN and no infinite number"),
        ("[-Infinity]", "x.json:1:2: JSON holds no NaN"),
        ("[1e999]", "x.json:1:2: JSON holds no NaN and no infinite number"),
        ("{'a': 1}", "x.json:1:2: a key in double quotes should stand here"),
        ("[1 2]", "x.json:1:4: a `,` or a `]` should stand here"),
        ('{"a" 1}', "x.json:1:6: a `:` should stand here"),
        ("[1] // more", "x.json:1:5: something follows the end"),
        ('["a\nb"]', "x.json:1:2: this text has no closing quote in its line"),
        ('["\\ud83d"]', "x.json:1:2: half of a surrogate pair"),
        ("9" * 5000, "x.json:1:1: the whole number is too long"),
        ("9" * 101, "x.json:1:1: the whole number is too long"),
        ("", "x.json:1:1: there is nothing in it"),
        ("[" * 100_000, "x.json:1:51: lists and mappings stand more than 50 deep"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(RecipeSyntaxError) as caught:
        parse_json(text, "x.json")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, '{"a": ' + "x" * 1_000_000, '{"' + "a" * 100_000 + '": yes', "'" * 100_000]
)
def test_a_message_is_short_whatever_the_text(text: str) -> None:
    with pytest.raises(RecipeSyntaxError) as raised:
        parse_json(text, "x.json")
    assert len(str(raised.value)) < 2_000


def test_surrogate_pairs_are_one_character() -> None:
    assert parse_json('"\\ud83d\\ude00"', "x.json").value == "😀"


def test_a_large_file_is_refused_soon() -> None:
    started = time.monotonic()
    with pytest.raises(RecipeSyntaxError, match="too many"):
        parse_json("[" + "1,\n" * 300_000 + "1]", "x.json")
    assert time.monotonic() - started < 30
