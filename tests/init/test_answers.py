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
        (["C#,C++,0x10,50%,what?"], ("C#", "C++", 16, "50%", "what?")),
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
        ("yes,,no", "cannot be read"),
        ("yes,", "at least two"),
        ("null,x", "cannot be read"),
        ("~,x", "cannot be read"),
        ('" ",x', "cannot be read"),
        ('"yes,no', "cannot be read"),
        ('"yes"x,no', "cannot be read"),
        ("a: b,c", "cannot be read"),
        ("#1,#2", "cannot be read"),
        ("a],[b", "cannot be read"),
        ("", "cannot be read"),
        ("a, a, b", "too alike"),
        ("\u00e9,e\u0301", "too alike"),
        ("Yes,yes", "too alike"),
        ('1,"1"', "too alike"),
        ("1,1.0", "too alike"),
        ('"\\q",x', "cannot be read"),
        ("a,\udcff", "cannot be read"),
    ],
)
def test_labels_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_labels([text])


def test_fields() -> None:
    assert read_fields(["a,b", "c d", '"e, f"', "1"]) == ("a", "b", "c d", "e, f", "1")
    for wrong, message in (
        (["a,a"], "twice"),
        (['" "'], "needs a name"),
        ([","], "needs a name"),
        (['"a'], "cannot be read"),
    ):
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
        ("a/b", "--dir names the folder"),
        ("a\\b", "--dir names the folder"),
        ("a.yaml", "without a suffix"),
        ("a.YML", "without a suffix"),
        ("a.", "cannot be the name"),
    ],
)
def test_what_is_no_name(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_name(name)


@given(st.text())
def test_a_proposed_name_is_a_name(text: str) -> None:
    assert check_name(name_from(text))
