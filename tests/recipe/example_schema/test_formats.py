"""`format` is checked, and a format that nobody knows is refused."""

from __future__ import annotations

import datetime
import ipaddress
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datarecipe.generate.judge.item_checker import Checker, Invalid, Valid
from datarecipe.recipe.example_schema.formats import FORMATS
from tests.generate.recipes import SCHEMA, make_recipe
from tests.recipe.writing import Project

FITS = {
    "date": ["2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"],
    "time": ["10:05:08Z", "23:59:60+00:00", "08:30:06.283185Z", "12:00:00-23:59", "01:01:01z"],
    "date-time": ["1985-04-12T23:20:50.52Z", "1990-12-31T23:59:60Z", "1937-01-01t12:00:27.87+00:20"],
    "duration": ["P1D", "PT36H", "P4Y", "P3W", "P1Y2M3DT4H5M6S", "PT0S"],
    "email": ["joe.bloggs@example.com", "te~st@example.com", "a+b@localhost", "x@1.2.3.example"],
    "hostname": ["www.example.com", "localhost", "1and1.example", "xn--4gbwdl.xn--wgbh1c"],
    "ipv4": ["192.168.0.1", "0.0.0.0", "255.255.255.255"],
    "ipv6": ["::1", "::", "2001:db8::8a2e:370:7334", "::ffff:192.168.0.1"],
    "uri": ["http://example.com/a?b=c#d", "urn:isbn:096139210x", "mailto:a@b.example", "http://[::1]:80/%20"],
    "uri-reference": ["/abc", "#fragment", "", "a/b?c", "//example.com"],
    "uuid": ["2EB8AA08-aa98-11ea-b4aa-73b441d16380", "00000000-0000-0000-0000-000000000000"],
}
FITS_NOT = {
    "date": [
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-1-1",
        "20240101",
        "2024-01-32",
        "٢٠٢٤-01-01",
        "",
    ],
    "time": ["10:05:08", "24:00:00Z", "10:60:00Z", "10:05:61Z", "10:05Z", "10:05:08+24:00", "10:05:08.Z"],
    "date-time": ["1985-04-12 23:20:50Z", "1985-04-31T23:20:50Z", "1985-04-12T23:20:50", "1985-04-12T25:20:50Z"],
    "duration": ["P", "PT", "P1", "1D", "P1D2H", "P1YT", "P2W3D", "PT1D"],
    "email": [
        "2962",
        "a@",
        "@b",
        "a b@c.example",
        ".a@b.example",
        "a..b@c.example",
        "a@-b.example",
        "x" * 65 + "@b.example",
    ],
    "hostname": ["-bad", "a..b", "a_b.example", "x" * 64, ".".join(["x" * 63] * 4), "", "a."],
    "ipv4": ["256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.٤", "1.2.3.-4"],
    "ipv6": ["12345::", "1::1::1", "::laptop", "fe80::1%eth0", "1.2.3.4", "::/0"],
    "uri": ["example.com/a", "http://a b", "http://a/%zz", "//no.scheme", "", "http://a/\u00e9", "1http:x"],
    "uri-reference": ["\\\\server\\share", "a b", "%"],
    "uuid": ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "g" * 36],
}


def test_every_format_has_its_cases() -> None:
    assert set(FITS) == set(FITS_NOT) == set(FORMATS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FITS.items() for text in texts])
def test_what_fits(name: str, text: str) -> None:
    assert FORMATS[name](text)
    assert not FORMATS[name](f"{text}\n"), "a line break is a character like any other"


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FITS_NOT.items() for text in texts])
def test_what_does_not(name: str, text: str) -> None:
    assert not FORMATS[name](text)


@given(st.dates())
def test_every_date_fits(date: datetime.date) -> None:
    assert FORMATS["date"](date.isoformat())


@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_every_moment_fits(moment: datetime.datetime) -> None:
    assert FORMATS["date-time"](moment.isoformat())


@given(st.ip_addresses())
def test_every_address_fits(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert FORMATS[f"ipv{address.version}"](str(address))


@given(st.sampled_from(sorted(FORMATS)), st.text())
def test_any_text_gets_an_answer(name: str, text: str) -> None:
    assert FORMATS[name](text) in (True, False)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "text", ["a" * 10**6, "1" * 10**6, "a." * 10**6, "%20" * 10**6, "-" * 10**6, "P" + "1Y" * 10**6, "a@" * 10**6]
)
def test_time_grows_with_the_text_and_no_faster(name: str, text: str) -> None:
    began = time.process_time()
    FORMATS[name](text)
    assert time.process_time() - began < 2


def recipe_with(schema: dict[str, Any], seed: Any = "2024-01-31") -> Any:
    return make_recipe(
        seed_examples=({"options": ["yes", "no"], "answer": "yes", "question": seed},),
        schema=SCHEMA | {"properties": SCHEMA["properties"] | {"question": schema}},
    )


def test_items_are_held_to_a_format() -> None:
    checker = Checker(recipe_with({"type": "string", "format": "date"}))
    item: dict[str, Any] = {"options": ["yes", "no"], "answer": "yes"}
    assert isinstance(checker.check({**item, "question": "2024-02-29"}), Valid)
    refused = checker.check({**item, "question": "29 February"})
    assert isinstance(refused, Invalid)
    assert (refused.reason, refused.detail) == ("schema", '`question` is the text "29 February", which is no date')


def test_only_texts_have_a_format() -> None:
    checker = Checker(recipe_with({"format": "date"}, seed=7))
    assert isinstance(checker.check({"options": ["yes", "no"], "answer": "yes", "question": 12}), Valid)


SEED = '{answer: yes, question: "2024-01-31"}'


def in_recipe(question: str) -> dict[str, str]:
    """Keys of a recipe whose schema says that of `question`."""
    properties = f"{{answer: {{enum: [yes, no]}}, question: {question}}}"
    return {"seed_example": SEED, "schema": f"{{type: object, properties: {properties}}}"}


def test_a_seed_example_is_held_to_it(project: Project) -> None:
    assert project.load(**in_recipe("{format: date}"))
    error = project.errors(**in_recipe("{format: uuid}"))
    assert "which is no uuid" in str(error)


def test_an_unknown_format_is_refused(project: Project) -> None:
    error = project.errors(**in_recipe("{format: datetime}"))
    assert '"datetime" is not known here, and nothing would check it; did you mean `date-time`?' in str(error)
    assert "not known here" in str(project.errors(**in_recipe("{anyOf: [{format: idn-email}]}")))


def test_a_value_that_looks_like_one_is_none(project: Project) -> None:
    for question in (
        "{anyOf: [{const: {format: pdf}}, {type: string}]}",
        "{examples: [{format: pdf}]}",
        "{default: {format: pdf}}",
    ):
        assert project.load(**in_recipe(question))
    assert "not known here" in str(project.errors(**in_recipe("{properties: {default: {format: pdf}}}")))


def test_what_loading_would_refuse_says_nothing() -> None:
    checker = Checker(recipe_with({"type": "string", "format": "no such"}))
    item: dict[str, Any] = {"options": ["yes", "no"], "answer": "yes", "question": "anything"}
    assert isinstance(checker.check(item), Valid)
