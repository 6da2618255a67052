"""Filters that judge an example by itself: what each rejects, and what `filters` says wrong when a recipe is loaded."""

from __future__ import annotations

import time
from typing import Any

import pytest

from datarecipe.errors import FilterError
from datarecipe.exchange import Example
from datarecipe.recipe import Filters, LabelSpace, Length, Patterns, Pii, Recipe, Task
from datarecipe.recipe.example_schema.validation_cost import Work
from datarecipe.recipe.item_filters.boilerplate import OPENINGS, PHRASES
from datarecipe.recipe.item_filters.item_filter_table import ITEM_FILTERS, item_filter_versions, item_filters_of
from datarecipe.recipe.item_filters.personal_data import masker_of
from datarecipe.recipe.recipe import Language
from tests.generate.recipes import make_recipe
from tests.recipe.writing import Project


def made(filters: Filters, **changes: Any) -> Recipe:
    """A recipe for sentences with a sentiment."""
    values: dict[str, Any] = {
        "task": Task("classification", "label", None),
        "labels": LabelSpace("open"),
        "schema": {"type": "object"},
        "seed_examples": ({"text": "The food was cold.", "label": "negative"},),
        **changes,
    }
    return make_recipe("fixed", filters=filters, **values)


def faults(filters: Filters, example: Example, **changes: Any) -> list[tuple[str, str]]:
    """Reason and detail of each filter that rejects the example."""
    found = ((reason, fault(example, Work())) for reason, fault in item_filters_of(made(filters, **changes)))
    return [(reason, detail) for reason, detail in found if detail is not None]


@pytest.mark.parametrize(
    ("length", "text", "detail"),
    [
        (Length(min_words=3), "only two", "`text` has 2 words, fewer than 3"),
        (Length(min_words=3), "now these three", None),
        (Length(max_words=3), "one two three four", "`text` has 4 words, more than 3"),
        (Length(max_words=3), " one\ttwo \n three ", None),
        (Length(min_characters=5), "four", "`text` has 4 characters, fewer than 5"),
        (Length(max_characters=4), "\U0001f600\U0001f600\U0001f600\U0001f600", None),
        (Length(max_characters=4), "fives", "`text` has 5 characters, more than 4"),
        (Length(max_words=3), ["one two", {"a": "three four"}], "`text` has 4 words, more than 3"),
        (Length(min_words=1), None, "`text` has 0 words, fewer than 1"),
        (Length(min_words=1), 7, "`text` has 0 words, fewer than 1"),
    ],
)
def test_length(length: Length, text: Any, detail: str | None) -> None:
    expected = [] if detail is None else [("length", detail)]
    assert faults(Filters(length={"text": length}), {"text": text, "label": "positive"}) == expected


@pytest.mark.parametrize(
    ("language", "text", "detail"),
    [
        (Language(("en",)), "The soup was cold and far too salty.", None),
        (Language(("en",)), "Die Suppe war kalt und viel zu salzig.", '`text` is "de" rather than "en"'),
        (Language(("fr", "en")), "Die Suppe war kalt und viel zu salzig.", '`text` is "de" rather than "fr" or "en"'),
        (Language(("fr", "de")), "Die Suppe war kalt und viel zu salzig.", None),
        (Language(("en",)), "Suppe", None),
        (Language(("en",), unsure="reject"), "Suppe", '`text` is not certainly "en"'),
        (Language(("en",), unsure="reject"), "12 + 30", None),
        (Language(("en",), unsure="reject"), "The soup was cold and far too salty.", None),
        (Language(("en",), fields=("label",)), "Die Suppe war kalt und viel zu salzig.", None),
        (
            Language(("en",)),
            ["Die Suppe", {"a": "war kalt und", "b": ["viel zu salzig"]}],
            '`text` is "de" rather than "en"',
        ),
        (Language(("en",)), None, None),
        (Language(("ja",)), "猫はいつも足から着地するというのは本当ですか。", None),
        (Language(("en",)), "猫はいつも足から着地するというのは本当ですか。", '`text` is "ja" rather than "en"'),
    ],
)
def test_language(language: Language, text: Any, detail: str | None) -> None:
    expected = [] if detail is None else [("wrong_language", detail)]
    assert faults(Filters(language=language), {"text": text, "label": "positive"}) == expected


@pytest.mark.parametrize(
    ("patterns", "text", "detail"),
    [
        (Patterns(require=("[?]$",)), "Is it so?", None),
        (Patterns(require=("[?]$",)), "It is so.", '`text` lacks the pattern "[?]$"'),
        (Patterns(require=("a", "b")), "only a", '`text` lacks the pattern "b"'),
        (Patterns(forbid=("https?://", "@")), "mail me @home", '`text` has the pattern "@"'),
        (Patterns(forbid=("(?i)https?://",)), "HTTP://example.org", '`text` has the pattern "(?i)https?://"'),
        (Patterns(forbid=("x",)), ["a", "x"], '`text` has the pattern "x"'),
        (Patterns(require=("x",)), ["a", "x"], None),
        (Patterns(forbid=("x",)), [], None),
        (Patterns(require=("x",)), None, '`text` lacks the pattern "x"'),
    ],
)
def test_patterns(patterns: Patterns, text: Any, detail: str | None) -> None:
    expected = [] if detail is None else [("pattern", detail)]
    assert faults(Filters(patterns={"text": patterns}), {"text": text, "label": "positive"}) == expected


def test_the_work_of_patterns_is_bounded_for_a_reply() -> None:
    """Three hundred instructions on a million characters: seconds, if there were no bound."""
    filters = Filters(patterns={"text": Patterns(forbid=("(x[a-z]{300})+y",))})
    ((reason, detail),) = faults(filters, {"text": "x" * 2_000_000, "label": "positive"})
    assert (reason, detail) == ("pattern", "too long to be searched for all patterns in time")
    many = Filters(patterns={"text": Patterns(forbid=tuple(f"x{number}" for number in range(100)))})
    ((reason, detail),) = faults(many, {"text": [""] * 20_000, "label": "positive"})
    assert (reason, detail) == ("pattern", "too long to be searched for all patterns in time")


@pytest.mark.parametrize(
    ("span", "example", "detail"),
    [
        ("span", {"span": "in Rome", "text": "He lives in Rome."}, None),
        ("span", {"span": "in  Rome ", "text": "He lives in\nRome."}, None),
        ("span", {"span": "in rome", "text": "He lives in Rome."}, '`span` is "in rome", which does not occur in `text`'),
        ("span", {"span": "Cafe\u0301", "text": "The Caf\u00e9."}, None),
        ("span", {"span": ["He", "Paris"], "text": "He is here."}, '`span` is "Paris", which does not occur in `text`'),
        ("e.span", {"e": [{"span": "He"}, {"span": "She", "kind": "x"}], "text": "He"},
         '`e.span` is "She", which does not occur in `text`'),
        ("e.span", {"e": [{"span": "He"}, {"kind": "no span"}], "text": "He"}, None),
        ("e.span", {"e": [], "text": "He"}, None),
        ("e.span", {"e": {"span": {"first": "He", "last": "Y"}}, "text": "He"},
         '`e.span` is "Y", which does not occur in `text`'),
        ("e.span", {"text": "He"}, None),
        ("span", {"span": "", "text": "anything"}, None),
        ("span", {"span": "x", "text": None}, '`span` is "x", which does not occur in `text`'),
    ],
)  # fmt: skip
def test_copies(span: str, example: Example, detail: str | None) -> None:
    expected = [] if detail is None else [("copy", detail)]
    seeds: Any = ({"e": [], "span": "", "text": ""},)
    assert (
        faults(Filters(copies={span: "text"}), example, seed_examples=seeds, task=Task("none", None, None)) == expected
    )


def test_the_work_of_many_spans_in_a_long_text_is_bounded() -> None:
    example: Example = {"span": [f"a{number}" for number in range(20_000)], "text": "a" * 1_000_000}
    seeds: Any = ({"span": "", "text": ""},)
    found = faults(Filters(copies={"span": "text"}), example, seed_examples=seeds, task=Task("none", None, None))
    assert found == [("copy", '`span` is "a0", which does not occur in `text`')]
    example["text"] = " ".join(f"a{number}" for number in range(20_000)) + "a" * 1_000_000
    found = faults(Filters(copies={"span": "text"}), example, seed_examples=seeds, task=Task("none", None, None))
    assert found == [("copy", "too many spans to be searched in so long a text")]


def test_a_field_with_a_point_in_its_name_is_a_field() -> None:
    seeds: Any = ({"a.b": "x", "text": "x"},)
    changes: dict[str, Any] = {"seed_examples": seeds, "task": Task("none", None, None)}
    assert faults(Filters(copies={"a.b": "text"}), {"a.b": "y", "text": "x"}, **changes)
    assert not faults(Filters(copies={"a.b": "text"}), {"a.b": "x", "text": "x"}, **changes)


@pytest.mark.parametrize(
    ("text", "label", "leaks"),
    [
        ("A positive surprise.", "positive", True),
        ("POSITIVE!", "positive", True),
        ("Positively charged, nonpositive.", "positive", False),
        ("An off-topic remark", "off topic", True),
        ("Room 1 was fine", 1, True),
        ("Room 10 was fine", 1, False),
        ("It is true.", True, True),
        ("\u3053\u308c\u306f\u732b\u3067\u3059", "\u732b", True),
        ("\u3053\u308c\u306f\u72ac\u3067\u3059", "\u732b", False),
        ("\u3053\u308c\u306fAI\u3067\u3059", "AI", True),
        ("\u3053\u308c\u306fFAIR\u3067\u3059", "AI", False),
        ("Das ist sch\u00f6n und gut", ["sch\u00f6n", "schlecht"], True),
        ("I write C++.", "C++", True),
        ("Whatever", None, False),
        ("Whatever!", "!", False),
    ],
)
def test_leakage(text: str, label: Any, leaks: bool) -> None:
    found = faults(Filters(leakage=True), {"text": text, "label": label})
    assert [reason for reason, _ in found] == (["leakage"] if leaks else [])
    assert not faults(Filters(leakage=("other",)), {"text": text, "label": label, "other": "something else"})


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I have no opinion.",
        "I\u2019m sorry, but I can\u2019t help with that.",
        "Sure! Here are five reviews of hotels:",
        "I cannot fulfill this request.",
        "Write five short reviews of hotels, each with one of the labels.",
        "... of things that people buy, as they write them to friends who ask",
    ],
)
def test_refusals(text: str) -> None:
    changes = {
        "instruction": "You are an author. Write five short reviews of hotels, each with one of the labels {{ labels }}.",
        "description": "Reviews of things that people buy, as they write them to friends.",
    }
    ((reason, _),) = faults(Filters(refusals=True), {"text": text, "label": "positive"}, **changes)
    assert reason == "boilerplate"


def test_what_people_write_is_no_boilerplate() -> None:
    for text in (
        "I'm sorry, but I can't come to your party.",
        "Sure, here is my address.",
        "He was hired as an AI engineer in Berlin.",
        "I cannot generate enough income to live on.",
        "Write me soon.",
        "The AI in this game is poor.",
    ):
        assert not faults(Filters(refusals=True), {"text": text, "label": "positive"})


def test_phrases_are_written_as_they_are_compared() -> None:
    from datarecipe.characters import loose

    written = [*PHRASES, *(opening.strip() for opening in OPENINGS)]
    assert [loose(phrase) for phrase in written] == written
    assert len(set(written)) == len(written)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "Write to jane.doe+x@mail.acme.co.uk, please."),
        ("email", "(JANE@ACME.COM)"),
        ("iban", "Pay to DE89 3704 0044 0532 0130 00 today"),
        ("iban", "GB82WEST12345698765432"),
        ("iban", "NO9386011117947"),
        ("card", "4111 1111 1111 1111"),
        ("card", "5500-0055-5555-5559."),
        ("card", "378282246310005"),
        ("ssn", "My number is 219-09-9999"),
        ("phone", "Call +49 (0)30 901820 now"),
        ("phone", "+14155552671"),
        ("phone", "(415) 555-2671 or 415-555-2671"),
        ("ip", "from 8.8.4.4."),
    ],
)
def test_personal_data(kind: Any, text: str) -> None:
    assert faults(Filters(pii=Pii()), {"text": text, "label": "x"}) != []
    assert [reason for reason, _ in faults(Filters(pii=Pii((kind,))), {"text": text, "label": "x"})] == ["pii"]
    recipe = made(Filters(pii=Pii((kind,), mask=True)))
    assert not faults(Filters(pii=Pii((kind,))), {"text": masker_of(recipe)(text), "label": "x"})
    assert f"[{kind}]" in masker_of(recipe)(text)
    assert masker_of(made(Filters()))(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.com, joe@mail.example.org, x@y.test, a@b",
        "DE88 3704 0044 0532 0130 00",
        "4111 1111 1111 1112, 0000 0000 0000 0000, 1234567890123, 390875584405933",
        "000-12-3456, 666-12-3456, 900-12-3456, 219-00-9999, 219-09-0000, 1219-09-9999",
        "(415) 555-0132, +1 415 555 0100, 2026-11-30, 12/11/2026, 10:30-11:45, 1,000,000",
        "10.0.0.1, 127.0.0.1, 192.168.1.1, 172.20.0.3, 192.0.2.7, 999.1.1.1, 1.2.3, 1.2.3.4.5",
        "In 1914-1918 and 1939-1945, 70 000 000 people; pi is 3.14159265358979",
    ],
)
def test_what_looks_like_personal_data(text: str) -> None:
    assert not faults(Filters(pii=Pii()), {"text": text, "label": "x"})


@pytest.mark.timeout(60)
def test_masking_takes_as_long_as_the_text() -> None:
    """Once it took a pass over the text for each different address."""
    text = " ".join(f"a{number}@acme.com" for number in range(100_000))
    assert masker_of(made(Filters(pii=Pii(mask=True))))(text) == " ".join(["[email]"] * 100_000)


# Put together here, so that nobody's scanner takes this file for a leak.
@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("a private key", ("-----BEGIN RSA PRIV", "ATE KEY-----")),
        ("an AWS key", ("AKIA", "IOSFODNN7EXAMPLE")),
        ("a Google key", ("AIza", "SyA-1234567890abcdefghijklmnopqrstu")),
        ("a GitHub token", ("ghp_", "a1B2" * 9)),
        ("a GitHub token", ("github_pat_", "a1B2" * 20)),
        ("a GitLab token", ("glpat-", "a1B2c3D4e5F6g7H8i9J0")),
        ("a Slack token", ("xoxb-", "123456789012-abcdefGHIJKL")),
        ("a Stripe key", ("sk_live_", "a1B2" * 6)),
        ("an Anthropic key", ("sk-ant-", "api03-" + "a1B2" * 10)),
        ("an OpenAI key", ("sk-", "proj-" + "a1B2" * 12)),
        ("a Hugging Face token", ("hf_", "aB" * 17)),
        ("a PyPI token", ("pypi-", "AgEIcHlwaS" + "a1B2" * 20)),
        ("a web token (JWT)", ("eyJ", "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN")),
        ("a password in an address", ("postgres://", "admin:hunter2@db.acme.com/x")),
    ],
)
def test_secrets(what: str, parts: tuple[str, str]) -> None:
    secret = "".join(parts)
    ((reason, detail),) = faults(Filters(secrets=True), {"text": f"use {secret} for it", "label": "x"})
    assert (reason, detail) == ("secret", f"`text` has {what}")
    assert parts[1] not in detail


def test_what_looks_like_a_secret() -> None:
    for text in (
        "sk-learn and sk-image",
        "ghp_short",
        "AKIA is a name",
        "https://acme.com:8080/a@b",
        "hf_hub",
        "eyJ.eyJ.x",
    ):
        assert not faults(Filters(secrets=True), {"text": text, "label": "x"})


@pytest.mark.parametrize(
    "sign", ["a", "1", "1 ", "a.", "a@", "+1", "eyJ", "eyJaaaaaaaaaaaa.", "sk-", "A1", "://a:", "-"]
)
def test_a_search_for_data_or_secrets_takes_as_long_as_the_text(sign: str) -> None:
    filters = Filters(pii=Pii(), secrets=True)

    def seconds(length: int) -> float:
        began = time.process_time()
        faults(filters, {"text": sign * (length // len(sign)), "label": "x"})
        return time.process_time() - began

    assert seconds(2**20) <= 20 * seconds(2**17) + 0.5


def test_filters_of_a_recipe_have_their_versions() -> None:
    assert item_filter_versions(made(Filters())) == {}
    asked = Filters(length={"text": Length(max_words=9)}, refusals=True)
    assert item_filter_versions(made(asked)) == {"length": 1, "refusals": 1}
    assert set(ITEM_FILTERS) < {*Filters.__dataclass_fields__}


SEED = "{text: the food was cold, entities: [{span: food, n: 1}], label: negative}"
KEYS = {"task": "classification", "labels": "[positive, negative]", "seed_example": SEED}


@pytest.mark.parametrize(
    ("written", "message", "column"),
    [
        ("{length: {txt: {max_words: 3}}}", "the seed example has no field `txt`", 20),
        ("{length: {text: {min_words: 3, max_words: 2}}}", "no text of `text` can have this length", 26),
        ("{patterns: {text: {require: '('}}}", "the pattern", 38),
        ("{patterns: {text: {forbid: [a, '(?=b)']}}}", "the pattern", 41),
        ("{copies: {entitie.span: text}}", "the seed example has no field `entitie`", 20),
        ("{copies: {entities.spam: text}}", "no seed example has a text at `entities.spam`", 20),
        ("{copies: {entities.n: text}}", "no seed example has a text at `entities.n`", 20),
        ("{copies: {entities.span: txt}}", "the seed example has no field `txt`", 35),
        ("{leakage: [text, txt]}", "the seed example has no field `txt`", 27),
    ],
)
def test_a_filter_that_cannot_work(project: Project, written: str, message: str, column: int) -> None:
    error = project.errors(None, **KEYS, filters=written)
    assert isinstance(error, FilterError)
    (problem,) = error.problems
    assert problem.message.startswith(message)
    assert (problem.line, problem.column) == (9, column)


def test_all_that_is_wrong_is_told_at_once(project: Project) -> None:
    filters = "{length: {txt: {max_words: 3}, text: {min_words: 3, max_words: 2}}, leakage: [x]}"
    assert len(project.errors(None, **KEYS, filters=filters, target_size="0").problems) == 4


def test_a_recipe_without_a_label_leaks_none(project: Project) -> None:
    error = project.errors(
        None, task=None, labels="open", seed_example="{prompt: a, answer_text: b}", filters="{leakage: true}"
    )
    assert "needs a label" in str(error)


@pytest.mark.parametrize(
    "filters",
    [
        "{length: {text: {max_words: 3}}}",
        "{patterns: {text: {require: '[?]'}}}",
        "{copies: {label: text}}",
        "{patterns: {text: {forbid: food}}}",
    ],
)
def test_a_seed_example_passes_the_filters(project: Project, filters: str) -> None:
    error = project.errors(None, **KEYS, filters=filters)
    assert isinstance(error, FilterError)
    assert error.problems[0].line == 5
    assert "does not pass the recipe's own filter" in error.problems[0].message


def test_what_is_written_is_what_is_read(project: Project) -> None:
    from tests.recipe.writing import as_flow

    filters = (
        "{length: {text: {min_words: 2, max_words: 40.0}}, patterns: {text: {require: o, forbid: [x, y]}}, "
        "copies: {entities.span: text}, leakage: [text], refusals: true, near_duplicates: true}"
    )
    recipe = project.load(**KEYS, filters=filters)
    assert recipe.filters.length == {"text": Length(2, 40)}
    assert recipe.filters.patterns == {"text": Patterns(("o",), ("x", "y"))}
    for written in (
        filters,
        "{length: {text: {min_words: 2}}, pii: [email], secrets: true, contradictions: true}",
        "{patterns: {text: {require: o}}, pii: {mask: true}, leakage: true, near_duplicates: {contrast: keep}}",
        "{patterns: {text: {forbid: [x]}}, pii: true}",
    ):
        recipe = project.load(**KEYS, filters=written)
        again = project.load(**KEYS, filters=as_flow(recipe.resolved["filters"]))
        assert again.filters == recipe.filters
    for off in ("{}", "{length: null, patterns: {}, copies: null, leakage: false, refusals: false}"):
        assert project.load(**KEYS, filters=off).filters == Filters()
