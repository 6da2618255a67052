"""Names, labels and fields as they stand in flags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.errors import UsageError
from datarecipe.init.given_answers import check_name, name_from, read_fields, read_labels
from datarecipe.recipe import Scalar


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["yes,no"], ("yes", "no")),
        (["yes", "no"], ("yes", "no")),
        ([" yes , no "], ("yes", "no")),
        (["1,2"], (1, 2)),
        (['"1","2"'], ("1", "2")),
        (["'1',2.5"], ("1", 2.5)),
        (["true,false"], (True, False)),
        (["on,off"], ("on", "off")),
        (['"null",~x'], ("null", "~x")),
        (['"a, b",c'], ("a, b", "c")),
        (['"say \\"hi\\"",c'], ('say "hi"', "c")),
        (["'it''s',c"], ("it's", "c")),
        (["#1,- a,a: b,{x},.nan,0x10"], ("#1", "- a", "a: b", "{x}", ".nan", 16)),
        (["not spam,spam"], ("not spam", "spam")),
        ([], ()),
    ],
)
def test_labels(texts: list[str], labels: tuple[Scalar, ...]) -> None:
    found = read_labels(texts)
    assert [(type(label), label) for label in found] == [(type(label), label) for label in labels]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yes", "at least two"),
        ("yes,,no", "is empty"),
        ("yes,", "is empty"),
        ("null,x", "means nothing"),
        ("~,x", "means nothing"),
        ('" ",x', "cannot be empty"),
        ('"yes,no', "quotation mark is missing"),
        ('"yes"x,no', "quotation mark is missing"),
        ("Yes,yes", "too alike"),
        ('1,"1"', "too alike"),
        ("1,1.0", "too alike"),
        ('"\\q",x', "cannot be read"),
        ("a,\udcff", "not UTF-8"),
    ],
)
def test_labels_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_labels([text])


def test_fields() -> None:
    assert read_fields(["a,b", "c d", '"e, f"', "1"]) == ("a", "b", "c d", "e, f", "1")
    for wrong, message in ((["a,a"], "twice"), (['" "'], "needs a name"), ([","], "is empty")):
        with pytest.raises(UsageError, match=message):
            read_fields(wrong)


@pytest.mark.parametrize("name", ["mine", "a", "1", "1.0", "null", "yes", "a-b_c.d", "A" * 100])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "cannot be the name"),
        ("a b", "cannot be the name"),
        ("-x", "cannot be the name"),
        (".x", "cannot be the name"),
        ("..", "cannot be the name"),
        ("größe", "cannot be the name"),
        ("a" * 101, "cannot be the name"),
        ("a\n", "cannot be the name"),
        ("a/b", "is a path"),
        ("a\\b", "is a path"),
        ("a.yaml", "Leave .yaml out"),
        ("a.YML", "Leave .YML out"),
    ],
)
def test_what_is_no_name(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_name(name)


@given(st.text())
def test_a_proposed_name_is_a_name(text: str) -> None:
    assert check_name(name_from(text))


@pytest.mark.parametrize("name", ["con", "NUL", "com1", "aux.x", "a."])
def test_a_name_that_is_no_file_on_some_system_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


def test_a_label_that_stands_twice_is_told_so() -> None:
    with pytest.raises(UsageError, match='"a" stands there twice'):
        read_labels(["a, a, b"])
