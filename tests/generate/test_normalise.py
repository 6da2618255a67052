"""When two examples are the same example."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.characters import is_assigned
from datarecipe.exchange import Json
from datarecipe.generate.judge.example_equality import (
    embedding_text,
    equality_digest,
    example_id,
    normalise,
    normalise_text,
)

TEXT = st.text(st.characters(codec="utf-8").filter(is_assigned), max_size=30) | st.text(
    st.sampled_from("aA ÅÅé\u0301e\u0323\u0307ḋṩ각\u1100\u1161\u11a8\u3000\n\t²"), max_size=12
)
SPACES = st.text(
    st.sampled_from(" \t\n\r\v\f\u00a0\u1680\u2003\u2028\u2029\u202f\u3000\x85\x1c"), min_size=1, max_size=4
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
FIELDS = ("question", "context")
EXAMPLES = st.fixed_dictionaries({"question": JSON, "context": JSON, "answer": JSON})


@given(TEXT)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once


@given(JSON)
def test_normalising_a_value_twice_changes_nothing(value: Any) -> None:
    once = normalise(value)
    assert json.dumps(normalise(once)) == json.dumps(once)


@given(TEXT)
def test_canonically_equal_texts_are_equal(text: str) -> None:
    assert normalise_text(unicodedata.normalize("NFD", text)) == normalise_text(unicodedata.normalize("NFC", text))
    assert normalise_text(unicodedata.normalize("NFD", text)) == normalise_text(text)


@given(st.lists(TEXT.map(lambda text: "".join(text.split())).filter(bool), min_size=1, max_size=5), st.data())
def test_runs_of_white_space_are_one_space_and_none_at_the_ends(words: list[str], data: st.DataObject) -> None:
    edge = st.just("") | SPACES
    spaced = words[0]
    for word in words[1:]:
        spaced += data.draw(SPACES) + word
    normalised = normalise_text(data.draw(edge) + spaced + data.draw(edge))
    assert normalised == normalise_text(" ".join(words))
    assert normalised == normalised.strip()
    assert len(normalised.split(" ")) == len(words)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("5²", "52"),
        ("A", "a"),
        ("ﬁ", "fi"),
        ("ｆｕｌｌ", "full"),
        ("½", "1/2"),
        ("a b", "ab"),
        ("e", "é"),
        ("no.", "no"),
        ("Ⅷ", "VIII"),
    ],
)
def test_texts_that_mean_something_else_stay_different(left: str, right: str) -> None:
    assert normalise_text(left) != normalise_text(right)
    assert equality_digest({"q": left}, ("q",)) != equality_digest({"q": right}, ("q",))


@pytest.mark.parametrize(
    ("left", "right"), [("Å", "A\u030a"), ("Å", "\u212b"), ("각", "\u1100\u1161\u11a8"), ("a\u00a0 b\n", "a b")]
)
def test_texts_that_only_look_different_are_equal(left: str, right: str) -> None:
    assert normalise_text(left) == normalise_text(right)


def test_strings_are_normalised_at_any_depth() -> None:
    value: Json = {"a  b": [" x ", {"e\u0301": " y\n"}, 1, 1.5, True, None]}
    assert normalise(value) == {"a b": ["x", {"é": "y"}, 1, 1.5, True, None]}


def same(left: Any, right: Any) -> bool:
    """Equal as JSON, where 1, 1.0 and true differ and the order of keys does not matter."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@given(EXAMPLES, EXAMPLES)
def test_digests_are_equal_exactly_when_the_normalised_text_fields_are(left: Any, right: Any) -> None:
    for other in (right, {**left, "context": right["context"]}, {**right, "question": left["question"]}):
        texts = [[normalise(example[field]) for field in FIELDS] for example in (left, other)]
        equal = equality_digest(left, FIELDS) == equality_digest(other, FIELDS)
        assert equal is same(*texts)


@given(EXAMPLES, JSON)
def test_a_digest_depends_on_text_fields_alone(example: Any, answer: Any) -> None:
    other = {**example, "answer": answer, "note": answer}
    assert equality_digest(other, FIELDS) == equality_digest(example, FIELDS)
    assert len(equality_digest(example, FIELDS)) == 16


def test_text_does_not_slip_from_one_field_into_another() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a,b", "c"), ('a","b', "c"), ("c", "ab")]
    digests = {equality_digest(dict(zip(FIELDS, pair, strict=True)), FIELDS) for pair in pairs}
    assert len(digests) == len(pairs)


def test_values_of_different_types_are_different() -> None:
    values: list[Any] = [1, 1.0, "1", True, None, [], {}, "", [1], "true", "null"]
    assert len({equality_digest({"q": value}, ("q",)) for value in values}) == len(values)


@given(EXAMPLES, JSON)
def test_an_id_depends_on_every_field(example: Any, value: Any) -> None:
    for field in example:
        other = {**example, field: value}
        assert (example_id(other) == example_id(example)) is same(normalise(other), normalise(example))


@given(EXAMPLES)
def test_an_id_is_that_of_the_normalised_example_in_any_order_of_fields(example: Any) -> None:
    assert example_id(normalise(example)) == example_id(example)  # type: ignore[arg-type]
    assert example_id(dict(reversed(example.items()))) == example_id(example)


def test_an_id_never_changes_between_releases() -> None:
    assert example_id({"question": "Is  снег cold?", "answer": True}) == "eb5b5791e27f62407129ef9de9ff6e3a"


@given(st.fixed_dictionaries({"question": TEXT, "context": TEXT, "answer": JSON}))
def test_an_embedding_text_is_that_of_the_normalised_text_fields(example: Any) -> None:
    text = embedding_text(example, FIELDS)
    assert text == f"{normalise_text(example['question'])}\n{normalise_text(example['context'])}"
    assert embedding_text({**example, "answer": 1}, FIELDS) == text


def test_fields_that_are_no_strings_stand_in_an_embedding_text_as_json() -> None:
    assert embedding_text({"question": [" é ", 1], "context": None}, FIELDS) == '["é",1]\nnull'
